//! What a time cost: the ledger and the bookings, told by day, article, task or model, beside what else would have cost.

use std::collections::BTreeMap;

use serde::Serialize;
use states::share::apportion;
use states::thrift::{OwnOrRent, always_on, electricity, own_or_rent, per_day};
use states::words::{Amount, ArticleId, MilliWattHours, NanoUsd, Prices, Tokens};

use super::EngineError;
use crate::config::Config;
use crate::models::tokens_of_bytes;
use crate::store::{AnswersOf, EnergyRow, LedgerRow, Period, Store, TierCount};

/// Tokens of a triage answer of the naive way, where the ledger has none to go by.
const TRIAGE_OUT: u64 = 150;

/// What costs are told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The day (UTC) on which calls ended and energy was booked.
    Day,
    /// The article that caused them.
    Article,
    /// What was asked for.
    Task,
    /// Who answered, with which model.
    Model,
}

/// One line: what fell to one day, article, task or model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// The day, the article's id, the task, or the provider and model. Empty for what nobody caused.
    pub what: String,
    /// What people call the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Model calls that ended.
    pub calls: u64,
    /// Calls of unknown fate, charged in full.
    pub unknown: u64,
    /// Tokens.
    pub tokens: Tokens,
    /// Source sentences that did not fit into prompts.
    pub left_out: u64,
    /// Money paid for models.
    pub nano_usd: NanoUsd,
    /// What the workers drew.
    pub mwh: MilliWattHours,
    /// What that cost, in billionths of the currency.
    pub electricity: Amount,
}

/// What the naive way would have cost: every lead's full text to a hosted model, then drafted and judged by it, nothing
/// cached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Naive {
    /// Leads whose text was read.
    pub leads: u64,
    /// Tokens of their texts, and of the answers about them.
    pub triage: Tokens,
    /// Tokens of drafting and judging, as the ledger has them.
    pub writing: Tokens,
    /// What all of it would have cost.
    pub nano_usd: NanoUsd,
    /// How many times the money that was spent on models, in hundredths; `None` where nothing was spent.
    pub times_hundredths: Option<u64>,
}

/// What the workers would have drawn had they never slept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlwaysOn {
    /// All of them together.
    pub watts: u32,
    /// For how many days.
    pub days: u32,
    /// What they would have drawn.
    pub mwh: MilliWattHours,
    /// What that would have cost.
    pub electricity: Amount,
}

/// What a time cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostReport {
    /// What it is told by.
    pub by: By,
    /// The time.
    pub period: Period,
    /// Its days.
    pub days: u32,
    /// The currency of electricity.
    pub currency: String,
    /// The lines; they add up to the total.
    pub lines: Vec<CostLine>,
    /// Everything.
    pub total: CostLine,
    /// How many answers each tier gave to each task, those that took no call among them.
    pub answers: Vec<TierCount>,
    /// How long the models of one's own worked.
    pub local_milliseconds: u64,
    /// The naive way.
    pub naive: Naive,
    /// Workers that never sleep; `None` without a worker.
    pub always_on: Option<AlwaysOn>,
    /// When a box of one's own is worth it; `None` without a worker or without `box_price`.
    pub own_or_rent: Option<OwnOrRent>,
}

impl CostReport {
    /// What a period cost.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn of(config: &Config, store: &Store, period: Period, by: By) -> Result<Self, EngineError> {
        let ledger = store.ledger(period).await?;
        let energy = store.energy(period).await?;
        let sizes = store.lead_sizes(period).await?;
        let mut report = Self::from_rows(config, period, by, &ledger, &energy, &sizes);
        report.answers = store.answers_by_tier(AnswersOf::Period(period)).await?;
        if by == By::Article {
            for line in &mut report.lines {
                let Ok(id) = line.what.parse::<ArticleId>() else { continue };
                if let Some(row) = store.article(&id).await? {
                    line.title = Some(store.draft_title(&row).await?.unwrap_or_else(|| row.label()));
                }
            }
        }
        Ok(report)
    }

    /// From what the store has; `sizes` are the bytes of the leads' texts.
    fn from_rows(
        config: &Config,
        period: Period,
        by: By,
        ledger: &[LedgerRow],
        energy: &[EnergyRow],
        sizes: &[usize],
    ) -> Self {
        let money = &config.money;
        let mut lines = lines(by, ledger, energy);
        let per_kwh = money.per_kwh();
        let mut total = lines.iter().fold(CostLine::default(), |sum, line| sum.with(line));
        total.electricity = electricity(total.mwh, per_kwh);
        // Each line its part, so that the column adds up.
        let weights: Vec<u64> = lines.iter().map(|line| u64::try_from(line.mwh.0).unwrap_or(0)).collect();
        for (line, part) in lines.iter_mut().zip(apportion(total.electricity.0, &weights)) {
            line.electricity = Amount(part);
        }
        let days = days(period);
        let watts = config.workers.iter().map(|w| w.watts_awake).sum::<u32>();
        let always_on = (watts > 0).then(|| {
            let (mwh, electricity) = always_on(watts, days, per_kwh);
            AlwaysOn { watts, days, mwh, electricity }
        });
        let own_or_rent = money.box_price.filter(|_| watts > 0).map(|price| {
            let own_per_hour = electricity(MilliWattHours(i64::from(watts) * 1_000), per_kwh);
            let rent = Amount::of_usd(NanoUsd::from_usd(money.rent_usd_per_hour), Amount::from_units(money.usd_rate));
            own_or_rent(per_day(Amount::from_units(price), money.box_years), own_per_hour, rent)
        });
        Self {
            by,
            period,
            days,
            currency: money.currency.clone(),
            naive: naive(&money.naive(), ledger, sizes, total.nano_usd),
            local_milliseconds: ledger.iter().filter(|row| row.tier == "local").map(|row| row.milliseconds).sum(),
            lines,
            total,
            answers: Vec::new(),
            always_on,
            own_or_rent,
        }
    }
}

impl CostLine {
    /// With another one added; what it is called stays.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            what: self.what,
            title: self.title,
            calls: self.calls + other.calls,
            unknown: self.unknown + other.unknown,
            tokens: self.tokens + other.tokens,
            left_out: self.left_out + other.left_out,
            nano_usd: self.nano_usd + other.nano_usd,
            mwh: self.mwh + other.mwh,
            electricity: self.electricity + other.electricity,
        }
    }
}

/// The days of a period, begun ones whole.
fn days(period: Period) -> u32 {
    const DAY: i64 = 86_400;
    let seconds = (period.until.as_second() - period.since.as_second()).max(0);
    u32::try_from((seconds + DAY - 1) / DAY).unwrap_or(u32::MAX)
}

fn key(by: By, row: &LedgerRow) -> String {
    match by {
        By::Day => row.day.clone(),
        By::Article => row.article.as_ref().map_or_else(String::new, |id| id.as_str().to_owned()),
        By::Task => row.task.clone(),
        By::Model => format!("{} {}", row.provider, row.model),
    }
}

/// The lines, without the price of electricity.
fn lines(by: By, ledger: &[LedgerRow], energy: &[EnergyRow]) -> Vec<CostLine> {
    let mut lines: BTreeMap<String, CostLine> = BTreeMap::new();
    let add = |lines: &mut BTreeMap<String, CostLine>, what: String, more: CostLine| {
        let line = lines.remove(&what).unwrap_or_else(|| CostLine { what: what.clone(), ..CostLine::default() });
        lines.insert(what, line.with(&more));
    };
    for row in ledger {
        let more = CostLine {
            calls: row.calls,
            unknown: row.unknown,
            tokens: row.tokens,
            left_out: row.left_out,
            nano_usd: row.cost,
            ..CostLine::default()
        };
        add(&mut lines, key(by, row), more);
    }
    for row in energy {
        for (what, mwh) in energy_of(by, ledger, row) {
            add(&mut lines, what, CostLine { mwh, ..CostLine::default() });
        }
    }
    let mut lines: Vec<CostLine> = lines.into_values().collect();
    if matches!(by, By::Article | By::Model) {
        // The dearest first; what nobody caused last.
        lines.sort_by_key(|line| (line.what.is_empty(), -line.nano_usd.0, -line.mwh.0, line.what.clone()));
    } else {
        lines.sort_by_key(|line| (line.what.is_empty(), line.what.clone()));
    }
    lines
}

/// To whom a booking of energy falls: a day or an article as it was booked; a task or model by the time that the local
/// models worked for the booking's article.
fn energy_of(by: By, ledger: &[LedgerRow], row: &EnergyRow) -> Vec<(String, MilliWattHours)> {
    match (by, &row.article) {
        (By::Day, _) => vec![(row.day.clone(), row.energy)],
        (By::Article, Some(article)) => vec![(article.as_str().to_owned(), row.energy)],
        (By::Task | By::Model, Some(_)) => {
            let mut worked: BTreeMap<String, u64> = BTreeMap::new();
            for call in ledger.iter().filter(|call| call.tier == "local" && call.article == row.article) {
                *worked.entry(key(by, call)).or_default() += call.milliseconds;
            }
            if worked.values().all(|ms| *ms == 0) {
                return vec![(String::new(), row.energy)];
            }
            let weights: Vec<u64> = worked.values().copied().collect();
            let parts = apportion(row.energy.0, &weights);
            worked.into_keys().zip(parts.into_iter().map(MilliWattHours)).collect()
        }
        (_, None) => vec![(String::new(), row.energy)],
    }
}

/// The naive way on the same leads. It is reckoned low: its prompts are the bare texts without any rules, and what is drafted
/// and judged is what was drafted and judged here, shortened to fit as it was here.
fn naive(prices: &Prices, ledger: &[LedgerRow], sizes: &[usize], spent: NanoUsd) -> Naive {
    let leads = sizes.len() as u64;
    let of = |wanted: fn(&str) -> bool| ledger.iter().filter(move |row| wanted(&row.task));
    let (answers, said) =
        of(|task| task == "triage").fold((0, 0), |(n, out), row| (n + row.accepted, out + row.tokens.output));
    let each = if answers == 0 { TRIAGE_OUT } else { u64::div_ceil(said, answers) };
    let triage = Tokens {
        input: sizes.iter().map(|bytes| tokens_of_bytes(*bytes)).sum(),
        output: leads * each,
        ..Tokens::default()
    };
    let writing = of(|task| matches!(task, "draft" | "revise" | "judge"))
        .fold(Tokens::default(), |sum, row| sum + Tokens { cached: 0, cache_write: 0, ..row.tokens });
    let nano_usd = prices.cost(&triage) + prices.cost(&writing);
    let times = (spent > NanoUsd::ZERO).then(|| i128::from(nano_usd.0) * 100 / i128::from(spent.0));
    Naive { leads, triage, writing, nano_usd, times_hundredths: times.and_then(|t| u64::try_from(t).ok()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(n: u8) -> ArticleId {
        format!("{n:02x}").repeat(16).parse().unwrap()
    }

    fn call(day: &str, n: u8, task: &str, provider: &str, cost: i64, ms: u64) -> LedgerRow {
        LedgerRow {
            day: day.into(),
            article: Some(article(n)),
            task: task.into(),
            provider: provider.into(),
            model: "m".into(),
            tier: if cost > 0 { "hosted" } else { "local" }.into(),
            calls: 1,
            unknown: 0,
            accepted: 1,
            tokens: Tokens { input: 1_000, cached: 400, cache_write: 0, output: 100 },
            left_out: 2,
            cost: NanoUsd(cost),
            milliseconds: ms,
        }
    }

    fn energy(day: &str, n: Option<u8>, mwh: i64) -> EnergyRow {
        EnergyRow { day: day.into(), article: n.map(article), energy: MilliWattHours(mwh) }
    }

    fn two_days() -> (Vec<LedgerRow>, Vec<EnergyRow>) {
        let (first, second) = ("2026-11-20", "2026-11-21");
        let calls = vec![
            call(first, 1, "triage", "box", 0, 1_000),
            call(first, 1, "draft", "box", 0, 2_000),
            call(second, 2, "triage", "box", 0, 700),
            call(second, 2, "judge", "hosted", 4_321, 9_000),
        ];
        (calls, vec![energy(first, Some(1), 1_000), energy(first, None, 77), energy(second, Some(2), 11)])
    }

    fn report(config: &Config, by: By) -> CostReport {
        let period =
            Period { since: "2026-11-20T00:00:00Z".parse().unwrap(), until: "2026-11-22T00:00:00Z".parse().unwrap() };
        let (calls, energy) = two_days();
        CostReport::from_rows(config, period, by, &calls, &energy, &[3_500, 7_000])
    }

    #[test]
    fn whatever_it_is_told_by_the_lines_add_up() {
        let config = Config::default();
        for by in [By::Day, By::Article, By::Task, By::Model] {
            let report = report(&config, by);
            let sum = report.lines.iter().fold(CostLine::default(), |sum, line| sum.with(line));
            assert_eq!(sum, report.total, "{by:?}");
            assert_eq!((sum.calls, sum.nano_usd, sum.mwh), (4, NanoUsd(4_321), MilliWattHours(1_088)));
            assert_eq!(sum.electricity, electricity(MilliWattHours(1_088), Amount::from_units(0.3)));
        }
    }

    #[test]
    fn energy_falls_to_the_tasks_that_the_box_worked_at() {
        let report = report(&Config::default(), By::Task);
        let mwh: Vec<(&str, i64)> = report.lines.iter().map(|l| (l.what.as_str(), l.mwh.0)).collect();
        // A third of the first article's 1,000 for its triage, and the second's 11: its judge was hosted.
        assert_eq!(mwh, [("draft", 667), ("judge", 0), ("triage", 344), ("", 77)]);
    }

    #[test]
    fn the_naive_way_pays_for_every_text() {
        let naive = report(&Config::default(), By::Day).naive;
        assert_eq!((naive.leads, naive.triage.input, naive.triage.output), (2, 3_000, 200));
        assert_eq!((naive.writing.input, naive.writing.cached, naive.writing.output), (2_000, 0, 200));
        // 5,000 tokens at 3 dollars and 400 at 15 dollars a million.
        assert_eq!(naive.nano_usd, NanoUsd(15_000_000 + 6_000_000));
        assert_eq!(naive.times_hundredths, Some(21_000_000 * 100 / 4_321));
    }

    #[test]
    fn a_box_is_compared_with_one_that_never_sleeps_and_with_a_rented_one() {
        let text = "[money]\ncurrency = \"EUR\"\nusd_rate = 0.9\nkwh_price = 0.3\nrent_usd_per_hour = 0.5\nbox_price = 1460\n\
                    [[site]]\nname = \"a\"\nrepo = \"r\"\n[[worker]]\nname = \"box\"\nwatts_awake = 300\nmac = \"02:42:ac:11:00:09\"\n\
                    heartbeat_url = \"http://192.168.1.2/\"\n";
        let config = Config::parse(text, std::path::Path::new("pipeline.toml")).unwrap();
        let report = report(&config, By::Day);
        let always = report.always_on.unwrap();
        assert_eq!((always.days, always.mwh.0, always.electricity), (2, 14_400_000, Amount::from_units(4.32)));
        let own = report.own_or_rent.unwrap();
        assert_eq!((own.own_per_day, own.own_per_hour), (Amount::from_units(1.0), Amount::from_units(0.09)));
        // 1 ÷ (0.45 − 0.09) hours.
        assert_eq!((own.rent_per_hour, own.minutes_a_day), (Amount::from_units(0.45), Some(167)));
        assert_eq!(self::report(&Config::default(), By::Day).own_or_rent, None);
    }
}

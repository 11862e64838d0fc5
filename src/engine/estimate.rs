//! What a run would cost, before it: reckoned from what is in flight, how earlier runs went, and what calls usually take. Nothing
//! is asked, spent or fetched for it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use states::thrift::electricity;
use states::words::{Amount, MilliWattHours, NanoUsd, RunId, SiteName, Tokens};

use super::EngineError;
use super::asking::buy::beginnings;
use crate::config::{Config, ProviderSection, Site};
use crate::models::{Task, buffered};
use crate::store::{PastRun, Period, Store, UsualCall};

/// How many earlier runs are looked at.
const RUNS: u32 = 10;
/// For how many days back calls say what they usually take.
const USUAL_DAYS: i64 = 30;
/// How long a box takes to wake, while nobody has measured it.
const BOOT_MS: u64 = 60_000;
/// What a model of one's own reads and writes in a second, while nobody has measured it: tokens.
const SPEED: (u64, u64) = (500, 30);
/// How often an article is drafted at most, and how many samples of a judge each draft takes.
const DRAFTS: u64 = 4;
const SAMPLES: u64 = 3;
/// A question is asked once more where its answer cannot be used.
const ASKED: u64 = 2;

/// One task of one site, at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EstimateLine {
    /// The site.
    pub site: SiteName,
    /// The task.
    pub task: Task,
    /// Who is asked first, and at most.
    pub provider: String,
    /// `local` or `hosted`.
    pub tier: &'static str,
    /// Calls, as things usually go; none for a provider that is only asked when others fail.
    pub calls: u64,
    /// Calls at most.
    pub calls_most: u64,
    /// Tokens of the usual calls.
    pub tokens: Tokens,
    /// What the usual calls cost, with the buffer.
    pub nano_usd: NanoUsd,
    /// What calls cost at most: every one asked twice, with a full context and the longest answer, with the buffer.
    pub nano_usd_most: NanoUsd,
    /// For how long the model works.
    pub milliseconds: u64,
}

/// What a cap has room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Room {
    /// `run`, `day` or `month`.
    pub what: &'static str,
    /// The cap.
    pub cap: NanoUsd,
    /// What is spent or reserved of it.
    pub spent: NanoUsd,
}

impl Room {
    /// What is left.
    pub fn left(&self) -> NanoUsd {
        (self.cap - self.spent).max(NanoUsd::ZERO)
    }
}

/// How long a worker would be awake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AwakeFor {
    /// The worker.
    pub worker: String,
    /// With its boot, its linger and the buffer.
    pub milliseconds: u64,
    /// What it draws in that time.
    pub mwh: MilliWattHours,
    /// What that costs, in billionths of the currency.
    pub electricity: Amount,
}

/// What a run would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// By site, task and provider.
    pub lines: Vec<EstimateLine>,
    /// As things usually go, with a buffer of a quarter, and within the caps.
    pub likely: NanoUsd,
    /// At most: never more than the caps have room for.
    pub most: NanoUsd,
    /// The caps.
    pub room: Vec<Room>,
    /// The workers.
    pub awake: Vec<AwakeFor>,
    /// The currency of electricity.
    pub currency: String,
    /// How many earlier runs it is reckoned from.
    pub from_runs: u64,
}

/// What awaits a site in the next run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Outlook {
    /// Leads that are still to be scored, and new ones: usually and at most.
    leads: (u64, u64),
    /// Articles in Drafting, and new ones: usually and at most.
    drafting: (u64, u64),
    /// Articles in Gating.
    gating: u64,
}

impl Estimate {
    /// What a run for these sites would cost. Without a store nothing has happened yet.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn of(
        config: &Config,
        store: Option<&Store>,
        sites: &[&Site],
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let mut outlooks = Vec::new();
        let (mut usual, mut from_runs, mut run) = (Vec::new(), 0, None);
        let counts = if let Some(store) = store { store.counts().await? } else { Vec::new() };
        for site in sites {
            let past = match store {
                Some(store) => store.past_runs(&site.name, RUNS).await?,
                None => Vec::new(),
            };
            from_runs = from_runs.max(past.len() as u64);
            outlooks.push((*site, Outlook::of(config, site, &counts, &past)));
        }
        if let Some(store) = store {
            let since = now.checked_sub(SignedDuration::from_hours(24 * USUAL_DAYS)).unwrap_or(Timestamp::UNIX_EPOCH);
            usual = store.usual_calls(Period { since, until: Timestamp::MAX }).await?;
            run = store.open_run().await?.map(|run| run.id);
        }
        let room = room(config, store, run.as_ref(), now).await?;
        Ok(Self::reckon(config, &outlooks, &usual, room, from_runs))
    }

    fn reckon(
        config: &Config,
        outlooks: &[(&Site, Outlook)],
        usual: &[UsualCall],
        room: Vec<Room>,
        from_runs: u64,
    ) -> Self {
        let mut lines = Vec::new();
        for (site, outlook) in outlooks {
            for task in Task::ALL {
                lines.extend(asked(config, site, task, outlook, usual));
            }
        }
        let left = room.iter().map(Room::left).min().unwrap_or_default();
        let sum = |of: fn(&EstimateLine) -> NanoUsd| lines.iter().map(of).sum::<NanoUsd>().min(left);
        Self {
            likely: sum(|line| line.nano_usd),
            most: sum(|line| line.nano_usd_most),
            awake: awake(config, &lines),
            currency: config.money.currency.clone(),
            room,
            lines,
            from_runs,
        }
    }
}

impl Outlook {
    fn of(config: &Config, site: &Site, counts: &[(String, String, i64)], past: &[PastRun]) -> Self {
        let in_state = |states: &[&str]| {
            let here =
                counts.iter().filter(|(name, state, _)| name == site.name.as_str() && states.contains(&state.as_str()));
            here.map(|(_, _, n)| u64::try_from(*n).unwrap_or(0)).sum::<u64>()
        };
        let mean = |of: fn(&PastRun) -> u64| {
            (!past.is_empty()).then(|| past.iter().map(of).sum::<u64>().div_ceil(past.len() as u64))
        };
        let sources =
            config.sources.iter().filter(|s| s.sites.is_empty() || s.sites.contains(&site.name)).count() as u64;
        let most_new = if sources == 0 { 0 } else { site.max_new as u64 };
        let first = (sources * site.first_poll as u64).min(most_new);
        let new = mean(|run| run.leads).unwrap_or(first).min(most_new);
        let to_score = in_state(&["Fetching", "Deduplicating", "Scoring"]);
        let taken = in_state(&["Drafting", "Gating", "Reviewing", "Publishing", "Proposed"]);
        let free = u64::from(site.max_open).saturating_sub(taken);
        let wished = u64::from(site.select.alone) + u64::from(site.select.digest);
        let begun_most = wished.min(free);
        let begun = mean(|run| run.drafted).unwrap_or(begun_most).min(begun_most);
        let drafting = in_state(&["Drafting"]);
        Self {
            leads: (to_score + new, to_score + most_new),
            drafting: (drafting + begun, drafting + begun_most),
            gating: in_state(&["Gating"]),
        }
    }

    /// How many questions of a task: usually, and at most.
    fn questions(&self, task: Task) -> (u64, u64) {
        let (drafting, drafting_most) = self.drafting;
        match task {
            Task::Triage | Task::Embed => self.leads,
            Task::Draft => (drafting, drafting_most + self.gating),
            Task::Revise => (drafting, (drafting_most + self.gating) * (DRAFTS - 1)),
            Task::Judge => (drafting + self.gating, (drafting_most + self.gating) * DRAFTS * SAMPLES),
            Task::Classify => (0, 0),
        }
    }
}

/// The calls of a task: usually to the first provider of the route, at most to each one before the built-in one or the wait.
fn asked(config: &Config, site: &Site, task: Task, outlook: &Outlook, usual: &[UsualCall]) -> Vec<EstimateLine> {
    let routes = config.routes(site);
    // The small question comes before each of the tasks that it is asked about.
    let about = match (&routes.classifier, task) {
        (Some(classifier), Task::Classify) => classifier.tasks.clone(),
        (None, Task::Classify) => BTreeSet::new(),
        _ => BTreeSet::from([task]),
    };
    let (mut questions, questions_most) =
        about.into_iter().map(|task| outlook.questions(task)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    if task == Task::Revise && !usual.iter().any(|call| call.task == task.as_str()) {
        // No draft had to be revised so far.
        questions = 0;
    }
    let calls_most = questions_most * ASKED;
    let route = match (&routes.classifier, task) {
        (Some(classifier), Task::Classify) => std::slice::from_ref(&classifier.by),
        _ => routes.of(task),
    };
    let providers = route.iter().map_while(|name| config.provider(name));
    let line = |(at, provider): (usize, &ProviderSection)| {
        let terms = config.terms(provider).ok()?;
        let one = usual_call(task, provider, usual);
        // What a batch brings back without an answer is asked at the full price: that is the most.
        let by_batch = if provider.batch.contains(&task) { terms.batch_thousandths } else { 1_000 };
        let usual_prices = terms.prices.thousandths(by_batch);
        // A question may usually take more than one call: samples, revisions, answers that could not be used.
        let calls = if at == 0 { (questions * one.calls).div_ceil(one.articles) } else { 0 };
        let tokens = Tokens { input: calls * one.input, output: calls * one.output, ..Tokens::default() };
        Some(EstimateLine {
            site: site.name.clone(),
            task,
            provider: provider.name.clone(),
            tier: terms.tier(),
            calls,
            calls_most,
            nano_usd: usual_prices.most(buffered(tokens.input), buffered(tokens.output)),
            nano_usd_most: terms.prices.most(
                buffered(calls_most * u64::from(provider.context_tokens)),
                buffered(calls_most * longest_answer(task)),
            ),
            milliseconds: calls * one.milliseconds,
            tokens,
        })
    };
    providers.enumerate().filter_map(line).filter(|line| line.calls_most > 0).collect()
}

/// The longest answer that is asked for, in tokens.
fn longest_answer(task: Task) -> u64 {
    match task {
        Task::Triage => 700,
        Task::Embed => 0,
        Task::Draft | Task::Revise => 8_000,
        Task::Judge | Task::Classify => 1_000,
    }
}

/// What a call takes: of this provider, else of any other, else as reckoned.
fn usual_call(task: Task, provider: &ProviderSection, usual: &[UsualCall]) -> UsualCall {
    let of_task = || usual.iter().filter(|call| call.task == task.as_str());
    if let Some(known) = of_task().find(|call| call.provider == provider.name) {
        return known.clone();
    }
    let (input, output) = of_task().next().map_or_else(|| guess(task), |call| (call.input, call.output));
    let input = input.min(u64::from(provider.context_tokens));
    let milliseconds = input * 1_000 / SPEED.0 + output * 1_000 / SPEED.1;
    let (task, provider) = (task.as_str().to_owned(), provider.name.clone());
    UsualCall { task, provider, input, output, milliseconds, calls: 1, articles: 1 }
}

/// Tokens of prompt and answer, before any call was made.
fn guess(task: Task) -> (u64, u64) {
    match task {
        Task::Triage => (3_000, 200),
        Task::Embed => (1_500, 0),
        Task::Draft | Task::Revise => (12_000, 3_000),
        Task::Classify => (3_000, 100),
        Task::Judge => (14_000, 400),
    }
}

fn awake(config: &Config, lines: &[EstimateLine]) -> Vec<AwakeFor> {
    let mut busy: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.calls > 0) {
        if let Some(worker) = config.provider(&line.provider).and_then(|p| p.worker.as_ref()) {
            *busy.entry(worker.as_str()).or_default() += line.milliseconds;
        }
    }
    let worker = |(name, busy): (&str, u64)| {
        let options = config.workers.iter().find(|w| w.name == name)?;
        let milliseconds = buffered(busy + BOOT_MS + options.linger_seconds * 1_000);
        let mwh = MilliWattHours::drawn(options.watts_awake, i64::try_from(milliseconds).unwrap_or(i64::MAX));
        let electricity = electricity(mwh, config.money.per_kwh());
        Some(AwakeFor { worker: name.to_owned(), milliseconds, mwh, electricity })
    };
    busy.into_iter().filter_map(worker).collect()
}

/// What the caps have room for now: of the run under way, of the day and of the month (UTC).
///
/// # Errors
/// [`EngineError`].
pub(super) async fn room(
    config: &Config,
    store: Option<&Store>,
    run: Option<&RunId>,
    now: Timestamp,
) -> Result<Vec<Room>, EngineError> {
    let [of_run, of_day, of_month] = config.caps.nano();
    let (day, month) = beginnings(now);
    let spent = async |since: Timestamp, run: Option<&RunId>| match store {
        Some(store) => store.spent_or_reserved(since, run).await,
        None => Ok(NanoUsd::ZERO),
    };
    let in_run = if run.is_some() { spent(Timestamp::UNIX_EPOCH, run).await? } else { NanoUsd::ZERO };
    Ok(vec![
        Room { what: "run", cap: of_run, spent: in_run },
        Room { what: "day", cap: of_day, spent: spent(day, None).await? },
        Room { what: "month", cap: of_month, spent: spent(month, None).await? },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(routes: &str) -> Config {
        let text = format!(
            "{routes}\n[[site]]\nname = \"a\"\nrepo = \"r\"\nmax_open = 3\n\
             [[source]]\nname = \"s\"\nkind = \"feed\"\nurl = \"https://s.example/feed\"\n\
             [[worker]]\nname = \"box\"\nmac = \"02:42:ac:11:00:09\"\nheartbeat_url = \"http://192.168.1.2/\"\nwatts_awake = 300\nlinger_seconds = 30\n\
             [[provider]]\nname = \"box\"\nmodel = \"m\"\nworker = \"box\"\n\
             [[provider]]\nname = \"hosted\"\nbase_url = \"https://h.example/v1\"\nmodel = \"m\"\nprice_in = 1.0\nprice_out = 2.0\n"
        );
        Config::parse(&text, std::path::Path::new("pipeline.toml")).unwrap()
    }

    fn reckon(config: &Config, outlook: Outlook, usual: &[UsualCall], left: i64) -> Estimate {
        let room = vec![Room { what: "run", cap: NanoUsd(left + 5), spent: NanoUsd(5) }];
        Estimate::reckon(config, &[(&config.sites[0], outlook)], usual, room, 1)
    }

    const OUTLOOK: Outlook = Outlook { leads: (10, 100), drafting: (1, 2), gating: 1 };

    #[test]
    fn what_awaits_a_site_follows_from_what_is_in_flight_and_how_runs_went() {
        let config = config("");
        let site = &config.sites[0];
        let count = |state: &str, n: i64| ("a".to_owned(), state.to_owned(), n);
        let counts = [
            count("Scoring", 4),
            count("Fetching", 1),
            count("Gating", 1),
            count("Live", 50),
            ("b".into(), "Scoring".into(), 9),
        ];
        let past = [PastRun { leads: 7, drafted: 1 }, PastRun { leads: 4, drafted: 0 }];
        let outlook = Outlook::of(&config, site, &counts, &past);
        // The mean of 7 and 4, rounded up; two of three places are free, an article and a digest are wished for.
        assert_eq!(outlook, Outlook { leads: (5 + 6, 5 + 100), drafting: (1, 2), gating: 1 });
        let unknown = Outlook::of(&config, site, &[], &[]);
        assert_eq!(unknown, Outlook { leads: (10, 100), drafting: (2, 2), gating: 0 }, "the first poll of one source");
        let full = Outlook::of(&config, site, &[count("Proposed", 3)], &past);
        assert_eq!(full.drafting, (0, 0), "nothing is begun while the proposals are full");
    }

    #[test]
    fn usual_calls_go_to_the_first_of_the_route_and_the_most_to_all() {
        let config = config(
            "[routes]\ntriage = [\"hosted\", \"builtin\"]\ndraft = [\"box\", \"hosted\", \"wait\"]\njudge = [\"builtin\", \"hosted\"]",
        );
        let usual = [UsualCall {
            task: "triage".into(),
            provider: "hosted".into(),
            input: 1_000,
            output: 100,
            milliseconds: 900,
            calls: 3,
            articles: 2,
        }];
        let estimate = reckon(&config, OUTLOOK, &usual, i64::MAX / 2);
        let told: Vec<(&str, &str, u64, u64)> =
            estimate.lines.iter().map(|l| (l.task.as_str(), l.provider.as_str(), l.calls, l.calls_most)).collect();
        assert_eq!(
            told,
            [
                ("triage", "hosted", 15, 200),
                ("draft", "box", 1, 6),
                ("draft", "hosted", 0, 6),
                ("revise", "box", 0, 18),
                ("revise", "hosted", 0, 18)
            ]
        );
        // Three calls for two leads, of 1,000 and 100 tokens at 1 and 2 dollars a million, and a quarter more.
        assert_eq!(estimate.likely, NanoUsd(15 * 1_250 * 1_000 + 15 * 125 * 2_000));
        assert!(estimate.most > estimate.likely);
        let local = estimate.lines.iter().find(|l| l.provider == "box").unwrap();
        assert_eq!((local.nano_usd, local.tier), (NanoUsd::ZERO, "local"));
        // 12,000 tokens read and 3,000 written at the speeds that are taken for granted, the boot, the linger, a quarter more.
        assert_eq!(estimate.awake[0].milliseconds, (24_000 + 100_000 + 60_000 + 30_000) * 5 / 4);
        assert_eq!(estimate.awake[0].mwh, MilliWattHours::drawn(300, 267_500));
    }

    #[test]
    fn a_batch_is_reckoned_at_its_price_and_the_classifier_before_each_of_its_tasks() {
        let routes = "[routes]\ntriage = [\"hosted\"]\ndraft = [\"box\", \"hosted\"]\n\
                      [routes.classifier]\nby = \"hosted\"\ntasks = [\"triage\", \"draft\"]\ncomplex_to = \"hosted\"";
        let full = config(routes);
        let mut batched = full.clone();
        batched.providers.iter_mut().find(|p| p.name == "hosted").unwrap().batch = [Task::Triage].into();
        let line = |config: &Config, task: Task| {
            let estimate = reckon(config, OUTLOOK, &[], i64::MAX / 2);
            estimate.lines.into_iter().find(|l| l.task == task && l.provider == "hosted").unwrap()
        };
        let (dear, cheap) = (line(&full, Task::Triage), line(&batched, Task::Triage));
        assert_eq!((cheap.nano_usd.0 * 2, cheap.nano_usd_most), (dear.nano_usd.0, dear.nano_usd_most));
        let small = line(&full, Task::Classify);
        assert_eq!((small.calls, small.calls_most), (10 + 1, (100 + 2 + 1) * ASKED));
    }

    #[test]
    fn no_estimate_is_above_what_the_caps_have_room_for() {
        let config = config("[routes]\ntriage = [\"hosted\"]\ndraft = [\"hosted\"]\njudge = [\"hosted\"]");
        let estimate = reckon(&config, OUTLOOK, &[], 1_000);
        assert_eq!((estimate.likely, estimate.most), (NanoUsd(1_000), NanoUsd(1_000)));
        let nothing = reckon(&config, OUTLOOK, &[], -7);
        assert_eq!(nothing.most, NanoUsd::ZERO, "a cap that is overdrawn has no room");
        let idle = reckon(&config, Outlook::default(), &[], 1_000);
        assert_eq!((idle.lines.len(), idle.most), (0, NanoUsd::ZERO));
    }
}

//! `pipeline cost` and `pipeline run --estimate`: what was spent, and what would be.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use states::words::{Amount, MilliWattHours, NanoUsd, Tokens};

use super::out::{say, say_json, short};
use super::{Answer, Cli, Failure, answers, open};
use crate::config::{Config, Site};
use crate::engine::{By, CostLine, CostReport, Estimate};
use crate::store::Period;

/// How many days are told of, where nothing else is said.
const DAYS: i64 = 30;
/// How many articles or models are listed one by one.
const MOST_LINES: usize = 20;
/// The widest that a line's name is shown.
const WIDEST: usize = 28;

/// What was spent.
pub(super) async fn cost(cli: &Cli, by: By, since: Option<Date>, until: Option<Date>) -> Answer {
    let config = open::config(cli)?;
    let period = period(open::clock(cli).now(), since, until)?;
    let store = open::store_with_work(&config).await?;
    let report = CostReport::of(&config, &store, period, by).await?;
    if cli.json {
        say_json(&report);
    } else {
        say(&words(&report));
    }
    Ok(0)
}

/// What a run would cost.
pub(super) async fn estimate(cli: &Cli, sites: &[String]) -> Answer {
    let config = open::config(cli)?;
    let mut named: Vec<&Site> = Vec::new();
    for name in sites {
        named.push(open::site(&config, Some(name))?);
    }
    if named.is_empty() {
        named = config.sites.iter().collect();
    }
    let store = open::store(&config).await?;
    let estimate = Estimate::of(&config, store.as_ref(), &named, open::clock(cli).now()).await?;
    if cli.json {
        say_json(&estimate);
    } else {
        say(&foretold(&config, &estimate));
    }
    Ok(0)
}

/// From the first to the last day (UTC), both whole; the last 30 days where nothing is said.
fn period(now: Timestamp, since: Option<Date>, until: Option<Date>) -> Result<Period, Failure> {
    let day = |date: Date| date.to_zoned(TimeZone::UTC).map(|z| z.timestamp()).map_err(Failure::usage);
    let last = until.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
    let first = match since {
        Some(first) => first,
        None => last.checked_sub(SignedDuration::from_hours(24 * (DAYS - 1))).map_err(Failure::usage)?,
    };
    if first > last {
        return Err(Failure::usage(format!("`--since {first}` is after `--until {last}`")));
    }
    Ok(Period { since: day(first)?, until: day(last.tomorrow().map_err(Failure::usage)?)? })
}

/// A report as a table of at most 80 columns, and what else would have cost.
fn words(report: &CostReport) -> String {
    let what = match report.by {
        By::Day => "day (UTC)",
        By::Article => "article",
        By::Task => "task",
        By::Model => "model",
    };
    // The last column is what the watt-hours cost.
    let mut rows = vec![[what, "calls", "in", "out", "dollars", "Wh", &report.currency].map(str::to_owned).to_vec()];
    let folds = matches!(report.by, By::Article | By::Model) && report.lines.len() > MOST_LINES + 1;
    let listed = if folds { MOST_LINES } else { report.lines.len() };
    rows.extend(report.lines[..listed].iter().map(|line| row(&named(report.by, line), line)));
    if folds {
        let rest = report.lines[listed..].iter().fold(CostLine::default(), |sum, line| sum.with(line));
        rows.push(row(&format!("{} more", report.lines.len() - listed), &rest));
    }
    rows.push(row("total", &report.total));
    let mut text = table(&rows);
    let last = report.period.until.checked_sub(SignedDuration::from_secs(1)).unwrap_or(report.period.until);
    text = format!("{} to {}\n{text}", date(report.period.since), date(last));
    text.push_str(&format!("Dollars for models, {} for electricity.\n", report.currency));
    let Tokens { cached, cache_write, .. } = report.total.tokens;
    if cached + cache_write > 0 {
        let (from, into) = (compact(cached), compact(cache_write));
        text.push_str(&format!("Of the tokens in, {from} came from a provider's cache and {into} went into it.\n"));
    }
    if report.total.unknown > 0 {
        text.push_str(&format!(
            "{} of unknown fate: charged in full.\n",
            counted(report.total.unknown, "call", "calls")
        ));
    }
    if report.total.left_out > 0 {
        text.push_str(&format!(
            "{} of sources did not fit into prompts.\n",
            counted(report.total.left_out, "sentence", "sentences")
        ));
    }
    let answers = answers::by_task(&report.answers);
    if !answers.is_empty() {
        text.push_str(&format!("\n{answers}"));
    }
    text.push_str(&beside(report));
    text
}

/// What else would have cost.
fn beside(report: &CostReport) -> String {
    let mut text = String::new();
    let currency = &report.currency;
    let naive = &report.naive;
    let times = match naive.times_hundredths {
        Some(times) => format!("{}.{:02} times as much", times / 100, times % 100),
        None => "nothing was spent here".to_owned(),
    };
    text.push_str(&format!(
        "\nThe naive way (every lead's text to a hosted model, nothing cached)\n  {} for {} ({} tokens in, {} out); {times}\n",
        usd(naive.nano_usd),
        counted(naive.leads, "lead", "leads"),
        compact(naive.triage.input + naive.writing.input),
        compact(naive.triage.output + naive.writing.output),
    ));
    if let Some(always) = &report.always_on {
        text.push_str(&format!(
            "A box that never sleeps ({} W for {})\n  {}: {}; yours drew {} for {}\n",
            always.watts,
            counted(u64::from(always.days), "day", "days"),
            kwh(always.mwh),
            always.electricity.in_words(currency),
            kwh(report.total.mwh),
            report.total.electricity.in_words(currency),
        ));
        let worked = report.local_milliseconds / 1_000 / u64::from(report.days.max(1));
        text.push_str(&match &report.own_or_rent {
            Some(own) => {
                let from = match own.minutes_a_day {
                    Some(minutes) => format!("worth it from {} h {:02} min a day on", minutes / 60, minutes % 60),
                    None => "renting is always cheaper".into(),
                };
                format!(
                    "A box of your own ({} a day, {} an hour; rented {} an hour)\n  {from}; its models worked {} a day\n",
                    own.own_per_day.in_words(currency),
                    own.own_per_hour.in_words(currency),
                    own.rent_per_hour.in_words(currency),
                    duration(worked * 1_000),
                )
            }
            None => "Own or rent: say what the box cost, with `box_price` in [money]\n".into(),
        });
    }
    text
}

/// An estimate in words, at most 80 columns wide.
fn foretold(config: &Config, estimate: &Estimate) -> String {
    let mut rows: Vec<Vec<String>> =
        vec![["task", "provider", "calls", "at most", "in", "out", "likely", "at most"].map(str::to_owned).to_vec()];
    let several = estimate.lines.iter().any(|line| line.site != estimate.lines[0].site);
    for line in &estimate.lines {
        rows.push(vec![
            // The site is named where there are several.
            if several { short(&format!("{}: {}", line.task, line.site), 20) } else { line.task.to_string() },
            short(&line.provider, 16),
            line.calls.to_string(),
            line.calls_most.to_string(),
            compact(line.tokens.input),
            compact(line.tokens.output),
            short_usd(line.nano_usd),
            short_usd(line.nano_usd_most),
        ]);
    }
    let mut text = match estimate.from_runs {
        0 => "No run has finished yet: this is reckoned from the configuration alone.\n".to_owned(),
        n => format!("Reckoned from what is in flight and {}.\n", counted(n, "earlier run", "earlier runs")),
    };
    if estimate.lines.is_empty() {
        text.push_str("No model is asked: nothing is spent.\n");
        return text;
    }
    text.push_str(&aligned(&rows, 2));
    let left: Vec<String> = estimate.room.iter().map(|room| format!("{} for the {}", room.left(), room.what)).collect();
    text.push_str(&format!("Likely {}, at most {}.\n", usd(estimate.likely), usd(estimate.most)));
    text.push_str(&format!("Left of the caps: {}.\n", left.join(", ")));
    for awake in &estimate.awake {
        text.push_str(&format!(
            "The worker {} would be awake for {}: {}, {}.\n",
            awake.worker,
            duration(awake.milliseconds),
            awake.mwh,
            awake.electricity.in_words(&config.money.currency),
        ));
    }
    text.push_str("Estimates carry a buffer of 25 %. Nothing was asked, fetched or spent.\n");
    text
}

fn named(by: By, line: &CostLine) -> String {
    match (by, &line.title) {
        _ if line.what.is_empty() => "nobody's".to_owned(),
        (By::Article, Some(title)) => format!("{} {}", line.what.get(..8).unwrap_or(&line.what), title),
        (By::Article, None) => line.what.get(..8).unwrap_or(&line.what).to_owned(),
        _ => line.what.clone(),
    }
}

fn row(what: &str, line: &CostLine) -> Vec<String> {
    vec![
        short(what, WIDEST),
        line.calls.to_string(),
        compact(line.tokens.input),
        compact(line.tokens.output),
        usd(line.nano_usd),
        watt_hours(line.mwh),
        amount(line.electricity),
    ]
}

/// Rows with the first column to the left and numbers to the right; a line above the last row.
fn table(rows: &[Vec<String>]) -> String {
    let text = aligned(rows, 1);
    let mut lines: Vec<&str> = text.lines().collect();
    let rule = format!("  {}", "─".repeat(lines.iter().map(|l| console::measure_text_width(l)).max().unwrap_or(2) - 2));
    lines.insert(lines.len().saturating_sub(1), &rule);
    lines.join("\n") + "\n"
}

/// Rows with their first columns to the left and the others to the right.
pub(super) fn aligned(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| console::measure_text_width(s)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[c].saturating_sub(console::measure_text_width(cell)));
            line.push_str("  ");
            line.push_str(&if c < left { format!("{cell}{pad}") } else { format!("{pad}{cell}") });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Dollars to the millionth; a nano-dollar that is left over is not lost, only not shown: `--json` has all of it.
fn usd(cost: NanoUsd) -> String {
    let micro = (i128::from(cost.0) + 500).div_euclid(1_000);
    format!("${}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// Dollars to the ten-thousandth, rounded up.
fn short_usd(cost: NanoUsd) -> String {
    let n = (i128::from(cost.0) + 99_999).div_euclid(100_000);
    format!("${}.{:04}", n / 10_000, n % 10_000)
}

fn amount(amount: Amount) -> String {
    let n = (i128::from(amount.0) + 50_000).div_euclid(100_000);
    format!("{}.{:04}", n / 10_000, n % 10_000)
}

fn watt_hours(energy: MilliWattHours) -> String {
    format!("{}.{:03}", energy.0 / 1_000, (energy.0 % 1_000).abs())
}

fn kwh(energy: MilliWattHours) -> String {
    let n = (i128::from(energy.0) + 500).div_euclid(1_000);
    format!("{}.{:03} kWh", n / 1_000, n % 1_000)
}

/// `999`, `12.3k`, `4.56M`.
fn compact(n: u64) -> String {
    match n {
        0..=9_999 => n.to_string(),
        10_000..=999_949 => format!("{}.{}k", (n + 50) / 1_000, (n + 50) % 1_000 / 100),
        _ => format!("{}.{:02}M", (n + 5_000) / 1_000_000, (n + 5_000) % 1_000_000 / 10_000),
    }
}

fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds.div_ceil(1_000);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn counted(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests;

//! `pipeline worker status`: what the desk knows of each box, and what the box says now.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use states::machine::Machine;
use states::words::{MachineId, MilliWattHours, WorkerName};
use states::worker::WorkerState;

use super::look::minute;
use super::out::{say, say_json};
use super::{Answer, Cli, Failure, open, worker};
use crate::config::Config;
use crate::engine::Hold;
use crate::power::{self, WorkerOptions};
use crate::store::{LastAnswer, Lease, Store, WorkerMove};

/// A look at a box waits no longer than this for each answer, in seconds.
const GLANCE: u64 = 3;

/// What is known of a worker.
struct Standing {
    name: String,
    state: Option<(WorkerState, Timestamp)>,
    leases: Vec<Lease>,
    rates: Vec<LastAnswer>,
    awake_ms: i64,
    energy: MilliWattHours,
    watts: u32,
    answers: bool,
    /// Whether somebody uses it; `None` where nobody can say.
    busy: Option<bool>,
}

/// How each worker is.
pub(super) async fn status(cli: &Cli, name: Option<&str>) -> Answer {
    let config = open::config(cli)?;
    let chosen: Vec<&WorkerOptions> = match name {
        Some(name) => vec![worker::choose(&config, Some(name))?],
        None if config.workers.is_empty() => vec![worker::choose(&config, None)?],
        None => config.workers.iter().collect(),
    };
    let store = open::store(&config).await?;
    let now = open::clock(cli).now();
    let looks = chosen.iter().map(|options| look(&config, store.as_ref(), options, now));
    let mut all = Vec::new();
    for standing in futures::future::join_all(looks).await {
        all.push(standing?);
    }
    if cli.json {
        say_json(&all.iter().map(as_json).collect::<Vec<_>>());
    } else {
        say(&all.iter().map(words).collect::<Vec<_>>().join("\n"));
    }
    Ok(0)
}

async fn look(
    config: &Config,
    store: Option<&Store>,
    options: &WorkerOptions,
    now: Timestamp,
) -> Result<Standing, Failure> {
    let name: WorkerName = options.name.parse().map_err(Failure::usage)?;
    let mut standing = Standing {
        name: options.name.clone(),
        state: None,
        leases: Vec::new(),
        rates: Vec::new(),
        awake_ms: 0,
        energy: MilliWattHours::ZERO,
        watts: options.watts_awake,
        answers: power::alive(options).await,
        busy: None,
    };
    if standing.answers && options.busy.is_some() {
        let quick = WorkerOptions { command_seconds: options.command_seconds.min(GLANCE), ..options.clone() };
        standing.busy = power::busy(&quick).await.ok();
    }
    let Some(store) = store else { return Ok(standing) };
    let states = store.worker_states().await?;
    standing.state = states.into_iter().find(|(n, ..)| *n == options.name).and_then(|(_, machine, at)| {
        let Machine::Worker(state) = machine else { return None };
        Some((state, Timestamp::from_millisecond(at).unwrap_or(now)))
    });
    standing.leases = store.lease_holders(&name).await?;
    for provider in config.providers.iter().filter(|p| p.worker.as_ref() == Some(&name)) {
        standing.rates.extend(store.last_answer(&provider.name).await?);
    }
    let today = now.to_zoned(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp());
    standing.awake_ms = awake_ms(&store.worker_moves(&name, today).await?, today, now);
    standing.energy = MilliWattHours::drawn(options.watts_awake, standing.awake_ms);
    Ok(standing)
}

/// For how long between two times the desk held the worker awake, in milliseconds.
fn awake_ms(moves: &[WorkerMove], from: Timestamp, to: Timestamp) -> i64 {
    let ends = moves.iter().skip(1).map(|m| m.at).chain([to]);
    moves
        .iter()
        .zip(ends)
        .filter(|(step, _)| matches!(step.to.as_str(), "Awake" | "Draining"))
        .map(|(step, end)| end.min(to).duration_since(step.at.max(from)).as_millis().max(0))
        .sum::<i128>()
        .try_into()
        .unwrap_or(i64::MAX)
}

fn held(standing: &Standing) -> &'static str {
    match standing.state.as_ref().map_or(Hold::None, |(state, _)| Hold::of(state)) {
        Hold::None => "none",
        Hold::Found => "found",
        Hold::Woken => "woken",
    }
}

fn why(standing: &Standing) -> Option<&str> {
    match &standing.state {
        Some((WorkerState::Unreachable { why, .. }, _)) => Some(why),
        _ => None,
    }
}

fn as_json(standing: &Standing) -> Value {
    let rates: Vec<Value> = standing
        .rates
        .iter()
        .map(|r| json!({"provider": r.provider, "tokens_per_second": tenths(r.tenths_per_second()), "at": r.at}))
        .collect();
    json!({
        "worker": standing.name,
        "state": standing.state.as_ref().map(|(state, _)| state.name()),
        "since": standing.state.as_ref().map(|(_, at)| at),
        "why": why(standing),
        "held": held(standing),
        "answers": standing.answers,
        "busy": standing.busy,
        "leases": standing.leases,
        "rates": rates,
        "watts_awake": standing.watts,
        "awake_today_ms": standing.awake_ms,
        "energy_today_mwh": standing.energy,
    })
}

fn tenths(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn words(standing: &Standing) -> String {
    let mut text = standing.name.clone();
    match &standing.state {
        None => text.push_str(": the desk has not used it yet"),
        Some((state, at)) => {
            text.push_str(&format!(": {} since {}", state.name().to_lowercase(), minute(*at)));
            text.push_str(match held(standing) {
                "woken" => ", woken by the desk",
                "found" => ", found awake and left so",
                _ => "",
            });
        }
    }
    text.push('\n');
    if let Some(why) = why(standing) {
        text.push_str(&format!("  why: {why}\n"));
    }
    let used = match (standing.answers, standing.busy) {
        (false, _) => "it does not answer: asleep, or out of reach",
        (true, None) => "it answers; nobody can say whether somebody uses it",
        (true, Some(true)) => "it answers, and somebody uses it",
        (true, Some(false)) => "it answers, and nobody else uses it",
    };
    text.push_str(&format!("  now: {used}\n"));
    for lease in &standing.leases {
        let whom = match &lease.machine {
            MachineId::Article(id) => id.short().to_owned(),
            MachineId::Worker(name) => name.to_string(),
        };
        text.push_str(&format!("  leased by {whom}: {}\n", lease.effect));
    }
    for rate in &standing.rates {
        let speed = tenths(rate.tenths_per_second());
        text.push_str(&format!("  {} last answered with {speed} tokens/s ({})\n", rate.provider, minute(rate.at)));
    }
    let minutes = standing.awake_ms / 60_000;
    text.push_str(&format!(
        "  awake for the desk today (UTC): {minutes} min, about {} at {} W\n",
        standing.energy, standing.watts
    ));
    text
}

#[cfg(test)]
mod tests {
    use states::worker::WorkerEvent;

    use super::*;

    #[test]
    fn the_time_awake_is_counted_within_the_day() {
        let at = |minute: i64| Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap();
        let step = |to: &str, minute: i64| WorkerMove { event: WorkerEvent::Wanted, to: to.into(), at: at(minute) };
        let day = [
            step("Awake", -30),
            step("Draining", 10),
            step("Asleep", 12),
            step("Waking", 50),
            step("Awake", 51),
            step("Unreachable", 55),
        ];
        let minutes = |moves: &[WorkerMove], to: i64| awake_ms(moves, at(0), at(to)) / 60_000;
        assert_eq!(minutes(&day, 100), 12 + 4);
        assert_eq!(minutes(&day, 53), 12 + 2, "it is awake still");
        assert_eq!(minutes(&day[2..4], 100), 0);
        assert_eq!(minutes(&[], 100), 0);
        // A clock that was set back takes nothing away.
        assert_eq!(minutes(&[step("Awake", 20), step("Asleep", 10)], 100), 0);
    }
}

//! `pipeline worker status`: what the desk knows of each box, and what the box says now.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use states::hours::Hours;
use states::machine::Machine;
use states::readiness::{self, usual};
use states::state::Timers;
use states::words::{MachineId, MilliWattHours, WorkerName};
use states::worker::WorkerState;

use super::look::minute;
use super::out::{say, say_json};
use super::{Answer, Cli, Failure, open, worker};
use crate::config::Config;
use crate::engine::Hold;
use crate::power::{self, WorkerOptions};
use crate::store::{Lease, Store, Window};

/// A look at a box waits no longer than this for each answer, in seconds.
const GLANCE: u64 = 3;

/// What is known of a worker.
struct Standing {
    name: String,
    state: Option<(WorkerState, Timestamp)>,
    leases: Vec<Lease>,
    models: Vec<ModelStanding>,
    hours: Opening,
    /// The times in which it was up that reach into today.
    windows: Vec<Window>,
    awake_ms: i64,
    answers: bool,
    /// Whether somebody uses it; `None` where nobody can say.
    busy: Option<bool>,
}

/// What is known of one of its models.
#[derive(Serialize)]
struct ModelStanding {
    model: String,
    /// The last good rate, in thousandths of a token per second; `None` before its first trial.
    last_rate: Option<u64>,
    /// The median of the remembered good rates.
    usual_rate: Option<u64>,
    /// Why it is passed over now.
    unfit: Option<String>,
}

/// Its allowed hours.
#[derive(Debug, PartialEq, Eq)]
enum Opening {
    /// Every hour.
    Always,
    /// These, and now is one of them.
    Open(String),
    /// These, and now is none of them; from when on it may be used again, where that can be told.
    Closed(String, Option<Timestamp>),
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
        models: Vec::new(),
        hours: Opening::of(options, now),
        windows: Vec::new(),
        awake_ms: 0,
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
    // As long as a route passes a model over.
    let cool_off = SignedDuration::from_secs(Timers::default().cool_off);
    let since = now.checked_sub(cool_off).unwrap_or(Timestamp::UNIX_EPOCH);
    for model in config.models_of(&name) {
        let rates = store.worker_rates(name.as_str(), &model).await?;
        standing.models.push(ModelStanding {
            last_rate: rates.last().copied(),
            usual_rate: usual(&rates),
            unfit: store.unfit(name.as_str(), &model, since).await?,
            model,
        });
    }
    let today = now.to_zoned(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp());
    standing.windows = store.worker_windows(today).await?;
    standing.windows.retain(|window| window.worker == options.name);
    standing.awake_ms = awake_ms(&standing.windows, today, now);
    Ok(standing)
}

impl Opening {
    fn of(options: &WorkerOptions, now: Timestamp) -> Self {
        let (hours, zone) = options.opening_hours();
        let named = format!("{hours} ({})", options.time_zone);
        match (hours == Hours::default(), hours.allow(now, &zone)) {
            (true, _) => Self::Always,
            (false, true) => Self::Open(named),
            (false, false) => Self::Closed(named, hours.opening(now, &zone)),
        }
    }

    /// As JSON: the hours as they are configured, whether it may be used now, and when again.
    fn as_json(&self) -> Value {
        match self {
            Self::Always => json!({"allowed": null, "open": true, "opens_at": null}),
            Self::Open(hours) => json!({"allowed": hours, "open": true, "opens_at": null}),
            Self::Closed(hours, at) => json!({"allowed": hours, "open": false, "opens_at": at}),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Always => "at any hour".to_owned(),
            Self::Open(hours) => format!("{hours}; it may be used now"),
            Self::Closed(hours, Some(at)) => format!("{hours}; it may be used from {} on (UTC)", minute(*at)),
            Self::Closed(hours, None) => format!("{hours}; not within the next two days"),
        }
    }
}

/// For how long between two times a worker was up, in milliseconds.
fn awake_ms(windows: &[Window], from: Timestamp, to: Timestamp) -> i64 {
    let span = |window: &Window| window.until.unwrap_or(to).min(to).duration_since(window.from.max(from)).as_millis();
    windows.iter().map(|window| span(window).max(0)).sum::<i128>().try_into().unwrap_or(i64::MAX)
}

/// What is booked of the energy of windows.
fn booked(windows: &[Window]) -> MilliWattHours {
    windows.iter().fold(MilliWattHours::ZERO, |mut sum, window| {
        sum += window.energy;
        sum
    })
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

/// The model that is loaded or has its turn.
fn turn(standing: &Standing) -> Option<&str> {
    match &standing.state {
        Some((WorkerState::Readying { model, .. }, _)) => Some(model),
        Some((WorkerState::Awake { model, .. }, _)) => model.as_deref(),
        _ => None,
    }
}

fn as_json(standing: &Standing) -> Value {
    json!({
        "worker": standing.name,
        "state": standing.state.as_ref().map(|(state, _)| state.name()),
        "since": standing.state.as_ref().map(|(_, at)| at),
        "why": why(standing),
        "held": held(standing),
        "model": turn(standing),
        "answers": standing.answers,
        "busy": standing.busy,
        "hours": standing.hours.as_json(),
        "leases": standing.leases,
        "models": standing.models,
        "windows_today": standing.windows,
        "awake_today_ms": standing.awake_ms,
        "energy_today_mwh": booked(&standing.windows),
    })
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
    if let Some((state, _)) = &standing.state
        && let Some(model) = turn(standing)
    {
        let loading = matches!(state, WorkerState::Readying { .. });
        text.push_str(&format!("; {model} {}", if loading { "is being loaded and timed" } else { "has its turn" }));
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
    text.push_str(&format!("  hours: {}\n", standing.hours.words()));
    for model in &standing.models {
        text.push_str(&format!("  {}: {}\n", model.model, speed(model)));
        if let Some(why) = &model.unfit {
            text.push_str(&format!("    passed over now: {why}\n"));
        }
    }
    for window in &standing.windows {
        text.push_str(&format!("  up {}\n", span(window)));
    }
    let (minutes, energy) = (standing.awake_ms / 60_000, booked(&standing.windows));
    text.push_str(&format!("  up for the desk today (UTC): {minutes} min; {energy} booked to these times\n"));
    text
}

fn speed(model: &ModelStanding) -> String {
    match (model.last_rate, model.usual_rate) {
        (Some(last), Some(usual)) if last != usual => {
            format!("{} when it was last good, {} as a rule", readiness::words(last), readiness::words(usual))
        }
        (Some(last), _) => format!("{} when it was last good", readiness::words(last)),
        (None, _) => "not timed yet".to_owned(),
    }
}

/// `2026-03-02 23:10 to 2026-03-03 01:40, woken: 2.500 Wh by its meter`.
fn span(window: &Window) -> String {
    let until = window.until.map_or_else(|| "now".to_owned(), minute);
    let how = if window.woken { "woken" } else { "found awake" };
    let by = match window.source.as_deref() {
        Some("meter") => " by its meter",
        Some("watts") => " by its watts",
        Some(_) => " by its meter and its watts",
        None => "",
    };
    let yet = if window.until.is_some() { "" } else { " so far" };
    format!("{} to {until}, {how}: {}{by}{yet}", minute(window.from), window.energy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    fn window(from: i64, until: Option<i64>) -> Window {
        let (from, until) = (at(from), until.map(at));
        Window {
            worker: "box".into(),
            from,
            until,
            woken: true,
            energy: MilliWattHours(2_500),
            source: Some("both".into()),
        }
    }

    #[test]
    fn the_time_awake_is_counted_within_the_day() {
        let day = [window(-30, Some(12)), window(51, Some(55)), window(90, None)];
        let minutes = |windows: &[Window], to: i64| awake_ms(windows, at(0), at(to)) / 60_000;
        assert_eq!(minutes(&day, 100), 12 + 4 + 10, "it is up still");
        assert_eq!(minutes(&day, 53), 12 + 2);
        assert_eq!(minutes(&[], 100), 0);
        // A clock that was set back takes nothing away.
        assert_eq!(minutes(&[window(20, Some(10)), window(30, Some(31))], 100), 1);
        assert_eq!(booked(&day), MilliWattHours(7_500));
        assert!(
            span(&day[2]).ends_with(" to now, woken: 2.500 Wh by its meter and its watts so far"),
            "{}",
            span(&day[2])
        );
    }

    #[test]
    fn hours_say_whether_it_may_be_used_and_when_again() {
        let of = |hours: &str, now: &str| {
            let options = WorkerOptions { hours: hours.into(), time_zone: "UTC".into(), ..WorkerOptions::default() };
            Opening::of(&options, now.parse().unwrap()).words()
        };
        let night = "22:00-07:00";
        assert_eq!(of("", "2026-03-02T12:00:00Z"), "at any hour");
        assert_eq!(of(night, "2026-03-02T23:00:00Z"), "22:00-07:00 (UTC); it may be used now");
        let closed = of(night, "2026-03-02T12:00:00Z");
        assert_eq!(closed, "22:00-07:00 (UTC); it may be used from 2026-03-02 22:00 on (UTC)");
    }

    #[test]
    fn a_speed_is_the_last_good_one_beside_the_usual() {
        let model =
            |last_rate, usual_rate| speed(&ModelStanding { model: "small".into(), last_rate, usual_rate, unfit: None });
        assert_eq!(model(None, None), "not timed yet");
        assert_eq!(model(Some(20_345), Some(20_345)), "20.3 tokens a second when it was last good");
        let other = model(Some(20_345), Some(31_000));
        assert_eq!(other, "20.3 tokens a second when it was last good, 31.0 tokens a second as a rule");
    }
}

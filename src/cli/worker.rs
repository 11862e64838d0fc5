//! `pipeline worker wake` and `pipeline worker sleep`: by hand what the desk does by itself.

use std::time::Duration;

use serde_json::json;
use states::machine::Machine;
use states::words::WorkerName;
use states::worker::{WorkerEvent, WorkerState};

use super::act::{enter_and, told};
use super::open;
use super::out::{note, say, say_json};
use super::{Answer, Cli, Failure, LATER};
use crate::config::Config;
use crate::engine::Hold;
use crate::power::{self, SleepBy, SleepOutcome, WakeOutcome, WorkerOptions};
use crate::store::{Entry, Store, WorkerAct};

/// The box did not do what it was told.
const NOT_DONE: u8 = 1;

/// The worker of this name, or the only one.
pub(super) fn choose<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c WorkerOptions, Failure> {
    let known = || config.workers.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", ");
    match (name, config.workers.as_slice()) {
        (_, []) => Err(Failure::usage("the configuration has no [[worker]]; docs/worker.md says how to describe one")),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::usage(format!("which worker? The configuration has {}", known()))),
        (Some(name), all) => all
            .iter()
            .find(|w| w.name == name)
            .ok_or_else(|| Failure::usage(format!("there is no worker `{name}`; the configuration has {}", known()))),
    }
}

/// Wakes a worker and leaves it awake. The desk is not told: it finds the box awake, and leaves it so.
pub(super) async fn wake(cli: &Cli, name: Option<&str>) -> Answer {
    let config = open::config(cli)?;
    let options = choose(&config, name)?;
    let worker = &options.name;
    let tell = |what: &str| {
        if !cli.quiet && !cli.json {
            note(what);
        }
    };
    let (outcome, words, after_ms) = match power::wake(options, tell).await {
        WakeOutcome::AlreadyAwake => ("was_awake", format!("{worker} is awake already"), 0),
        WakeOutcome::Woken { after_ms, packets } => {
            let by = if packets > 0 { format!(", {packets} rounds of packets") } else { String::new() };
            let seconds = after_ms.div_ceil(1_000);
            let words = format!(
                "{worker} answers after {seconds} s{by}; it stays awake until `pipeline worker sleep {worker}`"
            );
            ("woken", words, after_ms)
        }
        WakeOutcome::Silent { packets, waited_ms } => {
            return Err(Failure {
                code: NOT_DONE,
                message: format!(
                    "{worker} does not answer at its heartbeat_url: {}. docs/worker.md lists what to look at, in order",
                    WakeOutcome::silence(packets, waited_ms)
                ),
            });
        }
        WakeOutcome::NotPossible { why } => return Err(Failure { code: NOT_DONE, message: why }),
    };
    if cli.json {
        say_json(&json!({"worker": worker, "outcome": outcome, "after_ms": after_ms}));
    } else {
        say(&words);
    }
    Ok(0)
}

/// Puts a worker to sleep.
pub(super) async fn sleep(cli: &Cli, name: Option<&str>, force: bool) -> Answer {
    let config = open::config(cli)?;
    let options = choose(&config, name)?;
    let worker: WorkerName = options.name.parse().map_err(Failure::usage)?;
    if options.sleep == SleepBy::None {
        return Err(Failure::usage(format!(
            "{worker} has no `sleep` in the configuration: nothing can put it to sleep"
        )));
    }
    let store = open::store(&config).await?;
    let hold = match &store {
        Some(store) => holding(store, &worker, force).await?,
        None => Hold::None,
    };
    let awake = power::alive(options).await;
    // Somebody may sit there whom nobody can ask.
    if awake && hold != Hold::Woken && options.busy.is_none() && !force {
        return Err(Failure::usage(format!(
            "{worker} was not woken by the desk, and it has no `busy` that would say whether somebody uses it; --force puts it \
             to sleep all the same"
        )));
    }
    if awake && busy(options).await {
        return Err(in_use(&worker));
    }
    let mut done = !awake;
    if let Some(store) = store.as_ref().filter(|_| hold != Hold::None) {
        let from = store.next_worker_move(&worker).await?;
        let act = WorkerAct::Release { though_leased: force };
        let answer = enter_and(cli, &Entry::Worker { worker: worker.clone(), act }, Some(&worker)).await?;
        if let (Some(why), _) = (&answer.refusal, answer.handled) {
            return Err(Failure { code: LATER, message: format!("{worker} stays awake: {why}") });
        }
        told(&answer)?;
        done |= hold == Hold::Woken && parted(store, &worker, from, options).await?;
    }
    if !done && power::alive(options).await {
        match power::sleep(options).await {
            SleepOutcome::Asleep => {}
            SleepOutcome::Busy => return Err(in_use(&worker)),
            SleepOutcome::Failed { why } => return Err(Failure { code: NOT_DONE, message: why }),
        }
    }
    if cli.json {
        say_json(&json!({"worker": worker, "outcome": if awake { "put_to_sleep" } else { "was_asleep" }}));
    } else {
        say(&if awake { format!("{worker} was put to sleep") } else { format!("{worker} does not answer: it sleeps") });
    }
    Ok(0)
}

/// How the desk holds a worker, and whether it is for the desk to let go of it.
async fn holding(store: &Store, worker: &WorkerName, force: bool) -> Result<Hold, Failure> {
    let states = store.worker_states().await?;
    Ok(states.iter().find(|(name, ..)| name == worker.as_str()).map_or(Hold::None, |(_, machine, _)| match machine {
        // What is being woken is held too: the desk says what becomes of it.
        Machine::Worker(WorkerState::Waking) => Hold::Woken,
        // A trial cannot be ended, but the box can be taken from under it: the desk finds it gone.
        Machine::Worker(WorkerState::Readying { .. }) if force => Hold::None,
        Machine::Worker(state) => Hold::of(state),
        Machine::Article(_) => Hold::None,
    }))
}

/// A probe that does not run is no permission.
async fn busy(options: &WorkerOptions) -> bool {
    power::busy(options).await.unwrap_or(true)
}

fn in_use(worker: &WorkerName) -> Failure {
    let message = format!("{worker} stays awake: its `busy` says that somebody uses it, or could not be asked");
    Failure { code: LATER, message }
}

/// Waits until the desk has put the worker to sleep, or left it awake; `from` is where its journal goes on from. What comes
/// after that, such as work that wakes the box again, is another matter. False where the desk had let go of it before.
async fn parted(store: &Store, worker: &WorkerName, from: i64, options: &WorkerOptions) -> Result<bool, Failure> {
    // The probe, the command, and a look whether it is gone.
    let until = tokio::time::Instant::now() + Duration::from_secs(2 * options.command_seconds + 5);
    loop {
        let steps = store.worker_moves_from(worker, from).await?;
        if steps.is_empty() && holding(store, worker, false).await? == Hold::None {
            return Ok(false);
        }
        for event in steps {
            match event {
                WorkerEvent::WentToSleep => return Ok(true),
                WorkerEvent::LeftAwake { why, alert: true } | WorkerEvent::GaveUp { cause: why } => {
                    return Err(Failure { code: NOT_DONE, message: why });
                }
                WorkerEvent::LeftAwake { .. } => return Err(in_use(worker)),
                _ => {}
            }
        }
        if tokio::time::Instant::now() >= until {
            let message =
                format!("{worker} is being put to sleep by the process at work, which has not come to it yet");
            return Err(Failure { code: LATER, message });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

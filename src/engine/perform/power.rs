//! Waking a worker, trying its models, and putting it to sleep.

use states::effect::Effect;
use states::words::WorkerName;
use states::worker::WorkerEvent;

use super::super::desk::Desk;
use super::super::outcome::{Done, Outcome};
use super::super::progress::Progress;
use super::ready::try_model;
use crate::power::{SleepOutcome, WakeOutcome, alive, sleep, wake};
use crate::store::OutboxRow;

/// Performs a worker's effect.
pub(super) async fn perform(desk: &Desk, worker: &WorkerName, row: &OutboxRow) -> Result<Outcome, Outcome> {
    let event = match &row.effect {
        Effect::Linger => {
            desk.read_meter(worker).await;
            WorkerEvent::LingerOver
        }
        Effect::CoolOff => WorkerEvent::CooledOff,
        // One that was delivered before may have sent packets already: then it is us who woke it.
        Effect::Wake => woken(desk, worker, row.deliveries + row.tries > 0).await,
        Effect::TryModel { model } => try_model(desk, worker, model).await,
        Effect::PutToSleep => put_to_sleep(desk, worker).await,
        other => return Err(Outcome::hopeless(format!("{} is no worker's effect", other.name()))),
    };
    Ok(Outcome::done(Done::Worker(event)))
}

async fn woken(desk: &Desk, worker: &WorkerName, tried: bool) -> WorkerEvent {
    let Some(options) = desk.config.worker(worker) else {
        return WorkerEvent::Silent { why: "it is not in the configuration any more".into() };
    };
    let tell = |what: &str| {
        desk.teller.tell(Progress::Worker { worker: worker.to_string(), what: what.to_owned() });
    };
    // Before the packets: booting draws, too.
    desk.read_meter(worker).await;
    let woken = desk.tape().hear("wake", worker.as_str(), wake(options, tell)).await;
    match woken.unwrap_or_else(|e| WakeOutcome::NotPossible { why: e.to_string() }) {
        WakeOutcome::AlreadyAwake => WorkerEvent::Answered { woken: tried },
        WakeOutcome::Woken { .. } => WorkerEvent::Answered { woken: true },
        WakeOutcome::Silent { packets, waited_ms } => {
            WorkerEvent::Silent { why: WakeOutcome::silence(packets, waited_ms) }
        }
        WakeOutcome::NotPossible { why } => WorkerEvent::Silent { why },
    }
}

async fn put_to_sleep(desk: &Desk, worker: &WorkerName) -> WorkerEvent {
    let Some(options) = desk.config.worker(worker) else {
        return WorkerEvent::LeftAwake { why: "it is not in the configuration any more".into(), alert: true };
    };
    let there = desk.tape().hear("alive", worker.as_str(), alive(options)).await != Ok(false);
    // Also where the heartbeat is gone: the box may be up and its model server down.
    let slept = desk.tape().hear("sleep", worker.as_str(), sleep(options)).await;
    let outcome = match slept.unwrap_or_else(|e| SleepOutcome::Failed { why: e.to_string() }) {
        // One that can be told nothing sleeps already, or is beyond our reach.
        SleepOutcome::Busy | SleepOutcome::Failed { .. } if !there => SleepOutcome::Asleep,
        outcome => outcome,
    };
    desk.read_meter(worker).await;
    match outcome {
        SleepOutcome::Asleep => WorkerEvent::WentToSleep,
        SleepOutcome::Busy => WorkerEvent::LeftAwake { why: "somebody else is using it".into(), alert: false },
        SleepOutcome::Failed { why } => WorkerEvent::LeftAwake { why, alert: true },
    }
}

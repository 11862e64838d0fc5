//! Telling the boxes that we woke that they are still wanted, so that a guard on each can put it to sleep when this machine has
//! died. What is lost here loses nothing: the next minute tells it again.

use jiff::SignedDuration;
use states::machine::Machine;
use states::words::WorkerName;

use super::EngineError;
use super::progress::Progress;
use super::tick::Engine;
use super::worker_act::Hold;
use crate::power::keep_alive;

/// How often a box is told.
const EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Engine {
    /// Tells every worker that we woke and still hold, once a minute. Nobody waits for it.
    pub(super) async fn keep_workers_alive(&mut self) -> Result<(), EngineError> {
        if self.desk.config.workers.iter().all(|w| w.keepalive.is_none()) {
            return Ok(());
        }
        let now = self.desk.clock.now();
        for (name, machine, _) in self.desk.store.worker_states().await? {
            let held = matches!(&machine, Machine::Worker(state) if Hold::of(state) == Hold::Woken);
            if !held {
                self.kept.remove(&name);
                continue;
            }
            if self.kept.get(&name).is_some_and(|told| now.duration_since(*told) < EVERY) {
                continue;
            }
            let options = name.parse::<WorkerName>().ok().and_then(|n| self.desk.config.worker(&n).cloned());
            let Some(options) = options.filter(|o| o.keepalive.is_some()) else { continue };
            self.kept.insert(name.clone(), now);
            let teller = self.desk.teller.clone();
            tokio::spawn(async move {
                if let Err(what) = keep_alive(&options).await {
                    tracing::warn!(worker = %name, %what, "a box was not told that it is wanted");
                    teller.tell(Progress::Worker { worker: name, what });
                }
            });
        }
        Ok(())
    }
}

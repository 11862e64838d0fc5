//! Supervising workers: woken when enough waits for them, released when nothing does.

use states::machine::Happening;
use states::words::{MachineId, WorkerName};
use states::worker::{WorkerEvent, WorkerState};

use super::EngineError;
use super::receive::{After, worker_cause};
use super::tick::Engine;

impl Engine {
    /// Looks at every worker: wakes it when the batch is worth it or nothing else can be done, and lets it go when no lease
    /// is held and nothing waits.
    pub(super) async fn supervise_workers(&mut self) -> Result<(), EngineError> {
        // A recording says what was decided about them, and when.
        if self.follows() {
            return Ok(());
        }
        self.let_strangers_go().await?;
        for options in &self.desk.config.workers.clone() {
            let Ok(name) = options.name.parse::<WorkerName>() else { continue };
            let state = self.desk.worker_state(&name).await?;
            let cause = worker_cause(name.as_str());
            let waiting = self.desk.store.causes().await?.into_iter().find(|c| c.cause == cause).map_or(0, |c| c.held);
            let event = match state {
                WorkerState::Asleep | WorkerState::Draining { parting: false, .. } if waiting > 0 => {
                    let enough = waiting >= u64::from(options.min_batch);
                    (enough || self.nothing_else().await?).then_some(WorkerEvent::Wanted)
                }
                WorkerState::Awake { .. } if waiting > 0 => {
                    // It woke while this was being held.
                    let mut tx = self.desk.store.begin().await?;
                    tx.release(&cause).await?;
                    tx.commit().await?;
                    None
                }
                WorkerState::Unreachable { .. } if waiting > 0 => {
                    let mut tx = self.desk.store.begin().await?;
                    tx.release(&cause).await?;
                    tx.commit().await?;
                    None
                }
                WorkerState::Awake { .. } => {
                    let idle = self.desk.store.leases(name.as_str()).await? == 0 && self.nothing_else().await?;
                    idle.then_some(WorkerEvent::Idle)
                }
                _ => None,
            };
            if let Some(event) = event {
                self.tell_worker(name, event).await?;
            }
        }
        Ok(())
    }

    /// A worker that has left the configuration is let go: nobody supervises it any more.
    async fn let_strangers_go(&mut self) -> Result<(), EngineError> {
        for (name, machine, _) in self.desk.store.worker_states().await? {
            let Ok(name) = name.parse::<WorkerName>() else { continue };
            if self.desk.config.worker(&name).is_none() && machine.name() == "Awake" {
                self.tell_worker(name, WorkerEvent::Idle).await?;
            }
        }
        Ok(())
    }

    /// True for a cause that the supervision of a configured worker resolves.
    pub(super) fn is_of_worker(&self, cause: &str) -> bool {
        self.desk.config.workers.iter().any(|w| worker_cause(&w.name) == cause)
    }

    /// A run asks again for workers that did not answer: whoever starts one may have mended them.
    pub(super) async fn forgive_workers(&mut self) -> Result<(), EngineError> {
        for options in self.desk.config.workers.clone().iter().filter(|_| !self.follows()) {
            let Ok(name) = options.name.parse::<WorkerName>() else { continue };
            if matches!(self.desk.worker_state(&name).await?, WorkerState::Unreachable { .. }) {
                self.tell_worker(name, WorkerEvent::CooledOff).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn tell_worker(&self, name: WorkerName, event: WorkerEvent) -> Result<(), EngineError> {
        self.desk.tape().decided(&format!("worker {name}"), &event);
        let id = MachineId::Worker(name);
        let mut tx = self.desk.store.begin().await?;
        let mut after = After::default();
        self.desk.happen(&mut tx, &id, &Happening::Worker(event), &mut after).await?;
        tx.commit().await?;
        self.desk.tell_all(after);
        Ok(())
    }

    /// True when no effect but those of workers is under way or due.
    async fn nothing_else(&self) -> Result<bool, EngineError> {
        let now = self.desk.clock.now();
        Ok(!self.is_working()
            && !self
                .desk
                .store
                .awaited()
                .await?
                .iter()
                .any(|r| r.cause.is_none() && r.due_at <= now && !self.is_closed(r)))
    }

    /// True for effects that this run does not start.
    pub(super) fn is_closed(&self, row: &crate::store::OutboxRow) -> bool {
        self.closed.contains(&row.effect.lane())
    }
}

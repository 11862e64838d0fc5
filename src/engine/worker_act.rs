//! What a person does to a worker.

use states::effect::Effect;
use states::machine::{Happening, Machine};
use states::words::{MachineId, WorkerName};
use states::worker::{WorkerEvent, WorkerState};

use super::EngineError;
use super::perform::perform;
use super::receive::After;
use super::tick::Engine;
use crate::store::machines::Applied;
use crate::store::{Tx, WorkerAct};

/// Whether the desk holds a worker, and whether it was the desk that woke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is not held: it sleeps, or is in somebody else's hands.
    None,
    /// It was found awake, and will be left awake.
    Found,
    /// We woke it, and put it to sleep.
    Woken,
}

impl Hold {
    /// How a worker in this state is held.
    pub fn of(state: &WorkerState) -> Self {
        match (state.is_up(), state.is_woken()) {
            (true, true) => Self::Woken,
            (true, false) => Self::Found,
            (false, _) => Self::None,
        }
    }
}

impl Engine {
    /// Lets go of a worker now, without a linger: if we woke it, what follows is its being put to sleep. Gives the reason
    /// where it has to stay.
    pub(super) async fn act_on_worker(
        &self,
        tx: &mut Tx,
        worker: &WorkerName,
        act: WorkerAct,
        after: &mut After,
    ) -> Result<Option<String>, EngineError> {
        let WorkerAct::Release { though_leased } = act;
        let id = MachineId::Worker(worker.clone());
        let leases = tx.count_leases(worker.as_str()).await?;
        if leases > 0 && !though_leased {
            return Ok(Some(format!(
                "work is being done there ({leases} leases); --force cuts it off, and the next tier is asked or it is done again"
            )));
        }
        loop {
            let state = match tx.machine(&id).await? {
                Some(loaded) => loaded.machine,
                None => return Ok(None),
            };
            let event = match &state {
                Machine::Worker(WorkerState::Awake { .. }) => WorkerEvent::Idle,
                Machine::Worker(WorkerState::Draining { parting: false, .. }) => WorkerEvent::LingerOver,
                Machine::Worker(WorkerState::Waking) => {
                    return Ok(Some("the desk is waking it, and says what becomes of it; a run that was interrupted goes on with it".into()));
                }
                Machine::Worker(WorkerState::Readying { model, .. }) => {
                    return Ok(Some(format!(
                        "the desk is loading {model} there, or a run that was interrupted was; --force puts it to sleep all the same"
                    )));
                }
                _ => return Ok(None),
            };
            if let Applied::Illegal(why) = self.desk.happen(tx, &id, &Happening::Worker(event), after).await? {
                return Ok(Some(why.to_string()));
            }
        }
    }

    /// Puts a worker to sleep that is parting, and does nothing else of what waits.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn see_off(&mut self, worker: &WorkerName) -> Result<(), EngineError> {
        let rows = self.desk.store.open_rows(&MachineId::Worker(worker.clone())).await?;
        for row in rows.into_iter().filter(|row| row.effect == Effect::PutToSleep) {
            let mut tx = self.desk.store.begin().await?;
            tx.deliver(std::slice::from_ref(&row.key)).await?;
            tx.commit().await?;
            let outcome = perform(self.desk.clone(), row.clone()).await;
            self.desk.receive(&row, outcome).await?;
        }
        Ok(())
    }
}

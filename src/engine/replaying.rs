//! Replaying: effects run and are received in the order in which they did when the run was recorded, one at a time, so that
//! everything reads the store as it stood then.

use states::words::{EffectKey, WorkerName};

use super::EngineError;
use super::batches;
use super::tick::Engine;
use crate::record::Step;

impl Engine {
    /// True while the recording says what comes next in this run.
    pub(super) fn follows(&self) -> bool {
        let next = self.desk.tape().player().and_then(crate::record::Player::next);
        next.is_some_and(|step| step != Step::Run)
    }

    /// Takes the next step of the recording. False when it cannot be taken yet: the run has to get to its next phase first.
    pub(super) async fn follow(&mut self) -> Result<bool, EngineError> {
        let desk = self.desk.clone();
        let Some(player) = desk.tape().player() else { return Ok(false) };
        let taken = match player.next() {
            None | Some(Step::Run) => return Ok(false),
            Some(Step::Perform { key }) => self.perform_recorded(EffectKey::stored(key)).await?,
            Some(Step::Receive { key }) => match self.held_back.remove(&EffectKey::stored(key)) {
                Some((row, turn, outcome)) => {
                    let taken = desk.take_in_turn(&turn, &row, outcome).await?;
                    desk.make_last(vec![taken]).await?;
                    true
                }
                None => false,
            },
            Some(Step::Decide { name, given }) if name == batches::DECIDED => self.batch_recorded(given).await?,
            Some(Step::Decide { name, given }) => {
                let worker = name.strip_prefix("worker ").and_then(|name| name.parse::<WorkerName>().ok());
                match (worker, serde_json::from_value(given)) {
                    (Some(worker), Ok(event)) => {
                        self.tell_worker(worker, event).await?;
                        true
                    }
                    _ => false,
                }
            }
        };
        if taken {
            player.taken();
            return Ok(true);
        }
        // Nothing comes after the last phase that could bring it about: this replay goes another way.
        let last = desk.store.open_run().await?.is_none_or(|run| run.phase == "writing");
        if last {
            player.pass_over();
        }
        Ok(last)
    }

    /// The next run of the recording begins. What this one has not come to is told.
    pub fn next_recorded(&mut self) {
        let desk = self.desk.clone();
        let Some(player) = desk.tape().player() else { return };
        while player.next().is_some_and(|step| step != Step::Run) {
            player.pass_over();
        }
        player.taken();
    }

    /// Performs an effect whose outcome is received later.
    async fn perform_recorded(&mut self, key: EffectKey) -> Result<bool, EngineError> {
        let desk = self.desk.clone();
        let Some(row) = desk.store.open_row(&key).await? else { return Ok(false) };
        if self.is_closed(&row) {
            return Ok(false);
        }
        let mut tx = desk.store.begin().await?;
        // That it was tried then says that its cause was gone, or was looked at.
        tx.let_go(&key).await?;
        tx.deliver(std::slice::from_ref(&key)).await?;
        tx.commit().await?;
        let turn = desk.tape().effect(key.as_str());
        let outcome = desk.perform(&row, &turn).await;
        self.held_back.insert(key, (row, turn, outcome));
        Ok(true)
    }
}

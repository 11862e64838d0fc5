//! What is known of each tier of a route at this moment.

use states::limits;
use states::route::{BUILT_IN, Standing, Tier};
use states::words::WorkerName;
use states::worker::WorkerState;

use super::super::desk::Desk;
use super::super::outcome::Outcome;
use super::Asker;
use super::before::Known;
use crate::store::StoreError;

impl Asker<'_> {
    /// What is known of one tier now. `passed`: why this question has passed it over already.
    pub(super) async fn tier(&self, name: &str, passed: Option<&Standing>, known: Known) -> Result<Tier, Outcome> {
        let tier = |standing, family: &str| {
            let standing = passed.cloned().unwrap_or(standing);
            Tier { name: name.to_owned(), standing, family: family.to_owned(), price: known.price }
        };
        if name == "wait" {
            return Ok(tier(Standing::Wait, ""));
        }
        let Some(section) = self.desk.config.provider(name) else {
            return Ok(tier(Standing::Ready, BUILT_IN));
        };
        let provider = match self.desk.providers.get(name) {
            Some(Ok(provider)) => provider,
            Some(Err(why)) => return Ok(tier(Standing::Barred(why.clone()), "")),
            None => return Ok(tier(Standing::Barred("not configured".into()), "")),
        };
        let family = provider.writer_named(&section.model).family;
        if passed.is_some() || known.kept {
            return Ok(tier(Standing::Kept, &family));
        }
        let now = self.desk.clock.now();
        let troubles = self.desk.store.troubles(name, now).await?;
        if let Some(rest) = limits::rest(now, &troubles, section.limits().patience) {
            return Ok(tier(Standing::Resting(rest), &family));
        }
        Ok(match &section.worker {
            Some(worker) => tier(self.worker_standing(worker).await?, &family),
            None => tier(Standing::Ready, &family),
        })
    }

    async fn worker_standing(&self, worker: &WorkerName) -> Result<Standing, Outcome> {
        Ok(match self.desk.worker_state(worker).await? {
            WorkerState::Awake { .. } => Standing::Ready,
            WorkerState::Unreachable { why, .. } => Standing::Barred(why),
            WorkerState::Asleep | WorkerState::Waking | WorkerState::Draining { .. } => Standing::Asleep,
        })
    }
}

impl Desk {
    /// What is known of a worker.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn worker_state(&self, worker: &WorkerName) -> Result<WorkerState, StoreError> {
        let all = self.store.worker_states().await?;
        Ok(all
            .into_iter()
            .find_map(|(name, machine, _)| match machine {
                states::machine::Machine::Worker(state) if name == worker.as_str() => Some(state),
                _ => None,
            })
            .unwrap_or(WorkerState::Asleep))
    }
}

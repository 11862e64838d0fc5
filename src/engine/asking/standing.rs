//! What is known of each tier of a route at this moment.

use states::limits;
use states::route::{BUILT_IN, Standing, Tier};

use super::super::outcome::Outcome;
use super::Asker;
use super::before::Known;
use crate::models::Task;

impl Asker<'_> {
    /// What is known of one tier now. `passed`: why this question has passed it over already.
    pub(super) async fn tier(
        &self,
        task: Task,
        name: &str,
        passed: Option<&Standing>,
        known: Known,
    ) -> Result<Tier, Outcome> {
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
            Some(worker) => tier(self.worker_standing(task, section, worker).await?, &family),
            None => tier(Standing::Ready, &family),
        })
    }
}

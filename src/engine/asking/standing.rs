//! What is known of each tier of a route at this moment.

use jiff::Timestamp;
use states::breaker::{Breaker, OPEN, WINDOW, breaker};
use states::route::{Standing, Tier};

use super::super::outcome::Outcome;
use super::Asker;
use crate::models::Task;

impl Asker<'_> {
    pub(super) async fn tier(&self, task: Task, name: &str, passed: Option<&Standing>) -> Result<Tier, Outcome> {
        let tier = |standing, family: &str| Tier { name: name.to_owned(), standing, family: family.to_owned() };
        if name == "wait" {
            return Ok(tier(Standing::Wait, ""));
        }
        if let Some(standing) = passed {
            return Ok(tier(standing.clone(), ""));
        }
        let Some(section) = self.desk.config.provider(name) else {
            return Ok(tier(Standing::Ready, "builtin"));
        };
        let provider = match self.desk.providers.get(name) {
            Some(Ok(provider)) => provider,
            Some(Err(why)) => return Ok(tier(Standing::Barred(why.clone()), "")),
            None => return Ok(tier(Standing::Barred("not configured".into()), "")),
        };
        let family = provider.writer_named(&section.model).family;
        let now = self.desk.clock.now();
        let since = now.checked_sub(WINDOW + OPEN + OPEN).unwrap_or(Timestamp::MIN);
        let history = self.desk.store.provider_history(name, since).await?;
        if let Breaker::Open { until } = breaker(now, &history) {
            return Ok(tier(Standing::Barred(format!("its breaker is open until {until}")), &family));
        }
        Ok(match &section.worker {
            Some(worker) => tier(self.worker_standing(task, section, worker).await?, &family),
            None => tier(Standing::Ready, &family),
        })
    }
}

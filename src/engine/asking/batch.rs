//! Questions that can wait: instead of a call they are put among those that are sent together.

use states::route::Standing;
use states::words::RequestKey;

use super::super::outcome::Outcome;
use super::Asker;
use super::buy::Ended;
use crate::config::ProviderSection;
use crate::models::{BatchAsked, Billed, CallClass, CallError, Provider, Question, Task, buffered};
use crate::store::{BatchItem, CallRow, StoreError};

/// What the causes begin with under which work waits for a batch.
const BATCH: &str = "batch: ";
/// Seconds until an effect looks by itself whether its answer is there; what ends a batch lets them all go at once.
const PROBE: i64 = 3_600;

/// The cause under which work waits for the batches of a provider.
pub(in crate::engine) fn cause(provider: &str) -> String {
    format!("{BATCH}{provider}")
}

/// The provider whose batches a cause is about.
pub(in crate::engine) fn provider_of(cause: &str) -> Option<&str> {
    cause.strip_prefix(BATCH)
}

impl Asker<'_> {
    /// The answer to a question that goes by a batch, where one has come in the meantime; `None` for a question that is asked
    /// by a call of its own. `row` is that call.
    pub(super) async fn by_batch(
        &self,
        task: Task,
        section: &ProviderSection,
        provider: &Provider,
        question: &Question,
        row: &CallRow,
    ) -> Result<Option<String>, Ended> {
        // Outside of a run nobody waits for hours.
        let Some(asks_as) = self.asks_as() else { return Ok(None) };
        let store = &self.desk.store;
        if let Some(known) = store.in_batch(&row.request, &row.provider, &row.model).await? {
            if known.lives {
                return Err(held(section));
            }
            if let Some(error) = known.error {
                return self.came_back(section, provider, &error, known.effect.as_deref() == Some(&asks_as));
            }
        }
        // What goes on from an answer is asked at once: it has waited for a batch already.
        if !section.batch.contains(&task) || question.follows() {
            return Ok(None);
        }
        match provider.batched(question) {
            Ok(Some(asked)) => self.queue(section, row, asked, u64::from(question.max_tokens), &asks_as).await,
            // As a call of its own it comes to the same, and is told with its next step there.
            Ok(None) | Err(_) => Ok(None),
        }
    }

    /// True for an answer that this very try of the effect has waited for: it is no second use of it.
    pub(super) async fn waited_for(&self, request: &RequestKey, section: &ProviderSection) -> Result<bool, StoreError> {
        let Some(asks_as) = self.asks_as() else { return Ok(false) };
        let known = self.desk.store.in_batch(request, &section.name, &section.model).await?;
        Ok(known.is_some_and(|known| known.effect == Some(asks_as)))
    }

    /// A question that came back without an answer is asked by a call of its own, unless that would come to the same.
    fn came_back(
        &self,
        section: &ProviderSection,
        provider: &Provider,
        error: &str,
        same_try: bool,
    ) -> Result<Option<String>, Ended> {
        match serde_json::from_str::<CallError>(error) {
            Ok(error) if same_try && error.class() == CallClass::NextTier && error.billed() != Billed::No => {
                let why = format!("{}, by a batch: {}", section.name, provider.explain(&error));
                Err(Ended::PassOver(Standing::Failed(why)))
            }
            _ => Ok(None),
        }
    }

    /// Puts a question among those that are sent together, with the most that it can cost there reserved: one commit.
    async fn queue(
        &self,
        section: &ProviderSection,
        row: &CallRow,
        asked: BatchAsked,
        longest: u64,
        asks_as: &str,
    ) -> Result<Option<String>, Ended> {
        let desk = self.desk;
        let thousandths = desk.config.terms(section).map_or(1_000, |terms| terms.batch_thousandths);
        let prices = row.prices.thousandths(thousandths);
        let reserved = prices.most(buffered(asked.tokens_prompt), buffered(longest));
        let call = CallRow { reserved, prices, ..row.clone() };
        let now = desk.clock.now();
        let mut tx = desk.store.begin().await?;
        // The same question may have been queued, or answered, since it was looked for.
        if tx.in_batch(&call.request, &call.provider, &call.model).await?.is_some_and(|known| known.lives) {
            return Err(held(section));
        }
        if let Some(text) = tx.accepted(&call.request, &call.provider, &call.model).await? {
            return Ok(Some(text));
        }
        self.within_caps(&mut tx, &call, now).await?;
        let try_ = tx.start_call(&call, now).await?;
        tx.call_leaves(&call, try_, asked.tokens_prompt + longest, Some(asks_as)).await?;
        let (tokens_sent, tokens_prompt) = (asked.tokens_sent, asked.tokens_prompt);
        let item = BatchItem { call, try_, body: asked.body, tokens_sent, tokens_prompt };
        tx.queue(&item, Some(asks_as), now).await?;
        tx.commit().await?;
        Err(held(section))
    }
}

/// What becomes of an effect whose question waits in a batch: no try is used up.
fn held(section: &ProviderSection) -> Ended {
    let message =
        format!("it waits in a batch at {}, which answers within a day; `pipeline status` counts", section.name);
    Ended::End(Outcome::Deferred { cause: cause(&section.name), message, probe_after: Some(PROBE) })
}

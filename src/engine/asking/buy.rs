//! One call: its worst cost reserved before it leaves, its real cost and its answer stored before anything uses them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use states::limits::Bearing;
use states::route::Standing;
use states::words::{MachineId, NanoUsd, RunId, Tokens};
use states::worker::WorkerEvent;

use super::super::outcome::Outcome;
use super::super::progress::Progress;
use super::turn::{has_turn, rank};
use super::{Asker, Called, loading};
use crate::config::ProviderSection;
use crate::models::{Billed, CallClass, CallError, HoldCause, Provider, Question, Task, Usage, Watch, estimate_tokens};
use crate::store::{CallRow, CallStatus, FreeTier, Spent, StoreError, Tx};

impl Asker<'_> {
    /// Tells how an answer grows.
    fn watch(&self, section: &ProviderSection) -> Watch {
        let (teller, provider) = (self.desk.teller.clone(), section.name.clone());
        Arc::new(move |tokens| teller.tell(Progress::Writes { provider: provider.clone(), tokens }))
    }

    /// The text of an answer: from the ledger where it was bought before, else by a call.
    pub(super) async fn bought(
        &self,
        task: Task,
        section: &ProviderSection,
        provider: &Provider,
        question: &Question,
    ) -> Result<String, Ended> {
        let desk = self.desk;
        let request = &question.key();
        if let Some(text) = desk.store.accepted(request, &section.name, &section.model).await? {
            if !self.waited_for(request, section).await? {
                self.note_free(FreeTier::Cache, task, &section.name, &section.model, None);
            }
            return Ok(text);
        }
        let asks_as = self.asks_as();
        if let Some(effect) = &asks_as
            && let Some(text) = desk.store.unusable(request, &section.name, &section.model, effect).await?
        {
            return Ok(text);
        }
        let row = CallRow {
            request: request.clone(),
            provider: section.name.clone(),
            model: section.model.clone(),
            task: task.as_str().to_owned(),
            run: desk.run().await,
            article: self.article.cloned(),
            reserved: provider.most(question),
            tier: desk.config.terms(section).map_or("local", |terms| terms.tier()),
            prices: provider.prices(),
            left_out: question.left_out,
        };
        if let Some(text) = self.by_batch(task, section, provider, question, &row).await? {
            return Ok(text);
        }
        let (prompt, longest) = estimate_tokens(question);
        let _alone = desk.turns.alone(&row).await;
        let _permit = desk.turns.enter(&section.name).await;
        let try_ = match self.reserve(section, &row, prompt + longest, asks_as.as_deref()).await? {
            Reserved::Try(try_) => try_,
            Reserved::Answered(text) => {
                self.note_free(FreeTier::Cache, task, &section.name, &section.model, None);
                return Ok(text);
            }
        };
        let left_at = desk.clock.now();
        let heard = format!("{} {} {request}", section.name, section.model);
        let asking = provider.ask_watched(question, Some(self.watch(section)));
        let asked = desk.tape().hear("model", &heard, asking).await;
        let asked = asked.unwrap_or_else(|_| Err(CallError::NotRecorded { key: request.to_string() }));
        let now = desk.clock.now();
        match asked {
            Ok(answer) => {
                let spent = Spent {
                    milliseconds: answer.milliseconds,
                    answer: Some(answer.text.clone()),
                    ..used(&row, &answer.usage())
                };
                let mut tx = desk.store.begin().await?;
                tx.finish_call(&row, try_, CallStatus::Accepted, &spent, now).await?;
                tx.call_says(&row, try_, Bearing::Good, None).await?;
                tx.commit().await?;
                Ok(answer.text)
            }
            Err(error) => {
                let (status, mut spent) = charged(&row, &error);
                // A call that failed has kept the model busy as well.
                spent.milliseconds = u64::try_from(now.duration_since(left_at).as_millis()).unwrap_or(0);
                let mut tx = desk.store.begin().await?;
                tx.finish_call(&row, try_, status, &spent, now).await?;
                let rest = self.heed(&mut tx, section, (&row, try_), &error, now).await?;
                tx.commit().await?;
                Err(match rest {
                    Some(rest) => Ended::PassOver(Standing::Resting(rest)),
                    None => self.after_error(section, provider, &error),
                })
            }
        }
    }

    /// Checks the provider's limits and the caps on the model that bills, reserves the most that the call can use and cost,
    /// and takes the worker's lease: one commit, before the call leaves. Nothing of that where the question was answered since it
    /// was looked for.
    async fn reserve(
        &self,
        section: &ProviderSection,
        row: &CallRow,
        tokens: u64,
        effect: Option<&str>,
    ) -> Result<Reserved, Ended> {
        let desk = self.desk;
        let now = desk.clock.now();
        let mut tx = desk.store.begin().await?;
        if let Some(text) = tx.accepted(&row.request, &row.provider, &row.model).await? {
            return Ok(Reserved::Answered(text));
        }
        self.admit(&mut tx, section, tokens, now).await?;
        self.within_caps(&mut tx, row, now).await?;
        if let (Some(worker), Some(key)) = (&section.worker, self.key) {
            let id = MachineId::Worker(worker.clone());
            let ready = tx.machine(&id).await?.is_some_and(|l| has_turn(&l.machine, &section.model));
            if !ready {
                let message =
                    format!("the worker {worker} has gone to sleep or to another model; its turn comes again");
                tx.want(key, worker.as_str(), &section.model, rank(&row.task)).await?;
                tx.commit().await?;
                return Err(Ended::End(Outcome::deferred(format!("worker: {worker}"), message)));
            }
            tx.lease(worker.as_str(), key).await?;
        }
        let try_ = tx.start_call(row, now).await?;
        tx.call_leaves(row, try_, tokens, effect).await?;
        tx.commit().await?;
        Ok(Reserved::Try(try_))
    }

    /// Whether the caps on the model that bills have room for the most that a call can cost: inside the transaction that reserves.
    pub(super) async fn within_caps(&self, tx: &mut Tx, row: &CallRow, now: Timestamp) -> Result<(), Ended> {
        if row.reserved <= NanoUsd::ZERO {
            return Ok(());
        }
        let [run, day, month] = self.desk.config.caps.nano();
        let (day_began, month_began) = beginnings(now);
        for (what, cap, since, of) in [
            ("run", run, Timestamp::MIN, row.run.as_ref()),
            ("day", day, day_began, None::<&RunId>),
            ("month", month, month_began, None),
        ] {
            if what == "run" && of.is_none() {
                continue;
            }
            let since = since.max(Timestamp::UNIX_EPOCH);
            let spent = tx.committed_spend(since, of).await?;
            if spent + row.reserved > cap {
                return Err(Ended::PassOver(Standing::Barred(format!(
                    "the cap of the {what} ({cap}) has no room for it: {spent} is spent or reserved, it may cost {}",
                    row.reserved
                ))));
            }
        }
        Ok(())
    }

    fn after_error(&self, section: &ProviderSection, provider: &Provider, error: &CallError) -> Ended {
        let why = provider.explain(error);
        if let Some(worker) = section.worker.as_ref().filter(|_| error.is_gone()) {
            let lost = WorkerEvent::Lost { why: format!("{}: {why}", section.name) };
            self.desk.aside(MachineId::Worker(worker.clone()), lost);
            return Ended::PassOver(Standing::Failed(why));
        }
        // Twice again is enough for one tier, and once where an answer broke off that may be billed: the next is asked then.
        let again = if error.is_gone() && error.billed() == Billed::Unknown { 1 } else { 2 };
        match error.class() {
            CallClass::Retry { after_seconds } if self.tries < again => Ended::End(Outcome::Failed {
                why: format!("{}: {why}", section.name),
                retry: true,
                retry_after: after_seconds.and_then(|s| i64::try_from(s).ok()),
            }),
            // It will answer, and nothing has failed: whoever asked waits, and no try is used up.
            CallClass::Defer(HoldCause::ModelLoading) => Ended::End(loading::held(&section.name, why, error)),
            CallClass::Defer(_) => Ended::PassOver(Standing::Barred(why)),
            CallClass::Retry { .. } | CallClass::NextTier => Ended::PassOver(Standing::Failed(why)),
        }
    }
}

/// What stands in the ledger for a question before its call leaves.
enum Reserved {
    /// The call may leave, as this try.
    Try(i64),
    /// Somebody else has bought the answer.
    Answered(String),
}

/// Why there is no answer from a tier.
pub(super) enum Ended {
    PassOver(Standing),
    End(Outcome),
}

impl Ended {
    /// Why, in words.
    pub(super) fn why(self) -> String {
        match self {
            Self::PassOver(Standing::Barred(why) | Standing::Failed(why)) => why,
            Self::PassOver(standing) => format!("{standing:?}"),
            Self::End(Outcome::Failed { why, .. } | Outcome::Deferred { message: why, .. }) => why,
            Self::End(_) => "it came to nothing".into(),
        }
    }

    pub(super) fn into_called<T>(self) -> Called<T> {
        match self {
            Self::PassOver(why) => Called::PassOver(why),
            Self::End(outcome) => Called::End(outcome),
        }
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::End(error.into())
    }
}

/// What a call used, at the prices of its row.
pub(in crate::engine) fn used(row: &CallRow, usage: &Usage) -> Spent {
    let tokens = Tokens {
        input: usage.tokens_in,
        cached: usage.tokens_cached,
        cache_write: usage.tokens_cache_write,
        output: usage.tokens_out,
    };
    Spent {
        cost: row.prices.cost(&tokens),
        tokens_in: usage.tokens_in,
        tokens_out: usage.tokens_out,
        tokens_cached: usage.tokens_cached,
        tokens_cache_write: usage.tokens_cache_write,
        ..Spent::default()
    }
}

/// How a call that brought no answer is booked.
pub(in crate::engine) fn charged(row: &CallRow, error: &CallError) -> (CallStatus, Spent) {
    let said = Some(error.to_string());
    match error.billed() {
        Billed::No => (CallStatus::Failed, Spent { error: said, ..Spent::default() }),
        Billed::Unknown => (CallStatus::Unknown, Spent { cost: row.reserved, error: said, ..Spent::default() }),
        Billed::Tokens(usage) => (CallStatus::Failed, Spent { error: said, ..used(row, &usage) }),
    }
}

/// When the day and the month of a time began (UTC).
pub(in crate::engine) fn beginnings(now: Timestamp) -> (Timestamp, Timestamp) {
    let zoned = now.to_zoned(jiff::tz::TimeZone::UTC);
    let day = zoned.start_of_day().map_or(now, |z| z.timestamp());
    let back = SignedDuration::from_hours(24 * (i64::from(zoned.day()) - 1));
    (day, day.checked_sub(back).unwrap_or(day))
}

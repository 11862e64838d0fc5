//! One call: its worst cost reserved before it leaves, its real cost and its answer stored before anything uses them.

use jiff::{SignedDuration, Timestamp};
use states::route::Standing;
use states::words::{MachineId, NanoUsd, RunId};
use states::worker::WorkerEvent;

use super::super::desk::Desk;
use super::super::outcome::Outcome;
use super::{Asker, Called};
use crate::config::ProviderSection;
use crate::models::{Billed, CallClass, CallError, Provider, Question, Task};
use crate::store::{CallRow, CallStatus, Spent, StoreError};

impl Asker<'_> {
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
        };
        let try_ = self.reserve(section, &row).await?;
        let heard = format!("{} {} {request}", section.name, section.model);
        let asked = desk.tape().hear("model", &heard, provider.ask(question)).await;
        let asked = asked.unwrap_or_else(|_| Err(CallError::NotRecorded { key: request.to_string() }));
        let now = desk.clock.now();
        match asked {
            Ok(answer) => {
                let usage = answer.usage();
                let spent = Spent {
                    cost: provider.cost(&usage),
                    tokens_in: usage.tokens_in,
                    tokens_out: usage.tokens_out,
                    tokens_cached: usage.tokens_cached,
                    milliseconds: answer.milliseconds,
                    answer: Some(answer.text.clone()),
                    error: None,
                };
                let mut tx = desk.store.begin().await?;
                tx.finish_call(&row, try_, CallStatus::Accepted, &spent, now).await?;
                tx.commit().await?;
                Ok(answer.text)
            }
            Err(error) => {
                let (status, spent) = charged(provider, &row, &error);
                let mut tx = desk.store.begin().await?;
                tx.finish_call(&row, try_, status, &spent, now).await?;
                tx.commit().await?;
                Err(self.after_error(section, &error))
            }
        }
    }

    /// Checks the caps on the model that bills, reserves the most that the call can cost, and takes the worker's lease: one
    /// commit, before the call leaves.
    async fn reserve(&self, section: &ProviderSection, row: &CallRow) -> Result<i64, Ended> {
        let desk = self.desk;
        let now = desk.clock.now();
        let mut tx = desk.store.begin().await?;
        if row.reserved > NanoUsd::ZERO {
            let [run, day, month] = desk.config.caps.nano();
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
        }
        if let (Some(worker), Some(key)) = (&section.worker, self.key) {
            let id = MachineId::Worker(worker.clone());
            let awake = tx.machine(&id).await?.is_some_and(|l| Desk::stands(&l.machine, "Awake"));
            if !awake {
                let message = format!("the worker {worker} has gone to sleep; it is woken again");
                return Err(Ended::End(Outcome::deferred(format!("worker: {worker}"), message)));
            }
            tx.lease(worker.as_str(), key).await?;
        }
        let try_ = tx.start_call(row, now).await?;
        tx.commit().await?;
        Ok(try_)
    }

    fn after_error(&self, section: &ProviderSection, error: &CallError) -> Ended {
        let why = error.to_string();
        let gone = matches!(error, CallError::Unreachable { .. } | CallError::TimedOut { .. });
        if let Some(worker) = section.worker.as_ref().filter(|_| gone) {
            let lost = WorkerEvent::Lost { why: format!("{}: {why}", section.name) };
            self.desk.aside(MachineId::Worker(worker.clone()), lost);
            return Ended::PassOver(Standing::Failed(why));
        }
        match error.class() {
            // Twice is enough for one tier: the next one is asked then.
            CallClass::Retry { after_seconds } if self.tries < 2 => Ended::End(Outcome::Failed {
                why: format!("{}: {why}", section.name),
                retry: true,
                retry_after: after_seconds.and_then(|s| i64::try_from(s).ok()),
            }),
            CallClass::Defer(_) => Ended::PassOver(Standing::Barred(why)),
            CallClass::Retry { .. } | CallClass::NextTier => Ended::PassOver(Standing::Failed(why)),
        }
    }
}

/// Why there is no answer from a tier.
pub(super) enum Ended {
    PassOver(Standing),
    End(Outcome),
}

impl Ended {
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

fn charged(provider: &Provider, row: &CallRow, error: &CallError) -> (CallStatus, Spent) {
    let said = Some(error.to_string());
    match error.billed() {
        Billed::No => (CallStatus::Failed, Spent { error: said, ..Spent::default() }),
        Billed::Unknown => (CallStatus::Unknown, Spent { cost: row.reserved, error: said, ..Spent::default() }),
        Billed::Tokens(usage) => (
            CallStatus::Failed,
            Spent {
                cost: provider.cost(&usage),
                tokens_in: usage.tokens_in,
                tokens_out: usage.tokens_out,
                tokens_cached: usage.tokens_cached,
                error: said,
                ..Spent::default()
            },
        ),
    }
}

/// When the day and the month of a time began (UTC).
fn beginnings(now: Timestamp) -> (Timestamp, Timestamp) {
    let zoned = now.to_zoned(jiff::tz::TimeZone::UTC);
    let day = zoned.start_of_day().map_or(now, |z| z.timestamp());
    let back = SignedDuration::from_hours(24 * (i64::from(zoned.day()) - 1));
    (day, day.checked_sub(back).unwrap_or(day))
}

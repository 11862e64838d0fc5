//! Batches: questions that can wait are gathered and sent together, looked at until they are answered, and what comes of each is
//! booked before anything uses it.
//!
//! What is outside is asked in tasks of their own, one for each batch, and says a word ([`BatchSaid`]); what follows from the word
//! is one commit. Both kinds of commit are decisions that a recording keeps, so that a replay asks nobody.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use states::batch::{GIVE_UP, MOST_BYTES, MOST_QUESTIONS, Waiting, is_sent, pause};
use states::words::hash::sha256_of;
use tokio::task::JoinSet;

use super::EngineError;
use super::asking::batch::{cause, provider_of};
use super::asking::{charged, used};
use super::tick::Engine;
use crate::models::{Answer, BatchAsked, BatchSaid, BatchStep, Billed, CallClass, CallError};
use crate::store::{BatchItem, BatchRow, BatchStatus, CallStatus, Queue, Spent};

/// How a recording calls what is decided here.
pub(super) const DECIDED: &str = "batches";
/// How long an outcome is waited for where nothing else can be done.
const GLANCE: Duration = Duration::from_millis(250);

/// What is under way at providers.
#[derive(Debug, Default)]
pub(super) struct Batches {
    steps: JoinSet<(String, BatchSaid)>,
    keys: BTreeSet<String>,
}

/// What is decided about batches.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    /// What waits for this model is sent.
    Gather { provider: String, model: String },
    /// A provider has said something about a batch.
    Said { key: String, said: Box<BatchSaid> },
}

impl Engine {
    /// Sends what has waited for long enough (all of it where nothing else can go on), begins the steps that are due, and
    /// commits what came of those that are done. True when anything changed.
    pub(super) async fn advance_batches(&mut self, quiet: bool) -> Result<bool, EngineError> {
        // A recording says what was decided about them, and when.
        if self.follows() {
            return Ok(false);
        }
        let mut changed = false;
        let now = self.desk.clock.now();
        for queue in self.desk.store.queues().await? {
            let most = self.desk.config.provider(&queue.provider).map_or(0, |p| p.batch_wait_seconds);
            let seconds = now.duration_since(queue.since).as_secs();
            let waiting = Waiting { questions: queue.questions, bytes: queue.bytes, seconds };
            if is_sent(waiting, i64::try_from(most).unwrap_or(i64::MAX), quiet) {
                self.decide_batch(Decision::Gather { provider: queue.provider, model: queue.model }).await?;
                changed = true;
            }
        }
        for batch in self.desk.store.batches().await? {
            if batch.due_at <= now && !self.batches.keys.contains(&batch.key) {
                self.begin_step(batch).await?;
            }
        }
        if quiet && !self.batches.keys.is_empty() {
            // One that failed by a panic says nothing; it is due still.
            if let Ok(Some(ended)) = tokio::time::timeout(GLANCE, self.batches.steps.join_next()).await {
                self.step_ended(ended).await?;
            }
            changed = true;
        }
        while let Some(ended) = self.batches.steps.try_join_next() {
            self.step_ended(ended).await?;
            changed = true;
        }
        Ok(changed)
    }

    /// When a batch is looked at next.
    pub(super) async fn next_look(&self) -> Result<Option<Timestamp>, EngineError> {
        Ok(self.desk.store.batches().await?.into_iter().map(|batch| batch.due_at).min())
    }

    /// Takes a decision of a recording.
    pub(super) async fn batch_recorded(&mut self, given: serde_json::Value) -> Result<bool, EngineError> {
        let Ok(decision) = serde_json::from_value(given) else { return Ok(false) };
        self.take_decision(decision).await?;
        Ok(true)
    }

    async fn step_ended(
        &mut self,
        ended: Result<(String, BatchSaid), tokio::task::JoinError>,
    ) -> Result<(), EngineError> {
        match ended {
            Ok((key, said)) => {
                self.batches.keys.remove(&key);
                self.decide_batch(Decision::Said { key, said: Box::new(said) }).await
            }
            Err(_) => {
                if self.batches.steps.is_empty() {
                    self.batches.keys.clear();
                }
                Ok(())
            }
        }
    }

    async fn decide_batch(&mut self, decision: Decision) -> Result<(), EngineError> {
        self.desk.tape().decided(DECIDED, &decision);
        self.take_decision(decision).await
    }

    async fn take_decision(&mut self, decision: Decision) -> Result<(), EngineError> {
        match decision {
            Decision::Gather { provider, model } => self.gather(&provider, &model).await,
            Decision::Said { key, said } => self.said(&key, *said).await,
        }
    }

    /// Makes a batch of what waits. Its key is a hash of what is in it.
    async fn gather(&self, provider: &str, model: &str) -> Result<(), EngineError> {
        let desk = &self.desk;
        let most = u32::try_from(MOST_QUESTIONS).unwrap_or(u32::MAX);
        let mut items = desk.store.queued(provider, model, most).await?;
        let mut bytes = 0_u64;
        items.retain(|item| {
            let fits = bytes < MOST_BYTES;
            bytes += item.body.len() as u64;
            fits
        });
        let Some(first) = items.first() else { return Ok(()) };
        let queue = Queue {
            provider: first.call.provider.clone(),
            model: first.call.model.clone(),
            questions: items.len() as u64,
            bytes,
            since: desk.clock.now(),
        };
        let tries: Vec<String> = items.iter().map(|item| format!("{} {}", item.call.request, item.try_)).collect();
        let mut parts = vec![queue.provider.as_bytes(), queue.model.as_bytes()];
        parts.extend(tries.iter().map(|item| item.as_bytes()));
        let key = sha256_of("batch", &parts);
        let mut tx = desk.store.begin().await?;
        tx.gather(&queue, &key, &items, desk.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Begins what is to be done next about a batch.
    async fn begin_step(&mut self, batch: BatchRow) -> Result<(), EngineError> {
        let desk = self.desk.clone();
        let key = batch.key.clone();
        let known = matches!(desk.providers.get(&batch.provider), Some(Ok(_)));
        let asked = async || -> Result<Vec<BatchAsked>, EngineError> {
            Ok(desk.store.batch_items(&key).await?.into_iter().map(asked).collect())
        };
        let step = match (batch.status, batch.file, batch.remote) {
            _ if !known => {
                let said = self.unknown_provider(&batch.provider);
                return self.decide_batch(Decision::Said { key, said: Box::new(said) }).await;
            }
            (BatchStatus::Ended, ..) => BatchStep::Tidy(batch.files),
            (BatchStatus::Waiting, _, Some(remote)) => BatchStep::Look { remote, asked: asked().await? },
            (_, Some(file), _) => BatchStep::Create { file, since: batch.began_at.as_second() },
            (_, None, _) => BatchStep::Upload(asked().await?),
        };
        self.batches.keys.insert(key.clone());
        self.batches.steps.spawn(async move {
            let said = match desk.providers.get(&batch.provider) {
                Some(Ok(provider)) => provider.batch(&key, step).await,
                _ => BatchSaid::Failed(CallError::Unreachable { sent: false }),
            };
            (key, said)
        });
        Ok(())
    }

    /// What is heard of a provider that cannot be asked: its key is missing now, or it has left the configuration for good.
    fn unknown_provider(&self, name: &str) -> BatchSaid {
        match self.desk.config.provider(name) {
            Some(_) => BatchSaid::Failed(CallError::Auth { status: 401 }),
            None => BatchSaid::Failed(CallError::BadRequest {
                status: 0,
                message: "its provider is not in the configuration any more".into(),
            }),
        }
    }

    /// Commits what follows from a provider's word. What was committed before stays as it is.
    async fn said(&mut self, key: &str, said: BatchSaid) -> Result<(), EngineError> {
        let desk = self.desk.clone();
        let now = desk.clock.now();
        let Some(batch) = desk.store.batches().await?.into_iter().find(|batch| batch.key == key) else { return Ok(()) };
        let first = desk.config.provider(&batch.provider).map_or(60, |p| p.batch_poll_seconds);
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let later = |looks| now.checked_add(SignedDuration::from_secs(pause(first, looks))).unwrap_or(Timestamp::MAX);
        let mut tx = desk.store.begin().await?;
        match said {
            BatchSaid::Uploaded { file } => tx.batch_uploaded(key, &file).await?,
            BatchSaid::Created { remote } => tx.batch_created(key, &remote, later(0)).await?,
            BatchSaid::Waits { status } => tx.batch_again(key, later(batch.tries.saturating_add(1)), &status).await?,
            BatchSaid::Tidied => tx.batch_tidied(key).await?,
            BatchSaid::Ended { status, files, mut answers } => {
                for item in desk.store.batch_items(key).await? {
                    let answer = answers.remove(item.call.request.as_str());
                    end(&mut tx, &item, answer.unwrap_or_else(|| Err(gone("it is not in its batch"))), now).await?;
                }
                tx.batch_ended(key, &files, &status, now).await?;
                tx.release(&cause(&batch.provider)).await?;
                self.moved += 1;
            }
            BatchSaid::Failed(error) => match fate(&batch, &error, now) {
                Fate::Again => tx.batch_again(key, later(batch.tries), &error.to_string()).await?,
                Fate::Nothing => tx.batch_tidied(key).await?,
                Fate::Over(as_if) => {
                    for item in desk.store.batch_items(key).await? {
                        end(&mut tx, &item, Err(as_if.clone()), now).await?;
                    }
                    let files: Vec<String> = batch.file.into_iter().collect();
                    tx.batch_ended(key, &files, &error.to_string(), now).await?;
                    tx.release(&cause(&batch.provider)).await?;
                    self.moved += 1;
                }
            },
        }
        tx.commit().await?;
        Ok(())
    }

    /// Lets go what is held for a batch of which nothing lives: it was answered just before it was held.
    pub(super) async fn let_batched_go(&self) -> Result<(), EngineError> {
        if self.follows() {
            return Ok(());
        }
        let held: Vec<_> = self.desk.store.causes().await?.into_iter().filter(|c| c.held > 0).collect();
        for cause in held.iter().filter(|c| provider_of(&c.cause).is_some()) {
            let waits = self.desk.store.batch_waits().await?;
            if !waits.iter().any(|wait| Some(wait.provider.as_str()) == provider_of(&cause.cause)) {
                let mut tx = self.desk.store.begin().await?;
                tx.release(&cause.cause).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

fn asked(item: BatchItem) -> BatchAsked {
    BatchAsked {
        id: item.call.request.to_string(),
        body: item.body,
        tokens_sent: item.tokens_sent,
        tokens_prompt: item.tokens_prompt,
    }
}

/// What becomes of a batch of which a step failed.
#[derive(Debug, PartialEq)]
enum Fate {
    /// The step is taken again later.
    Again,
    /// Nothing more is done about it.
    Nothing,
    /// It is over, and each of its questions ends as with this error.
    Over(CallError),
}

fn fate(batch: &BatchRow, error: &CallError, now: Timestamp) -> Fate {
    // Deleting is tried once; files expire by themselves.
    if batch.status == BatchStatus::Ended {
        return Fate::Nothing;
    }
    let late = now.duration_since(batch.began_at).as_secs() >= GIVE_UP;
    let refused = error.class() == CallClass::NextTier && error.billed() == Billed::No
        || matches!(error, CallError::ModelMissing { .. });
    if !late && !refused {
        return Fate::Again;
    }
    let why = error.to_string();
    // What was refused before it was created has cost nothing; what cannot be heard of any more may have.
    let free = batch.status == BatchStatus::Submitting && (refused || batch.file.is_none());
    Fate::Over(if free { CallError::Unanswered { why } } else { gone(&why) })
}

fn gone(why: &str) -> CallError {
    CallError::Malformed { message: format!("its batch cannot be heard of any more: {why}"), usage: None }
}

/// Books a question with what came of it, at the prices at which it was sent.
async fn end(
    tx: &mut crate::store::Tx,
    item: &BatchItem,
    answer: Result<Answer, CallError>,
    now: Timestamp,
) -> Result<(), EngineError> {
    let (status, spent) = match &answer {
        Ok(answer) => {
            let spent = Spent { answer: Some(answer.text.clone()), ..used(&item.call, &answer.usage()) };
            (CallStatus::Accepted, spent)
        }
        Err(error) => charged(&item.call, error),
    };
    let error = answer.err().map(|error| serde_json::to_string(&error).unwrap_or_default());
    tx.finish_call(&item.call, item.try_, status, &spent, now).await?;
    tx.end_item(item, error.as_deref(), now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(status: BatchStatus, file: bool) -> BatchRow {
        BatchRow {
            key: "k".into(),
            provider: "p".into(),
            status,
            file: file.then(|| "file-1".into()),
            remote: (status == BatchStatus::Waiting).then(|| "batch_1".into()),
            files: Vec::new(),
            began_at: Timestamp::UNIX_EPOCH,
            due_at: Timestamp::UNIX_EPOCH,
            tries: 0,
        }
    }

    fn billed(batch: &BatchRow, error: &CallError, seconds: i64) -> Option<Billed> {
        match fate(batch, error, Timestamp::from_second(seconds).unwrap()) {
            Fate::Again | Fate::Nothing => None,
            Fate::Over(error) => Some(error.billed()),
        }
    }

    #[test]
    fn a_batch_ends_by_an_error_only_where_trying_again_would_not_help() {
        let (submitting, uploaded) = (batch(BatchStatus::Submitting, false), batch(BatchStatus::Submitting, true));
        let waiting = batch(BatchStatus::Waiting, true);
        let refused = CallError::BadRequest { status: 400, message: "no".into() };
        let passing = [
            CallError::Unreachable { sent: true },
            CallError::RateLimited { after_seconds: None },
            CallError::Server { status: 500, after_seconds: None },
            CallError::Auth { status: 401 },
            CallError::NoCredit,
            CallError::TimedOut { seconds: 120 },
        ];
        for error in &passing {
            for batch in [&submitting, &uploaded, &waiting] {
                assert_eq!(billed(batch, error, GIVE_UP - 1), None, "{error}");
            }
            // Given up: what may have been asked is charged.
            assert_eq!(billed(&submitting, error, GIVE_UP), Some(Billed::No), "{error}");
            assert_eq!(billed(&uploaded, error, GIVE_UP), Some(Billed::Unknown), "{error}");
            assert_eq!(billed(&waiting, error, GIVE_UP), Some(Billed::Unknown), "{error}");
        }
        assert_eq!(billed(&submitting, &refused, 0), Some(Billed::No));
        assert_eq!(billed(&uploaded, &refused, 0), Some(Billed::No));
        assert_eq!(billed(&waiting, &refused, 0), Some(Billed::Unknown), "the provider has forgotten it");
        assert_eq!(fate(&batch(BatchStatus::Ended, true), &refused, Timestamp::UNIX_EPOCH), Fate::Nothing);
    }
}

//! Batches: questions that wait to be sent together, and those that a provider has.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use states::words::{NanoUsd, Prices, RequestKey};

use super::{CallRow, Result, Store, Tx, from_json, parse_id, time};

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchStatus {
    /// Decided; the provider may have it or not.
    Submitting,
    /// The provider has it.
    Waiting,
    /// Everything in it is answered and booked; its files are still at the provider.
    Ended,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Hash of its items.
    pub key: String,
    /// At whom.
    pub provider: String,
    /// How far it is.
    pub status: BatchStatus,
    /// The provider's name of the uploaded questions.
    pub file: Option<String>,
    /// The provider's name of the batch.
    pub remote: Option<String>,
    /// What is left at the provider to be deleted.
    pub files: Vec<String>,
    /// When it was decided.
    pub began_at: Timestamp,
    /// When it is looked at next.
    pub due_at: Timestamp,
    /// How often in a row it was looked at in vain.
    pub tries: u32,
}

/// A question of a batch that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItem {
    /// Its call, with the prices of a batch.
    pub call: CallRow,
    /// Which try of its call it is.
    pub try_: i64,
    /// What is sent.
    pub body: String,
    /// Tokens of its messages, estimated.
    pub tokens_sent: u64,
    /// Tokens of its prompt, estimated.
    pub tokens_prompt: u64,
}

/// What is known of a question that went by a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InBatch {
    /// It has not ended.
    pub lives: bool,
    /// Which try of which effect asked.
    pub effect: Option<String>,
    /// Why it came back without an answer, as JSON.
    pub error: Option<String>,
}

/// Questions that are to be sent together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// To whom.
    pub provider: String,
    /// To which model.
    pub model: String,
    /// How many.
    pub questions: u64,
    /// How long they are together, in bytes.
    pub bytes: u64,
    /// Since when the first waits.
    pub since: Timestamp,
}

/// How many questions wait in batches of a provider, sent or not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BatchWait {
    /// At whom.
    pub provider: String,
    /// How many.
    pub questions: u64,
    /// Since when the first waits.
    pub since: Timestamp,
    /// What was heard of the newest batch last.
    pub last: Option<String>,
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn read(row: &SqliteRow) -> Result<BatchRow> {
    Ok(BatchRow {
        key: row.get("key"),
        provider: row.get("provider"),
        status: match row.get::<&str, _>("status") {
            "submitting" => BatchStatus::Submitting,
            "waiting" => BatchStatus::Waiting,
            _ => BatchStatus::Ended,
        },
        file: row.get("file"),
        remote: row.get("remote"),
        files: from_json("a batch", row.get("files"))?,
        began_at: time(row.get("began_at")),
        due_at: time(row.get("due_at")),
        tries: u32::try_from(row.get::<i64, _>("tries")).unwrap_or(u32::MAX),
    })
}

fn read_item(row: &SqliteRow) -> Result<BatchItem> {
    let id = |name: &str| row.get::<Option<String>, _>(name);
    Ok(BatchItem {
        call: CallRow {
            request: parse_id(row.get("request"))?,
            provider: row.get("provider"),
            model: row.get("model"),
            task: row.get("task"),
            run: id("run").map(|run| parse_id(&run)).transpose()?,
            article: id("article").map(|article| parse_id(&article)).transpose()?,
            reserved: NanoUsd(row.get("reserved")),
            tier: if row.get::<&str, _>("tier") == "hosted" { "hosted" } else { "local" },
            prices: Prices {
                input: NanoUsd(row.get("price_in")),
                cached: NanoUsd(row.get("price_cached")),
                cache_write: NanoUsd(row.get("price_cache_write")),
                output: NanoUsd(row.get("price_out")),
            },
            left_out: usize::try_from(row.get::<i64, _>("left_out")).unwrap_or(0),
        },
        try_: row.get("try"),
        body: row.get::<Option<String>, _>("body").unwrap_or_default(),
        tokens_sent: count(row.get("tokens_sent")),
        tokens_prompt: count(row.get("tokens_prompt")),
    })
}

const IN_BATCH: &str = "SELECT ended_at IS NULL AS lives, effect, error FROM batch_items \
     WHERE request = ? AND provider = ? AND model = ? ORDER BY try DESC LIMIT 1";

fn standing(row: &SqliteRow) -> InBatch {
    InBatch { lives: row.get("lives"), effect: row.get("effect"), error: row.get("error") }
}

impl Tx {
    /// See [`Store::in_batch`]: inside the transaction that queues.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn in_batch(&mut self, request: &RequestKey, provider: &str, model: &str) -> Result<Option<InBatch>> {
        let row = sqlx::query(IN_BATCH).bind(request.as_str()).bind(provider).bind(model);
        Ok(row.fetch_optional(self.conn()).await?.as_ref().map(standing))
    }
}

impl Store {
    /// What became of a question the last time it went by a batch.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn in_batch(&self, request: &RequestKey, provider: &str, model: &str) -> Result<Option<InBatch>> {
        let row = sqlx::query(IN_BATCH).bind(request.as_str()).bind(provider).bind(model);
        Ok(row.fetch_optional(&self.readers).await?.as_ref().map(standing))
    }

    /// What waits to be sent, by provider and model.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn queues(&self) -> Result<Vec<Queue>> {
        let rows: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT provider, model, count(*), sum(length(body)), min(queued_at) FROM batch_items \
             WHERE ended_at IS NULL AND batch IS NULL GROUP BY provider, model ORDER BY provider, model",
        )
        .fetch_all(&self.readers)
        .await?;
        let queue = |(provider, model, questions, bytes, since)| Queue {
            provider,
            model,
            questions: count(questions),
            bytes: count(bytes),
            since: time(since),
        };
        Ok(rows.into_iter().map(queue).collect())
    }

    /// The questions of a queue, oldest first, `most` at most.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn queued(&self, provider: &str, model: &str, most: u32) -> Result<Vec<BatchItem>> {
        let rows = sqlx::query(
            "SELECT i.body, i.tokens_sent, i.tokens_prompt, c.* FROM batch_items i \
             JOIN model_calls c USING (request, provider, model, try) \
             WHERE i.ended_at IS NULL AND i.batch IS NULL AND i.provider = ? AND i.model = ? \
             ORDER BY i.queued_at, i.request LIMIT ?",
        )
        .bind(provider)
        .bind(model)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read_item).collect()
    }

    /// The questions of a batch that have not ended.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_items(&self, key: &str) -> Result<Vec<BatchItem>> {
        let rows = sqlx::query(
            "SELECT i.body, i.tokens_sent, i.tokens_prompt, c.* FROM batch_items i \
             JOIN model_calls c USING (request, provider, model, try) \
             WHERE i.ended_at IS NULL AND i.batch = ? ORDER BY i.queued_at, i.request",
        )
        .bind(key)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read_item).collect()
    }

    /// Every batch of which something is left to be done.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batches(&self) -> Result<Vec<BatchRow>> {
        let rows = sqlx::query("SELECT * FROM batches WHERE status <> 'tidied' ORDER BY began_at, key")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    /// How many questions wait in batches, by provider.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_waits(&self) -> Result<Vec<BatchWait>> {
        let rows: Vec<(String, i64, i64, Option<String>)> = sqlx::query_as(
            "SELECT provider, count(*), min(queued_at), (SELECT last FROM batches b WHERE b.provider = i.provider \
             AND b.status IN ('submitting', 'waiting') ORDER BY began_at DESC, key LIMIT 1) \
             FROM batch_items i WHERE ended_at IS NULL GROUP BY provider ORDER BY provider",
        )
        .fetch_all(&self.readers)
        .await?;
        let wait = |(provider, questions, since, last)| BatchWait {
            provider,
            questions: count(questions),
            since: time(since),
            last,
        };
        Ok(rows.into_iter().map(wait).collect())
    }
}

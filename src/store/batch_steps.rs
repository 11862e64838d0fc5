//! The way of a batch, step by step: queued, gathered, uploaded, created, ended, tidied.

use jiff::Timestamp;

use super::{BatchItem, Queue, Result, Tx, millis, to_json, whole};

impl Tx {
    /// Puts a call that was started by [`Tx::start_call`] among those that wait for a batch.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn queue(&mut self, item: &BatchItem, effect: Option<&str>, at: Timestamp) -> Result<()> {
        let call = &item.call;
        sqlx::query(
            "INSERT INTO batch_items (request, provider, model, try, body, effect, tokens_sent, tokens_prompt, queued_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(call.request.as_str())
        .bind(&call.provider)
        .bind(&call.model)
        .bind(item.try_)
        .bind(&item.body)
        .bind(effect)
        .bind(whole(item.tokens_sent))
        .bind(whole(item.tokens_prompt))
        .bind(millis(at))
        .execute(self.conn())
        .await?;
        sqlx::query("UPDATE model_calls SET batched = 1 WHERE request = ? AND provider = ? AND model = ? AND try = ?")
            .bind(call.request.as_str())
            .bind(&call.provider)
            .bind(&call.model)
            .bind(item.try_)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Makes a batch of questions that wait for one: `submitting`, before anything leaves.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn gather(&mut self, queue: &Queue, key: &str, items: &[BatchItem], at: Timestamp) -> Result<()> {
        sqlx::query(
            "INSERT INTO batches (key, provider, model, status, began_at, due_at) VALUES (?, ?, ?, 'submitting', ?, ?)",
        )
        .bind(key)
        .bind(&queue.provider)
        .bind(&queue.model)
        .bind(millis(at))
        .bind(millis(at))
        .execute(self.conn())
        .await?;
        for item in items {
            sqlx::query(
                "UPDATE batch_items SET batch = ? WHERE request = ? AND provider = ? AND model = ? AND try = ?",
            )
            .bind(key)
            .bind(item.call.request.as_str())
            .bind(&item.call.provider)
            .bind(&item.call.model)
            .bind(item.try_)
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// The questions of a batch are at the provider, under this name.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_uploaded(&mut self, key: &str, file: &str) -> Result<()> {
        sqlx::query("UPDATE batches SET file = ?, tries = 0 WHERE key = ? AND status = 'submitting'")
            .bind(file)
            .bind(key)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The provider has the batch, under this name; it is looked at next at `due_at`.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_created(&mut self, key: &str, remote: &str, due_at: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE batches SET status = 'waiting', remote = ?, due_at = ?, tries = 0 \
             WHERE key = ? AND status = 'submitting'",
        )
        .bind(remote)
        .bind(millis(due_at))
        .bind(key)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// It was looked at in vain; next at `due_at`.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_again(&mut self, key: &str, due_at: Timestamp, last: &str) -> Result<()> {
        sqlx::query("UPDATE batches SET due_at = ?, last = ?, tries = tries + 1 WHERE key = ?")
            .bind(millis(due_at))
            .bind(last)
            .bind(key)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// All of a batch is answered; these files are left at the provider.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_ended(&mut self, key: &str, files: &[String], last: &str, at: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE batches SET status = 'ended', files = ?, last = ?, ended_at = ?, due_at = ?, tries = 0 WHERE key = ?",
        )
        .bind(to_json(&files))
        .bind(last)
        .bind(millis(at))
        .bind(millis(at))
        .bind(key)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Nothing of it is left to be done.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn batch_tidied(&mut self, key: &str) -> Result<()> {
        sqlx::query("UPDATE batches SET status = 'tidied' WHERE key = ?").bind(key).execute(self.conn()).await?;
        Ok(())
    }

    /// A question has ended, with an answer or, as JSON, the error that came in its place.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn end_item(&mut self, item: &BatchItem, error: Option<&str>, at: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE batch_items SET ended_at = ?, error = ?, body = NULL \
             WHERE request = ? AND provider = ? AND model = ? AND try = ?",
        )
        .bind(millis(at))
        .bind(error)
        .bind(item.call.request.as_str())
        .bind(&item.call.provider)
        .bind(&item.call.model)
        .bind(item.try_)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

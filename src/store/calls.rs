//! The ledger of model calls: what was asked, on which terms, and what became of it.

use jiff::Timestamp;
use sqlx::{Executor, Sqlite};
use states::words::{ArticleId, MilliWattHours, NanoUsd, Prices, RequestKey, RunId};

use super::money::Booking;
use super::{Result, Store, Tx, millis, whole};

/// A statement whose values are being bound.
type Statement<'q> = sqlx::query::Query<'q, sqlx::Sqlite, <sqlx::Sqlite as sqlx::Database>::Arguments>;

/// A call that is about to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// What is asked.
    pub request: RequestKey,
    /// Whom.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// For what: the task's name.
    pub task: String,
    /// In which run.
    pub run: Option<RunId>,
    /// For which article.
    pub article: Option<ArticleId>,
    /// The most it can cost.
    pub reserved: NanoUsd,
    /// `local` or `hosted`.
    pub tier: &'static str,
    /// What the model takes now: what it costs later says nothing about this call.
    pub prices: Prices,
    /// Source sentences that did not fit into the prompt.
    pub left_out: usize,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    /// The answer is used.
    Accepted,
    /// No answer came.
    Failed,
    /// It is not known whether it was answered; charged in full.
    Unknown,
}

impl CallRow {
    /// Binds what names one try of this call: request, provider, model and try, in this order.
    pub(super) fn named_in<'q>(&'q self, statement: Statement<'q>, try_: i64) -> Statement<'q> {
        statement.bind(self.request.as_str()).bind(&self.provider).bind(&self.model).bind(try_)
    }
}

impl CallStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What a finished call used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    /// What it cost.
    pub cost: NanoUsd,
    /// Tokens of the prompt.
    pub tokens_in: u64,
    /// Tokens of the answer.
    pub tokens_out: u64,
    /// Tokens of the prompt that the provider had cached.
    pub tokens_cached: u64,
    /// Tokens of the prompt that were written into the provider's cache.
    pub tokens_cache_write: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// The answer.
    pub answer: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// What stands in the ledger for a call that the end of this program cut off.
const CUT_OFF: &str = "the program ended while it was under way";

impl Tx {
    /// Commits to a call before it leaves: the row `started` with the most it can cost. Returns which try it is.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn start_call(&mut self, call: &CallRow, at: Timestamp) -> Result<i64> {
        let tried: (i64,) = sqlx::query_as(
            "SELECT coalesce(max(try), 0) + 1 FROM model_calls WHERE request = ? AND provider = ? AND model = ?",
        )
        .bind(call.request.as_str())
        .bind(&call.provider)
        .bind(&call.model)
        .fetch_one(self.conn())
        .await?;
        sqlx::query(
            "INSERT INTO model_calls (request, provider, model, try, task, run, article, status, reserved, started_at, \
             tier, price_in, price_cached, price_cache_write, price_out, left_out) \
             VALUES (?, ?, ?, ?, ?, ?, ?, 'started', ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(call.request.as_str())
        .bind(&call.provider)
        .bind(&call.model)
        .bind(tried.0)
        .bind(&call.task)
        .bind(call.run.as_ref().map(RunId::as_str))
        .bind(call.article.as_ref().map(ArticleId::as_str))
        .bind(call.reserved.0)
        .bind(millis(at))
        .bind(call.tier)
        .bind(call.prices.input.0)
        .bind(call.prices.cached.0)
        .bind(call.prices.cache_write.0)
        .bind(call.prices.output.0)
        .bind(whole(call.left_out as u64))
        .execute(self.conn())
        .await?;
        Ok(tried.0)
    }

    /// Stores what became of a call, with its real cost and its answer, before anything uses it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn finish_call(
        &mut self,
        call: &CallRow,
        try_: i64,
        status: CallStatus,
        spent: &Spent,
        at: Timestamp,
    ) -> Result<()> {
        let update = sqlx::query(
            "UPDATE model_calls SET status = ?, cost = ?, tokens_in = ?, tokens_out = ?, tokens_cached = ?, \
             tokens_cache_write = ?, ended_at = ?, \
             milliseconds = ?, answer = ?, error = ? WHERE request = ? AND provider = ? AND model = ? AND try = ?",
        )
        .bind(status.as_str())
        .bind(spent.cost.0)
        .bind(whole(spent.tokens_in))
        .bind(whole(spent.tokens_out))
        .bind(whole(spent.tokens_cached))
        .bind(whole(spent.tokens_cache_write))
        .bind(millis(at))
        .bind(whole(spent.milliseconds))
        .bind(&spent.answer)
        .bind(&spent.error);
        call.named_in(update, try_).execute(self.conn()).await?;
        if spent.cost != NanoUsd::ZERO {
            let booking = Booking {
                run: call.run.clone(),
                article: call.article.clone(),
                kind: "model",
                cost: spent.cost,
                energy: MilliWattHours::ZERO,
                note: format!("{} by {} ({})", call.task, call.provider, status.as_str()),
            };
            self.book(&booking, at).await?;
        }
        Ok(())
    }

    /// Marks the accepted answer to a request as one that cannot be used: it is no cache hit any more.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn mark_unusable(&mut self, request: &RequestKey, provider: &str, model: &str) -> Result<()> {
        sqlx::query(
            "UPDATE model_calls SET status = 'unusable' \
             WHERE request = ? AND provider = ? AND model = ? AND status = 'accepted'",
        )
        .bind(request.as_str())
        .bind(provider)
        .bind(model)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// As [`Store::accepted`], with what this transaction sees.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn accepted(&mut self, request: &RequestKey, provider: &str, model: &str) -> Result<Option<String>> {
        accepted(self.conn(), request, provider, model).await
    }

    /// After a crash or a stop: calls that had left become `unknown` and are charged in full. Returns how many. What waits in a
    /// batch is not lost with this process.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn recover_calls(&mut self, at: Timestamp) -> Result<u64> {
        self.close_calls(None, at).await
    }

    /// The same for the calls of one delivery of an effect that has ended without closing them.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn recover_calls_of(&mut self, effect: &str, at: Timestamp) -> Result<u64> {
        self.close_calls(Some(effect), at).await
    }

    async fn close_calls(&mut self, effect: Option<&str>, at: Timestamp) -> Result<u64> {
        sqlx::query(
            "INSERT INTO bookings (run, article, kind, nano_usd, at, note) \
             SELECT run, article, 'model', reserved, ?1, task || ' by ' || provider || ' (unknown)' \
             FROM model_calls WHERE status = 'started' AND batched = 0 AND reserved > 0 AND (?2 IS NULL OR effect = ?2)",
        )
        .bind(millis(at))
        .bind(effect)
        .execute(self.conn())
        .await?;
        let done = sqlx::query(
            "UPDATE model_calls SET status = 'unknown', cost = reserved, ended_at = ?1, \
             error = ?2 WHERE status = 'started' AND batched = 0 AND (?3 IS NULL OR effect = ?3)",
        )
        .bind(millis(at))
        .bind(CUT_OFF)
        .bind(effect)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }
}

impl Store {
    /// The accepted answer to a request from one provider's model, where there is one: it is never bought again.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn accepted(&self, request: &RequestKey, provider: &str, model: &str) -> Result<Option<String>> {
        accepted(&self.readers, request, provider, model).await
    }
}

async fn accepted<'e>(
    on: impl Executor<'e, Database = Sqlite>,
    request: &RequestKey,
    provider: &str,
    model: &str,
) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> = sqlx::query_as(
        "SELECT answer FROM model_calls WHERE request = ? AND provider = ? AND model = ? AND status = 'accepted' \
         ORDER BY try DESC LIMIT 1",
    )
    .bind(request.as_str())
    .bind(provider)
    .bind(model)
    .fetch_optional(on)
    .await?;
    Ok(row.and_then(|r| r.0))
}

//! The ledger of model calls and the bookings: what was asked, what it cost, and what is reserved.

use jiff::Timestamp;
use states::words::{ArticleId, MilliWattHours, NanoUsd, RequestKey, RunId};

use super::{Result, Store, Tx, millis, time};

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
    /// How long it took.
    pub milliseconds: u64,
    /// The answer.
    pub answer: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A cost or use of energy, booked to a run, and to an article where one caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The run.
    pub run: Option<RunId>,
    /// The article.
    pub article: Option<ArticleId>,
    /// `model` or `energy`.
    pub kind: &'static str,
    /// Money.
    pub cost: NanoUsd,
    /// Energy.
    pub energy: MilliWattHours,
    /// What for.
    pub note: String,
}

/// What stands in the ledger for a call that the end of this program cut off.
const CUT_OFF: &str = "the program ended while it was under way";

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

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
            "INSERT INTO model_calls (request, provider, model, try, task, run, article, status, reserved, started_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, 'started', ?, ?)",
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
        sqlx::query(
            "UPDATE model_calls SET status = ?, cost = ?, tokens_in = ?, tokens_out = ?, tokens_cached = ?, ended_at = ?, \
             milliseconds = ?, answer = ?, error = ? WHERE request = ? AND provider = ? AND model = ? AND try = ?",
        )
        .bind(status.as_str())
        .bind(spent.cost.0)
        .bind(whole(spent.tokens_in))
        .bind(whole(spent.tokens_out))
        .bind(whole(spent.tokens_cached))
        .bind(millis(at))
        .bind(whole(spent.milliseconds))
        .bind(&spent.answer)
        .bind(&spent.error)
        .bind(call.request.as_str())
        .bind(&call.provider)
        .bind(&call.model)
        .bind(try_)
        .execute(self.conn())
        .await?;
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

    /// After a crash or a stop: calls that had left become `unknown` and are charged in full. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn recover_calls(&mut self, at: Timestamp) -> Result<u64> {
        sqlx::query(
            "INSERT INTO bookings (run, article, kind, nano_usd, at, note) \
             SELECT run, article, 'model', reserved, ?, task || ' by ' || provider || ' (unknown)' \
             FROM model_calls WHERE status = 'started' AND reserved > 0",
        )
        .bind(millis(at))
        .execute(self.conn())
        .await?;
        let done = sqlx::query(
            "UPDATE model_calls SET status = 'unknown', cost = reserved, ended_at = ?, \
             error = ? WHERE status = 'started'",
        )
        .bind(millis(at))
        .bind(CUT_OFF)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }

    /// Books a cost.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn book(&mut self, booking: &Booking, at: Timestamp) -> Result<()> {
        sqlx::query("INSERT INTO bookings (run, article, kind, nano_usd, mwh, at, note) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(booking.run.as_ref().map(RunId::as_str))
            .bind(booking.article.as_ref().map(ArticleId::as_str))
            .bind(booking.kind)
            .bind(booking.cost.0)
            .bind(booking.energy.0)
            .bind(millis(at))
            .bind(&booking.note)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// What was spent and is reserved since a time, and of one run: inside the transaction that reserves more.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn committed_spend(&mut self, since: Timestamp, run: Option<&RunId>) -> Result<NanoUsd> {
        let row: (i64,) = sqlx::query_as(
            "SELECT coalesce(sum(CASE status WHEN 'started' THEN reserved ELSE cost END), 0) FROM model_calls \
             WHERE started_at >= ?1 AND (?2 IS NULL OR run = ?2)",
        )
        .bind(millis(since))
        .bind(run.map(RunId::as_str))
        .fetch_one(self.conn())
        .await?;
        Ok(NanoUsd(row.0))
    }

    /// Notes since when a worker is awake, or books the energy it has used when it is not any more.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_awake(
        &mut self,
        worker: &str,
        awake: bool,
        watts: u32,
        run: Option<&RunId>,
        at: Timestamp,
    ) -> Result<()> {
        let since: Option<(Option<i64>,)> = sqlx::query_as("SELECT awake_since FROM workers WHERE name = ?")
            .bind(worker)
            .fetch_optional(self.conn())
            .await?;
        let since = since.and_then(|s| s.0);
        match (since, awake) {
            (None, true) => {
                sqlx::query("UPDATE workers SET awake_since = ? WHERE name = ?")
                    .bind(millis(at))
                    .bind(worker)
                    .execute(self.conn())
                    .await?;
            }
            (Some(since), false) => {
                let booking = Booking {
                    run: run.cloned(),
                    article: None,
                    kind: "energy",
                    cost: NanoUsd::ZERO,
                    energy: MilliWattHours::drawn(watts, millis(at) - since),
                    note: format!("{worker} awake"),
                };
                self.book(&booking, at).await?;
                sqlx::query("UPDATE workers SET awake_since = NULL WHERE name = ?")
                    .bind(worker)
                    .execute(self.conn())
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Store {
    /// The accepted answer to a request from one provider's model, where there is one: it is never bought again.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn accepted(&self, request: &RequestKey, provider: &str, model: &str) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> = sqlx::query_as(
            "SELECT answer FROM model_calls WHERE request = ? AND provider = ? AND model = ? AND status = 'accepted' \
             ORDER BY try DESC LIMIT 1",
        )
        .bind(request.as_str())
        .bind(provider)
        .bind(model)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.and_then(|r| r.0))
    }

    /// How a provider's calls of late ended, oldest first: what its breaker is derived from; empty where none has failed. What
    /// our own end cut off says nothing about the provider.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn provider_history(&self, provider: &str, since: Timestamp) -> Result<Vec<(Timestamp, bool)>> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            // Where none has failed the history says nothing, however long it is.
            "SELECT ended_at, status FROM model_calls WHERE provider = ?1 AND ended_at >= ?2 AND error IS NOT ?3 \
             AND EXISTS (SELECT 1 FROM model_calls INDEXED BY model_calls_failed WHERE provider = ?1 AND ended_at >= ?2 AND error IS NOT ?3 \
             AND status IN ('failed', 'unknown')) ORDER BY ended_at",
        )
        .bind(provider)
        .bind(millis(since))
        .bind(CUT_OFF)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(at, status)| (time(at), matches!(status.as_str(), "accepted" | "unusable")))
            .collect())
    }

    /// What a run, or everything since a time, has cost: money, energy, and model calls.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn booked(&self, run: Option<&RunId>, since: Timestamp) -> Result<(NanoUsd, MilliWattHours)> {
        let row: (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(nano_usd), 0), coalesce(sum(mwh), 0) FROM bookings \
             WHERE at >= ?1 AND (?2 IS NULL OR run = ?2)",
        )
        .bind(millis(since))
        .bind(run.map(RunId::as_str))
        .fetch_one(&self.readers)
        .await?;
        Ok((NanoUsd(row.0), MilliWattHours(row.1)))
    }

    /// What an article has cost so far, and by how many calls.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn article_cost(&self, article: &ArticleId) -> Result<(NanoUsd, i64)> {
        let row: (i64, i64) =
            sqlx::query_as("SELECT coalesce(sum(cost), 0), count(*) FROM model_calls WHERE article = ?")
                .bind(article.as_str())
                .fetch_one(&self.readers)
                .await?;
        Ok((NanoUsd(row.0), row.1))
    }
}

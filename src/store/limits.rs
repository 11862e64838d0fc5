//! What the ledger of model calls says about the limits of a provider, and what a call adds to it.

use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use states::limits::{Bearing, Heard, MEMORY, MINUTE};
use states::words::RequestKey;

use super::{CallRow, Result, Store, Tx, millis, time};

/// Nothing is remembered for longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

type Row = (i64, Option<i64>, String, Option<String>, Option<i64>, i64, i64);

/// The calls that say whether a provider rests, in the order in which they ended, those under way last. Mostly there are none:
/// where nothing failed and nothing was asked for, those that went well say nothing.
async fn troubles(conn: &mut SqliteConnection, provider: &str, now: Timestamp) -> Result<Vec<Heard>> {
    // A breaker that is probed in vain stays open however long that goes on: what counts reaches back to the last good call.
    let good: Option<(i64,)> = sqlx::query_as(
        "SELECT ended_at FROM model_calls WHERE provider = ? AND bearing = 'good' ORDER BY ended_at DESC LIMIT 1",
    )
    .bind(provider)
    .fetch_optional(&mut *conn)
    .await?;
    let oldest = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let last = good.map_or(oldest, |(at,)| time(at)).min(now);
    let since = millis(last.checked_sub(MEMORY).unwrap_or(Timestamp::MIN).max(oldest));
    let troubled: (bool,) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM model_calls WHERE provider = ?1 AND not_before > ?3) \
         OR EXISTS (SELECT 1 FROM model_calls WHERE provider = ?1 AND ended_at >= ?2 \
         AND (bearing = 'bad' OR not_before IS NOT NULL))",
    )
    .bind(provider)
    .bind(since)
    .bind(millis(now))
    .fetch_one(&mut *conn)
    .await?;
    if !troubled.0 {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT started_at, ended_at, status, bearing, not_before, tokens_estimated, tokens_in + tokens_out \
         FROM model_calls WHERE (provider = ?1 AND ended_at >= ?2) OR (provider = ?1 AND ended_at IS NULL AND batched = 0) \
         OR (provider = ?1 AND not_before > ?3) ORDER BY ended_at IS NULL, ended_at, request, try",
    )
    .bind(provider)
    .bind(since)
    .bind(millis(now))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(heard).collect())
}

fn heard((started, ended, status, bearing, not_before, estimated, counted): Row) -> Heard {
    // Nobody has counted the tokens of what is under way, and of what was lost.
    let tokens = if matches!(status.as_str(), "started" | "unknown") { estimated } else { counted };
    Heard {
        started: time(started),
        ended: ended.map(time),
        bearing: match bearing.as_deref() {
            Some("good") => Bearing::Good,
            Some("bad") => Bearing::Bad,
            _ => Bearing::Nothing,
        },
        not_before: not_before.map(time),
        tokens: u64::try_from(tokens).unwrap_or_default(),
    }
}

impl Tx {
    /// See [`Store::troubles`]: inside the transaction that lets a call leave.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn troubles(&mut self, provider: &str, now: Timestamp) -> Result<Vec<Heard>> {
        troubles(self.conn(), provider, now).await
    }

    /// The calls that left to a provider within the last minute.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn last_minute(&mut self, provider: &str, now: Timestamp) -> Result<Vec<Heard>> {
        let since = now.checked_sub(MINUTE).unwrap_or(Timestamp::MIN);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT started_at, ended_at, status, bearing, not_before, tokens_estimated, tokens_in + tokens_out \
             FROM model_calls WHERE provider = ? AND started_at > ? AND batched = 0",
        )
        .bind(provider)
        .bind(millis(since))
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(heard).collect())
    }

    /// Notes of a call that is about to leave what it may use, and which try of which effect asks.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn call_leaves(&mut self, call: &CallRow, try_: i64, tokens: u64, effect: Option<&str>) -> Result<()> {
        let update = sqlx::query(
            "UPDATE model_calls SET tokens_estimated = ?, effect = ? \
             WHERE request = ? AND provider = ? AND model = ? AND try = ?",
        )
        .bind(i64::try_from(tokens).unwrap_or(i64::MAX))
        .bind(effect);
        call.named_in(update, try_).execute(self.conn()).await?;
        Ok(())
    }

    /// Notes what a call says about its provider, in the transaction that ends it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn call_says(
        &mut self,
        call: &CallRow,
        try_: i64,
        bearing: Bearing,
        not_before: Option<Timestamp>,
    ) -> Result<()> {
        let bearing = match bearing {
            Bearing::Good => Some("good"),
            Bearing::Bad => Some("bad"),
            Bearing::Nothing => None,
        };
        let update = sqlx::query(
            "UPDATE model_calls SET bearing = ?, not_before = ? \
             WHERE request = ? AND provider = ? AND model = ? AND try = ?",
        )
        .bind(bearing)
        .bind(not_before.map(millis));
        call.named_in(update, try_).execute(self.conn()).await?;
        Ok(())
    }
}

impl Store {
    /// The calls that say whether a provider rests now, in the order in which they ended; none where nothing is the matter.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn troubles(&self, provider: &str, now: Timestamp) -> Result<Vec<Heard>> {
        troubles(&mut *self.readers.acquire().await?, provider, now).await
    }

    /// The answer that this try of an effect got to a request and could not use: what comes next follows from it, so that it
    /// is not bought again after a crash. Another try asks anew.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn unusable(
        &self,
        request: &RequestKey,
        provider: &str,
        model: &str,
        effect: &str,
    ) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> = sqlx::query_as(
            "SELECT answer FROM model_calls WHERE request = ? AND provider = ? AND model = ? AND status = 'unusable' \
             AND effect = ? ORDER BY try DESC LIMIT 1",
        )
        .bind(request.as_str())
        .bind(provider)
        .bind(model)
        .bind(effect)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.and_then(|r| r.0))
    }
}

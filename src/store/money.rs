//! Bookings: what runs and articles cost, in money and in energy, and what is spent or reserved.

use jiff::Timestamp;
use states::share::split_energy;
use states::words::{ArticleId, MilliWattHours, NanoUsd, RunId};

use super::{Result, Store, Tx, millis, parse_id};

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

/// What was spent and is reserved. Answers of unknown fate count in full, since they are charged.
const COMMITTED: &str = "SELECT coalesce(sum(CASE status WHEN 'started' THEN reserved ELSE cost END), 0) \
     FROM model_calls WHERE started_at >= ?1 AND (?2 IS NULL OR run = ?2)";

/// A time in which a worker was awake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwakeWindow<'a> {
    /// The worker.
    pub worker: &'a str,
    /// The providers that run on it.
    pub providers: &'a [&'a str],
    /// In which run.
    pub run: Option<&'a RunId>,
    /// When it began.
    pub since: Timestamp,
    /// When it ended.
    pub until: Timestamp,
}

impl Tx {
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
        let row: (i64,) =
            sqlx::query_as(COMMITTED).bind(millis(since)).bind(run.map(RunId::as_str)).fetch_one(self.conn()).await?;
        Ok(NanoUsd(row.0))
    }

    /// Books what a worker drew while it was awake: to the articles by the seconds that its models worked for each, and to
    /// the run alone what nobody caused. The bookings add up to `drawn`.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn book_energy(&mut self, window: &AwakeWindow<'_>, drawn: MilliWattHours) -> Result<()> {
        let worked = self.model_time(window).await?;
        let awake = u64::try_from(millis(window.until) - millis(window.since)).unwrap_or(0);
        let shares = split_energy(drawn, awake, &worked);
        let caused = shares.caused.into_iter().map(|(article, energy)| (Some(article), energy, "worked"));
        for (article, energy, what) in caused.chain([(None, shares.rest, "awake")]) {
            if energy == MilliWattHours::ZERO && (article.is_some() || drawn != energy) {
                continue;
            }
            let booking = Booking {
                run: window.run.cloned(),
                article,
                kind: "energy",
                cost: NanoUsd::ZERO,
                energy,
                note: format!("{} {what}", window.worker),
            };
            self.book(&booking, window.until).await?;
        }
        Ok(())
    }

    /// For how many milliseconds the models of a worker worked for each article in a window, in the order of their ids.
    async fn model_time(&mut self, window: &AwakeWindow<'_>) -> Result<Vec<(ArticleId, u64)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT article, sum(milliseconds) FROM model_calls \
             WHERE article IS NOT NULL AND milliseconds > 0 AND ended_at > ? AND ended_at <= ? \
             AND provider IN (SELECT value FROM json_each(?)) GROUP BY article ORDER BY article",
        )
        .bind(millis(window.since))
        .bind(millis(window.until))
        .bind(super::to_json(&window.providers))
        .fetch_all(self.conn())
        .await?;
        rows.into_iter().map(|(id, ms)| Ok((parse_id(&id)?, u64::try_from(ms).unwrap_or(0)))).collect()
    }
}

impl Store {
    /// What is spent or reserved since a time, and of one run: as [`Tx::committed_spend`], to be told.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn spent_or_reserved(&self, since: Timestamp, run: Option<&RunId>) -> Result<NanoUsd> {
        let row: (i64,) =
            sqlx::query_as(COMMITTED).bind(millis(since)).bind(run.map(RunId::as_str)).fetch_one(&self.readers).await?;
        Ok(NanoUsd(row.0))
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

#[cfg(test)]
mod tests;

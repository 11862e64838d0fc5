//! What is known of workers beside their states: what waits for which of their models, how fast these are, and when they were
//! up and what they drew.

use jiff::Timestamp;
use states::metering::{Measured, Reading, between};
use states::readiness;
use states::words::{EffectKey, MilliWattHours, RunId};

use super::money::AwakeWindow;
use super::{Result, Store, Tx, broken, from_json, millis, time, to_json};

/// A reading this old still says what was drawn up to now, in milliseconds: it was taken by the effect that has just ended.
const JUST_READ: i64 = 5_000;

/// Work that is held until a model of a worker has its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldWant {
    /// The worker it is held under.
    pub worker: String,
    /// The model it waits for; `None` for what only waits for the worker.
    pub model: Option<String>,
    /// The model's place on an article's way.
    pub rank: u8,
    /// How many effects.
    pub held: u64,
}

/// A time in which a worker was up.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Window {
    /// The worker.
    pub worker: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` while it is.
    pub until: Option<Timestamp>,
    /// We woke it.
    pub woken: bool,
    /// What it drew, as far as it is booked.
    pub energy: MilliWattHours,
    /// Where the figure comes from: `meter`, `watts` or `both`; `None` before anything is booked.
    pub source: Option<String>,
}

/// What is known of a worker's use of energy since it was last booked.
struct Metered {
    since: Option<i64>,
    at: Option<i64>,
    reading: Option<Reading>,
    pending: i64,
    booked: Option<i64>,
}

impl Tx {
    /// Notes which model an effect waits for. It counts while the effect is held under the worker's cause.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn want(&mut self, key: &EffectKey, worker: &str, model: &str, rank: u8) -> Result<()> {
        // What has gone on since is forgotten on the way.
        sqlx::query("DELETE FROM worker_wants WHERE outbox_key NOT IN (SELECT key FROM outbox)")
            .execute(self.conn())
            .await?;
        sqlx::query("INSERT OR REPLACE INTO worker_wants (outbox_key, worker, model, rank) VALUES (?, ?, ?, ?)")
            .bind(key.as_str())
            .bind(worker)
            .bind(model)
            .bind(i64::from(rank))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Lets go what waits for a model under any of these causes. Returns how many rows.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn release_model(&mut self, causes: &[String], model: &str) -> Result<u64> {
        let mut released = 0;
        for cause in causes {
            released += sqlx::query(
                "UPDATE outbox SET cause = NULL WHERE cause = ? \
                 AND coalesce((SELECT model FROM worker_wants w WHERE w.outbox_key = key), ?2) = ?2",
            )
            .bind(cause)
            .bind(model)
            .execute(self.conn())
            .await?
            .rows_affected();
            sqlx::query("DELETE FROM causes WHERE cause = ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE cause = ?1)")
                .bind(cause)
                .execute(self.conn())
                .await?;
        }
        Ok(released)
    }

    /// How many leases a worker has, inside the transaction that takes one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn count_leases(&mut self, worker: &str) -> Result<u64> {
        let row: (i64,) = sqlx::query_as("SELECT count(*) FROM worker_leases WHERE worker = ?")
            .bind(worker)
            .fetch_one(self.conn())
            .await?;
        Ok(u64::try_from(row.0).unwrap_or_default())
    }

    /// Keeps what the trial of a model came to: its rate, where it is a good one, or why it cannot be used.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_trial(
        &mut self,
        worker: &str,
        model: &str,
        rate: Option<u64>,
        unfit: Option<&str>,
        at: Timestamp,
    ) -> Result<()> {
        let known: Option<(String,)> = sqlx::query_as("SELECT rates FROM worker_models WHERE worker = ? AND model = ?")
            .bind(worker)
            .bind(model)
            .fetch_optional(self.conn())
            .await?;
        let mut rates: Vec<u64> =
            known.map(|(text,)| from_json("a worker's rates", &text)).transpose()?.unwrap_or_default();
        if let Some(rate) = rate.filter(|_| unfit.is_none()) {
            rates = readiness::remember(&rates, rate);
        }
        sqlx::query(
            "INSERT INTO worker_models (worker, model, rates, unfit, unfit_at) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (worker, model) DO UPDATE SET rates = ?3, unfit = ?4, unfit_at = ?5",
        )
        .bind(worker)
        .bind(model)
        .bind(to_json(&rates))
        .bind(unfit)
        .bind(unfit.map(|_| millis(at)))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Models that could not be used may be tried again.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn forgive_models(&mut self) -> Result<u64> {
        let done = sqlx::query("UPDATE worker_models SET unfit = NULL, unfit_at = NULL WHERE unfit IS NOT NULL")
            .execute(self.conn())
            .await?;
        Ok(done.rows_affected())
    }

    async fn metered(&mut self, worker: &str) -> Result<Metered> {
        type Raw = (Option<i64>, Option<i64>, Option<String>, i64, Option<i64>);
        let row: Option<Raw> = sqlx::query_as(
            "SELECT awake_since, metered_at, reading, pending_mwh, booked_at FROM workers WHERE name = ?",
        )
        .bind(worker)
        .fetch_optional(self.conn())
        .await?;
        let (since, at, reading, pending, booked) = row.unwrap_or_default();
        let reading =
            reading.map(|text| text.parse().map_err(|e: String| broken("a meter's reading", e))).transpose()?;
        Ok(Metered { since, at, reading, pending, booked })
    }

    /// Takes down what a worker's meter says, or that it says nothing. While the worker is up, what it drew since the last
    /// reading waits to be booked; before that, it is where the count begins.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn note_reading(&mut self, worker: &str, now: Option<Reading>, watts: u32, at: Timestamp) -> Result<()> {
        let known = self.metered(worker).await?;
        if known.since.is_some() {
            let span = millis(at) - known.at.or(known.since).unwrap_or_else(|| millis(at));
            let (drawn, by) = between(known.reading, now, span, watts);
            self.add_drawn(worker, drawn, by).await?;
        }
        self.set_reading(worker, now, Some(at)).await
    }

    async fn add_drawn(&mut self, worker: &str, drawn: MilliWattHours, by: Measured) -> Result<()> {
        sqlx::query("UPDATE workers SET pending_mwh = pending_mwh + ? WHERE name = ?")
            .bind(drawn.0)
            .bind(worker)
            .execute(self.conn())
            .await?;
        let by = match by {
            Measured::Meter => "meter",
            Measured::Watts => "watts",
        };
        // Nothing says nothing about its source.
        sqlx::query(
            "UPDATE worker_windows SET source = CASE WHEN source IS NULL OR source = ?1 THEN ?1 ELSE 'both' END \
             WHERE worker = ?2 AND until_at IS NULL AND ?3 <> 0",
        )
        .bind(by)
        .bind(worker)
        .bind(drawn.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn set_reading(&mut self, worker: &str, reading: Option<Reading>, at: Option<Timestamp>) -> Result<()> {
        sqlx::query("UPDATE workers SET reading = ?, metered_at = ? WHERE name = ?")
            .bind(reading.map(|r| r.to_string()))
            .bind(at.map(millis))
            .bind(worker)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Books what a worker has drawn since it was last booked: at a run's begin and end, and when the worker goes. What no
    /// reading covers is counted by its wattage. `providers` run on it: by the time that they worked for an article it is shared.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn book_worker(
        &mut self,
        worker: &str,
        providers: &[&str],
        watts: u32,
        run: Option<&RunId>,
        at: Timestamp,
    ) -> Result<()> {
        let known = self.metered(worker).await?;
        let Some(since) = known.since else { return Ok(()) };
        let from = known.at.unwrap_or(since);
        let mut pending = MilliWattHours(known.pending);
        if known.reading.is_none() || millis(at) - from > JUST_READ {
            let (drawn, by) = between(known.reading, None, millis(at) - from, watts);
            self.add_drawn(worker, drawn, by).await?;
            pending += drawn;
            self.set_reading(worker, None, Some(at)).await?;
        }
        if pending == MilliWattHours::ZERO {
            return Ok(());
        }
        let begin = known.booked.unwrap_or(since);
        self.book_energy(&AwakeWindow { worker, providers, run, since: time(begin), until: at }, pending).await?;
        sqlx::query("UPDATE worker_windows SET mwh = mwh + ? WHERE worker = ? AND until_at IS NULL")
            .bind(pending.0)
            .bind(worker)
            .execute(self.conn())
            .await?;
        sqlx::query("UPDATE workers SET pending_mwh = 0, booked_at = ? WHERE name = ?")
            .bind(millis(at))
            .bind(worker)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes that a worker is up, `woken` by us or not, or that it is not any more: then what it drew is booked.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_up(
        &mut self,
        worker: &str,
        providers: &[&str],
        up: Option<bool>,
        watts: u32,
        run: Option<&RunId>,
        at: Timestamp,
    ) -> Result<()> {
        let known = self.metered(worker).await?;
        match (known.since, up) {
            (None, Some(woken)) => {
                // A meter that was read before the packets counts the boot, too.
                sqlx::query(
                    "UPDATE workers SET awake_since = ?1, metered_at = coalesce(metered_at, ?1) WHERE name = ?2",
                )
                .bind(millis(at))
                .bind(worker)
                .execute(self.conn())
                .await?;
                sqlx::query("INSERT OR IGNORE INTO worker_windows (worker, from_at, woken) VALUES (?, ?, ?)")
                    .bind(worker)
                    .bind(millis(at))
                    .bind(woken)
                    .execute(self.conn())
                    .await?;
            }
            (Some(_), None) => {
                self.book_worker(worker, providers, watts, run, at).await?;
                sqlx::query("UPDATE worker_windows SET until_at = ? WHERE worker = ? AND until_at IS NULL")
                    .bind(millis(at))
                    .bind(worker)
                    .execute(self.conn())
                    .await?;
                sqlx::query("UPDATE workers SET awake_since = NULL, metered_at = NULL, reading = NULL, booked_at = NULL WHERE name = ?")
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
    /// What is held for workers, by worker and model.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_wants(&self) -> Result<Vec<HeldWant>> {
        let rows: Vec<(String, Option<String>, i64, i64)> = sqlx::query_as(
            "SELECT substr(o.cause, 9), w.model, coalesce(min(w.rank), 0), count(*) FROM outbox o \
             LEFT JOIN worker_wants w ON w.outbox_key = o.key WHERE o.cause LIKE 'worker: %' GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(worker, model, rank, held)| HeldWant {
                worker,
                model,
                rank: u8::try_from(rank).unwrap_or(u8::MAX),
                held: u64::try_from(held).unwrap_or_default(),
            })
            .collect())
    }

    /// The lanes of effects that may still want the model that a worker has loaded: due or under way, and not asking
    /// somebody else already.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn unsettled(&self, now: Timestamp) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT DISTINCT o.lane FROM outbox o WHERE o.lane IN ('fetch', 'compare', 'score', 'draft', 'gate') \
             AND o.cause IS NULL AND (o.in_flight = 1 OR o.due_at <= ?) AND NOT EXISTS \
             (SELECT 1 FROM model_calls c WHERE c.status = 'started' AND o.machine = 'article:' || c.article)",
        )
        .bind(millis(now))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(|(lane,)| lane).collect())
    }

    /// The good rates of a worker's model, newest last, in thousandths of a token per second.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_rates(&self, worker: &str, model: &str) -> Result<Vec<u64>> {
        let row: Option<(String,)> = sqlx::query_as("SELECT rates FROM worker_models WHERE worker = ? AND model = ?")
            .bind(worker)
            .bind(model)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|(text,)| from_json("a worker's rates", &text)).transpose().map(Option::unwrap_or_default)
    }

    /// Why a worker's model cannot be used, where that was found out after `since`.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn unfit(&self, worker: &str, model: &str, since: Timestamp) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT unfit FROM worker_models WHERE worker = ? AND model = ? AND unfit_at > ?")
                .bind(worker)
                .bind(model)
                .bind(millis(since))
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.and_then(|(why,)| why))
    }

    /// When workers were up, and what they drew: windows that had not ended at `since`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_windows(&self, since: Timestamp) -> Result<Vec<Window>> {
        type Raw = (String, i64, Option<i64>, bool, i64, Option<String>);
        let rows: Vec<Raw> = sqlx::query_as(
            "SELECT worker, from_at, until_at, woken, mwh, source FROM worker_windows \
             WHERE coalesce(until_at, ?1) >= ?1 ORDER BY from_at, worker",
        )
        .bind(millis(since))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(worker, from, until, woken, mwh, source)| Window {
                worker,
                from: time(from),
                until: until.map(time),
                woken,
                energy: MilliWattHours(mwh),
                source,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests;

//! The outbox: effects that are planned, in flight, waiting for their time, or held under a cause.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use states::effect::{Effect, Lane, Planned};
use states::stored;
use states::words::{EffectKey, MachineId};

use super::{Result, Store, Tx, broken, millis, parse_id, time};

/// An effect that waits to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The key it runs under.
    pub key: EffectKey,
    /// Whose effect it is.
    pub machine: MachineId,
    /// What to do.
    pub effect: Effect,
    /// How often it failed.
    pub tries: u32,
    /// At how many crashes it was in flight.
    pub deliveries: u32,
    /// Not before this time.
    pub due_at: Timestamp,
    /// The cause it is held under.
    pub cause: Option<String>,
    /// What went wrong the last time.
    pub last: Option<String>,
}

pub(super) fn read(row: &SqliteRow) -> Result<OutboxRow> {
    let key: String = row.get("key");
    let machine: String = row.get("machine");
    let payload: String = row.get("payload");
    let effect = stored::read_effect(row.get("v"), &payload).map_err(|e| broken(key.clone(), e))?;
    Ok(OutboxRow {
        key: EffectKey::stored(key),
        machine: parse_id(&machine)?,
        effect,
        tries: row.get("tries"),
        deliveries: row.get("deliveries"),
        due_at: time(row.get("due_at")),
        cause: row.get("cause"),
        last: row.get("last"),
    })
}

impl Tx {
    /// Plans an effect.
    pub(super) async fn plan(
        &mut self,
        id: &MachineId,
        key: &EffectKey,
        planned: &Planned,
        at: Timestamp,
    ) -> Result<()> {
        let rank: Option<(i64,)> = match id {
            MachineId::Article(article) => {
                sqlx::query_as("SELECT rank FROM articles WHERE id = ?")
                    .bind(article.as_str())
                    .fetch_optional(self.conn())
                    .await?
            }
            MachineId::Worker(_) => None,
        };
        sqlx::query(
            "INSERT INTO outbox (key, machine, kind, lane, payload, v, rank, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.as_str())
        .bind(id.to_string())
        .bind(planned.effect.name())
        .bind(planned.effect.lane().as_str())
        .bind(stored::write_effect(&planned.effect))
        .bind(stored::VERSION)
        .bind(rank.map_or(0, |r| r.0))
        .bind(millis(at).saturating_add(planned.after.saturating_mul(1000)))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// True while the row is open: an outcome of a row that is not is stale.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn is_open(&mut self, key: &EffectKey) -> Result<bool> {
        let row: Option<(i64,)> =
            sqlx::query_as("SELECT 1 FROM outbox WHERE key = ?").bind(key.as_str()).fetch_optional(self.conn()).await?;
        Ok(row.is_some())
    }

    /// Closes a row: its outcome is in the journal.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn close(&mut self, key: &EffectKey) -> Result<()> {
        sqlx::query("DELETE FROM outbox WHERE key = ?").bind(key.as_str()).execute(self.conn()).await?;
        Ok(())
    }

    /// Marks rows as being delivered.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn deliver(&mut self, keys: &[EffectKey]) -> Result<()> {
        let keys: Vec<&str> = keys.iter().map(EffectKey::as_str).collect();
        sqlx::query("UPDATE outbox SET in_flight = 1 WHERE key IN (SELECT value FROM json_each(?))")
            .bind(super::to_json(&keys))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Takes back rows that were delivered and then cut off in order: they run again, and nothing is held against them.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn take_back(&mut self, keys: &[EffectKey]) -> Result<()> {
        for key in keys {
            sqlx::query("UPDATE outbox SET in_flight = 0 WHERE key = ?")
                .bind(key.as_str())
                .execute(self.conn())
                .await?;
            self.end_lease(key).await?;
        }
        Ok(())
    }

    /// After a crash: what was in flight was delivered once more.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn recover(&mut self) -> Result<u64> {
        let done = sqlx::query("UPDATE outbox SET in_flight = 0, deliveries = deliveries + 1 WHERE in_flight = 1")
            .execute(self.conn())
            .await?;
        sqlx::query("DELETE FROM worker_leases").execute(self.conn()).await?;
        Ok(done.rows_affected())
    }

    /// Sets a row again for later: after a failure (which counts as a try) or because nothing has changed yet.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn again(&mut self, key: &EffectKey, due_at: Timestamp, failed: Option<&str>) -> Result<()> {
        sqlx::query(
            "UPDATE outbox SET in_flight = 0, cause = NULL, due_at = ?1, last = coalesce(?2, last), \
             tries = CASE WHEN ?2 IS NULL THEN 0 ELSE tries + 1 END WHERE key = ?3",
        )
        .bind(millis(due_at))
        .bind(failed)
        .bind(key.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Sets a row again for its turn; no try is used up.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn postpone(&mut self, key: &EffectKey, due_at: Timestamp, why: &str) -> Result<()> {
        sqlx::query("UPDATE outbox SET in_flight = 0, cause = NULL, due_at = ?, last = ? WHERE key = ?")
            .bind(millis(due_at))
            .bind(why)
            .bind(key.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Sets when a cause that is known already is looked at next, where that is known exactly.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn probe_at(&mut self, cause: &str, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE causes SET probe_at = ? WHERE cause = ?")
            .bind(millis(at))
            .bind(cause)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Holds a row under a cause; no try is used up. Returns true when the cause is new: then people are told.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn hold(
        &mut self,
        key: &EffectKey,
        cause: &str,
        message: &str,
        at: Timestamp,
        probe_at: Timestamp,
    ) -> Result<bool> {
        sqlx::query("UPDATE outbox SET in_flight = 0, cause = ?, last = ? WHERE key = ?")
            .bind(cause)
            .bind(message)
            .bind(key.as_str())
            .execute(self.conn())
            .await?;
        // When it is probed next was set when it was probed last, or has been hastened since.
        let known = sqlx::query("UPDATE causes SET message = ? WHERE cause = ?")
            .bind(message)
            .bind(cause)
            .execute(self.conn())
            .await?;
        if known.rows_affected() > 0 {
            return Ok(false);
        }
        sqlx::query("INSERT INTO causes (cause, message, since, probe_at) VALUES (?, ?, ?, ?)")
            .bind(cause)
            .bind(message)
            .bind(millis(at))
            .bind(millis(probe_at))
            .execute(self.conn())
            .await?;
        Ok(true)
    }

    /// Lets go what is held under a cause. Returns how many rows.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn release(&mut self, cause: &str) -> Result<u64> {
        let done =
            sqlx::query("UPDATE outbox SET cause = NULL WHERE cause = ?").bind(cause).execute(self.conn()).await?;
        sqlx::query("DELETE FROM causes WHERE cause = ?").bind(cause).execute(self.conn()).await?;
        Ok(done.rows_affected())
    }

    /// Lets one row held under a cause go, to see whether the cause still holds, and sets the next probe. Returns its key.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn probe(&mut self, cause: &str, next: Timestamp) -> Result<Option<EffectKey>> {
        let row: Option<(String,)> = sqlx::query_as(
            "UPDATE outbox SET cause = NULL \
             WHERE key = (SELECT key FROM outbox WHERE cause = ? ORDER BY rank, key LIMIT 1) RETURNING key",
        )
        .bind(cause)
        .fetch_optional(self.conn())
        .await?;
        sqlx::query("UPDATE causes SET probe_at = ? WHERE cause = ?")
            .bind(millis(next))
            .bind(cause)
            .execute(self.conn())
            .await?;
        Ok(row.map(|r| EffectKey::stored(r.0)))
    }

    /// Drops causes under which nothing is held or in flight any more.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn forget_causes(&mut self) -> Result<()> {
        sqlx::query("DELETE FROM causes WHERE cause NOT IN (SELECT cause FROM outbox WHERE cause IS NOT NULL)")
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Lets every cause be looked at.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn hasten_probes(&mut self, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE causes SET probe_at = min(probe_at, ?)").bind(millis(at)).execute(self.conn()).await?;
        Ok(())
    }

    /// Makes the watches due: each run asks what became of its proposals.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn hasten_watches(&mut self, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE outbox SET due_at = min(due_at, ?) WHERE kind IN ('WatchProposal', 'WatchLive')")
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps a notice that was told, under its effect's key.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn told(&mut self, key: &EffectKey, machine: &MachineId, text: &str, at: Timestamp) -> Result<()> {
        sqlx::query("INSERT OR IGNORE INTO notices (key, machine, text, at) VALUES (?, ?, ?, ?)")
            .bind(key.as_str())
            .bind(machine.to_string())
            .bind(text)
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Leases a worker for an effect.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn lease(&mut self, worker: &str, key: &EffectKey) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO worker_leases (worker, outbox_key) VALUES (?, ?)")
            .bind(worker)
            .bind(key.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Ends the lease of an effect, where it has one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn end_lease(&mut self, key: &EffectKey) -> Result<()> {
        sqlx::query("DELETE FROM worker_leases WHERE outbox_key = ?").bind(key.as_str()).execute(self.conn()).await?;
        Ok(())
    }
}

impl Store {
    /// Rows of a lane that can run now, in lead order.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn due(&self, lane: Lane, now: Timestamp, most: usize) -> Result<Vec<OutboxRow>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        // Timers are many and rarely due; of the rest the first ones are wanted, and most of them are due. The plus keeps an
        // index by time from being taken for these.
        let sql = match lane {
            Lane::Timer => {
                "SELECT * FROM outbox WHERE lane = ?1 AND due_at <= ?2 AND cause IS NULL AND in_flight = 0 \
                 ORDER BY rank, key LIMIT ?3"
            }
            // Comparing waits for the leads found before that are still being read, unless these have failed or are held:
            // what came first is the original, however fast its host is.
            Lane::Compare => {
                "SELECT * FROM outbox WHERE lane = ?1 AND +due_at <= ?2 AND cause IS NULL AND in_flight = 0 \
                 AND rank <= coalesce((SELECT min(f.rank) FROM outbox f INDEXED BY outbox_reading WHERE f.lane = 'fetch' AND f.cause IS NULL \
                 AND f.tries = 0), rank) ORDER BY rank, key LIMIT ?3"
            }
            _ => {
                "SELECT * FROM outbox WHERE lane = ?1 AND +due_at <= ?2 AND cause IS NULL AND in_flight = 0 \
                 ORDER BY rank, key LIMIT ?3"
            }
        };
        let rows = sqlx::query(sql).bind(lane.as_str()).bind(millis(now)).bind(most).fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    /// The pages that can be read now, in lead order: their effects' keys.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn due_pages(&self, now: Timestamp, most: usize) -> Result<Vec<EffectKey>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT key FROM outbox WHERE lane = ? AND +due_at <= ? AND cause IS NULL AND in_flight = 0 \
             ORDER BY rank, key LIMIT ?",
        )
        .bind(Lane::Fetch.as_str())
        .bind(millis(now))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(|(key,)| EffectKey::stored(key)).collect())
    }

    /// An open row, with the address of its article's lead. `None` where the row is not open any more.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn due_page(&self, key: &EffectKey) -> Result<Option<(OutboxRow, Option<String>)>> {
        let row = sqlx::query(
            "SELECT o.*, json_extract(a.lead, '$.url') AS url FROM outbox o \
             LEFT JOIN articles a ON a.id = substr(o.machine, length('article:') + 1) WHERE o.key = ?",
        )
        .bind(key.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok((read(&row)?, row.get("url")))).transpose()
    }

    /// All open rows that are not timers or notices, and the linger: what a run may have to wait for.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn awaited(&self) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query("SELECT * FROM outbox WHERE lane NOT IN ('timer', 'notice') ORDER BY rank, key")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The open rows of one machine.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn open_rows(&self, machine: &MachineId) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query("SELECT * FROM outbox WHERE machine = ? ORDER BY key")
            .bind(machine.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The causes under which work is held: name, message, since, when to probe, how many rows.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn causes(&self) -> Result<Vec<Cause>> {
        let rows: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT cause, message, since, probe_at, (SELECT count(*) FROM outbox o WHERE o.cause = c.cause) \
             FROM causes c ORDER BY cause",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(cause, message, since, probe_at, held)| Cause {
                cause,
                message,
                since: time(since),
                probe_at: time(probe_at),
                held: u64::try_from(held).unwrap_or_default(),
            })
            .collect())
    }

    /// How many leases a worker has.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn leases(&self, worker: &str) -> Result<u64> {
        let row: (i64,) = sqlx::query_as("SELECT count(*) FROM worker_leases WHERE worker = ?")
            .bind(worker)
            .fetch_one(&self.readers)
            .await?;
        Ok(u64::try_from(row.0).unwrap_or_default())
    }
}

/// A cause wider than one article.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Cause {
    /// Its name.
    pub cause: String,
    /// What is wrong and the next step.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
    /// When it is looked at again.
    pub probe_at: Timestamp,
    /// How many effects it holds.
    pub held: u64,
}

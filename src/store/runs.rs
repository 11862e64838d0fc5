//! Runs and schedule slots.

use jiff::Timestamp;
use states::words::{RunId, SiteName};

use super::{Result, Store, Tx, from_json, millis, parse_id, time, to_json};

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// The schedule slot it serves.
    pub slot: Timestamp,
    /// The sites it serves.
    pub sites: Vec<SiteName>,
    /// When it began.
    pub started_at: Timestamp,
    /// `discovering`, `reading`, `writing` or `finished`.
    pub phase: String,
    /// Its report, once finished.
    pub summary: Option<serde_json::Value>,
}

type RawRun = (String, i64, String, i64, String, Option<String>);

fn read((id, slot, sites, started_at, phase, summary): RawRun) -> Result<RunRow> {
    Ok(RunRow {
        id: parse_id(&id)?,
        slot: time(slot),
        sites: from_json("a run", &sites)?,
        started_at: time(started_at),
        phase,
        summary: summary.map(|s| from_json("a run's report", &s)).transpose()?,
    })
}

const RUN: &str = "SELECT id, slot, sites, started_at, phase, summary FROM runs";

impl Tx {
    /// Begins a run.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn begin_run(&mut self, run: &RunRow) -> Result<()> {
        sqlx::query("INSERT OR IGNORE INTO runs (id, slot, sites, started_at, phase) VALUES (?, ?, ?, ?, ?)")
            .bind(run.id.as_str())
            .bind(millis(run.slot))
            .bind(to_json(&run.sites))
            .bind(millis(run.started_at))
            .bind(&run.phase)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Moves a run to its next phase.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn run_phase(&mut self, id: &RunId, phase: &str) -> Result<()> {
        sqlx::query("UPDATE runs SET phase = ? WHERE id = ?")
            .bind(phase)
            .bind(id.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Ends a run with its report.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn end_run(&mut self, id: &RunId, at: Timestamp, summary: &serde_json::Value) -> Result<()> {
        sqlx::query("UPDATE runs SET phase = 'finished', finished_at = ?, summary = ? WHERE id = ?")
            .bind(millis(at))
            .bind(summary.to_string())
            .bind(id.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

impl Store {
    /// The run that was interrupted, where one was.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn open_run(&self) -> Result<Option<RunRow>> {
        let row: Option<RawRun> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{RUN} WHERE phase <> 'finished' ORDER BY started_at LIMIT 1")))
                .fetch_optional(&self.readers)
                .await?;
        row.map(read).transpose()
    }

    /// The newest runs.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn runs(&self, most: u32) -> Result<Vec<RunRow>> {
        let rows: Vec<RawRun> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{RUN} ORDER BY started_at DESC, id LIMIT ?")))
                .bind(most)
                .fetch_all(&self.readers)
                .await?;
        rows.into_iter().map(read).collect()
    }

    /// The newest slot that a run served for a site.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn last_slot(&self, site: &SiteName) -> Result<Option<Timestamp>> {
        let row: (Option<i64>,) = sqlx::query_as(
            "SELECT max(slot) FROM runs, json_each(runs.sites) WHERE json_each.value = ? AND phase = 'finished'",
        )
        .bind(site.as_str())
        .fetch_one(&self.readers)
        .await?;
        Ok(row.0.map(time))
    }
}

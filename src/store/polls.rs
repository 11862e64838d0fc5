//! How the polling of sources goes, and what is remembered of hosts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sources::{HostMemory, Rest, RobotsFile};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use states::words::{RunId, SiteName, SourceName};

use super::{Result, Store, Tx, from_json, millis, parse_id, time};

/// How long a host is remembered of which nothing was heard, in days.
const FORGOTTEN_AFTER: i64 = 60;

/// How the polling of a source goes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PollRow {
    /// The source.
    pub source: SourceName,
    /// What the configuration said of it; what is known holds for that only.
    pub spec: serde_json::Value,
    /// What it asks to be told the next time (ETag and the like), as the source crate wrote it.
    pub state: serde_json::Value,
    /// When it was last asked.
    pub polled_at: Timestamp,
    /// The pause after that, in seconds.
    pub pause: i64,
    /// When it last answered well.
    pub good_at: Option<Timestamp>,
    /// When it last told something new.
    pub fresh_at: Option<Timestamp>,
    /// How often in a row it failed.
    pub failures: u32,
    /// How many entries it had the last time.
    pub entries: u32,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// Since when there is nothing at its address.
    pub missing_since: Option<Timestamp>,
    /// How often in a row there was nothing.
    pub missing: u32,
    /// Since when it is not asked any more, because it is gone.
    pub retired_at: Option<Timestamp>,
}

impl PollRow {
    /// Of a source that was never asked.
    pub fn new(source: SourceName, spec: serde_json::Value, at: Timestamp) -> Self {
        Self {
            source,
            spec,
            state: serde_json::Value::Object(serde_json::Map::new()),
            polled_at: at,
            pause: 0,
            good_at: None,
            fresh_at: None,
            failures: 0,
            entries: 0,
            error: None,
            missing_since: None,
            missing: 0,
            retired_at: None,
        }
    }
}

fn read(row: &SqliteRow) -> Result<PollRow> {
    let when = |name: &str| row.get::<Option<i64>, _>(name).map(time);
    Ok(PollRow {
        source: parse_id(&row.get::<String, _>("source"))?,
        spec: from_json("a poll", &row.get::<String, _>("spec"))?,
        state: from_json("a poll", &row.get::<String, _>("state"))?,
        polled_at: time(row.get("polled_at")),
        pause: row.get("pause"),
        good_at: when("good_at"),
        fresh_at: when("fresh_at"),
        failures: row.get("failures"),
        entries: row.get("entries"),
        error: row.get("error"),
        missing_since: when("missing_since_at"),
        missing: row.get("missing"),
        retired_at: when("retired_at"),
    })
}

impl Tx {
    /// Keeps how a poll went.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_poll(&mut self, row: &PollRow) -> Result<()> {
        sqlx::query(
            "INSERT OR REPLACE INTO source_polls (source, spec, state, polled_at, pause, good_at, fresh_at, failures, entries, \
             error, missing_since_at, missing, retired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.source.as_str())
        .bind(row.spec.to_string())
        .bind(row.state.to_string())
        .bind(millis(row.polled_at))
        .bind(row.pause)
        .bind(row.good_at.map(millis))
        .bind(row.fresh_at.map(millis))
        .bind(row.failures)
        .bind(row.entries)
        .bind(&row.error)
        .bind(row.missing_since.map(millis))
        .bind(row.missing)
        .bind(row.retired_at.map(millis))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Has a source asked by the next run, at its configured address and for all it has. False where it was never asked.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn hasten_poll(&mut self, source: &SourceName) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE source_polls SET polled_at = 0, pause = 0, failures = 0, missing = 0, missing_since_at = NULL, retired_at = NULL, \
             state = json_remove(state, '$.next_after', '$.moved_to', '$.etag', '$.last_modified', '$.body') WHERE source = ?",
        )
        .bind(source.as_str())
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Forgets how the polling of a source went; what it told stays known.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn forget_poll(&mut self, source: &SourceName) -> Result<bool> {
        let mut gone = 0;
        for sql in ["DELETE FROM source_polls WHERE source = ?", "DELETE FROM source_mutes WHERE source = ?"] {
            gone += sqlx::query(sql).bind(source.as_str()).execute(self.conn()).await?.rows_affected();
        }
        Ok(gone > 0)
    }

    /// Mutes a source, or lets it speak again. False where it was so already.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn mute(&mut self, source: &SourceName, mute: bool, at: Timestamp) -> Result<bool> {
        let done = if mute {
            sqlx::query("INSERT OR IGNORE INTO source_mutes (source, muted_at) VALUES (?, ?)")
                .bind(source.as_str())
                .bind(millis(at))
                .execute(self.conn())
                .await?
        } else {
            sqlx::query("DELETE FROM source_mutes WHERE source = ?").bind(source.as_str()).execute(self.conn()).await?
        };
        Ok(done.rows_affected() > 0)
    }

    /// Keeps a notice about a source under a key. False where it was told before.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn told_of(&mut self, source: &SourceName, key: &str, text: &str, at: Timestamp) -> Result<bool> {
        let done = sqlx::query("INSERT OR IGNORE INTO notices (key, machine, text, at) VALUES (?, ?, ?, ?)")
            .bind(key)
            .bind(format!("source:{source}"))
            .bind(text)
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Remembers hosts.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_hosts(&mut self, hosts: &[HostMemory], at: Timestamp) -> Result<()> {
        for host in hosts {
            sqlx::query(
                "INSERT OR REPLACE INTO hosts (host, heard_at, rest_until_at, rest_why, robots, robots_until_at) \
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(&host.host)
            .bind(millis(at))
            .bind(host.rest.as_ref().map(|rest| millis(rest.until)))
            .bind(host.rest.as_ref().map(|rest| &rest.why))
            .bind(host.robots.as_ref().and_then(|robots| robots.text.as_ref()))
            .bind(host.robots.as_ref().map(|robots| millis(robots.until)))
            .execute(self.conn())
            .await?;
        }
        if !hosts.is_empty() {
            let long_ago = millis(at).saturating_sub(FORGOTTEN_AFTER * 24 * 3_600_000);
            sqlx::query("DELETE FROM hosts WHERE heard_at < ?").bind(long_ago).execute(self.conn()).await?;
        }
        Ok(())
    }
}

impl Store {
    /// How many leads this run has begun to work on for a site.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn begun_in(&self, run: &RunId, site: &SiteName) -> Result<usize> {
        let row: (i64,) = sqlx::query_as(
            "SELECT count(*) FROM articles a JOIN journal j ON j.machine = 'article:' || a.id AND j.seq = 0 \
             WHERE a.run = ? AND a.site = ? AND j.name = 'Found'",
        )
        .bind(run.as_str())
        .bind(site.as_str())
        .fetch_one(&self.readers)
        .await?;
        Ok(usize::try_from(row.0).unwrap_or_default())
    }

    /// How the polling of all sources goes.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn polls(&self) -> Result<Vec<PollRow>> {
        let rows = sqlx::query("SELECT * FROM source_polls ORDER BY source").fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    /// The sources that are muted, each with since when.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn mutes(&self) -> Result<BTreeMap<SourceName, Timestamp>> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT source, muted_at FROM source_mutes").fetch_all(&self.readers).await?;
        rows.into_iter().map(|(source, at)| Ok((parse_id(&source)?, time(at)))).collect()
    }

    /// How many articles of each source are in each state.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn counts_by_source(&self) -> Result<BTreeMap<String, BTreeMap<String, i64>>> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT json_extract(lead, '$.source'), name, count(*) FROM articles WHERE lead IS NOT NULL GROUP BY 1, 2",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut all: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
        for (source, state, n) in rows {
            all.entry(source).or_default().insert(state, n);
        }
        Ok(all)
    }

    /// What is remembered of hosts.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn hosts(&self) -> Result<Vec<HostMemory>> {
        type Raw = (String, Option<i64>, Option<String>, Option<String>, Option<i64>);
        let rows: Vec<Raw> =
            sqlx::query_as("SELECT host, rest_until_at, rest_why, robots, robots_until_at FROM hosts ORDER BY host")
                .fetch_all(&self.readers)
                .await?;
        Ok(rows
            .into_iter()
            .map(|(host, until, why, text, robots_until)| HostMemory {
                host,
                rest: until.map(|until| Rest { until: time(until), why: why.unwrap_or_default() }),
                robots: robots_until.map(|until| RobotsFile { text, until: time(until) }),
            })
            .collect())
    }
}

//! The inbox: everything from outside that is not an effect's outcome (people, other processes), each under its own key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use states::event::Event;
use states::words::{ArticleId, SiteName, SourceName, WorkerName};

use super::{Result, Store, Tx, from_json, millis, time, to_json};

/// Something that somebody outside wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A person acts on an article.
    Act {
        /// The article.
        article: ArticleId,
        /// What they do.
        event: Event,
    },
    /// What is held under a cause is to be tried again.
    ReleaseCause {
        /// The cause.
        cause: String,
    },
    /// A person acts on a source.
    Source {
        /// The source.
        source: SourceName,
        /// What they do.
        act: SourceAct,
    },
    /// A person acts on a worker.
    Worker {
        /// The worker.
        worker: WorkerName,
        /// What they do.
        act: WorkerAct,
    },
    /// A run is wanted, from beside a daemon.
    Run {
        /// The sites.
        sites: Vec<SiteName>,
    },
}

/// What a person does to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceAct {
    /// It is not asked any more.
    Mute,
    /// It is asked again.
    Unmute,
    /// It is asked by the next run, though it is retired or was to be asked later.
    Retry,
    /// How its polling went is forgotten: it is in the configuration no more.
    Forget,
}

/// What a person does to a worker. Waking one by hand is none of the desk's business: it is then found awake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerAct {
    /// The desk lets go of it, and puts it to sleep if it woke it.
    Release {
        /// Even while work is done there.
        though_leased: bool,
    },
}

/// An entry with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Its dedupe key.
    pub key: String,
    /// What is wanted.
    pub entry: Entry,
    /// When it came.
    pub at: Timestamp,
    /// Why it was refused, once handled.
    pub refusal: Option<String>,
    /// True once handled.
    pub handled: bool,
}

impl Tx {
    /// Puts an entry into the inbox; one with a known key is already there.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn enter(&mut self, key: &str, entry: &Entry, at: Timestamp) -> Result<()> {
        sqlx::query("INSERT OR IGNORE INTO inbox (key, entry, v, at) VALUES (?, ?, 1, ?)")
            .bind(key)
            .bind(to_json(entry))
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Closes an entry, with the reason where it was refused.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn answer(&mut self, key: &str, refusal: Option<&str>, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE inbox SET handled = ?, refusal = ? WHERE key = ?")
            .bind(millis(at))
            .bind(refusal)
            .bind(key)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes what a person did.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn note_review(&mut self, article: &ArticleId, event: &Event, at: Timestamp) -> Result<()> {
        let (bytes, by, note) = match event {
            Event::Approved { bytes, by } => (Some(bytes.as_str()), by, None),
            Event::ChangesAsked { by, note } => (None, by, Some(note.as_str())),
            Event::RejectedBy { by, why } => (None, by, Some(why.as_str())),
            Event::Edited { by, .. } | Event::RetryAsked { by } | Event::Reopened { by } => (None, by, None),
            _ => return Ok(()),
        };
        sqlx::query("INSERT INTO reviews (article, bytes_hash, action, by, note, at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(article.as_str())
            .bind(bytes)
            .bind(event.name())
            .bind(by)
            .bind(note)
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

type Raw = (String, String, i64, Option<String>, Option<i64>);

fn read((key, entry, at, refusal, handled): Raw) -> Result<InboxRow> {
    let entry = from_json("an inbox entry", &entry)?;
    Ok(InboxRow { key, entry, at: time(at), refusal, handled: handled.is_some() })
}

impl Store {
    /// Entries that nobody has handled yet, oldest first.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn inbox(&self) -> Result<Vec<InboxRow>> {
        let rows: Vec<Raw> = sqlx::query_as(
            "SELECT key, entry, at, refusal, handled FROM inbox WHERE handled IS NULL ORDER BY at, key LIMIT 100",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(read).collect()
    }

    /// One entry.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn inbox_entry(&self, key: &str) -> Result<Option<InboxRow>> {
        let row: Option<Raw> = sqlx::query_as("SELECT key, entry, at, refusal, handled FROM inbox WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        row.map(read).transpose()
    }
}

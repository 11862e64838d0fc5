//! The one database file: SQLite in WAL mode with `synchronous = FULL`, one writer, a pool of read-only readers.
//!
//! Only the engine writes, and only inside a [`Tx`]: every write transaction asserts the fence of the runner, announces itself
//! as the tracing events `commit` and `committed`, and stays open across no call to the world. Errors are [`StoreError`].

mod lock;
mod tx;
pub mod machines;
mod outbox;
mod inbox;
mod polls;
mod leads;
mod fingerprints;
mod stories;
mod relations;
mod posts;
mod vectors;
mod writing;
mod judged;
mod calls;
mod batches;
mod batch_steps;
mod answers;
mod limits;
mod ledger;
mod money;
mod workers;
mod runs;
mod worker_history;
mod recorded;
mod past;
mod dump;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlitePool};
use tokio::sync::Mutex;

pub use answers::{AnswersOf, FreeAnswer, FreeTier, TierCount};
pub use batches::{BatchItem, BatchRow, BatchStatus, BatchWait, InBatch, Queue};
pub use calls::{CallRow, CallStatus, Spent};
pub use fingerprints::{Alike, Print};
pub use inbox::{Entry, InboxRow, SourceAct, WorkerAct};
pub use judged::SampleRow;
pub use leads::{ArticleRow, JournalRow, NewLead, Sight};
pub use ledger::{EnergyRow, LedgerRow, PastRun, Period, UsualCall};
pub use lock::{Role, RunnerLock, Taken};
pub use money::{AwakeWindow, Booking};
pub use outbox::{Cause, OutboxRow};
pub use past::PastRow;
pub use polls::PollRow;
pub use posts::{KnownPost, PostRow};
pub use relations::{Growth, StoryMember};
pub use runs::RunRow;
pub use stories::Member;
pub use tx::{Ended, Tx};
pub use vectors::Vector;
pub use worker_history::Lease;
pub use workers::{HeldWant, Window};
pub use writing::ProposalRow;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database answers with an error.
    #[error("the database {path} says: {source}")]
    Sql {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: sqlx::Error,
    },
    /// A query failed inside a transaction.
    #[error("the database says: {0}")]
    Query(sqlx::Error),
    /// The disk is full, or the file may not grow.
    #[error("the database cannot grow: the disk is full; free some space, and the next run goes on")]
    Full,
    /// Somebody else has held the database for longer than anybody should.
    #[error("the database is held by another program; end that, and the next run goes on")]
    Busy,
    /// Another process has taken over.
    #[error("another process has become the runner; this one stops writing")]
    Fenced,
    /// What is stored cannot be read.
    #[error("what is stored of {what} cannot be read: {why}")]
    Broken {
        /// Of what.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// The file or its folder cannot be made or locked.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl From<sqlx::Error> for StoreError {
    /// What the world is at fault for has a name of its own: SQLITE_FULL is 13, SQLITE_BUSY 5, SQLITE_LOCKED 6.
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::PoolTimedOut => return Self::Busy,
            sqlx::Error::Database(db) => db.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff),
            _ => None,
        };
        match code {
            Some(13) => Self::Full,
            Some(5 | 6) => Self::Busy,
            _ => Self::Query(error),
        }
    }
}

/// Result with [`StoreError`].
pub type Result<T> = std::result::Result<T, StoreError>;

/// The store: opened by everybody to read, and by the runner to write.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// The one writer.
    writer: Arc<Mutex<tx::Writer>>,
    readers: SqlitePool,
    fence: Option<i64>,
}

impl Store {
    /// Opens the database, making it and bringing its schema up to date where needed. Without a `lock` only the inbox can be
    /// written.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be made, opened or migrated.
    pub async fn open(path: &Path, lock: Option<&RunnerLock>) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Io { path: folder.to_owned(), source })?;
        }
        let sql = |source| StoreError::Sql { path: path.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30));
        let mut writer = options.clone().connect().await.map_err(sql)?;
        sqlx::migrate!("src/store/migrations").run(&mut writer).await.map_err(|e| sql(e.into()))?;
        let fence = match lock {
            None => None,
            Some(_) => {
                let raised: (i64,) = sqlx::query_as("UPDATE runner SET fence = fence + 1 RETURNING fence")
                    .fetch_one(&mut writer)
                    .await
                    .map_err(sql)?;
                Some(raised.0)
            }
        };
        let reading = options.read_only(true).create_if_missing(false);
        let pool = SqlitePoolOptions::new().max_connections(3).acquire_timeout(Duration::from_secs(60));
        // A connection to a file does not go stale.
        let readers = pool.test_before_acquire(false).connect_with(reading).await.map_err(sql)?;
        Ok(Self { path: path.to_owned(), writer: tx::Writer::on(writer), readers, fence })
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secret that data boundaries are keyed with; drawn once, when the database was made.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn secret(&self) -> Result<Vec<u8>> {
        let row: (Vec<u8>,) =
            sqlx::query_as("SELECT value FROM meta WHERE key = 'secret'").fetch_one(&self.readers).await?;
        Ok(row.0)
    }

    /// Moves what the WAL holds into the database file. Done while idle.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn checkpoint(&self) -> Result<()> {
        if let Some(conn) = self.writer.lock().await.at_rest() {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(conn).await?;
        }
        Ok(())
    }
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn broken(what: impl Into<String>, why: impl ToString) -> StoreError {
    StoreError::Broken { what: what.into(), why: why.to_string() }
}

fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| broken(what, e))
}

fn to_json<T: serde::Serialize>(value: &T) -> String {
    // Stored types have string keys only, so that writing cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn parse_id<T: std::str::FromStr<Err = states::words::ids::BadId>>(text: &str) -> Result<T> {
    text.parse().map_err(|e| broken("an id", e))
}

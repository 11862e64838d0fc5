//! A write transaction, and the commit that several of them share.
//!
//! One commit makes the disk wait some milliseconds, whatever is in it. So a transaction is a savepoint of a shared one: it
//! ends, gives its seat at the one connection to whoever waits for it, and takes its turn again; who comes first then commits
//! for all that have ended. Each returns when the shared commit is on the disk, and not before. What fails inside one is
//! rolled back to its own savepoint and is nobody else's; a shared commit that fails has failed for all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::{Executor as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Result, Store, StoreError};

/// The one connection that writes, and how far the shared transaction on it is.
#[derive(Debug)]
pub(super) struct Writer {
    conn: SqliteConnection,
    /// The number of the shared transaction that is open, or was last.
    round: u64,
    at: At,
    /// Transactions of this round that have ended and are not committed.
    ended: usize,
    /// The fence was found to be ours in this round: nobody raises it while we hold the write lock.
    ours: bool,
    /// Rounds that came to nothing, and why.
    failed: BTreeMap<u64, Failure>,
}

/// How far the shared transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing is open.
    Rest,
    /// It is open, without a savepoint.
    Open,
    /// A transaction is at work in its savepoint, or was dropped there.
    Working,
    /// A step of its own was begun. Whoever finds this: it was cut off.
    Unsure,
}

/// Why a shared commit came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Full,
    Busy,
    Lost,
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full => Self::Full,
            Failure::Busy => Self::Busy,
            Failure::Lost => Self::Query(sqlx::Error::Protocol("a shared commit was rolled back".into())),
        }
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::Busy => Self::Busy,
            _ => Self::Lost,
        }
    }
}

impl Writer {
    /// On a connection of its own.
    pub(super) fn on(conn: SqliteConnection) -> Arc<Mutex<Self>> {
        let writer = Self { conn, round: 0, at: At::Rest, ended: 0, ours: false, failed: BTreeMap::new() };
        Arc::new(Mutex::new(writer))
    }

    /// The connection between transactions; `None` while a shared one is open.
    pub(super) fn at_rest(&mut self) -> Option<&mut SqliteConnection> {
        (self.at == At::Rest).then_some(&mut self.conn)
    }

    /// One step of the shared transaction; a step that is cut off leaves [`At::Unsure`] behind.
    async fn step(&mut self, sql: &'static str, then: At) -> Result<()> {
        self.at = At::Unsure;
        self.conn.execute(sqlx::raw_sql(sql)).await?;
        self.at = then;
        Ok(())
    }

    /// Takes away what a transaction left that was dropped or cut off.
    async fn tidy(&mut self) {
        if self.at == At::Working && self.step("ROLLBACK TO one; RELEASE one", At::Open).await.is_err() {
            self.at = At::Unsure;
        }
        // Some errors roll everything back, the disk's among them; then no savepoint is left either.
        if self.at == At::Unsure {
            self.give_up(Failure::Lost).await;
        }
    }

    /// Opens the shared transaction where none is open, and a savepoint in it.
    async fn open(&mut self) -> Result<()> {
        self.tidy().await;
        if self.at == At::Open {
            return self.step("SAVEPOINT one", At::Working).await;
        }
        self.round += 1;
        (self.ended, self.ours) = (0, false);
        let opened = self.step("BEGIN IMMEDIATE; SAVEPOINT one", At::Working).await;
        if opened.is_err() {
            self.give_up(Failure::Lost).await;
        }
        opened
    }

    /// Commits the shared transaction. The events `commit` and `committed` are where a crash is interesting.
    async fn commit(&mut self) -> Result<()> {
        tracing::debug!(target: "pipeline::store", "commit");
        match self.step("COMMIT", At::Rest).await {
            Ok(()) => {
                tracing::debug!(target: "pipeline::store", "committed");
                self.ended = 0;
                Ok(())
            }
            Err(error) => {
                self.give_up(Failure::from(&error)).await;
                Err(error)
            }
        }
    }

    async fn give_up(&mut self, why: Failure) {
        // An error means that it was rolled back already.
        let _ = self.conn.execute(sqlx::raw_sql("ROLLBACK")).await;
        self.at = At::Rest;
        if self.ended > 0 {
            self.failed.insert(self.round, why);
            self.ended = 0;
        }
    }
}

/// A write transaction of the one writer; what is not committed is rolled back.
pub struct Tx {
    // Given up only where the transaction ends.
    seat: Option<OwnedMutexGuard<Writer>>,
    writer: Arc<Mutex<Writer>>,
}

/// A transaction that has ended and shares a commit that is still to come.
#[must_use = "nothing of it lasts before its commit"]
pub struct Ended {
    round: u64,
    writer: Arc<Mutex<Writer>>,
}

impl Store {
    /// Begins a write transaction of the runner. Nobody begins a second one before it has ended the first.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another process has become the runner, or this one never was.
    pub async fn begin(&self) -> Result<Tx> {
        let mut tx = self.begin_unfenced().await?;
        if tx.seat.as_ref().is_some_and(|writer| writer.ours) {
            return Ok(tx);
        }
        let row: (i64,) = sqlx::query_as("SELECT fence FROM runner").fetch_one(tx.conn()).await?;
        if Some(row.0) != self.fence {
            return Err(StoreError::Fenced);
        }
        if let Some(writer) = &mut tx.seat {
            writer.ours = true;
        }
        Ok(tx)
    }

    /// Begins a write transaction that anybody may make: for the inbox alone.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn begin_unfenced(&self) -> Result<Tx> {
        let mut seat = self.writer.clone().lock_owned().await;
        seat.open().await?;
        Ok(Tx { seat: Some(seat), writer: self.writer.clone() })
    }
}

impl Tx {
    /// The connection, for the queries of this transaction.
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        match &mut self.seat {
            Some(writer) => &mut writer.conn,
            // Both ends of a transaction take it by value.
            None => unreachable!("a transaction has its seat until it ends"),
        }
    }

    /// Makes it last.
    ///
    /// # Errors
    /// [`StoreError::Full`] when the disk is, else [`StoreError::Query`]; nothing of the transaction lasts then.
    pub async fn commit(self) -> Result<()> {
        self.end().await?.last().await
    }

    /// Ends it. What follows sees it, and it lasts with the commit that it shares: see [`Ended::last`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the transaction lasts then.
    pub async fn end(mut self) -> Result<Ended> {
        let writer = self.writer.clone();
        let Some(seat) = &mut self.seat else { unreachable!("a transaction has its seat until it ends") };
        seat.step("RELEASE one", At::Open).await?;
        seat.ended += 1;
        let round = seat.round;
        self.seat = None;
        Ok(Ended { round, writer })
    }
}

impl Ended {
    /// Waits for the shared commit, and makes it where it is this one's turn.
    ///
    /// # Errors
    /// As [`Tx::commit`].
    pub async fn last(self) -> Result<()> {
        // Those who waited for their seat have had it when this comes back: the lock is fair.
        let mut writer = self.writer.lock().await;
        if writer.round == self.round && writer.at != At::Rest {
            writer.tidy().await;
            if writer.at == At::Open {
                return writer.commit().await;
            }
        }
        writer.failed.get(&self.round).map_or(Ok(()), |why| Err((*why).into()))
    }
}

impl Drop for Tx {
    /// Rolled back at once where something can wait for it, else by whoever is next: no lock is held on the file for nothing.
    fn drop(&mut self) {
        let Some(mut seat) = self.seat.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            seat.tidy().await;
            if seat.at == At::Open && seat.ended == 0 {
                seat.give_up(Failure::Lost).await;
            }
        });
    }
}

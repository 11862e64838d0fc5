//! A write transaction.

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::{Result, Store, StoreError};

/// A write transaction of the one writer; what is not committed is rolled back.
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
}

impl Store {
    /// Begins a write transaction of the runner.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another process has become the runner, or this one never was.
    pub async fn begin(&self) -> Result<Tx> {
        let mut tx = self.begin_unfenced().await?;
        let row: (i64,) = sqlx::query_as("SELECT fence FROM runner").fetch_one(tx.conn()).await?;
        if Some(row.0) == self.fence { Ok(tx) } else { Err(StoreError::Fenced) }
    }

    /// Begins a write transaction that anybody may make: for the inbox alone.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn begin_unfenced(&self) -> Result<Tx> {
        Ok(Tx { inner: self.writer.begin_with("BEGIN IMMEDIATE").await? })
    }
}

impl Tx {
    /// The connection, for the queries of this transaction.
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }

    /// Makes it last. The events `commit` and `committed` are where a crash is interesting.
    ///
    /// # Errors
    /// [`StoreError::Full`] when the disk is, else [`StoreError::Query`]; nothing of the transaction lasts then.
    pub async fn commit(self) -> Result<()> {
        tracing::debug!(target: "pipeline::store", "commit");
        self.inner.commit().await?;
        tracing::debug!(target: "pipeline::store", "committed");
        Ok(())
    }
}

//! What recording and replaying a run need of the store: a copy without its secret, and one row of the outbox.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use states::words::EffectKey;
use states::words::hash::sha256_of;

use super::outbox::OutboxRow;
use super::{Result, Store, StoreError, Tx};

impl Store {
    /// A name of this database that gives nothing of its secret away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fingerprint(&self) -> Result<String> {
        Ok(sha256_of("database", &[&self.secret().await?])[..16].to_owned())
    }

    /// Copies the database as it is now to a new file, with another secret in the place of its own. The copy is whole or not
    /// there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn copy_to(&self, to: &Path) -> Result<()> {
        let io = |source| StoreError::Io { path: to.to_owned(), source };
        let partial = to.with_extension("db.partial");
        if partial.exists() {
            std::fs::remove_file(&partial).map_err(io)?;
        }
        let name = partial.to_string_lossy().replace('\'', "''");
        // A reader sees what is committed, whoever writes meanwhile.
        sqlx::query(AssertSqlSafe(format!("VACUUM INTO '{name}'"))).execute(&self.readers).await?;
        let options = SqliteConnectOptions::new().filename(&partial).journal_mode(SqliteJournalMode::Delete);
        let mut copy = options.connect().await?;
        // What is written over is not left in the file's free pages.
        sqlx::query("PRAGMA secure_delete = ON").execute(&mut copy).await?;
        sqlx::query("UPDATE meta SET value = randomblob(32) WHERE key = 'secret'").execute(&mut copy).await?;
        copy.close().await?;
        std::fs::rename(&partial, to).map_err(io)
    }

    /// The open row of an effect.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_row(&self, key: &EffectKey) -> Result<Option<OutboxRow>> {
        let row = sqlx::query("SELECT * FROM outbox WHERE key = ?").bind(key.as_str());
        row.fetch_optional(&self.readers).await?.as_ref().map(super::outbox::read).transpose()
    }
}

impl Tx {
    /// Lets one row go that is held under a cause.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn let_go(&mut self, key: &EffectKey) -> Result<()> {
        sqlx::query("UPDATE outbox SET cause = NULL WHERE key = ?").bind(key.as_str()).execute(self.conn()).await?;
        Ok(())
    }
}

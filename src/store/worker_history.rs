//! What became of a worker so far: its journal, who leases it, and how fast it last answered.

use jiff::Timestamp;
use states::machine::Happening;
use states::stored;
use states::words::{MachineId, WorkerName};
use states::worker::WorkerEvent;

use super::{Result, Store, broken, parse_id, time};

/// One step of a worker's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerMove {
    /// What happened.
    pub event: WorkerEvent,
    /// The name of the state it led to.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

/// A piece of work that leases a worker.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lease {
    /// What is done.
    pub effect: String,
    /// For whom: the machine's id.
    pub machine: MachineId,
}

/// The newest answer of a provider.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LastAnswer {
    /// The provider.
    pub provider: String,
    /// Tokens of the answer.
    pub tokens_out: i64,
    /// How long the whole call took, reading the prompt included.
    pub milliseconds: i64,
    /// When it was asked.
    pub at: Timestamp,
}

impl LastAnswer {
    /// Tokens of the answer per second, in tenths.
    pub fn tenths_per_second(&self) -> i64 {
        self.tokens_out.saturating_mul(10_000) / self.milliseconds.max(1)
    }
}

impl Store {
    /// The journal of a worker since the last time before `since` that it entered a state, oldest first: what held at `since`
    /// is known by its first row.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_moves(&self, worker: &WorkerName, since: Timestamp) -> Result<Vec<WorkerMove>> {
        let id = MachineId::Worker(worker.clone());
        let rows: Vec<(String, u32, String, i64)> = sqlx::query_as(
            r#"SELECT event, v, "to", at FROM journal WHERE machine = ?1 AND seq >= coalesce(
               (SELECT max(seq) FROM journal WHERE machine = ?1 AND at < ?2), 0) ORDER BY seq"#,
        )
        .bind(id.to_string())
        .bind(since.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(event, v, to, at)| match stored::read_event(&id, v, &event) {
                Ok(Happening::Worker(event)) => Ok(WorkerMove { event, to, at: time(at) }),
                Ok(other) => Err(broken(id.to_string(), format!("{} is no worker's event", other.name()))),
                Err(error) => Err(broken(id.to_string(), error)),
            })
            .collect()
    }

    /// The work that leases a worker.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn lease_holders(&self, worker: &WorkerName) -> Result<Vec<Lease>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT o.machine, o.kind FROM worker_leases l JOIN outbox o ON o.key = l.outbox_key WHERE l.worker = ? \
             ORDER BY o.rank, o.key",
        )
        .bind(worker.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(|(machine, effect)| Ok(Lease { effect, machine: parse_id(&machine)? })).collect()
    }

    /// The newest accepted answer of a provider that has tokens and took time.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn last_answer(&self, provider: &str) -> Result<Option<LastAnswer>> {
        let row: Option<(i64, i64, i64)> = sqlx::query_as(
            "SELECT tokens_out, milliseconds, started_at FROM model_calls WHERE provider = ? AND status = 'accepted' \
             AND tokens_out > 0 AND milliseconds > 0 ORDER BY started_at DESC LIMIT 1",
        )
        .bind(provider)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|(tokens_out, milliseconds, at)| LastAnswer {
            provider: provider.to_owned(),
            tokens_out,
            milliseconds,
            at: time(at),
        }))
    }
}

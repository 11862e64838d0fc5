//! What became of a worker so far: its journal, and who leases it.

use states::machine::Happening;
use states::stored;
use states::words::{MachineId, WorkerName};
use states::worker::WorkerEvent;

use super::{Result, Store, broken, parse_id};

/// A piece of work that leases a worker.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lease {
    /// What is done.
    pub effect: String,
    /// For whom: the machine's id.
    pub machine: MachineId,
}

impl Store {
    /// The number that the next row of a worker's journal will be at least.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn next_worker_move(&self, worker: &WorkerName) -> Result<i64> {
        let machine = MachineId::Worker(worker.clone()).to_string();
        let last: (Option<i64>,) = sqlx::query_as("SELECT max(seq) FROM journal WHERE machine = ?")
            .bind(machine)
            .fetch_one(&self.readers)
            .await?;
        Ok(last.0.map_or(0, |seq| seq + 1))
    }

    /// What happened to a worker from this number of its journal on, oldest first.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_moves_from(&self, worker: &WorkerName, seq: i64) -> Result<Vec<WorkerEvent>> {
        let id = MachineId::Worker(worker.clone());
        let rows: Vec<(String, u32)> =
            sqlx::query_as("SELECT event, v FROM journal WHERE machine = ? AND seq >= ? ORDER BY seq")
                .bind(id.to_string())
                .bind(seq)
                .fetch_all(&self.readers)
                .await?;
        rows.into_iter()
            .map(|(event, v)| match stored::read_event(&id, v, &event) {
                Ok(Happening::Worker(event)) => Ok(event),
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
}

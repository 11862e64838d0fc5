//! Machines: their state, their journal, and the outbox rows of their effects, written as one.

use sqlx::Row as _;
use states::article::Illegal;
use states::machine::{self, Happening, Machine};
use states::state::Moment;
use states::stored;
use states::words::{EffectKey, MachineId, RunId};

use super::{Result, Store, Tx, broken, millis};

/// A machine as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its state.
    pub machine: Machine,
    /// The sequence number of its last transition.
    pub seq: u64,
}

/// What became of an event.
#[allow(clippy::large_enum_variant, reason = "one lives at a time")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It led here.
    Stepped {
        /// Where the machine was; `None` at its birth.
        before: Option<Machine>,
        /// Where it is.
        after: Machine,
    },
    /// It did not fit.
    Illegal(Illegal),
}

impl Tx {
    /// Loads a machine; `None` before its birth.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn machine(&mut self, id: &MachineId) -> Result<Option<Loaded>> {
        let row = match id {
            MachineId::Article(article) => {
                sqlx::query("SELECT state, v, seq FROM articles WHERE id = ?").bind(article.as_str())
            }
            MachineId::Worker(name) => {
                sqlx::query("SELECT state, v, seq FROM workers WHERE name = ?").bind(name.as_str())
            }
        };
        let Some(row) = row.fetch_optional(self.conn()).await? else { return Ok(None) };
        let (state, v, seq): (String, u32, i64) = (row.get(0), row.get(1), row.get(2));
        // An article's row is made with its lead, a moment before its birth is applied.
        if state.is_empty() {
            return Ok(None);
        }
        let machine = stored::read_state(id, v, &state).map_err(|e| broken(id.to_string(), e))?;
        Ok(Some(Loaded { machine, seq: u64::try_from(seq).unwrap_or_default() }))
    }

    /// Lets `event` happen to the machine `id`: new state, journal row, outbox rows; open rows of a state that was left are
    /// cancelled. Nothing is written for an event that does not fit.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn apply(
        &mut self,
        id: &MachineId,
        event: &Happening,
        moment: &Moment,
        run: Option<&RunId>,
    ) -> Result<Applied> {
        let before = self.machine(id).await?;
        let step = match machine::step(id, before.as_ref().map(|l| &l.machine), event, moment) {
            Ok(step) => step,
            Err(illegal) => return Ok(Applied::Illegal(illegal)),
        };
        let seq = before.as_ref().map_or(0, |l| l.seq + 1);
        self.write_state(id, &step.state, seq, moment).await?;
        sqlx::query(
            r#"INSERT INTO journal (machine, seq, event, name, v, "from", "to", run, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"#,
        )
        .bind(id.to_string())
        .bind(i64::try_from(seq).unwrap_or(i64::MAX))
        .bind(stored::write_event(event))
        .bind(event.name())
        .bind(stored::VERSION)
        .bind(before.as_ref().map(|l| l.machine.name()))
        .bind(step.state.name())
        .bind(run.map(RunId::as_str))
        .bind(millis(moment.at))
        .execute(self.conn())
        .await?;
        if step.left {
            // Notices of the state that was left are still told.
            sqlx::query("DELETE FROM outbox WHERE machine = ? AND lane <> 'notice'")
                .bind(id.to_string())
                .execute(self.conn())
                .await?;
        }
        for (n, planned) in step.effects.iter().enumerate() {
            let key = EffectKey::new(id, seq, n);
            self.plan(id, &key, planned, moment.at).await?;
        }
        Ok(Applied::Stepped { before: before.map(|l| l.machine), after: step.state })
    }

    async fn write_state(&mut self, id: &MachineId, machine: &Machine, seq: u64, moment: &Moment) -> Result<()> {
        let state = stored::write_state(machine);
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let at = millis(moment.at);
        let done = match id {
            MachineId::Article(article) => {
                sqlx::query("UPDATE articles SET state = ?, name = ?, v = ?, seq = ?, changed_at = ? WHERE id = ?")
                    .bind(state)
                    .bind(machine.name())
                    .bind(stored::VERSION)
                    .bind(seq)
                    .bind(at)
                    .bind(article.as_str())
                    .execute(self.conn())
                    .await?
            }
            MachineId::Worker(name) => {
                sqlx::query(
                    "INSERT INTO workers (name, state, v, seq, changed_at) VALUES (?, ?, ?, ?, ?) \
                     ON CONFLICT (name) DO UPDATE SET state = excluded.state, v = excluded.v, seq = excluded.seq, \
                     changed_at = excluded.changed_at",
                )
                .bind(name.as_str())
                .bind(state)
                .bind(stored::VERSION)
                .bind(seq)
                .bind(at)
                .execute(self.conn())
                .await?
            }
        };
        if done.rows_affected() == 1 { Ok(()) } else { Err(broken(id.to_string(), "its row is missing")) }
    }

    /// Keeps an outcome or event that did not fit, with everything needed to see why.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn dead_letter(
        &mut self,
        id: &MachineId,
        key: Option<&EffectKey>,
        kind: DeadKind,
        event: &str,
        why: &str,
        moment: &Moment,
    ) -> Result<()> {
        let state = self.machine(id).await?.map(|l| stored::write_state(&l.machine)).unwrap_or_default();
        sqlx::query(
            "INSERT INTO dead_letters (machine, key, kind, state, event, why, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(key.map(EffectKey::as_str))
        .bind(match kind {
            DeadKind::Stale => "stale",
            DeadKind::Illegal => "illegal",
        })
        .bind(state)
        .bind(event)
        .bind(why)
        .bind(millis(moment.at))
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

/// Why an outcome went nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadKind {
    /// Its effect had been cancelled or closed.
    Stale,
    /// The machine did not take it: a bug.
    Illegal,
}

impl Store {
    /// All workers with their states and when these changed (milliseconds).
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn worker_states(&self) -> Result<Vec<(String, Machine, i64)>> {
        let rows: Vec<(String, String, u32, i64)> =
            sqlx::query_as("SELECT name, state, v, changed_at FROM workers ORDER BY name")
                .fetch_all(&self.readers)
                .await?;
        rows.into_iter()
            .map(|(name, state, v, at)| {
                let id = MachineId::Worker(super::parse_id(&name)?);
                let machine = stored::read_state(&id, v, &state).map_err(|e| broken(name.clone(), e))?;
                Ok((name, machine, at))
            })
            .collect()
    }

    /// Folds every journal and compares it with the stored state. Returns the machines that differ.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn check_journals(&self) -> Result<Vec<String>> {
        let rows: Vec<(String, String, u32)> =
            sqlx::query_as("SELECT machine, event, v FROM journal ORDER BY machine, seq")
                .fetch_all(&self.readers)
                .await?;
        let states: Vec<(String, String, u32)> = sqlx::query_as(
            "SELECT 'article:' || id, state, v FROM articles UNION ALL SELECT 'worker:' || name, state, v FROM workers",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut journals: std::collections::BTreeMap<String, Vec<Happening>> = std::collections::BTreeMap::new();
        for (machine, event, v) in rows {
            let id: MachineId = super::parse_id(&machine)?;
            let event = stored::read_event(&id, v, &event).map_err(|e| broken(machine.clone(), e))?;
            journals.entry(machine).or_default().push(event);
        }
        let mut wrong = Vec::new();
        for (name, state, v) in states {
            let id: MachineId = super::parse_id(&name)?;
            let stored = stored::read_state(&id, v, &state).map_err(|e| broken(name.clone(), e))?;
            let events = journals.remove(&name).unwrap_or_default();
            if machine::fold(&id, &events).ok().flatten() != Some(stored) {
                wrong.push(name);
            }
        }
        Ok(wrong)
    }
}

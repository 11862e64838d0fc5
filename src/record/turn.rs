//! Turns: what belongs together in a run, and is read back together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    /// The turn that the running future belongs to.
    static TURN: Arc<Turn>;
}

/// One delivery of an effect, one poll, one selection.
#[derive(Debug, Default)]
pub struct Turn {
    /// Its id in the recording; empty where nothing is recorded, and for turns that a replay does not find there.
    pub(super) id: String,
    /// What it reads off the clock, in a replay.
    pub(super) readings: Mutex<VecDeque<i64>>,
    /// What it asked for and the recording does not have.
    pub(super) missed: Mutex<Vec<String>>,
}

impl Turn {
    /// What it asked for and the recording does not have, the first of it.
    pub fn missed(&self) -> Option<String> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// Runs a future as a part of this turn.
    pub async fn within<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        TURN.scope(self.clone(), work).await
    }

    /// The turn of the running future.
    pub(super) fn current() -> Option<Arc<Self>> {
        TURN.try_with(Arc::clone).ok()
    }

    pub(super) fn next_reading(&self) -> Option<i64> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn misses(&self, what: String) {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

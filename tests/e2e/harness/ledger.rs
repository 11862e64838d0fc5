//! What a fake was asked and what it did, in order: the oracle of the tests.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// One thing that happened at a fake.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Time since the first entry of any ledger of this process: entries of different fakes can be compared.
    pub(crate) at: Duration,
    /// What happened (`get`, `billed`, `push`, …).
    pub(crate) kind: &'static str,
    /// What it happened to: a path, a hash, a branch.
    pub(crate) key: String,
    /// What else is known.
    pub(crate) detail: Value,
}

/// Entries in the order in which they happened. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    shared: Arc<(Mutex<Vec<Entry>>, Condvar)>,
}

impl Ledger {
    /// Writes one entry.
    pub(crate) fn note(&self, kind: &'static str, key: impl Into<String>, detail: Value) {
        static START: OnceLock<Instant> = OnceLock::new();
        let mut entries = self.lock();
        // Read under the lock, so that the order of the entries is the order of their times.
        let at = START.get_or_init(Instant::now).elapsed();
        entries.push(Entry { at, kind, key: key.into(), detail });
        self.shared.1.notify_all();
    }

    /// Everything so far.
    pub(crate) fn all(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// The entries of one kind.
    pub(crate) fn of(&self, kind: &str) -> Vec<Entry> {
        self.lock().iter().filter(|e| e.kind == kind).cloned().collect()
    }

    /// How many entries of one kind there are.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.lock().iter().filter(|e| e.kind == kind).count()
    }

    /// How many entries of one kind each key has.
    pub(crate) fn tally(&self, kind: &str) -> BTreeMap<String, usize> {
        let mut tally = BTreeMap::new();
        for entry in self.lock().iter().filter(|e| e.kind == kind) {
            *tally.entry(entry.key.clone()).or_insert(0) += 1;
        }
        tally
    }

    /// The keys that have more than one entry of one kind, with their number.
    pub(crate) fn repeated(&self, kind: &str) -> BTreeMap<String, usize> {
        let mut tally = self.tally(kind);
        tally.retain(|_, n| *n > 1);
        tally
    }

    /// Waits until there are `n` entries of a kind; false when `timeout` is over first.
    pub(crate) fn wait_for(&self, kind: &str, n: usize, timeout: Duration) -> bool {
        let enough = |entries: &mut Vec<Entry>| entries.iter().filter(|e| e.kind == kind).count() < n;
        let (_entries, result) =
            self.shared.1.wait_timeout_while(self.lock(), timeout, enough).unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // A test that failed while it held the lock has left a whole vector behind.
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line per entry, for the message of an assertion that failed.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { at, kind, key, detail } in self.lock().iter() {
            writeln!(f, "{:>9.3} s  {kind:<12} {key}  {detail}", at.as_secs_f64())?;
        }
        Ok(())
    }
}

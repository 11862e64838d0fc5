//! One connection per host at a time, and a gap between two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};
use url::Url;

/// From so many hosts on, those that are not waited for are forgotten.
const MANY: usize = 1024;

/// When a host was last done with.
type Lane = tokio::sync::Mutex<Option<Instant>>;

/// The lanes of all hosts.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

impl Pace {
    /// Waits for a host to be free, and takes it. Who came first is first.
    pub(crate) async fn turn(&self, host: &str) -> Turn {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            if lanes.len() >= MANY {
                // Half a minute is the longest gap that anybody asks for.
                let recent =
                    |lane: &Lane| lane.try_lock().map_or(true, |at| at.is_some_and(|at| at.elapsed().as_secs() < 30));
                lanes.retain(|_, lane| Arc::strong_count(lane) > 1 || recent(lane));
            }
            lanes.entry(host.to_owned()).or_default().clone()
        };
        Turn { last: lane.lock_owned().await }
    }
}

/// A host, taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    last: OwnedMutexGuard<Option<Instant>>,
}

impl Turn {
    /// Waits until the gap since the last request is over.
    pub(crate) async fn wait(&mut self, gap: Duration) {
        if let Some(last) = *self.last
            && !gap.is_zero()
        {
            sleep_until(last + gap).await;
        }
    }

    /// A request has ended now.
    pub(crate) fn done(&mut self) {
        *self.last = Some(Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.done();
    }
}

/// What a host is called here: its name, with its port where that is unusual. Both schemes are one host.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

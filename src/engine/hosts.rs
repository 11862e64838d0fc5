//! Which pages are read next: one of each host at a time. A host takes one connection, and a page that waits for its turn there
//! would hold a place that the page of another host could have.

use std::collections::BTreeSet;

use jiff::Timestamp;
use states::effect::Lane;

use super::EngineError;
use super::tick::Engine;
use crate::store::OutboxRow;

/// How many due pages are looked at: those of busy hosts do not hide the others.
const LOOKED_AT: usize = 500;

impl Engine {
    /// Pages that are due, in lead order, of hosts of which none is being read. Files are of no host.
    pub(super) async fn pages(&mut self, now: Timestamp, room: usize) -> Result<Vec<OutboxRow>, EngineError> {
        self.hosts.retain(|key, _| self.in_flight.contains_key(key));
        let mut busy: BTreeSet<String> = self.hosts.values().cloned().collect();
        let mut pages = Vec::new();
        let under_way = self.in_flight.values().filter(|lane| **lane == Lane::Fetch).count();
        for (row, url) in self.desk.store.due_pages(now, LOOKED_AT + under_way).await? {
            if pages.len() == room {
                break;
            }
            if self.in_flight.contains_key(&row.key) {
                continue;
            }
            if let Some(host) = url.as_deref().and_then(host) {
                if !busy.insert(host.clone()) {
                    continue;
                }
                self.hosts.insert(row.key.clone(), host);
            }
            pages.push(row);
        }
        Ok(pages)
    }
}

/// A host with its port. `None` for a file.
fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

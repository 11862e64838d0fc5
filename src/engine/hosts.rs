//! Which pages are read next: one of each host at a time. A host takes one connection, and a page that waits for its turn there
//! would hold a place that the page of another host could have.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sources::polite::host_of;
use states::effect::Lane;
use url::Url;

use super::EngineError;
use super::tick::Engine;
use crate::store::OutboxRow;

/// How many due pages are looked at: those of busy hosts do not hide the others.
const LOOKED_AT: usize = 500;

impl Engine {
    /// Pages that are due, in lead order, of hosts of which none is being read.
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
            // Files are of no host.
            if let Some(host) = url.and_then(|url| Url::parse(&url).ok()).filter(Url::has_host).map(|url| host_of(&url))
            {
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

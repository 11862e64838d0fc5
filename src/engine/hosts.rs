//! Which pages are read next: one of each host at a time. A host takes one connection, and a page that waits for its turn there
//! would hold a place that the page of another host could have.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sources::polite::host_of;
use states::effect::Lane;
use states::words::EffectKey;
use url::Url;

use super::EngineError;
use super::tick::Engine;
use crate::store::OutboxRow;

/// How many due pages are looked at: those of busy hosts do not hide the others.
const LOOKED_AT: usize = 500;

/// The hosts of pages that are being read or were looked at; `None` for files, which are of no host. An effect's host does not
/// change, and is asked of the store once.
#[derive(Default)]
pub(super) struct Hosts(BTreeMap<EffectKey, Option<String>>);

impl Engine {
    /// Pages that are due, in lead order, of hosts of which none is being read.
    pub(super) async fn pages(&mut self, now: Timestamp, room: usize) -> Result<Vec<OutboxRow>, EngineError> {
        let under_way: Vec<&EffectKey> =
            self.in_flight.iter().filter(|(_, lane)| **lane == Lane::Fetch).map(|(key, _)| key).collect();
        let mut busy: BTreeSet<String> =
            under_way.iter().filter_map(|key| self.hosts.0.get(*key).cloned().flatten()).collect();
        let due = self.desk.store.due_pages(now, LOOKED_AT + under_way.len()).await?;
        let mut pages = Vec::new();
        for key in &due {
            if pages.len() == room {
                break;
            }
            if self.in_flight.contains_key(key) || self.hosts.0.get(key).is_some_and(|h| is_busy(h, &busy)) {
                continue;
            }
            let Some((row, url)) = self.desk.store.due_page(key).await? else { continue };
            let host = url.and_then(|url| Url::parse(&url).ok()).filter(Url::has_host).map(|url| host_of(&url));
            let wait = is_busy(&host, &busy);
            busy.extend(host.clone());
            self.hosts.0.insert(key.clone(), host);
            if !wait {
                pages.push(row);
            }
        }
        // What is neither due nor under way was read.
        let known: BTreeSet<&EffectKey> = due.iter().chain(self.in_flight.keys()).collect();
        self.hosts.0.retain(|key, _| known.contains(key));
        Ok(pages)
    }
}

fn is_busy(host: &Option<String>, busy: &BTreeSet<String>) -> bool {
    host.as_ref().is_some_and(|host| busy.contains(host))
}

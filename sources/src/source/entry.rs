//! What a source names.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use states::words::Snapshot;
use states::words::hash::sha256_of;
use url::Url;

use crate::canonical;
use crate::fetch::Carried;

/// One thing a source names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its absolute URL: `http`, `https`, or `file`.
    pub url: String,
    /// Its lexically canonical URL.
    pub canonical: String,
    /// Its title, as plain text on one line.
    pub title: Option<String>,
    /// Its author, as plain text on one line.
    pub author: Option<String>,
    /// When the source says it was published.
    pub published: Option<Timestamp>,
    /// When the source says it was last changed.
    pub updated: Option<Timestamp>,
    /// The full text in the snapshot's form, where the source carries it.
    pub full_text: Option<String>,
    /// A summary, as plain text on one line.
    pub summary: Option<String>,
    /// Where it is talked about, where the source is such a place.
    #[serde(default)]
    pub discussion: Option<String>,
    /// Hash over title, full text and time of the last change: another digest at the same URL is another generation.
    /// Summaries do not count: those of some feeds hold numbers that change with every poll.
    pub digest: String,
}

/// The address of a page on the web, as an outside text gives it. Nothing else may become an entry's URL: a `file:` URL from
/// outside would be read from the disk.
pub(crate) fn web_address(text: &str, base: Option<&Url>) -> Option<Url> {
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(_) => base?.join(text.trim()).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.host().is_some()).then_some(url)
}

impl Entry {
    /// Names the entry: sets `canonical` and `digest` from the rest.
    ///
    /// `None` where its URL is no address of a page.
    pub(crate) fn named(mut self) -> Option<Self> {
        self.canonical = canonical::canonical(&self.url).ok()?;
        let updated = self.updated.map(|at| at.to_string()).unwrap_or_default();
        let title = self.title.as_deref().unwrap_or_default();
        let text = self.full_text.as_deref().unwrap_or_default();
        self.digest = sha256_of("entry", &[title.as_bytes(), text.as_bytes(), updated.as_bytes()]);
        Some(self)
    }

    /// The time by which entries are ordered.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.published.or(self.updated)
    }

    /// What the entry carries for the case that its page cannot be had.
    pub fn carried(&self) -> Option<Carried> {
        Some(Carried {
            text: self.full_text.clone()?,
            title: self.title.clone(),
            author: self.author.clone(),
            published: self.published.or(self.updated),
        })
    }

    /// The carried text as a snapshot, to be stored with the lead.
    pub fn carried_snapshot(&self, now: Timestamp) -> Option<Snapshot> {
        Some(self.carried()?.snapshot(&self.url, now))
    }
}

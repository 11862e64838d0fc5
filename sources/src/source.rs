//! A source is polled and gives entries.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use states::words::Snapshot;
use states::words::hash::sha256_of;

use crate::door::{Conditional, Door, DoorError, Response, Retry};
use crate::fetch::Carried;
use crate::{canonical, feed, files, listing};

/// Most entries that one poll gives, newest first.
pub const MAX_ENTRIES: usize = 500;

/// Longest time a source is left alone because it says so.
const LONGEST_REST: i64 = 24 * 3600;

/// Where leads come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceSpec {
    /// An RSS, Atom or JSON feed.
    Feed {
        /// Its address.
        url: String,
    },
    /// A folder of `.md`, `.txt` and `.html` files.
    Files {
        /// Its path, relative to the configuration's folder.
        path: PathBuf,
    },
    /// A page with links. All selectors are CSS selectors; those beside `item` look inside an item.
    Listing {
        /// Its address.
        url: String,
        /// What matches one item.
        item: String,
        /// What matches the item's link; the first link where it is not given.
        #[serde(default)]
        link: Option<String>,
        /// What matches the item's title; the link's text where it is not given.
        #[serde(default)]
        title: Option<String>,
        /// What matches the item's date.
        #[serde(default)]
        date: Option<String>,
    },
}

/// What a poll must remember for the next one. Unknown keys of a later version are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PollState {
    /// The last answer's `ETag`.
    pub etag: Option<String>,
    /// The last answer's `Last-Modified`.
    pub last_modified: Option<String>,
    /// The source asks not to be polled before this time. The caller keeps to it.
    pub next_after: Option<Timestamp>,
    /// Hash of the last answer's body: sources that know no validators are recognised by it.
    pub body: Option<String>,
}

/// What a poll gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Polled {
    /// The entries, newest first; empty where nothing changed since the last poll.
    pub entries: Vec<Entry>,
    /// To be handed to the next poll.
    pub state: PollState,
    /// True where the source is as it was at the last poll.
    pub unchanged: bool,
    /// What a person should know, in sentences: what was left out and why.
    pub notes: Vec<String>,
}

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
    /// Hash over title, full text and time of the last change: another digest at the same URL is another generation.
    /// Summaries do not count: those of some feeds hold numbers that change with every poll.
    pub digest: String,
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
    fn time(&self) -> Option<Timestamp> {
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

/// Why a poll gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The door gave no answer.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The answer was an error.
    #[error("{url} answered {status}: {next}")]
    Status {
        /// The address, without its query.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What can be done.
        next: String,
        /// Seconds to wait, where the source said so.
        after: Option<u64>,
    },
    /// The answer is not what the source is said to be.
    #[error("{url} is not a feed: {why}")]
    NotAFeed {
        /// The address, without its query.
        url: String,
        /// What it is instead, and the next step.
        why: String,
    },
    /// A selector is not one, or finds nothing.
    #[error("{url}: {why}")]
    Listing {
        /// The address, without its query.
        url: String,
        /// Which, and the next step.
        why: String,
    },
    /// The folder cannot be read.
    #[error("the folder {}: {why}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why, and the next step.
        why: String,
    },
}

impl SourceError {
    /// Whether the poll is worth repeating before its next turn.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Door(error) => error.retry(),
            Self::Status { status: 408 | 425 | 429 | 500..=599, after, .. } => Retry::Later { after: *after },
            Self::Status { .. } | Self::NotAFeed { .. } | Self::Listing { .. } | Self::Folder { .. } => Retry::No,
        }
    }
}

/// Polls a source once. `base_dir` is the configuration's folder, `allow` adds to the door's exceptions.
///
/// # Errors
/// A [`SourceError`] where the source could not be read; `state` then still holds.
pub async fn poll(
    door: &Door,
    spec: &SourceSpec,
    base_dir: &Path,
    state: &PollState,
    allow: &[String],
    now: Timestamp,
) -> Result<Polled, SourceError> {
    let url = match spec {
        SourceSpec::Files { path } => {
            let (base, path) = (base_dir.to_owned(), path.clone());
            let (mut entries, mut notes) = blocking(move || files::read_folder(&base, &path, now)).await?;
            tidy(&mut entries, &mut notes);
            return Ok(Polled { entries, state: PollState::default(), unchanged: false, notes });
        }
        SourceSpec::Feed { url } | SourceSpec::Listing { url, .. } => url,
    };
    let conditional = Conditional { etag: state.etag.clone(), last_modified: state.last_modified.clone() };
    let response = door.get(url, &conditional, allow).await?;
    check_status(&response)?;
    let mut next = PollState {
        etag: response.etag.clone().or_else(|| state.etag.clone().filter(|_| response.not_modified)),
        last_modified: response
            .last_modified
            .clone()
            .or_else(|| state.last_modified.clone().filter(|_| response.not_modified)),
        next_after: rest(&response, now),
        body: state.body.clone(),
    };
    let mut notes = Vec::new();
    if response.final_url != *url && !response.hops.is_empty() {
        notes.push(format!(
            "{} now answers from {}.",
            crate::door::shown(url),
            crate::door::shown(&response.final_url)
        ));
    }
    let body = states::words::hash::sha256_hex(&response.body);
    if response.not_modified || state.body.as_deref() == Some(body.as_str()) {
        return Ok(Polled { entries: Vec::new(), state: next, unchanged: true, notes });
    }
    next.body = Some(body);
    let spec = spec.clone();
    let (mut entries, more) = blocking(move || match spec {
        SourceSpec::Listing { item, link, title, date, .. } => {
            let selectors = listing::Selectors { item, link, title, date };
            listing::read_page(&response, &selectors, now)
        }
        SourceSpec::Feed { .. } | SourceSpec::Files { .. } => {
            feed::read_feed(&response.body, response.content_type.as_deref(), &response.final_url, now)
        }
    })
    .await?;
    notes.extend(more);
    tidy(&mut entries, &mut notes);
    Ok(Polled { entries, state: next, unchanged: false, notes })
}

/// Runs what only computes beside the executor.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        // A panic is the caller's to see, as if it had happened here. The task is never cancelled.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn check_status(response: &Response) -> Result<(), SourceError> {
    let next = match response.status {
        200..=299 | 304 => return Ok(()),
        401 | 403 => "it does not let this program in; see whether it wants to be read by programs",
        404 => "nothing is there; look for the source's new address",
        410 => "it is gone for good; take it out of the configuration",
        429 => "it is asked too often; poll it less often",
        500..=599 => "it has trouble of its own; it will be asked again",
        _ => "this was not expected; open the address in a browser",
    };
    Err(SourceError::Status {
        url: crate::door::shown(&response.final_url),
        status: response.status,
        next: next.to_owned(),
        after: response.retry_after_seconds,
    })
}

/// Until when the source wants to be left alone.
fn rest(response: &Response, now: Timestamp) -> Option<Timestamp> {
    let seconds = response.max_age_seconds.max(response.retry_after_seconds)?;
    let seconds = i64::try_from(seconds).unwrap_or(LONGEST_REST).min(LONGEST_REST);
    now.checked_add(seconds.seconds()).ok().filter(|at| *at > now)
}

/// Newest first, each URL once, not too many. Entries without a time keep their order behind the others.
fn tidy(entries: &mut Vec<Entry>, notes: &mut Vec<String>) {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.time()));
    let found = entries.len();
    let mut seen = std::collections::BTreeSet::new();
    entries.retain(|entry| seen.insert(entry.canonical.clone()));
    if entries.len() < found {
        notes.push(format!("{} entries name an address that a newer one names too.", found - entries.len()));
    }
    if entries.len() > MAX_ENTRIES {
        notes.push(format!("{} entries beyond the newest {MAX_ENTRIES} are left out.", entries.len() - MAX_ENTRIES));
        entries.truncate(MAX_ENTRIES);
    }
}

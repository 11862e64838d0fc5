//! One poll: what is asked, what is remembered for the next, and in which order the entries come.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::ask::{Asker, Kept, Told};
use super::{Entry, SourceError, SourceSpec, blocking, read};
use crate::door::{Conditional, Extra, Response, Retry};
use crate::polite::Polite;
use crate::{files, github, hackernews, interval, reddit, sitemap};

/// Most entries that one poll gives, newest first.
pub const MAX_ENTRIES: usize = 500;

/// After so many failures in a row the address that a source has moved to is forgotten.
const MOVED_FAILURES: u32 = 3;

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
    /// Where the source has moved for good: asked there from now on. What the configuration names is still what it is.
    pub moved_to: Option<String>,
    /// Hash of the last answer's body: sources that know no validators are recognised by it.
    pub body: Option<String>,
    /// What is remembered of each address, where a poll asks several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, Kept>,
    /// What was told before and how, where a source can be read in several forms.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, Told>,
}

impl PollState {
    /// The state after a poll that failed, the `failures`-th in a row. Validators outlive failures; an address that the source
    /// had moved to and that is not there any more, or has failed for long, is forgotten, and with it what was heard there: the
    /// next poll asks the configured one.
    pub fn after(&self, error: &SourceError, failures: u32, now: Timestamp) -> Self {
        let lost = self.moved_to.is_some() && (error.is_missing() || failures >= MOVED_FAILURES);
        let mut state = if lost { Self::default() } else { self.clone() };
        if let Retry::Later { after: Some(after) } = error.retry() {
            state.next_after = until(after, now);
        }
        state
    }
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

/// Polls a source once. `base_dir` is the configuration's folder, `allow` adds to the door's exceptions.
///
/// # Errors
/// A [`SourceError`] where the source could not be read; [`PollState::after`] then says what holds.
pub async fn poll(
    web: &Polite,
    spec: &SourceSpec,
    base_dir: &Path,
    state: &PollState,
    allow: &[String],
    now: Timestamp,
) -> Result<Polled, SourceError> {
    let asker = Asker::new(web, spec.asked_as(), allow, now);
    let url = match spec {
        SourceSpec::Files { path } => {
            let (base, path) = (base_dir.to_owned(), path.clone());
            let (mut entries, mut notes) = blocking(move || files::read_folder(&base, &path, now)).await?;
            tidy(&mut entries, &mut notes);
            return Ok(Polled { entries, state: PollState::default(), unchanged: false, notes });
        }
        SourceSpec::Feed { url } | SourceSpec::Listing { url, .. } => url,
        SourceSpec::Github(source) => return github::poll(&asker, source, state).await.map(tidied),
        SourceSpec::Hackernews(source) => return hackernews::poll(&asker, source, state).await.map(tidied),
        SourceSpec::Reddit(source) => return reddit::poll(&asker, source, state).await.map(tidied),
        SourceSpec::Sitemap(source) => return sitemap::poll(&asker, source, state).await.map(tidied),
    };
    let conditional = Conditional { etag: state.etag.clone(), last_modified: state.last_modified.clone() };
    let asked = state.moved_to.as_ref().unwrap_or(url);
    let response = asker.get(asked, &conditional, Extra::default()).await?;
    check_status(&response)?;
    let mut next = PollState {
        etag: response.etag.clone().or_else(|| state.etag.clone().filter(|_| response.not_modified)),
        last_modified: response
            .last_modified
            .clone()
            .or_else(|| state.last_modified.clone().filter(|_| response.not_modified)),
        next_after: rest(&response, now),
        moved_to: response.moved.clone().or_else(|| state.moved_to.clone()),
        body: state.body.clone(),
        ..PollState::default()
    };
    let mut notes = Vec::new();
    if let Some(moved) = &next.moved_to {
        let (from, to) = (crate::door::shown(url), crate::door::shown(moved));
        notes.push(format!(
            "{from} has moved for good to {to}, which is asked from now on: put that into the configuration."
        ));
    } else if !response.hops.is_empty() {
        let (from, to) = (crate::door::shown(url), crate::door::shown(&response.final_url));
        notes.push(format!("{from} answers from {to} for the time being."));
    }
    let body = states::words::hash::sha256_hex(&response.body);
    if response.not_modified || state.body.as_deref() == Some(body.as_str()) {
        return Ok(Polled { entries: Vec::new(), state: next, unchanged: true, notes });
    }
    next.body = Some(body);
    let (mut entries, more) = read::read(spec.clone(), response, now).await?;
    notes.extend(more);
    tidy(&mut entries, &mut notes);
    Ok(Polled { entries, state: next, unchanged: false, notes })
}

pub(super) fn check_status(response: &Response) -> Result<(), SourceError> {
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
pub(super) fn rest(response: &Response, now: Timestamp) -> Option<Timestamp> {
    until(response.max_age_seconds.max(response.retry_after_seconds)?, now)
}

/// So many seconds from now, a day at most.
fn until(seconds: u64, now: Timestamp) -> Option<Timestamp> {
    let seconds = i64::try_from(seconds).unwrap_or(interval::LONGEST).min(interval::LONGEST);
    now.checked_add(seconds.seconds()).ok().filter(|at| *at > now)
}

fn tidied(mut polled: Polled) -> Polled {
    tidy(&mut polled.entries, &mut polled.notes);
    polled
}

/// Newest first, each URL once, not too many. Entries without a time keep their order behind the others.
pub(super) fn tidy(entries: &mut Vec<Entry>, notes: &mut Vec<String>) {
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

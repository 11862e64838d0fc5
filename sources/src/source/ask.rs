//! The requests of one poll: the one way to the door, counted, and what is remembered of each address.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::poll::{check_status, rest};
use super::{Entry, SourceError};
use crate::door::{Conditional, Extra, Response, shown};
use crate::polite::{Asked, Polite};

/// Most requests of one poll, redirects not counted.
pub const MAX_REQUESTS: usize = 120;

/// Longest time for which one form of a source is left alone.
const LONGEST_PAUSE: u64 = 24 * 3600;

/// What is remembered of one address, where a poll asks several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Its last `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its last `Last-Modified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Hash of its last body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// When the one that names it says it was last changed, as written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lastmod: Option<String>,
    /// It asks to be left alone until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// How an entry was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The form of the source that it was read from.
    pub form: String,
    /// Its digest then.
    pub digest: String,
}

/// What one poll asks with.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    web: &'a Polite,
    asked_as: Asked,
    allow: &'a [String],
    /// The time of the poll.
    pub(crate) now: Timestamp,
    asked: AtomicUsize,
}

/// An answer that is no error, with what to remember of its address.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) kept: Kept,
    /// True where it is as it was.
    pub(crate) unchanged: bool,
    /// Until when the source wants to be left alone.
    pub(crate) next_after: Option<Timestamp>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(web: &'a Polite, asked_as: Asked, allow: &'a [String], now: Timestamp) -> Self {
        Self { web, asked_as, allow, now, asked: AtomicUsize::new(0) }
    }

    /// Most bytes of a body.
    pub(crate) fn max_bytes(&self) -> usize {
        self.web.door().options().max_bytes
    }

    /// Asks. Every request of every kind of source goes through here.
    ///
    /// # Errors
    /// [`SourceError::Door`], and [`SourceError::Answer`] where the poll has used up its requests. A status is no error.
    pub(crate) async fn get(
        &self,
        url: &str,
        conditional: &Conditional,
        extra: Extra<'_>,
    ) -> Result<Response, SourceError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= MAX_REQUESTS {
            let why = format!("one poll asks {MAX_REQUESTS} times at most; narrow the source down");
            return Err(SourceError::Answer { url: shown(url), why });
        }
        Ok(self.web.get_as(self.asked_as, url, conditional, extra, self.allow, self.now).await?)
    }

    /// Asks on the condition that something changed since `kept`.
    ///
    /// # Errors
    /// As [`Asker::get`], and [`SourceError::Status`] for a status that is an error.
    pub(crate) async fn changed(&self, url: &str, kept: &Kept, extra: Extra<'_>) -> Result<Answer, SourceError> {
        let response = self.get(url, &kept.conditional(), extra).await?;
        self.judged(response, kept)
    }

    /// An answer beside what was remembered before it.
    ///
    /// # Errors
    /// [`SourceError::Status`] for a status that is an error.
    pub(crate) fn judged(&self, response: Response, before: &Kept) -> Result<Answer, SourceError> {
        check_status(&response)?;
        let next_after = rest(&response, self.now);
        if response.not_modified {
            let kept = Kept {
                etag: response.etag.clone().or_else(|| before.etag.clone()),
                last_modified: response.last_modified.clone().or_else(|| before.last_modified.clone()),
                ..before.clone()
            };
            return Ok(Answer { response, kept, unchanged: true, next_after });
        }
        let body = states::words::hash::sha256_hex(&response.body);
        let unchanged = before.body.as_deref() == Some(body.as_str());
        let kept = Kept {
            etag: response.etag.clone(),
            last_modified: response.last_modified.clone(),
            body: Some(body),
            lastmod: before.lastmod.clone(),
            not_before: None,
        };
        Ok(Answer { response, kept, unchanged, next_after })
    }

    /// The time after so many seconds, within a day; an hour where nothing is said.
    pub(crate) fn after(&self, seconds: Option<u64>) -> Option<Timestamp> {
        let seconds = i64::try_from(seconds.unwrap_or(3600).min(LONGEST_PAUSE)).ok()?;
        self.now.checked_add(seconds.seconds()).ok()
    }
}

impl Kept {
    pub(crate) fn conditional(&self) -> Conditional {
        Conditional { etag: self.etag.clone(), last_modified: self.last_modified.clone() }
    }
}

/// The address of an interface, from the configuration or the usual one: without a slash at its end.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn base(given: Option<&str>, usual: &str) -> Result<String, String> {
    let text = given.unwrap_or(usual).trim().trim_end_matches('/');
    match url::Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none() =>
        {
            Ok(text.to_owned())
        }
        _ => Err(format!("`api` is an http or https address without credentials and query, such as {usual}")),
    }
}

/// Gives entries that were told in another form of the source the digest under which they were told, so that a change of
/// the form is no change of the entry. Gives what is to be remembered, by canonical URL.
pub(crate) fn same_digest(
    entries: &mut [Entry],
    form: &str,
    before: &BTreeMap<String, Told>,
) -> BTreeMap<String, Told> {
    entries
        .iter_mut()
        .map(|entry| {
            let told = match before.get(&entry.canonical).filter(|told| told.form != form) {
                Some(told) => told.clone(),
                None => Told { form: form.to_owned(), digest: entry.digest.clone() },
            };
            entry.digest.clone_from(&told.digest);
            (entry.canonical.clone(), told)
        })
        .collect()
}

//! An entry is fetched and gives a snapshot.

mod refusal;

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use states::words::Snapshot;

use crate::door::{Conditional, DoorError, Response, Retry};
use crate::extract::{EXTRACTOR, Extracted, Image, extract};
use crate::files::{self, FileError};
use crate::polite::Polite;
use crate::source::blocking;
use crate::{charset, dates};

/// What a source carried of an entry, for the case that its page cannot be had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The full text in the snapshot's form.
    pub text: String,
    /// Its title.
    pub title: Option<String>,
    /// Its author.
    pub author: Option<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
}

impl Carried {
    /// The carried text as a snapshot, marked as such.
    pub fn snapshot(self, url: &str, now: Timestamp) -> Snapshot {
        Snapshot::compose(&self.text, EXTRACTOR, url, self.title, self.author, self.published, None, None, now, true)
    }
}

impl From<&Snapshot> for Carried {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            text: snapshot.body().to_owned(),
            title: snapshot.title.clone(),
            author: snapshot.author.clone(),
            published: snapshot.published,
        }
    }
}

/// Where a snapshot's text is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchedVia {
    /// The page itself.
    Page,
    /// A file of a folder.
    File,
    /// What the feed carried, since the page could not be had.
    Feed {
        /// Why not.
        why: String,
    },
}

/// A fetched entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The archived text.
    pub snapshot: Snapshot,
    /// Where it was read from, after redirects.
    pub final_url: String,
    /// The URLs that redirected, in order.
    pub hops: Vec<String>,
    /// Where the page says it really lives: a hint only.
    pub rel_canonical: Option<String>,
    /// The images of the text, where a page was read.
    pub images: Vec<Image>,
    /// Where the text is from.
    pub via: FetchedVia,
}

/// Why there is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The page is not there, or no longer.
    #[error("gone: {why}")]
    Gone {
        /// What was answered.
        why: String,
    },
    /// There is something, but no article that could be read.
    #[error("refused: {why}")]
    Refused {
        /// What it is.
        why: String,
    },
    /// It did not work this time.
    #[error("failed: {why}")]
    Failed {
        /// What happened.
        why: String,
        /// Seconds to wait, where the other side said so.
        retry_after: Option<u64>,
    },
    /// Its host wants to be left alone: it was not asked.
    #[error("{host} is left alone: {why}")]
    Resting {
        /// The host.
        host: String,
        /// Why.
        why: String,
        /// How much longer, in seconds.
        seconds: u64,
    },
}

/// Fetches an entry. `base_dir` is the folder that `file:` URLs are relative to and may not leave (the same as at the poll);
/// `allow` adds to the door's exceptions. Where the page cannot be had for any reason but being gone, `carried` takes its
/// place and the snapshot is marked.
///
/// # Errors
/// A [`FetchError`] where there is neither.
pub async fn fetch(
    web: &Polite,
    entry_url: &str,
    base_dir: &Path,
    allow: &[String],
    carried: Option<Carried>,
    now: Timestamp,
) -> Result<Fetched, FetchError> {
    let outcome = if entry_url.starts_with("file:") {
        let (base, url) = (base_dir.to_owned(), entry_url.to_owned());
        blocking(move || from_file(&base, &url, now)).await
    } else {
        match web.get(entry_url, &Conditional::default(), allow, now).await {
            Ok(response) => {
                let asked = entry_url.to_owned();
                blocking(move || from_page(&asked, response, now)).await
            }
            Err(error) => Err(of_door(&error)),
        }
    };
    match (outcome, carried) {
        (
            Err(FetchError::Refused { why } | FetchError::Failed { why, .. } | FetchError::Resting { why, .. }),
            Some(carried),
        ) => Ok(Fetched {
            snapshot: carried.snapshot(entry_url, now),
            final_url: entry_url.to_owned(),
            hops: Vec::new(),
            rel_canonical: None,
            images: Vec::new(),
            via: FetchedVia::Feed { why },
        }),
        (outcome, _) => outcome,
    }
}

fn of_door(error: &DoorError) -> FetchError {
    if let DoorError::Resting { host, why, seconds } = error {
        return FetchError::Resting { host: host.clone(), why: why.clone(), seconds: *seconds };
    }
    match error.retry() {
        Retry::No => FetchError::Refused { why: error.to_string() },
        Retry::Later { after } => FetchError::Failed { why: error.to_string(), retry_after: after },
    }
}

fn from_file(base_dir: &Path, url: &str, now: Timestamp) -> Result<Fetched, FetchError> {
    let read = files::read_url(base_dir, url).map_err(|error| match error {
        FileError::Gone => FetchError::Gone { why: error.to_string() },
        FileError::Refused(_) => FetchError::Refused { why: error.to_string() },
        FileError::Failed(_) => FetchError::Failed { why: error.to_string(), retry_after: None },
    })?;
    if let Some(why) = refusal::too_short(&read.page.body) {
        return Err(FetchError::Refused { why });
    }
    let final_url = read.url.unwrap_or_else(|| url.to_owned());
    Ok(Fetched {
        snapshot: compose(read.page, &final_url, now),
        final_url,
        hops: Vec::new(),
        rel_canonical: None,
        images: Vec::new(),
        via: FetchedVia::File,
    })
}

pub(crate) fn from_page(asked: &str, response: Response, now: Timestamp) -> Result<Fetched, FetchError> {
    let refused = |why: String| FetchError::Refused { why };
    match response.status {
        200 | 203 => {}
        404 | 410 => return Err(FetchError::Gone { why: format!("the answer was {}", response.status) }),
        status @ (408 | 425 | 429 | 500..=599) => {
            let why = format!("the answer was {status}");
            return Err(FetchError::Failed { why, retry_after: response.retry_after_seconds });
        }
        status @ (401..=403 | 407 | 451) => {
            return Err(refused(format!("the answer was {status}: this program is not let in")));
        }
        status => return Err(refused(format!("the answer was {status}"))),
    }
    let kind = refusal::content_kind(&response.body, response.content_type.as_deref()).map_err(refused)?;
    let text = charset::decode(&response.body, response.content_type.as_deref());
    let page = match kind {
        refusal::ContentKind::Html => {
            extract(&text, &response.final_url).map_err(|error| refused(error.to_string()))?
        }
        refusal::ContentKind::Text => Extracted { body: files::paragraphs(&text), ..Extracted::default() },
    };
    if let Some(why) = refusal::of_page(asked, &response.final_url, &page) {
        return Err(refused(why));
    }
    let rel_canonical = page.rel_canonical.clone();
    let images = page.images.clone();
    let snapshot = compose(page, &response.final_url, now);
    let via = FetchedVia::Page;
    Ok(Fetched { snapshot, final_url: response.final_url, hops: response.hops, rel_canonical, images, via })
}

fn compose(page: Extracted, url: &str, now: Timestamp) -> Snapshot {
    let published = page.published.and_then(|at| dates::believable(at, now));
    let Extracted { body, title, author, publisher, language, .. } = page;
    Snapshot::compose(&body, EXTRACTOR, url, title, author, published, publisher, language, now, false)
}

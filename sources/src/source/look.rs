//! A look at an address: what would be read of it, without remembering anything.

use jiff::Timestamp;

use super::{Entry, SourceError, SourceSpec, blocking, poll, read};
use crate::autodiscovery::{FoundFeed, feeds_of, is_page};
use crate::charset;
use crate::door::Conditional;
use crate::fetch::{self, FetchError, Fetched};
use crate::polite::Polite;

/// What is at an address.
#[derive(Debug)]
pub enum Look {
    /// A feed.
    Feed {
        /// Where it answered, after redirects.
        url: String,
        /// Its entries, newest first.
        entries: Vec<Entry>,
        /// What a person should know: what was left out and why.
        notes: Vec<String>,
    },
    /// Something else.
    Page {
        /// Why it is no feed, and where its feeds are, as far as the page says so.
        why: String,
        /// The feeds that it names, the surest first.
        feeds: Vec<FoundFeed>,
        /// What would be read of it as a page.
        page: Box<Result<Fetched, FetchError>>,
    },
}

/// Looks at an address. `allow` adds to the door's exceptions.
///
/// # Errors
/// A [`SourceError`] where there is no answer, or none to look at.
pub async fn look(web: &Polite, url: &str, allow: &[String], now: Timestamp) -> Result<Look, SourceError> {
    let response = web.get(url, &Conditional::default(), allow, now).await?;
    poll::check_status(&response)?;
    let final_url = response.final_url.clone();
    match read::read(SourceSpec::Feed { url: url.to_owned() }, response.clone(), now).await {
        Ok((mut entries, mut notes)) => {
            poll::tidy(&mut entries, &mut notes);
            Ok(Look::Feed { url: final_url, entries, notes })
        }
        Err(SourceError::NotAFeed { why, .. }) => {
            let asked = url.to_owned();
            let (feeds, page) = blocking(move || {
                let text = charset::decode(&response.body, response.content_type.as_deref());
                let feeds = if is_page(&text) { feeds_of(&text, &response.final_url) } else { Vec::new() };
                (feeds, fetch::from_page(&asked, response, now))
            })
            .await;
            Ok(Look::Page { why, feeds, page: Box::new(page) })
        }
        Err(error) => Err(error),
    }
}

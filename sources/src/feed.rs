//! RSS, Atom and JSON feeds.
//!
//! XML is read by feed-rs (`parser`). Where that cannot take a document, or gives another number of entries than the document
//! has, an own reader that expects nothing of its input (`tolerant`) reads what there is. JSON Feed is read in `json`.

use jiff::Timestamp;
use url::Url;

use crate::door::shown;
use crate::source::{Entry, SourceError};
use crate::{autodiscovery, charset};

mod json;
mod names;
mod parser;
mod raw;
mod tolerant;

use raw::Raw;

/// What a feed holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedRead {
    /// The entries that have the address of a page, in the feed's order.
    pub entries: Vec<Entry>,
    /// How many entries the feed has, those without an address included.
    pub found: usize,
    /// What a person should know, in sentences: what was left out and why.
    pub notes: Vec<String>,
}

/// What a reader found, before it is believed.
#[derive(Debug, Default)]
struct Found {
    raws: Vec<Raw>,
    /// The page that the feed belongs to, as it writes it.
    home: Option<String>,
    /// What is broken in the document, where something is.
    broken: Option<String>,
}

/// Reads a feed from the bytes of an answer. `url` is where it came from.
///
/// # Errors
/// [`SourceError::NotAFeed`] with what it is instead.
pub fn read_feed(body: &[u8], content_type: Option<&str>, url: &str, now: Timestamp) -> Result<FeedRead, SourceError> {
    let not_a_feed = |why: String| SourceError::NotAFeed { url: shown(url), why };
    let text = charset::decode(body, content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c.is_control());
    if text.is_empty() {
        return Err(not_a_feed("the answer is empty; see whether the address is still right".to_owned()));
    }
    if let Some(why) = other_than_feed(text, url) {
        return Err(not_a_feed(why));
    }
    let advised =
        |why: &str| not_a_feed(format!("{why}; run it through https://validator.w3.org/feed/ and tell its publisher"));
    let found = if text.starts_with('{') { json::read(text) } else { read_xml(text, url) };
    let found = found.map_err(|why| advised(&why))?;
    let own = Url::parse(url).ok();
    let home = found.home.as_deref().and_then(|home| own.as_ref()?.join(home.trim()).ok());
    let base = home.or(own);
    let mut read = FeedRead { found: found.raws.len(), ..FeedRead::default() };
    read.entries = found.raws.into_iter().filter_map(|raw| raw.entry(base.as_ref(), now)).collect();
    match found.broken {
        // Nothing useful out of a broken document is no quiet feed.
        Some(why) if read.entries.is_empty() => return Err(advised(&why)),
        Some(why) => read.notes.push(format!("The feed is broken ({why}); it was read as far as it goes.")),
        None => {}
    }
    if read.entries.len() < read.found {
        let left = read.found - read.entries.len();
        read.notes.push(format!("{left} entries have no address of a page and are left out."));
    }
    Ok(read)
}

fn read_xml(text: &str, url: &str) -> Result<Found, String> {
    let plain = without_declaration(text);
    let marks = tolerant::marks(plain);
    let why = match parser::read(plain, url) {
        // Items under a name that the parser does not know are passed over in silence: that is seen by their number.
        Ok(found) if found.raws.len() == marks => return Ok(found),
        Ok(_) => None,
        Err(why) => Some(why),
    };
    match tolerant::read(plain, Url::parse(url).ok().as_ref()) {
        Some(found) => Ok(found),
        None => Err(why.unwrap_or_else(|| parser::NO_FEED.to_owned())),
    }
}

/// Takes the XML declaration off: the text is decoded, and what it says of an encoding is no longer true.
fn without_declaration(text: &str) -> &str {
    let rest = if text.starts_with("<?xml") { text.find("?>").map_or(text, |end| &text[end + 2..]) } else { text };
    rest.trim_start()
}

/// What this is, where it plainly is no feed.
fn other_than_feed(text: &str, url: &str) -> Option<String> {
    if autodiscovery::is_page(text) {
        let feeds = autodiscovery::feeds_of(text, url);
        let names: Vec<String> = feeds.iter().take(3).map(|feed| shown(&feed.url)).collect();
        return Some(match names.as_slice() {
            [] => {
                let guess = autodiscovery::guesses(url).first().map_or_else(String::new, |g| format!(" try {g},"));
                format!("this is an HTML page that names no feed:{guess} or read it as a `listing`")
            }
            [one] => format!("this is an HTML page; its feed is {one}"),
            several => format!("this is an HTML page; its feeds are {}", several.join(" and ")),
        });
    }
    if text.starts_with("%PDF") {
        return Some("this is a PDF".to_owned());
    }
    if !text.starts_with(['<', '{']) {
        let start: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        return Some(format!("it begins with `{start}`, while a feed is XML or JSON; open the address in a browser"));
    }
    None
}

#[cfg(test)]
mod tests;

//! Feeds in XML by feed-rs, and what its input must not hold.

use feed_rs::model;
use feed_rs::parser::{Builder, ParseErrorKind, ParseFeedError};
use jiff::Timestamp;
use url::Url;

use super::Found;
use super::raw::{Link, Raw, Text};
use crate::dates;

/// What is said of XML that is something else.
pub(super) const NO_FEED: &str = "it is neither RSS, Atom nor JSON Feed";

/// Digits from which on a number may overflow in the parser: durations are multiplied by 3600.
const LONG_NUMBER: usize = 16;

/// Reads a document as feed-rs does.
pub(super) fn read(text: &str, url: &str) -> Result<Found, String> {
    if stumbles(text) {
        return Err("the feed parser cannot take it".to_owned());
    }
    let own = Url::parse(url).ok();
    let parser = Builder::new()
        .base_uri(own.clone())
        .sanitize_content(false)
        .timestamp_parser(|text| {
            let at = dates::parse(text)?;
            // The parser's own date type can be made from text only without naming its crate here.
            at.to_string().parse().ok()
        })
        // Ids are not used: the default draws random ones where it finds nothing to hash.
        .id_generator(|_, _, _| String::new())
        .build();
    // What is known to make the parser panic was turned away above. One feed must not take the poll down with it all the same.
    let feed = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.parse(text.as_bytes()))) {
        Ok(Ok(feed)) => feed,
        Ok(Err(ParseFeedError::ParseError(ParseErrorKind::NoFeedRoot))) => return Err(NO_FEED.to_owned()),
        Ok(Err(other)) => return Err(other.to_string()),
        Err(_) => return Err("the feed parser cannot take it".to_owned()),
    };
    let home = feed.links.iter().find(|link| is_page_link(link)).map(|link| link.href.clone());
    let base = home.as_deref().and_then(|home| own.as_ref()?.join(home).ok()).or(own);
    let raws = feed.entries.into_iter().map(|entry| raw(entry, base.as_ref())).collect();
    Ok(Found { raws, home, broken: None })
}

/// True where feed-rs 3.0 could panic: it cuts one byte beside an e-mail address, whatever stands there, and multiplies
/// numbers of any length. Says so too often rather than too rarely; the other reader takes such feeds.
fn stumbles(text: &str) -> bool {
    let bytes = text.as_bytes();
    let beside_address = text.match_indices('@').any(|(at, _)| {
        let part = |b: &&u8| b.is_ascii_alphanumeric() || b"._%+-:".contains(b);
        let before = bytes[..at].iter().rev().find(|b| !part(b));
        let after = bytes[at + 1..].iter().find(|b| !part(b));
        // A reference may stand for any character.
        [before, after].into_iter().flatten().any(|b| !b.is_ascii() || matches!(b, b';' | b'&'))
    });
    let numbers = (text.contains("duration") || text.contains("media"))
        && text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= LONG_NUMBER);
    beside_address || numbers
}

fn raw(entry: model::Entry, base: Option<&Url>) -> Raw {
    let own = entry.base.as_deref().and_then(|own| match base {
        Some(base) => base.join(own).ok(),
        None => Url::parse(own).ok(),
    });
    let mut links: Vec<&model::Link> = entry.links.iter().filter(|link| is_page_link(link)).collect();
    links.sort_by_key(|link| link.media_type.as_deref() != Some("text/html"));
    let links = links.into_iter().map(|link| Link { href: link.href.clone(), base: own.clone() }).collect();
    Raw {
        links,
        id: entry.id,
        title: entry.title.map(|title| title.content),
        author: entry.authors.into_iter().find_map(|person| person.name),
        published: entry.published.and_then(moment),
        updated: entry.updated.and_then(moment),
        content: entry.content.and_then(|content| {
            let html = !content.content_type.as_str().contains("markdown");
            Some(Text { text: content.body?, html })
        }),
        summary: entry.summary.map(|summary| {
            let html = !summary.content_type.as_str().contains("markdown");
            Text { text: summary.content, html }
        }),
    }
}

/// True for a link to the page that a feed or an entry is about.
fn is_page_link(link: &model::Link) -> bool {
    link.target.is_none()
        && matches!(link.rel.as_deref(), None | Some("alternate" | ""))
        && !link.href.trim().is_empty()
}

/// The parser's date type, without naming its crate.
fn moment(at: impl std::fmt::Display + Into<std::time::SystemTime>) -> Option<Timestamp> {
    Timestamp::try_from(Into::<std::time::SystemTime>::into(at)).ok()
}

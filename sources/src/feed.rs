//! RSS, Atom and JSON feeds, by feed-rs, and what real feeds need around it.

use feed_rs::model;
use jiff::Timestamp;
use scraper::{Html, Selector};
use url::Url;

use crate::door::shown;
use crate::extract::{fragment_text, measure};
use crate::source::{Entry, SourceError};
use crate::{charset, dates, plain};

/// From this length on, in characters, what a feed carries is taken for the full text.
const FULL_TEXT: usize = 1_000;

/// Longest title, author or summary, in characters.
const LONGEST_LINE: usize = 500;

/// The name space of RSS 1.0, which has all elements of RSS 0.9 and 0.90.
const RSS_1: &str = "http://purl.org/rss/1.0/";

/// Reads a feed from the bytes of an answer. `url` is where it came from. Gives the entries in the feed's order, and notes.
///
/// # Errors
/// [`SourceError::NotAFeed`] with what it is instead.
pub fn read_feed(
    body: &[u8],
    content_type: Option<&str>,
    url: &str,
    now: Timestamp,
) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let not_a_feed = |why: String| SourceError::NotAFeed { url: shown(url), why };
    let text = charset::decode(body, content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c.is_control());
    if text.is_empty() {
        return Err(not_a_feed("the answer is empty; see whether the address is still right".to_owned()));
    }
    if let Some(why) = other_than_feed(text, url) {
        return Err(not_a_feed(why));
    }
    let feed = parse(text, url).map_err(|why| {
        not_a_feed(format!("{why}; run it through https://validator.w3.org/feed/ and tell its publisher"))
    })?;
    let base =
        feed.links.iter().find(|link| is_page_link(link)).and_then(|link| Url::parse(url).ok()?.join(&link.href).ok());
    let base = base.or_else(|| Url::parse(url).ok());
    let mut notes = Vec::new();
    let found = feed.entries.len();
    let entries: Vec<Entry> = feed.entries.into_iter().filter_map(|entry| convert(entry, base.as_ref(), now)).collect();
    if entries.len() < found {
        notes.push(format!("{} entries have no address of a page and are left out.", found - entries.len()));
    }
    Ok((entries, notes))
}

/// What this is, where it plainly is no feed.
fn other_than_feed(text: &str, url: &str) -> Option<String> {
    let head: String = text.chars().take(1024).collect::<String>().to_ascii_lowercase();
    let page = head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || (head.starts_with("<!--") && head.contains("<html"))
        || (head.starts_with("<?xml") && head.contains("<html"));
    if page {
        return Some(match feed_of_page(text, url) {
            Some(feed) => format!("this is an HTML page; its feed seems to be {}", shown(&feed)),
            None => {
                "this is an HTML page: look in its source for a link to a feed, or read it as a `listing`".to_owned()
            }
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

/// The feed that a page names for itself.
fn feed_of_page(text: &str, url: &str) -> Option<String> {
    measure::check(text).ok()?;
    let selector = Selector::parse("link[rel~=alternate][href]").ok()?;
    let html = Html::parse_document(text);
    let link = html.select(&selector).find(|link| {
        let kind = link.value().attr("type").unwrap_or_default().to_ascii_lowercase();
        ["rss", "atom", "feed+json"].iter().any(|k| kind.contains(k))
    })?;
    Some(Url::parse(url).ok()?.join(link.value().attr("href")?).ok()?.to_string())
}

/// Parses as it is, and where that fails once more after mending what real feeds get wrong.
fn parse(text: &str, url: &str) -> Result<model::Feed, String> {
    if text.starts_with('{') {
        // Some write the version's address without the `s`.
        return run(&text.replacen("\"http://jsonfeed.org/version/", "\"https://jsonfeed.org/version/", 1), url);
    }
    let plain = without_declaration(text);
    match run(&plain, url) {
        // Items under a name space that is not known are passed over in silence.
        Ok(feed) if feed.entries.is_empty() && plain.contains("<item") => run(&mended(&plain), url).or(Ok(feed)),
        Ok(feed) => Ok(feed),
        Err(why) => run(&mended(&plain), url).map_err(|_| why),
    }
}

fn run(text: &str, url: &str) -> Result<model::Feed, String> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(Url::parse(url).ok())
        .sanitize_content(false)
        .timestamp_parser(|text| {
            let at = dates::parse(text)?;
            // The parser's own date type can be made from text only without naming its crate here.
            at.to_string().parse().ok()
        })
        // Ids are not used: the default draws random ones where it finds nothing to hash.
        .id_generator(|_, _, _| String::new())
        .build();
    // The parser panics on some input (an author's address before a letter beyond ASCII, times out of range). One feed must
    // not take the poll down with it.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.parse(text.as_bytes()))) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(match error {
            feed_rs::parser::ParseFeedError::ParseError(feed_rs::parser::ParseErrorKind::NoFeedRoot) => {
                "it is neither RSS, Atom nor JSON Feed".to_owned()
            }
            other => other.to_string(),
        }),
        Err(_) => Err("the feed parser cannot take it".to_owned()),
    }
}

/// Takes the XML declaration off: the text is decoded, and what it says of an encoding is no longer true.
fn without_declaration(text: &str) -> String {
    let rest = if text.starts_with("<?xml") { text.find("?>").map_or(text, |end| &text[end + 2..]) } else { text };
    rest.trim_start().to_owned()
}

/// Mends an XML document: control characters, stray `&`, an RSS version or name space that the parser does not know.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let end = section.find("]]>").map_or(rest.len(), |end| "<![CDATA[".len() + end + 3);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let (mark, after) = rest.split_at(1);
        if mark == "&" && !is_reference(after) {
            out.push_str("&amp;");
        } else {
            out.push_str(mark);
        }
        rest = after;
    }
    out.push_str(rest);
    let clean: String = out.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
    let clean = clean.replacen("http://my.netscape.com/rdf/simple/0.9/", RSS_1, 1).replacen(
        "http://channel.netscape.com/rdf/simple/0.9/",
        RSS_1,
        1,
    );
    known_version(&clean)
}

/// True where the text after a `&` goes on as a reference.
fn is_reference(after: &str) -> bool {
    let Some(end) = after.bytes().take(12).position(|b| b == b';') else { return false };
    let name = &after[..end];
    match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).is_ok_and(|n| char::from_u32(n).is_some_and(|c| c != '\0')),
            None => number.parse::<u32>().is_ok_and(|n| char::from_u32(n).is_some_and(|c| c != '\0')),
        },
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()),
    }
}

/// Any version of RSS is read as 2.0, which has all elements of the others.
fn known_version(text: &str) -> String {
    let Some(start) = text.find("<rss") else { return text.to_owned() };
    let Some(end) = text[start..].find('>').map(|end| start + end) else { return text.to_owned() };
    let tag = &text[start..end];
    let tag = match tag.find("version") {
        Some(at) => {
            let (before, version) = tag.split_at(at);
            let quoted = version.find(['"', '\'']).and_then(|open| {
                let quote = version[open..].chars().next()?;
                let close = open + 1 + version[open + 1..].find(quote)?;
                Some(close + 1)
            });
            format!("{before}version=\"2.0\"{}", quoted.map_or("", |close| &version[close..]))
        }
        None => format!("<rss version=\"2.0\"{}", &tag[4..]),
    };
    format!("{}{tag}{}", &text[..start], &text[end..])
}

/// True for a link to the page that a feed or an entry is about.
fn is_page_link(link: &model::Link) -> bool {
    link.target.is_none()
        && matches!(link.rel.as_deref(), None | Some("alternate" | ""))
        && !link.href.trim().is_empty()
}

fn convert(entry: model::Entry, base: Option<&Url>, now: Timestamp) -> Option<Entry> {
    let url = address(&entry, base)?;
    let content = entry.content.as_ref().and_then(|content| {
        let html = is_html(content.content_type.as_str());
        Some((content.body.as_deref()?, html))
    });
    let summary = entry.summary.as_ref().map(|text| (text.content.as_str(), is_html(text.content_type.as_str())));
    // RSS has no word for "full text": some feeds put it into the description.
    let carried =
        [content, summary].into_iter().flatten().map(|(text, html)| body_text(text, html)).max_by_key(String::len);
    let line = |text: &str, html: bool| {
        let line: String = plain::line_of(text, html).chars().take(LONGEST_LINE).collect();
        Some(line.trim().to_owned()).filter(|line| !line.is_empty())
    };
    let published = entry.published.and_then(moment);
    let updated = entry.updated.and_then(moment);
    Entry {
        url: url.to_string(),
        // Titles are escaped HTML in most feeds, whatever they say.
        title: entry.title.as_ref().and_then(|title| line(&title.content, true)),
        author: entry.authors.iter().find_map(|person| line(person.name.as_deref()?, true)),
        published: published.and_then(|at| dates::believable(at, now)),
        updated: updated.and_then(|at| dates::believable(at, now)),
        full_text: carried.filter(|text| is_full(text)),
        summary: summary.or(content).and_then(|(text, html)| line(text, html)),
        ..Entry::default()
    }
    .named()
}

/// The parser's date type, without naming its crate.
fn moment(at: impl std::fmt::Display + Into<std::time::SystemTime>) -> Option<Timestamp> {
    Timestamp::try_from(Into::<std::time::SystemTime>::into(at)).ok()
}

/// The address of an entry's page: its link, or else an id that is one.
fn address(entry: &model::Entry, base: Option<&Url>) -> Option<Url> {
    let links = entry.links.iter().filter(|link| is_page_link(link));
    let html_first = links.clone().find(|l| l.media_type.as_deref() == Some("text/html")).into_iter().chain(links);
    let own_base = entry.base.as_deref().and_then(|b| match base {
        Some(base) => base.join(b).ok(),
        None => Url::parse(b).ok(),
    });
    html_first
        .map(|link| link.href.as_str())
        .chain(std::iter::once(entry.id.as_str()).filter(|id| id.starts_with("http")))
        .find_map(|href| match Url::parse(href.trim()) {
            Ok(url) => Some(url),
            Err(_) => own_base.as_ref().or(base)?.join(href.trim()).ok(),
        })
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn is_html(content_type: &str) -> bool {
    // What calls itself plain text in a feed is HTML more often than not; text without markup reads the same either way.
    !content_type.contains("markdown")
}

fn body_text(text: &str, html: bool) -> String {
    let looks_html = text.contains("</") || text.contains("<p") || text.contains("<br") || text.contains("/>");
    if html && looks_html {
        return fragment_text(text).unwrap_or_default();
    }
    let paragraphs: Vec<String> =
        text.split("\n\n").map(|p| plain::line_of(p, html)).filter(|p| !p.is_empty()).collect();
    paragraphs.join("\n\n")
}

/// True where a text is long enough, and does not end as an excerpt does.
fn is_full(text: &str) -> bool {
    let last = text.lines().last().unwrap_or_default().to_lowercase();
    let tail: String = last.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
    let cut = ["[…]", "[...]", "…", "read more", "continue reading", "read the rest", "read on", "weiterlesen"];
    text.chars().count() >= FULL_TEXT
        && !cut.iter().any(|mark| {
            tail.trim_end_matches(['.', '→', '»', ' ', '>']).ends_with(mark) || (mark.len() > 5 && tail.contains(mark))
        })
}

#[cfg(test)]
mod tests;

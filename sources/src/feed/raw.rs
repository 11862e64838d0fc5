//! What a reader found of one entry, and how much of it is believed.

use jiff::Timestamp;
use url::Url;

use crate::extract::fragment_text;
use crate::source::Entry;
use crate::{dates, plain};

/// From this length on, in characters, what a feed carries is taken for the full text.
const FULL_TEXT: usize = 1_000;

/// Longest title, author or summary, in characters.
const LONGEST_LINE: usize = 500;

/// One entry as a feed has it.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Links to the entry's page, the best first.
    pub(super) links: Vec<Link>,
    /// Its identifier; an address often enough.
    pub(super) id: String,
    /// Its title, with whatever markup is in it.
    pub(super) title: Option<String>,
    /// Its first author that has a name.
    pub(super) author: Option<String>,
    /// When it was published.
    pub(super) published: Option<Timestamp>,
    /// When it was last changed.
    pub(super) updated: Option<Timestamp>,
    /// Its content.
    pub(super) content: Option<Text>,
    /// Its summary or description.
    pub(super) summary: Option<Text>,
}

/// A link as it is written, and what it is relative to where the feed says so.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// The address.
    pub(super) href: String,
    /// What the feed says it is relative to.
    pub(super) base: Option<Url>,
}

/// Text with a word on what it is.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The text.
    pub(super) text: String,
    /// Whether it may hold HTML. What calls itself plain text in a feed is HTML more often than not; text without markup
    /// reads the same either way.
    pub(super) html: bool,
}

impl Raw {
    /// The entry, where it has the address of a page. `base` is what relative links are relative to.
    pub(super) fn entry(self, base: Option<&Url>, now: Timestamp) -> Option<Entry> {
        let url = self.address(base)?;
        // RSS has no word for "full text": some feeds put it into the description.
        let carried = [self.content.as_ref(), self.summary.as_ref()]
            .into_iter()
            .flatten()
            .map(body_text)
            .max_by_key(String::len)
            .filter(|text| is_full(text));
        let summary = self.summary.as_ref().or(self.content.as_ref());
        Entry {
            url: url.to_string(),
            // Titles are escaped HTML in most feeds, whatever they say.
            title: self.title.as_deref().and_then(|title| line(title, true)),
            author: self.author.as_deref().and_then(|name| line(name, true)),
            published: self.published.and_then(|at| dates::believable(at, now)),
            updated: self.updated.and_then(|at| dates::believable(at, now)),
            full_text: carried,
            summary: summary.and_then(|summary| line(&summary.text, summary.html)),
            ..Entry::default()
        }
        .named()
    }

    /// The address of an entry's page: its link, or else an id that is one.
    fn address(&self, base: Option<&Url>) -> Option<Url> {
        let linked = self.links.iter().map(|link| (link.href.trim(), link.base.as_ref()));
        let named = std::iter::once((self.id.trim(), None)).filter(|(id, _)| id.starts_with("http"));
        linked
            .chain(named)
            .filter(|(href, _)| !href.is_empty())
            .find_map(|(href, own)| match Url::parse(href) {
                Ok(url) => Some(url),
                Err(_) => own.or(base)?.join(href).ok(),
            })
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
    }
}

fn line(text: &str, html: bool) -> Option<String> {
    let line: String = plain::line_of(text, html).chars().take(LONGEST_LINE).collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn body_text(Text { text, html }: &Text) -> String {
    let looks_html = text.contains("</") || text.contains("<p") || text.contains("<br") || text.contains("/>");
    if *html && looks_html {
        return fragment_text(text).unwrap_or_default();
    }
    let paragraphs: Vec<String> =
        text.split("\n\n").map(|p| plain::line_of(p, *html)).filter(|p| !p.is_empty()).collect();
    paragraphs.join("\n\n")
}

/// True where a text is long enough, and does not end as an excerpt does.
pub(super) fn is_full(text: &str) -> bool {
    let last = text.lines().last().unwrap_or_default().to_lowercase();
    let tail: String = last.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
    let cut = ["[…]", "[...]", "…", "read more", "continue reading", "read the rest", "read on", "weiterlesen"];
    text.chars().count() >= FULL_TEXT
        && !cut.iter().any(|mark| {
            tail.trim_end_matches(['.', '→', '»', ' ', '>']).ends_with(mark) || (mark.len() > 5 && tail.contains(mark))
        })
}

//! Lists of subscriptions: OPML 1.0 and 2.0, as feed readers export them.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::escape::{resolve_html5_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};
use serde::Serialize;
use url::Url;

use crate::door::shown;
use crate::{canonical, charset, plain};

/// Most feeds that are taken from one list.
const MOST_FEEDS: usize = 10_000;

/// Deepest nesting of folders that is told apart; what lies deeper counts to the last.
const DEEPEST: usize = 16;

/// Most outlines of which is said why they are left out.
const MOST_LEFT_OUT: usize = 100;

/// Longest title and folder, in characters.
const LONGEST: usize = 200;

/// A feed of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpmlFeed {
    /// What the list calls it, as plain text on one line; its URL where it has no name.
    pub title: String,
    /// Its absolute URL, `http` or `https`.
    pub url: String,
    /// The page it belongs to.
    pub site_url: Option<String>,
    /// The folders it is in, outermost first, joined by ` / `.
    pub folder: Option<String>,
}

/// An outline whose address cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpmlLeftOut {
    /// What the list calls it, as plain text on one line; empty where it has no name.
    pub title: String,
    /// Its address as it may be shown: without credentials and query, on one line.
    pub url: String,
    /// Why it is left out.
    pub why: String,
}

/// What a list of subscriptions holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpmlList {
    /// Its feeds, each once.
    pub feeds: Vec<OpmlFeed>,
    /// The outlines that name an address which cannot be asked: the first hundred.
    pub left_out: Vec<OpmlLeftOut>,
    /// How many more of these there are.
    pub more_left_out: usize,
}

/// Why a list of subscriptions could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// It is something else.
    #[error("this is no OPML: {why}; export the list of subscriptions from the feed reader again, as OPML")]
    NotOpml {
        /// What it is instead.
        why: String,
    },
    /// It is OPML, and names no feed.
    #[error("the list names no feed: none of its {outlines} outlines has an `xmlUrl` with an http or https address")]
    Empty {
        /// How many outlines there are.
        outlines: usize,
    },
    /// It names too many.
    #[error("the list names more than {MOST_FEEDS} feeds; split it into several")]
    TooMany,
}

/// Reads a list of subscriptions: each feed once, in the list's order, the first mention counting. What is broken in it costs
/// the outlines it touches.
///
/// # Errors
/// An [`OpmlError`] where there is nothing to be had of it.
pub fn read_opml(bytes: &[u8]) -> Result<OpmlList, OpmlError> {
    let text = charset::decode(bytes, None);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c.is_control());
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut list = List::default();
    loop {
        let before = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(Event::Start(element)) => list.open(&element, false)?,
            Ok(Event::Empty(element)) => list.open(&element, true)?,
            Ok(Event::End(element)) if element.local_name().as_ref().eq_ignore_ascii_case("outline") => list.close(),
            Err(_) if reader.buffer_position() == before => break,
            Ok(_) | Err(_) => {}
        }
    }
    list.end(text)
}

#[derive(Default)]
struct List {
    root: Option<String>,
    read: OpmlList,
    seen: BTreeSet<String>,
    outlines: usize,
    /// The outlines that are open; `None` for those that name no folder.
    folders: Vec<Option<String>>,
    /// How many more are open than are told apart.
    deeper: usize,
}

impl List {
    fn open(&mut self, element: &BytesStart<'_>, empty: bool) -> Result<(), OpmlError> {
        let name = element.local_name().as_ref().to_lowercase();
        let outline = name == "outline";
        self.root.get_or_insert(name);
        if !outline {
            return Ok(());
        }
        self.outlines += 1;
        let (mut title, mut text, mut feed, mut site) = (None, None, None, None);
        let mut all = element.html_attributes();
        for attribute in all.with_checks(false).flatten() {
            let value = unescape_with(&attribute.value, resolve_html5_entity)
                .map_or_else(|_| attribute.value.clone().into_owned(), |value| value.into_owned());
            match attribute.key.as_ref().to_lowercase().as_str() {
                "title" => title = line(&value),
                "text" => text = line(&value),
                // Some write it all in small letters, and Google Reader's heirs `url`.
                "xmlurl" => feed = Some(value),
                "url" => feed = feed.or(Some(value)),
                "htmlurl" => site = address(&value).ok(),
                _ => {}
            }
        }
        let title = title.or(text);
        let is_folder = feed.is_none();
        match feed.as_deref().map(|url| (url, address(url))) {
            Some((_, Ok(url))) => self.take(url, title.as_ref(), site)?,
            Some((url, Err(why))) => self.leave_out(url, title.as_ref(), why),
            None => {}
        }
        match empty {
            true => {}
            false if self.folders.len() < DEEPEST => self.folders.push(title.filter(|_| is_folder)),
            false => self.deeper += 1,
        }
        Ok(())
    }

    fn take(&mut self, url: String, title: Option<&String>, site_url: Option<String>) -> Result<(), OpmlError> {
        let key = canonical(&url).unwrap_or_else(|_| url.clone());
        if !self.seen.insert(key) {
            return Ok(());
        }
        if self.read.feeds.len() >= MOST_FEEDS {
            return Err(OpmlError::TooMany);
        }
        let folders: Vec<&str> = self.folders.iter().flatten().map(String::as_str).collect();
        let folder = Some(folders.join(" / ")).filter(|folder| !folder.is_empty());
        self.read.feeds.push(OpmlFeed {
            title: title.unwrap_or(&url).clone(),
            url,
            site_url,
            folder: folder.map(|folder| folder.chars().take(LONGEST).collect()),
        });
        Ok(())
    }

    fn leave_out(&mut self, url: &str, title: Option<&String>, why: String) {
        if self.read.left_out.len() >= MOST_LEFT_OUT {
            self.read.more_left_out += 1;
            return;
        }
        self.read.left_out.push(OpmlLeftOut { title: title.cloned().unwrap_or_default(), url: shown(url.trim()), why });
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.folders.pop();
        }
    }

    fn end(self, text: &str) -> Result<OpmlList, OpmlError> {
        if !self.read.feeds.is_empty() {
            return Ok(self.read);
        }
        let why = match self.root.as_deref() {
            Some("opml" | "outlinedocument" | "outline" | "body") => {
                return Err(OpmlError::Empty { outlines: self.outlines });
            }
            Some("rss" | "feed" | "rdf") => "it is a feed itself: add it as a source of kind `feed`".to_owned(),
            Some("html") => "it is an HTML page".to_owned(),
            Some(root) if !root.is_empty() => {
                format!("its root is <{}>", root.chars().filter(|c| !c.is_control()).take(40).collect::<String>())
            }
            _ if text.is_empty() => "it is empty".to_owned(),
            _ => "it is no XML".to_owned(),
        };
        Err(OpmlError::NotOpml { why })
    }
}

fn line(text: &str) -> Option<String> {
    let line: String = plain::line_of(text, true).chars().take(LONGEST).collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// An address that can be asked, or why it cannot. `feed:` is an old way to write `http:`.
fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let text = match text.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => text.to_owned(),
    };
    if text.is_empty() {
        return Err("its address is empty".to_owned());
    }
    let url = Url::parse(&text).map_err(|error| format!("its address is no URL: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url.to_string()),
        other => Err(format!("`{}` is not http or https", other.chars().take(40).collect::<String>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<OpmlFeed>, OpmlError> {
        read_opml(text.as_bytes()).map(|list| list.feeds)
    }

    fn shown(text: &str) -> Vec<String> {
        let feeds = read(text).unwrap();
        feeds.iter().map(|f| format!("{}|{}|{}", f.title, f.url, f.folder.as_deref().unwrap_or("-"))).collect()
    }

    #[test]
    fn folders_titles_and_addresses_are_read() {
        let list = "\u{feff}<?xml version='1.0' encoding='UTF-8'?><opml version='2.0'><head><title>Mine</title></head><body>\
            <outline text='News'><outline text='A &amp;amp; B' title='A &amp; B' type='rss' xmlUrl='https://a.example/feed' \
            htmlUrl='https://a.example/'/><outline text='Deep'><outline XMLURL='feed://b.example/x?a=1&amp;b=2'/></outline>\
            </outline><outline text='C' xmlUrl=' https://c.example/rss '/></body></opml>";
        assert_eq!(
            shown(list),
            [
                "A & B|https://a.example/feed|News",
                "http://b.example/x?a=1&b=2|http://b.example/x?a=1&b=2|News / Deep",
                "C|https://c.example/rss|-",
            ]
        );
        assert_eq!(read(list).unwrap()[0].site_url.as_deref(), Some("https://a.example/"));
    }

    #[test]
    fn the_same_feed_comes_once() {
        let list = "<opml><body><outline title='One' xmlUrl='https://a.example/feed'/>\
            <outline title='Two' xmlUrl='https://a.example/feed?utm_source=x'/></body></opml>";
        assert_eq!(shown(list), ["One|https://a.example/feed|-"]);
    }

    #[test]
    fn a_broken_list_costs_only_what_is_broken() {
        for broken in [
            "<opml><body><outline title='AT&T & Co' xmlUrl='https://a.example/1'><outline title='x' xmlUrl='https://a.exam",
            "\n\n<?xml version='1.0'?><opml><body></outline><outline title='AT&T &amp; Co' xmlUrl='https://a.example/1'>",
            "<body><outline checked title='AT&T &amp; Co' xmlUrl='https://a.example/1'></body></b></opml>",
        ] {
            assert_eq!(shown(broken), ["AT&T & Co|https://a.example/1|-"], "{broken}");
        }
    }

    #[test]
    fn addresses_that_cannot_be_asked_are_passed_over() {
        let list =
            "<opml><outline xmlUrl='file:///etc/passwd'/><outline xmlUrl='javascript:x'/><outline xmlUrl=''/></opml>";
        assert_eq!(read(list), Err(OpmlError::Empty { outlines: 3 }));
    }

    #[test]
    fn what_is_left_out_is_said_with_the_reason_and_without_secrets() {
        let list = "<opml><outline text='Old' xmlUrl='ftp://me:word@a.example/feed?key=1'/><outline text='Folder'>\
            <outline xmlUrl='not an&#10;address'/><outline text='None' xmlUrl=' '/></outline>\
            <outline xmlUrl='https://a.example/feed'/></opml>";
        let read = read_opml(list.as_bytes()).unwrap();
        let shown: Vec<String> = read.left_out.iter().map(|l| format!("{}|{}|{}", l.title, l.url, l.why)).collect();
        assert_eq!(
            shown,
            [
                "Old|ftp://a.example/feed?…|`ftp` is not http or https",
                "|not anaddress…|its address is no URL: relative URL without a base",
                "None||its address is empty",
            ]
        );
        assert_eq!((read.feeds.len(), read.more_left_out), (1, 0));
        let many = "<outline xmlUrl='mailto:x'/>".repeat(103);
        let read = read_opml(format!("<opml>{many}<outline xmlUrl='https://a.example/'/></opml>").as_bytes()).unwrap();
        assert_eq!((read.left_out.len(), read.more_left_out), (100, 3));
    }

    #[test]
    fn what_is_no_list_is_refused_with_the_next_step() {
        for (text, expected) in [
            ("", "it is empty"),
            ("{}", "it is no XML"),
            ("<rss><channel/></rss>", "it is a feed itself"),
            ("<!doctype html><html></html>", "it is an HTML page"),
            ("<svg/>", "its root is <svg>"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("export the list"), "{error}");
        }
    }

    #[test]
    fn nesting_entities_and_length_are_harmless() {
        let deep = format!("<opml>{}<outline xmlUrl='https://a.example/1'/>", "<outline text='f'>".repeat(20_000));
        let feeds = read(&deep).unwrap();
        assert!(feeds.len() == 1 && feeds[0].folder.as_deref().is_some_and(|folder| folder.len() <= 200));
        let bomb = "<!DOCTYPE opml [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>\
            <opml><outline title='&b;&f;' xmlUrl='https://a.example/1'/></opml>";
        let title = &read(bomb).unwrap()[0].title;
        assert!(!title.contains("haha") && !title.contains("root:"), "{title}");
        let many: String =
            (0..10_000).map(|n| format!("<outline text='{n}' xmlUrl='https://a.example/{n}'/>")).collect();
        assert_eq!(read(&format!("<opml><body>{many}</body></opml>")).unwrap().len(), 10_000);
        let more = format!("<opml>{many}<outline xmlUrl='https://b.example/'/></opml>");
        assert_eq!(read(&more), Err(OpmlError::TooMany));
    }
}

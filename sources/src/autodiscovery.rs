//! The feeds that a page names, and where they are on most sites.

use scraper::{Html, Selector};
use serde::Serialize;
use url::Url;

use crate::extract::measure;
use crate::plain;

/// Most feeds that are taken from one page.
const MOST: usize = 20;

/// Longest title of a feed, in characters.
const LONGEST_TITLE: usize = 200;

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundFeed {
    /// Its absolute URL, `http` or `https`.
    pub url: String,
    /// What the page calls it, as plain text on one line.
    pub title: Option<String>,
    /// How it was found.
    pub form: FeedForm,
}

/// How a feed was found, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedForm {
    /// `<link rel=alternate type=application/rss+xml>`, or RDF.
    Rss,
    /// `<link rel=alternate type=application/atom+xml>`.
    Atom,
    /// `<link rel=alternate type=application/feed+json>`.
    Json,
    /// An ordinary link that looks like one to a feed.
    Anchor,
    /// Where the site is known to have one.
    Known,
}

/// The feeds of a page, the surest first, each once. `url` is the page's. Feeds of comments come last.
pub fn feeds_of(html: &str, url: &str) -> Vec<FoundFeed> {
    let Ok(page) = Url::parse(url) else { return Vec::new() };
    let mut found: Vec<FoundFeed> = known(&page).into_iter().collect();
    if measure::check(html).is_ok() {
        let document = Html::parse_document(html);
        let base = attribute(&document, "base[href]", "href").and_then(|base| page.join(&base).ok());
        let base = base.unwrap_or_else(|| page.clone());
        let mut named = links(&document, &base);
        if named.is_empty() {
            named = anchors(&document, &base, &page);
        }
        found.extend(named);
    }
    // Stable: among feeds of the same kind the page's order counts.
    found.sort_by_key(is_of_comments);
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|feed| seen.insert(feed.url.clone()));
    found.truncate(MOST);
    found
}

/// Where most sites have their feed: addresses that are worth a try, beside the page and at the root of its site.
pub fn guesses(url: &str) -> Vec<String> {
    const PATHS: [&str; 5] = ["feed", "rss.xml", "atom.xml", "index.xml", "feed.xml"];
    let Ok(page) = Url::parse(url) else { return Vec::new() };
    if !matches!(page.scheme(), "http" | "https") {
        return Vec::new();
    }
    let mut found: Vec<String> = Vec::new();
    let beside = page.path().trim_end_matches('/');
    for folder in ["/".to_owned(), format!("{beside}/")] {
        for path in PATHS {
            let mut guess = page.clone();
            guess.set_query(None);
            guess.set_fragment(None);
            guess.set_path(&format!("{folder}{path}"));
            let guess = guess.to_string();
            if !found.contains(&guess) {
                found.push(guess);
            }
        }
    }
    found
}

/// True where a document is an HTML page rather than a feed.
pub(crate) fn is_page(text: &str) -> bool {
    let head: String = text.chars().take(2048).collect::<String>().to_ascii_lowercase();
    let mut rest = head.trim_start();
    // What may stand before the root: declarations and comments.
    loop {
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|end| end + 3)
        } else if rest.starts_with("<?") {
            rest.find('>').map(|end| end + 1)
        } else {
            break;
        };
        let Some(end) = end else { return false };
        rest = rest[end..].trim_start();
    }
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|start| rest.starts_with(start))
}

/// `<link rel=alternate>` with the type of a feed.
fn links(document: &Html, base: &Url) -> Vec<FoundFeed> {
    let Ok(selector) = Selector::parse("link[rel][href][type]") else { return Vec::new() };
    let links = document.select(&selector).filter_map(|link| {
        let rel = link.value().attr("rel")?.to_ascii_lowercase();
        if !rel.split_ascii_whitespace().any(|word| word == "alternate" || word == "feed") {
            return None;
        }
        let kind = link.value().attr("type")?.to_ascii_lowercase();
        let form = match kind.split(';').next().unwrap_or_default().trim() {
            "application/rss+xml" | "application/rdf+xml" | "application/x-rss+xml" | "text/rss+xml" => FeedForm::Rss,
            "application/atom+xml" | "application/x.atom+xml" | "text/atom+xml" => FeedForm::Atom,
            "application/feed+json" => FeedForm::Json,
            // Many kinds of data are plain JSON or XML: only what is called a feed.
            "application/json" if looks_like_feed(link.value().attr("href")?) => FeedForm::Json,
            "application/xml" | "text/xml" if looks_like_feed(link.value().attr("href")?) => FeedForm::Rss,
            _ => return None,
        };
        feed(base, link.value().attr("href")?, link.value().attr("title"), form)
    });
    links.take(MOST).collect()
}

/// Ordinary links on the same site that are named like feeds: where a page forgets the others.
fn anchors(document: &Html, base: &Url, page: &Url) -> Vec<FoundFeed> {
    let Ok(selector) = Selector::parse("a[href]") else { return Vec::new() };
    let links = document.select(&selector).filter_map(|link| {
        let href = link.value().attr("href")?;
        let title: String = link.text().collect();
        let named = matches!(
            title.trim().to_lowercase().as_str(),
            "rss" | "atom" | "feed" | "rss feed" | "atom feed" | "xml" | "json feed" | "subscribe via rss"
        );
        let feed = feed(base, href, Some(&title), FeedForm::Anchor)?;
        let same_site = Url::parse(&feed.url).ok()?.host_str() == page.host_str();
        (looks_like_feed(href) || (named && same_site)).then_some(feed)
    });
    links.take(MOST).collect()
}

/// Whether the last part of an address is a usual name of a feed.
fn looks_like_feed(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let names = ["feed", "rss", "atom", "rss2", "feeds", "index.xml", "feed.xml", "rss.xml", "atom.xml", "index.rdf"];
    names.contains(&last.as_str())
        || [".rss", ".atom", ".rdf"].iter().any(|ending| last.ends_with(ending))
        || matches!(last.as_str(), "feed.json" | "index.rss" | "index.atom")
}

/// Sites whose pages have a feed at a known place.
fn known(page: &Url) -> Option<FoundFeed> {
    let parts: Vec<&str> = page.path_segments()?.filter(|part| !part.is_empty()).collect();
    let url = match (page.host_str()?.trim_start_matches("www."), parts.as_slice()) {
        ("github.com", [owner, name, ..]) if !matches!(*owner, "orgs" | "topics" | "features" | "settings") => {
            format!("https://github.com/{owner}/{}/releases.atom", name.trim_end_matches(".git"))
        }
        ("youtube.com", ["channel", id, ..]) => {
            format!("https://www.youtube.com/feeds/videos.xml?channel_id={id}")
        }
        ("reddit.com" | "old.reddit.com", ["r", name, ..]) => format!("https://www.reddit.com/r/{name}/.rss"),
        _ => return None,
    };
    Some(FoundFeed { url, title: None, form: FeedForm::Known })
}

fn feed(base: &Url, href: &str, title: Option<&str>, form: FeedForm) -> Option<FoundFeed> {
    let url = base.join(href.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return None;
    }
    let title = title.map(|title| plain::line_of(title, false).chars().take(LONGEST_TITLE).collect::<String>());
    Some(FoundFeed { url: url.to_string(), title: title.filter(|title| !title.is_empty()), form })
}

fn is_of_comments(feed: &FoundFeed) -> bool {
    let title = feed.title.as_deref().unwrap_or_default().to_lowercase();
    title.contains("comment") || title.contains("kommentar") || feed.url.contains("/comments/")
}

fn attribute(document: &Html, selector: &str, name: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    document.select(&selector).next()?.value().attr(name).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(html: &str, url: &str) -> Vec<String> {
        feeds_of(html, url).into_iter().map(|feed| feed.url).collect()
    }

    #[test]
    fn a_page_names_its_feeds_in_its_head() {
        let page = "<!doctype html><head><base href='/blog/'>\
            <link rel=alternate type='application/rss+xml' title='Comments on X' href='comments.xml'>\
            <link rel='alternate home' type='Application/Atom+XML; charset=utf-8' title=' The  blog ' href='atom.xml'>\
            <link rel=alternate type='application/feed+json' href='https://cdn.example/feed.json'>\
            <link rel=alternate type='application/json' href='/wp-json/posts/1'>\
            <link rel=alternate hreflang=de href='/de'><link rel=stylesheet type='application/rss+xml' href='/no'>\
            <link rel=alternate type='application/rss+xml' href='javascript:alert(1)'></head>";
        let found = feeds_of(page, "https://example.org/blog/a");
        let seen: Vec<_> = found.iter().map(|f| (f.url.as_str(), f.title.as_deref(), f.form)).collect();
        assert_eq!(
            seen,
            [
                ("https://example.org/blog/atom.xml", Some("The blog"), FeedForm::Atom),
                ("https://cdn.example/feed.json", None, FeedForm::Json),
                ("https://example.org/blog/comments.xml", Some("Comments on X"), FeedForm::Rss),
            ]
        );
    }

    #[test]
    fn ordinary_links_count_only_where_the_head_names_none() {
        let page = "<html><body><a href='/news/rss.xml'>Subscribe</a><a href='/x'>RSS</a><a href='/news/rss.xml'>RSS</a>\
            <a href='https://other.example/x'>RSS</a><a href='/about'>About feeds</a></body></html>";
        assert_eq!(urls(page, "https://example.org/"), ["https://example.org/news/rss.xml", "https://example.org/x"]);
        let both = format!("<link rel=alternate type=application/rss+xml href=/a>{page}");
        assert_eq!(urls(&both, "https://example.org/"), ["https://example.org/a"]);
    }

    #[test]
    fn sites_with_a_known_place_are_known() {
        for (page, feed) in [
            ("https://github.com/rust-lang/rust/tree/main", "https://github.com/rust-lang/rust/releases.atom"),
            ("https://www.youtube.com/channel/UC1", "https://www.youtube.com/feeds/videos.xml?channel_id=UC1"),
            ("https://www.reddit.com/r/rust/", "https://www.reddit.com/r/rust/.rss"),
        ] {
            assert_eq!(urls("<html>", page), [feed]);
        }
        assert_eq!(urls("<html>", "https://github.com/rust-lang"), Vec::<String>::new());
    }

    #[test]
    fn guesses_are_beside_the_page_and_at_the_root() {
        let guesses = guesses("https://example.org/blog/?p=1#x");
        assert_eq!(guesses[0], "https://example.org/feed");
        assert!(guesses.contains(&"https://example.org/blog/atom.xml".to_owned()));
        assert_eq!(guesses.len(), 10);
        assert_eq!(super::guesses("https://example.org").len(), 5);
        assert_eq!(super::guesses("file:///etc/passwd"), Vec::<String>::new());
    }

    #[test]
    fn pages_are_told_from_feeds() {
        for page in ["<!DOCTYPE HTML>", "<?xml version='1.0'?>\n<!-- x -->\n<html>", "<body>x", " <Html lang=en>"] {
            assert!(is_page(page), "{page}");
        }
        for other in
            ["<?xml version='1.0'?><rss>", "<rss><channel><title>the <html> tag", "<!-- <html> --><feed>", "<?"]
        {
            assert!(!is_page(other), "{other}");
        }
    }

    #[test]
    fn hostile_pages_give_little_and_take_little() {
        let many = "<link rel=alternate type=application/rss+xml href=/a>".repeat(5_000);
        assert_eq!(urls(&many, "https://example.org/").len(), 1);
        assert_eq!(urls(&"<div>".repeat(100_000), "https://example.org/"), Vec::<String>::new());
        assert_eq!(urls("<link rel=alternate type=application/rss+xml href=/a>", "no url"), Vec::<String>::new());
    }
}

//! The pages that a site names in its sitemap.

mod parse;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::door::{Extra, Response, shown};
use crate::extract::one_line;
use crate::source::{Asker, Entry, Kept, MAX_ENTRIES, PollState, Polled, SourceError, blocking, web_address};
use crate::{dates, plain};

use parse::{Document, Named};

/// Most sitemaps of an index that are read: those that changed last.
const MOST_SITEMAPS: usize = 50;

/// How far an index may lead: to sitemaps, and to those of an index among them.
const DEEPEST: usize = 2;

/// After so many sitemaps of a poll that cannot be read, the rest waits for the next poll.
const MOST_FAILURES: usize = 3;

/// From so many pages on, one and the same time of change for all of them is that of the build, and of no page.
const BUILD_TIME: usize = 10;

/// Most pages that become entries: twice what a poll gives, since several addresses may be one.
const MOST_PAGES: usize = 2 * MAX_ENTRIES;

/// Most patterns of one list.
const MOST_PATTERNS: usize = 100;

/// A sitemap, or an index of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitemapSource {
    /// Its address.
    pub url: String,
    /// Patterns of paths, of which a page's must match one; empty for all. As in robots.txt: the beginning of a path, with `*`
    /// for any characters and `$` for the end.
    #[serde(default)]
    pub include: Vec<String>,
    /// Patterns of paths that are left out.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl SitemapSource {
    /// Checks its keys.
    pub(crate) fn check(&self) -> Result<(), String> {
        for pattern in self.include.iter().chain(&self.exclude) {
            if !pattern.starts_with(['/', '*']) || pattern.len() > 500 {
                return Err(format!("`{pattern}` is no pattern of a path, such as `/blog/*`"));
            }
        }
        if self.include.len().max(self.exclude.len()) > MOST_PATTERNS {
            return Err(format!("`include` and `exclude` hold {MOST_PATTERNS} patterns at most"));
        }
        Ok(())
    }

    fn takes(&self, url: &Url) -> bool {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &path));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// Whether a path matches a pattern as robots.txt has them (RFC 9309, 2.2.3).
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*').peekable();
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut whole = true;
    while let Some(piece) = pieces.next() {
        whole = false;
        // The last piece stands at the end where it must; any other is taken where it comes first.
        if to_end && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    !(to_end && whole) || rest.is_empty()
}

/// Polls a sitemap.
///
/// # Errors
/// A [`SourceError`] where neither it nor any sitemap that it names could be read.
pub(crate) async fn poll(asker: &Asker<'_>, source: &SitemapSource, before: &PollState) -> Result<Polled, SourceError> {
    source.check().map_err(|why| SourceError::Answer { url: shown(&source.url), why })?;
    let root = source.url.clone();
    let kept = before.others.get(&root).cloned().unwrap_or_default();
    let answer = asker.changed(&root, &kept, Extra::default()).await?;
    let mut walk =
        Walk { asker, before, others: BTreeMap::new(), queue: VecDeque::new(), pages: Vec::new(), notes: Vec::new() };
    let unchanged = answer.unchanged;
    let next_after = answer.next_after;
    walk.others.insert(root.clone(), answer.kept);
    if unchanged {
        // What says nothing of its own changes is asked each by itself.
        for (url, kept) in before.others.iter().filter(|(url, _)| **url != root) {
            walk.others.insert(url.clone(), kept.clone());
            if kept.lastmod.is_none() {
                walk.queue.push_back((Named { loc: url.clone(), ..Named::default() }, 1));
            }
        }
    } else {
        let document = read(asker, answer.response).await?;
        walk.take(document, 0);
    }
    walk.follow(&root).await?;
    let Walk { others, pages, mut notes, .. } = walk;
    let (options, now) = (source.clone(), asker.now);
    let (entries, more) = blocking(move || entries(&options, pages, now)).await;
    notes.extend(more);
    let state = PollState { others, next_after, ..PollState::default() };
    Ok(Polled { unchanged: unchanged && entries.is_empty(), entries, state, notes })
}

/// The way from an index to its sitemaps.
struct Walk<'a> {
    asker: &'a Asker<'a>,
    before: &'a PollState,
    others: BTreeMap<String, Kept>,
    queue: VecDeque<(Named, usize)>,
    pages: Vec<Named>,
    notes: Vec<String>,
}

impl Walk<'_> {
    /// Takes what a document names: its pages, and the sitemaps that changed last.
    fn take(&mut self, document: Document, depth: usize) {
        let Document { pages, mut sitemaps, notes } = document;
        self.pages.extend(pages);
        self.notes.extend(notes);
        if depth >= DEEPEST && !sitemaps.is_empty() {
            self.notes.push(format!("{} sitemaps lie deeper than {DEEPEST} levels and are left out.", sitemaps.len()));
            return;
        }
        // Without times they stay in their order, behind those that have one.
        sitemaps.sort_by_key(|named| std::cmp::Reverse(named.lastmod.as_deref().and_then(dates::parse)));
        if sitemaps.len() > MOST_SITEMAPS {
            self.notes.push(format!(
                "{} sitemaps beyond the newest {MOST_SITEMAPS} are left out.",
                sitemaps.len() - MOST_SITEMAPS
            ));
            sitemaps.truncate(MOST_SITEMAPS);
        }
        for named in sitemaps {
            let known = self.before.others.get(&named.loc).filter(|kept| kept.lastmod.is_some());
            match known.filter(|kept| kept.lastmod == named.lastmod) {
                Some(kept) => {
                    self.others.insert(named.loc, kept.clone());
                }
                None => self.queue.push_back((named, depth + 1)),
            }
        }
    }

    /// Reads the sitemaps of the queue.
    async fn follow(&mut self, root: &str) -> Result<(), SourceError> {
        let mut seen = BTreeSet::from([root.to_owned()]);
        let (mut good, mut failed, mut first_error) = (0usize, 0usize, None);
        while let Some((named, depth)) = self.queue.pop_front() {
            if !seen.insert(named.loc.clone()) {
                continue;
            }
            if failed >= MOST_FAILURES || good + failed >= MOST_SITEMAPS {
                // Remembered without a time, so that it is asked for at the next poll.
                self.others.insert(named.loc.clone(), Kept::default());
                continue;
            }
            match self.one(&named, depth).await {
                Ok(()) => good += 1,
                Err(error) => {
                    failed += 1;
                    self.notes.push(format!("A sitemap could not be read: {error}."));
                    let mut kept = self.before.others.get(&named.loc).cloned().unwrap_or_default();
                    kept.lastmod = None;
                    self.others.insert(named.loc.clone(), kept);
                    first_error.get_or_insert(error);
                }
            }
        }
        match first_error.filter(|_| good == 0 && self.pages.is_empty()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn one(&mut self, named: &Named, depth: usize) -> Result<(), SourceError> {
        let kept = self.before.others.get(&named.loc).cloned().unwrap_or_default();
        let answer = self.asker.changed(&named.loc, &kept, Extra::default()).await?;
        let mut kept = Kept { lastmod: named.lastmod.clone(), ..answer.kept };
        if !answer.unchanged {
            let document = read(self.asker, answer.response).await?;
            if !document.sitemaps.is_empty() {
                // An index among the sitemaps is read every time: what it names may change without it.
                kept = Kept::default();
            }
            self.take(document, depth);
        }
        self.others.insert(named.loc.clone(), kept);
        Ok(())
    }
}

async fn read(asker: &Asker<'_>, response: Response) -> Result<Document, SourceError> {
    let limit = asker.max_bytes();
    blocking(move || {
        parse::parse(&response.body, response.content_type.as_deref(), limit)
            .map_err(|why| SourceError::Answer { url: shown(&response.final_url), why })
    })
    .await
}

fn entries(source: &SitemapSource, mut pages: Vec<Named>, now: Timestamp) -> (Vec<Entry>, Vec<String>) {
    let mut notes = Vec::new();
    if pages.len() > parse::MOST_URLS {
        notes.push(format!("Only the first {} addresses are read.", parse::MOST_URLS));
        pages.truncate(parse::MOST_URLS);
    }
    let same = pages.iter().all(|page| page.lastmod.is_some() && page.lastmod == pages[0].lastmod);
    if same && pages.len() >= BUILD_TIME {
        notes.push("All pages are said to have changed at one time; that is of the build and not believed.".to_owned());
        pages.iter_mut().for_each(|page| page.lastmod = None);
    }
    let found = pages.len();
    pages.retain(|page| web_address(&page.loc, None).is_some_and(|url| source.takes(&url)));
    if pages.len() < found {
        notes.push(format!("{} of {found} addresses are not asked for, or of no page.", found - pages.len()));
    }
    if pages.len() > MOST_PAGES {
        // Times are written so that they sort as text (W3C's note on dates and times). Reading all of them would take seconds.
        pages.sort_by(|a, b| written(b).cmp(&written(a)));
        notes.push(format!("{} addresses beyond the newest {MOST_PAGES} are left out.", pages.len() - MOST_PAGES));
        pages.truncate(MOST_PAGES);
    }
    (pages.into_iter().filter_map(|page| entry(page, now)).collect(), notes)
}

fn written(page: &Named) -> Option<&str> {
    page.published.as_deref().or(page.lastmod.as_deref())
}

fn entry(page: Named, now: Timestamp) -> Option<Entry> {
    let url = web_address(&page.loc, None)?;
    let time = |text: Option<String>| dates::parse(&text?).and_then(|at| dates::believable(at, now));
    let title = page.title.map(|title| one_line(&plain::unescaped(&title)).chars().take(500).collect::<String>());
    Entry {
        url: url.to_string(),
        title: title.filter(|title| !title.is_empty()),
        published: time(page.published),
        updated: time(page.lastmod),
        ..Entry::default()
    }
    .named()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_robots_txt() {
        for (pattern, path, expected) in [
            ("/blog/", "/blog/one", true),
            ("/blog/*", "/blog/", true),
            ("/blog/*", "/about", false),
            ("*/tag/*", "/blog/tag/x", true),
            ("/*.html$", "/a.html", true),
            ("/*.html$", "/a.html?x", false),
            ("/a$", "/a", true),
            ("/a$", "/ab", false),
            ("/a*b*c$", "/a-b-b-c", true),
            ("/a*b*c$", "/a-c-b", false),
            ("*", "/é", true),
            ("/*é*x", "/ééx", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
        let many = "*a".repeat(200);
        assert!(!matches(&many, &"a".repeat(199)));
    }

    #[test]
    fn one_time_for_all_pages_is_that_of_the_build() {
        let pages = |n: usize| {
            (0..n)
                .map(|i| Named {
                    loc: format!("https://e.org/{i}"),
                    lastmod: Some("2026-03-01".to_owned()),
                    ..Named::default()
                })
                .collect::<Vec<_>>()
        };
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let source = SitemapSource { exclude: vec!["/3".to_owned()], ..SitemapSource::default() };
        let (entries_read, notes) = entries(&source, pages(10), now);
        assert!(entries_read.iter().all(|entry| entry.updated.is_none()));
        assert_eq!((entries_read.len(), notes.len()), (9, 2));
        assert!(entries(&source, pages(9), now).0[0].updated.is_some());
        assert!(entries(&source, Vec::new(), now).0.is_empty());
    }
}

//! The address that Hugo would give a new page, read off the addresses of its neighbours: whatever the site configures
//! (permalinks, languages, ugly addresses, a base path), they show it.

use super::{Post, bundle, folder};

/// The most neighbours whose addresses are looked at.
const NEIGHBOURS: usize = 60;
/// The most of them that are taken as the pattern in turn.
const PATTERNS: usize = 8;

/// What an address is made of.
pub(super) struct NewPage<'a> {
    pub(super) path: &'a str,
    /// The slug, without a language.
    pub(super) slug: String,
    pub(super) title: &'a str,
    /// RFC 3339, or empty.
    pub(super) date: &'a str,
}

/// One part of an address, between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Year,
    Month,
    Day,
    /// A folder of the path, by its place.
    Folder(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    pieces: Vec<Piece>,
    /// The last part is made of the title.
    titled: bool,
    /// `/`, `.html` or nothing.
    ending: String,
}

/// The address by the pattern that most neighbours follow: posts of the same folder and language, else of the same section.
/// `None` without neighbours.
pub(super) fn like_neighbours(posts: &[Post], page: &NewPage<'_>) -> Option<String> {
    let language = language(posts, page.path);
    let of_language = |post: &&Post| !post.slug.is_empty() && self::language(posts, &post.path) == language;
    let near: Vec<&Post> =
        posts.iter().filter(|p| folder(&p.path) == folder(page.path)).filter(of_language).take(NEIGHBOURS).collect();
    let in_section: Vec<&Post> = match near.is_empty() {
        false => near,
        true => {
            let (section, depth) = (section(page.path), depth(page.path));
            let same = |p: &&Post| self::section(&p.path) == section && self::depth(&p.path) == depth;
            posts.iter().filter(same).filter(of_language).take(NEIGHBOURS).collect()
        }
    };
    let made_by = |pattern: &Pattern, post: &Post| {
        let name = NewPage { path: &post.path, slug: post.slug.clone(), title: &post.title, date: &post.date };
        pattern.fill(&name).is_some_and(|address| address == post.url)
    };
    let patterns = in_section.iter().take(PATTERNS).filter_map(|post| Pattern::of(post));
    let best = patterns
        .map(|pattern| (in_section.iter().filter(|post| made_by(&pattern, post)).count(), pattern))
        .filter_map(|(count, pattern)| Some((count, pattern.fill(page)?)));
    // Of two that are as good, the first stays.
    best.reduce(|a, b| if b.0 > a.0 { b } else { a }).map(|(_, address)| address)
}

/// True where file names of the site end in this language (`post.de.md` at `…/post/`).
pub(super) fn is_language(posts: &[Post], language: &str) -> bool {
    let plain = (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain && posts.iter().any(|post| ends_in(&post.path) == Some(language) && !post.slug.ends_with(language))
}

/// The language that a file's name ends in.
fn language<'p>(posts: &[Post], path: &'p str) -> Option<&'p str> {
    ends_in(path).filter(|language| is_language(posts, language))
}

fn ends_in(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?.strip_suffix(".md")?;
    name.rsplit_once('.').map(|(_, ending)| ending)
}

fn section(path: &str) -> Option<&str> {
    folder(path).split('/').nth(1)
}

fn depth(path: &str) -> usize {
    folder(path).split('/').count()
}

impl Pattern {
    /// The pattern that a post follows, as far as its own address shows it.
    fn of(post: &Post) -> Option<Self> {
        let (body, ending) = match (post.url.strip_suffix('/'), post.url.strip_suffix(".html")) {
            (Some(body), _) => (body, "/"),
            (None, Some(body)) => (body, ".html"),
            (None, None) => (post.url.as_str(), ""),
        };
        let (parents, last) = body.rsplit_once('/')?;
        if last != encoded(&post.slug) {
            return None;
        }
        let folders: Vec<String> = folder(&post.path).split('/').map(|name| encoded(&plain(name))).collect();
        let date: Vec<&str> = post.date.get(..10).map(|day| day.split('-').collect()).unwrap_or_default();
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parents.split('/') {
            let is = |n: usize| date.get(n).is_some_and(|piece| *piece == part);
            let piece = match () {
                () if is(0) => Piece::Year,
                () if is(1) && !pieces.contains(&Piece::Month) => Piece::Month,
                () if is(2) => Piece::Day,
                // The first two are the content folder and the section, which neighbours share.
                () => match folders.iter().skip(2).position(|folder| folder == part) {
                    Some(n) => Piece::Folder(n + 2),
                    None => Piece::Text(part.to_owned()),
                },
            };
            pieces.push(piece);
        }
        let stem = bundle(&post.path).or_else(|| post.path.strip_suffix(".md")).unwrap_or(&post.path);
        let named = plain(stem.rsplit('/').next().unwrap_or_default()).starts_with(&post.slug);
        Some(Self { pieces, titled: !named && plain(&post.title) == post.slug, ending: ending.to_owned() })
    }

    /// The address of a page; `None` where the pattern asks for what the page does not have.
    fn fill(&self, page: &NewPage<'_>) -> Option<String> {
        let folders: Vec<&str> = folder(page.path).split('/').collect();
        let date = |n: usize| page.date.get(..10).and_then(|date| date.split('-').nth(n)).map(str::to_owned);
        let mut out = Vec::new();
        for piece in &self.pieces {
            out.push(match piece {
                Piece::Text(text) => text.clone(),
                Piece::Year => date(0)?,
                Piece::Month => date(1)?,
                Piece::Day => date(2)?,
                Piece::Folder(n) => encoded(&plain(folders.get(*n)?)),
            });
        }
        let last = if self.titled { plain(page.title) } else { plain(&page.slug) };
        Some(format!("{}/{}{}", out.join("/"), encoded(&last), self.ending))
    }
}

/// A part of an address as browsers write it.
fn encoded(part: &str) -> String {
    let mut url = super::stand_in();
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.clear().push(part);
    }
    url.path().trim_start_matches('/').to_owned()
}

/// As Hugo writes a name in an address: in lower case, with `-` for what stands between words.
fn plain(name: &str) -> String {
    let kept = name.trim().to_lowercase();
    let kept: String = kept
        .chars()
        .map(|c| if c.is_whitespace() { '-' } else { c })
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'))
        .collect();
    let mut out = String::with_capacity(kept.len());
    for c in kept.chars() {
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

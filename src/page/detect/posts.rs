//! The posts that a site has: which section they are in, and which are the newest.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{FrontFormat, front};
use super::config::Config;
use super::walk;

/// How many posts are learned from.
const NEWEST: usize = 60;

/// One post.
#[derive(Debug, Clone)]
pub(super) struct Post {
    /// Its path in the repository.
    pub(super) path: String,
    /// Its path below the content folder of its language.
    pub(super) below: String,
    /// The format of its front matter.
    pub(super) format: FrontFormat,
    /// Its front matter.
    pub(super) keys: Map<String, Value>,
    /// Its date, as it is written.
    pub(super) date: String,
    /// The whole text.
    pub(super) text: String,
}

/// The posts of the section that pages go to.
#[derive(Debug, Clone, Default)]
pub(super) struct Posts {
    /// The section; empty where no post was found.
    pub(super) section: String,
    /// The newest posts first.
    pub(super) newest: Vec<Post>,
}

/// The keys that a date is written under, best first.
pub(super) const DATES: [&str; 4] = ["date", "publishdate", "pubdate", "published"];

pub(super) fn read(root: &Path, config: &Config, notes: &mut Vec<String>) -> Posts {
    let all: Vec<Post> = walk::files(root, &config.content, |n| n.ends_with(".md") || n.ends_with(".markdown"))
        .into_iter()
        .filter(|path| !path.ends_with("_index.md") && !path.contains("/_index."))
        .filter_map(|path| post(root, config, path))
        .collect();
    let mut sections: BTreeMap<String, Vec<Post>> = BTreeMap::new();
    for post in all {
        if let Some((section, _)) = post.below.split_once('/') {
            sections.entry(section.to_owned()).or_default().push(post);
        }
    }
    let main = config.main_sections();
    let dated = |posts: &[Post]| posts.iter().filter(|p| !p.date.is_empty()).count();
    let rank = |(name, posts): &(&String, &Vec<Post>)| {
        let newest = posts.iter().map(|p| p.date.clone()).max().unwrap_or_default();
        (main.contains(name), dated(posts), newest)
    };
    let chosen = sections.iter().filter(|(_, posts)| dated(posts) > 0).max_by_key(rank).map(|(name, _)| name.clone());
    let Some(section) = chosen else {
        notes.push(format!("no dated posts were found below {}: defaults are used", config.content));
        return Posts::default();
    };
    let mut newest = sections.remove(&section).unwrap_or_default();
    newest.retain(|post| !post.date.is_empty());
    newest.sort_by(|a, b| (&b.date, &b.path).cmp(&(&a.date, &a.path)));
    notes.push(format!("posts: {} dated ones in {}/{section}", newest.len(), config.content));
    newest.truncate(NEWEST);
    Posts { section, newest }
}

fn post(root: &Path, config: &Config, path: String) -> Option<Post> {
    let below = path.strip_prefix(&config.content)?.strip_prefix('/')?.to_owned();
    // `content/de/…` beside `content/en/…`: only pages of the default language are learned from.
    let (first, rest) = below.split_once('/').unwrap_or(("", &below));
    let below = if first == config.language && config.languages.contains_key(first) {
        rest.to_owned()
    } else if config.languages.contains_key(first) {
        return None;
    } else {
        below
    };
    let stem = below.rsplit('/').next()?.rsplit_once('.')?.0;
    if stem.rsplit_once('.').is_some_and(|(_, lang)| lang != config.language && config.languages.contains_key(lang)) {
        return None;
    }
    let text = walk::text(root, &path)?;
    let front = front::read(&text)?;
    let date = DATES.iter().find_map(|name| {
        front.keys.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    });
    let date = date.filter(|d| is_day(d)).unwrap_or_default();
    let (date, format, keys) = (date.to_owned(), front.format, front.keys);
    Some(Post { path, below, format, keys, date, text })
}

/// True for text that begins with a day (`2026-03-01`).
fn is_day(text: &str) -> bool {
    text.len() >= 10
        && text
            .bytes()
            .take(10)
            .enumerate()
            .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}

//! What posts have in common: their place, their format, the names of their keys.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::{DateForm, FrontFormat, SitePage, front};
use super::config::Config;
use super::posts::{DATES, Post, Posts};
use super::walk;

/// The most tags that are taken over.
const MOST_TAGS: usize = 200;

/// Keys that belong to one post, whatever their values.
const OWN: [&str; 22] = [
    "title",
    "slug",
    "url",
    "aliases",
    "weight",
    "lastmod",
    "expirydate",
    "publishdate",
    "image",
    "images",
    "cover",
    "featured_image",
    "thumbnail",
    "resources",
    "id",
    "uuid",
    "keywords",
    "keyword",
    "summary",
    "description",
    "subtitle",
    "linktitle",
];

pub(super) fn learn(
    root: &Path,
    config: &Config,
    posts: Posts,
    page: &mut SitePage,
    notes: &mut Vec<String>,
) -> Option<(String, String)> {
    if posts.newest.is_empty() {
        archetype(root, config, page, notes);
        return None;
    }
    page.section = posts.section.clone();
    place(config, &posts, page, notes);
    let format = most(posts.newest.iter().map(|p| p.format));
    if let Some((format, count)) = format {
        page.format = format;
        notes.push(format!("front matter: {format} in {count} of {} posts", posts.newest.len()));
    }
    keys(config, &posts.newest, page, notes);
    date(&posts.newest, page, notes);
    constants(&posts.newest, page, notes);
    posts.newest.into_iter().next().map(|post| (post.path, post.text))
}

/// The value that most items have, with its count; the smaller of equals.
fn most<T: Ord>(items: impl Iterator<Item = T>) -> Option<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count)
}

/// Where posts lie, as a pattern.
fn place(config: &Config, posts: &Posts, page: &mut SitePage, notes: &mut Vec<String>) {
    let Some((pattern, count)) = most(posts.newest.iter().map(|post| pattern(config, &posts.section, post))) else {
        return;
    };
    notes.push(format!("place: {pattern} for {count} of {} posts", posts.newest.len()));
    page.path = pattern;
}

/// The pattern that gives a post's path: the date's parts where the path repeats the post's own date.
fn pattern(config: &Config, section: &str, post: &Post) -> String {
    let (year, month, day) = (&post.date[..4], post.date.get(5..7), post.date.get(8..10));
    let date = &post.date[..10];
    let folder = post.path.strip_suffix(&post.below).unwrap_or_default();
    // A language folder of its own below the content, or as the content's last part.
    let folder = folder.replace(&format!("/{}/", config.language), "/{lang}/");
    let rest = post.below.strip_prefix(section).unwrap_or_default().trim_start_matches('/');
    let mut pieces: Vec<String> = rest.split('/').map(str::to_owned).collect();
    let name = pieces.pop().unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, "md"));
    let suffix = format!(".{}", config.language);
    let (stem, lang) = match stem.strip_suffix(&suffix) {
        Some(stem) => (stem, ".{lang}"),
        None => (stem, ""),
    };
    let named = |stem: &str| {
        if stem == date || !stem.starts_with(date) { "{slug}".to_owned() } else { "{date}-{slug}".to_owned() }
    };
    let last = pieces.len();
    let mut out: Vec<String> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        out.push(if stem == "index" && index + 1 == last {
            named(piece)
        } else if piece == year {
            "{year}".into()
        } else if Some(piece.as_str()) == month {
            "{month}".into()
        } else if Some(piece.as_str()) == day {
            "{day}".into()
        } else {
            piece.clone()
        });
    }
    let file = if stem == "index" { "index".to_owned() } else { named(stem) };
    // Only `.md` is written; `.markdown` is the same to Hugo.
    let _ = ending;
    out.push(format!("{file}{lang}.md"));
    format!("{folder}{{section}}/{}", out.join("/"))
}

/// What the site calls its keys.
fn keys(config: &Config, posts: &[Post], page: &mut SitePage, notes: &mut Vec<String>) {
    let mut tag_names: Vec<&str> = vec!["tags", "categories", "topics"];
    tag_names
        .extend(config.taxonomies.iter().map(String::as_str).filter(|t| !tag_names.contains(t)).collect::<Vec<_>>());
    let lists = |name: &str| posts.iter().any(|p| spelled(p, name).is_some_and(|k| p.keys[&k].is_array()));
    let tag_names: Vec<&str> = tag_names.into_iter().filter(|name| lists(name)).collect();
    let used = |names: &[&str]| -> Option<(String, usize)> {
        let counted = names.iter().filter_map(|name| most(posts.iter().filter_map(|p| spelled(p, name))));
        // The first of equals: names stand in the order of preference.
        counted.rev().max_by_key(|(_, count)| *count)
    };
    let mut shown = Vec::new();
    let mut set = |names: &[&str], slot: &mut String, otherwise: &str| match used(names) {
        Some((name, count)) if count * 4 >= posts.len() => {
            shown.push(name.clone());
            *slot = name;
        }
        _ => *slot = otherwise.to_owned(),
    };
    set(&["title"], &mut page.keys.title, "title");
    set(&DATES, &mut page.keys.date, "date");
    set(&["description", "subtitle", "excerpt"], &mut page.keys.description, "description");
    set(&["summary", "tldr", "abstract", "lead"], &mut page.keys.summary, "summary");
    set(&tag_names, &mut page.keys.tags, if config.taxonomies.iter().any(|t| t == "tags") { "tags" } else { "" });
    set(&["author", "authors"], &mut page.keys.author, "");
    set(&["keyword", "keywords"], &mut page.keys.keyword, "");
    set(&["slug"], &mut page.keys.slug, "");
    notes.push(format!("keys: {}", shown.join(", ")));
    let tags = page.keys.tags.clone();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for tag in posts.iter().flat_map(|p| p.keys.get(&tags).and_then(Value::as_array).into_iter().flatten()) {
        if let Some(tag) = tag.as_str().filter(|t| !t.is_empty() && t.len() <= 60) {
            *counts.entry(tag.to_owned()).or_default() += 1;
        }
    }
    let mut by_count: Vec<(String, usize)> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    by_count.truncate(MOST_TAGS);
    page.tags = by_count.into_iter().map(|(tag, _)| tag).collect();
    page.tags.sort();
    if !page.tags.is_empty() {
        notes.push(format!("{tags}: {} in use", page.tags.len()));
    }
}

/// A key as the post spells it.
fn spelled(post: &Post, name: &str) -> Option<String> {
    post.keys.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()
}

/// How dates are written.
fn date(posts: &[Post], page: &mut SitePage, notes: &mut Vec<String>) {
    let short = posts.iter().filter(|p| p.date.len() == 10).count();
    page.date_form = if short * 2 > posts.len() { DateForm::Date } else { DateForm::Rfc3339 };
    let form = if page.date_form == DateForm::Date { "the day alone" } else { "with time and offset" };
    notes.push(format!("dates: {form}, as in `{}`", posts[0].date));
    let offset = posts.iter().filter_map(|p| {
        let tail = p.date.get(19..)?;
        tail.rfind(['+', '-']).map(|at| tail[at..].to_owned()).filter(|o| !matches!(o.as_str(), "+00:00" | "-00:00"))
    });
    if let Some((offset, _)) = most(offset)
        && page.time_zone == "UTC"
    {
        notes.push(format!("dates have the offset {offset}: set time_zone to the site's own"));
    }
}

/// Keys that nearly all posts have with the same value.
fn constants(posts: &[Post], page: &mut SitePage, notes: &mut Vec<String>) {
    let named: Vec<String> = page.keys.named().iter().map(|(_, name)| name.to_lowercase()).collect();
    if !page.keys.author.is_empty() {
        author(posts, page, notes);
    }
    if posts.len() < 2 {
        return;
    }
    let names: std::collections::BTreeSet<&String> = posts.iter().flat_map(|p| p.keys.keys()).collect();
    for name in names {
        let lower = name.to_lowercase();
        if named.contains(&lower) || OWN.contains(&lower.as_str()) || DATES.contains(&lower.as_str()) {
            continue;
        }
        let values = posts.iter().filter_map(|p| p.keys.get(name)).map(ToString::to_string);
        let Some((value, count)) = most(values) else { continue };
        let value: Option<Value> = serde_json::from_str(&value).ok();
        let simple = value.as_ref().is_some_and(|v| match v {
            Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => text.len() <= 200 && !text.is_empty(),
            Value::Array(items) => !items.is_empty() && items.len() <= 5 && items.iter().all(Value::is_string),
            Value::Object(_) | Value::Null => false,
        });
        // A post that is a draft is no example.
        let draft = lower == "draft" && value == Some(Value::Bool(true));
        if count * 10 < posts.len() * 9 || !simple || draft {
            continue;
        }
        if let Some(value) = value.as_ref().and_then(front::to_toml) {
            notes.push(format!("constant: {name} = {value} in {count} of {} posts", posts.len()));
            page.constants.insert(name.clone(), value);
        }
    }
}

/// The author, where nearly all posts have the same.
fn author(posts: &[Post], page: &mut SitePage, notes: &mut Vec<String>) {
    let key = page.keys.author.clone();
    let one = |value: &Value| match value {
        Value::String(name) => Some(name.clone()),
        Value::Array(names) if names.len() == 1 => names[0].as_str().map(str::to_owned),
        _ => None,
    };
    match most(posts.iter().filter_map(|p| one(p.keys.get(&key)?))) {
        Some((name, count)) if count * 10 >= posts.len() * 9 => {
            notes.push(format!("author: `{name}` in {count} of {} posts", posts.len()));
            page.author = name;
        }
        _ => notes.push(format!("posts have different authors under `{key}`: set `author`, or leave it out")),
    }
}

/// Without posts, the archetype says which format and keys new pages get. It is a template and is only looked at line by
/// line.
fn archetype(root: &Path, config: &Config, page: &mut SitePage, notes: &mut Vec<String>) {
    let section = page.section.clone();
    let found = [format!("{section}.md"), format!("{section}/index.md"), "default.md".to_owned()]
        .into_iter()
        .map(|name| format!("{}/{name}", config.archetypes))
        .find_map(|path| Some((walk::text(root, &path)?, path)));
    let Some((text, path)) = found else { return };
    let (format, mark) = match text.trim_start_matches('\u{feff}') {
        t if t.starts_with("+++") => (FrontFormat::Toml, '='),
        t if t.starts_with('{') => (FrontFormat::Json, ':'),
        _ => (FrontFormat::Yaml, ':'),
    };
    page.format = format;
    let mut names = Vec::new();
    for line in text.lines().skip(1).take_while(|line| !matches!(line.trim(), "---" | "+++")) {
        let name = line.split(mark).next().unwrap_or_default().trim().trim_matches('"');
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain && line.contains(mark) {
            names.push(name.to_owned());
        }
    }
    let has = |wanted: &str| names.iter().any(|n| n.eq_ignore_ascii_case(wanted));
    if !has("author") {
        page.keys.author = String::new();
    }
    if has("categories") && !has("tags") {
        page.keys.tags = "categories".into();
    }
    notes.push(format!("front matter: {format} with {}, from {path}", names.join(", ")));
}

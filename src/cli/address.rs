//! `pipeline sources test`: what would be read at an address. Nothing of it is remembered.

use std::fmt::Write as _;

use serde_json::json;
use sources::{Door, Entry, FetchError, Fetched, FoundFeed, Look, Manners, Polite, look};

use super::import::sections_of;
use super::look::minute;
use super::open;
use super::out::{say, say_json, short, table};
use super::{Answer, Cli, Failure};
use crate::config::Config;

/// How many lines of a page's text are shown; `--json` has all of it.
const LINES: usize = 20;

/// How many of its images are shown.
const IMAGES: usize = 5;

/// Shows what would be read at an address.
pub(super) async fn test(cli: &Cli, url: &str, allow: &[String]) -> Answer {
    // Where there is no configuration yet, its defaults hold.
    let config = if cli.config.exists() { open::config(cli)? } else { Config::default() };
    let door = Door::new(config.desk.door.clone()).map_err(Failure::usage)?;
    let gap = std::time::Duration::from_millis(config.desk.host_gap_ms);
    let web = Polite::new(door, Manners { host_gap: gap, ..Manners::default() }, Vec::new());
    let now = open::clock(cli).now();
    let seen = look(&web, url, allow, now).await.map_err(|e| Failure { code: 1, message: e.to_string() })?;
    if cli.json {
        say_json(&match &seen {
            Look::Feed { url, entries, notes } => json!({"feed": {"url": url, "entries": entries, "notes": notes}}),
            Look::Page { why, feeds, page } => {
                let read = match page.as_ref() {
                    Ok(page) => json!({
                        "title": page.snapshot.title, "text": page.snapshot.body(), "images": page.images,
                    }),
                    Err(error) => json!({"error": error.to_string()}),
                };
                json!({
                    "page": read, "no_feed_because": why, "feeds": feeds, "sources": sections_of(feeds, &config),
                })
            }
        });
        return Ok(0);
    }
    say(&match &seen {
        Look::Feed { url, entries, notes } => feed(url, entries, notes),
        Look::Page { why, feeds, page } => {
            let mut text = format!("No feed: {why}\n");
            feeds_named(&mut text, feeds, &config);
            page_read(&mut text, page);
            text
        }
    });
    Ok(0)
}

fn feed(url: &str, entries: &[Entry], notes: &[String]) -> String {
    let full = entries.iter().filter(|e| e.full_text.is_some()).count();
    let mut text = format!("A feed at {url}: {} entries, {full} with their full text\n", entries.len());
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                entry.published.or(entry.updated).map_or_else(|| "no date".to_owned(), minute),
                if entry.full_text.is_some() { "full text" } else { "link only" }.to_owned(),
                format!("“{}”", short(entry.title.as_deref().unwrap_or("no title"), 64)),
                entry.url.clone(),
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    for note in notes {
        let _ = writeln!(text, "  note: {note}");
    }
    text
}

/// The feeds of a page, and what to put into the configuration for them.
fn feeds_named(text: &mut String, feeds: &[FoundFeed], config: &Config) {
    if feeds.is_empty() {
        text.push_str("The page names no feed.\n\n");
        return;
    }
    let _ = writeln!(text, "\nFeeds that the page names: {}", feeds.len());
    let rows: Vec<Vec<String>> = feeds
        .iter()
        .map(|feed| {
            let form = serde_json::to_value(feed.form).ok().and_then(|v| v.as_str().map(str::to_owned));
            vec![
                format!("“{}”", short(feed.title.as_deref().unwrap_or("no title"), 64)),
                form.unwrap_or_default(),
                feed.url.clone(),
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    match sections_of(feeds, config) {
        new if new.is_empty() => text.push_str("\nThey are sources already.\n\n"),
        new => {
            let _ = writeln!(text, "\nFor the configuration, one or more of:\n{new}");
        }
    }
}

fn page_read(text: &mut String, page: &Result<Fetched, FetchError>) {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            let _ = writeln!(text, "As a page: {error}");
            return;
        }
    };
    let body = page.snapshot.body();
    let words = body.split_whitespace().count();
    let title = page.snapshot.title.as_deref().unwrap_or("no title");
    let _ = writeln!(text, "As a page, {words} words would be read of it: “{title}”\n");
    for line in body.lines().take(LINES) {
        let _ = writeln!(text, "{}", short(line, 200));
    }
    if body.lines().nth(LINES).is_some() {
        text.push_str("…\n");
    }
    let _ = writeln!(text, "\nImages in its text: {}", page.images.len());
    let rows: Vec<Vec<String>> = page
        .images
        .iter()
        .take(IMAGES)
        .map(|image| {
            vec![if image.alt.is_empty() { "no words".into() } else { short(&image.alt, 64) }, image.url.clone()]
        })
        .collect();
    text.push_str(&table(&rows));
}

//! `pipeline sources test`: what would be read at an address. Nothing of it is remembered.

use std::fmt::Write as _;

use serde_json::json;
use sources::{Door, DoorError, Entry, FetchError, Fetched, FoundFeed, Look, Manners, Polite, SourceError, look};
use url::Url;

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

/// Shows what would be read at an address. 1 where nothing would.
pub(super) async fn test(cli: &Cli, url: &str, allow: &[String]) -> Answer {
    // Where there is no configuration yet, its defaults hold.
    let config = if cli.config.exists() { open::config(cli)? } else { Config::default() };
    let door = Door::new(config.desk.door.clone()).map_err(Failure::usage)?;
    let gap = std::time::Duration::from_millis(config.desk.host_gap_ms);
    let web = Polite::new(door, Manners { host_gap: gap, ..Manners::default() }, Vec::new());
    let now = open::clock(cli).now();
    let seen = look(&web, url, allow, now).await.map_err(|error| not_seen(web.door(), url, &error))?;
    let code = u8::from(matches!(&seen, Look::Page { page, feeds, .. } if page.is_err() && feeds.is_empty()));
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
                    "page": read, "no_feed_because": why, "feeds": feeds, "sources": sections_of(feeds, &config, web.door()),
                })
            }
        });
        return Ok(code);
    }
    say(&match &seen {
        Look::Feed { url, entries, notes } => feed(url, entries, notes),
        Look::Page { why, feeds, page } => {
            let mut text = format!("No feed: {why}\n");
            feeds_named(&mut text, feeds, &sections_of(feeds, &config, web.door()));
            page_read(&mut text, page);
            text
        }
    });
    Ok(code)
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
fn feeds_named(text: &mut String, feeds: &[FoundFeed], new: &str) {
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
    if new.is_empty() {
        text.push_str("\nThey are sources already.\n\n");
    } else {
        let _ = writeln!(text, "\nFor the configuration, one or more of:\n{new}");
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

/// The entry of `allow_private` (`host:port`) without which the door does not ask this address; `None` where none would help.
pub(super) fn exception_for(door: &Door, url: &str) -> Option<String> {
    let parsed = Url::parse(url.trim()).ok()?;
    let entry = format!("{}:{}", parsed.host()?, parsed.port_or_known_default()?);
    door.check(url, std::slice::from_ref(&entry)).is_ok().then_some(entry)
}

/// Why an address could not be looked at, with what can be done about it here.
fn not_seen(door: &Door, url: &str, error: &SourceError) -> Failure {
    let of_the_web = Url::parse(url.trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match error {
        SourceError::Door(DoorError::BadUrl { .. } | DoorError::Refused { .. }) if !of_the_web => {
            Failure::usage(format!("{error}; give the whole address, as https://…"))
        }
        SourceError::Door(DoorError::BadUrl { .. }) => Failure::usage(error),
        SourceError::Door(DoorError::Refused { .. }) if let Some(entry) = exception_for(door, url) => Failure {
            code: 1,
            message: format!(
                "{error}; where it is meant, `--allow-private {entry}` lets it in here, and `allow_private = [\"{entry}\"]` in \
                 its [[source]] in the configuration"
            ),
        },
        _ => Failure { code: 1, message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_looked_at_is_answered_with_what_helps() {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let door = Door::new(sources::DoorOptions::default()).unwrap();
        let answer = |url: &str| {
            let error = door.check(url, &[]).unwrap_err();
            let Failure { code, message } = not_seen(&door, url, &SourceError::Door(error));
            (code, message)
        };
        for wrong in ["nonsense", "./feeds/a.xml", "/etc/passwd", "file:///etc/passwd", "ftp://a.example/feed"] {
            let (code, message) = answer(wrong);
            assert!(code == super::super::USAGE && message.contains("https://…"), "{wrong}: {message}");
        }
        for (private, entry) in [
            ("http://127.0.0.1:8080/feed", "127.0.0.1:8080"),
            ("https://[::1]/feed", "[::1]:443"),
            ("http://nas.lan/feed", "nas.lan:80"),
        ] {
            let (code, message) = answer(private);
            let named = message.contains(&format!("`--allow-private {entry}`"))
                && message.contains(&format!("`allow_private = [\"{entry}\"]`"));
            assert!(code == 1 && named, "{private}: {message}");
            assert!(door.check(private, &[entry.to_owned()]).is_ok());
        }
        let (code, message) = answer("https://me:secret@a.example/feed");
        assert!(code == 1 && !message.contains("allow") && !message.contains("secret"), "{message}");
    }
}

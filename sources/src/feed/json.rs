//! JSON Feed 1.0 and 1.1, read as leniently as the specification asks of readers.

use serde_json::{Map, Value};

use super::raw::{Link, Raw, Text};
use super::{Found, parser};
use crate::dates;

/// Reads a JSON Feed. What is missing or of another type is passed over.
pub(super) fn read(text: &str) -> Result<Found, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("its JSON is broken ({error})"))?;
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    let items = value.get("items").and_then(Value::as_array);
    if !version.contains("jsonfeed.org") && items.is_none() {
        return Err(parser::NO_FEED.to_owned());
    }
    let feed_author = value.as_object().and_then(author);
    let raws = items
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|item| {
            let mut raw = raw(item);
            raw.author = raw.author.or_else(|| feed_author.clone());
            raw
        })
        .collect();
    Ok(Found { raws, home: value.as_object().and_then(|feed| string(feed, "home_page_url")), broken: None })
}

fn raw(item: &Map<String, Value>) -> Raw {
    let date = |key| string(item, key).and_then(|text| dates::parse(&text));
    // An `external_url` is what a linklog writes about: the page of the entry is its own `url`, where it has one.
    let links = ["url", "external_url"].into_iter().filter_map(|key| string(item, key));
    let html = string(item, "content_html").map(|text| Text { text, html: true });
    Raw {
        links: links.map(|href| Link { href, base: None }).collect(),
        id: string(item, "id").unwrap_or_default(),
        title: string(item, "title"),
        author: author(item),
        published: date("date_published"),
        updated: date("date_modified"),
        content: html.or_else(|| string(item, "content_text").map(|text| Text { text, html: false })),
        summary: string(item, "summary").map(|text| Text { text, html: false }),
    }
}

/// Version 1.1 has a list of authors, version 1.0 one.
fn author(of: &Map<String, Value>) -> Option<String> {
    let listed = of.get("authors").and_then(Value::as_array).into_iter().flatten();
    listed.chain(of.get("author")).filter_map(Value::as_object).find_map(|person| string(person, "name"))
}

/// A text, or a number written as one.
fn string(of: &Map<String, Value>, key: &str) -> Option<String> {
    let text = match of.get(key)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

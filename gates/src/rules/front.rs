//! Form: front matter is complete, typed, and carries nothing else.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use serde_json::Value;

use states::words::{Place, Severity};

use super::form::{
    DATE_FUTURE, DATE_ODD, DATE_OFFSET, DESCRIPTION_LONG, IS_DRAFT, KEY_CONSTANT, KEY_MISSING, KEY_NOT_ALLOWED,
    KEY_TYPE, SLUG_FORM, SLUG_TAKEN, TAG_TWICE, TAG_UNKNOWN, TITLE_LONG,
};
use super::links::Whose;
use super::{Gathered, safety};
use crate::inventory::Inventory;
use crate::page::Page;
use crate::settings::Settings;
use crate::{FrontKeys, Subject};

/// How far a date may lie ahead of the gate's clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// A day that began so long ago in UTC is over in every time zone.
const PAST_EVERYWHERE: SignedDuration = SignedDuration::from_hours(48);
/// 1995-01-01: no page of the web's is older.
const FIRST: i64 = 788_918_400;

fn at(key: &str) -> Place {
    Place::FrontMatter { key: key.to_owned() }
}

/// The rules for a rendered draft: the keys are exactly the site's.
pub(crate) fn of_draft(gathered: &mut Gathered<'_>, subject: &Subject<'_>, page: &Page) {
    let keys = subject.keys;
    let named = [&keys.title, &keys.description, &keys.summary, &keys.date, &keys.tags];
    for (key, value) in &page.front {
        // Hugo reads keys in any case, so `Aliases` is as good as `aliases`: only the exact spelling is allowed.
        let known = named.contains(&key) || keys.allowed.contains(key) || keys.constants.contains_key(key);
        if !known {
            gathered.find(&KEY_NOT_ALLOWED, at(key), format!("`{key}` is not a key of this site's pages"));
        }
        if let Some(constant) = keys.constants.get(key).filter(|constant| *constant != value) {
            gathered.find(&KEY_CONSTANT, at(key), format!("`{key}` is {value}; on this site it is {constant}"));
        }
    }
    for key in keys.constants.keys().filter(|key| !page.front.contains_key(*key)) {
        gathered.find(&KEY_MISSING, at(key), format!("`{key}` is missing"));
    }
    text_key(gathered, page, &keys.description, true);
    for key in [&keys.title, &keys.description, &keys.summary, &keys.tags] {
        safety::plain_words(gathered, page, key, &keys.tags);
    }
    // A tag that the site allows may stand in no post yet.
    let known = subject.inventory.vocabulary.iter().chain(&subject.brief.vocabulary);
    let vocabulary: Vec<&str> = known.map(String::as_str).collect();
    common(gathered, page, keys, subject.settings, subject.now, &vocabulary, Whose::Draft);
    slug(gathered, page, subject.inventory, true);
}

/// The rules for a person's own page: other keys are the person's business.
pub(crate) fn of_person(
    gathered: &mut Gathered<'_>,
    page: &Page,
    inventory: &Inventory,
    settings: &Settings,
    now: Timestamp,
) {
    let vocabulary: Vec<&str> = inventory.vocabulary.iter().map(String::as_str).collect();
    text_key(gathered, page, "description", false);
    common(gathered, page, &FrontKeys::default(), settings, now, &vocabulary, Whose::Person);
    slug(gathered, page, inventory, false);
}

fn common(
    gathered: &mut Gathered<'_>,
    page: &Page,
    keys: &FrontKeys,
    settings: &Settings,
    now: Timestamp,
    vocabulary: &[&str],
    whose: Whose,
) {
    text_key(gathered, page, &keys.title, true);
    text_key(gathered, page, &keys.summary, false);
    for (key, rule, most) in [
        (&keys.title, &TITLE_LONG, settings.title_max_chars),
        (&keys.description, &DESCRIPTION_LONG, settings.description_max_chars),
    ] {
        if let Some(text) = page.front_text(key).filter(|text| text.chars().count() > most) {
            let have = text.chars().count();
            gathered
                .find(rule, at(key), format!("`{key}` has {have} characters; at most {most} are shown well"))
                .of(text);
        }
    }
    if page.front.get("draft") == Some(&Value::Bool(true)) {
        gathered.find(&IS_DRAFT, at("draft"), "`draft` is true");
    } else if page.front.get("draft").is_some_and(|value| !value.is_boolean()) {
        gathered.find(&KEY_TYPE, at("draft"), "`draft` is neither true nor false");
    }
    if page.front.contains_key(&keys.date) || is_dated(&page.path) {
        date(gathered, page, &keys.date, now, whose);
    }
    tags(gathered, page, &keys.tags, vocabulary);
}

/// A key whose value is text.
fn text_key(gathered: &mut Gathered<'_>, page: &Page, key: &str, needed: bool) {
    if key.is_empty() {
        return;
    }
    match page.front.get(key) {
        None if needed => gathered.find(&KEY_MISSING, at(key), format!("`{key}` is missing")).done(),
        Some(Value::String(text)) if needed && text.trim().is_empty() => {
            gathered.find(&KEY_MISSING, at(key), format!("`{key}` is empty"));
        }
        None | Some(Value::String(_)) => {}
        Some(other) => gathered.find(&KEY_TYPE, at(key), format!("`{key}` is {}, not text", kind(other))).done(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// Lists of pages (`_index.md`) and pages beside all sections (`content/about.md`) do without a date: Hugo sorts no list by it.
fn is_dated(path: &str) -> bool {
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    !(name.starts_with("_index.") || folders.last() == Some(&"content"))
}

fn date(gathered: &mut Gathered<'_>, page: &Page, key: &str, now: Timestamp, whose: Whose) {
    let text = match page.front.get(key) {
        None => return gathered.find(&KEY_MISSING, at(key), format!("`{key}` is missing")).done(),
        Some(Value::String(text)) => text,
        Some(other) => {
            return gathered.find(&KEY_TYPE, at(key), format!("`{key}` is {}, not a date", kind(other))).done();
        }
    };
    let Some(when) = timestamp(text) else {
        let message = format!("`{key}` is `{}`, which is no date with time and offset", super::excerpt(text));
        if whose == Whose::Person && is_past_everywhere(text, now) {
            let message = format!("{message}; it is past in every time zone, so no page is hidden");
            return gathered.find_lighter(&DATE_OFFSET, Severity::Warning, at(key), message).done();
        }
        return gathered.find(&DATE_OFFSET, at(key), message).done();
    };
    if when.duration_since(now) > AHEAD {
        gathered.find(&DATE_FUTURE, at(key), format!("`{key}` is {when}, and now it is {now}"));
    } else if when.as_second() < FIRST {
        gathered.find(&DATE_ODD, at(key), format!("`{key}` is {when}, before there were sites like this one"));
    }
}

/// A day without a time that no time zone makes one to come.
fn is_past_everywhere(text: &str, now: Timestamp) -> bool {
    let text = text.trim();
    text.len() == 10
        && text.parse::<civil::Date>().is_ok_and(|day| {
            day.to_zoned(TimeZone::UTC).is_ok_and(|day| now.duration_since(day.timestamp()) > PAST_EVERYWHERE)
        })
}

/// RFC 3339, also with spaces where YAML allows them.
fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(when) = text.parse() {
        return Some(when);
    }
    let (front, offset) = text.rsplit_once(' ')?;
    (offset.starts_with(['+', '-']) || offset == "Z").then(|| format!("{front}{offset}").parse().ok()).flatten()
}

fn tags(gathered: &mut Gathered<'_>, page: &Page, key: &str, vocabulary: &[&str]) {
    let tags = match page.front.get(key) {
        None | Some(Value::Null) => return,
        Some(Value::Array(tags)) => tags,
        Some(other) => {
            return gathered.find(&KEY_TYPE, at(key), format!("`{key}` is {}, not a list", kind(other))).done();
        }
    };
    let mut seen: Vec<&str> = Vec::new();
    for tag in tags {
        let Some(tag) = tag.as_str().filter(|tag| !tag.trim().is_empty()) else {
            gathered.find(&KEY_TYPE, at(key), format!("a tag is {}, not text", kind(tag)));
            continue;
        };
        if seen.iter().any(|other| other.eq_ignore_ascii_case(tag)) {
            gathered.find(&TAG_TWICE, at(key), format!("`{}` stands twice", super::excerpt(tag)));
        }
        seen.push(tag);
        if !vocabulary.is_empty() && !vocabulary.contains(&tag) {
            let near = vocabulary.iter().find(|known| known.eq_ignore_ascii_case(tag));
            let noted = gathered.find(&TAG_UNKNOWN, at(key), format!("the site has no tag `{}`", super::excerpt(tag)));
            if let Some(near) = near {
                noted.mend(format!("Write it as `{near}`."));
            }
        }
    }
}

/// A new page must not lie where a page lies; a person's page may be in the inventory itself.
fn slug(gathered: &mut Gathered<'_>, page: &Page, inventory: &Inventory, new: bool) {
    let slug = inventory.slug_of(page);
    let good = !slug.is_empty()
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    // Other alphabets are a person's choice; a draft's slug is made by the program.
    if !good && (new || slug::slugify(&slug).is_empty() || slug.contains(['/', '\\', '?', '#', '%', ' '])) {
        gathered.find(&SLUG_FORM, Place::Page, format!("`{}` is no slug", super::excerpt(&slug)));
    }
    let taken = inventory.posts.iter().find(|post| post.slug == slug && (new || post.path != page.path));
    if let Some(post) = taken {
        gathered.find(&SLUG_TAKEN, Place::Page, format!("`{slug}` is the slug of {}", super::excerpt(&post.path)));
        return;
    }
    let address = inventory.url_of(page);
    let made = || (new && inventory.makes(&address)).then(|| "a page that Hugo makes".to_owned());
    if let Some(other) = inventory.taken_by(&address, &page.path).or_else(made) {
        let message = format!("`{}` leads to {} already", super::excerpt(&address), super::excerpt(&other));
        gathered.find(&SLUG_TAKEN, Place::Page, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_needs_a_time_and_an_offset() {
        for good in
            ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00+01:00", "2026-03-01 10:00:00 +01:00", "2026-03-01 10:00:00Z"]
        {
            assert!(timestamp(good).is_some(), "{good}");
        }
        for bad in ["2026-03-01", "2026-03-01T10:00:00", "March 1", ""] {
            assert!(timestamp(bad).is_none(), "{bad}");
        }
    }
}

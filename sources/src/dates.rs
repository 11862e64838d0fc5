//! Dates as people, feeds and pages write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Longest text that is looked at as a date.
const LONGEST: usize = 80;

/// Forms with a time, without an offset: taken as UTC.
const TIMES: [&str; 15] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%b %d, %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%Y%m%dT%H%M%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%d.%m.%Y %H:%M",
    "%b %d %Y %H:%M:%S",
    "%b %d %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
    // As C's asctime writes it, without the weekday.
    "%b %d %H:%M:%S %Y",
];

/// Forms with a time and an offset.
const OFFSETS: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%M:%S%.f%:z"];

/// Forms of a day: taken as midnight UTC.
const DAYS: [&str; 9] =
    ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%d. %b %Y", "%d.%m.%Y", "%Y%m%d"];

/// Reads a date. `None` where the text is none, or says none that is certain (`03/04/2026` is two dates).
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    // A month, as the W3C's profile of ISO 8601 allows it.
    if let [_, _, _, _, b'-', _, _] = text.as_bytes() {
        return parse(&format!("{text}-01"));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(at) = jiff::fmt::rfc2822::parse(text) {
        return Some(at.timestamp());
    }
    let tidy = tidy(text);
    if let Ok(at) = jiff::fmt::rfc2822::parse(&tidy) {
        return Some(at.timestamp());
    }
    for format in OFFSETS {
        if let Ok(at) = strtime::parse(format, &tidy).and_then(|parsed| parsed.to_timestamp()) {
            return Some(at);
        }
    }
    for format in TIMES {
        if let Ok(at) = DateTime::strptime(format, &tidy) {
            return at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        }
    }
    for format in DAYS {
        if let Ok(day) = Date::strptime(format, &tidy) {
            return day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        }
    }
    None
}

/// A date as far as it can be believed: not before 1990, and not more than a day after `now`.
pub(crate) fn believable(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    const YEAR_1990: i64 = 631_152_000;
    let tomorrow = now.checked_add(24.hours()).unwrap_or(Timestamp::MAX);
    (at.as_second() >= YEAR_1990 && at <= tomorrow).then_some(at)
}

/// Takes off what stands around dates: a weekday, words before it, ordinals, `UTC` for an offset.
fn tidy(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .enumerate()
        .filter_map(|(i, word)| {
            let bare = word.trim_end_matches([',', '.', ':']).to_ascii_lowercase();
            let weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
                .iter()
                .any(|day| bare.starts_with(day) && (bare.len() <= 4 || bare.ends_with("day")));
            if weekday || matches!(bare.as_str(), "on" | "at" | "published" | "posted" | "updated" | "date" | "·" | "•")
            {
                return None;
            }
            let digits = bare.trim_end_matches(char::is_alphabetic);
            let ordinal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if ordinal && matches!(&bare[digits.len()..], "st" | "nd" | "rd" | "th") {
                let comma = if word.ends_with(',') { "," } else { "" };
                return Some(format!("{digits}{comma}"));
            }
            if let Some(month) = month_of(&bare) {
                let comma = if word.ends_with(',') { "," } else { "" };
                return Some(format!("{month}{comma}"));
            }
            if i > 0 && matches!(bare.as_str(), "utc" | "gmt" | "z") {
                return Some("+0000".to_owned());
            }
            Some(word.to_owned())
        })
        .collect();
    words.join(" ")
}

/// The short name of a month, for its full name or a usual abbreviation of it.
fn month_of(word: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &str); 12] = [
        ("Jan", "january"),
        ("Feb", "february"),
        ("Mar", "march"),
        ("Apr", "april"),
        ("May", "may"),
        ("Jun", "june"),
        ("Jul", "july"),
        ("Aug", "august"),
        ("Sep", "september"),
        ("Oct", "october"),
        ("Nov", "november"),
        ("Dec", "december"),
    ];
    let fits = |full: &str| word.len() >= 3 && full.starts_with(word);
    MONTHS.iter().find(|(_, full)| fits(full)).map(|(short, _)| *short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_forms_are_read() {
        for (text, expected) in [
            ("2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z"),
            ("2026-03-04T05:06:07+02:00", "2026-03-04T03:06:07Z"),
            ("2026-03-04T05:06:07+0200", "2026-03-04T03:06:07Z"),
            ("2026-03-04 05:06", "2026-03-04T05:06:00Z"),
            ("2026-03-04 05:06:07 UTC", "2026-03-04T05:06:07Z"),
            ("2026-03-04", "2026-03-04T00:00:00Z"),
            ("Wed, 04 Mar 2026 05:06:07 GMT", "2026-03-04T05:06:07Z"),
            ("March 4, 2026", "2026-03-04T00:00:00Z"),
            ("Mar 4, 2026", "2026-03-04T00:00:00Z"),
            ("Published on Wednesday, March 4th, 2026", "2026-03-04T00:00:00Z"),
            ("Sept. 4, 2026", "2026-09-04T00:00:00Z"),
            ("4 March 2026", "2026-03-04T00:00:00Z"),
            ("2026-03", "2026-03-01T00:00:00Z"),
            ("2026/3/4 14:06:07", "2026-03-04T14:06:07Z"),
            ("Wed, Mar 04 2026 02:06:07 PM", "2026-03-04T14:06:07Z"),
            ("Wed Mar  4 05:06:07 2026", "2026-03-04T05:06:07Z"),
            ("04 Mar 26 05:06:07 EST", "2026-03-04T10:06:07Z"),
        ] {
            assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_certain_date_is_none() {
        for text in ["", "yesterday", "03/04/2026", "2026-13-01", "99999999999", "é", "1st", "th th th"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn unbelievable_dates_are_dropped() {
        let now: Timestamp = "2026-03-04T00:00:00Z".parse().unwrap();
        assert_eq!(believable(Timestamp::UNIX_EPOCH, now), None);
        assert_eq!(believable("2026-03-06T00:00:00Z".parse().unwrap(), now), None);
        assert!(believable("2026-03-04T20:00:00Z".parse().unwrap(), now).is_some());
    }
}

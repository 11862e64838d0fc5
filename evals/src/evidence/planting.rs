//! Wrong facts: one value of a true sentence exchanged for another plausible one, from elsewhere in the page as often as not.

use super::values::{self, CURRENCIES, Kind, MONTHS, NUMBER_WORDS, SCALES, Value, WEEKDAYS};
use crate::random::Random;

/// Persons, for pages that name too few.
const PERSONS: [&str; 10] = [
    "Daniel Weber",
    "Maria Lindqvist",
    "Andrew Holloway",
    "Priya Raman",
    "Thomas Keller",
    "Elena Petrova",
    "Samuel Okafor",
    "Laura Whitfield",
    "Kenji Morita",
    "Claire Dubois",
];

/// Single names.
const SINGLE: [&str; 12] = [
    "Weber",
    "Lindqvist",
    "Holloway",
    "Norway",
    "Toronto",
    "Chile",
    "Siemens",
    "Okafor",
    "Lisbon",
    "Hitachi",
    "Brandt",
    "Denver",
];

/// Names that mean the same.
const SAME: [&[&str]; 4] = [
    &["america", "american", "americans", "united states"],
    &["britain", "british", "england", "english", "united kingdom"],
    &["holland", "dutch", "netherlands"],
    &["house", "congress", "senate"],
];

/// What a page has to exchange.
pub(crate) struct Pool<'a> {
    /// The page, lower case, letters and digits alone.
    pub(crate) letters: &'a str,
    /// The values of its sentences, as written.
    pub(crate) written: &'a [(Kind, String)],
    /// Its words of four letters and more that are written in lower case.
    pub(crate) words: &'a [String],
}

/// The sentence with one value exchanged; `None` where nothing that is surely wrong was found.
pub(crate) fn planted(sentence: &str, value: &Value, pool: &Pool<'_>, random: &mut Random) -> Option<String> {
    let written = &sentence[value.span.clone()];
    let (before, after) = (&sentence[..value.span.start], &sentence[value.span.end..]);
    let keys = values::keys(sentence);
    for _ in 0..12 {
        let near = random.chance(50).then(|| elsewhere(written, value.kind, pool, random)).flatten();
        let Some(other) = near.or_else(|| changed(written, value.kind, pool, random)) else { continue };
        let text = format!("{before}{other}{after}");
        let found = values::keys(&text);
        // One value went, another came: neither lost to another reading nor written in another way.
        let gone = found.len() == keys.len() && found.iter().filter(|key| !keys.contains(key)).count() <= 1;
        let count = |keys: &[String]| keys.iter().filter(|key| **key == value.key).count();
        if gone && count(&found) < count(&keys) && wrong(sentence, value, &text, &other, pool) {
            return Some(text);
        }
    }
    None
}

/// True unless what was put in can be true as well.
fn wrong(sentence: &str, value: &Value, text: &str, other: &str, pool: &Pool<'_>) -> bool {
    let written = &sentence[value.span.clone()];
    match value.kind {
        Kind::Number | Kind::Percent | Kind::Amount => {
            let (old, new) = (leading(written), leading(other));
            let before = sentence[..value.span.start].to_lowercase();
            let tail: Vec<&str> = before.split_whitespace().rev().take(2).collect();
            let says = |words: &[&str]| tail.iter().any(|word| words.contains(&word.trim_matches(',')));
            match old.zip(new) {
                // `More than 40` is also more than 30.
                Some((old, new))
                    if says(&["than", "over", "least", "above", "under", "below", "most", "to", "up", "within"]) =>
                {
                    new > old * 1.3 && says(&["than", "over", "least", "above"]) && !says(&["less", "fewer"])
                        || new < old / 1.3 && says(&["under", "below", "most", "to", "up", "within", "less", "fewer"])
                }
                Some((old, new))
                    if says(&["about", "around", "nearly", "almost", "roughly", "some", "approximately"]) =>
                {
                    (new - old).abs() > old * 0.25
                }
                _ => true,
            }
        }
        Kind::Quotation => {
            let span = values::quotations(text).into_iter().find(|q| q.start == value.span.start);
            span.is_some_and(|span| !pool.letters.contains(&values::letters(&text[span])))
        }
        Kind::Name => {
            let (old, new) = (written.to_lowercase(), other.to_lowercase());
            let shared = old.split([' ', '-']).any(|a| new.split([' ', '-']).any(|b| stem(a) == stem(b)));
            let partly = old.contains(' ') && old.split(' ').count() == new.split(' ').count();
            let alias =
                SAME.iter().any(|same| same.iter().any(|n| old.contains(n)) && same.iter().any(|n| new.contains(n)));
            let together = [format!("{old} {new}"), format!("{new} {old}")];
            let one = together.iter().any(|both| pool.letters.contains(both.as_str()));
            // A first name exchanged makes another person, where the page knows no such one.
            let person = partly && !pool.letters.contains(&new);
            !alias && !one && (!shared || person) && !sentence.to_lowercase().contains(&new)
        }
        _ => true,
    }
}

/// The first five letters: `Russia` and `Russian` are one.
fn stem(word: &str) -> &str {
    word.char_indices().nth(5).map_or(word, |(at, _)| &word[..at])
}

fn leading(written: &str) -> Option<f64> {
    let digits = written.trim_start_matches(['$', '€', '£']);
    let (first, rest) = digits.split_once(' ').unwrap_or((digits, ""));
    let word = NUMBER_WORDS.iter().position(|word| *word == first).map(|n| n as f64 + 2.0);
    let by = SCALES.iter().find(|(name, _)| rest.starts_with(name)).map_or(1.0, |(_, by)| *by);
    word.or_else(|| values::numeral(first.trim_end_matches('%'))).map(|amount| amount * by)
}

/// Another value of the kind and the shape, from the page.
fn elsewhere(written: &str, kind: Kind, pool: &Pool<'_>, random: &mut Random) -> Option<String> {
    if kind == Kind::Quotation {
        return None;
    }
    let shape = shape(written);
    let others: Vec<&String> = pool
        .written
        .iter()
        .filter(|(k, other)| *k == kind && other != written && self::shape(other) == shape)
        .map(|(_, w)| w)
        .collect();
    random.pick(&others).map(|other| (*other).clone())
}

/// What must be alike so that a sentence can still be read: words or digits, and how many.
fn shape(written: &str) -> (usize, bool, bool) {
    (written.split(' ').count(), written.starts_with(|c: char| c.is_ascii_digit()), written.contains(['-', '–']))
}

fn changed(written: &str, kind: Kind, pool: &Pool<'_>, random: &mut Random) -> Option<String> {
    match kind {
        Kind::Number | Kind::Percent => match NUMBER_WORDS.iter().position(|word| *word == written.to_lowercase()) {
            Some(_) => random.pick(&NUMBER_WORDS).map(|word| (*word).to_owned()),
            None => digits(written, random),
        },
        Kind::Version => version(written, random),
        Kind::Date => date(written, random),
        Kind::Weekday => random.pick(&WEEKDAYS).map(|day| (*day).to_owned()),
        Kind::Amount => amount(written, random),
        Kind::Quotation => quotation(written, pool, random),
        Kind::Name => name(written, random),
        Kind::Link => link(written, pool, random),
    }
}

/// One digit changed, the number next to it, or ten times as much.
fn digits(written: &str, random: &mut Random) -> Option<String> {
    let places: Vec<usize> = written.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
    let first = *places.first()?;
    let whole = written.parse::<u64>().ok();
    match (random.below(4), whole) {
        (0, Some(n @ 2..)) => Some((n - 1).to_string()),
        (1, Some(n)) => Some((n + 1).to_string()),
        (2, Some(n @ 1..=999)) => Some((n * 10).to_string()),
        _ => {
            let at = *random.pick(&places)?;
            let low = usize::from(at == first);
            let digit = char::from_digit(u32::try_from(random.between(low, 9)).ok()?, 10)?;
            Some(format!("{}{digit}{}", &written[..at], &written[at + 1..]))
        }
    }
}

fn amount(written: &str, random: &mut Random) -> Option<String> {
    match random.below(4) {
        0 => {
            let (sign, _) = CURRENCIES.iter().find(|(sign, _)| written.starts_with(*sign))?;
            let (other, _) = random.pick(&CURRENCIES)?;
            Some(written.replacen(*sign, &other.to_string(), 1))
        }
        1 => {
            let (name, _) = SCALES.iter().find(|(name, _)| written.contains(name))?;
            let (other, _) = random.pick(&SCALES[1..])?;
            Some(written.replacen(name, other, 1))
        }
        _ => digits(written, random),
    }
}

/// A neighbour: one part changed by one, or one part more.
fn version(written: &str, random: &mut Random) -> Option<String> {
    let (lead, digits) = written.strip_prefix('v').map_or(("", written), |digits| ("v", digits));
    let mut parts: Vec<u64> = digits.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let at = random.below(parts.len());
    match random.below(3) {
        0 => parts[at] += 1,
        1 => parts[at] = parts[at].checked_sub(1)?,
        _ => parts.push(1),
    }
    let parts: Vec<String> = parts.iter().map(u64::to_string).collect();
    Some(format!("{lead}{}", parts.join(".")))
}

/// Another month, day or year.
fn date(written: &str, random: &mut Random) -> Option<String> {
    let months: Vec<&&str> = MONTHS.iter().filter(|month| written.contains(**month)).collect();
    if let (Some(month), true) = (months.first(), random.chance(40)) {
        return random.pick(&MONTHS).map(|other| written.replacen(**month, other, 1));
    }
    let mut parts: Vec<String> = written.split(' ').map(str::to_owned).collect();
    let numbers: Vec<usize> =
        (0..parts.len()).filter(|n| parts[*n].trim_end_matches(',').parse::<usize>().is_ok()).collect();
    let at = *random.pick(&numbers)?;
    let old: usize = parts[at].trim_end_matches(',').parse().ok()?;
    let new = if old > 31 {
        (old + random.between(1, 9)).checked_sub(random.between(0, 1) * 10)?
    } else {
        random.between(1, 28)
    };
    parts[at] = parts[at].replace(&old.to_string(), &new.to_string());
    Some(parts.join(" "))
}

/// One word exchanged, left out, or put elsewhere; or a `not` put in or taken out.
fn quotation(written: &str, pool: &Pool<'_>, random: &mut Random) -> Option<String> {
    let mut words: Vec<String> = written.split(' ').map(str::to_owned).collect();
    let plain = |word: &String| word.len() > 3 && word.chars().all(char::is_lowercase);
    let places: Vec<usize> = (0..words.len()).filter(|n| plain(&words[*n])).collect();
    let at = *random.pick(&places)?;
    match random.below(5) {
        0 if words.len() > 5 => drop(words.remove(at)),
        1 if at + 1 < words.len() && plain(&words[at + 1]) => words.swap(at, at + 1),
        2 => {
            let verb =
                words.iter().position(|word| ["is", "are", "was", "were", "will", "can"].contains(&word.as_str()))?;
            words.insert(verb + 1, "not".to_owned());
        }
        _ => words[at] = random.pick(pool.words)?.clone(),
    }
    Some(words.join(" "))
}

/// Another name, or another first name.
fn name(written: &str, random: &mut Random) -> Option<String> {
    let parts: Vec<&str> = written.split(' ').collect();
    match parts[..] {
        [_] => random.pick(&SINGLE).map(|name| (*name).to_owned()),
        [first, last] => {
            let other = *random.pick(&PERSONS)?;
            let (given, family) = other.split_once(' ')?;
            Some(match random.below(4) {
                0 => format!("{given} {last}"),
                1 => format!("{first} {family}"),
                _ => other.to_owned(),
            })
        }
        _ => random.pick(&PERSONS).map(|name| (*name).to_owned()),
    }
}

/// Another host, or another path.
fn link(written: &str, pool: &Pool<'_>, random: &mut Random) -> Option<String> {
    let (scheme, rest) = written.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let word = random.pick(pool.words).map_or("archive", String::as_str);
    let (name, end) = host.rsplit_once('.')?;
    let made = match random.below(5) {
        0 => format!("{scheme}://{name}.{}/{path}", if end == "net" { "org" } else { "net" }),
        1 => format!("{scheme}://{name}-{}.{end}/{path}", if random.chance(50) { "news" } else { "online" }),
        2 if !path.is_empty() => digits(path, random).map(|path| format!("{scheme}://{host}/{path}"))?,
        3 if path.trim_end_matches('/').contains('/') => {
            let (parent, _) = path.trim_end_matches('/').rsplit_once('/')?;
            format!("{scheme}://{host}/{parent}/{word}")
        }
        _ => format!("{scheme}://{host}/{word}"),
    };
    word.is_ascii().then_some(made)
}

//! True sentences made of true sentences: shortened, merged with the next, said in slightly other words. What each makes follows
//! from what it was made of.

use super::values::{self, CURRENCIES, Kind, MONTHS, NUMBER_WORDS, SCALES, Value};
use crate::random::Random;

/// How a true sentence came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    TakenOver,
    Shortened,
    Merged,
    Reworded,
    Respelled,
}

impl How {
    /// As cases name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TakenOver => "taken over",
            Self::Shortened => "shortened",
            Self::Merged => "merged",
            Self::Reworded => "reworded",
            Self::Respelled => "respelled",
        }
    }
}

/// Words that begin a clause whose truth is not that of the sentence.
const CONDITIONS: [&str; 18] = [
    "if", "unless", "when", "while", "although", "though", "because", "since", "as", "after", "before", "not",
    "neither", "either", "whether", "had", "were", "once",
];

/// Words that begin a sentence or clause of its own.
const BEGINNINGS: [&str; 20] = [
    "the", "he", "she", "it", "they", "we", "this", "these", "those", "there", "a", "an", "his", "her", "its", "their",
    "some", "many", "you", "i",
];

/// Words at a sentence's beginning that only lead over to it.
const OPENINGS: [&str; 14] = [
    "However, ",
    "Meanwhile, ",
    "In addition, ",
    "Additionally, ",
    "Moreover, ",
    "Furthermore, ",
    "Also, ",
    "Of course, ",
    "In fact, ",
    "Still, ",
    "So, ",
    "And ",
    "But ",
    "Indeed, ",
];

/// Words and others that say the same.
const SYNONYMS: [(&str, &str); 37] = [
    ("nearly", "almost"),
    ("almost", "nearly"),
    ("approximately", "about"),
    ("roughly", "about"),
    ("large", "big"),
    ("big", "large"),
    ("quickly", "rapidly"),
    ("rapidly", "quickly"),
    ("often", "frequently"),
    ("frequently", "often"),
    ("entire", "whole"),
    ("bought", "purchased"),
    ("purchased", "bought"),
    ("company", "firm"),
    ("companies", "firms"),
    ("movie", "film"),
    ("movies", "films"),
    ("began", "started"),
    ("currently", "at present"),
    ("although", "though"),
    ("despite", "in spite of"),
    ("problem", "issue"),
    ("problems", "issues"),
    ("previously", "earlier"),
    ("several", "a number of"),
    ("smart", "clever"),
    ("tiny", "very small"),
    ("huge", "very large"),
    ("children", "kids"),
    ("photos", "pictures"),
    ("film", "movie"),
    ("don’t", "do not"),
    ("doesn’t", "does not"),
    ("didn’t", "did not"),
    ("isn’t", "is not"),
    ("wasn’t", "was not"),
    ("can’t", "cannot"),
];

/// A shorter sentence that follows from this one: without what stands in brackets, an aside, a relative clause, or without a
/// second main clause.
pub(crate) fn shortened(sentence: &str, random: &mut Random) -> Option<String> {
    let ways: [fn(&str) -> Option<String>; 5] =
        [without_brackets, without_aside, without_relative, first_clause, without_opening];
    first_of(&ways, random, |way| way(sentence)).filter(|short| short.split_whitespace().count() >= 4)
}

/// Two sentences that follow each other, in one.
pub(crate) fn merged(first: &str, second: &str, random: &mut Random) -> Option<String> {
    let (head, begin) = (first.strip_suffix('.')?, second.split(' ').next()?);
    let long = |text: &str| text.split_whitespace().count() > 22;
    let quoted = |text: &str| text.contains(['“', '"', '”', ';', ':', '«']);
    let apart = |word: &str| BEGINNINGS.contains(&word.to_lowercase().as_str());
    if !apart(begin) || conditional(first) || long(first) || long(second) || quoted(first) || quoted(second) {
        return None;
    }
    let rest = if begin == "I" { second.to_owned() } else { lowered(second) };
    let joint = if random.chance(60) { ", and " } else { "; " };
    Some(format!("{head}{joint}{rest}"))
}

/// The same in slightly other words or another order.
pub(crate) fn reworded(sentence: &str, random: &mut Random) -> Option<String> {
    let ways: [fn(&str) -> Option<String>; 3] = [attribution_first, time_last, synonyms];
    first_of(&ways, random, |way| way(sentence))
}

/// The same with one of its figures written in another way.
pub(crate) fn respelled(sentence: &str, random: &mut Random) -> Option<String> {
    let found = values::values(sentence);
    let mut ways: Vec<String> = found.iter().flat_map(|value| spellings(sentence, value)).collect();
    // Another way of writing is the same figure, or it is none.
    let keys = values::keys(sentence);
    ways.retain(|way| values::keys(way) == keys && way != sentence);
    random.pick(&ways).cloned()
}

fn first_of<W: Copy>(ways: &[W], random: &mut Random, try_one: impl Fn(W) -> Option<String>) -> Option<String> {
    let mut order: Vec<W> = ways.to_vec();
    random.shuffle(&mut order);
    order.into_iter().find_map(try_one)
}

fn conditional(sentence: &str) -> bool {
    let mut words = sentence.split(' ').map(|word| word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase());
    let first = words.next().unwrap_or_default();
    CONDITIONS.contains(&first.as_str())
        || words.any(|word| ["if", "unless", "whether", "either", "neither", "both"].contains(&word.as_str()))
}

fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn raised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// True where a byte lies inside of a quotation.
fn quoted(sentence: &str, at: usize) -> bool {
    values::quotations(sentence).iter().any(|q| q.start <= at && at <= q.end)
}

fn without_brackets(sentence: &str) -> Option<String> {
    let open = sentence.find(" (")?;
    let close = open + sentence[open..].find(')')?;
    let inside = &sentence[open + 2..close];
    let nested = inside.contains(['(', '“', '"']) || quoted(sentence, open);
    (!nested).then(|| format!("{}{}", &sentence[..open], &sentence[close + 1..]))
}

fn without_aside(sentence: &str) -> Option<String> {
    let dashes: Vec<usize> = sentence.match_indices('—').map(|(at, _)| at).collect();
    let [open, close] = dashes[..] else { return None };
    if quoted(sentence, open) || quoted(sentence, close) || sentence[open..close].contains(['“', '"']) {
        return None;
    }
    let rest = sentence[close + '—'.len_utf8()..].trim_start();
    Some(format!("{} {rest}", sentence[..open].trim_end()))
}

/// Without `, which …` between two commas, or at the end.
fn without_relative(sentence: &str) -> Option<String> {
    let open = [", which ", ", who ", ", whose "].iter().find_map(|lead| sentence.find(lead))?;
    if sentence.contains(['“', '"', '—', ';', '(']) || conditional(sentence) {
        return None;
    }
    let after = &sentence[open + 2..];
    match (sentence.matches(',').count(), after.find(',')) {
        (1, None) => Some(format!("{}.", &sentence[..open])),
        (2, Some(close)) => Some(format!("{}{}", &sentence[..open], &after[close + 1..])),
        _ => None,
    }
}

/// The first of two main clauses.
fn first_clause(sentence: &str) -> Option<String> {
    let cut = [", and ", ", but "].iter().find_map(|joint| {
        let at = sentence.find(joint)?;
        let rest = &sentence[at + joint.len()..];
        let begin = rest.split(' ').next()?;
        ["he", "she", "it", "they", "we", "there", "i"].contains(&begin.to_lowercase().as_str()).then_some(at)
    })?;
    let head = &sentence[..cut];
    let whole = head.split_whitespace().count() >= 6 && !head.contains(['“', '"', '—', '(', ',']) && !conditional(head);
    let plain = !sentence.to_lowercase().contains("not only") && !head.contains(" that ") && !head.contains(" said ");
    (whole && plain).then(|| format!("{head}."))
}

fn without_opening(sentence: &str) -> Option<String> {
    let rest = OPENINGS.iter().find_map(|opening| sentence.strip_prefix(opening))?;
    (!conditional(rest) && rest.starts_with(char::is_alphabetic)).then(|| raised(rest))
}

/// `“…,” he said.` as `He said: “….”`.
fn attribution_first(sentence: &str) -> Option<String> {
    let found = values::quotations(sentence);
    let [only] = &found[..] else { return None };
    let close = sentence[only.end..].chars().next()?;
    let tail = sentence[only.end + close.len_utf8()..].trim().strip_suffix('.')?;
    let inside = sentence[only.clone()].strip_suffix(',')?;
    let words: Vec<&str> = tail.split(' ').collect();
    let starts = only.start <= '“'.len_utf8();
    let plain = starts && words.len() <= 6 && !tail.contains([',', '—', '(']);
    let said = |word: &str| ["said", "says", "tweeted", "wrote", "added", "told"].contains(&word);
    let open = &sentence[..only.start];
    let who = match words[..] {
        [verb, ref name @ ..] if said(verb) && !name.is_empty() => format!("{} {verb}", name.join(" ")),
        [ref name @ .., verb] if said(verb) && !name.is_empty() => format!("{} {verb}", name.join(" ")),
        _ => return None,
    };
    plain.then(|| format!("{}: {open}{inside}.{close}", raised(&who)))
}

/// `In 2016, it was closed.` as `It was closed in 2016.`
fn time_last(sentence: &str) -> Option<String> {
    let (lead, rest) = sentence.split_once(", ")?;
    let timed = ["In ", "On ", "At "].iter().any(|word| lead.starts_with(word))
        && lead.split(' ').count() <= 3
        && values::values(lead).iter().any(|value| matches!(value.kind, Kind::Date | Kind::Weekday));
    let rest = rest.strip_suffix('.')?;
    let plain = rest.split(' ').count() <= 18 && !rest.contains([',', '“', '"', ';', '—', ':', '(']);
    let one = ![" and ", " that ", " said ", " will ", " when ", " who ", " but ", " in ", " on "]
        .iter()
        .any(|joint| rest.contains(joint));
    (timed && plain && one && rest.starts_with(char::is_alphabetic))
        .then(|| format!("{} {}.", raised(rest), lowered(lead)))
}

/// Up to two words exchanged for others that say the same.
fn synonyms(sentence: &str) -> Option<String> {
    let mut changed = 0;
    let mut at = 0;
    let mut words = Vec::new();
    for word in sentence.split(' ') {
        let here = at;
        at += word.len() + 1;
        let core = word.trim_end_matches([',', '.', ';', ':', '!', '?']);
        let straight = core.replace('\'', "’");
        let other = SYNONYMS.iter().find(|(from, _)| *from == straight).map(|(_, to)| *to);
        match other.filter(|_| changed < 2 && !quoted(sentence, here)) {
            Some(other) => {
                changed += 1;
                words.push(format!("{other}{}", &word[core.len()..]));
            }
            None => words.push(word.to_owned()),
        }
    }
    let text = words.join(" ");
    // `a entire` and `an whole` are no English.
    (changed > 0 && !text.contains(" a almost ") && !text.contains(" a issue") && !text.contains(" an purchased"))
        .then_some(text)
}

/// Other ways of writing a value, each in the whole sentence.
fn spellings(sentence: &str, value: &Value) -> Vec<String> {
    let written = &sentence[value.span.clone()];
    let (before, after) = (&sentence[..value.span.start], &sentence[value.span.end..]);
    // `8 AM` is not `eight AM`.
    let clock = [" AM", " PM", " a.m", " p.m"].iter().any(|half| after.starts_with(half));
    let others: Vec<String> = match value.kind {
        Kind::Number if clock => Vec::new(),
        Kind::Number => number(written, before.is_empty()),
        Kind::Percent => match written.strip_suffix('%') {
            Some(digits) => vec![format!("{digits} percent")],
            None => written.split(' ').next().map(|digits| format!("{digits}%")).into_iter().collect(),
        },
        Kind::Amount => amount(written),
        Kind::Date => date(written),
        _ => Vec::new(),
    };
    others.into_iter().map(|other| format!("{before}{other}{after}")).collect()
}

fn number(written: &str, first: bool) -> Vec<String> {
    if let Some(n) = NUMBER_WORDS.iter().position(|word| *word == written) {
        return vec![(n + 2).to_string()];
    }
    if let Ok(n @ 2..=12) = written.parse::<usize>()
        && !first
    {
        return vec![NUMBER_WORDS[n - 2].to_owned()];
    }
    let mut others = scaled(written);
    if written.contains(',') && !written.contains(' ') {
        others.push(written.replace(',', ""));
    }
    others
}

/// `1.2 million` as `1,200,000`.
fn scaled(written: &str) -> Vec<String> {
    let Some((digits, scale)) = written.split_once(' ') else { return Vec::new() };
    let by = SCALES.iter().find(|(name, _)| *name == scale).map(|(_, by)| *by);
    let amount = values::numeral(digits).zip(by).map(|(amount, by)| (amount * by).round());
    amount.map(|amount| grouped(amount as u64)).into_iter().collect()
}

fn grouped(amount: u64) -> String {
    let digits = amount.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn amount(written: &str) -> Vec<String> {
    let Some((sign, word)) = CURRENCIES.iter().find(|(sign, _)| written.starts_with(*sign)) else { return Vec::new() };
    let digits = &written[sign.len_utf8()..];
    let mut others: Vec<String> = scaled(digits).into_iter().map(|digits| format!("{sign}{digits}")).collect();
    if digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with(char::is_alphabetic)
        || digits.contains(' ')
    {
        others.push(format!("{digits} {word}"));
    }
    others
}

fn date(written: &str) -> Vec<String> {
    let parts: Vec<&str> = written.split([' ', ',']).filter(|part| !part.is_empty()).collect();
    let full = |month: &str| MONTHS.contains(&month);
    match parts[..] {
        [month, day, year] if full(month) => {
            vec![format!("{day} {month} {year}"), format!("{}. {day}, {year}", &month[..3])]
        }
        [month, day] if full(month) && day.len() < 3 => {
            vec![format!("{day} {month}"), format!("{}. {day}", &month[..3])]
        }
        [day, month, year] if full(month) => vec![format!("{month} {day}, {year}")],
        _ => Vec::new(),
    }
}

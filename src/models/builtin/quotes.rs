//! Which sentences can be quoted, and which of them say most without repeating each other.

use std::collections::BTreeSet;

use states::words::hash::number_of;
use states::words::text::words;

use crate::models::answer::problem_of;
use crate::models::salience::{Line, Scored};

/// A quotation has this many words.
const WORDS: std::ops::RangeInclusive<usize> = 8..=40;
/// A quotation that shares this share of its words with one chosen before says nothing new.
const SAME_PERCENT: usize = 45;

/// Openings that point at a sentence which would not be quoted with them.
const POINTING: [&str; 24] = [
    "it",
    "this",
    "that",
    "these",
    "those",
    "they",
    "he",
    "she",
    "however",
    "but",
    "and",
    "so",
    "also",
    "then",
    "thus",
    "therefore",
    "such",
    "here",
    "there",
    "instead",
    "otherwise",
    "finally",
    "meanwhile",
    "again",
];

/// Phrases of page furniture, and of text that speaks to a machine.
const FURNITURE: [&str; 20] = [
    "cookie",
    "newsletter",
    "subscribe",
    "sign up",
    "privacy policy",
    "all rights reserved",
    "read more",
    "click here",
    "share this",
    "log in",
    "terms of service",
    "sponsored",
    "advertisement",
    "previous instructions",
    "system prompt",
    "language model",
    "as an ai",
    "you must now",
    "sample text",
    "invented software",
];

/// Whether a sentence can stand between quotation marks as it is: complete, readable alone, without marks of its own.
pub(super) fn quotable(s: &Scored<'_>) -> bool {
    let text = s.text;
    let inner = |c: char| {
        matches!(
            c,
            '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '`' | '{' | '}' | '|' | '\\' | '=' | '<' | '>' | '*' | '[' | ']'
        )
    };
    let opens = text
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || c.is_numeric() || c.is_alphabetic() && !c.is_lowercase());
    let lower = text.to_lowercase();
    s.line == Line::Body
        && WORDS.contains(&s.words)
        && s.terms.len() >= 4
        && opens
        && text.ends_with(['.', '!', '?', '。'])
        && !text.ends_with("..")
        && !text.contains(inner)
        && !text.contains("::")
        && !lower.contains("://")
        && !lower.contains("www.")
        && !FURNITURE.iter().any(|phrase| lower.contains(phrase))
        && balanced(text)
        // White space is squeezed on the way into a draft; the quotation must stay byte for byte.
        && text.split(' ').all(|word| !word.is_empty() && !word.contains(char::is_whitespace))
        && problem_of(text, 400).is_none()
}

fn balanced(text: &str) -> bool {
    text.matches('(').count() == text.matches(')').count()
}

/// The weight of a sentence as a quotation: one that points elsewhere, asks or speaks of itself stands less well alone.
pub(super) fn weight(s: &Scored<'_>) -> u64 {
    let all = words(s.text);
    let first = all.first().map(String::as_str).unwrap_or_default();
    let mut percent: u64 = 100;
    if POINTING.contains(&first) {
        percent = percent.saturating_sub(45);
    }
    if s.text.ends_with('?') {
        percent = percent.saturating_sub(40);
    }
    if all.iter().any(|w| matches!(w.as_str(), "we" | "our" | "i" | "my" | "us")) {
        percent = percent.saturating_sub(15);
    }
    if !(12..=30).contains(&s.words) {
        percent = percent.saturating_sub(10);
    }
    s.score * percent.max(10) / 100
}

/// Up to `most` of `pool`, the weightiest first, none saying what one of `said` says; what is chosen is added to `said`.
pub(super) fn choose<'r, 'a>(
    pool: &[&'r Scored<'a>],
    most: usize,
    said: &mut Vec<BTreeSet<String>>,
) -> Vec<&'r Scored<'a>> {
    let mut sorted = pool.to_vec();
    sorted.sort_by_cached_key(|s| (std::cmp::Reverse(weight(s)), s.number));
    let mut chosen = Vec::new();
    for s in sorted {
        if chosen.len() == most {
            break;
        }
        if !said.iter().any(|terms| same(terms, &s.terms)) {
            said.push(s.terms.clone());
            chosen.push(s);
        }
    }
    chosen.sort_by_key(|s| s.number);
    chosen
}

/// Whether two sentences share so many words that they say the same (Jaccard).
fn same(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let shared = a.intersection(b).count();
    shared * 100 >= (a.len() + b.len() - shared).max(1) * SAME_PERCENT
}

/// Whether a text holds a phrase, word by word.
pub(super) fn holds(text: &str, phrase: &str) -> bool {
    let (text, phrase) = (words(text), words(phrase));
    !phrase.is_empty() && text.windows(phrase.len()).any(|window| window == phrase)
}

/// The sentence between quotation marks.
pub(super) fn quoted(s: &Scored<'_>) -> String {
    format!("“{}”", s.text)
}

/// The sentence between quotation marks, sometimes with a short lead-in, drawn from the sentence itself.
pub(super) fn introduced(s: &Scored<'_>, english: bool, opens: bool) -> String {
    const OPENING: [&str; 6] = ["", "From the source: ", "", "In its own words: ", "", "The source says: "];
    const FOLLOWING: [&str; 6] = ["", "", "It adds: ", "", "Further: ", ""];
    let drawn = (number_of("lead-in", &[s.text.as_bytes()]) % 6) as usize;
    let lead = match (english, opens) {
        (false, _) => "",
        (true, true) => OPENING[drawn],
        (true, false) => FOLLOWING[drawn],
    };
    format!("{lead}{}", quoted(s))
}

//! Sentences and words: the one way in which text is cut, so that a writer, a gate and a person count alike.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// A byte range of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The text of the range; empty where it does not lie in `text`.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Abbreviations after which a full stop ends no sentence.
const ABBREVIATIONS: [&str; 14] =
    ["e.g", "i.e", "etc", "vs", "cf", "fig", "vol", "inc", "ltd", "corp", "approx", "resp", "al", "u.s"];

/// Abbreviations only where they begin with a capital: `ms` is a unit and `no` a word.
const CAPITALISED: [&str; 20] = [
    "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "No", "Co", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept",
    "Oct", "Nov", "Dec",
];

/// Byte ranges of the sentences of a text that follows the snapshot form: lines are logical lines (a paragraph, a heading,
/// a list item, a table row), and fenced code is passed over.
///
/// Boundaries are those of UAX #29, joined again after abbreviations and single initials. List and heading marks at a
/// line's start do not belong to the sentence.
pub fn sentences(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
            continue;
        }
        if fenced || trimmed.is_empty() {
            continue;
        }
        let lead = line.len() - line.trim_start().len();
        let mark = mark_length(trimmed);
        line_sentences(text, start + lead + mark, start + lead + trimmed.len(), &mut found);
    }
    found
}

/// Length of a heading's, list item's or quotation's mark, with the space behind it.
fn mark_length(line: &str) -> usize {
    let mut rest = line;
    loop {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let cut = if hashes > 0 && rest[hashes..].starts_with(' ') {
            hashes + 1
        } else if rest.starts_with("- ") || rest.starts_with("* ") || rest.starts_with("+ ") || rest.starts_with("> ") {
            2
        } else if (1..=3).contains(&digits) && (rest[digits..].starts_with(". ") || rest[digits..].starts_with(") ")) {
            digits + 2
        } else {
            break;
        };
        rest = &rest[cut..];
    }
    line.len() - rest.trim_start().len()
}

fn line_sentences(text: &str, start: usize, end: usize, found: &mut Vec<Span>) {
    let line = &text[start..end];
    let mut open: Option<Span> = None;
    for (offset, piece) in line.split_sentence_bound_indices() {
        let trimmed = piece.trim();
        if trimmed.is_empty() {
            continue;
        }
        let from = start + offset + (piece.len() - piece.trim_start().len());
        let span = Span { start: open.map_or(from, |o| o.start), end: from + trimmed.len() };
        if continues(span.of(text), line.get(offset + piece.len()..).unwrap_or_default()) {
            open = Some(span);
        } else {
            found.push(span);
            open = None;
        }
    }
    found.extend(open);
}

/// True when what looks like the end of a sentence is an abbreviation or an initial, with more to come.
fn continues(sentence: &str, rest: &str) -> bool {
    let Some(body) = sentence.strip_suffix('.') else { return false };
    if rest.trim().is_empty() {
        return false;
    }
    let last =
        body.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“')).next().unwrap_or_default();
    let initial = last.chars().count() == 1 && last.chars().all(char::is_uppercase);
    initial || CAPITALISED.contains(&last) || ABBREVIATIONS.contains(&last.to_lowercase().as_str())
}

/// The words of a text (UAX #29), lower case.
pub fn words(text: &str) -> Vec<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// How many words a text has (UAX #29).
pub fn count_words(text: &str) -> usize {
    text.unicode_words().count()
}

/// Words that say nothing about what a text is about.
const STOP_WORDS: [&str; 118] = [
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "between", "both", "but", "by", "can", "could", "did", "do", "does", "doing", "down", "during",
    "each", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "may", "me", "might", "more", "most", "must",
    "my", "new", "no", "nor", "not", "now", "of", "off", "on", "once", "one", "only", "or", "other", "our", "out",
    "over", "own", "same", "she", "should", "so", "some", "such", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "us", "very", "was",
    "we", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your",
];

/// Where the stop words of each letter begin: every word of every source is looked up here.
const LETTERS: [usize; 27] = {
    let mut starts = [0; 27];
    let (mut letter, mut n) = (0, 0);
    while letter < 27 {
        while n < STOP_WORDS.len() && (STOP_WORDS[n].as_bytes()[0] as usize) < letter + b'a' as usize {
            n += 1;
        }
        starts[letter] = n;
        letter += 1;
    }
    starts
};

/// True for a word that says nothing about what a text is about. Expects lower case.
pub fn is_stop_word(word: &str) -> bool {
    let Some(letter) = word.bytes().next().and_then(|b| b.checked_sub(b'a')).map(usize::from) else { return false };
    letter < 26 && STOP_WORDS[LETTERS[letter]..LETTERS[letter + 1]].contains(&word)
}

/// The words of a text that say what it is about, lower case, in order, repeated as they are.
pub fn content_words(text: &str) -> Vec<String> {
    words(text).into_iter().filter(|w| w.chars().count() > 1 && !is_stop_word(w)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|s| s.of(text)).collect()
    }

    #[test]
    fn marks_and_code_are_not_part_of_sentences() {
        let text = "# A heading\n\n- First point. Second one!\n1. Numbered 2.4 item\n\n```rust\nlet a = 1. ;\n```\n> Said so.\n";
        assert_eq!(cut(text), ["A heading", "First point.", "Second one!", "Numbered 2.4 item", "Said so."]);
    }

    #[test]
    fn abbreviations_and_versions_end_no_sentence() {
        let text = "Use it, e.g. With care. Version 2.4.1 is out. J. Doe wrote it. See No. Seven of St. Ives.";
        let cut_to =
            ["Use it, e.g. With care.", "Version 2.4.1 is out.", "J. Doe wrote it.", "See No. Seven of St. Ives."];
        assert_eq!(cut(text), cut_to);
    }

    #[test]
    fn units_and_words_that_look_like_abbreviations_end_sentences() {
        let text = "It takes 12 ms. Rendering takes 25 ms. The answer is no. It stays.";
        assert_eq!(cut(text), ["It takes 12 ms.", "Rendering takes 25 ms.", "The answer is no.", "It stays."]);
    }

    #[test]
    fn the_stop_words_are_sorted_for_the_search() {
        assert!(STOP_WORDS.is_sorted());
        assert!(STOP_WORDS.iter().all(|word| is_stop_word(word)));
        assert!(!["", "zebra", "é", "A", "{", "yours"].into_iter().any(is_stop_word));
        assert_eq!(content_words("The new Parser is fast"), ["parser", "fast"]);
    }

    #[test]
    fn odd_text_is_cut_without_panic() {
        for text in ["", "\n\n", "…", "#", "- ", "1. ", "```", "a\u{0}b. é. 日本語。次。", "> > - 1. deep"] {
            for span in sentences(text) {
                assert!(!span.of(text).trim().is_empty(), "{text:?}");
            }
        }
    }
}

//! Text in the form in which orders are looked for: one case, no disguises, in words.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::rules::safety::is_hidden;

/// A word, or one of the marks `.`, `:` and `,`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// It stands in a short quotation.
    pub(super) quoted: bool,
    /// It was put together from single letters.
    pub(super) spelled: bool,
    /// It is a part of a name such as `set_score`.
    pub(super) named: bool,
}

/// The longest quotation that names an order, in words.
const SHORT: usize = 6;

/// Lower case, without accents and what cannot be seen; letters that look like Latin ones beside Latin ones are those.
pub(super) fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c) && (!is_hidden(*c) || c.is_whitespace()));
    let lower: String = plain.flat_map(char::to_lowercase).collect();
    if lower.is_ascii() {
        return lower;
    }
    let mut out = String::with_capacity(lower.len());
    for word in lower.split_inclusive(char::is_whitespace) {
        if word.chars().any(|c| c.is_ascii_alphabetic()) {
            out.extend(word.chars().map(latin));
        } else {
            out.push_str(word);
        }
    }
    out
}

/// The Latin letter that a Cyrillic or Greek one looks like.
fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'һ' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'п' | 'η' => 'n',
        'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        other => other,
    }
}

/// The words of a folded text, with the marks that divide them.
pub(super) fn tokens(folded: &str) -> Vec<Token> {
    let mut all: Vec<Token> = Vec::new();
    let mut word = String::new();
    let mut joined = false;
    let mut opened: Option<(char, usize)> = None;
    let mut chars = folded.chars().peekable();
    while let Some(c) = chars.next() {
        // An apostrophe inside of a word is a part of it.
        let inside = matches!(c, '\'' | '’') && !word.is_empty() && chars.peek().is_some_and(|n| n.is_alphanumeric());
        if c.is_alphanumeric() || inside {
            if !inside {
                word.push(c);
            }
            continue;
        }
        let named = c == '_' && !word.is_empty() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        close(&mut word, named || joined, &mut all);
        joined = named;
        let dot = c == '.' && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '.' | '!' | '?' | ';' | '。' | '！' | '？' | '\n' if !dot => all.push(mark(".")),
            ':' | '=' => all.push(mark(":")),
            ',' | '(' | ')' | '—' | '–' | '>' | '#' | '|' => all.push(mark(",")),
            '"' | '“' | '”' | '„' | '«' | '»' | '`' => match opened.take() {
                Some((_, from)) if all[from..].iter().filter(|t| !is_mark(t)).count() <= SHORT => {
                    all[from..].iter_mut().for_each(|token| token.quoted = true);
                }
                Some(_) => {}
                None => opened = Some((c, all.len())),
            },
            _ => {}
        }
    }
    close(&mut word, joined, &mut all);
    spell_out(all)
}

fn mark(text: &str) -> Token {
    Token { text: text.to_owned(), quoted: false, spelled: false, named: false }
}

fn is_mark(token: &Token) -> bool {
    matches!(token.text.as_str(), "." | ":" | ",")
}

fn close(word: &mut String, named: bool, all: &mut Vec<Token>) {
    if !word.is_empty() {
        all.push(Token { text: without_digits(std::mem::take(word)), quoted: false, spelled: false, named });
    }
}

/// `1gn0re` is `ignore`; numbers, and what only ends in one, stay.
fn without_digits(word: String) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters < 3 || !stem.contains(|c: char| c.is_ascii_digit()) {
        return word;
    }
    let letter = |c: char| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    };
    word.chars().map(letter).collect()
}

/// Five single letters in a row, or more, are one word.
fn spell_out(all: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(all.len());
    let mut run: Vec<Token> = Vec::new();
    let end = |run: &mut Vec<Token>, out: &mut Vec<Token>| match run.len() {
        0..5 => out.append(run),
        _ => {
            let text = run.drain(..).map(|token| token.text).collect();
            out.push(Token { text, quoted: false, spelled: true, named: false });
        }
    };
    for token in all {
        if token.text.chars().count() == 1 && !is_mark(&token) {
            run.push(token);
        } else {
            end(&mut run, &mut out);
            out.push(token);
        }
    }
    end(&mut run, &mut out);
    out
}

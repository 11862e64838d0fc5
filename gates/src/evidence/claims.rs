//! Claims: what a sentence says that can be looked up. Numbers with units, versions, dates, money, percentages, quotations,
//! addresses and names, each with the words it belongs to.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::anchors::clauses;
use super::bases::Basis;
use super::clocks;
use super::days::{Day, falls_on};
use super::keys::key;
use super::names;
use super::normalise::{Decimal, Folded};
use super::tokens::{Class, Token, tokens};
use super::units;
use super::values::values;

/// The kinds of claims, as rows of the evidence table name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Number,
    Version,
    Date,
    Money,
    Percent,
    Quotation,
    Url,
    Name,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Version => "version",
            Self::Date => "date",
            Self::Money => "money",
            Self::Percent => "percent",
            Self::Quotation => "quotation",
            Self::Url => "url",
            Self::Name => "name",
        }
    }

    /// The kind as messages name it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Money => "amount",
            Self::Percent => "percentage",
            Self::Url => "address",
            other => other.as_str(),
        }
    }
}

/// What a claim says, in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number in the base unit of its dimension. `literal` are its digits as written, where nothing scales them.
    Number { amount: Decimal, unit: Option<String>, literal: String },
    /// `3x`, `twice`, `half`.
    Times(Decimal),
    /// A percentage, or percentage points.
    Percent { amount: Decimal, points: bool },
    /// Money.
    Money { amount: Decimal, currency: &'static str },
    /// The parts of a version.
    Version(Vec<String>),
    /// A date, as far as it is given.
    Date { year: Option<i32>, month: Option<u8>, day: Option<u8> },
    /// A day told from another.
    Day(Day),
    /// A time of day in seconds, and whether it is sure in which half of the day.
    Clock(u32, bool),
    /// A part of a whole: numerator and denominator.
    Part(i128, i128),
    /// Anything compared as text.
    Text(String),
    /// The parts of a name, as stems.
    Name(Vec<String>),
}

impl Value {
    /// True where the source's value proves this one.
    pub(crate) fn proven_by(&self, source: &Self) -> bool {
        use Value::{Clock, Date, Day, Money, Number, Part, Percent, Text, Times, Version};
        match (self, source) {
            (Number { amount: a, unit: None, literal: x }, Number { amount: b, unit: None, literal: y }) => {
                a == b && same_writing(x, y)
            }
            (Number { amount: a, unit: u, .. }, Number { amount: b, unit: v, .. }) => a == b && u == v,
            (Number { unit: None, literal, .. }, Version(parts))
            | (Version(parts), Number { unit: None, literal, .. }) => {
                !literal.is_empty() && parts.join(".") == *literal
            }
            (Number { unit: None, literal, .. }, Date { year: Some(y), month: None, .. })
            | (Date { year: Some(y), month: None, .. }, Number { unit: None, literal, .. }) => {
                *literal == y.to_string()
            }
            (Times(a), Times(b)) => a == b,
            (Times(a), Percent { amount, points: false }) => {
                *a == Decimal::new(5, -1) && *amount == Decimal::new(50, 0)
            }
            (Percent { amount: a, points: p }, Percent { amount: b, points: q }) => a == b && p == q,
            (Money { amount: a, currency: c }, Money { amount: b, currency: d }) => a == b && c == d,
            // Pounds are money or a weight.
            (Number { amount: a, unit: Some(unit), .. }, Money { amount: b, currency: "GBP" })
            | (Money { amount: b, currency: "GBP" }, Number { amount: a, unit: Some(unit), .. }) => {
                unit == "pound" && a == b
            }
            (Version(a), Version(b)) => same_version(a, b),
            (Date { year, month, day }, Date { year: y, month: m, day: d }) => {
                (year.is_none() || year == y) && (month.is_none() || month == m) && (day.is_none() || day == d)
            }
            (Day(a), Day(b)) => a.same(*b),
            (Clock(a, sure), Clock(b, known)) => clocks::same((*a, *sure), (*b, *known)),
            (Day(a), Date { year, month, day }) => falls_on(*a, *year, *month, *day),
            (Part(a, b), Part(c, d)) => a * d == c * b,
            (Part(a, b), Percent { amount, points: false }) | (Percent { amount, points: false }, Part(a, b)) => {
                amount.times(Decimal::new(*b, 0)) == Some(Decimal::new(a * 100, 0))
            }
            (Part(a, b), Times(times)) | (Times(times), Part(a, b)) => {
                times.times(Decimal::new(*b, 0)) == Some(Decimal::new(*a, 0))
            }
            (Text(a), Text(b)) => a == b,
            _ => false,
        }
    }

    /// Values of one group can be taken for each other.
    pub(crate) fn group(&self) -> String {
        match self {
            Self::Number { unit, .. } => format!("number {}", unit.as_deref().unwrap_or_default()),
            Self::Times(_) | Self::Part(..) => "times".into(),
            Self::Percent { .. } => "percent".into(),
            Self::Money { currency, .. } => format!("money {currency}"),
            Self::Version(_) => "version".into(),
            Self::Day(Day::Weekday { .. }) => "weekday".into(),
            Self::Date { .. } | Self::Day(_) => "date".into(),
            Self::Clock(..) => "clock".into(),
            Self::Text(_) => "text".into(),
            Self::Name(_) => "name".into(),
        }
    }
}

/// `3.1` and `3.10` may be versions, of which nobody says so: then they are two.
fn same_writing(a: &str, b: &str) -> bool {
    let pointed = |text: &str| text.contains('.');
    let padded = |text: &str| text.ends_with('0');
    a == b || !pointed(a) || !pointed(b) || !(padded(a) || padded(b))
}

/// `2.4` and `2.4.0` are one version, `2.4` and `2.4.1` are two.
fn same_version(a: &[String], b: &[String]) -> bool {
    let zero = "0".to_owned();
    let n = a.len().max(b.len());
    (0..n).all(|i| a.get(i).unwrap_or(&zero) == b.get(i).unwrap_or(&zero))
}

/// What stands before a number and gives it a part: `from 40 to 12`, `by 40`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    From,
    To,
    By,
}

/// `more than 40`, `up to 40`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Least,
    Most,
}

/// One claim of a text.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) kind: Kind,
    /// Its bytes in the text.
    pub(crate) span: Range<usize>,
    /// Its tokens.
    pub(crate) tokens: Range<usize>,
    pub(crate) value: Value,
    /// Stems of the words directly behind a bare number: what is counted.
    pub(crate) noun: Vec<String>,
    /// Stem of the word directly before it: whose version it is.
    pub(crate) head: Option<String>,
    pub(crate) role: Option<Role>,
    pub(crate) bound: Option<Bound>,
    /// `40 MB more`: true; `40 MB less`: false.
    pub(crate) more: Option<bool>,
    /// What it is for: `per month`.
    pub(crate) bases: Vec<Basis>,
    /// Stems of the words that belong to it rather than to another value of its group.
    pub(crate) anchors: BTreeSet<String>,
    /// A name that may be none: one capitalised word at the beginning of a sentence.
    pub(crate) opening: bool,
}

impl Claim {
    pub(super) fn new(kind: Kind, value: Value, tokens: Range<usize>, span: Range<usize>) -> Self {
        Self {
            kind,
            span,
            tokens,
            value,
            noun: Vec::new(),
            head: None,
            role: None,
            bound: None,
            more: None,
            bases: Vec::new(),
            anchors: BTreeSet::new(),
            opening: false,
        }
    }

    /// True for what is neither a name nor a quotation.
    pub(crate) fn is_value(&self) -> bool {
        !matches!(self.kind, Kind::Name | Kind::Quotation)
    }

    pub(crate) fn name(parts: Vec<String>, tokens: Range<usize>, span: Range<usize>, opening: bool) -> Self {
        Self { opening, ..Self::new(Kind::Name, Value::Name(parts), tokens, span) }
    }
}

/// How names are read in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameSense<'a> {
    /// Words that the sources also write in lower case, and their stems: no names at the beginning of a sentence.
    pub(crate) plain: &'a HashSet<String>,
    /// False in languages that write every noun with a capital letter.
    pub(crate) capitals: bool,
}

/// A text, read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) tokens: Vec<Token>,
    pub(crate) claims: Vec<Claim>,
    /// The tokens that are no marks.
    pub(crate) words: Vec<usize>,
    /// The clause of each token, counted from the beginning.
    pub(crate) clauses: Vec<usize>,
    /// A quotation mark that is not closed.
    pub(crate) open_quotation: Option<usize>,
    /// The parts of names, once they were asked for.
    parts: OnceCell<Vec<(String, usize)>>,
}

impl Reading {
    /// Reads a sentence of a source: its values, wherever they stand.
    pub(crate) fn of_source(text: &str) -> Self {
        let tokens = tokens(text);
        let taken = vec![false; tokens.len()];
        let claims = values(text, &tokens, &taken, true);
        Self::with(tokens, claims, None)
    }

    /// Reads a sentence of a draft: quotations, values outside of them, and names.
    pub(crate) fn of_draft(text: &str, sense: NameSense<'_>) -> Self {
        let tokens = tokens(text);
        let (quotations, open_quotation) = quotations(text);
        let mut taken = vec![false; tokens.len()];
        let mut claims = Vec::new();
        for inside in quotations {
            let within: Vec<usize> = (0..tokens.len())
                .filter(|i| tokens[*i].span.start >= inside.start && tokens[*i].span.end <= inside.end)
                .collect();
            let words = within.iter().filter(|i| tokens[**i].class != Class::Mark).count();
            let Some((first, last)) = within.first().zip(within.last()) else { continue };
            let value = Value::Text(Folded::of(&text[inside.clone()]).text);
            claims.push(Claim::new(Kind::Quotation, value, *first..*last + 1, inside));
            // A long quotation proves what stands in it; a short one must not hide a figure from its context.
            if words >= 4 {
                within.iter().for_each(|i| taken[*i] = true);
            }
        }
        let found = values(text, &tokens, &taken, false);
        for claim in &found {
            claim.tokens.clone().for_each(|i| taken[i] = true);
            // `$10 per TB`, `per 1M`: a unit is nobody's name.
            for basis in &claim.bases {
                let unit = |t: &Token| t.span.len() == 1 || units::unit(t.raw(text)).is_some();
                let within = |t: &Token| basis.span.start <= t.span.start && t.span.end <= basis.span.end;
                (0..tokens.len()).filter(|i| within(&tokens[*i]) && unit(&tokens[*i])).for_each(|i| taken[i] = true);
            }
        }
        claims.extend(found);
        claims.extend(names::names(text, &tokens, &taken, sense));
        claims.sort_by_key(|c| (c.span.start, c.span.end));
        Self::with(tokens, claims, open_quotation)
    }

    fn with(tokens: Vec<Token>, claims: Vec<Claim>, open_quotation: Option<usize>) -> Self {
        let clauses = clauses(&tokens, &claims);
        let words = (0..tokens.len()).filter(|i| tokens[*i].class != Class::Mark).collect();
        Self { tokens, claims, words, clauses, open_quotation, parts: OnceCell::new() }
    }

    /// The pairs of words that stand side by side, as keys.
    pub(crate) fn pairs(&self) -> Vec<u64> {
        let word = |i: usize| {
            let token = &self.tokens[i];
            key(token.stems.first().map_or(token.lower.as_str(), String::as_str))
        };
        self.words.windows(2).map(|pair| word(pair[0]).rotate_left(17) ^ word(pair[1])).collect()
    }

    /// The words of a text in the form in which names are compared, each with its token.
    pub(crate) fn parts(&self, text: &str) -> &[(String, usize)] {
        self.parts.get_or_init(|| {
            let could =
                |t: &Token| matches!(t.class, Class::Word | Class::Path | Class::Flag | Class::Url | Class::Mail);
            let words = self.tokens.iter().enumerate().filter(|(_, t)| could(t));
            words.flat_map(|(i, t)| names::parts(t.raw(text), false).into_iter().map(move |part| (part, i))).collect()
        })
    }

    /// The stems of the words that say something, claims' own tokens left out.
    pub(crate) fn content(&self) -> impl Iterator<Item = &String> {
        let claimed = |i: usize| self.claims.iter().any(|c| c.is_value() && c.tokens.contains(&i));
        self.tokens.iter().enumerate().filter(move |(i, _)| !claimed(*i)).flat_map(|(_, t)| &t.stems)
    }
}

/// The insides of quotations, and the first double mark without a partner. A quotation may run over several sentences: what
/// stands on the quoted side of a lone mark is a quotation as well.
pub(crate) fn quotations(text: &str) -> (Vec<Range<usize>>, Option<usize>) {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open: Option<(usize, usize, char)> = None;
    let mut unpaired = None;
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (i, (at, c)) in chars.iter().copied().enumerate() {
        let before = (i > 0).then(|| chars[i - 1].1);
        let after = chars.get(i + 1).map(|(_, c)| *c);
        let outside = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        if let Some((_, inside, close)) = open {
            let closes = match close {
                '”' => matches!(c, '”' | '“' | '"'),
                // Scripts without spaces between words close a quotation in front of a letter.
                '\'' => matches!(c, '\'' | '’') && after.is_none_or(|c| !c.is_alphanumeric() || c >= '\u{1100}'),
                other => c == other,
            };
            if closes {
                found.push(inside..at);
                open = None;
            } else if close == '\'' && matches!(c, '“' | '"' | '«') {
                // It was an apostrophe.
                open = start_of(c, at);
            }
            continue;
        }
        open = match c {
            // Inches: a mark behind a digit that opens nothing.
            '"' if before.is_some_and(|b| b.is_ascii_digit()) && outside(after) => None,
            // A mark that closes what another sentence opened: all before it is quoted.
            '”' | '»' => close_alone(at, &mut found, &mut unpaired),
            '"' if before.is_some_and(|b| !b.is_whitespace() && !matches!(b, '(' | '[')) && outside(after) => {
                close_alone(at, &mut found, &mut unpaired)
            }
            '"' | '“' | '„' | '«' => start_of(c, at),
            '‘' | '\'' if outside(before) && after.is_some_and(char::is_alphabetic) => {
                Some((at, at + c.len_utf8(), '\''))
            }
            _ => None,
        };
    }
    // A mark that another sentence closes: all behind it is quoted.
    if let Some((at, inside, _)) = open.filter(|(_, _, close)| *close != '\'') {
        found.push(inside..text.len());
        unpaired.get_or_insert(at);
    }
    (found, unpaired)
}

fn close_alone(at: usize, found: &mut Vec<Range<usize>>, unpaired: &mut Option<usize>) -> Option<(usize, usize, char)> {
    let from = found.last().map_or(0, |last| last.end);
    if from == 0 {
        found.push(0..at);
    }
    unpaired.get_or_insert(at);
    None
}

fn start_of(c: char, at: usize) -> Option<(usize, usize, char)> {
    let close = match c {
        '"' => '"',
        '«' => '»',
        _ => '”',
    };
    Some((at, at + c.len_utf8(), close))
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;

//! Looking a claim up in the ranges that its sentence cites, and nowhere else.

use std::collections::BTreeSet;
use std::rc::Rc;

use jiff::civil::Date;
use states::words::text::{Span, sentences};
use states::words::{Cite, Snapshot, SnapshotId};

use super::bases;
use super::claims::{Bound, Claim, Kind, Reading, Role, Value};
use super::context;
use super::library::Library;
use super::names::parts;
use super::normalise::{Decimal, Folded};
use super::tokens::Class;

/// One sentence of a source, read.
#[derive(Debug, Clone)]
pub(crate) struct Passage<'a> {
    snapshot: &'a SnapshotId,
    /// Where it begins in the snapshot.
    base: usize,
    /// The day on which it was told, where its publisher says so.
    told: Option<Date>,
    pub(crate) text: &'a str,
    pub(crate) reading: Rc<Reading>,
}

impl<'a> Passage<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, span: Span) -> Self {
        let reading = Rc::new(Reading::of_source(span.of(&snapshot.text)));
        Self::of(snapshot, span, told(snapshot), reading)
    }

    pub(crate) fn of(snapshot: &'a Snapshot, span: Span, told: Option<Date>, reading: Rc<Reading>) -> Self {
        Self { snapshot: &snapshot.id, base: span.start, told, text: span.of(&snapshot.text), reading }
    }

    /// True where a value that stands here proves another. Days are told from the day of telling.
    pub(crate) fn proves(&self, wanted: &Value, here: &Value) -> bool {
        let told = |value: &Value| match (value, self.told) {
            (Value::Day(day), Some(told)) => day.from(told),
            _ => None,
        };
        // `next Monday` is not `last Monday`, though both are Mondays.
        if let (Value::Day(a), Value::Day(b)) = (wanted, here)
            && a.turned(*b)
        {
            return false;
        }
        wanted.proven_by(here)
            || told(wanted).is_some_and(|wanted| wanted.proven_by(here))
            || told(here).is_some_and(|here| wanted.proven_by(&here))
    }

    /// True where a value stands here.
    pub(crate) fn has(&self, wanted: &Value) -> bool {
        self.reading.claims.iter().any(|c| self.proves(wanted, &c.value))
    }

    pub(crate) fn starts_at(&self, byte: usize) -> bool {
        self.base == byte
    }

    pub(crate) fn ends_at(&self, byte: usize) -> bool {
        self.base + self.text.len() == byte
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.base == other.base && self.snapshot == other.snapshot
    }

    /// The stems of everything that is said here, values' own words included.
    pub(crate) fn stems(&self) -> impl Iterator<Item = &String> {
        self.reading.tokens.iter().flat_map(|t| &t.stems)
    }

    pub(crate) fn cite(&self, span: &std::ops::Range<usize>) -> Cite {
        Cite { snapshot: self.snapshot.clone(), start: self.base + span.start, end: self.base + span.end }
    }
}

/// The day on which a text was told, where its publisher says so.
pub(crate) fn told(snapshot: &Snapshot) -> Option<Date> {
    snapshot.published.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// A cited range: what stands in it, and nothing around it.
#[derive(Debug, Clone)]
pub(crate) struct Window<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) span: Span,
    pub(crate) passages: Vec<Passage<'a>>,
}

impl<'a> Window<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, span: Span) -> Self {
        let text = span.of(&snapshot.text);
        let mut cut: Vec<Span> = sentences(text)
            .into_iter()
            .map(|s| Span { start: s.start + span.start, end: s.end + span.start })
            .collect();
        // Code has no sentences, and is evidence all the same.
        if cut.is_empty() {
            cut.push(span);
        }
        Self { snapshot, span, passages: cut.into_iter().map(|span| Passage::new(snapshot, span)).collect() }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.span.of(&self.snapshot.text)
    }

    pub(crate) fn cite(&self) -> Cite {
        Cite { snapshot: self.snapshot.id.clone(), start: self.span.start, end: self.span.end }
    }
}

/// The windows of a sentence's citations, those that touch joined. Citations must have been checked.
pub(crate) fn windows<'a>(cites: &[&Cite], library: &Library<'a>) -> Vec<Window<'a>> {
    let mut sorted: Vec<&Cite> = cites.to_vec();
    sorted.sort();
    let mut joined: Vec<Cite> = Vec::new();
    for cite in sorted {
        let gap = joined.last().and_then(|last| {
            let same = last.snapshot == cite.snapshot;
            let text = &library.get(&cite.snapshot)?.text;
            same.then(|| text.get(last.end.min(cite.start)..cite.start)).flatten()
        });
        match (joined.last_mut(), gap) {
            (Some(last), Some(gap)) if gap.trim().is_empty() => last.end = last.end.max(cite.end),
            _ => joined.push(cite.clone()),
        }
    }
    let window = |cite: &Cite| library.window(&cite.snapshot, Span { start: cite.start, end: cite.end });
    joined.iter().filter_map(window).collect()
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It stands there.
    Found(Cite),
    /// It stands there, but one of the two texts bounds it (`up to`) and the other does not.
    FoundUnbounded(Cite),
    /// It stands nowhere in the cited text.
    Missing,
    /// It stands there, about something else.
    Context(Cite),
    /// It stands there, and belongs to something else than what the draft gives it to; another value belongs to that.
    Attached(Cite, String),
    /// It stands there with the opposite bound.
    Bound(Cite),
}

/// Looks a value (not a name, not a quotation) up.
pub(crate) fn value(
    claim: &Claim,
    text: &str,
    draft: &Reading,
    windows: &[Window<'_>],
    library: &Library<'_>,
) -> Proof {
    let passages: Vec<&Passage<'_>> = windows.iter().flat_map(|w| &w.passages).collect();
    let content: BTreeSet<&String> = draft.content().collect();
    let mut best: Option<(u8, Proof)> = None;
    let counts = counts(claim, text, draft);
    for passage in &passages {
        let proves = |c: &&Claim| passage.proves(&claim.value, &c.value) && !(counts && names_one(&c.value));
        for occurrence in passage.reading.claims.iter().filter(proves) {
            let proof = match tie(claim, occurrence, passage, &passages, &content) {
                Proof::Found(cite) | Proof::FoundUnbounded(cite)
                    if !context::named_alike(claim, occurrence, text)
                        && context::elsewhere(claim, passage, draft, windows, library) =>
                {
                    Proof::Context(cite)
                }
                proof => proof,
            };
            let rank = match &proof {
                Proof::Found(_) => return proof,
                Proof::FoundUnbounded(_) => 0,
                Proof::Bound(_) => 1,
                Proof::Attached(..) => 2,
                Proof::Context(_) => 3,
                Proof::Missing => 4,
            };
            if best.as_ref().is_none_or(|(worst, _)| rank < *worst) {
                best = Some((rank, proof));
            }
        }
    }
    best.map_or(Proof::Missing, |(_, proof)| proof)
}

/// True for a number that counts what stands behind it: `40 servers`, but not `the 2024 servers` or `Ferrite 5 parsers`.
fn counts(claim: &Claim, text: &str, draft: &Reading) -> bool {
    let plural = |n: usize| {
        let word = draft.tokens.get(claim.tokens.end + n).filter(|t| t.class == Class::Word && !t.stems.is_empty());
        word.is_some_and(|t| t.lower.ends_with('s') && !t.lower.ends_with("ss") && !t.lower.ends_with("'s"))
    };
    let before = text[..claim.span.start].trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
    let named = before.starts_with(char::is_uppercase) || matches!(before, "the" | "its" | "their" | "version" | "of");
    matches!(claim.value, Value::Number { unit: None, .. }) && !claim.noun.is_empty() && plural(0) && !named
}

/// True for a year or a version, which count nothing.
fn names_one(value: &Value) -> bool {
    matches!(value, Value::Date { .. } | Value::Version(_))
}

/// Whether a value that was found belongs to the same words.
fn tie(
    claim: &Claim,
    occurrence: &Claim,
    passage: &Passage<'_>,
    all: &[&Passage<'_>],
    content: &BTreeSet<&String>,
) -> Proof {
    let cite = passage.cite(&occurrence.span);
    let here: BTreeSet<&String> = passage.stems().collect();
    if let Some(problem) = noun(claim, occurrence, &here, content) {
        return match problem {
            Misfit::Elsewhere(noun) => Proof::Attached(cite, noun),
            Misfit::Nowhere => Proof::Context(cite),
        };
    }
    if let Some(rival) = rival(claim, occurrence, all) {
        return Proof::Attached(cite, rival);
    }
    if let Some(basis) = bases::other(claim, occurrence) {
        return Proof::Attached(cite, passage.text[basis.span.clone()].to_owned());
    }
    if let (Some(a), Some(b)) = (claim.more, occurrence.more)
        && a != b
    {
        let written = &passage.text[occurrence.span.clone()];
        return Proof::Attached(cite, format!("{written} {}", if b { "more" } else { "less" }));
    }
    if let (Some(a), Some(b)) = (claim.role, occurrence.role)
        && a != b
    {
        return Proof::Attached(cite, format!("`{}` {}", role_word(b), &passage.text[occurrence.span.clone()]));
    }
    if !content.is_empty() && !content.iter().any(|stem| here.contains(*stem)) && !here.is_empty() {
        return Proof::Context(cite);
    }
    match (claim.bound, occurrence.bound) {
        (Some(Bound::Least), Some(Bound::Most)) | (Some(Bound::Most), Some(Bound::Least)) => Proof::Bound(cite),
        // `needs 1.85` and `needs 1.85 or later` are one.
        (a, b) if a != b && claim.kind != Kind::Version => Proof::FoundUnbounded(cite),
        _ => Proof::Found(cite),
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::From => "from",
        Role::To => "to",
        Role::By => "by",
    }
}

/// Words for whatever is counted, as stems.
const GENERAL: [&str; 4] = ["peopl", "person", "thing", "item"];

/// So many other words must a sentence share with its source before what it counts may be named in another word.
const SAME_SAID: usize = 4;

enum Misfit {
    /// The source counts something else with this number; what the draft counts stands elsewhere in the sentence.
    Elsewhere(String),
    /// What the draft counts is not in the sentence.
    Nowhere,
}

/// What a bare number counts must be what it counts in the source.
fn noun(claim: &Claim, occurrence: &Claim, here: &BTreeSet<&String>, content: &BTreeSet<&String>) -> Option<Misfit> {
    if claim.noun.is_empty() || claim.noun.iter().any(|stem| occurrence.noun.contains(stem)) {
        return None;
    }
    // Who or what they are the source says more closely.
    if claim.noun.first().is_some_and(|stem| GENERAL.contains(&stem.as_str())) {
        return None;
    }
    if !claim.noun.iter().any(|stem| here.contains(stem)) {
        // Another word for it, where all the rest is said there.
        let rest = content.iter().filter(|stem| !claim.noun.contains(**stem));
        let (said, other): (Vec<&&String>, Vec<&&String>) = rest.partition(|stem| here.contains(**stem));
        return (said.len() < SAME_SAID || other.len() > said.len() / 3).then_some(Misfit::Nowhere);
    }
    (!occurrence.noun.is_empty()).then(|| Misfit::Elsewhere(occurrence.noun.join(" ")))
}

/// Another value of the same group that the draft's words belong to in the source.
fn rival(claim: &Claim, occurrence: &Claim, all: &[&Passage<'_>]) -> Option<String> {
    let shared = |other: &Claim| claim.anchors.intersection(&other.anchors).count();
    let own = shared(occurrence);
    // A value that stands there without words of its own has nothing that it could be torn from.
    let torn = occurrence.anchors.iter().any(|stem| !claim.anchors.contains(stem));
    let group = occurrence.value.group();
    for passage in all {
        for other in &passage.reading.claims {
            if other.value.group() != group || claim.value.proven_by(&other.value) || occurrence.value == other.value {
                continue;
            }
            let head = claim.head.is_some() && claim.head == other.head && claim.head != occurrence.head;
            let heads = head && occurrence.head.is_some() && matches!(claim.kind, Kind::Version | Kind::Number);
            if heads || (torn && shared(other) > own) {
                return Some(passage.text[other.span.clone()].to_owned());
            }
        }
    }
    None
}

/// Looks a quotation up: exactly, after folding. `[…]` and `...` stand for what was left out, in order. Its first letter may
/// be large or small, as the sentence around it asks for.
pub(crate) fn quotation(folded: &str, windows: &[Window<'_>]) -> Option<Cite> {
    let trimmed = folded.trim_end_matches([',', '.', ';']);
    let turned = turned(trimmed);
    for wanted in [folded, trimmed, &turned] {
        let pieces: Vec<&str> =
            wanted.split("[...]").flat_map(|p| p.split("...")).map(str::trim).filter(|p| !p.is_empty()).collect();
        if pieces.is_empty() {
            return None;
        }
        for window in windows {
            let source = Folded::of(window.text());
            let mut at = 0;
            let mut first = None;
            let all = pieces.iter().all(|piece| {
                let found = source.find(piece, at);
                if let Some(range) = &found {
                    first.get_or_insert(range.start);
                    at = range.end;
                }
                found.is_some()
            });
            if let (true, Some(first)) = (all, first) {
                let range = source.origin(first..at)?;
                return Some(Cite {
                    snapshot: window.snapshot.id.clone(),
                    start: window.span.start + range.start,
                    end: window.span.start + range.end,
                });
            }
        }
    }
    None
}

/// The text with its first letter in the other case.
pub(crate) fn turned(folded: &str) -> String {
    let mut chars = folded.chars();
    let Some(first) = chars.next() else { return String::new() };
    let other: String =
        if first.is_uppercase() { first.to_lowercase().collect() } else { first.to_uppercase().collect() };
    other + chars.as_str()
}

/// Where the parts of a name stand together and in order, with at most one capitalised word between two of them (`Jane M. Doe`).
pub(crate) fn name_in(wanted: &[String], passage: &Passage<'_>) -> Option<Cite> {
    let tokens = names_in(wanted, passage).into_iter().next()?;
    let all = &passage.reading.tokens;
    Some(passage.cite(&(all[tokens.start].span.start..all[tokens.end - 1].span.end)))
}

/// The tokens of each place where the parts of a name stand together.
pub(crate) fn names_in(wanted: &[String], passage: &Passage<'_>) -> Vec<std::ops::Range<usize>> {
    let words = passage.reading.parts(passage.text);
    let capital = |i: usize| passage.reading.tokens[i].raw(passage.text).starts_with(char::is_uppercase);
    let place = |start: usize| {
        let mut at = start;
        let mut wanted = wanted.iter();
        if *wanted.next()? != words[start].0 {
            return None;
        }
        for part in wanted {
            let is = |i: usize| words.get(i).is_some_and(|(word, _)| word == part);
            at = if is(at + 1) { at + 1 } else { Some(at + 2).filter(|i| is(*i) && capital(words[at + 1].1))? };
        }
        Some(words[start].1..words[at].1 + 1)
    };
    (0..words.len()).filter_map(place).collect()
}

/// Looks a name up in the windows, then in what says whose text it is: title, author, publisher, address.
pub(crate) fn name(wanted: &[String], windows: &[Window<'_>]) -> Option<Cite> {
    let passages = windows.iter().flat_map(|w| &w.passages);
    passages
        .into_iter()
        .find_map(|p| name_in(wanted, p))
        .or_else(|| windows.iter().find_map(|w| identity(wanted, w.snapshot)))
}

/// The line of a snapshot that says who speaks and has this name.
pub(crate) fn identity(wanted: &[String], snapshot: &Snapshot) -> Option<Cite> {
    for line in ["Title", "Author"] {
        let Some((start, end)) = snapshot.fixed_line(line).filter(|(s, e)| e - s <= super::MAX_SENTENCE) else {
            continue;
        };
        if let Some(cite) = name_in(wanted, &Passage::new(snapshot, Span { start, end })) {
            return Some(cite);
        }
    }
    let (start, end) = snapshot.fixed_line("URL")?;
    let line = Cite { snapshot: snapshot.id.clone(), start, end };
    // The publication's name is not a line of its own; its address stands for it.
    let publisher = snapshot.publisher.as_deref().unwrap_or_default();
    let words: Vec<String> = publisher.split_whitespace().flat_map(|w| parts(w, false)).collect();
    if words.windows(wanted.len().max(1)).any(|w| w == wanted) {
        return Some(line);
    }
    let host = snapshot.url.split("://").nth(1)?.split('/').next()?;
    let squeezed = wanted.concat();
    host.split(['.', '-']).any(|label| label == squeezed && label.len() > 3).then_some(line)
}

/// Looks an address up: in the windows, then among the addresses of the sources.
pub(crate) fn address(key: &str, windows: &[Window<'_>], library: &Library<'_>) -> Option<Cite> {
    for passage in windows.iter().flat_map(|w| &w.passages) {
        let named =
            passage.reading.claims.iter().find(|c| c.kind == Kind::Url && c.value == Value::Text(key.to_owned()));
        if let Some(found) = named {
            return Some(passage.cite(&found.span));
        }
    }
    library.sources.iter().find_map(|source| {
        let snapshot = source.snapshot;
        let (start, end) = snapshot.fixed_line("URL")?;
        let own = [source.url, snapshot.url.as_str()].into_iter().any(|url| super::address_key(url) == key);
        own.then(|| Cite { snapshot: snapshot.id.clone(), start, end })
    })
}

/// A figure that the reader can work out from two others of the same sentence, both proven: their difference, sum or ratio,
/// or the change in percent. Gives the proof of the first.
pub(crate) fn computed(claim: &Claim, proven: &[(Claim, Cite)]) -> Option<Cite> {
    for (i, (first, cite)) in proven.iter().enumerate() {
        for (second, _) in &proven[i + 1..] {
            let (a, b) = (&first.value, &second.value);
            // Bare numbers of different things (151 PS, 197 Nm) have nothing between them.
            let bare = matches!(a, Value::Number { unit: None, .. }) && first.noun != second.noun;
            if a.group() != b.group() || bare {
                continue;
            }
            let (Some(x), Some(y)) = (amount(a), amount(b)) else { continue };
            let (low, high) = if x.cmp_value(y).is_gt() { (y, x) } else { (x, y) };
            let good = match &claim.value {
                // Bare numbers are too many, and too small, to tell a result from chance.
                Value::Number { amount, unit: Some(_), .. } if claim.value.group() == a.group() => {
                    x.apart(y) == Some(*amount) || x.plus(y) == Some(*amount)
                }
                Value::Percent { amount, points: true } if matches!(a, Value::Percent { .. }) => {
                    x.apart(y) == Some(*amount)
                }
                Value::Percent { amount, points: false } => {
                    let share = |of: Decimal| {
                        let change = high.apart(low)?.times(Decimal::new(1, 2))?;
                        change.divided(of, amount.places())
                    };
                    // Of the value it started from, which the sentence names with `from`; else of either.
                    let start = [first, second].into_iter().position(|c| c.role == Some(Role::From));
                    match start {
                        Some(0) => share(x) == Some(*amount),
                        Some(_) => share(y) == Some(*amount),
                        None => share(high) == Some(*amount) || share(low) == Some(*amount),
                    }
                }
                Value::Times(times) => high.divided(low, times.places()) == Some(*times) && near(high, low, *times),
                _ => false,
            };
            if good {
                return Some(cite.clone());
            }
        }
    }
    None
}

/// True where `high` is so many times `low` within a tenth.
fn near(high: Decimal, low: Decimal, times: Decimal) -> bool {
    let off = high.divided(low, times.places() + 3).and_then(|ratio| ratio.apart(times)?.times(Decimal::new(1, 1)));
    off.is_some_and(|off| off.cmp_value(times).is_le())
}

fn amount(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number { amount, .. } | Value::Percent { amount, .. } | Value::Money { amount, .. } => Some(*amount),
        _ => None,
    }
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;

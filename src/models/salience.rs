//! How much a sentence of a brief says, in whole numbers: the same on every machine.
//!
//! A sentence weighs the mean of its words' TF-IDF (Spärck Jones 1972; here over sentences, the term's frequency taken
//! in its own source), raised by its place in the source (Edmundson 1969: first sentences and title words tell most) and
//! by the brief's keywords.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use states::words::text::{Span, content_words, count_words, sentences};
use states::words::{Brief, Snapshot, Snapshots};

/// What a citable sentence is in its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The value of a fixed line.
    Fixed(&'static str),
    /// A heading of the main text.
    Heading,
    /// A sentence of the main text.
    Body,
}

/// One citable sentence with its weight.
#[derive(Debug, Clone)]
pub(crate) struct Scored<'a> {
    /// The number it is cited by.
    pub(crate) number: usize,
    /// Index of its source in the brief.
    pub(crate) source: usize,
    /// Its bytes in the snapshot.
    pub(crate) span: Span,
    /// Its text, exactly as in the snapshot.
    pub(crate) text: &'a str,
    /// What it is there.
    pub(crate) line: Line,
    /// Its number of words.
    pub(crate) words: usize,
    /// Its content words.
    pub(crate) terms: BTreeSet<String>,
    /// Its weight; only comparisons mean something.
    pub(crate) score: u64,
}

/// All citable sentences of a brief, in the order of their numbers. Sentences whose snapshot is missing
/// are passed over, and so are those that give orders to a model.
pub(crate) fn rank<'a>(brief: &Brief, snapshots: &'a Snapshots) -> Vec<Scored<'a>> {
    let mut all = read(brief, snapshots);
    let titles: Vec<BTreeSet<String>> =
        brief.sources.iter().map(|s| content_words(&s.title).into_iter().collect()).collect();
    let wanted = std::iter::once(&brief.keyword).chain(&brief.secondary).flat_map(|k| content_words(k)).collect();
    weigh(&mut all, &titles, &wanted);
    all
}

/// All sentences of one text, weighed by themselves, its title and the words that somebody wants. Headings are known by their
/// marks.
pub(crate) fn rank_text<'a>(title: &str, text: &'a str, wanted: &BTreeSet<String>) -> Vec<Scored<'a>> {
    let mut all: Vec<Scored<'a>> = sentences(text)
        .into_iter()
        .enumerate()
        .map(|(number, span)| {
            let sentence = span.of(text);
            Scored {
                number,
                source: 0,
                span,
                text: sentence,
                line: if is_heading(text, span.start) { Line::Heading } else { Line::Body },
                words: count_words(sentence),
                terms: content_words(sentence).into_iter().collect(),
                score: 0,
            }
        })
        .collect();
    weigh(&mut all, &[content_words(title).into_iter().collect()], wanted);
    all
}

/// Gives each sentence of the main texts its weight.
fn weigh(all: &mut [Scored<'_>], titles: &[BTreeSet<String>], wanted: &BTreeSet<String>) {
    let mut sentences_with: BTreeMap<&str, u64> = BTreeMap::new();
    let mut uses: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    for s in all.iter().filter(|s| s.line == Line::Body) {
        for term in &s.terms {
            *sentences_with.entry(term).or_default() += 1;
            *uses.entry((s.source, term)).or_default() += 1;
        }
    }
    let total = all.iter().filter(|s| s.line == Line::Body).count() as u64;
    let mut place = vec![0_u64; titles.len()];
    let scores: Vec<u64> = all
        .iter()
        .map(|s| {
            if s.line != Line::Body || s.terms.is_empty() {
                return 0;
            }
            let weight: u64 = s
                .terms
                .iter()
                .map(|term| {
                    let used = uses.get(&(s.source, term.as_str())).copied().unwrap_or(1);
                    let spread = sentences_with.get(term.as_str()).copied().unwrap_or(1);
                    log2_milli(1 + used) * log2_milli(1 + total / spread.max(1)) / 1000
                })
                .sum();
            let mean = weight / s.terms.len() as u64;
            let at = place[s.source];
            place[s.source] += 1;
            let shared = |set: &BTreeSet<String>| s.terms.intersection(set).count() as u64;
            let in_title = titles.get(s.source).map_or(0, |t| shared(t) * 100 / (t.len() as u64).max(1));
            let raised = 100 + [40, 25, 10].get(at as usize).unwrap_or(&0) + in_title / 2 + shared(wanted).min(3) * 12;
            mean * raised / 100
        })
        .collect();
    for (s, score) in all.iter_mut().zip(scores) {
        s.score = score;
    }
}

fn read<'a>(brief: &Brief, snapshots: &'a Snapshots) -> Vec<Scored<'a>> {
    let mut all = Vec::new();
    let of = |s: &Snapshot| gates::orders::ranges(&s.text);
    let orders: Vec<Vec<Range<usize>>> =
        brief.sources.iter().map(|source| snapshots.get(&source.snapshot).map(of).unwrap_or_default()).collect();
    for numbered in brief.numbered() {
        let source = &brief.sources[numbered.source];
        let Some(snapshot) = snapshots.get(&source.snapshot) else { continue };
        let text = numbered.span.of(&snapshot.text);
        // What gives orders to a model is shown to none, and quoted by none.
        let told = orders[numbered.source].iter().any(|order| order.contains(&numbered.span.start));
        if text.is_empty() || told || gates::orders::found(text).is_some() {
            continue;
        }
        all.push(Scored {
            number: numbered.number,
            source: numbered.source,
            span: numbered.span,
            text,
            line: line_of(snapshot, numbered.span),
            words: count_words(text),
            terms: content_words(text).into_iter().collect(),
            score: 0,
        });
    }
    all
}

fn line_of(snapshot: &Snapshot, span: Span) -> Line {
    if span.start < snapshot.body_start {
        let named = ["Title", "Author", "Date", "URL"]
            .into_iter()
            .find(|name| snapshot.fixed_line(name).is_some_and(|(start, _)| start == span.start));
        return Line::Fixed(named.unwrap_or("URL"));
    }
    if is_heading(&snapshot.text, span.start) { Line::Heading } else { Line::Body }
}

/// True where the line before `at` begins with the marks of a heading.
fn is_heading(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    before[line_start..].trim_start().starts_with('#') || text.get(at..).is_some_and(|rest| rest.starts_with('#'))
}

/// The binary logarithm in thousandths, straight between powers of two: no floating point, so no difference between
/// machines.
fn log2_milli(n: u64) -> u64 {
    let n = n.max(1);
    let whole = u64::from(n.ilog2());
    let base = 1_u64 << whole;
    whole * 1000 + (u128::from(n - base) * 1000 / u128::from(base)) as u64
}

/// Words that stand everywhere in technical texts and name no subject.
const GENERIC: [&str; 78] = [
    "added",
    "adds",
    "april",
    "august",
    "available",
    "better",
    "change",
    "changed",
    "changes",
    "day",
    "days",
    "december",
    "default",
    "eight",
    "every",
    "february",
    "first",
    "five",
    "four",
    "friday",
    "hour",
    "hours",
    "january",
    "july",
    "june",
    "last",
    "less",
    "made",
    "make",
    "makes",
    "many",
    "march",
    "minute",
    "minutes",
    "monday",
    "month",
    "months",
    "needs",
    "next",
    "nine",
    "november",
    "october",
    "percent",
    "project",
    "release",
    "released",
    "releases",
    "saturday",
    "second",
    "seconds",
    "section",
    "september",
    "seven",
    "since",
    "six",
    "sunday",
    "takes",
    "team",
    "ten",
    "third",
    "three",
    "thursday",
    "time",
    "times",
    "today",
    "took",
    "tuesday",
    "twice",
    "two",
    "use",
    "used",
    "uses",
    "version",
    "versions",
    "wednesday",
    "week",
    "weeks",
    "without",
];

/// The words of a text that say most about it: frequent ones and those of its title, without numbers. The most telling
/// first; ties in the order of the alphabet.
pub(crate) fn salient_words(title: &str, text: &str, most: usize) -> Vec<String> {
    let plain = |w: &String| {
        w.chars().count() > 2
            && w.chars().all(|c| c.is_alphabetic() || c == '-')
            && GENERIC.binary_search(&w.as_str()).is_err()
    };
    let mut weight: BTreeMap<String, u64> = BTreeMap::new();
    for word in content_words(text).into_iter().filter(plain) {
        *weight.entry(word).or_default() += 2;
    }
    let titled: BTreeSet<String> = content_words(title).into_iter().filter(plain).collect();
    for (word, weight) in &mut weight {
        if titled.contains(word) {
            *weight = *weight * 3 + 6;
        }
    }
    let mut sorted: Vec<(String, u64)> = weight.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.into_iter().take(most).map(|(word, _)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_exact_at_powers_of_two() {
        assert_eq!([1, 2, 3, 4, 1024].map(log2_milli), [0, 1000, 1500, 2000, 10_000]);
        assert_eq!(log2_milli(0), 0);
        assert!(log2_milli(u64::MAX) < 64_000);
    }

    #[test]
    fn the_generic_words_are_sorted_for_the_search() {
        assert!(GENERIC.is_sorted());
    }

    #[test]
    fn salient_words_prefer_the_title_and_hold_no_numbers() {
        let words =
            salient_words("Quillstore 4.2 compacts faster", "Quillstore compaction is fast. Compaction of 4 files.", 3);
        assert_eq!(words, ["quillstore", "compaction", "fast"]);
    }
}

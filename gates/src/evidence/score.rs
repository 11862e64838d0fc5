//! How well a sentence is carried: the share of its words that its clauses find together in one window each, and a score that
//! weighs them.
//!
//! The score is the coverage of words, weighted by how few lines of the sources have them (after the inverse document
//! frequency of K. Spärck Jones, 1972), of values and of names, with a share for words that stand side by side as in the
//! source. A word that stands only elsewhere in the sources counts in part; so does another form of a word.

use std::collections::{BTreeSet, HashSet};

use super::claims::{Kind, Reading};
use super::library::Library;
use super::lookup::Window;

/// Fewer words than this in a clause are counted with the clause before.
const CLAUSE_WORDS: usize = 4;
/// Fewer words than this say too little to be a share.
const LEAST_WORDS: usize = 3;
/// What a word counts that stands in another of the windows, in none but elsewhere in the sources, and one of which only another
/// form stands there.
const OTHER_WINDOW: f64 = 0.6;
const ELSEWHERE: f64 = 0.4;
const OTHER_FORM: f64 = 0.7;
/// What a value weighs, and a name beside its words, as against a word that stands in one line.
const VALUE: f64 = 1.5;
const NAME: f64 = 0.75;
/// The part of the score that side-by-side words make.
const PAIRS: f64 = 0.25;

/// What is said of a sentence as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Carried {
    /// The share of its content words, in percent; a word that another window has than its clause counts half. `None` where they are fewer than three.
    pub(super) percent: Option<usize>,
    /// The share that stands anywhere in the windows.
    pub(super) anywhere: usize,
    /// How well it is carried, per mille. `None` where it says nothing that can be looked for.
    pub(super) score: Option<u16>,
}

/// Weighs a sentence against its windows. `neutral` words (what the brief is about) are not counted; `proven` says for each of
/// its claims whether it was.
pub(super) fn carried(
    reading: &Reading,
    windows: &[Window<'_>],
    library: &Library<'_>,
    neutral: &BTreeSet<String>,
    proven: &[bool],
) -> Carried {
    let there: Vec<BTreeSet<&str>> =
        windows.iter().map(|w| w.passages.iter().flat_map(|p| p.stems()).map(String::as_str).collect()).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let (mut words, mut covered, mut anywhere, mut all, mut got) = (0usize, 0usize, 0usize, 0.0f64, 0.0f64);
    for clause in clauses(reading) {
        let wanted: Vec<&str> =
            clause.into_iter().filter(|stem| !neutral.contains(*stem) && seen.insert(stem)).collect();
        let weights: Vec<f64> = wanted.iter().map(|stem| library.weight(stem)).collect();
        let said = |have: &BTreeSet<&str>| {
            let here = wanted.iter().zip(&weights).filter(|(stem, _)| have.contains(**stem));
            here.map(|(_, weight)| weight).sum::<f64>()
        };
        let best = there.iter().max_by(|a, b| said(a).total_cmp(&said(b)));
        for (stem, weight) in wanted.iter().zip(&weights) {
            let credit = match best {
                Some(have) if have.contains(stem) => 1.0,
                Some(have) if other_form(stem, have) => OTHER_FORM,
                _ if there.iter().any(|have| have.contains(stem)) => OTHER_WINDOW,
                _ if !library.places(stem).is_empty() => ELSEWHERE,
                _ => 0.0,
            };
            words += 1;
            let somewhere = usize::from(there.iter().any(|have| have.contains(stem)));
            anywhere += somewhere;
            covered += if credit >= 1.0 { 2 } else { somewhere };
            all += weight;
            got += weight * credit;
        }
    }
    let rare = library.weight("");
    for (claim, proven) in reading.claims.iter().zip(proven) {
        let weight = rare * if claim.kind == Kind::Name { NAME } else { VALUE };
        all += weight;
        got += if *proven { weight } else { 0.0 };
    }
    let percent = (words >= LEAST_WORDS).then(|| covered * 50 / words);
    let anywhere = anywhere * 100 / words.max(1);
    let coverage = if all > 0.0 { got / all } else { return Carried { percent, anywhere, score: None } };
    let pairs = reading.pairs();
    let theirs: HashSet<u64> = windows.iter().flat_map(|w| &w.passages).flat_map(|p| p.reading.pairs()).collect();
    let same = pairs.iter().filter(|pair| theirs.contains(pair)).count();
    let beside = if pairs.is_empty() { coverage } else { same as f64 / pairs.len() as f64 };
    let score = (1_000.0 * ((1.0 - PAIRS) * coverage + PAIRS * beside)).round().clamp(0.0, 1_000.0);
    Carried { percent, anywhere, score: Some(score as u16) }
}

/// The stems of each clause, in order; short ones with the clause before.
fn clauses(reading: &Reading) -> Vec<Vec<&str>> {
    let mut all: Vec<Vec<&str>> = Vec::new();
    let mut last = None;
    for (token, clause) in reading.tokens.iter().zip(&reading.clauses) {
        let full = all.last().is_none_or(|words| words.len() >= CLAUSE_WORDS);
        if last != Some(clause) && full && !token.stems.is_empty() {
            all.push(Vec::new());
        }
        if !token.stems.is_empty() {
            last = Some(clause);
        }
        if let Some(words) = all.last_mut() {
            words.extend(token.stems.iter().map(String::as_str));
        }
    }
    // What is left at the end is no clause of its own either.
    if let Some(short) = all.pop_if(|words| words.len() < CLAUSE_WORDS) {
        match all.last_mut() {
            Some(words) => words.extend(short),
            None => all.push(short),
        }
    }
    all
}

/// True where a longer or shorter form of the word stands there: `develop`, `developer`.
fn other_form(stem: &str, have: &BTreeSet<&str>) -> bool {
    let Some(root) = stem.get(..5) else { return false };
    have.range(root..).take_while(|word| word.starts_with(root)).any(|word| {
        let same = word.bytes().zip(stem.bytes()).take_while(|(a, b)| a == b).count();
        same * 10 >= word.len().max(stem.len()) * 6
    })
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;

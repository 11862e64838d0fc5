//! Where the sources carry a sentence best: windows of neighbouring sentences, found by what the sentence says.

use std::collections::{BTreeSet, HashSet};

use states::words::Cite;
use states::words::text::Span;

use super::claims::{Claim, Kind, Reading, Value};
use super::library::{Library, Line};
use super::lookup;

/// So many ranges are cited for one sentence at most.
const RANGES: usize = 3;
/// So many neighbouring sentences make a window at most.
const NEIGHBOURS: usize = 3;
/// Windows are tried around so many of the best lines.
const TRIED: usize = 12;
/// What a further line in a window, and a further window, has to add, as a share of all that is looked for.
const LINE_GAIN: f64 = 0.05;
const RANGE_GAIN: f64 = 0.2;
/// And how much of it, as a share of all words, in words that belong to no name.
const WORDS_GAIN: f64 = 0.1;
/// What two words add that stand side by side as in the sentence.
const PAIR: f64 = 0.3;

/// Something that a sentence says, and the lines that say it.
struct Need {
    weight: f64,
    /// Indexes of lines, in order.
    places: Vec<usize>,
    /// A value or quotation: it is looked for on its own where the best window lacks it.
    sure: bool,
    /// A word that belongs to no name.
    word: bool,
    /// Stems of the words that it belongs to.
    context: BTreeSet<String>,
}

/// The ranges, at most three, that carry a sentence best; none where no source has any of its words. None is longer than
/// `most` bytes.
pub(super) fn find(text: &str, reading: &Reading, library: &Library<'_>, most: usize) -> Vec<Cite> {
    let needs = needs(text, reading, library);
    let all: f64 = needs.iter().map(|n| n.weight).sum();
    let mut open: Vec<bool> = needs.iter().map(|n| !n.places.is_empty()).collect();
    let mut found: Vec<(usize, usize)> = Vec::new();
    let pairs = reading.pairs().into_iter().collect();
    let search = Search { library, needs: &needs, pairs, all, most };
    let mut take = |window: (usize, usize), open: &mut Vec<bool>| {
        for (n, need) in needs.iter().enumerate() {
            open[n] &= !within(&need.places, window);
        }
        if !found.contains(&window) {
            found.push(window);
        }
        found.len() < RANGES
    };
    let Some((first, _)) = search.best(&open, &search.lines(&open)) else { return Vec::new() };
    let mut more = take(first, &mut open);
    for (n, need) in needs.iter().enumerate().filter(|(_, n)| n.sure) {
        if more && open[n] {
            let around = |line: &usize| {
                let stems = need.context.iter().filter(|stem| library.places(stem).binary_search(line).is_ok());
                stems.map(|stem| library.weight(stem)).sum::<f64>()
            };
            let best = need.places.iter().copied().max_by(|a, b| around(a).total_cmp(&around(b)).then(b.cmp(a)));
            if let Some((window, _)) = best.and_then(|line| search.best(&vec![true; needs.len()], &[line])) {
                more = take(window, &mut open);
            }
        }
    }
    let words = needs.iter().filter(|n| n.word).map(|n| n.weight).sum::<f64>();
    while more {
        match search.best(&open, &search.lines(&open)) {
            // A name alone is no reason: it would be proven where its words are not.
            Some((window, gain)) if gain >= RANGE_GAIN * all && search.said(&open, window) >= WORDS_GAIN * words => {
                more = take(window, &mut open)
            }
            _ => break,
        }
    }
    found.into_iter().map(|(first, last)| search.cite(first, last)).collect()
}

fn needs(text: &str, reading: &Reading, library: &Library<'_>) -> Vec<Need> {
    let stems: BTreeSet<&String> = reading.tokens.iter().flat_map(|t| &t.stems).collect();
    let names = reading.claims.iter().filter(|c| c.kind == Kind::Name);
    let named: BTreeSet<&String> =
        names.flat_map(|c| &reading.tokens[c.tokens.clone()]).flat_map(|t| &t.stems).collect();
    let word = |stem: &&String| Need {
        weight: library.weight(stem),
        places: library.places(stem).to_vec(),
        sure: false,
        word: !named.contains(stem),
        context: BTreeSet::new(),
    };
    let mut needs: Vec<Need> = stems.iter().map(word).collect();
    needs.extend(reading.claims.iter().map(|claim| {
        let sure = !matches!(claim.kind, Kind::Name);
        let places = places(claim, library);
        let rare = ((library.lines.len() as f64 + 1.0) / (places.len() as f64 + 0.5)).ln().max(0.2);
        let own = claim.anchors.iter().cloned();
        let context = if claim.anchors.is_empty() { reading.content().cloned().collect() } else { own.collect() };
        let weight = if text[claim.span.clone()].len() > 1 { rare } else { rare / 2.0 };
        Need { weight, places, sure, word: false, context }
    }));
    needs
}

/// The lines that have a claim.
fn places(claim: &Claim, library: &Library<'_>) -> Vec<usize> {
    let having = |has: &dyn Fn(&Line<'_>) -> bool| -> Vec<usize> {
        library.lines.iter().enumerate().filter(|(_, line)| has(line)).map(|(n, _)| n).collect()
    };
    match &claim.value {
        Value::Name(parts) => having(&|line| lookup::name_in(parts, &line.passage()).is_some()),
        Value::Text(folded) if claim.kind == Kind::Quotation => quoted(folded, library),
        value => having(&|line| line.passage().has(value)),
    }
}

/// The lines over which a quotation stands, exactly.
fn quoted(folded: &str, library: &Library<'_>) -> Vec<usize> {
    let wanted = folded.trim_end_matches([',', '.', ';']);
    let mut lines = Vec::new();
    for (source, text) in library.sources.iter().enumerate() {
        let whole = text.folded();
        let range = whole.find(wanted, 0).or_else(|| whole.find(&lookup::turned(wanted), 0));
        let Some(span) = range.and_then(|range| whole.origin(range)) else { continue };
        let of_source = library.lines.iter().enumerate().filter(|(_, line)| line.source == source);
        lines.extend(of_source.filter(|(_, l)| l.span.start < span.end && l.span.end > span.start).map(|(n, _)| n));
    }
    lines
}

fn within(places: &[usize], (first, last): (usize, usize)) -> bool {
    places.get(places.partition_point(|p| *p < first)).is_some_and(|p| *p <= last)
}

struct Search<'a> {
    library: &'a Library<'a>,
    needs: &'a [Need],
    /// Words of the sentence that stand side by side.
    pairs: HashSet<u64>,
    all: f64,
    most: usize,
}

impl Search<'_> {
    /// The lines that say most of what is still open, best first.
    fn lines(&self, open: &[bool]) -> Vec<usize> {
        let mut scores = vec![0.0f64; self.library.lines.len()];
        for (need, _) in self.needs.iter().zip(open).filter(|(_, open)| **open) {
            need.places.iter().for_each(|line| scores[*line] += need.weight);
        }
        let mut lines: Vec<usize> = (0..scores.len()).filter(|n| scores[*n] > 0.0).collect();
        lines.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        lines.truncate(TRIED);
        lines
    }

    /// How much a window says of what is open, in words that belong to no name.
    fn said(&self, open: &[bool], window: (usize, usize)) -> f64 {
        let words = self.needs.iter().zip(open).filter(|(need, open)| need.word && **open).map(|(need, _)| need);
        words.filter(|need| within(&need.places, window)).map(|need| need.weight).sum()
    }

    /// The window around one of the lines that says most of what is open, and how much that is.
    fn best(&self, open: &[bool], around: &[usize]) -> Option<((usize, usize), f64)> {
        let mut best: Option<((usize, usize), f64)> = None;
        for line in around {
            for first in line.saturating_sub(NEIGHBOURS - 1)..=*line {
                for last in (*line..first + NEIGHBOURS).filter(|last| self.is_window(first, *last)) {
                    let wanted = self.needs.iter().zip(open).filter(|(_, open)| **open).map(|(need, _)| need);
                    let said = wanted.filter(|n| within(&n.places, (first, last))).map(|n| n.weight).sum::<f64>();
                    let pairs: usize = (first..=last).map(|n| self.alike(n)).sum();
                    let gain = said + PAIR * pairs as f64 - LINE_GAIN * self.all * (last - first) as f64;
                    if best.is_none_or(|(_, most)| gain > most) {
                        best = Some(((first, last), gain));
                    }
                }
            }
        }
        best
    }

    /// How many pairs of words a line has as the sentence has them.
    fn alike(&self, line: usize) -> usize {
        self.library.lines[line].pairs().iter().filter(|pair| self.pairs.contains(pair)).count()
    }

    /// True for neighbouring lines of one text that are short enough together. Fixed lines stand alone.
    fn is_window(&self, first: usize, last: usize) -> bool {
        let (Some(a), Some(b)) = (self.library.lines.get(first), self.library.lines.get(last)) else { return false };
        let fixed = a.span.start < self.library.sources[a.source].snapshot.body_start;
        first == last || (a.source == b.source && !fixed && b.span.end.saturating_sub(a.span.start) <= self.most)
    }

    fn cite(&self, first: usize, last: usize) -> Cite {
        let lines = &self.library.lines;
        let span = Span { start: lines[first].span.start, end: lines[last].span.end };
        let snapshot = self.library.sources[lines[first].source].snapshot;
        Cite { snapshot: snapshot.id.clone(), start: span.start, end: span.end }
    }
}

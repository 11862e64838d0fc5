//! What a sentence may not do with what it cites: deny it, turn it round, copy it at length.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use states::words::Cite;

use super::claims::Reading;
use super::keys::{Keyed, key};
use super::library::Library;
use super::lookup::Window;
use super::normalise::stem;
use super::tokens::{Class, Token, spans};

const DENIALS: [&str; 12] =
    ["not", "no", "never", "without", "cannot", "neither", "nor", "none", "nothing", "nobody", "hardly", "unable"];

/// Words that take something away without denying it.
const REMOVALS: [&str; 15] = [
    "drop", "remov", "avoid", "lack", "fail", "stop", "refus", "instead", "rather", "unlik", "eliminat", "prevent",
    "former", "longer", "delet",
];

fn denies(token: &Token) -> bool {
    DENIALS.contains(&token.lower.as_str()) || token.lower.ends_with("n't") || token.lower.ends_with("n’t")
}

/// Words at which a denial ends.
const TURNS: [&str; 7] = ["and", "but", "while", "because", "since", "whereas", "although"];

/// How far a denial or removal reaches, in words.
const REACH: usize = 5;

/// The first word that says something behind each denial: what is denied.
fn denied(tokens: &[Token]) -> BTreeSet<&String> {
    // `no more than 40` is a bound.
    let bounds = |i: usize| {
        let word = |n: usize| tokens.get(i + n).map_or("", |t| t.lower.as_str());
        word(2) == "than"
            && matches!(word(1), "more" | "less" | "fewer" | "later" | "earlier" | "higher" | "lower" | "longer")
    };
    let heads = tokens.iter().enumerate().filter(|(i, t)| denies(t) && !bounds(*i)).filter_map(|(i, _)| {
        let ends = |t: &Token| t.class == Class::Mark || TURNS.contains(&t.lower.as_str());
        let behind = tokens[i + 1..].iter().take(REACH).take_while(|t| !ends(t));
        behind.flat_map(|t| &t.stems).find(|s| !REMOVALS.contains(&s.as_str()))
    });
    heads.collect()
}

/// True where the word stands with a denial or removal close to it.
fn is_turned(tokens: &[Token], word: &str) -> bool {
    let turns = |t: &Token| denies(t) || t.stems.iter().any(|s| REMOVALS.contains(&s.as_str()));
    let mut places = tokens.iter().enumerate().filter(|(_, t)| t.stems.iter().any(|s| s == word));
    places.any(|(i, _)| tokens[i.saturating_sub(REACH)..(i + REACH).min(tokens.len())].iter().any(turns))
}

/// True where the word stands once without a denial before it in its clause.
fn is_affirmed(tokens: &[Token], word: &str) -> bool {
    let ends = |t: &Token| t.class == Class::Mark || TURNS.contains(&t.lower.as_str());
    let places = tokens.iter().enumerate().filter(|(_, t)| t.stems.iter().any(|s| s == word));
    places
        .into_iter()
        .any(|(i, _)| !tokens[i.saturating_sub(REACH)..i].iter().rev().take_while(|t| !ends(t)).any(denies))
}

/// A word that one side denies and the other affirms.
pub(crate) fn negation(draft: &Reading, windows: &[Window<'_>]) -> Option<(String, Cite)> {
    for window in windows {
        for passage in &window.passages {
            let source = &passage.reading.tokens;
            let has = |tokens: &[Token], word: &String| tokens.iter().any(|t| t.stems.contains(word));
            let about_the_same = shared(&draft.tokens, source) >= 2;
            if !about_the_same {
                continue;
            }
            let others = || windows.iter().flat_map(|w| &w.passages).map(|p| &p.reading.tokens);
            let in_draft = denied(&draft.tokens)
                .into_iter()
                .find(|w| has(source, w) && !others().any(|tokens| is_turned(tokens, w)));
            let in_source = denied(source).into_iter().find(|w| {
                has(&draft.tokens, w)
                    && !is_turned(&draft.tokens, w)
                    && !is_affirmed(source, w)
                    && !affirmed_elsewhere(w, windows)
            });
            if let Some(word) = in_draft.or(in_source) {
                return Some((word.clone(), window.cite()));
            }
        }
    }
    None
}

/// Another sentence of the windows says it without a denial.
fn affirmed_elsewhere(word: &str, windows: &[Window<'_>]) -> bool {
    windows.iter().flat_map(|w| &w.passages).any(|p| {
        let tokens = &p.reading.tokens;
        tokens.iter().any(|t| t.stems.iter().any(|s| s == word)) && !is_turned(tokens, word)
    })
}

fn shared(a: &[Token], b: &[Token]) -> usize {
    let a: BTreeSet<&String> = a.iter().flat_map(|t| &t.stems).collect();
    b.iter().flat_map(|t| &t.stems).collect::<BTreeSet<_>>().intersection(&a).count()
}

/// Words that say the opposite of each other; forms of one word share their stem.
const OPPOSITES: [(&[&str], &[&str]); 15] = [
    (
        &["rose", "risen", "rise", "grew", "grow", "grown", "increase", "climb", "gain", "jump"],
        &["fell", "fall", "fallen", "shrank", "shrink", "decrease", "drop", "decline", "lose", "lost", "cut", "reduce"],
    ),
    (&["faster", "quicker", "speedup"], &["slower", "slowdown"]),
    (&["higher"], &["lower"]),
    (&["larger", "bigger"], &["smaller"]),
    (&["enable"], &["disable"]),
    (&["add", "introduce"], &["remove", "delete", "drop"]),
    (&["allow", "permit", "accept"], &["forbid", "forbidden", "refuse", "reject", "deny"]),
    (&["open"], &["close", "closed"]),
    (&["win", "won"], &["lose", "lost"]),
    (&["before"], &["after"]),
    (&["best"], &["worst"]),
    (&["better"], &["worse"]),
    (&["success", "succeed", "pass"], &["failure", "fail"]),
    (&["safe"], &["unsafe"]),
    (&["stable"], &["unstable", "beta", "alpha"]),
];

/// A pair of opposites of which the draft has one side and the source only the other.
pub(crate) fn opposite(draft: &Reading, windows: &[Window<'_>]) -> Option<(String, String)> {
    let forms = |tokens: &[Token]| -> BTreeMap<String, String> {
        tokens.iter().filter(|t| t.class == Class::Word).map(|t| (stem(&t.lower), t.lower.clone())).collect()
    };
    let ours = forms(&draft.tokens);
    let theirs: BTreeMap<String, String> =
        windows.iter().flat_map(|w| &w.passages).flat_map(|p| forms(&p.reading.tokens)).collect();
    let turned = draft.tokens.iter().any(denies)
        || windows.iter().flat_map(|w| &w.passages).any(|p| p.reading.tokens.iter().any(denies));
    // With a denial on either side the pair may well say the same.
    if turned {
        return None;
    }
    let among = |set: &BTreeMap<String, String>, words: &[&str]| words.iter().find_map(|w| set.get(&stem(w)).cloned());
    OPPOSITES.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).find_map(|(mine, other)| {
        let word = among(&ours, mine)?;
        let against = among(&theirs, other)?;
        (among(&theirs, mine).is_none() && among(&ours, other).is_none()).then_some((word, against))
    })
}

/// The sources' words, indexed by runs, to find what was copied from them.
pub(crate) struct Copies<'a> {
    words: Vec<(u64, &'a states::words::SnapshotId, usize, usize)>,
    runs: HashMap<u64, Vec<usize>, Keyed>,
}

/// The run of words by which places are found; shorter allowances are compared from there on.
const RUN: usize = 5;

/// A run of words that stands in a source.
pub(crate) struct Copied {
    /// How many words.
    pub(crate) words: usize,
    /// Index of its first word among those given.
    pub(crate) first: usize,
    /// Where it stands.
    pub(crate) cite: Cite,
}

impl<'a> Copies<'a> {
    pub(crate) fn of(library: &Library<'a>) -> Self {
        let mut all = Self { words: Vec::new(), runs: HashMap::default() };
        for source in &library.sources {
            let snapshot = source.snapshot;
            for (start, end) in word_spans(snapshot.body()) {
                let text = &snapshot.body()[start..end];
                all.words.push((folded(text), &snapshot.id, snapshot.body_start + start, snapshot.body_start + end));
            }
        }
        for at in 0..all.words.len().saturating_sub(RUN - 1) {
            let run = run_key(all.words[at..at + RUN].iter().map(|w| w.0));
            all.runs.entry(run).or_default().push(at);
        }
        all
    }

    /// The longest run of the given words that stands in a source. `None` marks a break: a quotation.
    pub(crate) fn longest(&self, words: &[Option<u64>]) -> Option<Copied> {
        let mut best: Option<(usize, usize, usize)> = None;
        let mut first = 0;
        while first + RUN <= words.len() {
            let here: Option<Vec<u64>> = words[first..first + RUN].iter().copied().collect();
            let places = here.and_then(|run| self.runs.get(&run_key(run.into_iter())));
            let mut step = 1;
            for place in places.into_iter().flatten().take(64) {
                let length = words[first..]
                    .iter()
                    .zip(&self.words[*place..])
                    .take_while(|(mine, theirs)| **mine == Some(theirs.0) && theirs.1 == self.words[*place].1)
                    .count();
                if best.is_none_or(|(longest, _, _)| length > longest) {
                    best = Some((length, first, *place));
                }
                step = step.max(length.saturating_sub(RUN - 1));
            }
            first += step.max(1);
        }
        let (words, first, place) = best?;
        let (_, snapshot, start, _) = self.words[place];
        let end = self.words.get(place + words.max(1) - 1).map_or(start, |w| w.3);
        Some(Copied { words, first, cite: Cite { snapshot: snapshot.clone(), start, end } })
    }
}

/// The words of a text as keys, and `None` where a quotation stands.
pub(crate) fn unquoted(text: &str) -> Vec<(Option<u64>, usize)> {
    let (quotations, _) = super::claims::quotations(text);
    word_spans(text)
        .into_iter()
        .map(|(start, end)| {
            let quoted = quotations.iter().any(|q| start >= q.start && end <= q.end);
            ((!quoted).then(|| folded(&text[start..end])), start)
        })
        .collect()
}

fn word_spans(text: &str) -> Vec<(usize, usize)> {
    spans(text).into_iter().map(|span| (span.start, span.end)).collect()
}

/// The key of a word in any case.
fn folded(word: &str) -> u64 {
    if word.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) { key(&word.to_lowercase()) } else { key(word) }
}

fn run_key(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(17u64, |hash, word| hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) ^ word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use states::words::text::Span;
    use states::words::{Snapshot, Timestamp};

    use super::super::claims::NameSense;
    use super::*;

    fn with<T>(draft: &str, source: &str, judge: impl Fn(&Reading, &[Window<'_>]) -> T) -> T {
        let snapshot = Snapshot::compose(
            source,
            1,
            "https://e.example/",
            None,
            None,
            None,
            None,
            None,
            Timestamp::UNIX_EPOCH,
            false,
        );
        let span = Span { start: snapshot.body_start, end: snapshot.text.len() };
        let plain = HashSet::new();
        let reading = Reading::of_draft(draft, NameSense { plain: &plain, capitals: true });
        judge(&reading, &[Window::new(&snapshot, span)])
    }

    fn denied_word(draft: &str, source: &str) -> Option<String> {
        with(draft, source, |r, w| negation(r, w).map(|(word, _)| word))
    }

    #[test]
    fn what_the_source_denies_is_not_affirmed() {
        assert_eq!(
            denied_word("The parser allocates memory.", "The parser does not allocate memory.").as_deref(),
            Some("allocat")
        );
        assert_eq!(
            denied_word("The parser never allocates memory.", "The parser allocates memory.").as_deref(),
            Some("allocat")
        );
        assert_eq!(denied_word("The parser doesn't allocate memory.", "The parser does not allocate memory."), None);
        assert_eq!(
            denied_word("The parser no longer needs a lock file.", "The parser drops the need for a lock file."),
            None
        );
        assert_eq!(denied_word("The parser works without a lock file.", "The parser needs no lock file."), None);
        assert_eq!(denied_word("Tests pass.", "The parser does not allocate memory."), None);
    }

    #[test]
    fn opposites_are_seen_and_synonyms_are_not() {
        let pair = |draft: &str, source: &str| with(draft, source, opposite);
        assert!(pair("Latency rose by 40%.", "Latency fell by 40%.").is_some());
        assert!(pair("The parser is slower.", "The parser is faster.").is_some());
        assert!(pair("Latency decreased.", "Latency fell.").is_none());
        assert!(pair("Reads rose and writes fell.", "Reads rose while writes fell.").is_none());
        assert!(pair("It is not faster.", "It is slower.").is_none());
    }
}

//! Extraction: multiset precision, recall and F1 over the words of the gold text, per page, and their means; and pages read
//! per second on one core.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde::Deserialize;
use serde_json::json;
use unicode_normalization::UnicodeNormalization as _;

use crate::pages::{self, Page};
use crate::peers::Peers;
use crate::report::{Case, Report};

/// How often the pages are read; the fastest round counts.
const ROUNDS: usize = 7;

/// How often the peers read them: they take their time.
const PEER_ROUNDS: usize = 3;

/// How many times as many pages a second as the peer are wanted.
const WANTED_RATIO: f64 = 5.0;

/// What `evals/peers/extraction.py` prints.
#[derive(Deserialize)]
struct Peer {
    version: String,
    f1: f64,
    precision: f64,
    recall: f64,
    pages_per_second: f64,
    pages: BTreeMap<String, f64>,
}

/// Means over the pages of a set.
#[derive(Debug, Clone, Copy, Default)]
struct Means {
    precision: f64,
    recall: f64,
    f1: f64,
}

/// Scores the pages of a folder in the layout of the article extraction benchmark, and of its siblings `readability` and
/// `defuddle` where they are there.
pub(crate) fn score(dir: &Path, peers: &Peers) -> anyhow::Result<Report> {
    let mut report = Report::new(
        "extraction",
        "Multiset precision, recall and F1 over the words (NFKC, lower case) of the gold text, mean over the pages; pages per \
         second on one core, decoded before the clock starts, fastest of several rounds.",
    );
    let pages = pages::benchmark(dir)?;
    let peer = ask(peers, &pages, PEER_ROUNDS)?;
    let (means, cases) = read(&pages, peer.as_ref());
    let speed = fastest(&pages);
    let name = peer.as_ref().map(|peer| format!("trafilatura {}", peer.version)).unwrap_or_default();
    report.measure("pages", pages.len() as f64, 0);
    let precision = report.measure("precision", means.precision, 4);
    if let Some(peer) = &peer {
        precision.peer(&name, peer.precision);
    }
    let recall = report.measure("recall", means.recall, 4);
    if let Some(peer) = &peer {
        recall.peer(&name, peer.recall);
    }
    let f1 = report.measure("token F1", means.f1, 4);
    if let Some(peer) = &peer {
        f1.peer(&name, peer.f1).goal("≥ the peer's", means.f1 >= peer.f1);
    }
    let per_second = report.measure("pages per second", speed, 0);
    if let Some(peer) = &peer {
        per_second.peer(&name, peer.pages_per_second);
        let ratio = speed / peer.pages_per_second;
        let wanted = format!("≥ {WANTED_RATIO}");
        report.measure("times the peer's pages per second", ratio, 1).goal(&wanted, ratio >= WANTED_RATIO);
    }
    report.cases = cases;
    let siblings = dir.parent().unwrap_or(dir);
    for (set, pages) in [
        ("readability", pages::readability(&siblings.join("readability"))?),
        ("defuddle", pages::defuddle(&siblings.join("defuddle"))?),
    ] {
        if pages.is_empty() {
            continue;
        }
        let peer = ask(peers, &pages, 1)?;
        let (means, _) = read(&pages, peer.as_ref());
        let row = report.measure(format!("token F1 of {} pages of {set}", pages.len()), means.f1, 4);
        if let Some(peer) = peer {
            row.peer(&name, peer.f1);
        }
    }
    Ok(report)
}

/// Reads and scores pages; the cases are the worst, beside the peer's score.
fn read(pages: &[Page], peer: Option<&Peer>) -> (Means, Vec<Case>) {
    let mut sum = Means::default();
    let mut cases = Vec::new();
    for page in pages {
        let (body, error) = match sources::extract(&page.html, &page.url) {
            Ok(read) => (read.body, None),
            Err(error) => (String::new(), Some(error.to_string())),
        };
        let (precision, recall) = overlap(&words(&body), &words(&page.gold));
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        sum = Means { precision: sum.precision + precision, recall: sum.recall + recall, f1: sum.f1 + f1 };
        let theirs =
            peer.and_then(|peer| peer.pages.get(&page.id)).map_or(String::new(), |f1| format!(", peer {f1:.3}"));
        let note =
            error.unwrap_or_else(|| format!("precision {precision:.3}, recall {recall:.3}{theirs}, {}", page.url));
        cases.push(Case { name: page.id.clone(), score: Some(f1), note });
    }
    cases.sort_by(|a, b| a.score.unwrap_or(-1.0).total_cmp(&b.score.unwrap_or(-1.0)));
    cases.truncate(10);
    let count = pages.len().max(1) as f64;
    (Means { precision: sum.precision / count, recall: sum.recall / count, f1: sum.f1 / count }, cases)
}

/// Pages per second of the fastest round.
fn fastest(pages: &[Page]) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        for page in pages {
            // What is read must not be left out by the compiler.
            std::hint::black_box(sources::extract(&page.html, &page.url).ok());
        }
        pages.len() as f64 / start.elapsed().as_secs_f64()
    });
    rounds.fold(0.0, f64::max)
}

fn ask(peers: &Peers, pages: &[Page], rounds: usize) -> anyhow::Result<Option<Peer>> {
    let path = std::env::temp_dir().join(format!("evals-pages-{}.json", std::process::id()));
    let list: Vec<_> =
        pages.iter().map(|page| json!({ "id": page.id, "html": page.html, "gold": page.gold })).collect();
    fs::write(&path, serde_json::to_vec(&list)?)?;
    let answer = peers.ask("extraction", &[path.to_string_lossy().into_owned(), rounds.to_string()]);
    fs::remove_file(&path)?;
    answer
}

/// How often each word occurs: runs of letters, digits and `_`, of the NFKC form in lower case. The same as Python's `\w+`,
/// but for marks that stand alone.
fn words(text: &str) -> BTreeMap<String, usize> {
    let text: String = text.nfkc().collect::<String>().to_lowercase();
    let mut counts = BTreeMap::new();
    for word in text.split(|c: char| !(is_word(c) || c == '_')).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_owned()).or_default() += 1;
    }
    counts
}

/// Letters and numbers as Python has them: Rust's `Alphabetic` counts the vowel signs of Indic scripts as well.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(c)
}

fn overlap(found: &BTreeMap<String, usize>, gold: &BTreeMap<String, usize>) -> (f64, f64) {
    let common: usize = found.iter().map(|(word, n)| gold.get(word).map_or(0, |m| (*n).min(*m))).sum();
    let share = |all: usize| if all == 0 { 0.0 } else { common as f64 / all as f64 };
    (share(found.values().sum()), share(gold.values().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_reference_computation() {
        // Counted with Python's re and unicodedata.
        let counted = words("Ｆｕｌｌ-width ﬁne, snake_case don't ½ Ⅳ 中文 हिन्दी");
        let expected =
            [("full", 1), ("width", 1), ("fine", 1), ("snake_case", 1), ("don", 1), ("t", 1), ("1", 1), ("2", 1)];
        for (word, count) in expected {
            assert_eq!(counted.get(word), Some(&count), "{word} in {counted:?}");
        }
        assert!(counted.contains_key("iv") && counted.contains_key("中文"), "{counted:?}");
    }

    #[test]
    fn repeated_words_count_as_often_as_they_stand_in_both() {
        let (precision, recall) = overlap(&words("a a a b"), &words("a a c"));
        assert_eq!((precision, recall), (0.5, 2.0 / 3.0));
    }
}

//! Sentences that nobody has cited: people's own Markdown, and sentences to be scored.

use states::words::{Cite, EvidenceRow, Finding, Place, Sentence, Snapshot, Timestamp};

use super::library::Library;
use super::{Desk, MAX_SENTENCE, passages};
use crate::settings::Settings;

/// What the sources say of one sentence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// The ranges that carry it best: three at most, none where the sources have nothing of it.
    pub cites: Vec<Cite>,
    /// Its claims, each with the bytes that prove it, then the sentence itself under each of its ranges.
    pub rows: Vec<EvidenceRow>,
    /// What is not proven. Places are [`Place::Sentence`] with the index of the sentence among those given.
    pub findings: Vec<Finding>,
    /// How well the cited text carries the sentence's words, per mille; `None` where it has too few words to tell.
    pub support: Option<u16>,
}

/// A text of which nothing is known but its name, as a source for [`against`]. The name stands where an address would.
pub fn plain(text: &str, name: &str) -> Snapshot {
    // Of an unknown day: nothing is told after it.
    Snapshot::compose(text, 0, name, None, None, None, None, None, Timestamp::MAX, false)
}

/// Finds for each sentence the ranges of the sources that carry it best, and judges it as a sentence that cites them: a
/// claim that stands in none of them, or stands there for something else, is a finding. One entry per sentence, in order.
///
/// The time grows with the length of the sources, once, and with that of the sentences.
pub fn against(sources: &[Snapshot], sentences: &[&str], settings: &Settings) -> Vec<Judged> {
    let library = Library::of_texts(sources, settings.max_cited_bytes);
    let german = sources.iter().filter(|s| s.language.as_deref().is_some_and(|l| l.starts_with("de"))).count();
    let capitals = german * 2 <= sources.len();
    let one = |(n, text): (usize, &&str)| {
        let mut desk = Desk::new(&library, &[], "", capitals, settings);
        let place = Place::Sentence { section: 0, block: 0, sentence: n };
        let mut sentence = Sentence::plain(*text);
        let mut support = None;
        if text.len() > MAX_SENTENCE {
            desk.too_long(n, &place, &sentence);
        } else {
            let reading = desk.read(text);
            sentence.cites = passages::find(text, &reading, &library, settings.max_cited_bytes);
            support = desk.cited(n, &place, &sentence);
        }
        let (findings, rows) = desk.found();
        Judged { cites: sentence.cites, rows, findings, support }
    };
    sentences.iter().enumerate().map(one).collect()
}

#[cfg(test)]
#[path = "against_tests.rs"]
mod tests;

//! What a revision leaves out: the sentences that the findings name.

use std::collections::{BTreeMap, BTreeSet};

use states::words::{Cite, Place, Severity};

use super::quotes::weight;
use crate::models::salience::{Line, Scored};
use crate::models::task::DraftInput;

/// What the last draft taught.
#[derive(Debug, Default)]
pub(super) struct Avoid {
    /// Another title is wanted.
    pub(super) title: bool,
    /// Headings that must change, as they were.
    pub(super) headings: BTreeSet<String>,
    /// More text is wanted.
    pub(super) longer: bool,
    banned: BTreeSet<usize>,
    used: BTreeSet<usize>,
    /// For each source, the weight of the lightest sentence that was used.
    lightest: BTreeMap<usize, u64>,
}

impl Avoid {
    pub(super) fn of(input: &DraftInput, ranked: &[Scored<'_>]) -> Self {
        let Some(previous) = &input.previous else { return Self::default() };
        // A date or an author is no sentence that could be left out.
        let by_cite: BTreeMap<Cite, &Scored<'_>> = ranked
            .iter()
            .filter(|s| s.line == Line::Body)
            .map(|s| {
                let snapshot = input.brief.sources[s.source].snapshot.clone();
                (Cite { snapshot, start: s.span.start, end: s.span.end }, s)
            })
            .collect();
        let mut avoid = Self::default();
        let sentences = previous.sentences();
        for (place, sentence) in &sentences {
            if matches!(place, Place::Title | Place::Heading { .. }) {
                continue;
            }
            for s in sentence.cites.iter().filter_map(|c| by_cite.get(c)) {
                avoid.used.insert(s.number);
                let lightest = avoid.lightest.entry(s.source).or_insert(u64::MAX);
                *lightest = (*lightest).min(weight(s));
            }
        }
        for finding in input.findings.iter().filter(|f| f.severity == Severity::Error) {
            let here = sentences.iter().find(|(place, _)| *place == finding.place).map(|(_, s)| *s);
            match (&finding.place, here) {
                (Place::Title, _) => avoid.title = true,
                (Place::Heading { .. }, Some(heading)) => {
                    avoid.headings.insert(heading.text.clone());
                }
                (Place::Page, _) => avoid.longer |= finding.code.contains("short") || finding.code.contains("word"),
                (_, Some(sentence)) => {
                    avoid.banned.extend(sentence.cites.iter().filter_map(|c| by_cite.get(c)).map(|s| s.number));
                }
                (_, None) => {}
            }
        }
        avoid
    }

    /// Whether a sentence may be quoted. What was used and not complained of stays. What outweighs the lightest used one
    /// and yet was not used had been left out for a reason in an earlier round, which is no longer seen here.
    pub(super) fn allows(&self, s: &Scored<'_>) -> bool {
        if self.banned.contains(&s.number) {
            return false;
        }
        self.used.contains(&s.number) || self.lightest.get(&s.source).is_none_or(|lightest| weight(s) <= *lightest)
    }
}

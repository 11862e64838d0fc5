//! A sentence with citations: each of its claims must stand in them, and its words as well.

use states::words::text::Span;
use states::words::{Cite, EvidenceRow, Place, Sentence, Snapshot};

use super::claims::{Claim, Kind, Reading, Value};
use super::lookup::{self, Proof, Window};
use super::{Desk, score, slots, support};
use crate::rules::evidence as rules;
use crate::rules::{Rule, excerpt};

impl Desk<'_> {
    /// The citations that name a range of a snapshot of the brief; the others become findings.
    pub(super) fn good_cites<'c>(&mut self, place: &Place, text: &str, cites: &'c [Cite]) -> Vec<&'c Cite> {
        let mut good = Vec::new();
        for cite in cites {
            let of_brief = self.library.get(&cite.snapshot).is_some();
            let cited = self.library.cited(cite);
            let problem = match cited {
                None if !of_brief => {
                    Some((&rules::CITE_BROKEN, "the citation names a snapshot that is not in the brief".to_owned()))
                }
                None => Some((
                    &rules::CITE_BROKEN,
                    format!("bytes {} to {} are no range of the cited snapshot", cite.start, cite.end),
                )),
                Some(cited) if cited.trim().is_empty() => {
                    Some((&rules::CITE_BROKEN, "the citation names an empty range".to_owned()))
                }
                Some(cited) if cited.len() > self.settings.max_cited_bytes => {
                    let message = format!(
                        "the citation names {} bytes; at most {} are one",
                        cited.len(),
                        self.settings.max_cited_bytes
                    );
                    Some((&rules::CITE_LONG, message))
                }
                Some(_) => None,
            };
            match problem {
                Some((rule, message)) => {
                    self.gathered.find(rule, place.clone(), message).of(text).against(Some(cite.clone())).done()
                }
                None => {
                    self.cited_sources.insert(cite.snapshot.clone());
                    good.push(cite);
                }
            }
        }
        good
    }

    /// A sentence with citations: each claim must stand in them. Gives how well they carry its words, per mille.
    pub(super) fn cited(&mut self, order: usize, place: &Place, sentence: &Sentence) -> Option<u16> {
        let cites = self.good_cites(place, &sentence.text, &sentence.cites);
        let windows = lookup::windows(&cites, self.library);
        let reading = self.read(&sentence.text);
        self.open_quotation(place, sentence, &reading);
        let mut proven: Vec<(Claim, Cite)> = Vec::new();
        let mut missing: Vec<&Claim> = Vec::new();
        for claim in &reading.claims {
            self.claims += 1;
            let cite = self.look_up(order, place, sentence, &reading, claim, &windows);
            match cite {
                Some(cite) => proven.push((claim.clone(), cite)),
                None if matches!(claim.kind, Kind::Number | Kind::Percent) => missing.push(claim),
                None => {}
            }
        }
        for claim in missing {
            // Where the source has its own figure for this, none is worked out.
            let taken = slots::taken(claim, &reading, &windows).is_some();
            let proof = lookup::computed(claim, &proven).filter(|_| !taken);
            self.computed(order, place, sentence, claim, proof, &windows);
        }
        let mut support = None;
        // Citations that are all broken have their findings; a sentence that no source has anything of has none yet.
        if !windows.is_empty() || sentence.cites.is_empty() {
            let has = |claim: &Claim| {
                let written = &sentence.text[claim.span.clone()];
                let row = |(o, row): &(usize, EvidenceRow)| *o == order && row.cite.is_none() && row.claim == written;
                !self.rows.iter().rev().take_while(|(o, _)| *o == order).any(row)
            };
            let proven: Vec<bool> = reading.claims.iter().map(has).collect();
            support = self.carried(place, sentence, &reading, &windows, &proven);
            self.dated(place, sentence, &reading, &windows);
        }
        for cite in cites {
            self.row(order, place, "sentence", &sentence.text, Some(cite.clone()));
        }
        support
    }

    /// Looks one claim up and gives its proof. Numbers that are missing are left for [`Self::computed`].
    fn look_up(
        &mut self,
        order: usize,
        place: &Place,
        sentence: &Sentence,
        reading: &Reading,
        claim: &Claim,
        windows: &[Window<'_>],
    ) -> Option<Cite> {
        let written = &sentence.text[claim.span.clone()];
        let (cite, problem) = match (&claim.kind, &claim.value) {
            (Kind::Quotation, Value::Text(folded)) => (lookup::quotation(folded, windows), None),
            (Kind::Url, Value::Text(key)) => match self.is_own(key) {
                // A page of the site: the inventory proves it, not a source.
                true => return None,
                false => (lookup::address(key, windows, self.library), None),
            },
            (_, Value::Name(parts)) => {
                let cite = lookup::name(parts, windows);
                if let Some(cite) = &cite {
                    self.proven_names.entry(parts.clone()).or_insert_with(|| cite.clone());
                }
                (cite, None)
            }
            _ => match lookup::value(claim, &sentence.text, reading, windows, self.library) {
                Proof::Found(cite) => (Some(cite), None),
                Proof::FoundUnbounded(cite) => {
                    let message = format!("`{written}` has a bound (`up to`, `at least`) on one side only");
                    self.gathered
                        .find(&rules::BOUND_LOST, place.clone(), message)
                        .of(&sentence.text)
                        .against(Some(cite.clone()));
                    (Some(cite), None)
                }
                Proof::Missing => (None, None),
                Proof::Context(cite) => {
                    let message =
                        format!("`{written}` stands in the cited text, about something else: {}", self.shown(&cite));
                    (None, Some((&rules::CONTEXT, message, cite)))
                }
                Proof::Attached(cite, other) => {
                    let message = format!(
                        "`{written}` belongs to something else in the source, where `{}` stands for this: {}",
                        excerpt(&other),
                        self.shown(&cite)
                    );
                    (None, Some((&rules::ATTACHED, message, cite)))
                }
                Proof::Bound(cite) => {
                    let message = format!("`{written}` has the opposite bound in the source: {}", self.shown(&cite));
                    (None, Some((&rules::BOUND, message, cite)))
                }
            },
        };
        let (cite, problem) = match (cite, problem) {
            (Some(cite), None) if claim.kind != Kind::Quotation => match slots::taken(claim, reading, windows) {
                Some((against, other)) => {
                    let message = format!(
                        "where the draft says `{written}` the source says `{}`: {}",
                        excerpt(other),
                        self.shown(&against)
                    );
                    (None, Some((&rules::ATTACHED, message, against)))
                }
                None => (Some(cite), None),
            },
            other => other,
        };
        if let Some((rule, message, against)) = problem {
            self.gathered.find(rule, place.clone(), message).of(&sentence.text).against(Some(against));
            // It has its finding; it must not be computed instead.
            self.row(order, place, claim.kind.as_str(), written, None);
            return None;
        }
        match &cite {
            Some(cite) => self.row(order, place, claim.kind.as_str(), written, Some(cite.clone())),
            None if matches!(claim.kind, Kind::Number | Kind::Percent) => {}
            None => self.unproven(order, place, sentence, claim, windows),
        }
        cite
    }

    /// A number that is in no source may follow from two that are.
    fn computed(
        &mut self,
        order: usize,
        place: &Place,
        sentence: &Sentence,
        claim: &Claim,
        proof: Option<Cite>,
        windows: &[Window<'_>],
    ) {
        let written = &sentence.text[claim.span.clone()];
        let has_row = self.rows.iter().any(|(o, row)| *o == order && row.cite.is_none() && row.claim == written);
        if has_row {
            return;
        }
        match proof {
            Some(cite) => self.row(order, place, claim.kind.as_str(), written, Some(cite)),
            None => self.unproven(order, place, sentence, claim, windows),
        }
    }

    /// A finding, and a row without proof.
    fn unproven(&mut self, order: usize, place: &Place, sentence: &Sentence, claim: &Claim, windows: &[Window<'_>]) {
        let written = &sentence.text[claim.span.clone()];
        let rule = rule_of(claim);
        let there = self.values_there(claim, windows);
        let hint = self
            .elsewhere(claim)
            .map(|number| format!("Sentence {number} of the sources has it: cite that one too, or leave it out."));
        let message =
            format!("the {} `{}` does not stand in the cited text{there}", claim.kind.in_words(), excerpt(written));
        let noted = self
            .gathered
            .find(rule, place.clone(), message)
            .of(&sentence.text)
            .against(windows.first().map(Window::cite));
        if let Some(hint) = hint {
            noted.mend(hint);
        }
        self.row(order, place, claim.kind.as_str(), written, None);
    }

    /// What the cited text has of the same kind.
    fn values_there(&self, claim: &Claim, windows: &[Window<'_>]) -> String {
        let mut there: Vec<&str> = Vec::new();
        for passage in windows.iter().flat_map(|w| &w.passages) {
            let same = passage.reading.claims.iter().filter(|c| c.kind == claim.kind);
            there.extend(same.map(|c| &passage.text[c.span.clone()]));
        }
        there.dedup();
        if there.is_empty() { String::new() } else { format!(", which has {}", excerpt(&there.join(", "))) }
    }

    /// Words, denials and opposites of the sentence as a whole; gives its support, per mille.
    fn carried(
        &mut self,
        place: &Place,
        sentence: &Sentence,
        reading: &Reading,
        windows: &[Window<'_>],
        proven: &[bool],
    ) -> Option<u16> {
        let first = windows.first().map(Window::cite);
        let carried = score::carried(reading, windows, self.library, &self.neutral, proven);
        let mut score = carried.score;
        let mut halve = || score = score.map(|score| score / 2);
        if let Some(percent) = carried.percent {
            self.supports.push(carried.anywhere);
            let least = usize::from(self.settings.support_min_percent);
            if percent < least {
                let message = format!(
                    "{percent} % of the sentence's words stand in the cited text; at least {least} % are asked for"
                );
                self.gathered.find(&rules::SUPPORT, place.clone(), message).of(&sentence.text).against(first.clone());
            }
        }
        if let Some((word, cite)) = support::negation(reading, windows) {
            halve();
            let message =
                format!("one of source and sentence denies `{word}…`, the other does not: {}", self.shown(&cite));
            self.gathered.find(&rules::NEGATION, place.clone(), message).of(&sentence.text).against(Some(cite));
        }
        if let Some((ours, theirs)) = support::opposite(reading, windows) {
            halve();
            let message = format!("the sentence says `{ours}` where the cited text says `{theirs}`");
            self.gathered.find(&rules::OPPOSITE, place.clone(), message).of(&sentence.text).against(first);
        }
        score
    }

    fn shown(&self, cite: &Cite) -> String {
        let snapshot = self.library.get(&cite.snapshot);
        let around = snapshot.map(|s| sentence_around(s, cite)).unwrap_or_default();
        format!("“{}”", excerpt(around))
    }
}

fn rule_of(claim: &Claim) -> &'static Rule {
    match claim.kind {
        Kind::Number => &rules::NUMBER,
        Kind::Version => &rules::VERSION,
        Kind::Date => &rules::DATE,
        Kind::Money => &rules::MONEY,
        Kind::Percent => &rules::PERCENT,
        Kind::Quotation => &rules::QUOTATION,
        Kind::Url => &rules::URL,
        Kind::Name if claim.opening => &rules::NAME_OPENING,
        Kind::Name => &rules::NAME,
    }
}

fn sentence_around<'s>(snapshot: &'s Snapshot, cite: &Cite) -> &'s str {
    let text = &snapshot.text;
    let start = text.get(..cite.start).and_then(|t| t.rfind(['\n', '.'])).map_or(0, |n| n + 1);
    let end = text.get(cite.end..).and_then(|t| t.find(['\n', '.'])).map_or(text.len(), |n| cite.end + n + 1);
    Span { start, end }.of(text).trim()
}

//! Context: which cited sentence a claim's own words belong to. A figure from one sentence and words from another are no proof.

use super::claims::{Claim, Kind, Reading, Value};
use super::library::Library;
use super::lookup::{Passage, Window};

/// What stands beside a passage in the same window counts for it as well, for so much: `it` may stand for what was named there.
const BESIDE: f64 = 0.25;
/// The least share of the best sentence's fit that the claim's own must have.
const LEAST: f64 = 0.4;
/// And where the best sentence has a value that the draft does not mention.
const LEAST_DISPLACED: f64 = 0.75;
/// Words on the other side of a comma count for so much.
const ACROSS: f64 = 0.5;
/// What another value of the sentence weighs.
const VALUE: f64 = 3.0;

/// `Ferrite 2.4` is one thing wherever it stands: the name before a value ties it more than the words around it.
pub(super) fn named_alike(claim: &Claim, occurrence: &Claim, draft: &str) -> bool {
    let before = draft[..claim.span.start].trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
    before.starts_with(char::is_uppercase) && claim.head.is_some() && claim.head == occurrence.head
}

/// True where the words around a claim belong to another of the cited passages than `own`, in which it was found.
pub(super) fn elsewhere(
    claim: &Claim,
    own: &Passage<'_>,
    draft: &Reading,
    windows: &[Window<'_>],
    library: &Library<'_>,
) -> bool {
    // A line that is only the value (the date of a source) is about nothing else.
    if own.stems().next().is_none() {
        return false;
    }
    let near = Near::of(claim, draft, library);
    let mut here = 0.0f64;
    let mut best: Option<(f64, &Passage<'_>)> = None;
    for window in windows {
        let fits: Vec<f64> = window.passages.iter().map(|p| near.fit(p)).collect();
        for (n, passage) in window.passages.iter().enumerate() {
            let beside = [n.checked_sub(1), Some(n + 1)].into_iter().flatten().filter_map(|m| fits.get(m)).sum::<f64>();
            let fit = fits[n] + BESIDE * beside;
            if passage.is(own) {
                here = here.max(fit);
            } else if best.is_none_or(|(most, _)| fits[n] > most) {
                best = Some((fits[n], passage));
            }
        }
    }
    let Some((most, passage)) = best else { return false };
    let said = |value: &Claim| draft.claims.iter().any(|c| c.value.proven_by(&value.value));
    let displaced = passage.reading.claims.iter().any(|c| kin(claim, c) && !said(c));
    here < most * if displaced { LEAST_DISPLACED } else { LEAST }
}

/// True where one value could stand in the other's place.
fn kin(a: &Claim, b: &Claim) -> bool {
    let bare = |value: &Value| {
        matches!(value, Value::Number { unit: None, .. } | Value::Version(_) | Value::Date { .. } | Value::Day(_))
    };
    match (&a.value, &b.value) {
        (Value::Money { .. }, Value::Money { .. }) => true,
        (x, y) => (bare(x) && bare(y)) || (a.kind != Kind::Url && x.group() == y.group()),
    }
}

/// The words and values around a claim, with what they weigh: less the farther away they stand.
struct Near<'d> {
    words: Vec<(&'d String, f64)>,
    values: Vec<(&'d Claim, f64)>,
}

impl<'d> Near<'d> {
    fn of(claim: &Claim, draft: &'d Reading, library: &Library<'_>) -> Self {
        let clause = |i: usize| draft.clauses.get(i).copied().unwrap_or_default();
        let own = clause(claim.tokens.start);
        let weight = |i: usize| {
            let apart =
                if i < claim.tokens.start { claim.tokens.start - i } else { (i + 1).saturating_sub(claim.tokens.end) };
            let across = if clause(i) == own { 1.0 } else { ACROSS };
            across / (1.0 + apart as f64 / 6.0)
        };
        let outside = |i: &usize| !claim.tokens.contains(i);
        let words = (0..draft.tokens.len()).filter(outside).flat_map(|i| {
            draft.tokens[i]
                .stems
                .iter()
                .map(move |stem| (stem, i))
                .map(|(stem, i)| (stem, weight(i) * library.weight(stem)))
        });
        let others = draft.claims.iter().filter(|c| c.is_value() && c.tokens.start != claim.tokens.start);
        Self { words: words.collect(), values: others.map(|c| (c, VALUE * weight(c.tokens.start))).collect() }
    }

    fn fit(&self, passage: &Passage<'_>) -> f64 {
        let has = |stem: &String| passage.reading.tokens.iter().any(|t| t.stems.contains(stem));
        let words: f64 = self.words.iter().filter(|(stem, _)| has(stem)).map(|(_, weight)| weight).sum();
        let proven = |c: &Claim| passage.reading.claims.iter().any(|o| c.value.proven_by(&o.value));
        words + self.values.iter().filter(|(c, _)| proven(c)).map(|(_, weight)| weight).sum::<f64>()
    }
}

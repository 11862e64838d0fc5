//! How two texts relate by their words.

use serde::{Deserialize, Serialize};

use super::signature::agreement;
use super::{Fingerprint, Preset};

/// Fewer comparable shingles than this say nothing about containment.
const ENOUGH: usize = 8;

/// From which values on a text is a copy, or near.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Resemblance of at least this: the same text, edited a little.
    pub copy: f64,
    /// Resemblance of at least this, and less than a copy: much text in common.
    pub near: f64,
    /// At least this share of one text standing in the other: contained.
    pub contained: f64,
    /// A text that contains an earlier one is a copy of it where they resemble each other at least this much: a wrapper. With
    /// less, it tells more than the earlier one, and is near.
    pub wrapper: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Preset::default().thresholds()
    }
}

/// How two texts relate by their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same text, the same edited a little, a part of it, or all of it in a wrapper.
    Copy,
    /// Much text in common.
    Near,
    /// Nothing to speak of, or nothing that can be compared.
    None,
}

/// What two fingerprints say about two texts. Shares are estimates, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// The normal forms are equal.
    pub exact: bool,
    /// Resemblance: Jaccard similarity of the shingle sets.
    pub resemblance: f64,
    /// How much of the first stands in the second; 0 where too little can be compared.
    pub contained: f64,
    /// How much of the second stands in the first; 0 where too little can be compared.
    pub containing: f64,
}

impl Likeness {
    /// What the first is to the second, an earlier text.
    pub fn relation(&self, thresholds: &Thresholds) -> Relation {
        let wrapper = self.containing >= thresholds.contained && self.resemblance >= thresholds.wrapper;
        if self.exact || self.resemblance >= thresholds.copy || self.contained >= thresholds.contained || wrapper {
            Relation::Copy
        } else if self.resemblance >= thresholds.near || self.containing >= thresholds.contained {
            Relation::Near
        } else {
            Relation::None
        }
    }
}

impl Fingerprint {
    /// What this and another fingerprint say about their texts. `None` where a text has no words, and where the presets differ:
    /// such fingerprints cannot be compared.
    pub fn likeness(&self, other: &Self) -> Option<Likeness> {
        if self.preset != other.preset || self.signature.is_empty() || other.signature.is_empty() {
            return None;
        }
        let overlap = self.sample.overlap(&other.sample);
        let share = |of: usize| if of < ENOUGH { 0.0 } else { overlap.both as f64 / of as f64 };
        Some(Likeness {
            exact: self.exact == other.exact,
            resemblance: self.similarity(other),
            contained: share(overlap.a),
            containing: share(overlap.b),
        })
    }

    /// Estimated resemblance (Jaccard similarity of the shingle sets), 0 to 1. The standard error is below 0.045.
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.preset != other.preset { 0.0 } else { agreement(&self.signature, &other.signature) }
    }
}

/// What a text is to an earlier one.
pub fn compare(new: &Fingerprint, earlier: &Fingerprint, thresholds: &Thresholds) -> Relation {
    new.likeness(earlier).map_or(Relation::None, |likeness| likeness.relation(thresholds))
}

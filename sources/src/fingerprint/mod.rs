//! Fingerprints: which texts are copies of each other.
//!
//! A text has an exact hash over its normal form, a MinHash signature over its shingles (Broder, "On the resemblance and
//! containment of documents", 1997), and a sample of its passages by which it is found inside longer texts. Keys let a store find
//! candidates without comparing all; the index itself is the store's.

mod normal;
mod words;
mod signature;
mod sample;
mod compare;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use compare::{Likeness, Relation, Thresholds, compare};
pub use signature::PERMUTATIONS;

use sample::Sample;

/// Words in a shingle of the sample: passages are told apart by longer runs than texts are.
const PASSAGE: usize = 5;

/// What texts are cut into, and from which values on they are copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Three words. Texts that share none resemble each other hardly at all, so that a text edited at every tenth word is still
    /// told from another one on the same matter.
    #[default]
    Words3,
    /// Three characters, 128 values, resemblance 0.70: the setting that is common elsewhere, for comparison with it.
    Chars3,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 2] = [Self::Words3, Self::Chars3];

    /// The thresholds that go with it, chosen on labelled pairs.
    pub fn thresholds(self) -> Thresholds {
        match self {
            Self::Words3 => Thresholds { copy: 0.45, near: 0.2, contained: 0.8, wrapper: 0.3 },
            // It has no sample of passages: nothing is contained in anything.
            Self::Chars3 => Thresholds { copy: 0.7, near: 0.5, contained: 1.0, wrapper: 1.0 },
        }
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Words3 => "words3",
            Self::Chars3 => "chars3",
        }
    }

    /// Values in a band of the signature. With 5 of them and 25 bands, a pair of resemblance s shares a key with probability
    /// 1 − (1 − s⁵)²⁵: 0.99 at 0.7, 0.55 at 0.5, 0.06 at 0.3.
    const CHARS3_ROWS: usize = 5;
}

/// How texts are compared, as the configuration has it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Comparing {
    /// What texts are cut into. Fingerprints of another preset stay in the index and are compared with nothing.
    pub preset: Preset,
    /// Thresholds other than those of the preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
}

impl Comparing {
    /// The thresholds that hold.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds.unwrap_or_else(|| self.preset.thresholds())
    }
}

/// What a text is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// How it was made.
    pub preset: Preset,
    /// SHA-256 of the normal form: NFKC, lower case, no format characters, whitespace folded.
    pub exact: [u8; 32],
    /// How many words the text has.
    pub words: u32,
    /// 16 bits of the smallest hash of the shingles at each of [`PERMUTATIONS`] places; empty for a text without words.
    signature: Vec<u16>,
    /// Passages; empty where the preset has none.
    sample: Sample,
}

impl Fingerprint {
    /// The fingerprint of a text, by the default preset.
    pub fn of(text: &str) -> Self {
        Self::by(Preset::default(), text)
    }

    /// The fingerprint of a text.
    pub fn by(preset: Preset, text: &str) -> Self {
        let normal = normal::normal(text);
        let words = words::words(&normal);
        let (signature, sample) = match preset {
            Preset::Words3 => {
                (signature::signature(&words::shingles(&words, 3)), Sample::of(&words::shingles(&words, PASSAGE)))
            }
            // Punctuation alone is no text.
            Preset::Chars3 if words.is_empty() => (Vec::new(), Sample::default()),
            Preset::Chars3 => (signature::signature(&words::character_shingles(&normal, 3)), Sample::default()),
        };
        Self {
            preset,
            exact: Sha256::digest(normal.as_bytes()).into(),
            words: u32::try_from(words.len()).unwrap_or(u32::MAX),
            signature,
            sample,
        }
    }

    /// The exact hash in hexadecimal.
    pub fn exact_hex(&self) -> String {
        states::words::hash::hex(&self.exact)
    }

    /// The keys under which a store keeps this fingerprint: two texts that share any are worth comparing. Empty for a text without
    /// words.
    ///
    /// One key is the exact hash. For [`Preset::Words3`] the others are the smallest hashes of the word 5-shingles, 16 or more: two
    /// texts with the share s of their 5-shingles in common miss each other with a probability of (1 − s)¹⁶, below 0.001 for a
    /// text edited at every tenth word, and a passage of some hundred words is found in a text ten times as long. For
    /// [`Preset::Chars3`] they are the bands of the signature.
    pub fn keys(&self) -> Vec<i64> {
        if self.signature.is_empty() {
            return Vec::new();
        }
        let exact = self.exact.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        let tag = words::mix(self.preset as u64 + 1);
        let others: Vec<u64> = match self.preset {
            Preset::Words3 => self.sample.keys(self.words as usize).to_vec(),
            Preset::Chars3 => signature::bands(&self.signature, Preset::CHARS3_ROWS).collect(),
        };
        let keys: BTreeSet<u64> = std::iter::once(exact).chain(others).map(|key| words::mix(key ^ tag)).collect();
        keys.into_iter().map(|key| i64::from_le_bytes(key.to_le_bytes())).collect()
    }
}

//! Fingerprints: which texts are copies of each other.
//!
//! A text has an exact hash over its normal form and a MinHash signature over its word 3-shingles (Broder, "On the
//! resemblance and containment of documents", 1997). Band keys (locality-sensitive hashing) let a store find candidates
//! without comparing all; the index itself is the store's.

mod minhash;
mod normal;

use serde::{Deserialize, Serialize};
use states::words::hash::sha256_hex;

pub use minhash::{BANDS, PERMUTATIONS};

use minhash::Sketch;

/// Version of the stored form and of everything that goes into it.
const STORED_FORM: u8 = 1;

/// What a text is compared by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SHA-256 of the normal form: NFKC, lower case, no format characters, whitespace folded. Hexadecimal.
    pub exact: String,
    /// The smallest hash of the shingles under each of the [`PERMUTATIONS`] permutations; empty for a text without words.
    pub minhash: Vec<u32>,
    /// How many different shingles the text has.
    pub shingles: u32,
}

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        let normal = normal::normal(text);
        let sketch = Sketch::of(&normal::words(&normal));
        Self { exact: sha256_hex(normal.as_bytes()), minhash: sketch.minima, shingles: sketch.shingles }
    }

    /// The keys under which a store keeps this fingerprint: two texts that share any key are worth comparing. A pair of
    /// resemblance 0.5 shares one with a probability above 0.99, a pair of 0.1 with one below 0.05. Empty for a text without
    /// words.
    pub fn bands(&self) -> Vec<i64> {
        minhash::bands(&self.minhash)
    }

    /// Estimated resemblance (Jaccard similarity of the shingle sets), 0 to 1. The standard error is below 0.045.
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.minhash.is_empty() || self.minhash.len() != other.minhash.len() {
            return 0.0;
        }
        let same = self.minhash.iter().zip(&other.minhash).filter(|(a, b)| a == b).count();
        same as f64 / self.minhash.len() as f64
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![STORED_FORM];
        bytes.extend_from_slice(self.exact.as_bytes());
        bytes.extend_from_slice(&self.shingles.to_le_bytes());
        bytes.extend(self.minhash.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// Reads the stored form. `None` where these are not the bytes of one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&form, rest) = bytes.split_first()?;
        let (exact, rest) = rest.split_at_checked(64)?;
        let (shingles, rest) = rest.split_at_checked(4)?;
        let whole = rest.is_empty() || rest.len() == PERMUTATIONS * 4;
        if form != STORED_FORM || !whole || !exact.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        Some(Self {
            exact: String::from_utf8(exact.to_vec()).ok()?,
            shingles: u32::from_le_bytes(shingles.try_into().ok()?),
            minhash: rest.chunks_exact(4).map(|v| u32::from_le_bytes([v[0], v[1], v[2], v[3]])).collect(),
        })
    }
}

/// From which resemblance on a text is a copy, or near.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// At least this: the same text, edited a little.
    pub copy: f64,
    /// At least this, and less than a copy: much text in common.
    pub near: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { copy: 0.45, near: 0.2 }
    }
}

/// How two texts relate by their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same text, or the same edited a little.
    Copy,
    /// Much text in common.
    Near,
    /// Nothing to speak of.
    None,
}

/// How two texts relate. Texts without words relate to nothing.
pub fn compare(a: &Fingerprint, b: &Fingerprint, thresholds: &Thresholds) -> Relation {
    if a.shingles == 0 || b.shingles == 0 {
        return Relation::None;
    }
    let similarity = a.similarity(b);
    if a.exact == b.exact || similarity >= thresholds.copy {
        Relation::Copy
    } else if similarity >= thresholds.near {
        Relation::Near
    } else {
        Relation::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(from: usize, to: usize) -> String {
        (from..to).map(|i| format!("word{i} ")).collect()
    }

    #[test]
    fn layout_case_and_invisible_characters_do_not_matter() {
        let plain = Fingerprint::of("The quick brown fox, “quoted”, jumps over the ﬁnal dog.");
        let other = Fingerprint::of("  THE quick\u{a0}brown\r\n fox, “quoted”, ju\u{200b}mps over the final dog.\n");
        assert_eq!(plain, other);
    }

    #[test]
    fn resemblance_is_estimated_within_its_error() {
        let (a, b) = (Fingerprint::of(&numbered(0, 1000)), Fingerprint::of(&numbered(500, 1500)));
        assert!((a.similarity(&b) - 1.0 / 3.0).abs() < 0.13, "{}", a.similarity(&b));
        assert_eq!(a.similarity(&a), 1.0);
        assert!(a.similarity(&Fingerprint::of(&numbered(2000, 3000))) < 0.05);
    }

    #[test]
    fn pairs_of_resemblance_one_half_share_a_band() {
        let mut shared = 0;
        for i in 0..200 {
            let base = i * 10_000;
            let (a, b) =
                (Fingerprint::of(&numbered(base, base + 300)), Fingerprint::of(&numbered(base + 100, base + 400)));
            let keys = b.bands();
            shared += usize::from(a.bands().iter().any(|key| keys.contains(key)));
        }
        assert!(shared >= 198, "{shared} of 200");
    }

    #[test]
    fn the_stored_form_is_read_back_and_nothing_else_is() {
        for text in ["", "one", "two words", "a text with a few more words than that"] {
            let fingerprint = Fingerprint::of(text);
            assert_eq!(Fingerprint::from_bytes(&fingerprint.to_bytes()), Some(fingerprint));
        }
        let bytes = Fingerprint::of("a b c d").to_bytes();
        assert_eq!(Fingerprint::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Fingerprint::from_bytes(&[]), None);
    }

    #[test]
    fn texts_without_words_relate_to_nothing() {
        let empty = Fingerprint::of(" … ");
        assert_eq!(compare(&empty, &empty, &Thresholds::default()), Relation::None);
        assert!(empty.bands().is_empty());
    }

    #[test]
    fn the_signature_is_the_same_on_every_machine() {
        let fingerprint = Fingerprint::of("The signature of this sentence must never change.");
        assert_eq!(fingerprint.exact, "700c833b8e850a24b89d5df3b4f5b89e5bda7638400786a5456230e0cc66d195");
        assert_eq!(fingerprint.minhash[..4], [1069092523, 1290056484, 512893582, 146218779]);
        assert_eq!(fingerprint.bands()[..2], [-7014245804469794012, -6250112360368958782]);
    }
}

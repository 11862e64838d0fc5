//! What a fake model makes of texts: vectors, and beginnings that it has seen before.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher as _};

use sha2::{Digest as _, Sha256};
use states::words::text::content_words;

/// A bag of hashed words of length one: texts that share words are near each other.
pub(super) fn embedding(text: &str, dimensions: usize) -> Vec<f64> {
    let mut vector = vec![0.0_f64; dimensions];
    for word in content_words(text) {
        let digest = Sha256::digest(word.as_bytes());
        let place =
            if dimensions > 256 { usize::from(digest[0]) << 8 | usize::from(digest[2]) } else { digest[0].into() };
        vector[place % dimensions] += if digest[1] % 2 == 0 { 1.0 } else { -1.0 };
    }
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    vector.into_iter().map(|x| x / length).collect()
}

/// Tokens of the beginning of a prompt that a server has seen before, and from now on has seen: in steps of 128, and 1,024
/// at least.
pub(super) fn seen_before(seen: &mut BTreeSet<u64>, prompt: &str) -> u64 {
    const STEP: usize = 128 * 4;
    let (mut hash, mut known, mut all_known) = (DefaultHasher::new(), 0, true);
    for (n, part) in prompt.as_bytes().chunks_exact(STEP).enumerate() {
        hash.write(part);
        all_known &= !seen.insert(hash.finish());
        if all_known {
            known = (n as u64 + 1) * 128;
        }
    }
    if known >= 1_024 { known } else { 0 }
}

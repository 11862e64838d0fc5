//! The MinHash signature of a set of shingles, in one pass for all but short texts.

use super::words::mix;

/// Length of the signature.
pub const PERMUTATIONS: usize = 128;

/// Bits that choose a place in the signature.
const PLACE_BITS: u32 = PERMUTATIONS.trailing_zeros();

/// The signature: at each place, 16 bits of the shingle that came first. Empty for no shingles.
///
/// Fast similarity sketching (Dahlgaard, Knudsen, Thorup, "Fast Similarity Sketching", FOCS 2017): every shingle goes to one place
/// per round and the smallest value there is kept; rounds go on until no place is empty, and from round 128 on each goes to the
/// place of the round's number. Earlier rounds come before later ones, so two sets agree at a place with the probability of their
/// resemblance, with the concentration of independent permutations. Keeping 16 bits (b-bit MinHash: Li, König, 2010) adds
/// 2⁻¹⁶ to that.
pub(super) fn signature(shingles: &[u64]) -> Vec<u16> {
    if shingles.is_empty() {
        return Vec::new();
    }
    let mut least = [u64::MAX; PERMUTATIONS];
    let mut filled = [false; PERMUTATIONS];
    let mut empty = PERMUTATIONS;
    for round in 0..2 * PERMUTATIONS {
        let seed = if round == 0 { 0 } else { mix(round as u64) };
        let mut news = [u64::MAX; PERMUTATIONS];
        for shingle in shingles {
            let hash = if round == 0 { *shingle } else { mix(shingle ^ seed) };
            let place = if round < PERMUTATIONS { (hash >> (64 - PLACE_BITS)) as usize } else { round - PERMUTATIONS };
            // The bits that chose the place say nothing more.
            news[place] = news[place].min(hash << PLACE_BITS);
        }
        for ((place, least), filled) in news.iter().zip(&mut least).zip(&mut filled) {
            if !*filled && *place != u64::MAX {
                (*least, *filled) = (*place, true);
                empty -= 1;
            }
        }
        if empty == 0 {
            break;
        }
    }
    // The bits that made it the least are alike in all; these are not.
    least.iter().map(|value| (value >> PLACE_BITS) as u16).collect()
}

/// The share of places in which two signatures agree; 0 where there is nothing to compare.
pub(super) fn agreement(a: &[u16], b: &[u16]) -> f64 {
    if a.is_empty() || a.len() != b.len() {
        return 0.0;
    }
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len() as f64
}

/// One key per band of `rows` places, over the band's number and values (locality-sensitive hashing: Indyk, Motwani, 1998).
pub(super) fn bands(signature: &[u16], rows: usize) -> impl Iterator<Item = u64> {
    signature
        .chunks_exact(rows)
        .enumerate()
        .map(|(band, values)| values.iter().fold(mix(band as u64 + 1), |key, value| mix(key ^ u64::from(*value))))
}

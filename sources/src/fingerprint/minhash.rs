//! MinHash over word 3-shingles.

use std::collections::BTreeSet;

/// Length of the signature.
pub const PERMUTATIONS: usize = 128;

/// Words in a shingle.
const SHINGLE: usize = 3;

/// Values in a band. With 3 of them and 42 bands, a pair of resemblance s shares a key with probability 1 − (1 − s³)⁴²:
/// 0.996 at 0.5, 0.29 at 0.2, 0.04 at 0.1.
const ROWS: usize = 3;

/// How many bands a signature has.
pub const BANDS: usize = 42;

/// A signature with the number of shingles behind it.
pub(super) struct Sketch {
    pub(super) minima: Vec<u32>,
    pub(super) shingles: u32,
}

impl Sketch {
    /// The signature of a text's words. A text of fewer words than a shingle is one shingle.
    pub(super) fn of(words: &[&str]) -> Self {
        let mut shingles: Vec<u64> = if words.is_empty() {
            Vec::new()
        } else if words.len() < SHINGLE {
            vec![hash(words)]
        } else {
            words.windows(SHINGLE).map(hash).collect()
        };
        shingles.sort_unstable();
        shingles.dedup();
        if shingles.is_empty() {
            return Self { minima: Vec::new(), shingles: 0 };
        }
        let mut minima = vec![u32::MAX; PERMUTATIONS];
        let mut seed = 0x005E_ED0F_F19E_1201;
        for minimum in &mut minima {
            // Multiply-shift (Dietzfelbinger et al., 1997): an odd factor, and the upper half of the product.
            let (factor, offset) = (splitmix64(&mut seed) | 1, splitmix64(&mut seed));
            for shingle in &shingles {
                let value = (factor.wrapping_mul(*shingle).wrapping_add(offset) >> 32) as u32;
                *minimum = (*minimum).min(value);
            }
        }
        Self { minima, shingles: u32::try_from(shingles.len()).unwrap_or(u32::MAX) }
    }
}

/// One key per band, over the band's number and values; without repetitions.
pub(super) fn bands(minima: &[u32]) -> Vec<i64> {
    let keys: BTreeSet<i64> = minima
        .chunks_exact(ROWS)
        .take(BANDS)
        .enumerate()
        .map(|(band, values)| {
            let key = values.iter().fold(mix(band as u64 + 1), |key, value| mix(key ^ u64::from(*value)));
            i64::from_le_bytes(key.to_le_bytes())
        })
        .collect();
    keys.into_iter().collect()
}

/// 64-bit FNV-1a over the words, each followed by a byte that no word has, then mixed, since FNV's upper bits are weak.
fn hash(words: &[&str]) -> u64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in words.iter().flat_map(|word| word.bytes().chain([0xff])) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(state)
}

/// The next number of SplitMix64 (Steele, Lea, Flood, 2014).
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mix(*state)
}

/// The finaliser of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

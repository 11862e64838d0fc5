//! A sample of a text's shingles that is the same for the same passage, whatever stands around it: by it a text is found in a
//! longer one.
//!
//! The sample holds the shingles with the smallest hashes (Broder, "On the resemblance and containment of documents", 1997),
//! as many as a fixed share of the text gives, within limits. Below the smaller of two samples' bounds, both samples hold all that
//! their texts hold, so that sets of different sizes can be compared.

/// One shingle in so many is kept.
const SHARE: usize = 16;

/// The fewest kept, where the text has as many.
const FEWEST: usize = 48;

/// The most kept: longer texts are sampled more thinly.
const MOST: usize = 256;

/// One shingle in so many is a key of the index.
const KEY_SHARE: usize = 64;

/// The fewest and the most keys of a text.
const KEYS: (usize, usize) = (16, 48);

/// Bits of a hash that are kept.
pub(super) const BITS: u32 = 40;

/// The smallest hashes of a text's shingles, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sample {
    /// Each of [`BITS`] bits, ascending, all different.
    pub(super) least: Vec<u64>,
    /// Whether these are all that the text has.
    pub(super) whole: bool,
}

impl Sample {
    /// The sample of a text's shingles.
    pub(super) fn of(shingles: &[u64]) -> Self {
        let wanted = (shingles.len() / SHARE).clamp(FEWEST, MOST);
        // Hashes are spread evenly: below this bound lie about as many as are wanted.
        let bound = (u64::MAX / (shingles.len() as u64).max(1)).saturating_mul(wanted as u64);
        let below = |bound: u64| {
            let mut kept: Vec<u64> = shingles.iter().filter(|h| **h <= bound).map(|h| h >> (64 - BITS)).collect();
            kept.sort_unstable();
            kept.dedup();
            kept
        };
        // A text that repeats itself has fewer: then more are looked at, and at last all.
        let mut least = Vec::new();
        let mut all = false;
        for wider in [2, 6, u64::MAX] {
            let bound = bound.saturating_mul(wider);
            (least, all) = (below(bound), bound == u64::MAX);
            if all || least.len() >= wanted {
                break;
            }
        }
        let whole = all && least.len() <= wanted;
        least.truncate(wanted);
        Self { least, whole }
    }

    /// The largest hash up to which this holds all of its text's.
    fn bound(&self) -> u64 {
        if self.whole { u64::MAX } else { self.least.last().copied().unwrap_or(u64::MAX) }
    }

    /// How many hashes of each, and of both, lie within the bounds of both.
    pub(super) fn overlap(&self, other: &Self) -> Overlap {
        let bound = self.bound().min(other.bound());
        let within = |sample: &Self| sample.least.partition_point(|hash| *hash <= bound);
        let (a, b) = (within(self), within(other));
        let (mut i, mut j, mut both) = (0, 0, 0);
        while i < a && j < b {
            match self.least[i].cmp(&other.least[j]) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => (i, j, both) = (i + 1, j + 1, both + 1),
            }
        }
        Overlap { a, b, both }
    }

    /// The hashes by which an index finds this text: its smallest, so that a passage and the longer text around it share some.
    pub(super) fn keys(&self, shingles: usize) -> &[u64] {
        let wanted = (shingles / KEY_SHARE).clamp(KEYS.0, KEYS.1);
        &self.least[..wanted.min(self.least.len())]
    }
}

/// Counts of comparable hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overlap {
    /// Of the first.
    pub(super) a: usize,
    /// Of the second.
    pub(super) b: usize,
    /// Of both.
    pub(super) both: usize,
}

#[cfg(test)]
mod tests {
    use super::super::words::mix;
    use super::*;

    fn numbers(from: u64, to: u64) -> Vec<u64> {
        (from..to).map(mix).collect()
    }

    #[test]
    fn a_passage_is_found_whole_in_the_text_around_it() {
        let (passage, text) = (Sample::of(&numbers(0, 700)), Sample::of(&numbers(0, 9000)));
        let overlap = passage.overlap(&text);
        assert_eq!(overlap.a, overlap.both, "{overlap:?}");
        assert!(overlap.a >= 12, "{overlap:?}");
        let share = overlap.both as f64 / overlap.b as f64;
        assert!((share - 7.0 / 90.0).abs() < 0.06, "{overlap:?}");
    }

    #[test]
    fn a_sample_keeps_the_smallest_and_knows_when_it_has_all() {
        let few = Sample::of(&numbers(0, 40));
        assert!(few.whole && few.least.len() == 40);
        let many = Sample::of(&numbers(0, 100_000));
        assert!(!many.whole && many.least.len() == MOST);
        // The same shingle again and again is one.
        let same = Sample::of(&[7 << 50; 1000]);
        assert_eq!(same, Sample { least: vec![7 << 26], whole: true });
        assert!(Sample::of(&[]).whole);
    }

    #[test]
    fn a_passage_shares_keys_with_the_text_around_it() {
        for n in 0..200 {
            let from = n * 100_000;
            let (passage, text) = (numbers(from, from + 400), numbers(from, from + 3000));
            let (a, b) = (Sample::of(&passage), Sample::of(&text));
            let keys = b.keys(text.len());
            assert!(a.keys(passage.len()).iter().any(|key| keys.contains(key)), "{n}");
        }
    }
}

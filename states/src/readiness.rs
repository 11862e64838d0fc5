//! Awake is not ready: whether a model answers about as fast as it did before.

/// Rates of the past that are remembered.
pub const REMEMBERED: usize = 5;

/// A generation that is over sooner says nothing about the rate, in milliseconds.
pub const TOO_SHORT: u64 = 200;

/// The rate of a generation in thousandths of a token per second; `None` where it was too short to tell.
pub fn rate(tokens: u64, milliseconds: u64) -> Option<u64> {
    (tokens > 0 && milliseconds >= TOO_SHORT).then(|| tokens.saturating_mul(1_000_000) / milliseconds)
}

/// What is usual: the median of the good rates. `None` while none is known.
pub fn usual(good: &[u64]) -> Option<u64> {
    let mut sorted = good.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// True below a third of what is usual. The first rate ever is taken as it is.
pub fn is_degraded(good: &[u64], rate: u64) -> bool {
    usual(good).is_some_and(|usual| rate.saturating_mul(3) < usual)
}

/// The good rates with one more, the oldest forgotten.
pub fn remember(good: &[u64], rate: u64) -> Vec<u64> {
    let all: Vec<u64> = good.iter().copied().chain([rate]).collect();
    all[all.len().saturating_sub(REMEMBERED)..].to_vec()
}

/// A rate for people: `20.3 tokens a second`.
pub fn words(rate: u64) -> String {
    format!("{}.{} tokens a second", rate / 1000, rate % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_third_of_the_usual_rate_a_model_is_degraded() {
        let table: [(&[u64], u64, bool); 6] = [
            (&[], 1, false),
            (&[30_000], 10_000, false),
            (&[30_000], 9_999, true),
            // One slow night that was still good does not move the median.
            (&[30_000, 11_000, 31_000], 9_999, true),
            (&[30_000, 11_000, 31_000], 10_000, false),
            (&[9_000, 9_000, 30_000], 3_000, false),
        ];
        for (good, rate, degraded) in table {
            assert_eq!(is_degraded(good, rate), degraded, "{rate} after {good:?}");
        }
    }

    #[test]
    fn a_rate_is_tokens_over_time_and_five_are_remembered() {
        assert_eq!(rate(32, 1_600), Some(20_000));
        assert_eq!((rate(32, TOO_SHORT - 1), rate(0, 5_000)), (None, None));
        assert_eq!(words(20_345), "20.3 tokens a second");
        let good = (1..=7).fold(Vec::new(), |good, rate| remember(&good, rate));
        assert_eq!((good.as_slice(), usual(&good)), ([3, 4, 5, 6, 7].as_slice(), Some(5)));
    }
}

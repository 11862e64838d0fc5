//! When an effect is tried again. Jitter is a hash of key and try: the same history gives the same times.

use crate::words::EffectKey;
use crate::words::hash::number_of;

/// How often an effect is tried before its article is parked.
pub const TRIES: u32 = 4;

/// The longest wait between two tries, in seconds; also the most that a `Retry-After` is believed.
pub const LONGEST: i64 = 6 * 3600;

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this many milliseconds.
    Again {
        /// Milliseconds from now.
        after_ms: i64,
    },
    /// The tries are used up.
    GiveUp,
}

/// What follows the `tries`-th failure (1 for the first) of an effect. `retry_after` is what the other side asked for, in
/// seconds; it is obeyed, up to [`LONGEST`].
///
/// Exponential backoff from two seconds, times four each try, with up to a quarter of jitter on top.
pub fn next(key: &EffectKey, tries: u32, retry_after: Option<i64>) -> Next {
    if tries >= TRIES {
        return Next::GiveUp;
    }
    let backoff = 2_000_i64.saturating_mul(4_i64.saturating_pow(tries.saturating_sub(1)));
    let asked = retry_after.unwrap_or(0).clamp(0, LONGEST) * 1_000;
    let base = backoff.min(LONGEST * 1_000).max(asked);
    Next::Again { after_ms: base + jitter(key, tries, base / 4) }
}

fn jitter(key: &EffectKey, tries: u32, most: i64) -> i64 {
    let drawn = number_of("jitter", &[key.as_str().as_bytes(), &tries.to_le_bytes()]);
    i64::try_from(drawn % (most.unsigned_abs() + 1)).unwrap_or(0)
}

/// How an effect runs that was in flight when the program died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Beside others.
    Normal,
    /// Alone: it may be what kills the program.
    Alone,
    /// Not again: its article is parked.
    GiveUp,
}

/// How an effect runs that was in flight at `crashes` crashes: five beside others, three alone, then never.
pub fn delivery(crashes: u32) -> Delivery {
    match crashes {
        0..5 => Delivery::Normal,
        5..8 => Delivery::Alone,
        _ => Delivery::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> EffectKey {
        EffectKey::stored(text.into())
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<Next> = (1..=4).map(|t| next(&key("a/1/0"), t, None)).collect();
        let Next::Again { after_ms: first } = waits[0] else { panic!() };
        let Next::Again { after_ms: third } = waits[2] else { panic!() };
        assert!((2_000..=2_500).contains(&first) && (32_000..=40_000).contains(&third));
        assert_eq!(waits[3], Next::GiveUp);
    }

    #[test]
    fn what_the_other_side_asks_for_is_obeyed_within_reason() {
        let Next::Again { after_ms } = next(&key("a/1/0"), 1, Some(600)) else { panic!() };
        assert!(after_ms >= 600_000);
        let Next::Again { after_ms } = next(&key("a/1/0"), 1, Some(i64::MAX)) else { panic!() };
        assert!(after_ms <= LONGEST * 1_250);
        let Next::Again { after_ms } = next(&key("a/1/0"), 1, Some(-5)) else { panic!() };
        assert!(after_ms >= 2_000);
    }

    #[test]
    fn jitter_is_a_hash_of_key_and_try() {
        assert_eq!(next(&key("a"), 2, None), next(&key("a"), 2, None));
        assert_ne!(next(&key("a"), 2, None), next(&key("b"), 2, None));
    }

    #[test]
    fn what_crashes_the_program_is_run_alone_and_then_never() {
        let seen: Vec<Delivery> = [0, 4, 5, 7, 8].map(delivery).to_vec();
        assert_eq!(seen, [Delivery::Normal, Delivery::Normal, Delivery::Alone, Delivery::Alone, Delivery::GiveUp]);
    }
}

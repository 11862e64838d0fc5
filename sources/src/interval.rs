//! When a source is asked again: often while it has news, ever more rarely while it is quiet or fails.
//!
//! All amounts are seconds. What the source itself asks for (`max-age`, `Retry-After`) is kept to the second; the pause that is
//! only ours may be cut short a little, so that an hourly source is not missed by an hourly run that is some seconds early.

use jiff::{SignedDuration, Timestamp};

/// The longest pause that a source is given by itself: quiet or failing, it is asked once a day.
pub const LONGEST: i64 = 24 * 3600;

/// The pause after a first failure.
const FIRST_RETRY: i64 = 5 * 60;

/// How a poll went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// It told something new.
    Fresh,
    /// It told nothing new.
    Quiet,
    /// It failed; so often in a row, this time included.
    Failed(u32),
}

/// The pause after a poll. `every` is the shortest that is configured, `last` the pause before.
///
/// News brings it down to `every`; quiet makes it half as long again, up to [`LONGEST`] (or `every`, where that is longer);
/// failures double it from five minutes.
pub fn pause(every: i64, last: i64, went: Went) -> i64 {
    let every = every.max(0);
    let longest = LONGEST.max(every);
    match went {
        Went::Fresh => every,
        Went::Quiet => {
            let last = last.clamp(every, longest);
            (last + last / 2).min(longest)
        }
        Went::Failed(failures) => {
            FIRST_RETRY.saturating_mul(2_i64.saturating_pow(failures.saturating_sub(1))).min(LONGEST)
        }
    }
}

/// When a source is due that was asked at `polled_at`, has this pause, and asked to be left alone until `next_after`.
pub fn due_at(polled_at: Timestamp, pause: i64, next_after: Option<Timestamp>) -> Timestamp {
    let slack = (pause / 20).min(600);
    let own = polled_at.checked_add(SignedDuration::from_secs(pause - slack)).unwrap_or(Timestamp::MAX);
    next_after.map_or(own, |asked| asked.max(own))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn went() -> impl Strategy<Value = Went> {
        prop_oneof![Just(Went::Fresh), Just(Went::Quiet), (1_u32..u32::MAX).prop_map(Went::Failed)]
    }

    proptest! {
        #[test]
        fn pauses_stay_within_bounds_whatever_happened(every in -10_i64..1_000_000, history in proptest::collection::vec(went(), 1..60)) {
            let mut last = 0;
            for went in history {
                let next = pause(every, last, went);
                let least = if matches!(went, Went::Failed(_)) { FIRST_RETRY } else { every.max(0) };
                prop_assert!(next >= least, "{next} after {last}, {went:?}");
                prop_assert!(next <= LONGEST.max(every), "{next} after {last}, {went:?}");
                match went {
                    Went::Fresh => prop_assert_eq!(next, every.max(0)),
                    Went::Quiet => prop_assert!(next >= last.min(LONGEST.max(every))),
                    Went::Failed(n) => prop_assert!(n == 1 || next >= pause(every, last, Went::Failed(n - 1))),
                }
                last = next;
            }
        }

        #[test]
        fn what_the_source_asks_for_is_kept_to_the_second(polled in 0_i64..4_000_000_000, pause in 0_i64..=LONGEST, asked in 0_i64..4_000_000_000) {
            let (polled, asked) = (Timestamp::from_second(polled).unwrap(), Timestamp::from_second(asked).unwrap());
            let due = due_at(polled, pause, Some(asked));
            prop_assert!(due >= asked && due >= polled);
            prop_assert!(due_at(polled, pause, None).as_second() >= polled.as_second() + pause * 19 / 20);
        }
    }

    #[test]
    fn a_quiet_feed_is_asked_once_a_day_in_the_end_and_hourly_again_when_it_speaks() {
        let mut last = pause(3600, 0, Went::Fresh);
        let grown: Vec<i64> = (0..10)
            .map(|_| {
                last = pause(3600, last, Went::Quiet);
                last
            })
            .collect();
        assert_eq!(&grown[..3], &[5400, 8100, 12150]);
        assert_eq!(grown[9], LONGEST);
        assert_eq!(pause(3600, last, Went::Fresh), 3600);
        // A source that is asked weekly stays weekly; a failure is looked at again soon.
        assert_eq!(pause(7 * LONGEST, 7 * LONGEST, Went::Quiet), 7 * LONGEST);
        assert_eq!([1, 2, 3, 60].map(|n| pause(3600, 0, Went::Failed(n))), [300, 600, 1200, LONGEST]);
    }
}

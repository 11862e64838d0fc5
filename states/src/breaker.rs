//! A breaker per provider, derived from the history of its calls instead of being stored.

use jiff::{SignedDuration, Timestamp};

/// The span over which failures are counted.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// How long an open breaker stays open.
pub const OPEN: SignedDuration = SignedDuration::from_mins(10);
/// How many calls a window needs before it says anything.
pub const FEWEST: usize = 4;

/// What a breaker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// Calls may go out.
    Closed,
    /// No call goes out before this time.
    Open {
        /// When one probe may go out.
        until: Timestamp,
    },
    /// One call may go out; its outcome decides.
    Probe,
}

/// Folds a provider's calls (when each ended and whether it went well, oldest first) into what its breaker says at `now`.
///
/// More than half of at least [`FEWEST`] calls failing within [`WINDOW`] opens it for [`OPEN`]; then one probe closes it or
/// opens it again. The circuit breaker of M. Nygard, “Release It!”.
pub fn breaker(now: Timestamp, calls: &[(Timestamp, bool)]) -> Breaker {
    let mut since = Timestamp::MIN;
    let mut open_until: Option<Timestamp> = None;
    for (i, &(at, good)) in calls.iter().enumerate() {
        match open_until {
            // Calls that were in flight when it opened say nothing new.
            Some(until) if at < until => {}
            Some(_) if good => {
                open_until = None;
                since = at;
            }
            Some(_) => open_until = Some(later(at, OPEN)),
            None => {
                let recent = calls[..=i].iter().filter(|(t, _)| *t > since && later(*t, WINDOW) > at);
                let (all, bad) = recent.fold((0, 0), |(all, bad), (_, good)| (all + 1, bad + usize::from(!good)));
                if all >= FEWEST && bad * 2 > all {
                    open_until = Some(later(at, OPEN));
                }
            }
        }
    }
    match open_until {
        None => Breaker::Closed,
        Some(until) if now < until => Breaker::Open { until },
        Some(_) => Breaker::Probe,
    }
}

/// A time so much later, or the last one there is.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn calls(list: &[(i64, bool)]) -> Vec<(Timestamp, bool)> {
        list.iter().map(|&(s, good)| (at(s), good)).collect()
    }

    #[test]
    fn more_than_half_failing_opens_it_and_one_probe_decides() {
        let bad = calls(&[(0, true), (60, false), (120, false), (180, false)]);
        assert_eq!(breaker(at(181), &bad), Breaker::Open { until: at(780) });
        assert_eq!(breaker(at(780), &bad), Breaker::Probe);
        let mut probed = bad.clone();
        probed.push((at(800), true));
        assert_eq!(breaker(at(801), &probed), Breaker::Closed);
        let mut failed = bad;
        failed.push((at(800), false));
        assert_eq!(breaker(at(801), &failed), Breaker::Open { until: at(1400) });
    }

    #[test]
    fn half_failing_or_few_calls_or_old_ones_leave_it_closed() {
        assert_eq!(breaker(at(9), &calls(&[(0, true), (1, false), (2, true), (3, false)])), Breaker::Closed);
        assert_eq!(breaker(at(9), &calls(&[(0, false), (1, false), (2, false)])), Breaker::Closed);
        let spread = calls(&[(0, false), (200, false), (400, false), (600, false)]);
        assert_eq!(breaker(at(601), &spread), Breaker::Closed);
    }
}

//! When a batch of questions is sent, and when it is looked at again.

/// The most questions of one batch.
pub const MOST_QUESTIONS: u64 = 1_000;
/// The most bytes of one batch. What is over it by its last question is sent as well.
pub const MOST_BYTES: u64 = 50_000_000;
/// The longest pause between two looks, in seconds.
pub const LONGEST_PAUSE: i64 = 600;
/// After so many seconds nothing more is expected of a batch that cannot be looked at: providers answer within a day.
pub const GIVE_UP: i64 = 72 * 3_600;

/// What waits for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many questions.
    pub questions: u64,
    /// How long they are, in bytes.
    pub bytes: u64,
    /// For how many seconds the first has waited.
    pub seconds: i64,
}

/// True when what waits is sent: there is no room for more, it has waited for long enough, or nothing else can go on.
pub fn is_sent(waiting: Waiting, most_seconds: i64, quiet: bool) -> bool {
    let full = waiting.questions >= MOST_QUESTIONS || waiting.bytes >= MOST_BYTES;
    waiting.questions > 0 && (full || quiet || waiting.seconds >= most_seconds)
}

/// Seconds until a batch is looked at again that was looked at `looks` times: `first`, and twice as long each time.
pub fn pause(first: i64, looks: u32) -> i64 {
    let first = first.max(1);
    first.saturating_mul(1_i64 << looks.min(20)).min(LONGEST_PAUSE.max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_sent_when_it_is_full_has_waited_or_nothing_else_goes_on() {
        let waiting = |questions, bytes, seconds| Waiting { questions, bytes, seconds };
        for (what, quiet, sent) in [
            (waiting(0, 0, 0), true, false),
            (waiting(1, 900, 0), false, false),
            (waiting(1, 900, 0), true, true),
            (waiting(1, 900, 29), false, false),
            (waiting(1, 900, 30), false, true),
            (waiting(MOST_QUESTIONS - 1, 900, 0), false, false),
            (waiting(MOST_QUESTIONS, 900, 0), false, true),
            (waiting(2, MOST_BYTES, 0), false, true),
        ] {
            assert_eq!(is_sent(what, 30, quiet), sent, "{what:?}, quiet: {quiet}");
        }
    }

    #[test]
    fn looks_become_rarer_up_to_ten_minutes() {
        let pauses: Vec<i64> = (0..6).map(|looks| pause(60, looks)).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 600, 600]);
        assert_eq!((pause(0, 0), pause(60, u32::MAX), pause(900, 3)), (1, 600, 900));
    }
}

//! The one clock. It can be given a start, so that a run can be repeated at the same time.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the system's, or one that starts where it was told to and then runs.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    given: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self { given: None }
    }

    /// A clock that starts at this time now.
    pub fn starting_at(at: Timestamp) -> Self {
        Self { given: Some((at, Instant::now())) }
    }

    /// True when it was told where to start.
    pub fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The time, to the millisecond.
    pub fn now(&self) -> Timestamp {
        let at = match self.given {
            None => Timestamp::now(),
            Some((start, since)) => SignedDuration::try_from(since.elapsed())
                .ok()
                .and_then(|passed| start.checked_add(passed).ok())
                .unwrap_or(start),
        };
        Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
    }
}

//! The one clock. It can be given a start, so that a run can be repeated at the same time, and a tape that remembers what was
//! read off it.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::record::Tape;

/// Tells the time: the system's, one that starts where it was told to and then runs, or that of a recording.
#[derive(Debug, Clone)]
pub struct Clock {
    given: Option<(Timestamp, Instant)>,
    tape: Tape,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self { given: None, tape: Tape::default() }
    }

    /// A clock that starts at this time now.
    pub fn starting_at(at: Timestamp) -> Self {
        Self { given: Some((at, Instant::now())), tape: Tape::default() }
    }

    /// The same clock, read through a tape.
    #[must_use]
    pub fn on(self, tape: Tape) -> Self {
        Self { tape, ..self }
    }

    /// The tape that it is read through, on which a run is recorded or from which it is replayed.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// True when it was told where to start.
    pub fn is_given(&self) -> bool {
        self.tape.player().map_or(self.given.is_some(), |player| player.head().clock_given)
    }

    /// The time, to the millisecond.
    pub fn now(&self) -> Timestamp {
        self.tape.time(|| self.live())
    }

    fn live(&self) -> Timestamp {
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

//! Absorbed → Shortlisted (once), Skipped.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::event::Event;
use crate::state::{Candidate, SkipCause, State};
use crate::words::ArticleId;

/// When its digest fails it returns to the shortlist once.
pub fn on(_into: &ArticleId, candidate: &Candidate, event: &Event) -> Outcome<State> {
    match event {
        Event::Released if candidate.returned => {
            Transition(State::Skipped { why: SkipCause::DigestFailedTwice, candidate: Some(candidate.clone()) })
        }
        Event::Released => {
            Transition(State::Shortlisted { candidate: Candidate { returned: true, ..candidate.clone() } })
        }
        Event::StoryGrew { .. } => Handled,
        _ => Super,
    }
}

//! Shortlisted → Drafting, Absorbed, Skipped.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::event::Event;
use crate::state::{Candidate, SkipCause, State};

/// The run's selection chooses it, takes it into a digest, or lets it wait until its shelf life is over.
pub fn on(candidate: &Candidate, event: &Event) -> Outcome<State> {
    match event {
        Event::Chosen { brief } => {
            Transition(State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None })
        }
        Event::TakenInto { digest } => {
            Transition(State::Absorbed { into: digest.clone(), candidate: candidate.clone() })
        }
        Event::ShelfLifeOver => {
            Transition(State::Skipped { why: SkipCause::Stale, candidate: Some(candidate.clone()) })
        }
        // The brief is made when it is chosen, from all that its story has by then.
        Event::StoryGrew { .. } => Handled,
        _ => Super,
    }
}

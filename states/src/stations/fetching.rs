//! Fetching → Deduplicating, Gone, Refused.

use statig::Outcome::{self, Super, Transition};

use crate::event::Event;
use crate::state::State;

/// The page was read, is gone, or cannot be used.
pub fn on(event: &Event) -> Outcome<State> {
    match event {
        Event::Fetched { snapshot } => Transition(State::Deduplicating { snapshot: snapshot.clone() }),
        Event::PageGone { why } => Transition(State::Gone { why: why.clone() }),
        Event::PageRefused { why } => Transition(State::Refused { why: why.clone() }),
        _ => Super,
    }
}

//! Parked → where it stopped.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::event::Event;
use crate::state::State;

/// A person sends it back: what the state waits for is planned again, with fresh tries.
pub fn on(at: &State, event: &Event) -> Outcome<State> {
    match event {
        Event::RetryAsked { .. } => Transition(at.clone()),
        Event::StoryGrew { .. } => Handled,
        _ => Super,
    }
}

//! Merged → Live.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::event::Event;
use crate::state::{Piece, State};

/// The page answers.
pub fn on(piece: &Piece, url: &str, event: &Event) -> Outcome<State> {
    match event {
        Event::LiveSeen => Transition(State::Live { piece: piece.clone(), url: url.to_owned() }),
        Event::StoryGrew { .. } => Handled,
        _ => Super,
    }
}

//! Drafting → Gating, Drafting (the story grew).

use statig::Outcome::{self, Super, Transition};

use crate::event::Event;
use crate::state::{Piece, State};
use crate::words::BriefId;

/// A draft goes to the gate; a grown brief starts the writing again.
pub fn on(brief: &BriefId, revision: u8, event: &Event) -> Outcome<State> {
    match event {
        Event::Drafted { draft, page } => Transition(State::Gating {
            piece: Piece { brief: brief.clone(), draft: draft.clone(), page: page.clone(), revision },
        }),
        Event::StoryGrew { brief, .. } => {
            Transition(State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None })
        }
        _ => Super,
    }
}

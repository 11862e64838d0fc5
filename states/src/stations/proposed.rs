//! Proposed → Merged, Live, Declined.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::article::Shared;
use crate::effect::Notice;
use crate::event::Event;
use crate::state::{Piece, Proposal, State};

/// A person merges or closes it. Without a live URL configured, merged is live.
pub fn on(piece: &Piece, proposal: &Proposal, event: &Event, shared: &mut Shared) -> Outcome<State> {
    match event {
        Event::ProposalMerged { url: None, .. } => Transition(State::Live { piece: piece.clone(), url: String::new() }),
        Event::ProposalMerged { commit, url: Some(url) } => Transition(State::Merged {
            piece: piece.clone(),
            proposal: proposal.clone(),
            commit: commit.clone(),
            url: url.clone(),
        }),
        Event::ProposalClosed { why } => Transition(State::Declined { why: why.clone(), brief: piece.brief.clone() }),
        Event::StoryGrew { by, .. } => {
            shared.tell(Notice::StoryGrew { by: by.clone() });
            Handled
        }
        _ => Super,
    }
}

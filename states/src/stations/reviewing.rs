//! Reviewing → Publishing, Drafting, Gating, Rejected.

use statig::Outcome::{self, Super, Transition};

use crate::article::Shared;
use crate::event::Event;
use crate::state::{Gated, Piece, Previous, RejectCause, State};
use crate::stations::publishing::branch_name;
use crate::words::{PassedBy, PassedGates};

/// A person decides. An approval is of a hash of bytes: one that was given for other bytes is refused.
pub fn on(piece: &Piece, gated: &Gated, event: &Event, shared: &mut Shared) -> Outcome<State> {
    match event {
        Event::Approved { bytes, .. } if *bytes != gated.bytes => {
            shared.refuse("the page has changed since it was shown; look at it again and approve what you see")
        }
        Event::Approved { bytes, by } => Transition(State::Publishing {
            piece: piece.clone(),
            gated: gated.clone(),
            passed: PassedGates::new(bytes.clone(), PassedBy::Person { name: by.clone() }),
            branch: branch_name(&piece.page, shared.article()),
        }),
        Event::ChangesAsked { note, .. } => Transition(State::Drafting {
            brief: piece.brief.clone(),
            revision: 0,
            previous: Some(Previous { draft: piece.draft.clone(), report: Some(gated.report.clone()) }),
            note: Some(note.clone()),
        }),
        Event::Edited { draft, page, .. } => {
            Transition(State::Gating { piece: Piece { draft: draft.clone(), page: page.clone(), ..piece.clone() } })
        }
        Event::RejectedBy { by, why } => Transition(State::Rejected {
            why: RejectCause::Person { name: by.clone(), why: why.clone() },
            brief: piece.brief.clone(),
            report: Some(gated.report.clone()),
        }),
        Event::ReviewOver => Transition(State::Rejected {
            why: RejectCause::Expired,
            brief: piece.brief.clone(),
            report: Some(gated.report.clone()),
        }),
        Event::StoryGrew { brief, .. } => {
            Transition(State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None })
        }
        _ => Super,
    }
}

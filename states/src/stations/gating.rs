//! Gating → Publishing, Drafting, Reviewing, Rejected.

use statig::Outcome::{self, Super, Transition};

use crate::article::Shared;
use crate::effect::Notice;
use crate::event::Event;
use crate::state::{Gated, Piece, Previous, RejectCause, State};
use crate::stations::publishing::branch_name;
use crate::words::{PassedBy, PassedGates, Verdict};

/// How many drafts an article gets: the first and three revisions.
pub const DRAFTS: u8 = 4;

/// The folded verdict decides. A check that did not run sends the page to a person.
pub fn on(piece: &Piece, event: &Event, shared: &mut Shared) -> Outcome<State> {
    match event {
        Event::Gated { gated, verdict } => Transition(after(piece, gated, verdict, shared)),
        Event::StoryGrew { brief, .. } => {
            Transition(State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None })
        }
        _ => Super,
    }
}

fn after(piece: &Piece, gated: &Gated, verdict: &Verdict, shared: &mut Shared) -> State {
    let rejected = |why| State::Rejected { why, brief: piece.brief.clone(), report: Some(gated.report.clone()) };
    match verdict {
        Verdict::Pass => State::Publishing {
            piece: piece.clone(),
            gated: gated.clone(),
            passed: PassedGates::new(gated.bytes.clone(), PassedBy::Gates),
            branch: branch_name(&piece.page, shared.article()),
        },
        Verdict::Review | Verdict::NotRun { .. } => {
            shared.tell(Notice::ReviewWanted);
            State::Reviewing { piece: piece.clone(), gated: gated.clone() }
        }
        Verdict::Revise if piece.revision + 1 >= DRAFTS => rejected(RejectCause::RevisionsUsedUp),
        Verdict::Revise => State::Drafting {
            brief: piece.brief.clone(),
            revision: piece.revision + 1,
            previous: Some(Previous { draft: piece.draft.clone(), report: Some(gated.report.clone()) }),
            note: None,
        },
        Verdict::Reject => rejected(RejectCause::Gate),
    }
}

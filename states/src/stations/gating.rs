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

/// The folded verdict decides. A check that did not run sends the page to a person. What is to be revised is the best of the drafts
/// so far, and when the tries are used up its report is the one that stands.
pub fn on(piece: &Piece, event: &Event, shared: &mut Shared) -> Outcome<State> {
    match event {
        Event::Gated { gated, verdict, better } => Transition(after(piece, gated, verdict, better.as_ref(), shared)),
        Event::StoryGrew { brief, .. } => {
            Transition(State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None })
        }
        _ => Super,
    }
}

fn after(piece: &Piece, gated: &Gated, verdict: &Verdict, better: Option<&Previous>, shared: &mut Shared) -> State {
    let rejected = |why, report| State::Rejected { why, brief: piece.brief.clone(), report };
    let this = || Previous { draft: piece.draft.clone(), report: Some(gated.report.clone()) };
    // A revision that made it worse is not built upon.
    let best = || better.cloned().unwrap_or_else(this);
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
        Verdict::Revise if piece.revision + 1 >= DRAFTS => rejected(RejectCause::RevisionsUsedUp, best().report),
        Verdict::Revise => State::Drafting {
            brief: piece.brief.clone(),
            revision: piece.revision + 1,
            previous: Some(best()),
            note: None,
        },
        Verdict::Reject => rejected(RejectCause::Gate, Some(gated.report.clone())),
    }
}

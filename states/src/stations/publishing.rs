//! Publishing → Proposed, Declined.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::article::Shared;
use crate::effect::Notice;
use crate::event::Event;
use crate::state::{Gated, Piece, State};
use crate::words::{ArticleId, PageIdentity};

/// The branch is on the remote.
pub fn on(piece: &Piece, gated: &Gated, event: &Event, shared: &mut Shared) -> Outcome<State> {
    match event {
        Event::Pushed { proposal } => {
            shared.tell(Notice::Proposed { proposal: proposal.clone() });
            Transition(State::Proposed { piece: piece.clone(), gated: gated.clone(), proposal: proposal.clone() })
        }
        // A person closed it while it was on its way: the branch was removed, or the pull request closed.
        Event::ProposalClosed { why } => Transition(State::Declined { why: why.clone(), brief: piece.brief.clone() }),
        // What is on its way out is not written again; the proposal will be told.
        Event::StoryGrew { .. } => Handled,
        _ => Super,
    }
}

/// The branch of a page: `draft/<date>-<slug>-<article, short>`. It is found again by its suffix.
pub fn branch_name(page: &PageIdentity, article: &ArticleId) -> String {
    format!("draft/{}-{}-{}", page.dated.strftime("%Y-%m-%d"), page.slug, article.short())
}

//! Settled states are left only by a person.

use statig::Outcome::{self, Handled, Super, Transition};

use crate::article::Shared;
use crate::effect::Notice;
use crate::event::Event;
use crate::state::{Candidate, State};

/// A person takes it up again where that makes sense.
pub fn on(state: &State, event: &Event, shared: &mut Shared) -> Outcome<State> {
    match (state, event) {
        // A story that was turned down is not taken up again by the program; its people are asked.
        (State::Rejected { .. } | State::Declined { .. }, Event::StoryGrew { by, .. }) => {
            shared.tell(Notice::StoryGrew { by: by.clone() });
            Handled
        }
        // What became of a story after it settled is decided at the station of the new article.
        (_, Event::StoryGrew { .. }) => Handled,
        (State::Live { .. }, Event::Reopened { .. } | Event::RetryAsked { .. }) => {
            shared.refuse("the page is live; what is new becomes an article of its own")
        }
        (State::Duplicate { of, .. }, Event::Reopened { .. } | Event::RetryAsked { .. }) => {
            shared.refuse(format!("it is evidence of {}; take that one up", of.short()))
        }
        (State::Gone { .. } | State::Refused { .. }, Event::Reopened { .. } | Event::RetryAsked { .. }) => {
            Transition(State::Fetching)
        }
        (State::Skipped { candidate: None, .. }, Event::Reopened { .. } | Event::RetryAsked { .. }) => {
            Transition(State::Fetching)
        }
        (State::Skipped { candidate: Some(candidate), .. }, Event::Reopened { .. } | Event::RetryAsked { .. }) => {
            Transition(State::Shortlisted { candidate: Candidate { returned: false, ..candidate.clone() } })
        }
        (State::Rejected { brief, .. } | State::Declined { brief, .. }, Event::Reopened { .. }) => {
            Transition(State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None })
        }
        (State::Rejected { .. } | State::Declined { .. }, Event::RetryAsked { .. }) => {
            shared.refuse("it was turned down, not parked; `pipeline reopen` takes it up again")
        }
        _ => Super,
    }
}

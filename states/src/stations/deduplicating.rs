//! Deduplicating → Scoring, Duplicate.

use statig::Outcome::{self, Super, Transition};

use crate::event::{Comparison, Event};
use crate::state::State;
use crate::words::SnapshotId;

/// New and changed pages go on; what repeats a story becomes evidence of it.
pub fn on(snapshot: &SnapshotId, event: &Event) -> Outcome<State> {
    match event {
        Event::Compared { story, outcome } => Transition(match outcome {
            Comparison::New | Comparison::Update { .. } => {
                State::Scoring { snapshot: snapshot.clone(), story: story.clone() }
            }
            Comparison::Repeats { of, relation } => {
                State::Duplicate { of: of.clone(), relation: *relation, snapshot: snapshot.clone() }
            }
        }),
        _ => Super,
    }
}

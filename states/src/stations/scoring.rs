//! Scoring → Shortlisted, Skipped, Duplicate, Scoring (its meaning puts it into another story).

use statig::Outcome::{self, Super, Transition};

use crate::event::{Comparison, Event};
use crate::state::{Candidate, SkipCause, State};
use crate::words::{SnapshotId, StoryId};

/// The threshold decides, except for what a person added. A comparison by meaning may still find a repetition.
pub fn on(snapshot: &SnapshotId, story: &StoryId, event: &Event) -> Outcome<State> {
    match event {
        Event::Scored { score, threshold, forced } => {
            let candidate =
                Candidate { snapshot: snapshot.clone(), story: story.clone(), score: score.clone(), returned: false };
            Transition(if *forced || score.total >= *threshold {
                State::Shortlisted { candidate }
            } else {
                State::Skipped { why: SkipCause::BelowThreshold { threshold: *threshold }, candidate: Some(candidate) }
            })
        }
        Event::Compared { story, outcome } => Transition(match outcome {
            Comparison::Repeats { of, relation } => {
                State::Duplicate { of: of.clone(), relation: *relation, snapshot: snapshot.clone() }
            }
            // It belongs to a story that was passed over, or updates one: it is scored as a part of that.
            Comparison::New | Comparison::Update { .. } => {
                State::Scoring { snapshot: snapshot.clone(), story: story.clone() }
            }
        }),
        _ => Super,
    }
}

//! Scoring → Shortlisted, Skipped, Duplicate.

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
        Event::Compared { outcome: Comparison::Repeats { of, relation }, .. } => {
            Transition(State::Duplicate { of: of.clone(), relation: *relation, snapshot: snapshot.clone() })
        }
        _ => Super,
    }
}

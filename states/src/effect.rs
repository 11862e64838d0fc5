//! What the machines ask of the world. An effect runs after the commit that planned it, at least once, under its own key.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::state::{Class, Gated, Piece, Previous, Proposal, State, Timers};
use crate::words::{ArticleId, BriefId, PassedGates, SnapshotId, StoryId};

/// Something to be done for a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    // Awaited effects of articles.
    /// Read the lead's page.
    Fetch,
    /// Compare the snapshot with what the site has seen.
    Compare {
        /// What was read.
        snapshot: SnapshotId,
    },
    /// Score the lead.
    Score {
        /// What was read.
        snapshot: SnapshotId,
        /// What it is about.
        story: StoryId,
    },
    /// Write a draft.
    Draft {
        /// What from.
        brief: BriefId,
        /// 0 for the first.
        revision: u8,
        /// What is to be revised.
        previous: Option<Previous>,
        /// What a person asked for.
        note: Option<String>,
    },
    /// Check a draft.
    Gate {
        /// Which.
        piece: Piece,
    },
    /// Push the branch and open the pull request.
    Publish {
        /// The page.
        piece: Piece,
        /// What the gate said of it.
        gated: Gated,
        /// The proof.
        passed: PassedGates,
        /// The branch.
        branch: String,
    },

    // Timers of articles. Those that watch look first; while nothing has changed they are set again.
    /// The shelf life of a shortlisted lead.
    ShelfLife,
    /// The time to review.
    ReviewTime,
    /// Look what became of the proposal.
    WatchProposal {
        /// Which.
        proposal: Proposal,
    },
    /// Look whether the merged page answers.
    WatchLive {
        /// Where.
        url: String,
    },

    // Effects and timers of workers.
    /// Wake the worker: probe, packets, heartbeat until the deadline.
    Wake,
    /// Load a model on the worker that is awake, and see how fast it is.
    TryModel {
        /// Which.
        model: String,
    },
    /// The linger after the last lease.
    Linger,
    /// Put the worker to sleep, if nobody else is using it.
    PutToSleep,
    /// How long an unreachable worker is left alone.
    CoolOff,

    // Nobody awaits these.
    /// Tell people.
    Notify {
        /// What.
        notice: Notice,
    },
}

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A page waits for a person.
    ReviewWanted,
    /// An article was parked.
    Parked {
        /// Why.
        cause: String,
    },
    /// A page was proposed.
    Proposed {
        /// Where.
        proposal: Proposal,
    },
    /// Something new of a story was found that is proposed, or that was turned down and has become twice as hot.
    StoryGrew {
        /// What was found.
        by: ArticleId,
    },
    /// A worker did not wake.
    WorkerUnreachable {
        /// What was tried.
        why: String,
    },
    /// A model of a worker that is awake cannot be used.
    WorkerDegraded {
        /// Which, what is wrong with it, and the next step.
        why: String,
    },
    /// A worker could not be put to sleep.
    WorkerStaysAwake {
        /// Why.
        why: String,
    },
}

/// Kinds of effect that share a limit on how many run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Reading pages.
    Fetch,
    /// Comparing: one at a time, in lead order.
    Compare,
    /// Asking models to score.
    Score,
    /// Asking models to write.
    Draft,
    /// Hugo builds and the judge.
    Gate,
    /// Git and the forge.
    Publish,
    /// Timers and watches.
    Timer,
    /// Waking and putting to sleep.
    Power,
    /// Notices.
    Notice,
}

impl Lane {
    /// All lanes, in the order of an article's way.
    pub const ALL: [Self; 9] = [
        Self::Fetch,
        Self::Compare,
        Self::Score,
        Self::Draft,
        Self::Gate,
        Self::Publish,
        Self::Timer,
        Self::Power,
        Self::Notice,
    ];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Compare => "compare",
            Self::Score => "score",
            Self::Draft => "draft",
            Self::Gate => "gate",
            Self::Publish => "publish",
            Self::Timer => "timer",
            Self::Power => "power",
            Self::Notice => "notice",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Effect {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fetch => "Fetch",
            Self::Compare { .. } => "Compare",
            Self::Score { .. } => "Score",
            Self::Draft { .. } => "Draft",
            Self::Gate { .. } => "Gate",
            Self::Publish { .. } => "Publish",
            Self::ShelfLife => "ShelfLife",
            Self::ReviewTime => "ReviewTime",
            Self::WatchProposal { .. } => "WatchProposal",
            Self::WatchLive { .. } => "WatchLive",
            Self::Wake => "Wake",
            Self::TryModel { .. } => "TryModel",
            Self::Linger => "Linger",
            Self::PutToSleep => "PutToSleep",
            Self::CoolOff => "CoolOff",
            Self::Notify { .. } => "Notify",
        }
    }

    /// The lane it runs in.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Fetch => Lane::Fetch,
            Self::Compare { .. } => Lane::Compare,
            Self::Score { .. } => Lane::Score,
            Self::Draft { .. } => Lane::Draft,
            Self::Gate { .. } => Lane::Gate,
            Self::Publish { .. } => Lane::Publish,
            Self::ShelfLife
            | Self::ReviewTime
            | Self::WatchProposal { .. }
            | Self::WatchLive { .. }
            | Self::Linger
            | Self::CoolOff => Lane::Timer,
            Self::Wake | Self::TryModel { .. } | Self::PutToSleep => Lane::Power,
            Self::Notify { .. } => Lane::Notice,
        }
    }

    /// True for what waits for a time, false for what is to be done at once.
    pub fn is_timer(&self) -> bool {
        self.lane() == Lane::Timer
    }

    /// True when the machine's way goes on with its outcome.
    pub fn is_awaited(&self) -> bool {
        !matches!(self.lane(), Lane::Timer | Lane::Notice)
    }
}

/// An effect with the seconds after its transition before which it does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What to do.
    pub effect: Effect,
    /// 0 for at once.
    pub after: i64,
}

impl Planned {
    /// To be done at once.
    pub fn now(effect: Effect) -> Self {
        Self { effect, after: 0 }
    }
}

/// What an article's state waits for: exactly one effect for a working state, at most one timer for a waiting one, nothing
/// for a settled one. It follows from the state alone.
pub fn awaits(state: &State, timers: &Timers) -> Option<Planned> {
    let later = |effect, after| Some(Planned { effect, after });
    match state {
        State::Fetching => Some(Planned::now(Effect::Fetch)),
        State::Deduplicating { snapshot } => Some(Planned::now(Effect::Compare { snapshot: snapshot.clone() })),
        State::Scoring { snapshot, story } => {
            Some(Planned::now(Effect::Score { snapshot: snapshot.clone(), story: story.clone() }))
        }
        State::Shortlisted { .. } => later(Effect::ShelfLife, timers.shelf_life),
        State::Drafting { brief, revision, previous, note } => Some(Planned::now(Effect::Draft {
            brief: brief.clone(),
            revision: *revision,
            previous: previous.clone(),
            note: note.clone(),
        })),
        State::Gating { piece } => Some(Planned::now(Effect::Gate { piece: piece.clone() })),
        State::Reviewing { .. } => later(Effect::ReviewTime, timers.review),
        State::Publishing { piece, gated, passed, branch } => Some(Planned::now(Effect::Publish {
            piece: piece.clone(),
            gated: gated.clone(),
            passed: passed.clone(),
            branch: branch.clone(),
        })),
        State::Proposed { proposal, .. } => {
            later(Effect::WatchProposal { proposal: proposal.clone() }, timers.watch_proposal)
        }
        State::Merged { url, .. } => later(Effect::WatchLive { url: url.clone() }, timers.watch_live),
        State::Absorbed { .. } | State::Parked { .. } => None,
        settled => {
            debug_assert_eq!(settled.class(), Class::Settled);
            None
        }
    }
}

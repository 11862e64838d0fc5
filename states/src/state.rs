//! The states of an article. Variants carry their evidence; what is stored is this enum (see [`crate::stored`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::words::{
    ArticleId, BriefId, BytesHash, DraftId, PageIdentity, PassedGates, ReportId, SnapshotId, StoryId, Timestamp,
};

/// Where an article is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Its page is being read. → Deduplicating, Gone, Refused, Parked
    Fetching,
    /// It is compared with what the site has seen. → Scoring, Duplicate, Parked
    Deduplicating {
        /// What was read.
        snapshot: SnapshotId,
    },
    /// It is decided whether it is worth writing about. → Shortlisted, Skipped, Duplicate, Scoring (of another story), Parked
    Scoring {
        /// What was read.
        snapshot: SnapshotId,
        /// What it is about.
        story: StoryId,
    },
    /// It waits for a run's selection. → Drafting, Absorbed, Skipped
    Shortlisted {
        /// What it stands on.
        candidate: Candidate,
    },
    /// It has become part of a digest. → Shortlisted or Skipped (when the digest ends Rejected or Parked)
    Absorbed {
        /// The digest.
        into: ArticleId,
        /// What it stands on, should it return.
        candidate: Candidate,
    },
    /// It is being written. → Gating, Drafting (the story grew), Parked
    Drafting {
        /// What it is written from.
        brief: BriefId,
        /// 0 for the first draft.
        revision: u8,
        /// What is to be revised, with the findings.
        previous: Option<Previous>,
        /// What a person asked for.
        note: Option<String>,
    },
    /// It is being checked. → Publishing, Drafting, Reviewing, Rejected, Parked
    Gating {
        /// The page under check.
        piece: Piece,
    },
    /// It waits for a person. → Publishing, Drafting, Gating, Rejected
    Reviewing {
        /// The page a person looks at.
        piece: Piece,
        /// What the gate said of it.
        gated: Gated,
    },
    /// It is put on a branch and proposed. → Proposed, Declined, Parked
    Publishing {
        /// The page.
        piece: Piece,
        /// What the gate said of it.
        gated: Gated,
        /// The proof that exactly these bytes passed.
        passed: PassedGates,
        /// The branch, frozen.
        branch: String,
    },
    /// It waits for the forge, or for the remote where there is none. → Merged, Live, Declined
    Proposed {
        /// The page.
        piece: Piece,
        /// What the gate said of it.
        gated: Gated,
        /// Where it was proposed.
        proposal: Proposal,
    },
    /// It was merged and waits for its page. → Live
    Merged {
        /// The page.
        piece: Piece,
        /// Where it was proposed.
        proposal: Proposal,
        /// The commit of the default branch that holds it.
        commit: String,
        /// Where the page is expected.
        url: String,
    },
    /// Its tries are used up; `pipeline retry` sends it back.
    Parked {
        /// Where it stopped.
        at: Box<State>,
        /// Why.
        cause: String,
    },
    /// Settled: its page is not there any more.
    Gone {
        /// What the host said.
        why: String,
    },
    /// Settled: its page cannot be used.
    Refused {
        /// Why.
        why: String,
    },
    /// Settled: it repeats a story, and became evidence of it.
    Duplicate {
        /// The article it repeats.
        of: ArticleId,
        /// How.
        relation: Relation,
        /// What was read.
        snapshot: SnapshotId,
    },
    /// Settled: not worth writing about, or not in time.
    Skipped {
        /// Why.
        why: SkipCause,
        /// What it stood on; `None` for one that was never read.
        candidate: Option<Candidate>,
    },
    /// Settled: the gate or a person said no.
    Rejected {
        /// Why.
        why: RejectCause,
        /// What it was written from.
        brief: BriefId,
        /// What the gate said, where it spoke.
        report: Option<ReportId>,
    },
    /// Settled: the proposal was closed by a person.
    Declined {
        /// What is known of why.
        why: String,
        /// What it was written from.
        brief: BriefId,
    },
    /// Settled: its page is on the site.
    Live {
        /// The page.
        piece: Piece,
        /// Its address; empty where no live URL is configured.
        url: String,
    },
}

/// What a scored lead stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What was read.
    pub snapshot: SnapshotId,
    /// What it is about.
    pub story: StoryId,
    /// Why it is worth writing about.
    pub score: Score,
    /// True when it came back from a digest; it comes back once.
    pub returned: bool,
}

/// The score of a lead, by part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// 0 to 100.
    pub total: u8,
    /// What each part added: `relevance`, `source`, `freshness`, `keywords`, `heat`.
    pub parts: BTreeMap<String, i32>,
    /// What it is about, in a few words.
    pub topic: String,
    /// Words that say what it is about, best first, lower case.
    pub keywords: Vec<String>,
    /// `release`, `announcement`, `tutorial`, `opinion` or `other`.
    pub kind: String,
    /// Why, in one sentence.
    pub why: String,
}

/// A page on its way: everything that names its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What it was written from.
    pub brief: BriefId,
    /// The draft.
    pub draft: DraftId,
    /// Its slug and date.
    pub page: PageIdentity,
    /// 0 for the first draft.
    pub revision: u8,
}

/// What the gate said of a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gated {
    /// The report.
    pub report: ReportId,
    /// The exact bytes it speaks of.
    pub bytes: BytesHash,
    /// The commit of the default branch it was built on.
    pub base: String,
    /// The folded verdict, in words.
    pub verdict: String,
}

/// A draft that is to be revised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// The draft.
    pub draft: DraftId,
    /// What the gate said of it, where it spoke.
    pub report: Option<ReportId>,
}

/// Where a page was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The branch.
    pub branch: String,
    /// The commit we put there.
    pub head: String,
    /// The pull request's number, where a forge is configured.
    pub number: Option<u64>,
    /// The pull request's address.
    pub url: Option<String>,
}

/// How an article repeats a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same text.
    Copy,
    /// Another text that tells the same.
    SameStory,
    /// A later text of a source that told it before, while it was on its way.
    Update,
}

/// Why a lead was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipCause {
    /// It was older than the site works on when it was found: known, not worked.
    TooOld,
    /// There were more entries at the first poll of its source than are worked: known, not worked.
    FirstContact,
    /// The run that found it had begun as many leads as a run does: known, not worked.
    RunFull,
    /// Its score did not reach the site's threshold.
    BelowThreshold {
        /// The threshold, 0 to 100.
        threshold: u8,
    },
    /// It waited longer than the site's shelf life.
    Stale,
    /// The digests it was part of failed twice.
    DigestFailedTwice,
}

/// Why a draft was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectCause {
    /// The gate rejects it.
    Gate,
    /// The fourth draft still had to be revised.
    RevisionsUsedUp,
    /// A person said no.
    Person {
        /// Who.
        name: String,
        /// Why.
        why: String,
    },
    /// Nobody reviewed it in time.
    Expired,
}

/// What kind of waiting a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Exactly one awaited effect.
    Working,
    /// At most one timer.
    Waiting,
    /// Nothing; left only by a person.
    Settled,
}

impl State {
    /// The stored name: what tables, commands and the diagram call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fetching => "Fetching",
            Self::Deduplicating { .. } => "Deduplicating",
            Self::Scoring { .. } => "Scoring",
            Self::Shortlisted { .. } => "Shortlisted",
            Self::Absorbed { .. } => "Absorbed",
            Self::Drafting { .. } => "Drafting",
            Self::Gating { .. } => "Gating",
            Self::Reviewing { .. } => "Reviewing",
            Self::Publishing { .. } => "Publishing",
            Self::Proposed { .. } => "Proposed",
            Self::Merged { .. } => "Merged",
            Self::Parked { .. } => "Parked",
            Self::Gone { .. } => "Gone",
            Self::Refused { .. } => "Refused",
            Self::Duplicate { .. } => "Duplicate",
            Self::Skipped { .. } => "Skipped",
            Self::Rejected { .. } => "Rejected",
            Self::Declined { .. } => "Declined",
            Self::Live { .. } => "Live",
        }
    }

    /// What kind of waiting it is.
    pub fn class(&self) -> Class {
        match self {
            Self::Fetching
            | Self::Deduplicating { .. }
            | Self::Scoring { .. }
            | Self::Drafting { .. }
            | Self::Gating { .. }
            | Self::Publishing { .. } => Class::Working,
            Self::Shortlisted { .. }
            | Self::Absorbed { .. }
            | Self::Reviewing { .. }
            | Self::Proposed { .. }
            | Self::Merged { .. }
            | Self::Parked { .. } => Class::Waiting,
            Self::Gone { .. }
            | Self::Refused { .. }
            | Self::Duplicate { .. }
            | Self::Skipped { .. }
            | Self::Rejected { .. }
            | Self::Declined { .. }
            | Self::Live { .. } => Class::Settled,
        }
    }

    /// Before Shortlisted: a run's selection waits for these.
    pub fn is_before_selection(&self) -> bool {
        matches!(self, Self::Fetching | Self::Deduplicating { .. } | Self::Scoring { .. })
    }

    /// Why it is where it is, in one line for people.
    pub fn reason(&self) -> String {
        match self {
            Self::Fetching => "its page is being read".into(),
            Self::Deduplicating { .. } => "it is compared with what the site has seen".into(),
            Self::Scoring { .. } => "it is being scored".into(),
            Self::Shortlisted { candidate } => {
                format!("scored {}; waits for a run's selection", candidate.score.total)
            }
            Self::Absorbed { into, .. } => format!("part of the digest {}", into.short()),
            Self::Drafting { revision: 0, .. } => "the first draft is being written".into(),
            Self::Drafting { revision, .. } => format!("revision {revision} is being written"),
            Self::Gating { piece } => format!("draft {} is being checked", piece.revision + 1),
            Self::Reviewing { gated, .. } => format!("waits for a person: {}", gated.verdict),
            Self::Publishing { branch, .. } => format!("is put on the branch {branch}"),
            Self::Proposed { proposal, .. } => match &proposal.url {
                Some(url) => format!("proposed: {url}"),
                None => format!("proposed on the branch {}", proposal.branch),
            },
            Self::Merged { url, .. } => format!("merged; waits for {url}"),
            Self::Parked { at, cause } => format!("parked at {}: {cause}", at.name()),
            Self::Gone { why } | Self::Refused { why } | Self::Declined { why, .. } => why.clone(),
            Self::Duplicate { of, relation: Relation::Copy, .. } => format!("a copy of {}", of.short()),
            Self::Duplicate { of, relation: Relation::SameStory, .. } => {
                format!("tells the same story as {}", of.short())
            }
            Self::Duplicate { of, relation: Relation::Update, .. } => {
                format!("tells more of the story of {}, and became evidence of it", of.short())
            }
            Self::Skipped { why, candidate } => match why {
                SkipCause::TooOld => "older than the site works on; known, not worked".into(),
                SkipCause::FirstContact => "there before the first poll of its source; known, not worked".into(),
                SkipCause::RunFull => "found beyond what a run takes on; known, not worked".into(),
                SkipCause::BelowThreshold { threshold } => {
                    let score = candidate.as_ref().map_or(0, |c| c.score.total);
                    format!("scored {score}, below the threshold of {threshold}")
                }
                SkipCause::Stale => "waited longer than the shelf life".into(),
                SkipCause::DigestFailedTwice => "the digests it was part of failed twice".into(),
            },
            Self::Rejected { why, .. } => match why {
                RejectCause::Gate => "the gate rejects it".into(),
                RejectCause::RevisionsUsedUp => "the fourth draft still had to be revised".into(),
                RejectCause::Person { name, why } => format!("rejected by {name}: {why}"),
                RejectCause::Expired => "nobody reviewed it in time".into(),
            },
            Self::Live { url, .. } if url.is_empty() => "merged".into(),
            Self::Live { url, .. } => format!("live at {url}"),
        }
    }

    /// The brief it is written from, once there is one.
    pub fn brief(&self) -> Option<&BriefId> {
        match self {
            Self::Drafting { brief, .. } | Self::Rejected { brief, .. } | Self::Declined { brief, .. } => Some(brief),
            Self::Gating { piece }
            | Self::Reviewing { piece, .. }
            | Self::Publishing { piece, .. }
            | Self::Proposed { piece, .. }
            | Self::Merged { piece, .. }
            | Self::Live { piece, .. } => Some(&piece.brief),
            Self::Parked { at, .. } => at.brief(),
            Self::Fetching
            | Self::Deduplicating { .. }
            | Self::Scoring { .. }
            | Self::Shortlisted { .. }
            | Self::Absorbed { .. }
            | Self::Gone { .. }
            | Self::Refused { .. }
            | Self::Duplicate { .. }
            | Self::Skipped { .. } => None,
        }
    }
}

/// Seconds after the transition at which the timers of waiting states fire. Settings of the site; they decide when, never
/// what, so that folding a journal needs none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// How long a lead may stay Shortlisted.
    pub shelf_life: i64,
    /// How long a page may wait for a person.
    pub review: i64,
    /// How often a proposal is looked at.
    pub watch_proposal: i64,
    /// How often a merged page is looked for.
    pub watch_live: i64,
    /// How long a worker stays awake after its last lease.
    pub linger: i64,
    /// How long an unreachable worker is left alone.
    pub cool_off: i64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            shelf_life: 5 * 86_400,
            review: 14 * 86_400,
            watch_proposal: 3_600,
            watch_live: 900,
            linger: 30,
            cool_off: 1_800,
        }
    }
}

/// When something happens, and the settings that say when its timers fire.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time of the event.
    pub at: Timestamp,
    /// The site's timers.
    pub timers: Timers,
}

//! What can happen to an article: one closed enum. Stored in the journal (see [`crate::stored`]).

use serde::{Deserialize, Serialize};

use crate::state::{Gated, Previous, Proposal, Relation, Score, SkipCause};
use crate::words::{ArticleId, BriefId, BytesHash, DraftId, PageIdentity, SnapshotId, StoryId, Verdict};

/// Something that happened to an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    // Births: how a journal begins.
    /// A lead was found.
    Found,
    /// A lead was found that the site does not work on; it is known from now on.
    Known {
        /// Why it is not worked.
        why: SkipCause,
    },
    /// A digest was made from its members by the selection.
    Composed {
        /// What it is written from.
        brief: BriefId,
    },

    // Outcomes of effects.
    /// The page was read.
    Fetched {
        /// Its snapshot.
        snapshot: SnapshotId,
    },
    /// The page is not there.
    PageGone {
        /// What the host said.
        why: String,
    },
    /// The page cannot be used.
    PageRefused {
        /// Why.
        why: String,
    },
    /// It was compared with what the site has seen.
    Compared {
        /// What it is about.
        story: StoryId,
        /// What that means.
        outcome: Comparison,
    },
    /// It was scored.
    Scored {
        /// The score.
        score: Score,
        /// The site's threshold at that time.
        threshold: u8,
        /// A person added it: the threshold does not count.
        forced: bool,
    },
    /// A draft was written.
    Drafted {
        /// The draft.
        draft: DraftId,
        /// Its slug and date.
        page: PageIdentity,
    },
    /// The gate has spoken.
    Gated {
        /// What it said.
        gated: Gated,
        /// All layers folded.
        verdict: Verdict,
        /// An earlier draft of the same brief that is nearer to passing than this one, where this one is to be revised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        better: Option<Previous>,
    },
    /// The branch is on the remote, and the pull request open where a forge is configured.
    Pushed {
        /// Where.
        proposal: Proposal,
    },
    /// A person merged it.
    ProposalMerged {
        /// The commit of the default branch that holds it.
        commit: String,
        /// Where the page is expected; `None` without a live URL configured.
        url: Option<String>,
    },
    /// A person closed it, or deleted its branch.
    ProposalClosed {
        /// What is known of why.
        why: String,
    },
    /// The page answers.
    LiveSeen,
    /// An effect's tries are used up.
    GaveUp {
        /// What went wrong the last time.
        cause: String,
    },

    // The run's selection.
    /// Chosen to be written on its own.
    Chosen {
        /// What it is written from.
        brief: BriefId,
    },
    /// Made part of a digest.
    TakenInto {
        /// The digest.
        digest: ArticleId,
    },
    /// The digest it was part of failed.
    Released,
    /// Something new of the same story was found.
    StoryGrew {
        /// The grown brief.
        brief: BriefId,
        /// What was found.
        by: ArticleId,
    },

    // Timers.
    /// The shelf life is over.
    ShelfLifeOver,
    /// The time to review is over.
    ReviewOver,

    // People.
    /// A person approved exactly these bytes.
    Approved {
        /// The bytes they saw.
        bytes: BytesHash,
        /// Who.
        by: String,
    },
    /// A person wants changes.
    ChangesAsked {
        /// Who.
        by: String,
        /// Which.
        note: String,
    },
    /// A person changed the draft.
    Edited {
        /// Who.
        by: String,
        /// The changed draft.
        draft: DraftId,
        /// Its slug and date.
        page: PageIdentity,
    },
    /// A person said no.
    RejectedBy {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A person sends a parked article back.
    RetryAsked {
        /// Who.
        by: String,
    },
    /// A person takes a settled article up again.
    Reopened {
        /// Who.
        by: String,
    },
}

/// What the comparison with the site's past means for an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Nothing like it, or only like what was passed over: it goes on.
    New,
    /// A later text of a source that told a story before, which is live or was passed over: it goes on.
    Update {
        /// That article.
        of: ArticleId,
    },
    /// It repeats a story that is in flight, rejected, declined, proposed or live.
    Repeats {
        /// The article it repeats.
        of: ArticleId,
        /// How.
        relation: Relation,
    },
}

impl Event {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Found => "Found",
            Self::Known { .. } => "Known",
            Self::Composed { .. } => "Composed",
            Self::Fetched { .. } => "Fetched",
            Self::PageGone { .. } => "PageGone",
            Self::PageRefused { .. } => "PageRefused",
            Self::Compared { .. } => "Compared",
            Self::Scored { .. } => "Scored",
            Self::Drafted { .. } => "Drafted",
            Self::Gated { .. } => "Gated",
            Self::Pushed { .. } => "Pushed",
            Self::ProposalMerged { .. } => "ProposalMerged",
            Self::ProposalClosed { .. } => "ProposalClosed",
            Self::LiveSeen => "LiveSeen",
            Self::GaveUp { .. } => "GaveUp",
            Self::Chosen { .. } => "Chosen",
            Self::TakenInto { .. } => "TakenInto",
            Self::Released => "Released",
            Self::StoryGrew { .. } => "StoryGrew",
            Self::ShelfLifeOver => "ShelfLifeOver",
            Self::ReviewOver => "ReviewOver",
            Self::Approved { .. } => "Approved",
            Self::ChangesAsked { .. } => "ChangesAsked",
            Self::Edited { .. } => "Edited",
            Self::RejectedBy { .. } => "RejectedBy",
            Self::RetryAsked { .. } => "RetryAsked",
            Self::Reopened { .. } => "Reopened",
        }
    }

    /// True for what a person does: where it does not fit, it is answered with the reason instead of being a bug.
    pub fn is_by_person(&self) -> bool {
        matches!(
            self,
            Self::Approved { .. }
                | Self::ChangesAsked { .. }
                | Self::Edited { .. }
                | Self::RejectedBy { .. }
                | Self::RetryAsked { .. }
                | Self::Reopened { .. }
        )
    }
}

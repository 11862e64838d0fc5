//! What an effect brings back.

use sources::{Fetched, Fingerprint};
use states::state::{Previous, Proposal, Score};
use states::words::{Draft, JudgeScore, PageFile, Report};
use states::worker::WorkerEvent;

use crate::store::Vector;

/// What became of an effect.
#[derive(Debug)]
pub enum Outcome {
    /// It was done.
    Done(Box<Done>),
    /// A watch saw no change; it looks again after this many seconds.
    NotYet {
        /// Seconds.
        after: i64,
    },
    /// It failed. Uses up a try.
    Failed {
        /// What went wrong.
        why: String,
        /// Trying again may help.
        retry: bool,
        /// Seconds that the other side asks for.
        retry_after: Option<i64>,
    },
    /// It waits for its turn: no try used up, no cause.
    Later {
        /// When it is its turn.
        until: states::words::Timestamp,
        /// What it waits for.
        why: String,
    },
    /// The world is at fault: held under a cause, no try used up.
    Deferred {
        /// The cause's name: the same for all that waits for the same.
        cause: String,
        /// What is wrong, and the next step.
        message: String,
        /// Seconds until the cause is looked at again; `None` for the usual.
        probe_after: Option<i64>,
    },
}

/// What was done.
#[derive(Debug)]
pub enum Done {
    /// The page was read.
    Fetched(Box<Fetched>),
    /// The page is not there.
    Gone(String),
    /// The page cannot be used.
    Refused(String),
    /// The snapshot was fingerprinted; the comparison is made where it is committed.
    Fingerprinted(Fingerprint),
    /// It was found out what the text means; the comparison is made where it is committed.
    Understood {
        /// The model that says so.
        model: String,
        /// What it says.
        vector: Vector,
    },
    /// The lead was scored.
    Scored(Score),
    /// A draft was written.
    Drafted {
        /// The draft.
        draft: Box<Draft>,
        /// The slug that its title would like.
        slug: String,
    },
    /// The gate has spoken.
    Gated {
        /// What it says.
        report: Box<Report>,
        /// The page's exact files.
        files: Vec<PageFile>,
        /// What the judge said, each time with the version of its prompt where one was used.
        samples: Vec<(JudgeScore, Option<u32>)>,
        /// The commit of the default branch it was built on.
        base: String,
        /// An earlier draft that is nearer to passing, where this one is to be revised.
        better: Option<Previous>,
    },
    /// The branch is on the remote.
    Pushed(Proposal),
    /// The proposal was merged.
    Merged {
        /// The commit of the default branch that holds it.
        commit: String,
        /// Where the page is expected.
        url: Option<String>,
    },
    /// The proposal was closed.
    Closed(String),
    /// The page answers.
    LiveSeen,
    /// The shelf life is over.
    ShelfLifeOver,
    /// The time to review is over.
    ReviewOver,
    /// Something happened to a worker.
    Worker(WorkerEvent),
    /// People were told.
    Told(String),
}

impl Outcome {
    /// It was done.
    pub fn done(done: Done) -> Self {
        Self::Done(Box::new(done))
    }

    /// It failed, and may not the next time.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), retry: true, retry_after: None }
    }

    /// It failed, and will every time.
    pub fn hopeless(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), retry: false, retry_after: None }
    }

    /// The world is at fault.
    pub fn deferred(cause: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Deferred { cause: cause.into(), message: message.into(), probe_after: None }
    }
}

impl From<crate::store::StoreError> for Outcome {
    /// What an effect could not read is not the article's fault.
    fn from(error: crate::store::StoreError) -> Self {
        match error {
            crate::store::StoreError::Full => Self::deferred("disk", error.to_string()),
            crate::store::StoreError::Busy => Self::deferred("database", error.to_string()),
            other => Self::hopeless(other.to_string()),
        }
    }
}

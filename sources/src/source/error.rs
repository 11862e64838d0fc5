//! Why a source could not be read.

use std::path::PathBuf;

use crate::door::{DoorError, Retry};

/// Why a poll gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The door gave no answer.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The answer was an error.
    #[error("{url} answered {status}: {next}")]
    Status {
        /// The address, without its query.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What can be done.
        next: String,
        /// Seconds to wait, where the source said so.
        after: Option<u64>,
    },
    /// The answer is not what the source is said to be.
    #[error("{url} is not a feed: {why}")]
    NotAFeed {
        /// The address, without its query.
        url: String,
        /// What it is instead, and the next step.
        why: String,
    },
    /// The answer of an interface is not what that interface gives, or the source is not set up for it.
    #[error("{url}: {why}")]
    Answer {
        /// The address, without its query.
        url: String,
        /// What is wrong, and the next step.
        why: String,
    },
    /// A selector is not one, or finds nothing.
    #[error("{url}: {why}")]
    Listing {
        /// The address, without its query.
        url: String,
        /// Which, and the next step.
        why: String,
    },
    /// The folder cannot be read.
    #[error("the folder {}: {why}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why, and the next step.
        why: String,
    },
}

impl SourceError {
    /// True where there is nothing at the address: 404, or 410.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Status { status: 404 | 410, .. })
    }

    /// True where the address says that it is gone for good (410).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status: 410, .. })
    }

    /// True where the source was not asked, because its host wants to be left alone.
    pub fn is_resting(&self) -> bool {
        matches!(self, Self::Door(DoorError::Resting { .. }))
    }

    /// Whether the poll is worth repeating before its next turn.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Door(error) => error.retry(),
            Self::Status { status: 408 | 425 | 429 | 500..=599, after, .. } => Retry::Later { after: *after },
            // GitHub says "too often" with a 403 and when to come back.
            Self::Status { status: 403, after: Some(after), .. } => Retry::Later { after: Some(*after) },
            Self::Status { .. }
            | Self::NotAFeed { .. }
            | Self::Answer { .. }
            | Self::Listing { .. }
            | Self::Folder { .. } => Retry::No,
        }
    }
}

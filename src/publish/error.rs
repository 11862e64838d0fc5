//! Why publishing did not come about, in classes that a caller acts on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use states::words::Timestamp;

/// When the other side says to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAt {
    /// After this long.
    After(Duration),
    /// Not before this time.
    At(Timestamp),
}

/// Why publishing did not come about. Messages hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PublishError {
    /// The other side did not answer, or asked for patience.
    #[error("{message}")]
    Unreachable {
        /// What happened.
        message: String,
        /// When it says to come back.
        retry_at: Option<RetryAt>,
    },
    /// The other side does not accept who we are, or we do not accept who it is.
    #[error("{0}")]
    Auth(String),
    /// This machine cannot keep the clone: a full disk, a folder that cannot be written.
    #[error("{0}")]
    Disk(String),
    /// What was asked for is not allowed, here or there. Trying again changes nothing.
    #[error("{0}")]
    Refused(String),
    /// Something that should not happen.
    #[error("{0}")]
    Bug(String),
}

impl PublishError {
    /// True when the same request may succeed later by itself.
    pub fn retry(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Auth(_) | Self::Disk(_) | Self::Refused(_) | Self::Bug(_) => false,
        }
    }

    /// The name of what is wrong with the world, where it is not the article's fault: the request is deferred under it.
    pub fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { .. } => Some("remote unreachable"),
            Self::Auth(_) => Some("remote credentials"),
            Self::Disk(_) => Some("disk"),
            Self::Refused(_) | Self::Bug(_) => None,
        }
    }

    /// When the other side says to come back.
    pub fn retry_at(&self) -> Option<RetryAt> {
        match self {
            Self::Unreachable { retry_at, .. } => *retry_at,
            Self::Auth(_) | Self::Disk(_) | Self::Refused(_) | Self::Bug(_) => None,
        }
    }

    pub(super) fn unreachable(message: impl Into<String>) -> Self {
        Self::Unreachable { message: message.into(), retry_at: None }
    }
}

/// What goes wrong below: an error for the caller, or a damaged clone, which is made anew once.
#[derive(Debug)]
pub(super) enum Trouble {
    Error(PublishError),
    Damage(String),
}

impl From<PublishError> for Trouble {
    fn from(error: PublishError) -> Self {
        Self::Error(error)
    }
}

/// An error of libgit2 on our own clone.
impl From<git2::Error> for Trouble {
    fn from(error: git2::Error) -> Self {
        use git2::ErrorClass as Class;
        let message = error.message().to_owned();
        match error.class() {
            Class::Os | Class::Filesystem | Class::NoMemory if error.code() != git2::ErrorCode::NotFound => {
                Self::Error(PublishError::Disk(format!("the local clone: {message}")))
            }
            _ => Self::Damage(message),
        }
    }
}

/// An error of libgit2 in an exchange with the remote.
pub(super) fn from_remote(error: &git2::Error, remote: &str) -> PublishError {
    use git2::{ErrorClass as Class, ErrorCode as Code};
    let message = error.message();
    let has = |text: &str| message.contains(text);
    match (error.code(), error.class()) {
        (Code::Auth, _) => PublishError::Auth(format!("{remote} did not accept the credentials: {message}")),
        (Code::Certificate, _) => PublishError::Auth(format!("{remote} is not who it should be: {message}")),
        (Code::Owner, _) => PublishError::Auth(format!(
            "{remote} belongs to another user of this machine: run as that user, or add it to git's safe.directory"
        )),
        (_, Class::Http) if has("401") || has("403") || has("replays") => {
            PublishError::Auth(format!("{remote} did not accept the credentials: {message}"))
        }
        (_, Class::Http) if has("404") => {
            PublishError::Auth(format!("{remote} is not there, or not visible with these credentials: {message}"))
        }
        (_, Class::Http) if has("30") && has("status code") => PublishError::Refused(format!(
            "{remote} has moved ({message}): write its new address into the configuration"
        )),
        (_, Class::Callback) => PublishError::Auth(format!("{remote}: {message}")),
        (Code::NotFastForward, _) => PublishError::Refused(format!("{remote} moved meanwhile: {message}")),
        (Code::Exists, _) => PublishError::Refused(format!("{remote}: {message}")),
        _ => PublishError::unreachable(format!("{remote} cannot be reached: {message}")),
    }
}

//! What can go wrong at the door, and whether it is worth trying again.

use serde::{Deserialize, Serialize};
use url::Url;

/// Why there is no answer. Messages show URLs without their queries, since these may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DoorError {
    /// The door itself cannot be made: the configuration or the machine is at fault.
    #[error("the HTTP client cannot be set up: {why}")]
    Setup {
        /// What is wrong.
        why: String,
    },
    /// Not a URL that could be asked.
    #[error("`{url}` is not a usable URL: {why}")]
    BadUrl {
        /// The URL, without its query.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// A URL that may not be asked: its scheme, its port, its credentials or its address.
    #[error("{url} is refused: {why}")]
    Refused {
        /// The URL, without its query.
        url: String,
        /// Which rule refuses it.
        why: String,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects {why}")]
    Redirect {
        /// The URL that was asked, without its query.
        url: String,
        /// Where to, and why not.
        why: String,
    },
    /// No connection: no such name, nobody there, no agreement on TLS.
    #[error("{url} cannot be reached: {why}")]
    Unreachable {
        /// The URL, without its query.
        url: String,
        /// What happened.
        why: String,
    },
    /// The whole request took too long.
    #[error("{url} did not answer in full within {seconds} s")]
    Timeout {
        /// The URL, without its query.
        url: String,
        /// The limit.
        seconds: u64,
    },
    /// The answer broke off or cannot be decompressed.
    #[error("the answer of {url} is broken: {why}")]
    Broken {
        /// The URL, without its query.
        url: String,
        /// What happened.
        why: String,
    },
    /// The body is larger than is allowed.
    #[error("{url} is larger than {limit} bytes; raise `max_bytes` if it should be read")]
    TooLarge {
        /// The URL, without its query.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// The host does not want this program to read it.
    #[error("{url} is closed to programs: {why}")]
    Disallowed {
        /// The URL, without its query.
        url: String,
        /// Which of its rules says so.
        why: String,
    },
    /// The host wants to be left alone for a while; it was not asked.
    #[error("{host} is left alone for {seconds} s: {why}")]
    Resting {
        /// The host.
        host: String,
        /// Why.
        why: String,
        /// How much longer.
        seconds: u64,
    },
}

/// Whether something is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would go the same way.
    No,
    /// Later, and not before `after` seconds where the other side said so.
    Later {
        /// Seconds to wait.
        after: Option<u64>,
    },
}

impl DoorError {
    /// Whether the request is worth repeating.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Setup { .. }
            | Self::BadUrl { .. }
            | Self::Refused { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. }
            | Self::Disallowed { .. } => Retry::No,
            Self::Resting { seconds, .. } => Retry::Later { after: Some(*seconds) },
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Broken { .. } => Retry::Later { after: None },
        }
    }
}

/// What the resolver answers for a name that leads to a private address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` leads to {address}, which is not a public address")]
pub(super) struct Blocked {
    pub(super) name: String,
    pub(super) address: std::net::IpAddr,
}

/// A URL as it may stand in a message: without credentials, query and fragment, on one line, and not too long.
pub(crate) fn shown(url: &str) -> String {
    let text = match Url::parse(url.trim()) {
        Ok(mut parsed) => {
            let query = parsed.query().is_some();
            parsed.set_query(None);
            parsed.set_fragment(None);
            // Fails only for URLs that cannot have credentials.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            if query { format!("{parsed}?…") } else { parsed.to_string() }
        }
        Err(_) => {
            let cut = url.split(['?', '#']).next().unwrap_or_default();
            cut.rsplit('@').next().unwrap_or_default().to_owned()
        }
    };
    let mut clean: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    if clean.chars().count() < text.chars().count() {
        clean.push('…');
    }
    clean
}

//! Publishing: a page as one commit on a branch of its own, pushed and proposed. Never the default branch, never by
//! force, never over a person's commit.
//!
//! [`SiteRepo`] is the site's repository by libgit2; [`Forge`] is the pull request at GitHub or Forgejo. Both take plain
//! values and return outcomes; whether to try again stands in [`PublishError::retry`].

mod options;
pub use options::{Credentials, ForgeKind, ForgeOptions, RepoOptions};

mod error;
pub use error::{PublishError, RetryAt};

mod branch;

mod repo;
pub use repo::SiteRepo;

mod copy;

mod seed;
pub use seed::seed;

mod export;
pub use export::{Exported, write_beside};

mod pages;
pub use pages::{SitePageText, blob_at, blob_id};

mod commit;
pub use commit::NewCommit;

mod push;
pub use push::PushOutcome;

mod state;
pub use state::{ProposalState, Trace};

mod forge;
pub use forge::{Forge, ForgeState, Proposal};
pub use secrecy::SecretString;

mod answer;
mod remote;

mod body;
pub use body::{Cost, PullRequest, pull_request_body, pull_request_title};

pub mod neutral;

#[cfg(test)]
mod tests;

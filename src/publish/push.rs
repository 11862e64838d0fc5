//! Pushing a branch: created, or moved forward from our own last head, and never otherwise.

use std::cell::RefCell;

use git2::{Direction, Oid, PushOptions, Repository};
use serde::{Deserialize, Serialize};

use super::PublishError;
use super::error::{Trouble, from_remote};
use super::neutral::plain_line;
use super::remote::{Access, Heads, branches};
use super::{branch, remote};

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushOutcome {
    /// The branch is at the commit now, by this push. The branch is the one that was found under the article's id.
    Pushed {
        /// Its name.
        branch: String,
    },
    /// The branch was at the commit already: an earlier push arrived, though its answer did not.
    AlreadyThere {
        /// Its name.
        branch: String,
    },
    /// Somebody moved the branch. Nothing was pushed.
    MovedByPerson {
        /// Its name.
        branch: String,
        /// Where it is now.
        head: String,
    },
    /// We pushed the branch before, and somebody removed it. Nothing was pushed.
    Removed,
    /// The remote said no: a hook, a protected branch.
    Declined {
        /// In its words, on one line.
        reason: String,
    },
}

pub(super) fn push(
    access: &Access<'_>,
    repo: &Repository,
    heads: &Heads,
    wanted: &str,
    oid: Oid,
    expected: Option<Oid>,
) -> Result<PushOutcome, Trouble> {
    let configured = access.options.branch.as_deref();
    if !branch::is_ours(wanted) || wanted == heads.default || Some(wanted) == configured {
        let why = format!("`{}` is not a branch of ours: nothing is pushed to it", wanted.escape_debug());
        return Err(PublishError::Refused(why).into());
    }
    if repo.find_commit(oid).is_err() {
        // The clone was made anew since the commit was built; building it again gives the same one.
        let why = format!("commit {oid} is not in the clone, which was made anew: build it again");
        return Err(PublishError::unreachable(why).into());
    }
    let remote_error = |error: &git2::Error| Trouble::from(from_remote(error, &access.shown()));
    let mut remote = repo.remote_anonymous(&access.options.remote).map_err(|e| remote_error(&e))?;
    let mut connection =
        remote.connect_auth(Direction::Push, Some(access.callbacks()), None).map_err(|e| remote_error(&e))?;
    // What this connection advertises is what the server compares with when it moves the branch.
    let now = branches(connection.list().map_err(|e| remote_error(&e))?);
    let id = branch::short_id(wanted);
    let found = now.get_key_value(wanted).or_else(|| now.iter().find(|(name, _)| branch::short_id(name) == id));
    let (branch, from) = match found {
        Some((name, head)) => (name.clone(), Some(*head)),
        None => (wanted.to_owned(), None),
    };
    match (from, expected) {
        (Some(head), _) if head == oid => return Ok(PushOutcome::AlreadyThere { branch }),
        (Some(head), Some(ours)) if head == ours => {
            if !repo.graph_descendant_of(oid, head)? {
                return Err(PublishError::Bug(format!("{oid} does not follow our last commit {head}")).into());
            }
        }
        (Some(head), _) => return Ok(PushOutcome::MovedByPerson { branch, head: head.to_string() }),
        (None, Some(_)) => return Ok(PushOutcome::Removed),
        (None, None) => {}
    }
    let declined = RefCell::new(None);
    let moved = RefCell::new(None);
    let result = {
        let mut callbacks = access.callbacks();
        callbacks.push_update_reference(|_, status| {
            if let Some(status) = status {
                *declined.borrow_mut() = Some(plain_line(status, 300));
            }
            Ok(())
        });
        callbacks.push_negotiation(|updates| {
            let before = |update: &git2::PushUpdate<'_>| Some(update.src()).filter(|oid| !oid.is_zero());
            match updates.iter().find(|update| before(update) != from) {
                None => Ok(()),
                Some(update) => {
                    *moved.borrow_mut() = Some(update.src());
                    Err(git2::Error::from_str("the branch moved"))
                }
            }
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks).follow_redirects(git2::RemoteRedirect::None);
        // No `+` in front: never by force.
        connection.remote().push(&[format!("{oid}:refs/heads/{branch}")], Some(&mut options))
    };
    if let Some(head) = moved.into_inner() {
        return Ok(PushOutcome::MovedByPerson { branch, head: head.to_string() });
    }
    if let Some(reason) = declined.into_inner() {
        return Ok(PushOutcome::Declined { reason });
    }
    match result {
        Ok(()) => Ok(PushOutcome::Pushed { branch }),
        Err(error) if error.code() == git2::ErrorCode::NotFastForward => {
            let reason = format!("{} moved the branch meanwhile", remote::shown(&access.options.remote));
            Ok(PushOutcome::Declined { reason })
        }
        Err(error) => Err(remote_error(&error)),
    }
}

//! What became of a proposal, read from the repository alone.

use git2::{Commit, Oid, Repository, Sort};
use serde::{Deserialize, Serialize};
use states::words::{ArticleId, StoryId, Timestamp};

use super::branch;
use super::commit::{ARTICLE, STORY, trailer};
use super::error::Trouble;
use super::remote::Heads;

/// How far back a merge is looked for, in commits of the default branch.
const LOOK_BACK: usize = 5000;

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// The branch is as we left it.
    Open,
    /// A person changed the branch.
    Edited {
        /// Its head now.
        head: String,
    },
    /// The page is on the default branch.
    Merged {
        /// The commit of the default branch that brought it.
        commit: String,
    },
    /// The branch was removed, and the page is not on the default branch.
    Gone,
}

/// An article that the repository knows by a commit's trailers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The branch of ours it stands on; `None` on the default branch.
    pub branch: Option<String>,
    /// The commit.
    pub commit: String,
    /// The article.
    pub article: ArticleId,
    /// Its story, where the commit names one.
    pub story: Option<StoryId>,
    /// When it was committed.
    pub at: Timestamp,
    /// The paths that the commit changed, sorted.
    pub paths: Vec<String>,
}

pub(super) fn state_of(repo: &Repository, heads: &Heads, name: &str, head: Oid) -> Result<ProposalState, Trouble> {
    let default = heads.branches[&heads.default];
    let now = heads.branches.get(name).copied();
    // The clone may have been made anew after the branch was removed: then our own head is not in it.
    let ours = repo.find_commit(head).ok();
    for tip in [ours.as_ref().map(Commit::id), now].into_iter().flatten() {
        if tip == default || repo.graph_descendant_of(default, tip)? {
            let commit = brought_by(repo, default, |commit| {
                Ok(commit.id() == tip || repo.graph_descendant_of(commit.id(), tip)?)
            })?;
            return Ok(ProposalState::Merged { commit: commit.unwrap_or(tip).to_string() });
        }
        if let Some(commit) = squashed(repo, default, tip)? {
            return Ok(ProposalState::Merged { commit: commit.to_string() });
        }
    }
    if let Some(id) = branch::short_id(name)
        && let Some(commit) = by_trailer(repo, default, id)?
    {
        return Ok(ProposalState::Merged { commit: commit.to_string() });
    }
    Ok(match now {
        Some(now) if now == head => ProposalState::Open,
        Some(now) => ProposalState::Edited { head: now.to_string() },
        None => ProposalState::Gone,
    })
}

/// The oldest commit on the default branch's own line for which something holds that holds for all younger ones.
fn brought_by(
    repo: &Repository,
    default: Oid,
    holds: impl Fn(&Commit<'_>) -> Result<bool, Trouble>,
) -> Result<Option<Oid>, Trouble> {
    let mut found = None;
    let mut at = repo.find_commit(default)?;
    for _ in 0..LOOK_BACK {
        if !holds(&at)? {
            break;
        }
        found = Some(at.id());
        let Ok(parent) = at.parent(0) else { break };
        at = parent;
    }
    Ok(found)
}

/// A squashed or rebased merge: the files that the branch changed stand on the default branch with the same bytes.
fn squashed(repo: &Repository, default: Oid, tip: Oid) -> Result<Option<Oid>, Trouble> {
    let Ok(fork) = repo.merge_base(default, tip) else { return Ok(None) };
    let (before, after) = (repo.find_commit(fork)?.tree()?, repo.find_commit(tip)?.tree()?);
    let diff = repo.diff_tree_to_tree(Some(&before), Some(&after), None)?;
    let files: Vec<(std::path::PathBuf, Oid)> = diff
        .deltas()
        .filter(|delta| !delta.new_file().id().is_zero())
        .filter_map(|delta| Some((delta.new_file().path()?.to_owned(), delta.new_file().id())))
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    brought_by(repo, default, |commit| {
        let tree = commit.tree()?;
        Ok(files.iter().all(|(path, blob)| tree.get_path(path).is_ok_and(|entry| entry.id() == *blob)))
    })
}

/// A merge after edits: forges keep the trailers in the message of a squashed commit.
fn by_trailer(repo: &Repository, default: Oid, short: &str) -> Result<Option<Oid>, Trouble> {
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
    walk.push(default)?;
    for oid in walk.take(LOOK_BACK) {
        let commit = repo.find_commit(oid?)?;
        if commit.message().ok().and_then(|m| trailer(m, ARTICLE)).is_some_and(|id| id.starts_with(short)) {
            return Ok(Some(commit.id()));
        }
    }
    Ok(None)
}

pub(super) fn traces(repo: &Repository, heads: &Heads, limit: usize) -> Result<Vec<Trace>, Trouble> {
    let default = heads.branches[&heads.default];
    let mut found = Vec::new();
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
    walk.push(default)?;
    for oid in walk.take(limit) {
        found.extend(trace(repo, &repo.find_commit(oid?)?, None)?);
    }
    for (name, head) in heads.branches.iter().filter(|(name, _)| branch::is_ours(name)) {
        let mut walk = repo.revwalk()?;
        walk.push(*head)?;
        walk.hide(default)?;
        for oid in walk.take(100) {
            found.extend(trace(repo, &repo.find_commit(oid?)?, Some(name))?);
        }
    }
    Ok(found)
}

fn trace(repo: &Repository, commit: &Commit<'_>, branch: Option<&str>) -> Result<Option<Trace>, Trouble> {
    let Ok(message) = commit.message() else { return Ok(None) };
    let Some(article) = trailer(message, ARTICLE).and_then(|id| id.parse().ok()) else { return Ok(None) };
    let before = commit.parent(0).ok().map(|parent| parent.tree()).transpose()?;
    let diff = repo.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
    let path = |delta: git2::DiffDelta<'_>| Some(delta.new_file().path()?.to_str()?.to_owned());
    let mut paths: Vec<String> = diff.deltas().filter_map(path).collect();
    paths.sort();
    Ok(Some(Trace {
        branch: branch.map(str::to_owned),
        commit: commit.id().to_string(),
        article,
        story: trailer(message, STORY).and_then(|id| id.parse().ok()),
        at: Timestamp::from_second(commit.time().seconds()).unwrap_or(Timestamp::UNIX_EPOCH),
        paths,
    }))
}

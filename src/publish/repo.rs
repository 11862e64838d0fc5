//! A site's repository: a bare, disposable clone, and one exchange at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use git2::{Oid, Repository};
use secrecy::SecretString;
use states::words::{ArticleId, PageFile};

use super::commit::{self, NewCommit};
use super::copy;
use super::error::Trouble;
use super::export::{self, Exported};
use super::pages::{self, SitePageText};
use super::push::{self, PushOutcome};
use super::remote::{self, Access, Heads};
use super::state::{self, ProposalState, Trace};
use super::{PublishError, RepoOptions, branch};

/// The file that marks a folder as a clone of ours, which may be removed.
const MARK: &str = "pipeline-clone";

/// A site's repository. Clones share one clone folder, in which one exchange runs at a time.
#[derive(Clone)]
pub struct SiteRepo {
    inner: Arc<Inner>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct Inner {
    options: RepoOptions,
    secret: Option<SecretString>,
}

impl std::fmt::Debug for SiteRepo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteRepo").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

/// Removes the lock files that a process which was killed has left in the clone. The clone has one user at a time, so that a
/// lock found at opening is nobody's; git allows no ref whose name ends like one.
fn sweep_locks(clone: &Path) {
    if !clone.join("objects").is_dir() {
        return;
    }
    let mut folders = vec![clone.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() && entry.path().extension().is_some_and(|e| e == "lock") => {
                    // One that cannot be removed shows itself as the error it causes.
                    let _ = std::fs::remove_file(entry.path());
                }
                _ => {}
            }
        }
    }
}

impl SiteRepo {
    /// Clones the repository, or fetches what is new in it. `secret` is the token or the key's passphrase.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn open(options: RepoOptions, secret: Option<SecretString>) -> Result<Self, PublishError> {
        remote::check(&options)?;
        if options.clone_dir.as_os_str().is_empty() {
            return Err(PublishError::Bug("a clone needs a folder".into()));
        }
        let clone = options.clone_dir.clone();
        let _ = tokio::task::spawn_blocking(move || sweep_locks(&clone)).await;
        let repo = Self { inner: Arc::new(Inner { options, secret }), turn: Arc::default() };
        repo.with(|_, _| Ok(())).await?;
        Ok(repo)
    }

    /// The name of the default branch on the remote, now.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn default_branch(&self) -> Result<String, PublishError> {
        self.with(|_, heads| Ok(heads.default.clone())).await
    }

    /// The commit at the head of the remote's default branch, now.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn base(&self) -> Result<String, PublishError> {
        self.with(|_, heads| Ok(heads.branches[&heads.default].to_string())).await
    }

    /// Writes the tree of a commit into a folder, which must be empty or not there.
    ///
    /// # Errors
    /// See [`PublishError`]; [`PublishError::Refused`] for a folder that holds something.
    pub async fn export(&self, oid: &str, dir: &Path) -> Result<Exported, PublishError> {
        let (oid, dir) = (parse(oid)?, dir.to_owned());
        self.with(move |repo, _| export::export(repo, find_commit(repo, oid)?.tree()?, &dir)).await
    }

    /// Copies the repository as it stands to a bare one at `to`. One that is there already keeps its branches and gets the
    /// commit `base` besides.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn copy_to(&self, to: &Path, base: &str) -> Result<(), PublishError> {
        let (to, base) = (to.to_owned(), parse(base)?);
        self.with(move |repo, heads| copy::copy(repo, heads, &to, base)).await
    }

    /// The Markdown pages below `folder` at a commit whose bytes are not those that `known` names by their path.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn pages(
        &self,
        oid: &str,
        folder: &str,
        known: BTreeMap<String, String>,
    ) -> Result<Vec<SitePageText>, PublishError> {
        let (oid, folder) = (parse(oid)?, folder.trim_matches('/').to_owned());
        self.with(move |repo, _| pages::pages(repo, &find_commit(repo, oid)?.tree()?, &folder, &known)).await
    }

    /// Builds a commit in the local clone. The same values give the same commit.
    ///
    /// # Errors
    /// [`PublishError::Refused`] for a path that leads elsewhere, or a file that stands there already and is not to be
    /// updated.
    pub async fn build_commit(&self, new: NewCommit) -> Result<String, PublishError> {
        let base = parse(&new.base)?;
        self.with(move |repo, _| commit::build(repo, &find_commit(repo, base)?, &new)).await.map(|oid| oid.to_string())
    }

    /// Pushes a commit to a branch of ours: creates it, or moves it forward from `expected`, our own last head.
    ///
    /// # Errors
    /// See [`PublishError`]; [`PublishError::Refused`] for the default branch and for names that are not ours.
    pub async fn push(&self, branch: &str, oid: &str, expected: Option<&str>) -> Result<PushOutcome, PublishError> {
        let (branch, oid, expected) = (branch.to_owned(), parse(oid)?, expected.map(parse).transpose()?);
        let inner = self.inner.clone();
        self.with(move |repo, heads| push::push(&inner.access(), repo, heads, &branch, oid, expected)).await
    }

    /// The branch of an article on the remote with its head, found by the end of its name.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn find_branch(&self, article: &ArticleId) -> Result<Option<(String, String)>, PublishError> {
        let short = article.short().to_owned();
        self.with(move |_, heads| {
            let mut ours = heads.branches.iter().filter(|(name, _)| branch::short_id(name) == Some(&short));
            Ok(ours.next().map(|(name, oid)| (name.clone(), oid.to_string())))
        })
        .await
    }

    /// What became of a proposal whose branch we last left at `head`.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn state_of(&self, branch: &str, head: &str) -> Result<ProposalState, PublishError> {
        let (branch, head) = (branch.to_owned(), parse(head)?);
        self.with(move |repo, heads| state::state_of(repo, heads, &branch, head)).await
    }

    /// The articles that the repository knows by the trailers of its commits: the default branch's last `limit` commits,
    /// and every branch of ours.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn traces(&self, limit: usize) -> Result<Vec<Trace>, PublishError> {
        self.with(move |repo, heads| state::traces(repo, heads, limit)).await
    }

    /// The text of a file at a commit; `None` where there is none.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn file_at(&self, oid: &str, path: &str) -> Result<Option<PageFile>, PublishError> {
        let (oid, path) = (parse(oid)?, path.to_owned());
        self.with(move |repo, _| {
            let tree = find_commit(repo, oid)?.tree()?;
            let Ok(entry) = tree.get_path(Path::new(&path)) else { return Ok(None) };
            let Ok(blob) = entry.to_object(repo)?.into_blob() else { return Ok(None) };
            Ok(std::str::from_utf8(blob.content())
                .ok()
                .map(|text| PageFile { path: path.clone(), text: text.to_owned() }))
        })
        .await
    }

    /// Fetches, then does `work` on the clone, in a thread where it may block. A clone that turns out to be damaged is
    /// made anew once.
    async fn with<T, F>(&self, work: F) -> Result<T, PublishError>
    where
        T: Send + 'static,
        F: Fn(&Repository, &Heads) -> Result<T, Trouble> + Send + 'static,
    {
        let inner = self.inner.clone();
        let within = Duration::from_secs(inner.options.timeout_secs.max(1)) + Duration::from_secs(30);
        let shown = remote::shown(&inner.options.remote);
        let late = || PublishError::unreachable(format!("{shown} did not answer within {within:?}"));
        let turn = tokio::time::timeout(within, self.turn.clone().lock_owned()).await.map_err(|_| late())?;
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            inner.attempt(&work).or_else(|trouble| match trouble {
                Trouble::Error(error) => Err(error),
                Trouble::Damage(_) => {
                    inner.remove()?;
                    inner.attempt(&work).map_err(|trouble| match trouble {
                        Trouble::Error(error) => error,
                        Trouble::Damage(why) => PublishError::Bug(format!("a clone made anew does not help: {why}")),
                    })
                }
            })
        });
        match tokio::time::timeout(within, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(PublishError::Bug(format!("git work ended early: {panic}"))),
            Err(_) => Err(late()),
        }
    }
}

impl Inner {
    fn access(&self) -> Access<'_> {
        Access { options: &self.options, secret: self.secret.as_ref() }
    }

    fn attempt<T>(&self, work: &impl Fn(&Repository, &Heads) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let repo = self.clone_folder()?;
        let heads = self.access().fetch(&repo)?;
        work(&repo, &heads)
    }

    /// Opens the clone, or begins an empty one.
    fn clone_folder(&self) -> Result<Repository, Trouble> {
        let dir = &self.options.clone_dir;
        let disk = |why: std::io::Error| PublishError::Disk(format!("{}: {why}", dir.display()));
        let mark = dir.join(MARK);
        if mark.is_file() {
            return match std::fs::read_to_string(&mark) {
                Ok(remote) if remote == self.options.remote => Ok(Repository::open_bare(dir)?),
                _ => Err(Trouble::Damage("the clone is of another remote".into())),
            };
        }
        let empty = match std::fs::read_dir(dir) {
            Ok(mut entries) => entries.next().is_none(),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => true,
            Err(why) => return Err(disk(why).into()),
        };
        if !empty {
            let why = format!("{} holds something that is not a clone of ours: choose another folder", dir.display());
            return Err(PublishError::Refused(why).into());
        }
        std::fs::create_dir_all(dir).map_err(disk)?;
        std::fs::write(&mark, &self.options.remote).map_err(disk)?;
        Ok(Repository::init_opts(dir, git2::RepositoryInitOptions::new().bare(true).external_template(false))?)
    }

    /// Removes the clone, which only a folder with our mark is.
    fn remove(&self) -> Result<(), PublishError> {
        let dir: &PathBuf = &self.options.clone_dir;
        if !dir.join(MARK).is_file() {
            return Err(PublishError::Refused(format!("{} is not a clone of ours: remove it yourself", dir.display())));
        }
        std::fs::remove_dir_all(dir).map_err(|why| PublishError::Disk(format!("{}: {why}", dir.display())))
    }
}

/// A commit id as the caller keeps it.
fn parse(oid: &str) -> Result<Oid, PublishError> {
    Oid::from_str(oid).map_err(|_| PublishError::Bug(format!("`{}` is not a commit", oid.escape_debug())))
}

/// A commit that must be in the clone. One that is not may be missing from a clone that was cut short.
fn find_commit(repo: &Repository, oid: Oid) -> Result<git2::Commit<'_>, Trouble> {
    repo.find_commit(oid).map_err(|why| Trouble::Damage(format!("commit {oid}: {}", why.message())))
}

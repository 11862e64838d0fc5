//! A copy of a site's repository as it stood when a run was recorded: what a replay takes for the remote.

use std::path::Path;

use git2::{Oid, Repository, RepositoryInitOptions};

use super::PublishError;
use super::error::Trouble;
use super::remote::Heads;

/// Copies every branch of the clone into a bare repository at `to`. One that is there keeps its branches, and gets the commit
/// `base` besides where it does not have it.
pub(super) fn copy(repo: &Repository, heads: &Heads, to: &Path, base: Oid) -> Result<(), Trouble> {
    let disk = |why: std::io::Error| Trouble::from(PublishError::Disk(format!("{}: {why}", to.display())));
    let ours = repo.path().to_string_lossy().into_owned();
    if to.exists() {
        let copy = Repository::open_bare(to)?;
        if copy.find_commit(base).is_err() {
            let default = &heads.default;
            let spec = format!("+refs/remotes/origin/{default}:refs/recorded/{base}");
            copy.remote_anonymous(&ours)?.fetch(&[&spec], None, None)?;
        }
        return Ok(());
    }
    let parent = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(disk)?;
    // Made beside its place, so that a half-made one is never taken for a site.
    let making = tempfile::Builder::new().prefix("copy-").tempdir_in(parent).map_err(disk)?;
    let bare = making.path().join("site.git");
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).initial_head(&heads.default);
    let copy = Repository::init_opts(&bare, &options)?;
    copy.remote_anonymous(&ours)?.fetch(&["+refs/remotes/origin/*:refs/heads/*"], None, None)?;
    let _ = std::fs::remove_file(bare.join("FETCH_HEAD"));
    drop(copy);
    std::fs::rename(&bare, to).map_err(disk)
}

//! A bare repository made from a folder: the remote of a site that has none yet.

use std::path::Path;

use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature, Time};
use states::words::Timestamp;

use super::PublishError;

/// Makes `remote` as a bare repository with one commit of `folder` on `main`, unless something is there already. It is made
/// beside its place and moved there, so that a half-made one is never taken for a site.
///
/// # Errors
/// [`PublishError::Disk`] when it cannot be made, [`PublishError::Refused`] when the folder is missing.
pub async fn seed(remote: &Path, folder: &Path, author: (String, String), at: Timestamp) -> Result<(), PublishError> {
    if remote.exists() {
        return Ok(());
    }
    if !folder.is_dir() {
        return Err(PublishError::Refused(format!("the seed {} is not a folder", folder.display())));
    }
    let (remote, folder) = (remote.to_owned(), folder.to_owned());
    let made = tokio::task::spawn_blocking(move || make(&remote, &folder, &author, at)).await;
    made.map_err(|e| PublishError::Bug(e.to_string()))?
        .map_err(|e| PublishError::Disk(format!("the repository cannot be made from its seed: {e}")))
}

fn make(
    remote: &Path,
    folder: &Path,
    author: &(String, String),
    at: Timestamp,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let parent = remote.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let making = tempfile::Builder::new().prefix("seed-").tempdir_in(parent)?;
    let bare = making.path().join("site.git");
    let mut options = RepositoryInitOptions::new();
    options.bare(true).initial_head("main");
    Repository::init_opts(&bare, &options)?;
    // A second view of the repository with the folder as its work tree: for adding files only.
    let repo = Repository::open(&bare)?;
    repo.set_workdir(folder, false)?;
    let mut index = repo.index()?;
    index.add_all(["*"], IndexAddOption::DEFAULT, Some(&mut |path: &Path, _: &[u8]| i32::from(is_built(path))))?;
    let tree = repo.find_tree(index.write_tree()?)?;
    let who = Signature::new(&author.0, &author.1, &Time::new(at.as_second(), 0))?;
    repo.commit(Some("refs/heads/main"), &who, &who, "The site", &tree, &[])?;
    let _ = std::fs::remove_file(bare.join("index"));
    match std::fs::rename(&bare, remote) {
        // Somebody else was faster; theirs is as good.
        Err(_) if remote.exists() => Ok(()),
        other => Ok(other?),
    }
}

/// What Hugo makes is not part of the site.
fn is_built(path: &Path) -> bool {
    let first = path.components().next().map(|c| c.as_os_str().to_owned());
    first.is_some_and(|name| name == "public" || name == "resources" || name == ".hugo_build.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_seed_becomes_a_bare_repository_once() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("site");
        std::fs::create_dir_all(folder.join("content")).unwrap();
        std::fs::create_dir_all(folder.join("public")).unwrap();
        std::fs::write(folder.join("content/a.md"), "a").unwrap();
        std::fs::write(folder.join("public/index.html"), "built").unwrap();
        let remote = root.path().join("var/site.git");
        let author = ("A".to_owned(), "a@example.org".to_owned());
        for _ in 0..2 {
            seed(&remote, &folder, author.clone(), Timestamp::UNIX_EPOCH).await.unwrap();
        }
        let repo = Repository::open_bare(&remote).unwrap();
        assert!(repo.is_bare());
        let tree = repo.head().unwrap().peel_to_tree().unwrap();
        assert!(tree.get_path(Path::new("content/a.md")).is_ok());
        assert!(tree.get_path(Path::new("public/index.html")).is_err());
        assert_eq!(std::fs::read_dir(root.path().join("var")).unwrap().count(), 1);
    }
}

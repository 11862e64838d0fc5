//! What the tests of publishing share.

use std::path::{Path, PathBuf};

use git2::{Oid, Repository, Signature, Time};
use states::words::{ArticleId, PageFile, StoryId};
use tempfile::TempDir;

use super::super::*;

pub(super) const BRANCH: &str = "draft/2026-03-01-quarry-01234567";

/// A bare remote with one commit on `main`, and a folder for our clone.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) remote: PathBuf,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let remote = folder.path().join("site.git");
        let mut options = git2::RepositoryInitOptions::new();
        Repository::init_opts(&remote, options.bare(true).initial_head("main")).unwrap();
        let world = Self { folder, remote };
        world.person("main", &[("hugo.toml", "title = 'x'\n"), ("content/posts/old/index.md", "old\n")]);
        world
    }

    pub(super) fn bare(&self) -> Repository {
        Repository::open_bare(&self.remote).unwrap()
    }

    pub(super) fn options(&self) -> RepoOptions {
        RepoOptions {
            remote: self.remote.to_str().unwrap().to_owned(),
            clone_dir: self.folder.path().join("clone"),
            timeout_secs: 20,
            ..RepoOptions::default()
        }
    }

    pub(super) async fn open(&self) -> SiteRepo {
        SiteRepo::open(self.options(), None).await.unwrap()
    }

    /// A person's commit on a branch: files written over what is there.
    pub(super) fn person(&self, branch: &str, files: &[(&str, &str)]) -> Oid {
        let repo = self.bare();
        let name = format!("refs/heads/{branch}");
        let parent = repo.find_reference(&name).ok().map(|r| r.peel_to_commit().unwrap());
        let empty = repo.find_tree(repo.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let tree = parent.as_ref().map_or(empty, |p| p.tree().unwrap());
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, text) in files {
            update.upsert(*path, repo.blob(text.as_bytes()).unwrap(), git2::FileMode::Blob);
        }
        let tree = repo.find_tree(update.create_updated(&repo, &tree).unwrap()).unwrap();
        self.commit(branch, &tree, &parent.iter().collect::<Vec<_>>(), "by hand")
    }

    pub(super) fn commit(
        &self,
        branch: &str,
        tree: &git2::Tree<'_>,
        parents: &[&git2::Commit<'_>],
        message: &str,
    ) -> Oid {
        let repo = self.bare();
        let tree = repo.find_tree(tree.id()).unwrap();
        let parents: Vec<git2::Commit<'_>> = parents.iter().map(|p| repo.find_commit(p.id()).unwrap()).collect();
        let person = Signature::new("Ada", "ada@a.example", &Time::new(1_772_000_000, 0)).unwrap();
        let oid = repo.commit(None, &person, &person, message, &tree, &parents.iter().collect::<Vec<_>>()).unwrap();
        repo.reference(&format!("refs/heads/{branch}"), oid, true, "").unwrap();
        oid
    }

    pub(super) fn head(&self, branch: &str) -> Option<String> {
        let repo = self.bare();
        let reference = repo.find_reference(&format!("refs/heads/{branch}")).ok()?;
        Some(reference.peel_to_commit().unwrap().id().to_string())
    }

    pub(super) fn branches(&self) -> Vec<String> {
        let repo = self.bare();
        let mut names: Vec<String> =
            repo.branches(None).unwrap().map(|b| b.unwrap().0.name().unwrap().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

pub(super) fn article() -> ArticleId {
    "0123456789abcdef0123456789abcdef".parse().unwrap()
}

pub(super) fn page(path: &str, text: &str) -> PageFile {
    PageFile { path: path.into(), text: text.into() }
}

pub(super) fn new_commit(base: &str, text: &str) -> NewCommit {
    NewCommit {
        base: base.to_owned(),
        files: vec![page("content/posts/quarry/index.md", text), page("content/posts/quarry/evidence.json", "{}\n")],
        folder: "content".into(),
        update: false,
        subject: "Quarry 2.4.1 is out".into(),
        article: article(),
        story: StoryId::of(&article()),
        author_name: "Desk".into(),
        author_email: "desk@desk.example".into(),
        at: "2026-03-01T10:00:00Z".parse().unwrap(),
    }
}

pub(super) fn files_below(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

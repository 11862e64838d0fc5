//! A bare git repository as the tests see it: what is on its branches, what a person does in it, what Hugo makes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::{ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time, TreeWalkMode, TreeWalkResult};

/// A bare repository at a path. Holds nothing open.
#[derive(Debug, Clone)]
pub(crate) struct Bare {
    path: PathBuf,
}

/// One commit of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its id.
    pub(crate) oid: String,
    /// Its parents' ids.
    pub(crate) parents: Vec<String>,
    /// Its whole message.
    pub(crate) message: String,
    /// Its author's name.
    pub(crate) author: String,
    /// Its time, in seconds since 1970.
    pub(crate) time: i64,
}

impl Bare {
    /// A new repository without commits, the default branch of which is `main`.
    pub(crate) fn init(path: &Path) -> Self {
        let mut options = RepositoryInitOptions::new();
        options.bare(true).initial_head("main").mkpath(true);
        let repository = Repository::init_opts(path, &options).expect("a bare repository can be made");
        // What the host allows is the host's own matter: these are served to anybody who may push.
        let mut config = repository.config().expect("a new repository has a configuration");
        config.set_bool("http.receivepack", true).expect("the configuration can be written");
        Self { path: path.to_owned() }
    }

    /// The repository that is at a path.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Its path: a remote as it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Repository {
        Repository::open_bare(&self.path).expect("the repository opens")
    }

    /// The name of the default branch.
    pub(crate) fn default_branch(&self) -> String {
        let repository = self.open();
        let head = repository.find_reference("HEAD").expect("a repository has a HEAD");
        let target = head.symbolic_target().expect("its HEAD names a branch").expect("branch names are UTF-8");
        target.trim_start_matches("refs/heads/").to_owned()
    }

    /// Branches with their commits.
    pub(crate) fn branches(&self) -> BTreeMap<String, String> {
        let repository = self.open();
        let references = repository.references_glob("refs/heads/*").expect("branches can be listed");
        references
            .filter_map(Result::ok)
            .filter_map(|r| Some((r.shorthand().ok()?.to_owned(), r.target()?.to_string())))
            .collect()
    }

    /// The commit of a branch.
    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        self.branches().remove(branch)
    }

    /// All files of a branch by path.
    pub(crate) fn files(&self, branch: &str) -> BTreeMap<String, Vec<u8>> {
        let repository = self.open();
        let tree = repository
            .find_reference(&format!("refs/heads/{branch}"))
            .and_then(|r| r.peel_to_tree())
            .unwrap_or_else(|error| panic!("branch `{branch}`: {error}"));
        let mut files = BTreeMap::new();
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() == Some(ObjectType::Blob) {
                let blob = repository.find_blob(entry.id()).expect("a file of a tree is there");
                files.insert(
                    format!("{folder}{}", entry.name().expect("file names are UTF-8")),
                    blob.content().to_vec(),
                );
            }
            TreeWalkResult::Ok
        })
        .expect("a tree can be walked");
        files
    }

    /// One file of a branch, as text.
    pub(crate) fn text(&self, branch: &str, path: &str) -> Option<String> {
        self.files(branch).remove(path).map(|bytes| String::from_utf8(bytes).expect("the file is UTF-8"))
    }

    /// The paths that a branch has and the default branch has not, or not so.
    pub(crate) fn changed(&self, branch: &str) -> Vec<String> {
        let base = self.files(&self.default_branch());
        self.files(branch).into_iter().filter(|(path, bytes)| base.get(path) != Some(bytes)).map(|(p, _)| p).collect()
    }

    /// The commits of a branch, newest first.
    pub(crate) fn history(&self, branch: &str) -> Vec<Commit> {
        let repository = self.open();
        let mut walk = repository.revwalk().expect("history can be walked");
        walk.push_ref(&format!("refs/heads/{branch}")).unwrap_or_else(|error| panic!("branch `{branch}`: {error}"));
        walk.set_sorting(git2::Sort::TOPOLOGICAL).expect("commits can be sorted");
        walk.map(|oid| {
            let commit = repository.find_commit(oid.expect("history is whole")).expect("a commit of history is there");
            Commit {
                oid: commit.id().to_string(),
                parents: commit.parent_ids().map(|p| p.to_string()).collect(),
                message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
                author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
                time: commit.time().seconds(),
            }
        })
        .collect()
    }

    /// Commits files on a branch, which is made from the default branch where it is missing. Equal calls on equal
    /// repositories give equal commits.
    pub(crate) fn commit(&self, branch: &str, author: &str, message: &str, files: &[(&str, &[u8])]) -> String {
        let repository = self.open();
        let name = format!("refs/heads/{branch}");
        let parent =
            [name.as_str(), "HEAD"].into_iter().find_map(|r| repository.find_reference(r).ok()?.peel_to_commit().ok());
        let mut index = git2::Index::new().expect("an index can be made in memory");
        if let Some(parent) = &parent {
            index.read_tree(&parent.tree().expect("a commit has a tree")).expect("a tree can be read");
        }
        for (path, bytes) in files {
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: 0o100_644,
                uid: 0,
                gid: 0,
                file_size: 0,
                id: repository.blob(bytes).expect("a file can be stored"),
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).expect("a test gives valid paths");
        }
        let tree = index.write_tree_to(&repository).expect("a tree can be stored");
        let tree = repository.find_tree(tree).expect("it was just stored");
        let signature = signature(author, parent.as_ref());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let oid =
            repository.commit(None, &signature, &signature, message, &tree, &parents).expect("a commit is stored");
        repository.reference(&name, oid, true, "a test commits").expect("a branch can be moved");
        oid.to_string()
    }

    /// Deletes a branch.
    pub(crate) fn delete(&self, branch: &str) {
        let repository = self.open();
        let mut reference = repository.find_reference(&format!("refs/heads/{branch}")).expect("the branch is there");
        reference.delete().expect("a branch can be deleted");
    }

    /// Merges a branch into the default branch, with a merge commit, or squashed into one commit of its own.
    pub(crate) fn merge(&self, branch: &str, message: &str, squash: bool) -> Result<String, String> {
        let repository = self.open();
        let default = format!("refs/heads/{}", self.default_branch());
        let tip = |name: &str| {
            repository.find_reference(name).and_then(|r| r.peel_to_commit()).map_err(|e| format!("{name}: {e}"))
        };
        let (ours, theirs) = (tip(&default)?, tip(&format!("refs/heads/{branch}"))?);
        let mut index = repository.merge_commits(&ours, &theirs, None).map_err(|e| e.to_string())?;
        if index.has_conflicts() {
            return Err(format!("`{branch}` conflicts with the default branch"));
        }
        let tree =
            index.write_tree_to(&repository).and_then(|id| repository.find_tree(id)).map_err(|e| e.to_string())?;
        let signature = signature("A Person", Some(&theirs));
        let parents = if squash { vec![&ours] } else { vec![&ours, &theirs] };
        let oid =
            repository.commit(None, &signature, &signature, message, &tree, &parents).map_err(|e| e.to_string())?;
        repository.reference(&default, oid, true, "a person merges").map_err(|e| e.to_string())?;
        Ok(oid.to_string())
    }

    /// True when a commit is another or one of its ancestors.
    pub(crate) fn reaches(&self, from: &str, to: &str) -> bool {
        let oid = |text: &str| Oid::from_str(text).expect("a commit id is hexadecimal");
        from == to || self.open().graph_descendant_of(oid(from), oid(to)).unwrap_or(false)
    }

    /// Writes the files of a branch into a folder.
    pub(crate) fn export(&self, branch: &str, dir: &Path) {
        for (path, bytes) in self.files(branch) {
            let file = dir.join(path);
            std::fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a folder can be made");
            std::fs::write(file, bytes).expect("a file can be written");
        }
    }

    /// Builds a branch with Hugo; `None` where there is no Hugo (the test skips).
    ///
    /// # Errors
    /// What Hugo said when the site did not build.
    pub(crate) fn build_with_hugo(&self, branch: &str) -> Option<Result<BuiltSite, String>> {
        let hugo = super::hugo()?;
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let (source, public) = (dir.path().join("source"), dir.path().join("public"));
        self.export(branch, &source);
        let output = Command::new(hugo)
            .args(["--noBuildLock", "--panicOnWarning", "--buildFuture", "--source"])
            .arg(&source)
            .arg("--destination")
            .arg(&public)
            .env("HUGO_CACHEDIR", dir.path().join("cache"))
            .env("HUGO_SECURITY_HTTP_URLS", "none")
            .output()
            .expect("Hugo starts");
        let said = [output.stdout, output.stderr].concat();
        Some(if output.status.success() {
            Ok(BuiltSite { dir })
        } else {
            Err(String::from_utf8_lossy(&said).into_owned())
        })
    }
}

/// What Hugo made of a branch.
pub(crate) struct BuiltSite {
    dir: tempfile::TempDir,
}

impl BuiltSite {
    /// A file of the output (`posts/x/index.html`).
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.dir.path().join("public").join(path)).ok()
    }
}

/// The time of a test's commit is an hour after its parent's, so that history is in order and equal on every run.
fn signature(author: &str, parent: Option<&git2::Commit<'_>>) -> Signature<'static> {
    const FIRST: i64 = 1_790_000_000;
    let seconds = parent.map_or(FIRST, |p| p.time().seconds() + 3600);
    let mail = format!("{}@example.org", author.to_lowercase().replace(' ', "."));
    Signature::new(author, &mail, &Time::new(seconds, 0)).expect("a test gives a valid name")
}

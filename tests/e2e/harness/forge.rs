//! A forge: a bare repository over smart HTTP, and pull requests by GitHub's REST API. It loses replies on request.

mod rest;
mod smart_http;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use super::bare::Bare;
use super::ledger::Ledger;
use super::model::json_response;
use super::server::Server;
use super::site::plain_site;

/// The owner and the name of its one repository.
const FULL_NAME: &str = "o/r";

/// One pull request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pull {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// The branch that it proposes.
    pub(crate) branch: String,
    /// The branch that it wants to be merged into.
    pub(crate) base: String,
    /// Its title.
    pub(crate) title: String,
    /// Its text.
    pub(crate) body: String,
    /// True while it can be merged.
    pub(crate) open: bool,
    /// The commit that merged it.
    pub(crate) merged: Option<String>,
    /// The last known commit of its branch.
    pub(crate) head: String,
    /// Its comments, oldest first.
    pub(crate) comments: Vec<String>,
    created: Timestamp,
}

/// One change of a branch by a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Push {
    /// The branch.
    pub(crate) branch: String,
    /// Its commit before; `None` when the push made it.
    pub(crate) old: Option<String>,
    /// Its commit after; `None` when the push deleted it.
    pub(crate) new: Option<String>,
    /// True when commits were lost by it.
    pub(crate) forced: bool,
}

#[derive(Default)]
struct Inside {
    pulls: Vec<Pull>,
    pushes: Vec<Push>,
    lose_pushes: usize,
    lose_pulls: usize,
    refuse_pushes: usize,
    api_faults: VecDeque<(u16, Option<String>)>,
    token: Option<String>,
}

#[derive(Clone)]
struct Shared {
    inside: Arc<Mutex<Inside>>,
    /// One push after the other, so that what each changed can be told.
    pushing: Arc<tokio::sync::Mutex<()>>,
    bare: Bare,
    root: PathBuf,
    ledger: Ledger,
}

/// A forge with one repository, `o/r`.
///
/// Its ledger: `push` (key: branch), `pull` (key: branch) for each one created, `pull_refused` (422), `patch` and
/// `comment` (key: number), `lost` (key: `push` or `pull`) for work done without a reply, `unauthorised`, and `person`
/// for what a person did.
pub(crate) struct FakeForge {
    shared: Shared,
    server: Server,
    _root: tempfile::TempDir,
}

impl FakeForge {
    /// A forge with a plain site of one commit.
    pub(crate) fn start() -> Self {
        Self::with(plain_site)
    }

    /// A forge with the repository that `make` makes at the path it is given.
    pub(crate) fn with(make: impl FnOnce(&std::path::Path) -> Bare) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let bare = make(&root.path().join(format!("{FULL_NAME}.git")));
        let shared = Shared {
            inside: Arc::default(),
            pushing: Arc::default(),
            bare,
            root: root.path().to_owned(),
            ledger: Ledger::default(),
        };
        let router = rest::router().fallback(smart_http::git).with_state(shared.clone());
        Self { shared, server: Server::start(router), _root: root }
    }

    /// The address for clone and push.
    pub(crate) fn git_url(&self) -> String {
        self.server.url(&format!("/{FULL_NAME}.git"))
    }

    /// The base address of the API.
    pub(crate) fn api_url(&self) -> String {
        self.server.url("")
    }

    /// The repository behind it.
    pub(crate) fn bare(&self) -> &Bare {
        &self.shared.bare
    }

    /// What it was asked and what it did.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Git asks for basic auth and the API for a bearer, both with this token.
    pub(crate) fn require_token(&self, token: &str) {
        self.shared.lock().token = Some(token.to_owned());
    }

    /// The next `n` pushes are done, and the socket is closed without a reply.
    pub(crate) fn lose_reply_on_push(&self, n: usize) {
        self.shared.lock().lose_pushes = n;
    }

    /// The next `n` pull requests are created, and the socket is closed without a reply.
    pub(crate) fn lose_reply_on_pull(&self, n: usize) {
        self.shared.lock().lose_pulls = n;
    }

    /// The next `n` pushes are answered 503, and nothing is done.
    pub(crate) fn refuse_pushes(&self, n: usize) {
        self.shared.lock().refuse_pushes = n;
    }

    /// The next `n` requests of the API fail with a status, and `Retry-After` where given; nothing is done.
    pub(crate) fn fail_api(&self, n: usize, status: u16, retry_after: Option<&str>) {
        let fault = (status, retry_after.map(str::to_owned));
        self.shared.lock().api_faults.extend(std::iter::repeat_n(fault, n));
    }

    /// All pull requests, in the order of their numbers, with the heads that their branches have now.
    pub(crate) fn pulls(&self) -> Vec<Pull> {
        self.shared.refresh();
        self.shared.lock().pulls.clone()
    }

    /// All changes of branches by pushes, in order.
    pub(crate) fn pushes(&self) -> Vec<Push> {
        self.shared.lock().pushes.clone()
    }

    /// A person merges a pull request, with a merge commit; gives that commit.
    ///
    /// # Panics
    /// When it is not open or conflicts.
    pub(crate) fn merge(&self, number: u64) -> String {
        self.merge_as(number, false)
    }

    /// A person merges a pull request, squashed into one commit; gives that commit.
    ///
    /// # Panics
    /// When it is not open or conflicts.
    pub(crate) fn squash(&self, number: u64) -> String {
        self.merge_as(number, true)
    }

    fn merge_as(&self, number: u64, squash: bool) -> String {
        self.shared.refresh();
        let mut inside = self.shared.lock();
        let pull = inside.pull(number).expect("a test merges a pull request that is there");
        assert!(pull.open, "pull request {number} is open");
        let message = match squash {
            true => format!("{} (#{number})\n", pull.title),
            false => format!("Merge pull request #{number} from {}\n\n{}\n", pull.branch, pull.title),
        };
        let commit = self.shared.bare.merge(&pull.branch, &message, squash).expect("the branch can be merged");
        pull.open = false;
        pull.merged = Some(commit.clone());
        drop(inside);
        self.shared.ledger.note("person", number.to_string(), json!({"merged": commit}));
        commit
    }

    /// A person closes a pull request.
    pub(crate) fn close(&self, number: u64) {
        self.shared.lock().pull(number).expect("a test closes a pull request that is there").open = false;
        self.shared.ledger.note("person", number.to_string(), json!("closed"));
    }

    /// A person adds a commit to a branch; gives that commit.
    pub(crate) fn person_commits(&self, branch: &str, path: &str, text: &str) -> String {
        let files = [(path, text.as_bytes())];
        let commit = self.shared.bare.commit(branch, "A Person", &format!("Edit {path}\n"), &files);
        self.shared.ledger.note("person", branch, json!({"committed": commit}));
        commit
    }

    /// A person deletes a branch.
    pub(crate) fn person_deletes(&self, branch: &str) {
        self.shared.refresh();
        self.shared.bare.delete(branch);
        self.shared.ledger.note("person", branch, json!("deleted"));
    }
}

impl Inside {
    fn pull(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|p| p.number == number)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An open pull request follows its branch; a closed one, or one without a branch, keeps the last head.
    fn refresh(&self) {
        let branches = self.bare.branches();
        for pull in self.lock().pulls.iter_mut().filter(|p| p.open) {
            if let Some(head) = branches.get(&pull.branch) {
                pull.head.clone_from(head);
            }
        }
    }
}

fn message(status: u16, text: &str) -> Response {
    json_response(status, &json!({"message": text, "documentation_url": "https://forge.example/docs"}))
}

//! The fake forge, by git2 and REST: pushes, lost replies, and what people do.

use git2::{Cred, Direction, PushOptions, RemoteCallbacks, Repository, Signature, build::RepoBuilder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::client;
use crate::harness::forge::FakeForge;

struct Clone {
    repository: Repository,
    _dir: tempfile::TempDir,
}

fn clone(forge: &FakeForge) -> Clone {
    let dir = tempfile::tempdir().unwrap();
    let repository = RepoBuilder::new().clone(&forge.git_url(), dir.path()).unwrap();
    Clone { repository, _dir: dir }
}

impl Clone {
    /// Commits one file onto the clone's HEAD commit, as a branch.
    fn commit(&self, branch: &str, path: &str, text: &str) -> String {
        let parent = self.repository.head().unwrap().peel_to_commit().unwrap();
        let blob = self.repository.blob(text.as_bytes()).unwrap();
        let mut tree = self.repository.treebuilder(Some(&parent.tree().unwrap())).unwrap();
        tree.insert(path, blob, 0o100_644).unwrap();
        let tree = self.repository.find_tree(tree.write().unwrap()).unwrap();
        let who = Signature::new("Desk", "desk@example.org", &git2::Time::new(1_790_100_000, 0)).unwrap();
        let oid = self.repository.commit(None, &who, &who, "A draft", &tree, &[&parent]).unwrap();
        self.repository.reference(&format!("refs/heads/{branch}"), oid, true, "test").unwrap();
        oid.to_string()
    }

    fn push(&self, refspec: &str, token: Option<&'static str>) -> Result<(), git2::Error> {
        let mut callbacks = RemoteCallbacks::new();
        let mut asked = 0;
        callbacks.credentials(move |_, _, _| {
            asked += 1;
            match token {
                Some(token) if asked == 1 => Cred::userpass_plaintext("desk", token),
                _ => Err(git2::Error::from_str("no more credentials")),
            }
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks);
        self.repository.find_remote("origin").unwrap().push(&[refspec], Some(&mut options))
    }
}

async fn api(forge: &FakeForge, method: Method, path: &str, body: Value) -> Result<(u16, Value), reqwest::Error> {
    let request = client().request(method, format!("{}/repos/o/r{path}", forge.api_url()));
    let request = if body.is_null() { request } else { request.json(&body) };
    let reply = request.send().await?;
    Ok((reply.status().as_u16(), reply.json().await?))
}

fn proposal(branch: &str) -> Value {
    json!({"title": "A draft", "head": branch, "base": "main", "body": "Evidence"})
}

#[tokio::test]
async fn a_branch_is_pushed_proposed_and_merged() {
    let forge = FakeForge::start();
    let clone = clone(&forge);
    let oid = clone.commit("draft/a", "a.md", "A");
    clone.push("refs/heads/draft/a:refs/heads/draft/a", None).unwrap();
    assert_eq!(forge.bare().tip("draft/a"), Some(oid.clone()));
    assert_eq!(forge.bare().changed("draft/a"), ["a.md"]);
    let push = &forge.pushes()[0];
    assert_eq!(
        (push.branch.as_str(), &push.old, &push.new, push.forced),
        ("draft/a", &None, &Some(oid.clone()), false)
    );

    let (status, pull) = api(&forge, Method::POST, "/pulls", proposal("draft/a")).await.unwrap();
    assert_eq!((status, pull["number"].as_u64(), pull["state"].as_str()), (201, Some(1), Some("open")));
    assert_eq!(pull["head"]["sha"], oid);
    let (_, found) = api(&forge, Method::GET, "/pulls?head=o:draft/a&state=all", Value::Null).await.unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let (_, none) = api(&forge, Method::GET, "/pulls?head=o:draft/b&state=all", Value::Null).await.unwrap();
    assert_eq!(none, json!([]));

    let commit = forge.merge(1);
    let (_, merged) = api(&forge, Method::GET, "/pulls/1", Value::Null).await.unwrap();
    assert_eq!((merged["merged"].as_bool(), merged["merge_commit_sha"].as_str()), (Some(true), Some(commit.as_str())));
    assert_eq!(forge.bare().text("main", "a.md").as_deref(), Some("A"));
    assert!(forge.bare().reaches(&commit, &oid));
    assert_eq!(forge.bare().history("main")[0].parents.len(), 2);
    let (status, _) = api(&forge, Method::PATCH, "/pulls/1", json!({"state": "open"})).await.unwrap();
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_lost_reply_to_a_push_leaves_the_branch_to_be_found_again() {
    let forge = FakeForge::start();
    forge.lose_reply_on_push(1);
    let clone = clone(&forge);
    let oid = clone.commit("draft/a", "a.md", "A");
    assert!(clone.push("refs/heads/draft/a:refs/heads/draft/a", None).is_err());
    assert_eq!(forge.bare().tip("draft/a"), Some(oid.clone()));
    let mut remote = clone.repository.find_remote("origin").unwrap();
    remote.connect(Direction::Fetch).unwrap();
    let seen = remote.list().unwrap().iter().find(|h| h.name() == "refs/heads/draft/a").map(|h| h.oid().to_string());
    assert_eq!(seen, Some(oid));
    // The same push again changes nothing and succeeds.
    clone.push("refs/heads/draft/a:refs/heads/draft/a", None).unwrap();
    assert_eq!((forge.pushes().len(), forge.ledger().count("lost")), (1, 1));
}

#[tokio::test]
async fn a_lost_reply_to_a_pull_request_is_answered_422_and_found_again() {
    let forge = FakeForge::start();
    forge.person_commits("draft/a", "a.md", "A");
    forge.lose_reply_on_pull(1);
    assert!(api(&forge, Method::POST, "/pulls", proposal("draft/a")).await.is_err());
    let (status, error) = api(&forge, Method::POST, "/pulls", proposal("draft/a")).await.unwrap();
    assert_eq!(status, 422);
    assert_eq!(error["errors"][0]["message"], "A pull request already exists for o:draft/a.");
    let (_, found) = api(&forge, Method::GET, "/pulls?head=o:draft/a&state=all", Value::Null).await.unwrap();
    assert_eq!(found[0]["number"], 1);
    assert_eq!(forge.pulls().len(), 1);
    let counts = ["pull", "lost", "pull_refused"].map(|kind| forge.ledger().count(kind));
    assert_eq!(counts, [1, 1, 1]);
}

#[tokio::test]
async fn a_forced_push_and_a_push_to_the_default_branch_are_in_the_books() {
    let forge = FakeForge::start();
    let clone = clone(&forge);
    clone.commit("draft/a", "a.md", "A");
    clone.push("refs/heads/draft/a:refs/heads/draft/a", None).unwrap();
    clone.commit("draft/a", "a.md", "B");
    assert!(clone.push("refs/heads/draft/a:refs/heads/draft/a", None).is_err());
    clone.push("+refs/heads/draft/a:refs/heads/draft/a", None).unwrap();
    clone.commit("x", "x.md", "X");
    clone.push("refs/heads/x:refs/heads/main", None).unwrap();
    let pushes: Vec<(String, bool)> = forge.pushes().into_iter().map(|p| (p.branch, p.forced)).collect();
    assert_eq!(pushes, [("draft/a".into(), false), ("draft/a".into(), true), ("main".into(), false)]);
}

#[tokio::test]
async fn people_edit_comment_close_squash_and_delete() {
    let forge = FakeForge::start();
    forge.person_commits("draft/a", "a.md", "A");
    forge.person_commits("draft/b", "b.md", "B");
    for branch in ["draft/a", "draft/b"] {
        api(&forge, Method::POST, "/pulls", proposal(branch)).await.unwrap();
    }
    let edited = forge.person_commits("draft/a", "a.md", "A, edited");
    assert_eq!(forge.pulls()[0].head, edited);
    let (status, _) = api(&forge, Method::POST, "/issues/1/comments", json!({"body": "New facts"})).await.unwrap();
    assert_eq!((status, forge.pulls()[0].comments.clone()), (201, vec!["New facts".to_owned()]));
    let (_, comments) = api(&forge, Method::GET, "/issues/1/comments", Value::Null).await.unwrap();
    assert_eq!(comments[0]["body"], "New facts");
    forge.close(1);
    forge.person_deletes("draft/a");
    let (_, closed) = api(&forge, Method::GET, "/pulls/1", Value::Null).await.unwrap();
    assert_eq!((closed["state"].as_str(), closed["merged"].as_bool()), (Some("closed"), Some(false)));
    assert_eq!(closed["head"]["sha"], edited);
    let (_, open) = api(&forge, Method::GET, "/pulls", Value::Null).await.unwrap();
    assert_eq!(open.as_array().unwrap().len(), 1);
    forge.squash(2);
    let newest = &forge.bare().history("main")[0];
    assert_eq!((newest.parents.len(), newest.author.as_str()), (1, "A Person"));
    assert_eq!(forge.bare().text("main", "b.md").as_deref(), Some("B"));
    assert_eq!(forge.bare().text("main", "a.md"), None);
}

#[tokio::test]
async fn bad_requests_are_refused_with_the_field_that_is_wrong() {
    let forge = FakeForge::start();
    forge.bare().commit("draft/a", "Desk", "A", &[("a.md", b"A")]);
    for (change, field) in [
        (json!({"title": " "}), "title"),
        (json!({"head": "nowhere"}), "head"),
        (json!({"base": "nowhere"}), "base"),
        (json!({"head": "main"}), "head"),
    ] {
        let mut body = proposal("draft/a");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, error) = api(&forge, Method::POST, "/pulls", body).await.unwrap();
        assert_eq!((status, error["errors"][0]["field"].as_str()), (422, Some(field)), "{error}");
    }
    assert_eq!(api(&forge, Method::GET, "/pulls/9", Value::Null).await.unwrap().0, 404);
    forge.fail_api(1, 429, Some("30"));
    let limited = client().get(format!("{}/repos/o/r", forge.api_url())).send().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "30"));
    assert_eq!(api(&forge, Method::GET, "", Value::Null).await.unwrap().1["default_branch"], "main");
    assert!(forge.pulls().is_empty());
}

#[tokio::test]
async fn a_token_is_asked_for_by_git_and_by_the_api() {
    let forge = FakeForge::start();
    let clone = clone(&forge);
    clone.commit("draft/a", "a.md", "A");
    forge.require_token("t-1");
    let refspec = "refs/heads/draft/a:refs/heads/draft/a";
    assert!(clone.push(refspec, None).is_err());
    assert!(clone.push(refspec, Some("wrong")).is_err());
    assert!(forge.pushes().is_empty());
    clone.push(refspec, Some("t-1")).unwrap();
    assert_eq!(forge.pushes().len(), 1);
    assert_eq!(api(&forge, Method::GET, "/pulls", Value::Null).await.unwrap().0, 401);
    let url = format!("{}/repos/o/r/pulls", forge.api_url());
    assert_eq!(client().get(url).bearer_auth("t-1").send().await.unwrap().status(), 200);
    assert!(forge.ledger().count("unauthorised") >= 3);
}

#[tokio::test]
async fn refused_pushes_do_nothing() {
    let forge = FakeForge::start();
    forge.refuse_pushes(1);
    let clone = clone(&forge);
    clone.commit("draft/a", "a.md", "A");
    let refspec = "refs/heads/draft/a:refs/heads/draft/a";
    assert!(clone.push(refspec, None).is_err());
    assert_eq!(forge.bare().tip("draft/a"), None);
    clone.push(refspec, None).unwrap();
    assert_eq!(forge.pushes().len(), 1);
}

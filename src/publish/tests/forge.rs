//! A forge that keeps pull requests and comments, and a ledger of what it was asked.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::super::*;

#[derive(Default)]
struct Kept {
    pulls: Vec<Value>,
    comments: Vec<(u64, String)>,
    created: usize,
    /// Answers to give instead of the next ones: status, headers, after the work was done or before it.
    faults: Vec<Fault>,
    ignores_head: bool,
}

struct Fault {
    status: u16,
    header: Option<(&'static str, String)>,
    works: bool,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Kept>>);

type Ask = std::collections::HashMap<String, String>;

impl Fake {
    async fn serve(kind: ForgeKind) -> (Self, Forge) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let fake = Self::default();
        let app = Router::new()
            .route("/repos/desk/site/pulls", get(list).post(create))
            .route("/repos/desk/site/pulls/{number}", get(one))
            .route("/repos/desk/site/issues/{number}/comments", post(comment).get(comments))
            .layer(axum::middleware::from_fn_with_state(fake.clone(), faults))
            .with_state(fake.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let options = ForgeOptions { kind, api, repo: "desk/site".into(), timeout_secs: 5, ..ForgeOptions::default() };
        (fake, Forge::new(options, SecretString::from("CANARY-TOKEN".to_owned())).unwrap())
    }

    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        f(&mut self.0.lock().unwrap())
    }

    fn fail(&self, status: u16, works: bool) {
        self.with(|k| k.faults.push(Fault { status, header: None, works }));
    }
}

async fn faults(
    State(fake): State<Fake>,
    headers: HeaderMap,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    let authorised = headers.get("authorization").is_some_and(|v| v.to_str().unwrap().ends_with(" CANARY-TOKEN"));
    if !authorised {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "Bad credentials"}))).into_response();
    }
    let reads = request.method() == "GET";
    // Faults that happen after the work are for writing requests.
    let at = fake.with(|k| k.faults.iter().position(|f| !(f.works && reads)));
    let fault = at.map(|at| fake.with(|k| k.faults.remove(at)));
    let Some(fault) = fault else { return next.run(request).await };
    if fault.works {
        next.run(request).await;
    }
    let mut response =
        (StatusCode::from_u16(fault.status).unwrap(), Json(json!({"message": "CANARY said no"}))).into_response();
    if let Some((name, value)) = fault.header {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

async fn list(State(fake): State<Fake>, Query(ask): Query<Ask>) -> Json<Value> {
    fake.with(|k| {
        let size: usize = ask.get("per_page").or(ask.get("limit")).unwrap().parse().unwrap();
        let page: usize = ask["page"].parse().unwrap();
        let head = ask.get("head").filter(|_| !k.ignores_head);
        let fits = |p: &&Value| head.is_none_or(|h| *h == format!("desk:{}", p["head"]["ref"].as_str().unwrap()));
        Json(k.pulls.iter().rev().filter(fits).skip((page - 1) * size).take(size).cloned().collect())
    })
}

async fn one(State(fake): State<Fake>, Path(number): Path<usize>) -> Response {
    match fake.with(|k| k.pulls.get(number.wrapping_sub(1)).cloned()) {
        Some(pull) => Json(pull).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response(),
    }
}

fn pull(number: usize, head: &str, base: &str) -> Value {
    json!({
        "number": number, "state": "open", "merged": false, "merged_at": null, "merge_commit_sha": null,
        "html_url": format!("https://forge.example/desk/site/pull/{number}"),
        "head": {"ref": head, "sha": "1111111111111111111111111111111111111111", "repo": {"full_name": "desk/site"}},
        "base": {"ref": base},
    })
}

async fn create(State(fake): State<Fake>, Json(new): Json<Value>) -> Response {
    fake.with(|k| {
        let own = |p: &Value| p["head"]["repo"]["full_name"] == "desk/site";
        let same = |p: &Value| p["head"]["ref"] == new["head"] && p["state"] == "open" && own(p);
        if k.pulls.iter().any(same) {
            let errors = json!([{"message": "A pull request already exists for desk:x."}]);
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"message": "Validation Failed", "errors": errors})))
                .into_response();
        }
        let made = pull(k.pulls.len() + 1, new["head"].as_str().unwrap(), new["base"].as_str().unwrap());
        k.pulls.push(made.clone());
        k.created += 1;
        (StatusCode::CREATED, Json(made)).into_response()
    })
}

async fn comments(State(fake): State<Fake>, Path(number): Path<u64>, Query(ask): Query<Ask>) -> Json<Value> {
    fake.with(|k| {
        let page: usize = ask["page"].parse().unwrap();
        let of = k.comments.iter().filter(|(n, _)| *n == number).skip((page - 1) * 50).take(50);
        Json(of.map(|(_, body)| json!({ "body": body })).collect())
    })
}

async fn comment(State(fake): State<Fake>, Path(number): Path<u64>, Json(new): Json<Value>) -> Response {
    fake.with(|k| k.comments.push((number, new["body"].as_str().unwrap().to_owned())));
    (StatusCode::CREATED, Json(json!({"id": 1}))).into_response()
}

const HEAD: &str = "draft/2026-03-01-quarry-01234567";

#[tokio::test]
async fn a_branch_is_proposed_once_at_either_forge() {
    for kind in [ForgeKind::Github, ForgeKind::Forgejo] {
        let (fake, forge) = Fake::serve(kind).await;
        let first = forge.propose(HEAD, "main", "t", "b").await.unwrap();
        assert!(first.created && first.number == 1);
        let again = forge.propose(HEAD, "main", "t", "b").await.unwrap();
        assert_eq!((again.number, again.created, again.url), (1, false, first.url));
        assert_eq!(fake.with(|k| k.created), 1);
        let open = ForgeState::Open { head: "1".repeat(40) };
        assert_eq!(forge.state(1).await.unwrap(), open);
    }
}

#[tokio::test]
async fn a_proposal_whose_answer_was_lost_is_found_again() {
    let (fake, forge) = Fake::serve(ForgeKind::Github).await;
    fake.fail(502, true);
    let lost = forge.propose(HEAD, "main", "t", "b").await.unwrap_err();
    assert!(lost.retry(), "{lost:?}");
    let found = forge.propose(HEAD, "main", "t", "b").await.unwrap();
    assert_eq!((found.number, found.created), (1, false));
    assert_eq!(fake.with(|k| k.created), 1);
    // Conflict on creating, though the search saw nothing: found by a second search.
    fake.with(|k| k.pulls.clear());
    fake.fail(409, true);
    let found = forge.propose(HEAD, "main", "t", "b").await.unwrap();
    assert!(!found.created && fake.with(|k| k.pulls.len()) == 1);
}

#[tokio::test]
async fn what_a_person_closed_or_merged_is_not_proposed_again() {
    let (fake, forge) = Fake::serve(ForgeKind::Github).await;
    forge.propose(HEAD, "main", "t", "b").await.unwrap();
    fake.with(|k| k.pulls[0]["state"] = json!("closed"));
    let closed = forge.propose(HEAD, "main", "t", "b").await.unwrap();
    assert_eq!((closed.state, closed.created), (ForgeState::Closed, false));
    fake.with(|k| {
        k.pulls[0]["merged"] = json!(true);
        k.pulls[0]["merge_commit_sha"] = json!("abc");
    });
    assert_eq!(forge.state(1).await.unwrap(), ForgeState::Merged { commit: Some("abc".into()) });
    assert_eq!(fake.with(|k| k.created), 1);
}

#[tokio::test]
async fn another_branchs_proposal_is_never_taken_for_ours() {
    for kind in [ForgeKind::Github, ForgeKind::Forgejo] {
        let (fake, forge) = Fake::serve(kind).await;
        fake.with(|k| {
            k.ignores_head = true;
            k.pulls = (1..=120).map(|n| pull(n, &format!("topic-{n}"), "main")).collect();
            k.pulls[3]["head"]["ref"] = json!(HEAD);
            k.pulls[3]["head"]["repo"]["full_name"] = json!("stranger/site");
        });
        let made = forge.propose(HEAD, "main", "t", "b").await.unwrap();
        assert!(made.created && made.number == 121, "a fork's branch of the same name is not ours");
        fake.with(|k| k.pulls.push(pull(122, "later", "main")));
        assert_eq!(forge.propose(HEAD, "main", "t", "b").await.unwrap().number, 121);
    }
}

#[tokio::test]
async fn a_comment_is_written_once_per_key() {
    let (fake, forge) = Fake::serve(ForgeKind::Github).await;
    fake.with(|k| k.comments = (0..70).map(|n| (1, format!("chatter {n}"))).collect());
    assert!(forge.comment(1, "article:x/3/0", "New facts.").await.unwrap());
    assert!(!forge.comment(1, "article:x/3/0", "New facts.").await.unwrap());
    assert!(forge.comment(1, "article:x/4/0", "More facts.").await.unwrap());
    assert_eq!(fake.with(|k| k.comments.len()), 72);
}

#[tokio::test]
async fn errors_are_sorted_and_hold_no_secret() {
    let (fake, forge) = Fake::serve(ForgeKind::Github).await;
    type Header = Option<(&'static str, &'static str)>;
    let cases: [(u16, Header, Option<&str>, bool); 8] = [
        (401, None, Some("remote credentials"), false),
        (403, None, Some("remote credentials"), false),
        (403, Some(("retry-after", "60")), Some("remote unreachable"), true),
        (404, None, Some("remote credentials"), false),
        (429, Some(("retry-after", "60")), Some("remote unreachable"), true),
        (500, None, Some("remote unreachable"), true),
        (301, None, None, false),
        (418, None, None, false),
    ];
    for (status, header, cause, retry) in cases {
        fake.with(|k| k.faults.push(Fault { status, header: header.map(|(n, v)| (n, v.to_owned())), works: false }));
        let error = forge.state(1).await.unwrap_err();
        assert_eq!((error.cause(), error.retry()), (cause, retry), "{status}: {error:?}");
        let waits = matches!(error.retry_at(), Some(RetryAt::After(d)) if d.as_secs() == 60);
        assert_eq!(waits, header.is_some(), "{error:?}");
        assert!(!format!("{error:?}").contains("CANARY-TOKEN"));
    }
    assert!(!format!("{forge:?}").contains("CANARY"));
    let away = ForgeOptions { api: "http://127.0.0.1:9/".into(), repo: "desk/site".into(), ..ForgeOptions::default() };
    let error = Forge::new(away, SecretString::from("CANARY-TOKEN".to_owned())).unwrap().state(1).await.unwrap_err();
    assert!(error.retry() && !error.to_string().contains("CANARY"), "{error:?}");
}

#[test]
fn options_that_would_send_the_token_elsewhere_are_refused() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for (api, repo) in [
        ("http://forge.example/", "desk/site"),
        ("https://user:x@forge.example/", "desk/site"),
        ("forge.example", "desk/site"),
        ("https://forge.example/", "desk"),
        ("https://forge.example/", "../site"),
        ("https://forge.example/", "desk/si/te"),
        ("https://forge.example/", "desk/site?x"),
    ] {
        let options = ForgeOptions { api: api.into(), repo: repo.into(), ..ForgeOptions::default() };
        assert!(Forge::new(options, SecretString::from(String::new())).is_err(), "{api} {repo}");
    }
}

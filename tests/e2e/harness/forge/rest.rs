//! Pull requests by GitHub's REST API.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{FULL_NAME, Pull, Shared, message};
use crate::harness::model::json_response;
use crate::harness::server::hang_up;

/// The paths of the API.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/repos/{owner}/{name}", get(repository))
        .route("/repos/{owner}/{name}/pulls", get(list).post(create))
        .route("/repos/{owner}/{name}/pulls/{number}", get(show).patch(patch))
        .route("/repos/{owner}/{name}/issues/{number}/comments", post(comment).get(comments))
}

impl Shared {
    /// What stands between a request of the API and its work.
    fn admit(&self, owner: &str, name: &str, headers: &HeaderMap) -> Result<(), Box<Response>> {
        let mut inside = self.lock();
        if let Some((status, after)) = inside.api_faults.pop_front() {
            let mut response = message(status, "the fake fails, as it was told to");
            if let Some(after) = after {
                let after = after.parse().expect("a test gives a valid header");
                response.headers_mut().insert(header::RETRY_AFTER, after);
            }
            return Err(Box::new(response));
        }
        let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let given = given.strip_prefix("Bearer ").or_else(|| given.strip_prefix("token "));
        if inside.token.is_some() && inside.token.as_deref() != given {
            drop(inside);
            self.ledger.note("unauthorised", "api", Value::Null);
            return Err(Box::new(message(401, "Bad credentials")));
        }
        if format!("{owner}/{name}") != FULL_NAME {
            return Err(Box::new(message(404, "Not Found")));
        }
        Ok(())
    }

    fn json(&self, pull: &Pull) -> Value {
        let (owner, _) = FULL_NAME.split_once('/').unwrap_or_default();
        let side = |branch: &str, sha: Option<&str>| {
            let repo = json!({"full_name": FULL_NAME});
            json!({"label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "repo": repo})
        };
        let time = pull.created.to_string();
        let closed = (!pull.open).then_some(&time);
        json!({
            "id": 1000 + pull.number,
            "number": pull.number,
            "state": if pull.open { "open" } else { "closed" },
            "title": pull.title,
            "body": pull.body,
            "draft": false,
            "url": format!("/repos/{FULL_NAME}/pulls/{}", pull.number),
            "html_url": format!("https://forge.example/{FULL_NAME}/pull/{}", pull.number),
            "user": {"login": "desk"},
            "head": side(&pull.branch, Some(&pull.head)),
            "base": side(&pull.base, self.bare.tip(&pull.base).as_deref()),
            "merged": pull.merged.is_some(),
            "merged_at": pull.merged.is_some().then_some(&time),
            "merge_commit_sha": pull.merged,
            "created_at": time,
            "updated_at": time,
            "closed_at": closed,
            "comments": pull.comments.len(),
        })
    }
}

type Names = Path<(String, String)>;
type Numbered = Path<(String, String, u64)>;

async fn repository(State(shared): State<Shared>, Path((owner, name)): Names, headers: HeaderMap) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    let rights = json!({"pull": true, "push": true, "admin": false});
    let default = shared.bare.default_branch();
    json_response(200, &json!({"full_name": FULL_NAME, "default_branch": default, "permissions": rights}))
}

async fn list(
    State(shared): State<Shared>,
    Path((owner, name)): Names,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    shared.refresh();
    let number = |key: &str, default: usize| query.get(key).and_then(|v| v.parse().ok()).unwrap_or(default);
    let (size, page) = (number("per_page", 30).clamp(1, 100), number("page", 1).max(1));
    let state = query.get("state").map_or("open", String::as_str);
    let pulls = shared.lock().pulls.clone();
    let found: Vec<Value> = pulls
        .iter()
        .rev()
        .filter(|p| state == "all" || (state == "open") == p.open)
        // Without an owner GitHub filters nothing; a client that forgets it sees what it sees there.
        .filter(|p| query.get("head").filter(|h| h.contains(':')).is_none_or(|h| *h == format!("{owner}:{}", p.branch)))
        .filter(|p| query.get("base").is_none_or(|base| *base == p.base))
        .skip((page - 1) * size)
        .take(size)
        .map(|p| shared.json(p))
        .collect();
    json_response(200, &Value::Array(found))
}

async fn create(State(shared): State<Shared>, Path((owner, name)): Names, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return message(400, "Problems parsing JSON") };
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let (title, base) = (text("title"), text("base"));
    let head = text("head");
    let branch = head.strip_prefix(&format!("{owner}:")).unwrap_or(&head).to_owned();
    let refuse = |field: &str, why: &str| {
        shared.ledger.note("pull_refused", &branch, json!({"field": field, "why": why}));
        invalid(field, why)
    };
    if title.trim().is_empty() {
        return refuse("title", "missing_field");
    }
    let branches = shared.bare.branches();
    let Some(base_tip) = branches.get(&base) else { return refuse("base", "invalid") };
    let Some(tip) = branches.get(&branch) else { return refuse("head", "invalid") };
    if shared.bare.reaches(base_tip, tip) {
        return refuse("head", &format!("No commits between {base} and {branch}"));
    }
    let mut inside = shared.lock();
    if inside.pulls.iter().any(|p| p.open && p.branch == branch && p.base == base) {
        drop(inside);
        return refuse("head", &format!("A pull request already exists for {owner}:{branch}."));
    }
    let pull = Pull {
        number: inside.pulls.len() as u64 + 1,
        head: tip.clone(),
        branch,
        base,
        title,
        body: text("body"),
        open: true,
        merged: None,
        comments: Vec::new(),
        created: Timestamp::now(),
    };
    inside.pulls.push(pull.clone());
    let lost = inside.lose_pulls > 0;
    inside.lose_pulls = inside.lose_pulls.saturating_sub(1);
    drop(inside);
    shared.ledger.note("pull", &pull.branch, json!({"number": pull.number}));
    if lost {
        shared.ledger.note("lost", "pull", json!({"number": pull.number}));
        hang_up();
    }
    json_response(201, &shared.json(&pull))
}

async fn show(State(shared): State<Shared>, Path((owner, name, number)): Numbered, headers: HeaderMap) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    shared.refresh();
    let pull = shared.lock().pull(number).cloned();
    pull.map_or_else(|| message(404, "Not Found"), |p| json_response(200, &shared.json(&p)))
}

async fn patch(
    State(shared): State<Shared>,
    Path((owner, name, number)): Numbered,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return message(400, "Problems parsing JSON") };
    let mut inside = shared.lock();
    let Some(pull) = inside.pull(number) else { return message(404, "Not Found") };
    match asked["state"].as_str() {
        Some("open") if pull.merged.is_some() => return invalid("state", "a merged pull request cannot be reopened"),
        Some(state) => pull.open = state == "open",
        None => {}
    }
    for (key, field) in [("title", &mut pull.title), ("body", &mut pull.body)] {
        if let Some(text) = asked[key].as_str() {
            text.clone_into(field);
        }
    }
    let pull = pull.clone();
    drop(inside);
    shared.ledger.note("patch", number.to_string(), asked);
    json_response(200, &shared.json(&pull))
}

async fn comment(
    State(shared): State<Shared>,
    Path((owner, name, number)): Numbered,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(text) = asked["body"].as_str().filter(|t| !t.trim().is_empty()) else {
        return invalid("body", "missing_field");
    };
    let mut inside = shared.lock();
    let Some(pull) = inside.pull(number) else { return message(404, "Not Found") };
    pull.comments.push(text.to_owned());
    let id = number * 1000 + pull.comments.len() as u64;
    drop(inside);
    shared.ledger.note("comment", number.to_string(), json!(text));
    json_response(201, &json!({"id": id, "body": text, "user": {"login": "desk"}}))
}

async fn comments(State(shared): State<Shared>, Path((owner, name, number)): Numbered, headers: HeaderMap) -> Response {
    if let Err(response) = shared.admit(&owner, &name, &headers) {
        return *response;
    }
    let Some(pull) = shared.lock().pull(number).cloned() else { return message(404, "Not Found") };
    let all = pull.comments.iter().zip(1..).map(|(text, n)| json!({"id": number * 1000 + n, "body": text}));
    json_response(200, &all.collect())
}

fn invalid(field: &str, why: &str) -> Response {
    let mut error = json!({"resource": "PullRequest", "field": field});
    if ["missing_field", "invalid"].contains(&why) {
        error["code"] = why.into();
    } else {
        error["code"] = "custom".into();
        error["message"] = why.into();
    }
    json_response(422, &json!({"message": "Validation Failed", "errors": [error]}))
}

//! Git over HTTP: `git http-backend` by CGI (RFC 3875).

use std::collections::BTreeMap;
use std::process::Stdio;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{Push, Shared, message};
use crate::harness::server::hang_up;

/// Answers clone, fetch and push.
pub(super) async fn git(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let pushes = path.ends_with("/git-receive-pack");
    if let Some(token) = shared.lock().token.clone() {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let given = given.strip_prefix("Basic ").and_then(unbase64).unwrap_or_default();
        if given.split_once(':').map(|(_, password)| password) != Some(token.as_str()) {
            shared.ledger.note("unauthorised", "git", Value::Null);
            return Response::builder()
                .status(StatusCode::UNAUTHORIZED)
                .header(header::WWW_AUTHENTICATE, "Basic realm=\"forge\"")
                .body(Body::empty())
                .expect("a constant answer is valid");
        }
    }
    let Ok(body) = axum::body::to_bytes(body, 256 << 20).await else { return message(400, "the body did not arrive") };
    if !pushes {
        return backend(&shared, &parts, &path, &body).await;
    }
    // A task of its own: a client that is killed must not keep a push that was done out of the books.
    let pushed = tokio::spawn(async move {
        let _turn = shared.pushing.lock().await;
        {
            let mut inside = shared.lock();
            if inside.refuse_pushes > 0 {
                inside.refuse_pushes -= 1;
                return Some(message(503, "the fake refuses, as it was told to"));
            }
        }
        let before = shared.bare.branches();
        let response = backend(&shared, &parts, &path, &body).await;
        let changed = shared.book_push(&before);
        let mut inside = shared.lock();
        let lost = changed && inside.lose_pushes > 0;
        inside.lose_pushes -= usize::from(lost);
        drop(inside);
        if lost {
            shared.ledger.note("lost", "push", Value::Null);
        }
        (!lost).then_some(response)
    });
    match pushed.await {
        Ok(Some(response)) => response,
        _ => hang_up(),
    }
}

impl Shared {
    /// Writes down what a push changed; false when it changed nothing.
    fn book_push(&self, before: &BTreeMap<String, String>) -> bool {
        let after = self.bare.branches();
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        let mut changed = false;
        for name in names {
            let (old, new) = (before.get(name).cloned(), after.get(name).cloned());
            if old == new {
                continue;
            }
            changed = true;
            let forced = old.as_ref().is_some_and(|old| new.as_ref().is_none_or(|new| !self.bare.reaches(new, old)));
            self.ledger.note("push", name, json!({"old": old, "new": new, "forced": forced}));
            self.lock().pushes.push(Push { branch: name.clone(), old, new, forced });
        }
        changed
    }
}

async fn backend(shared: &Shared, parts: &axum::http::request::Parts, path: &str, body: &Bytes) -> Response {
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut command = tokio::process::Command::new("git");
    command
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &shared.root)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return message(500, &format!("git http-backend does not start: {error}")),
    };
    let mut input = child.stdin.take().expect("its input is a pipe");
    let sent = body.clone();
    // Beside the reading: the backend may answer before it has read everything.
    tokio::spawn(async move {
        let _ = input.write_all(&sent).await;
    });
    let Ok(output) = child.wait_with_output().await else { return message(500, "git http-backend cannot be read") };
    cgi(&output.stdout)
}

/// Headers and body of a CGI answer.
fn cgi(output: &[u8]) -> Response {
    let Some(end) = output.windows(4).position(|w| w == b"\r\n\r\n") else {
        return message(500, "git http-backend gave no headers");
    };
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        response = match name {
            "Status" => response.status(value.split(' ').next().unwrap_or(value)),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(output[end + 4..].to_vec())).unwrap_or_else(|_| message(500, "odd headers"))
}

/// Base64 with padding (RFC 4648), as basic auth has it.
fn unbase64(text: &str) -> Option<String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = u32::try_from(DIGITS.iter().position(|d| *d == digit)?).ok()?;
        held = held << 6 | value;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

//! A remote over HTTP: git's own backend behind a small server, with a token and with a hook that declines.
#![allow(clippy::print_stderr, reason = "a test that does not run says so")]

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use secrecy::SecretString;
use tokio::io::AsyncWriteExt as _;

use super::super::*;
use super::support::{BRANCH, World, new_commit};

#[derive(Clone)]
struct Server {
    root: std::path::PathBuf,
    /// Requests seen: method, path, and whether they were let in.
    ledger: Arc<Mutex<Vec<(String, bool)>>>,
}

/// Answers as CGI programs do (RFC 3875).
async fn backend(State(server): State<Server>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let expected = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("x-access-token:sesame"));
    let given = parts.headers.get("authorization").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let welcome = given.as_deref() == Some(&expected);
    server.ledger.lock().unwrap().push((format!("{} {}", parts.method, parts.uri.path()), welcome));
    if !welcome {
        let challenge =
            Response::builder().status(StatusCode::UNAUTHORIZED).header("www-authenticate", "Basic realm=\"x\"");
        return challenge.body(Body::empty()).unwrap();
    }
    let input = to_bytes(body, 64 << 20).await.unwrap();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &server.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("REMOTE_USER", "desk")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feed = tokio::spawn(async move {
        let _ = stdin.write_all(&input).await;
    });
    let out = child.wait_with_output().await.unwrap().stdout;
    feed.await.unwrap();
    let split = out.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&out[..split]).lines() {
        let (name, value) = line.split_once(':').unwrap();
        response = if name.eq_ignore_ascii_case("status") {
            response.status(value.trim()[..3].parse::<u16>().unwrap())
        } else {
            response.header(name, value.trim())
        };
    }
    response.body(Body::from(out[split + 4..].to_vec())).unwrap()
}

/// Serves the world's remote; `None`, with a message, where git is missing.
async fn serve(world: &World) -> Option<(RepoOptions, Server)> {
    if std::process::Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: git was not found, and with it its HTTP backend");
        return None;
    }
    let config = world.bare().config();
    config.unwrap().set_bool("http.receivepack", true).unwrap();
    let server = Server { root: world.folder.path().to_owned(), ledger: Arc::default() };
    let app = axum::Router::new().fallback(backend).with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let options = RepoOptions {
        remote: format!("http://127.0.0.1:{port}/site.git"),
        credentials: Credentials::Token { user: "x-access-token".into(), env: "SITE_TOKEN".into() },
        ..world.options()
    };
    Some((options, server))
}

fn token(text: &str) -> Option<SecretString> {
    Some(SecretString::from(text.to_owned()))
}

fn hook(world: &World, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = world.remote.join("hooks/pre-receive");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_page_goes_over_http_with_a_token() {
    let world = World::new();
    let Some((options, server)) = serve(&world).await else { return };
    let repo = SiteRepo::open(options, token("sesame")).await.unwrap();
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    assert_eq!(repo.push(BRANCH, &oid, None).await.unwrap(), PushOutcome::Pushed { branch: BRANCH.into() });
    assert_eq!(repo.push(BRANCH, &oid, None).await.unwrap(), PushOutcome::AlreadyThere { branch: BRANCH.into() });
    assert_eq!(world.head(BRANCH), Some(oid));
    assert_eq!(world.head("main"), Some(base));
    let pushes =
        server.ledger.lock().unwrap().iter().filter(|(r, ok)| *ok && r == "POST /site.git/git-receive-pack").count();
    assert_eq!(pushes, 1);
}

#[tokio::test]
async fn a_hook_that_declines_is_not_a_success() {
    let world = World::new();
    let Some((options, _)) = serve(&world).await else { return };
    hook(&world, "#!/bin/sh\necho 'no drafts on Fridays' >&2\nexit 1\n");
    let repo = SiteRepo::open(options, token("sesame")).await.unwrap();
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    let outcome = repo.push(BRANCH, &oid, None).await.unwrap();
    let PushOutcome::Declined { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("hook declined"), "{reason}");
    assert_eq!(world.branches(), ["main"]);
}

#[tokio::test]
async fn a_person_who_is_faster_than_the_push_is_not_overwritten() {
    let world = World::new();
    let Some((options, _)) = serve(&world).await else { return };
    let repo = SiteRepo::open(options, token("sesame")).await.unwrap();
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    // The branch appears while the server looks at our push: the hook makes it.
    hook(&world, &format!("#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/{BRANCH} {base}\n"));
    let outcome = repo.push(BRANCH, &oid, None).await.unwrap();
    assert!(matches!(outcome, PushOutcome::Declined { .. }), "{outcome:?}");
    assert_eq!(world.head(BRANCH), Some(base));
}

#[tokio::test]
async fn a_wrong_token_is_a_matter_of_credentials_and_is_never_shown() {
    let world = World::new();
    let Some((options, server)) = serve(&world).await else { return };
    let error = SiteRepo::open(options.clone(), token("CANARY-SECRET")).await.unwrap_err();
    assert_eq!(error.cause(), Some("remote credentials"), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("CANARY"), "{error:?}");
    assert!(server.ledger.lock().unwrap().len() < 8, "it does not ask for ever");
    let error = SiteRepo::open(options.clone(), None).await.unwrap_err();
    assert!(error.to_string().contains("SITE_TOKEN"), "{error}");
    let repo = SiteRepo::open(options, token("sesame")).await.unwrap();
    assert!(!format!("{repo:?}").contains("sesame"));
}

//! Commands and calls: what they are given, and what is kept of what they say.

use std::process::Command;
use std::sync::Mutex;

use axum::extract::Request;

use super::*;
use crate::power::means::Untold;
use crate::power::{Means, keep_alive};

const ROLE: &str = "PIPELINE_TEST_CALL";

async fn tell(argv: &[&str], seconds: u64) -> Result<(), Untold> {
    Means::Command(command(argv)).tell(seconds).await
}

#[tokio::test]
async fn of_what_a_command_says_only_a_clean_end_is_told() {
    let script = "i=0; while [ $i -lt 3000 ]; do echo 'a long complaint of a talkative program' >&2; i=$((i+1)); done; \
                  printf 'the \\033[31mlast\\007 word\\n' >&2; exit 7";
    let Err(Untold::Lost(why)) = tell(&["sh", "-c", script], 20).await else { panic!("it failed") };
    assert!(why.contains("exit status: 7") && why.ends_with("last word"), "{why}");
    assert!(why.len() < 400 && !why.chars().any(char::is_control), "{why}");
}

#[tokio::test]
async fn a_command_that_leaves_something_running_is_not_waited_for_and_one_that_hangs_is_ended_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let started = std::time::Instant::now();
    // A child of a child holds its complaints open.
    assert_eq!(tell(&["sh", "-c", "sleep 5 & exit 0"], 20).await, Ok(()));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let marker = folder.path().join("late");
    let script = format!("(sleep 2; touch {}) & wait", marker.display());
    assert!(matches!(tell(&["sh", "-c", &script], 1).await, Err(Untold::Lost(why)) if why.contains("within 1 s")));
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    assert!(!marker.exists(), "what it had started was ended with it");
}

/// Calls what it is told, in a child whose variables hold a token.
#[tokio::test]
async fn role_of_the_caller() {
    let Ok(means) = std::env::var(ROLE) else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options: WorkerOptions = toml::from_str(&means).unwrap();
    options.check().unwrap();
    keep_alive(&options).await.unwrap();
}

#[tokio::test]
async fn a_call_carries_its_method_headers_body_and_token() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let ledger = seen.clone();
    let router = Router::new().fallback(async move |request: Request| {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        let header = |name: &str| head.headers.get(name).map_or(String::new(), |v| v.to_str().unwrap().to_owned());
        let line = format!(
            "{} {} {}|{}|{}|{}",
            head.method,
            head.uri,
            header("content-type"),
            header("authorization"),
            header("x-auth-token"),
            String::from_utf8_lossy(&body)
        );
        ledger.lock().unwrap().push(line);
        StatusCode::NO_CONTENT
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    for keys in [
        format!(
            "url = \"{root}/a?b\"\nmethod = \"PUT\"\nbody = '{{\"on\":true}}'\ntoken_env = \"BOX_TOKEN\"\n\
             headers = {{ content-type = \"application/json\" }}"
        ),
        format!("url = \"{root}/b\"\ntoken_env = \"BOX_TOKEN\"\ntoken_header = \"X-Auth-Token\""),
        format!("url = \"{root}/c\"\nmethod = \"GET\""),
    ] {
        let options = format!("heartbeat_url = \"http://127.0.0.1:1/\"\nmac = \"{MAC}\"\n[keepalive.http]\n{keys}\n");
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "power::tests::means::role_of_the_caller"])
            .env(ROLE, options)
            .env("BOX_TOKEN", "canary-1");
        let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let expected = ["PUT /a?b application/json|Bearer canary-1||{\"on\":true}", "POST /b ||canary-1|", "GET /c |||"];
    assert_eq!(*seen.lock().unwrap(), expected);
    // Without the variable nothing is sent, and that is not taken for a box that has gone.
    let call = HttpCall { token_env: Some("PIPELINE_TEST_NOT_SET".into()), ..HttpCall::to(format!("{root}/d")) };
    assert!(
        matches!(Means::Http(call).tell(2).await, Err(Untold::Refused(why)) if why.contains("PIPELINE_TEST_NOT_SET"))
    );
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_box_is_told_that_it_is_wanted_where_it_wants_to_know() {
    let fake = FakeBox::start().await;
    assert_eq!(keep_alive(&fake.options()).await, Ok(()), "nothing is configured");
    assert!(fake.ledger().is_empty());
    let options = |path: &str| WorkerOptions { keepalive: Some(Means::Http(fake.call(path))), ..fake.options() };
    assert_eq!(keep_alive(&options("wake")).await, Ok(()));
    assert_eq!(fake.ledger(), ["POST /wake"]);
    let why = keep_alive(&options("nothing-here")).await.unwrap_err();
    assert!(why.contains("box") && why.contains("HTTP 404"), "{why}");
}

//! The door, polls and fetches against servers on loopback that keep their own ledger.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sources::{
    Carried, Conditional, Door, DoorError, DoorOptions, FetchError, FetchedVia, Polite, PollState, Retry, SourceError,
    SourceSpec, fetch, poll,
};
use states::words::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What was asked, as `path` or `path [validator]`.
type Ledger = Arc<Mutex<Vec<String>>>;

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

async fn web() -> (String, Ledger) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ledger = Ledger::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let app = Router::new().fallback(answer).with_state(ledger.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (host, ledger)
}

const FEED: &str =
    "<rss version='2.0'><channel><title>T</title><item><title>One</title><link>/article</link></item></channel></rss>";

async fn answer(State(ledger): State<Ledger>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let validator = request.headers().get(header::IF_NONE_MATCH).map(|v| v.to_str().unwrap().to_owned());
    let line = validator.as_ref().map_or(path.clone(), |v| format!("{path} [{v}]"));
    if path != "/robots.txt" {
        ledger.lock().unwrap().push(line);
    }
    let text = "A sentence of an article that says something, and then some more. ".repeat(20);
    let page = |title: &str, text: &str| {
        let html = format!(
            "<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
        );
        ([(header::CONTENT_TYPE, "text/html")], html).into_response()
    };
    let redirect = |to: &str| (StatusCode::FOUND, [(header::LOCATION, to.to_owned())]).into_response();
    match path.as_str() {
        "/feed" if validator.as_deref() == Some("\"v1\"") => StatusCode::NOT_MODIFIED.into_response(),
        "/feed" => ([(header::ETAG, "\"v1\""), (header::CACHE_CONTROL, "max-age=600")], FEED).into_response(),
        "/plain-feed" => FEED.into_response(),
        "/busy" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "90")]).into_response(),
        "/gone" => StatusCode::GONE.into_response(),
        "/broken" => StatusCode::BAD_GATEWAY.into_response(),
        "/article" => page("An article", &text),
        "/moved" => redirect("/moved-again"),
        "/moved-again" => redirect("/article"),
        "/soft-404" => page(
            "Page not found",
            "Sorry, we looked everywhere and could not find what you wanted to read here. Use the search, the archive or the front page of this site, and tell us if a link of our own led you here, so that we can correct it soon.",
        ),
        "/wall" => page("Just a moment...", &text[..300]),
        "/short" => page("A title", "Too short."),
        "/pdf" => ([(header::CONTENT_TYPE, "application/pdf")], "%PDF-1.7").into_response(),
        "/to-metadata" => redirect("http://169.254.169.254/latest/meta-data/"),
        "/to-file" => redirect("file:///etc/passwd"),
        "/to-port" => redirect("http://example.com:6379/"),
        "/to-nowhere" => StatusCode::FOUND.into_response(),
        "/circle" => redirect("/circle"),
        "/bomb" => {
            let bytes = gzip_of_zeros();
            ([(header::CONTENT_ENCODING, "gzip"), (header::CONTENT_TYPE, "text/html")], bytes).into_response()
        }
        "/not-gzip" => ([(header::CONTENT_ENCODING, "gzip")], "plain text").into_response(),
        path if path.starts_with("/hop/") => {
            let n: u32 = path[5..].parse().unwrap();
            redirect(&format!("/hop/{}", n + 1))
        }
        _ => (StatusCode::NOT_FOUND, Body::from("no")).into_response(),
    }
}

/// Half as much again as the door lets in, in a few kilobytes.
fn gzip_of_zeros() -> Vec<u8> {
    use std::io::Write as _;
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    member.write_all(&vec![0; 12_000_000]).unwrap();
    member.finish().unwrap()
}

fn door(host: &str) -> Door {
    door_with(DoorOptions { allow_private: vec![host.to_owned()], ..DoorOptions::default() })
}

fn door_with(options: DoorOptions) -> Door {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Door::new(options).unwrap()
}

async fn get(door: &Door, url: &str) -> Result<sources::Response, DoorError> {
    door.get(url, &Conditional::default(), &[]).await
}

#[tokio::test]
async fn without_an_exception_nothing_on_loopback_is_asked() {
    let (host, ledger) = web().await;
    let door = door_with(DoorOptions::default());
    let error = get(&door, &format!("http://{host}/article?key=secret")).await.unwrap_err();
    assert!(matches!(error, DoorError::Refused { .. }), "{error}");
    assert_eq!(error.retry(), Retry::No);
    assert_eq!(*ledger.lock().unwrap(), Vec::<String>::new());
    let allowed =
        door.get(&format!("http://{host}/article"), &Conditional::default(), std::slice::from_ref(&host)).await;
    assert_eq!(allowed.unwrap().status, 200);
}

#[tokio::test]
async fn redirects_are_followed_by_hand_and_every_hop_is_checked() {
    let (host, ledger) = web().await;
    let door = door(&host);
    let moved = get(&door, &format!("http://{host}/moved")).await.unwrap();
    assert_eq!(moved.final_url, format!("http://{host}/article"));
    assert_eq!(moved.hops, [format!("http://{host}/moved"), format!("http://{host}/moved-again")]);
    ledger.lock().unwrap().clear();
    for (path, expected) in [
        ("to-metadata", "not a public address"),
        ("to-file", "not http or https"),
        ("to-port", "port 6379"),
        ("to-nowhere", "no Location"),
        ("circle", "in a circle"),
        ("hop/0", "more than 5 redirects"),
    ] {
        let error = get(&door, &format!("http://{host}/{path}")).await.unwrap_err();
        assert!(matches!(error, DoorError::Redirect { .. }) && error.to_string().contains(expected), "{path}: {error}");
        assert_eq!(error.retry(), Retry::No);
    }
    assert_eq!(ledger.lock().unwrap().len(), 5 + 6, "one request per hop, and none to where a redirect is refused");
}

#[tokio::test]
async fn a_body_is_bounded_after_decompression() {
    let (host, _) = web().await;
    let error = get(&door(&host), &format!("http://{host}/bomb")).await.unwrap_err();
    assert!(matches!(error, DoorError::TooLarge { limit: 8_388_608, .. }), "{error}");
    let error = get(&door(&host), &format!("http://{host}/not-gzip")).await.unwrap_err();
    assert!(matches!(error, DoorError::Broken { .. }), "{error}");
    let small = door_with(DoorOptions { allow_private: vec![host.clone()], max_bytes: 100, ..DoorOptions::default() });
    let error = get(&small, &format!("http://{host}/article")).await.unwrap_err();
    assert!(matches!(error, DoorError::TooLarge { limit: 100, .. }), "{error}");
}

/// A server that writes what it is told, byte by byte if need be.
async fn raw(script: &'static str, every: std::time::Duration, piece: impl Into<String>) -> String {
    let piece = piece.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let piece = piece.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = socket.read(&mut buffer).await;
                let _ = socket.write_all(script.as_bytes()).await;
                while !piece.is_empty() && socket.write_all(piece.as_bytes()).await.is_ok() {
                    tokio::time::sleep(every).await;
                }
            });
        }
    });
    host
}

#[tokio::test]
async fn endless_and_slow_answers_end() {
    let endless = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
    let piece = "<p>And so on, and so on, and so on, and so on.</p>";
    let fast = raw(endless, std::time::Duration::ZERO, piece).await;
    let options = |host: &str| DoorOptions {
        allow_private: vec![host.to_owned()],
        max_bytes: 100_000,
        timeout_seconds: 20,
        ..DoorOptions::default()
    };
    let error = get(&door_with(options(&fast)), &format!("http://{fast}/")).await.unwrap_err();
    assert!(matches!(error, DoorError::TooLarge { .. }), "{error}");
    let slow = raw(endless, std::time::Duration::from_millis(200), "x").await;
    let impatient = door_with(DoorOptions { timeout_seconds: 1, ..options(&slow) });
    let error = get(&impatient, &format!("http://{slow}/")).await.unwrap_err();
    assert!(matches!(error, DoorError::Timeout { seconds: 1, .. }), "{error}");
    assert_eq!(error.retry(), Retry::Later { after: None });
    let headers =
        raw("HTTP/1.1 200 OK\r\n", std::time::Duration::ZERO, format!("X-Header: {}\r\n", "and so on ".repeat(500)))
            .await;
    let error = get(&door_with(options(&headers)), &format!("http://{headers}/")).await.unwrap_err();
    assert!(matches!(error, DoorError::Broken { .. }), "{error}");
    let cut = raw("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", std::time::Duration::ZERO, "").await;
    let error = get(&door_with(options(&cut)), &format!("http://{cut}/")).await.unwrap_err();
    assert!(matches!(error, DoorError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = get(&door(&host), &format!("http://{host}/?key=secret")).await.unwrap_err();
    assert!(matches!(error, DoorError::Unreachable { .. }), "{error}");
    assert_eq!(error.retry(), Retry::Later { after: None });
    assert!(!error.to_string().contains("secret"), "{error}");
}

fn polite(host: &str) -> Arc<Polite> {
    Arc::new(door(host).into())
}

fn feed(host: &str, path: &str) -> SourceSpec {
    SourceSpec::Feed { url: format!("http://{host}{path}") }
}

#[tokio::test]
async fn a_second_poll_is_conditional_and_finds_nothing_new() {
    let (host, ledger) = web().await;
    let (web, here) = (polite(&host), std::path::Path::new("."));
    let first = poll(&web, &feed(&host, "/feed"), here, &PollState::default(), &[], now()).await.unwrap();
    assert_eq!(first.entries[0].url, format!("http://{host}/article"));
    assert_eq!(first.state.next_after.unwrap().to_string(), "2026-06-01T00:10:00Z");
    let stored: PollState = first.state.clone();
    let second = poll(&web, &feed(&host, "/feed"), here, &stored, &[], now()).await.unwrap();
    assert!(second.unchanged && second.entries.is_empty());
    assert_eq!(second.state.etag, first.state.etag);
    assert_eq!(*ledger.lock().unwrap(), ["/feed", "/feed [\"v1\"]"]);
    let plain = poll(&web, &feed(&host, "/plain-feed"), here, &PollState::default(), &[], now()).await.unwrap();
    let again = poll(&web, &feed(&host, "/plain-feed"), here, &plain.state, &[], now()).await.unwrap();
    assert!(again.unchanged, "the same bytes are no news, validators or not");
}

#[tokio::test]
async fn a_poll_that_fails_says_whether_to_try_again() {
    let (host, _) = web().await;
    let here = std::path::Path::new(".");
    for (path, retry, expected) in [
        ("/busy", Retry::Later { after: Some(90) }, "asked too often"),
        ("/broken", Retry::Later { after: None }, "trouble of its own"),
        ("/gone", Retry::No, "take it out"),
        ("/article", Retry::No, "this is an HTML page"),
    ] {
        let error =
            poll(&polite(&host), &feed(&host, path), here, &PollState::default(), &[], now()).await.unwrap_err();
        assert_eq!(error.retry(), retry, "{path}");
        assert!(error.to_string().contains(expected), "{path}: {error}");
        assert!(!matches!(error, SourceError::Door(_)), "{path}");
    }
}

#[tokio::test]
async fn pages_become_snapshots_or_are_refused_with_the_reason() {
    let (host, _) = web().await;
    let here = std::path::Path::new(".");
    let ask = |path: &'static str| {
        // Each for itself: what says "too many requests" rests the host.
        let (web, url) = (polite(&host), format!("http://{host}{path}"));
        async move { fetch(&web, &url, here, &[], None, now()).await }
    };
    let fetched = ask("/moved").await.unwrap();
    assert_eq!(fetched.via, FetchedVia::Page);
    assert_eq!((fetched.hops.len(), fetched.snapshot.title.as_deref()), (2, Some("An article")));
    assert!(fetched.snapshot.body().starts_with("A sentence of an article"), "{}", fetched.snapshot.text);
    assert!(fetched.snapshot.url.ends_with("/article") && !fetched.snapshot.from_feed);
    for (path, expected) in [
        ("/soft-404", "page is not there"),
        ("/wall", "bot wall"),
        ("/short", "characters of text"),
        ("/pdf", "a PDF"),
        ("/to-metadata", "not a public address"),
    ] {
        match ask(path).await {
            Err(FetchError::Refused { why }) => assert!(why.contains(expected), "{path}: {why}"),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert!(matches!(ask("/gone").await, Err(FetchError::Gone { .. })));
    assert!(matches!(ask("/none").await, Err(FetchError::Gone { .. })));
    assert!(matches!(ask("/busy").await, Err(FetchError::Failed { retry_after: Some(90), .. })));
    assert!(matches!(ask("/broken").await, Err(FetchError::Failed { retry_after: None, .. })));
}

#[tokio::test]
async fn what_the_feed_carried_takes_the_place_of_a_page_that_cannot_be_had() {
    let (host, _) = web().await;
    let here = std::path::Path::new(".");
    let carried = Carried { text: "The full text.".to_owned(), title: Some("T".to_owned()), ..Carried::default() };
    for path in ["/wall", "/busy"] {
        let url = format!("http://{host}{path}");
        let fetched = fetch(&polite(&host), &url, here, &[], Some(carried.clone()), now()).await.unwrap();
        assert!(fetched.snapshot.from_feed && matches!(fetched.via, FetchedVia::Feed { .. }));
        assert_eq!(fetched.snapshot.body(), "The full text.\n");
        assert_eq!(Carried::from(&fetched.snapshot).snapshot(&url, now()).id, fetched.snapshot.id);
    }
    let gone = fetch(&polite(&host), &format!("http://{host}/gone"), here, &[], Some(carried), now()).await;
    assert!(matches!(gone, Err(FetchError::Gone { .. })), "what was taken down is not brought back from a feed");
}

#[tokio::test]
async fn a_file_is_polled_and_fetched_without_a_network() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("leads")).unwrap();
    let text = "A sentence of a file that says something. ".repeat(10);
    std::fs::write(dir.path().join("leads/one.md"), format!("# One\n\n{text}")).unwrap();
    let web = Polite::from(door_with(DoorOptions::default()));
    let spec: SourceSpec = serde_json::from_str(r#"{"kind":"files","path":"leads"}"#).unwrap();
    let polled = poll(&web, &spec, dir.path(), &PollState::default(), &[], now()).await.unwrap();
    assert_eq!(polled.entries[0].canonical, "file:leads/one.md");
    let fetched = fetch(&web, &polled.entries[0].url, dir.path(), &[], None, now()).await.unwrap();
    assert_eq!((fetched.via, fetched.snapshot.title.as_deref()), (FetchedVia::File, Some("One")));
    let outside = fetch(&web, "file:../../etc/passwd", dir.path(), &[], None, now()).await;
    assert!(outside.is_err(), "{outside:?}");
}

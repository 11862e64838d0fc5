//! Manners, against a server on loopback that keeps a ledger: what it was asked, when, and how many asked at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::ToSpan as _;
use sources::interval::{Went, due_at, pause};
use sources::{
    Door, DoorError, DoorOptions, FetchError, HostMemory, Manners, Polite, PollState, SourceError, SourceSpec, fetch,
    poll,
};
use states::words::Timestamp;
use tokio::net::TcpListener;

/// One request.
#[derive(Debug, Clone)]
struct Asked {
    path: String,
    at: Instant,
    conditional: bool,
    status: u16,
}

/// Status, headers and body.
type Page = (u16, Vec<(String, String)>, String);

/// The server: what it answers can be changed while it runs.
#[derive(Default)]
struct Host {
    asked: Mutex<Vec<Asked>>,
    pages: Mutex<std::collections::BTreeMap<String, Page>>,
    slow: Mutex<Duration>,
    inside: AtomicUsize,
    most_inside: AtomicUsize,
}

impl Host {
    async fn start() -> (Arc<Self>, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let host = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = listener.local_addr().unwrap().to_string();
        let app = Router::new().fallback(answer).with_state(host.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (host, name)
    }

    fn put(&self, path: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.pages.lock().unwrap().insert(path.to_owned(), (status, headers, body.to_owned()));
    }

    fn paths(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|a| a.path.clone()).collect()
    }

    fn count(&self, path: &str) -> usize {
        self.paths().iter().filter(|p| *p == path).count()
    }
}

async fn answer(State(host): State<Arc<Host>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let now_inside = host.inside.fetch_add(1, Ordering::SeqCst) + 1;
    host.most_inside.fetch_max(now_inside, Ordering::SeqCst);
    let at = Instant::now();
    let slow = *host.slow.lock().unwrap();
    tokio::time::sleep(slow).await;
    let page = host.pages.lock().unwrap().get(&path).cloned();
    let (status, headers, body) = page.unwrap_or((404, Vec::new(), String::new()));
    let given = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let dated = request.headers().get(header::IF_MODIFIED_SINCE).and_then(|v| v.to_str().ok());
    let has = |name: &str, value: Option<&str>| {
        value.is_some() && headers.iter().any(|(k, v)| k == name && Some(v.as_str()) == value)
    };
    let same = status == 200 && (has("etag", given) || (given.is_none() && has("last-modified", dated)));
    let status = if same { 304 } else { status };
    host.asked.lock().unwrap().push(Asked { path, at, conditional: given.is_some() || dated.is_some(), status });
    host.inside.fetch_sub(1, Ordering::SeqCst);
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), map, if same { String::new() } else { body }).into_response()
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn door(host: &str) -> Door {
    let options = DoorOptions { allow_private: vec![host.to_owned()], timeout_seconds: 3, ..DoorOptions::default() };
    Door::new(options).unwrap()
}

fn polite(host: &str, gap_ms: u64, remembered: Vec<HostMemory>) -> Polite {
    let manners = Manners { host_gap: Duration::from_millis(gap_ms), ..Manners::default() };
    Polite::new(door(host), manners, remembered)
}

fn rss(items: usize) -> String {
    let items: String =
        (0..items).map(|n| format!("<item><title>No. {n}</title><link>/article/{n}</link></item>")).collect();
    format!(
        "<rss version='2.0'><channel><title>T</title><link>/</link><description>d</description>{items}</channel></rss>"
    )
}

fn feed(host: &str, path: &str) -> SourceSpec {
    SourceSpec::Feed { url: format!("http://{host}{path}") }
}

async fn ask(web: &Polite, host: &str, path: &str, now: Timestamp) -> Result<u16, DoorError> {
    Ok(web.get(&format!("http://{host}{path}"), &Default::default(), &[], now).await?.status)
}

/// Polls a feed from the folder of nothing.
async fn polled(
    web: &Polite,
    spec: &SourceSpec,
    state: &PollState,
    now: Timestamp,
) -> Result<sources::Polled, SourceError> {
    poll(web, spec, std::path::Path::new("."), state, &[], now).await
}

#[tokio::test]
async fn a_page_that_robots_txt_closes_is_not_asked_and_the_file_is_asked_once_a_day() {
    let (server, host) = Host::start().await;
    server.put("/robots.txt", 200, &[], "User-agent: *\nDisallow: /closed\n");
    server.put("/open", 200, &[], "open");
    server.put("/closed/feed.xml", 200, &[], &rss(1));
    server.put("/to-closed", 302, &[("location", "/closed/page")], "");
    let web = polite(&host, 0, Vec::new());
    assert_eq!(ask(&web, &host, "/open", now()).await, Ok(200));
    let refused =
        fetch(&web, &format!("http://{host}/closed/page?key=1"), std::path::Path::new("."), &[], None, now()).await;
    let Err(FetchError::Refused { why }) = refused else { panic!("{refused:?}") };
    assert!(why.contains("/closed/page") && why.contains("robots.txt"), "{why}");
    let error = polled(&web, &feed(&host, "/closed/feed.xml"), &PollState::default(), now()).await.unwrap_err();
    assert!(error.to_string().contains("robots = \"ignore\""), "{error}");
    // A redirect does not lead around it.
    assert!(matches!(ask(&web, &host, "/to-closed", now()).await, Err(DoorError::Disallowed { .. })));
    assert_eq!(server.paths(), ["/robots.txt", "/open", "/to-closed"]);

    // Across a restart it is known; a day later it is asked again.
    let web = polite(&host, 0, web.news());
    let tomorrow = now() + 24.hours();
    assert_eq!(ask(&web, &host, "/open", now() + 23.hours()).await, Ok(200));
    assert_eq!(server.count("/robots.txt"), 1);
    server.put("/robots.txt", 200, &[], "User-agent: *\nDisallow: /open\n");
    assert!(matches!(ask(&web, &host, "/open", tomorrow).await, Err(DoorError::Disallowed { .. })));
    assert_eq!(server.count("/robots.txt"), 2);

    // A host of one's own.
    let manners = Manners { own_hosts: [host.clone()].into(), ..Manners::default() };
    let own = Polite::new(door(&host), manners, web.news());
    assert_eq!(ask(&own, &host, "/open", tomorrow).await, Ok(200));
}

#[tokio::test]
async fn what_was_known_last_holds_while_robots_txt_cannot_be_had() {
    let (server, host) = Host::start().await;
    server.put("/robots.txt", 503, &[("retry-after", "120")], "");
    server.put("/a", 200, &[], "a");
    server.put("/b", 200, &[], "b");
    // Nothing is known: the host is left alone.
    let web = polite(&host, 0, Vec::new());
    let error = ask(&web, &host, "/a", now()).await.unwrap_err();
    assert!(matches!(&error, DoorError::Resting { seconds: 120, .. }), "{error}");
    assert!(ask(&web, &host, "/b", now() + 60.seconds()).await.is_err());
    assert_eq!(server.paths(), ["/robots.txt"]);
    // It comes back.
    server.put("/robots.txt", 200, &[], "User-agent: *\nDisallow: /b\n");
    let web = polite(&host, 0, web.news());
    assert_eq!(ask(&web, &host, "/a", now() + 120.seconds()).await, Ok(200));
    // It breaks again, after its time: what was known holds.
    server.put("/robots.txt", 500, &[], "");
    let web = polite(&host, 0, web.news());
    let later = now() + 48.hours();
    assert_eq!(ask(&web, &host, "/a", later).await, Ok(200));
    assert!(matches!(ask(&web, &host, "/b", later).await, Err(DoorError::Disallowed { .. })));
    assert_eq!(server.count("/robots.txt"), 3);
}

#[tokio::test]
async fn a_host_is_asked_by_one_at_a_time_with_a_gap() {
    let (server, host) = Host::start().await;
    *server.slow.lock().unwrap() = Duration::from_millis(30);
    let web = Arc::new(polite(&host, 100, Vec::new()));
    let asking = (0..6).map(|n| {
        let (web, url) = (web.clone(), format!("http://{host}/{n}"));
        tokio::spawn(async move { web.get(&url, &Default::default(), &[], now()).await.unwrap().status })
    });
    for asked in asking.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), 404);
    }
    assert_eq!(server.most_inside.load(Ordering::SeqCst), 1);
    let asked = server.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0].path.as_str()), (7, "/robots.txt"));
    for pair in asked.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(125), "{pair:?}");
    }
}

#[tokio::test]
async fn a_crawl_delay_counts_where_it_is_longer() {
    let (server, host) = Host::start().await;
    server.put("/robots.txt", 200, &[], "User-agent: *\nCrawl-delay: 0.4\n");
    let web = polite(&host, 10, Vec::new());
    for path in ["/a", "/b"] {
        assert_eq!(ask(&web, &host, path, now()).await, Ok(404));
    }
    let asked = server.asked.lock().unwrap().clone();
    assert!(asked[2].at - asked[1].at >= Duration::from_millis(390), "{asked:?}");
}

#[tokio::test]
async fn too_many_requests_rest_the_whole_host_across_restarts() {
    let day = 24 * 3600;
    for (header, rest) in
        [(Some("600"), 600), (Some("Mon, 01 Jun 2026 00:10:00 GMT"), 600), (None, 60), (Some("99999999999999"), day)]
    {
        let (server, host) = Host::start().await;
        let mut headers = vec![("date", "Mon, 01 Jun 2026 00:00:00 GMT")];
        headers.extend(header.map(|value| ("retry-after", value)));
        server.put("/feed.xml", 429, &headers, "");
        server.put("/page", 200, &[], "page");
        let web = polite(&host, 0, Vec::new());
        let error = polled(&web, &feed(&host, "/feed.xml"), &PollState::default(), now()).await.unwrap_err();
        assert!(matches!(error, SourceError::Status { status: 429, .. }), "{error}");
        let web = polite(&host, 0, web.news());
        let just_before = now() + (rest - 1).seconds();
        let page = fetch(&web, &format!("http://{host}/page"), std::path::Path::new("."), &[], None, just_before).await;
        assert!(matches!(&page, Err(FetchError::Resting { seconds: 1, .. })), "{header:?}: {page:?}");
        assert_eq!(server.count("/page"), 0);
        assert_eq!(ask(&web, &host, "/page", now() + rest.seconds()).await, Ok(200), "{header:?}");
    }
}

#[tokio::test]
async fn a_permanent_redirect_is_remembered_and_a_temporary_one_is_not() {
    let (server, host) = Host::start().await;
    server.put("/new.xml", 200, &[("etag", "\"1\"")], &rss(2));
    server.put("/old.xml", 301, &[("location", "/middle.xml")], "");
    server.put("/middle.xml", 308, &[("location", "/new.xml")], "");
    let web = polite(&host, 0, Vec::new());
    let spec = feed(&host, "/old.xml");
    let first = polled(&web, &spec, &PollState::default(), now()).await.unwrap();
    let stored: PollState = serde_json::from_value(serde_json::to_value(&first.state).unwrap()).unwrap();
    assert_eq!(stored.moved_to, Some(format!("http://{host}/new.xml")));
    assert!(first.notes[0].contains("put that into the configuration"), "{:?}", first.notes);
    let second = polled(&web, &spec, &stored, now()).await.unwrap();
    assert!(second.unchanged && second.state.moved_to == stored.moved_to);
    assert_eq!(server.paths()[1..], ["/old.xml", "/middle.xml", "/new.xml", "/new.xml"]);

    // The new address goes: the configured one is asked again, as if for the first time.
    server.put("/new.xml", 404, &[], "");
    let error = polled(&web, &spec, &stored, now()).await.unwrap_err();
    assert_eq!(stored.after(&error, 1, now()), PollState::default());
    // It is there and of no use: the configured one is asked again after the third failure.
    server.put("/new.xml", 200, &[], "<!doctype html><title>For sale</title>");
    let error = polled(&web, &spec, &stored, now()).await.unwrap_err();
    assert_eq!(stored.after(&error, 2, now()), stored);
    assert_eq!(stored.after(&error, 3, now()), PollState::default());

    // One temporary redirect on the way, and nothing is remembered.
    server.put("/new.xml", 200, &[("etag", "\"1\"")], &rss(2));
    server.put("/middle.xml", 302, &[("location", "/new.xml")], "");
    let again = polled(&web, &spec, &PollState::default(), now()).await.unwrap();
    assert_eq!(again.state.moved_to, None);
}

#[tokio::test]
async fn validators_outlive_failures_and_expires_counts_where_there_is_no_max_age() {
    let (server, host) = Host::start().await;
    let dates = [("date", "Mon, 01 Jun 2026 00:00:00 GMT"), ("expires", "Mon, 01 Jun 2026 02:00:00 GMT")];
    server.put(
        "/feed.xml",
        200,
        &[&[("etag", "\"1\""), ("last-modified", "Sun, 31 May 2026 00:00:00 GMT")], &dates[..]].concat(),
        &rss(2),
    );
    let (web, spec) = (polite(&host, 0, Vec::new()), feed(&host, "/feed.xml"));
    let first = polled(&web, &spec, &PollState::default(), now()).await.unwrap();
    assert_eq!(first.state.next_after, Some(now() + 2.hours()));
    server.put("/feed.xml", 500, &[], "");
    let error = polled(&web, &spec, &first.state, now() + 3.hours()).await.unwrap_err();
    let state = first.state.after(&error, 1, now() + 3.hours());
    assert_eq!((&state.etag, &state.last_modified), (&first.state.etag, &first.state.last_modified));
    server.put("/feed.xml", 200, &[("etag", "\"1\"")], &rss(2));
    assert!(polled(&web, &spec, &state, now() + 6.hours()).await.unwrap().unchanged);
    assert_eq!(server.asked.lock().unwrap().last().unwrap().status, 304);
}

/// Row 32 of the reliability table: 30 fake days, a look every quarter of an hour, a restart at each.
#[tokio::test]
async fn in_thirty_days_every_request_but_the_first_is_conditional_and_none_is_inside_max_age() {
    let (server, host) = Host::start().await;
    let (spec, every) = (feed(&host, "/feed.xml"), 3600);
    let (mut state, mut memory) = (String::from("{}"), Vec::<HostMemory>::new());
    let (mut next, mut last_pause, mut failures) = (now(), 0, 0_u32);
    let (mut items, mut requests, mut fresh_until) = (3, Vec::new(), now());
    for quarter in 0..30 * 24 * 4_i64 {
        let at = now() + (quarter * 15).minutes();
        // News every three days for a third of the time; then silence; a day of trouble in between.
        if quarter % (3 * 96) == 0 && quarter < 10 * 96 {
            items += 1;
        }
        let trouble = (12 * 96..13 * 96).contains(&quarter);
        let max_age = if quarter < 20 * 96 { 5400 } else { 7 };
        let etag = format!("\"{items}\"");
        let age = format!("public, max-age={max_age}");
        match trouble {
            true => server.put("/feed.xml", 500, &[], ""),
            false => server.put("/feed.xml", 200, &[("etag", &etag), ("cache-control", &age)], &rss(items)),
        }
        if at < next {
            continue;
        }
        // A restart: everything comes from what was stored.
        let before: PollState = serde_json::from_str(&state).unwrap();
        let web = polite(&host, 0, std::mem::take(&mut memory));
        let went = match polled(&web, &spec, &before, at).await {
            Ok(polled) => {
                failures = 0;
                state = serde_json::to_string(&polled.state).unwrap();
                if polled.unchanged { Went::Quiet } else { Went::Fresh }
            }
            Err(error) => {
                failures += 1;
                state = serde_json::to_string(&before.after(&error, failures, at)).unwrap();
                Went::Failed(failures)
            }
        };
        memory = web.news();
        if memory.is_empty() {
            memory.push(HostMemory { host: host.clone(), robots: remembered(at), ..HostMemory::default() });
        }
        last_pause = pause(every, last_pause, went);
        let stored: PollState = serde_json::from_str(&state).unwrap();
        next = due_at(at, last_pause, stored.next_after);
        assert!(at >= fresh_until, "asked at {at}, fresh until {fresh_until}");
        if !trouble {
            fresh_until = at + i64::from(max_age).seconds();
        }
        requests.push(at);
    }
    let asked: Vec<Asked> = server.asked.lock().unwrap().iter().filter(|a| a.path == "/feed.xml").cloned().collect();
    assert_eq!(asked.len(), requests.len());
    assert!(!asked[0].conditional && asked[1..].iter().all(|a| a.conditional), "all but the first are conditional");
    assert_eq!(asked.iter().filter(|a| a.status == 200).count(), 4, "each piece of news is loaded once");
    let on = |day: i64| {
        let (from, to) = (now() + (24 * day).hours(), now() + (24 * (day + 1)).hours());
        requests.iter().filter(|at| **at >= from && **at < to).count()
    };
    assert!(on(0) >= 5 && on(12) >= 5, "{} and {} requests", on(0), on(12));
    assert!(on(28) <= 2, "a quiet feed is asked once a day: {}", on(28));
}

/// What stands in for a robots.txt that is known, so that only the feed is looked at.
fn remembered(at: Timestamp) -> Option<sources::RobotsFile> {
    Some(sources::RobotsFile { text: None, until: at + 24.hours() })
}

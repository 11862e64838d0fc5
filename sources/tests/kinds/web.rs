//! A web on loopback whose pages a test sets and changes, and which writes down what it was asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sources::{Door, DoorOptions, Polite, PollState, Polled, SourceError, SourceSpec, poll};
use states::words::Timestamp;
use tokio::net::TcpListener;

/// One page.
#[derive(Clone)]
pub(crate) struct Page {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Page {
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::new("") }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

#[derive(Default)]
struct Inside {
    pages: Mutex<BTreeMap<String, Page>>,
    asked: Mutex<Vec<Asked>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Path and query; ` [304]` behind it where nothing had changed.
    pub(crate) line: String,
    pub(crate) token: Option<String>,
}

/// The web.
#[derive(Clone)]
pub(crate) struct Web {
    inside: Arc<Inside>,
    pub(crate) host: String,
    door: Door,
}

impl Web {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inside = Arc::new(Inside::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let app = Router::new().fallback(answer).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { inside, host, door: Door::new(DoorOptions::default()).unwrap() }
    }

    /// Sets the page of a path, with or without a query.
    pub(crate) fn set(&self, path: &str, page: Page) {
        self.inside.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.host)
    }

    /// What was asked since the last time this was called, robots.txt apart.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let all = std::mem::take(&mut *self.inside.asked.lock().unwrap());
        all.into_iter().filter(|asked| asked.line != "/robots.txt").collect()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.inside.most_at_once.load(Ordering::SeqCst)
    }

    /// Polls with an exception for this web, and for others that are named.
    pub(crate) async fn poll_at(
        &self,
        spec: &SourceSpec,
        state: &PollState,
        others: &[&Web],
        now: &str,
    ) -> Result<Polled, SourceError> {
        let mut allow = vec![self.host.clone()];
        allow.extend(others.iter().map(|web| web.host.clone()));
        // As it is kept between runs.
        let state: PollState = serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
        let now: Timestamp = now.parse().unwrap();
        poll(&Polite::from(self.door.clone()), spec, std::path::Path::new("."), &state, &allow, now).await
    }

    pub(crate) async fn poll(&self, spec: &SourceSpec, state: &PollState) -> Result<Polled, SourceError> {
        self.poll_at(spec, state, &[], "2026-06-01T12:00:00Z").await
    }
}

async fn answer(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let now = inside.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    inside.most_at_once.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let line = request.uri().path_and_query().unwrap().to_string();
    let get = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap().to_owned());
    let page = {
        let pages = inside.pages.lock().unwrap();
        pages.get(&line).or_else(|| pages.get(request.uri().path())).cloned().unwrap_or_else(|| Page::status(404))
    };
    let etag = page.headers.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.clone());
    let same = etag.is_some() && etag == get(header::IF_NONE_MATCH);
    let asked = Asked { line: if same { format!("{line} [304]") } else { line }, token: get(header::AUTHORIZATION) };
    inside.asked.lock().unwrap().push(asked);
    inside.at_once.fetch_sub(1, Ordering::SeqCst);
    let (status, body) = if same { (304, Vec::new()) } else { (page.status, page.body) };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in page.headers {
        response.headers_mut().insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&value).unwrap());
    }
    response
}

/// A recorded answer, where it is at hand.
#[allow(clippy::print_stderr, reason = "a skipped test has no other way to say so")]
pub(crate) fn recorded(path: &str) -> Option<Vec<u8>> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("PIPELINE_TEST_DATA").map_or(beside, std::path::PathBuf::from);
    let bytes = std::fs::read(folder.join(path)).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: {path} is not at hand");
    }
    bytes
}

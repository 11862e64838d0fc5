//! The web: pages, feeds, folders and faults, registered while it runs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::stream;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::ledger::Ledger;
use super::server::{Server, hang_up};

/// How one path is answered.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    etag: Option<String>,
    last_modified: Option<Timestamp>,
    delay: Duration,
    /// So many bytes, then a pause.
    drip: Option<(usize, Duration)>,
    /// The body is repeated for ever.
    endless: bool,
    /// The connection is closed after so many bytes of the body; at 0 before the status line.
    cut: Option<usize>,
}

impl Route {
    /// 200 with a body.
    pub(crate) fn of(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), content_type.into())],
            body: Bytes::from(body.into()),
            etag: None,
            last_modified: None,
            delay: Duration::ZERO,
            drip: None,
            endless: false,
            cut: None,
        }
    }

    /// An HTML page.
    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::of("text/html; charset=utf-8", body)
    }

    /// An empty answer with a status.
    pub(crate) fn status(code: u16) -> Self {
        let mut route = Self::of("text/plain", "");
        route.status = code;
        route
    }

    /// With another header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// With an `ETag` made from the body; a request that names it gets 304.
    pub(crate) fn etag(mut self) -> Self {
        self.etag = Some(format!("\"{}\"", &hex(&Sha256::digest(&self.body))[..16]));
        self
    }

    /// With `Last-Modified`; a request that names this time or a later one gets 304.
    pub(crate) fn last_modified(mut self, at: Timestamp) -> Self {
        self.last_modified = Some(at);
        self
    }

    /// Answered after a pause.
    pub(crate) fn slow(mut self, pause: Duration) -> Self {
        self.delay = pause;
        self
    }

    /// The body comes in pieces of so many bytes, with a pause after each.
    pub(crate) fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some((bytes.max(1), pause));
        self
    }

    /// The body is sent again and again, without end.
    pub(crate) fn endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// The connection is closed after so many bytes of the body; at 0 there is no answer at all.
    pub(crate) fn cut_at(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// The conditional requests of RFC 9110, section 13: `If-None-Match` wins over `If-Modified-Since`.
    fn is_unchanged(&self, headers: &HeaderMap) -> bool {
        let asked = |name| headers.get(name).and_then(|v| v.to_str().ok());
        if let Some(known) = asked(header::IF_NONE_MATCH) {
            let known = known.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
            return self.etag.as_deref().is_some_and(|etag| known.into_iter().any(|tag| tag == etag || tag == "*"));
        }
        let since = asked(header::IF_MODIFIED_SINCE).and_then(|text| rfc2822::parse(text).ok());
        match (self.last_modified, since) {
            (Some(changed), Some(since)) => changed.as_second() <= since.timestamp().as_second(),
            _ => false,
        }
    }

    fn response(&self, unchanged: bool) -> Response {
        let mut response = Response::builder().status(if unchanged { 304 } else { self.status });
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        if let Some(etag) = &self.etag {
            response = response.header(header::ETAG, etag);
        }
        if let Some(at) = self.last_modified {
            response = response.header(header::LAST_MODIFIED, http_date(at));
        }
        let body = if unchanged { Body::empty() } else { self.stream() };
        response.body(body).expect("a test registers valid headers")
    }

    fn stream(&self) -> Body {
        if self.drip.is_none() && !self.endless && self.cut.is_none() {
            return Body::from(self.body.clone());
        }
        let route = self.clone();
        let (piece, pause) = self.drip.unwrap_or((64 * 1024, Duration::ZERO));
        Body::from_stream(stream::unfold((route, 0_usize), move |(route, sent)| async move {
            let length = route.body.len();
            if route.cut.is_some_and(|cut| sent >= cut) {
                // What was sent is on its way before the socket closes.
                tokio::time::sleep(Duration::from_millis(20)).await;
                return Some((Err(std::io::Error::other("cut")), (route, sent)));
            }
            let at = if route.endless && length > 0 { sent % length } else { sent };
            if at >= length {
                return None;
            }
            // Even a sleep of nothing costs a millisecond, and endless bodies are to be fast.
            if sent > 0 && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let left = route.cut.map_or(piece, |cut| piece.min(cut - sent));
            let part = route.body.slice(at..length.min(at + left));
            let sent = sent + part.len();
            Some((Ok(part), (route, sent)))
        }))
    }
}

#[derive(Default)]
struct Paths {
    routes: BTreeMap<String, Route>,
    folders: Vec<(String, PathBuf)>,
}

#[derive(Clone, Default)]
struct Web {
    paths: Arc<Mutex<Paths>>,
    ledger: Ledger,
}

/// A web server. Its ledger has one `get` per request: the key is the path with its query.
pub(crate) struct FakeWeb {
    web: Web,
    server: Server,
}

impl FakeWeb {
    /// An empty web: every path is 404.
    pub(crate) fn start() -> Self {
        let web = Web::default();
        let server = Server::start(Router::new().fallback(answer).with_state(web.clone()));
        Self { web, server }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Answers a path (with or without a query) from now on. A path with its query is looked up first.
    pub(crate) fn put(&self, path: &str, route: Route) {
        assert!(path.starts_with('/'), "`{path}` is not a path");
        self.web.paths.lock().expect("no handler panics").routes.insert(path.to_owned(), route);
    }

    /// A page with an `ETag`; gives its address.
    pub(crate) fn page(&self, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> String {
        self.put(path, Route::of(content_type, body).etag());
        self.url(path)
    }

    /// An RSS or Atom feed with an `ETag`; gives its address.
    pub(crate) fn feed(&self, path: &str, xml: impl Into<Vec<u8>>) -> String {
        self.page(path, "application/xml; charset=utf-8", xml)
    }

    /// An empty answer with a status and headers.
    pub(crate) fn status(&self, path: &str, code: u16, headers: &[(&str, &str)]) -> String {
        self.put(path, headers.iter().fold(Route::status(code), |route, (name, value)| route.header(name, value)));
        self.url(path)
    }

    /// A redirect (302) to any address.
    pub(crate) fn redirect(&self, path: &str, to: &str) -> String {
        self.status(path, 302, &[("location", to)])
    }

    /// Serves the files of a folder under a prefix, read at each request. `x.html` is also found as `x.html.gz`.
    pub(crate) fn folder(&self, prefix: &str, dir: &Path) {
        let prefix = format!("{}/", prefix.trim_end_matches('/'));
        self.web.paths.lock().expect("no handler panics").folders.push((prefix, dir.to_owned()));
    }

    /// Forgets a path: 404 from now on.
    pub(crate) fn remove(&self, path: &str) {
        self.web.paths.lock().expect("no handler panics").routes.remove(path);
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.web.ledger.tally("get").get(path).copied().unwrap_or(0)
    }

    /// What was asked.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.web.ledger
    }
}

async fn answer(State(web): State<Web>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let with_query = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let route = web.find(&path, &with_query);
    let headers = request.headers();
    let unchanged = route.as_ref().is_some_and(|r| r.is_unchanged(headers));
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    web.ledger.note(
        "get",
        with_query,
        json!({
            "method": request.method().as_str(),
            "status": if unchanged { 304 } else { route.as_ref().map_or(404, |r| r.status) },
            "conditional": headers.contains_key(header::IF_NONE_MATCH) || headers.contains_key(header::IF_MODIFIED_SINCE),
            "agent": text(header::USER_AGENT),
            "host": text(header::HOST),
        }),
    );
    let Some(route) = route else {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .body(Body::from("<!doctype html><title>Not found</title><p>Nothing here."))
            .expect("a constant answer is valid");
    };
    tokio::time::sleep(route.delay).await;
    if route.cut == Some(0) {
        hang_up();
    }
    route.response(unchanged)
}

impl Web {
    fn find(&self, path: &str, with_query: &str) -> Option<Route> {
        let paths = self.paths.lock().expect("no handler panics");
        if let Some(route) = paths.routes.get(with_query).or_else(|| paths.routes.get(path)) {
            return Some(route.clone());
        }
        paths.folders.iter().find_map(|(prefix, dir)| from_folder(dir, path.strip_prefix(prefix.as_str())?))
    }
}

fn from_folder(dir: &Path, name: &str) -> Option<Route> {
    if name.split('/').any(|piece| piece.is_empty() || piece.starts_with('.')) {
        return None;
    }
    let file = dir.join(name);
    let body = match std::fs::read(&file) {
        Ok(body) if name.ends_with(".gz") => unpack(&body)?,
        Ok(body) => body,
        Err(_) => unpack(&std::fs::read(dir.join(format!("{name}.gz"))).ok()?)?,
    };
    let name = name.trim_end_matches(".gz");
    let content_type = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" | "htm" => "text/html; charset=utf-8",
        "xml" | "rss" | "atom" => "application/xml; charset=utf-8",
        "json" => "application/json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "css" => "text/css",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Some(Route::of(content_type, body).etag())
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(packed).take(64 << 20).read_to_end(&mut body).ok()?;
    Some(body)
}

/// One entry of a feed.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its title, as plain text.
    pub(crate) title: String,
    /// Its link.
    pub(crate) url: String,
    /// When it was published.
    pub(crate) date: Timestamp,
    /// Its summary, as plain text.
    pub(crate) text: String,
}

/// An RSS 2.0 feed.
pub(crate) fn rss(title: &str, link: &str, items: &[Item]) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{}</title><link>{}</link>\
         <description>News</description>\n",
        escape(title),
        escape(link)
    );
    for item in items {
        xml.push_str(&format!(
            "<item><title>{}</title><link>{}</link><guid isPermaLink=\"true\">{}</guid><pubDate>{}</pubDate>\
             <description>{}</description></item>\n",
            escape(&item.title),
            escape(&item.url),
            escape(&item.url),
            http_date(item.date),
            escape(&item.text)
        ));
    }
    xml.push_str("</channel></rss>\n");
    xml
}

/// An Atom feed (RFC 4287).
pub(crate) fn atom(title: &str, link: &str, items: &[Item]) -> String {
    let updated = items.iter().map(|item| item.date).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{}</title>\
         <id>{}</id><link href=\"{}\"/><updated>{updated}</updated>\n",
        escape(title),
        escape(link),
        escape(link)
    );
    for item in items {
        xml.push_str(&format!(
            "<entry><title>{}</title><id>{}</id><link href=\"{}\"/><published>{}</published><updated>{}</updated>\
             <summary>{}</summary></entry>\n",
            escape(&item.title),
            escape(&item.url),
            escape(&item.url),
            item.date,
            item.date,
            escape(&item.text)
        ));
    }
    xml.push_str("</feed>\n");
    xml
}

/// Text for XML or HTML, in content and in attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The date form of HTTP headers and RSS.
pub(crate) fn http_date(at: Timestamp) -> String {
    let zoned = at.to_zoned(TimeZone::UTC);
    zoned.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! The one HTTP door: every URL that came from outside goes through it.
//!
//! It checks the URL, every redirect (followed by hand) and every resolved address, and it bounds time and size. The address
//! is checked where the connection takes it from, in the client's own resolver, so that a name cannot answer one address to
//! the check and another to the connection.

mod address;
mod body;
mod error;
mod extra;
mod redirects;
mod resolver;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode, redirect};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use address::{is_local_name, is_public};
pub use error::{DoorError, Retry};
pub use extra::Extra;
pub use resolver::{Resolve, SystemResolver};
pub use wire::Wire;

pub(crate) use error::shown;

use body::BodyError;
use error::Blocked;
use resolver::Checked;

/// How much of the body of an answer that says "no" is kept: enough to see what kind of page it is.
const ERROR_BODY: usize = 64 * 1024;

/// Ports that pages and feeds are served from. Any other port needs an exception: it is how a URL reaches a mail server or
/// a database.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Longest validator that is kept for the next conditional request.
const MAX_VALIDATOR: usize = 1024;

/// What the door allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DoorOptions {
    /// What the program calls itself.
    pub user_agent: String,
    /// Most bytes of a body, after decompression.
    pub max_bytes: usize,
    /// Most seconds for a whole request, redirects and body included.
    pub timeout_seconds: u64,
    /// Most seconds for one connection.
    pub connect_timeout_seconds: u64,
    /// Most redirects.
    pub max_redirects: usize,
    /// Hosts that may be private, and ports that may be unusual, as `host` or `host:port`.
    pub allow_private: Vec<String>,
}

impl Default for DoorOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("pipeline/", env!("CARGO_PKG_VERSION"), " (feed reader)").to_owned(),
            max_bytes: 8 * 1024 * 1024,
            timeout_seconds: 30,
            connect_timeout_seconds: 10,
            max_redirects: 5,
            allow_private: Vec::new(),
        }
    }
}

/// What makes a request conditional: the validators of the last answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditional {
    /// Sent as `If-None-Match`.
    pub etag: Option<String>,
    /// Sent as `If-Modified-Since`.
    pub last_modified: Option<String>,
}

/// An answer. Any status is an answer; what it means is for the caller to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Where the answer came from, after redirects.
    pub final_url: String,
    /// The URLs that redirected, in order; empty where none did.
    pub hops: Vec<String>,
    /// The body, decompressed. Cut short for statuses of 400 and above.
    #[serde(skip)]
    pub body: Vec<u8>,
    /// The `Content-Type`, as it was sent.
    pub content_type: Option<String>,
    /// The `ETag`, for the next conditional request.
    pub etag: Option<String>,
    /// The `Last-Modified`, for the next conditional request.
    pub last_modified: Option<String>,
    /// Where it has moved for good: every redirect on the way was a permanent one (301 or 308).
    pub moved: Option<String>,
    /// Seconds for which the answer is fresh (`Cache-Control: max-age`, or `Expires` less the answer's own `Date`).
    pub max_age_seconds: Option<u64>,
    /// Seconds to wait before asking again (`Retry-After`, or until a used-up quota is there again; a date counts from the
    /// answer's own `Date`).
    pub retry_after_seconds: Option<u64>,
    /// True for 304: the body is empty and what was stored still holds.
    pub not_modified: bool,
}

/// What stands before each request of a visit, redirects included: whoever keeps the manners.
pub(crate) trait Gate: Sync {
    /// What is held while the request is under way.
    type Pass: Send;

    /// Lets a request through when its time has come. The time spent here does not count as the request's.
    fn pass(&self, url: &Url) -> impl Future<Output = Result<Self::Pass, DoorError>> + Send;
}

/// No gate.
struct Open;

impl Gate for Open {
    type Pass = ();

    async fn pass(&self, _: &Url) -> Result<(), DoorError> {
        Ok(())
    }
}

/// The door. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Door {
    options: DoorOptions,
    /// For every host: resolves public addresses only.
    strict: Client,
    /// For hosts with an exception only. A client of its own, so that no connection made under an exception is used again
    /// without one.
    excepted: Client,
    /// Who listens.
    wire: Option<Arc<dyn Wire>>,
}

impl Door {
    /// Makes a door. Needs the process's TLS provider to be installed.
    ///
    /// # Errors
    /// [`DoorError::Setup`] where the HTTP client cannot be built or an exception is not `host` or `host:port`.
    pub fn new(options: DoorOptions) -> Result<Self, DoorError> {
        Self::with_resolver(options, Arc::new(SystemResolver))
    }

    /// Makes a door that asks another resolver than the system's. What it answers is checked all the same, and a connection
    /// goes to no address but those that were checked.
    ///
    /// # Errors
    /// As [`Door::new`].
    pub fn with_resolver(options: DoorOptions, resolver: Arc<dyn Resolve>) -> Result<Self, DoorError> {
        for entry in &options.allow_private {
            check_exception(entry)?;
        }
        let strict = client(&options, Checked { by: resolver.clone(), private: false })?;
        let excepted = client(&options, Checked { by: resolver, private: true })?;
        Ok(Self { strict, excepted, options, wire: None })
    }

    /// The same door, with somebody who keeps its answers or gives kept ones.
    #[must_use]
    pub fn with_wire(self, wire: Arc<dyn Wire>) -> Self {
        Self { wire: Some(wire), ..self }
    }

    /// True where kept answers are given instead of the web's.
    pub fn replays(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.replays())
    }

    /// The options it was made with.
    pub fn options(&self) -> &DoorOptions {
        &self.options
    }

    /// Gets a URL. `allow` adds to the exceptions of the options, for this request only.
    ///
    /// # Errors
    /// A [`DoorError`] where there is no answer, or none that may be looked at.
    pub async fn get(&self, url: &str, conditional: &Conditional, allow: &[String]) -> Result<Response, DoorError> {
        self.get_with(url, conditional, Extra::default(), allow).await
    }

    /// As [`Door::get`], with what the request carries beside its validators.
    ///
    /// # Errors
    /// As [`Door::get`].
    pub async fn get_with(
        &self,
        url: &str,
        conditional: &Conditional,
        extra: Extra<'_>,
        allow: &[String],
    ) -> Result<Response, DoorError> {
        self.get_past(&Open, url, conditional, extra, allow).await
    }

    /// Gets a URL past a gate.
    pub(crate) async fn get_past<G: Gate>(
        &self,
        gate: &G,
        url: &str,
        conditional: &Conditional,
        extra: Extra<'_>,
        allow: &[String],
    ) -> Result<Response, DoorError> {
        let at = self.check(url, allow)?;
        let Some(wire) = &self.wire else {
            return self.get_live(gate, at, conditional, extra, allow, &mut false).await;
        };
        if wire.replays() {
            return wire::recalled(wire.as_ref(), gate, url, &at).await;
        }
        let mut asked = false;
        let answer = self.get_live(gate, at, conditional, extra, allow, &mut asked).await;
        // Whom the gate kept in was never asked.
        if asked {
            wire.keep(url, &answer);
        }
        answer
    }

    /// Gets a URL that was checked. `sent` says whether anybody was asked.
    async fn get_live<G: Gate>(
        &self,
        gate: &G,
        first: Url,
        conditional: &Conditional,
        extra: Extra<'_>,
        allow: &[String],
        sent: &mut bool,
    ) -> Result<Response, DoorError> {
        let url = first.as_str();
        let limit = Duration::from_secs(self.options.timeout_seconds.max(1));
        let late = || DoorError::Timeout { url: shown(url), seconds: limit.as_secs() };
        let mut left = limit;
        let mut at = first.clone();
        let mut hops: Vec<String> = Vec::new();
        let mut for_good = true;
        loop {
            let _pass = gate.pass(&at).await?;
            let began = std::time::Instant::now();
            *sent = true;
            let asked = tokio::time::timeout(left, self.ask(&at, conditional, extra.at(&first, &at), allow)).await;
            let answer = asked.map_err(|_| late())??;
            left = left.saturating_sub(began.elapsed());
            let location = answer.headers().get(header::LOCATION);
            let Some(target) = redirects::target(&at, answer.status(), location)? else {
                let moved = (for_good && !hops.is_empty()).then(|| at.to_string());
                let read = tokio::time::timeout(left, self.read(at, hops, answer)).await;
                return read.map_err(|_| late())?.map(|response| Response { moved, ..response });
            };
            for_good &= matches!(answer.status().as_u16(), 301 | 308);
            if hops.len() >= self.options.max_redirects {
                let why = format!("more than {} redirects", self.options.max_redirects);
                return Err(DoorError::Redirect { url: shown(url), why });
            }
            let next = self.check(target.as_str(), allow).map_err(|error| match error {
                DoorError::Refused { why, .. } | DoorError::BadUrl { why, .. } => {
                    DoorError::Redirect { url: shown(url), why: format!("to {}: {why}", shown(target.as_str())) }
                }
                other => other,
            })?;
            redirects::admit(url, &at, &next, &hops)?;
            hops.push(at.to_string());
            at = next;
        }
    }

    /// Checks a URL as far as this goes without asking anyone.
    ///
    /// # Errors
    /// [`DoorError::BadUrl`] where it is none, [`DoorError::Refused`] where it may not be asked.
    pub fn check(&self, url: &str, allow: &[String]) -> Result<Url, DoorError> {
        let bad = |why: String| DoorError::BadUrl { url: shown(url), why };
        let refused = |why: String| DoorError::Refused { url: shown(url), why };
        let parsed = Url::parse(url.trim()).map_err(|error| bad(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(refused(format!("`{}` is not http or https", parsed.scheme())));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refused("it carries a user name or password".to_owned()));
        }
        let port = parsed.port_or_known_default().unwrap_or_default();
        let Some(host) = parsed.host() else { return Err(bad("it names no host".to_owned())) };
        if self.excepts(&host, port, allow) {
            return Ok(parsed);
        }
        if !PORTS.contains(&port) {
            return Err(refused(format!("port {port} serves no pages; allow `{host}:{port}` if it does")));
        }
        match host {
            Host::Ipv4(ip) if !is_public(ip.into()) => Err(refused(format!("{ip} is not a public address"))),
            Host::Ipv6(ip) if !is_public(ip.into()) => Err(refused(format!("{ip} is not a public address"))),
            Host::Domain(name) if address::is_local_name(name) => {
                Err(refused(format!("`{name}` is a name of a private network")))
            }
            _ => Ok(parsed),
        }
    }

    fn excepts(&self, host: &Host<&str>, port: u16, allow: &[String]) -> bool {
        let host = host.to_string();
        let host = host.trim_end_matches('.');
        let with_port = format!("{host}:{port}");
        self.options
            .allow_private
            .iter()
            .chain(allow)
            .any(|entry| entry.eq_ignore_ascii_case(host) || entry.eq_ignore_ascii_case(&with_port))
    }

    async fn ask(
        &self,
        url: &Url,
        conditional: &Conditional,
        extra: Extra<'_>,
        allow: &[String],
    ) -> Result<reqwest::Response, DoorError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let excepted = url.host().is_some_and(|host| self.excepts(&host, port, allow));
        let client = if excepted { &self.excepted } else { &self.strict };
        let mut headers = HeaderMap::new();
        for (name, value) in
            [(header::IF_NONE_MATCH, &conditional.etag), (header::IF_MODIFIED_SINCE, &conditional.last_modified)]
        {
            // A validator that cannot be sent was not a validator: the request is then simply not conditional.
            if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_str) {
                headers.insert(name, value);
            }
        }
        extra.add_to(&mut headers, url, excepted)?;
        client.get(url.clone()).headers(headers).send().await.map_err(|error| transport(url, error))
    }

    async fn read(&self, url: Url, hops: Vec<String>, mut answer: reqwest::Response) -> Result<Response, DoorError> {
        let status = answer.status();
        let headers = answer.headers().clone();
        let text = |name: header::HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let validator = |name| text(name).filter(|value| value.len() <= MAX_VALIDATOR);
        // The body of an answer that says "no" changes nothing: the status is the answer.
        let failed = status.as_u16() >= 400;
        let limit = if failed { ERROR_BODY } else { self.options.max_bytes };
        let stated = answer.content_length().filter(|_| !failed);
        let read = match body::foreign_encoding(&headers) {
            Some(encoding) if status != StatusCode::NOT_MODIFIED => Err(BodyError::Encoding(encoding)),
            _ => body::bounded(limit, stated, &mut answer).await,
        };
        let body = match read {
            Ok(body) => body,
            Err(BodyError::TooLarge(start)) if failed => start,
            Err(BodyError::Broken { start, .. }) if failed => start,
            Err(BodyError::Encoding(_)) if failed => Vec::new(),
            Err(BodyError::TooLarge(_)) => return Err(DoorError::TooLarge { url: shown(url.as_str()), limit }),
            Err(BodyError::Broken { why, .. }) => return Err(transport(&url, why)),
            Err(BodyError::Encoding(name)) => {
                let why = format!("its body is packed as `{name}`, which was not asked for and is not read");
                return Err(DoorError::Broken { url: shown(url.as_str()), why });
            }
        };
        Ok(Response {
            status: status.as_u16(),
            final_url: url.to_string(),
            hops,
            body,
            content_type: text(header::CONTENT_TYPE),
            etag: validator(header::ETAG),
            last_modified: validator(header::LAST_MODIFIED),
            moved: None,
            max_age_seconds: text(header::CACHE_CONTROL)
                .and_then(|value| max_age(&value))
                .or_else(|| until(&text(header::EXPIRES)?, text(header::DATE).as_deref())),
            retry_after_seconds: text(header::RETRY_AFTER)
                .and_then(|value| retry_after(&value, text(header::DATE).as_deref()))
                .max(extra::quota_wait(&headers)),
            not_modified: status == StatusCode::NOT_MODIFIED,
        })
    }
}

fn client(options: &DoorOptions, resolver: Checked) -> Result<Client, DoorError> {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static(
            "text/html,application/xhtml+xml,application/atom+xml,application/rss+xml,application/feed+json,\
             application/xml;q=0.9,text/plain;q=0.8,*/*;q=0.5",
        ),
    );
    Client::builder()
        .user_agent(&options.user_agent)
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(Duration::from_secs(options.connect_timeout_seconds.max(1)))
        .pool_idle_timeout(Duration::from_secs(20))
        .dns_resolver(Arc::new(resolver))
        .build()
        .map_err(|error| DoorError::Setup { why: error.to_string() })
}

fn check_exception(entry: &str) -> Result<(), DoorError> {
    let probe = Url::parse(&format!("http://{entry}/"));
    let plain = !entry.is_empty() && !entry.contains(['/', '?', '#', '@', '\\']);
    if plain && probe.is_ok_and(|url| url.path() == "/") {
        return Ok(());
    }
    Err(DoorError::Setup { why: format!("`{entry}` in allow_private is not `host` or `host:port`") })
}

fn transport(url: &Url, error: reqwest::Error) -> DoorError {
    let url = shown(url.as_str());
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut innermost = String::new();
    while let Some(cause) = source {
        if let Some(blocked) = cause.downcast_ref::<Blocked>() {
            return DoorError::Refused { url, why: blocked.to_string() };
        }
        innermost = cause.to_string();
        source = cause.source();
    }
    if error.is_timeout() {
        DoorError::Unreachable { url, why: "the connection timed out".to_owned() }
    } else if error.is_connect() {
        DoorError::Unreachable { url, why: innermost }
    } else if error.is_builder() {
        DoorError::BadUrl { url, why: innermost }
    } else {
        DoorError::Broken { url, why: innermost }
    }
}

/// The `max-age` of a `Cache-Control` header, in seconds (RFC 9111, 5.2.2.1); 0 where the answer may not be kept.
fn max_age(value: &str) -> Option<u64> {
    let mut found = None;
    for directive in value.split(',').map(str::trim) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        match name.to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(0),
            "max-age" => found = argument.trim_matches('"').parse().ok(),
            _ => {}
        }
    }
    found
}

/// Seconds of a `Retry-After` header (RFC 9110, 10.2.3). A date counts from the answer's `Date`, since there is no clock here.
fn retry_after(value: &str, date: Option<&str>) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(seconds);
    }
    until(value, date)
}

/// Seconds from the answer's own `Date` to a time that it names; `None` where that is past or no time.
fn until(value: &str, date: Option<&str>) -> Option<u64> {
    let until = crate::dates::parse(value)?;
    let from = crate::dates::parse(date?)?;
    u64::try_from(until.as_second() - from.as_second()).ok()
}

#[cfg(test)]
mod tests;

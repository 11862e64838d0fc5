//! One HTTP exchange with a model server: no retry, no redirect, bounded in time and size, errors without addresses.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_openai::middleware::HttpRequestFactory;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::babble::Babble;
use super::call_error::CallError;
use super::framing::Messages;
use super::provider::{Api, OpenAiOptions};
use super::refusal::Refusals;
use super::stream::Stream;

/// A reply is cut off beyond this many bytes, unpacked.
const MAX_REPLY: usize = 10_000_000;
/// Of an error's body, no more is read.
const MAX_ERROR: usize = 64_000;
/// Whoever watches is told no more often.
const TELL_EVERY: Duration = Duration::from_millis(400);

/// Told while an answer grows: how many tokens have come, estimated, thinking among them.
pub type Watch = Arc<dyn Fn(u64) + Send + Sync>;

/// How a streamed reply is read.
#[derive(Clone)]
pub(super) struct Streaming {
    /// In whose form it comes.
    pub(super) api: Api,
    /// The most tokens that were asked for.
    pub(super) max_tokens: u32,
    /// Once it has begun, nothing may be longer in coming.
    pub(super) idle: Duration,
    /// Who is told how it grows.
    pub(super) watch: Option<Watch>,
}

/// The service under async-openai's client, in place of the one that asks up to four times; and what Anthropic's interface is
/// asked through.
#[derive(Clone)]
pub(super) struct Wire {
    client: reqwest::Client,
    timeout_seconds: u64,
    refusals: Refusals,
    streaming: Option<Streaming>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("timeout_seconds", &self.timeout_seconds).finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn new(options: &OpenAiOptions) -> Result<Self, reqwest::Error> {
        let timeout_seconds = options.timeout_seconds.max(1);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(timeout_seconds.min(10)))
            .timeout(Duration::from_secs(timeout_seconds))
            // A box whose power is cut says nothing more; the probes of TCP notice it before its answer is overdue.
            .tcp_keepalive(Duration::from_secs(15))
            // A box that slept in between has forgotten its connections.
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let refusals = Refusals::new(options.model.clone(), options.api_key.clone());
        Ok(Self { client, timeout_seconds, refusals, streaming: None })
    }

    /// The client, for building requests.
    pub(super) fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// The same, which puts the streamed replies of one question together.
    pub(super) fn streaming(&self, how: Streaming) -> Self {
        Self { streaming: Some(how), ..self.clone() }
    }

    /// Sends one request and gives the JSON of its reply.
    ///
    /// # Errors
    /// Every way in which there is no such reply.
    pub(super) async fn send(&self, request: reqwest::Request) -> Result<Value, CallError> {
        let (body, _) = self.exchange(request).await?;
        serde_json::from_slice(&body)
            .map_err(|error| CallError::Malformed { message: format!("it is no JSON: {error}"), usage: None })
    }

    /// Sends one request and gives the text of its reply, at most `most` bytes: a file.
    ///
    /// # Errors
    /// Every way in which there is no such reply.
    pub(super) async fn file(&self, request: reqwest::Request, most: usize) -> Result<String, CallError> {
        let response = self.client.execute(request).await.map_err(|error| self.transport(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.read(response, if status.is_success() { most } else { MAX_ERROR }).await?;
        let text = String::from_utf8_lossy(&body);
        if !status.is_success() {
            return Err(self.refusals.refusal(status.as_u16(), &headers, &text));
        }
        if body.len() > most {
            return Err(CallError::Malformed { message: format!("it is longer than {most} bytes"), usage: None });
        }
        Ok(text.into_owned())
    }

    /// What a status means that came inside of a file.
    pub(super) fn refusal(&self, status: u16, body: &str) -> CallError {
        self.refusals.refusal(status, &HeaderMap::new(), body)
    }

    /// The body of a good reply: whole, and JSON.
    async fn exchange(&self, request: reqwest::Request) -> Result<(Vec<u8>, HeaderMap), CallError> {
        let response = self.client.execute(request).await.map_err(|error| self.transport(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        if !status.is_success() {
            let body = self.read(response, MAX_ERROR).await.unwrap_or_default();
            return Err(self.refusals.refusal(status.as_u16(), &headers, &String::from_utf8_lossy(&body)));
        }
        // A server that knows no streams answers whole, whatever it was asked.
        let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_lowercase();
        let streams = kind.starts_with("text/event-stream") || kind.starts_with("application/x-ndjson");
        if let Some(how) = self.streaming.as_ref().filter(|_| streams) {
            let whole = self.assemble(response, how).await?;
            return Ok((whole.to_string().into_bytes(), headers));
        }
        let body = self.read(response, MAX_REPLY).await?;
        if body.len() > MAX_REPLY {
            return Err(CallError::Malformed { message: format!("it is longer than {MAX_REPLY} bytes"), usage: None });
        }
        // Checked here, since async-openai logs the whole of what it cannot parse.
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(&body) {
            return Err(CallError::Malformed { message: format!("it is no JSON: {error}"), usage: None });
        }
        Ok((body, headers))
    }

    /// At most one chunk more than `limit` bytes.
    async fn read(&self, mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > limit {
                break;
            }
        }
        Ok(body)
    }

    /// Reads a stream to its end, or hangs up on it.
    async fn assemble(&self, mut response: reqwest::Response, how: &Streaming) -> Result<Value, CallError> {
        let mut stream = Stream::new(how.api);
        let mut messages = Messages::new(Stream::framing(how.api));
        let mut babble = Babble::new(how.max_tokens);
        let mut told = Instant::now();
        let mut bytes = 0;
        while !stream.is_closed() {
            let next = if bytes == 0 {
                // A long prompt is read, or a model loaded, before the first word: that has the whole time.
                response.chunk().await
            } else {
                let stalled = CallError::Stalled { seconds: how.idle.as_secs(), written: stream.written() };
                tokio::time::timeout(how.idle, response.chunk()).await.map_err(|_| stalled)?
            };
            let chunk = match next {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Err(self.broken(&error, stream.written())),
            };
            bytes += chunk.len();
            for message in messages.take(&chunk) {
                stream.take(&message)?;
            }
            if bytes > MAX_REPLY {
                return Err(CallError::Babbling { why: format!("its stream is longer than {MAX_REPLY} bytes") });
            }
            if let Some(why) = babble.notices(stream.said()) {
                return Err(CallError::Babbling { why });
            }
            if let Some(watch) = how.watch.as_ref().filter(|_| told.elapsed() >= TELL_EVERY) {
                watch(stream.written());
                told = Instant::now();
            }
        }
        if let Some(watch) = how.watch.as_ref().filter(|_| stream.is_closed()) {
            watch(stream.written());
        }
        stream.whole()
    }

    /// reqwest's own message holds the address, so it is not used.
    fn transport(&self, error: &reqwest::Error) -> CallError {
        if error.is_connect() {
            if is_refused(error) { CallError::NotListening } else { CallError::Unreachable { sent: false } }
        } else if error.is_timeout() {
            CallError::TimedOut { seconds: self.timeout_seconds }
        } else if error.is_decode() {
            CallError::Malformed { message: "its compression is broken".to_owned(), usage: None }
        } else {
            CallError::Unreachable { sent: true }
        }
    }

    /// As [`Self::transport`], in the middle of a stream.
    fn broken(&self, error: &reqwest::Error, written: u64) -> CallError {
        if error.is_timeout() { self.transport(error) } else { CallError::Broken { written } }
    }
}

/// True when a host answered that nobody listens there (RST), other than one that does not answer at all.
pub(super) fn is_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        cause = error.source();
    }
    false
}

impl tower_service::Service<HttpRequestFactory> for Wire {
    type Response = reqwest::Response;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let wire = self.clone();
        Box::pin(async move {
            let unbuilt = "the request cannot be built: check `base_url`".to_owned();
            let request = factory.build().await.map_err(|_| CallError::BadRequest { status: 0, message: unbuilt })?;
            let (body, headers) = wire.exchange(request).await?;
            let mut whole = http::Response::new(body);
            *whole.headers_mut() = headers;
            Ok(whole.into())
        })
    }
}

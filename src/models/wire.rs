//! One HTTP exchange with a model server: no retry, no redirect, bounded in time and size, errors without addresses.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_openai::middleware::HttpRequestFactory;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::de::IgnoredAny;

use super::boundary::without_marks;
use super::call_error::CallError;
use super::secret::Secret;

/// A reply is cut off beyond this many bytes, unpacked.
const MAX_REPLY: usize = 10_000_000;
/// Of an error's body, no more is read.
const MAX_ERROR: usize = 64_000;
/// No provider is waited for longer than a day.
const MAX_AFTER: u64 = 86_400;

/// The service under async-openai's client, in place of the one that asks up to four times.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    client: reqwest::Client,
    timeout_seconds: u64,
    model: String,
    key: Option<Secret>,
}

impl Wire {
    pub(super) fn new(timeout_seconds: u64, model: String, key: Option<Secret>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(timeout_seconds.clamp(1, 10)))
            .timeout(Duration::from_secs(timeout_seconds.max(1)))
            // A box that slept in between has forgotten its connections.
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, timeout_seconds, model, key })
    }

    /// The client, which async-openai only needs for building requests.
    pub(super) fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    async fn exchange(self, factory: HttpRequestFactory) -> Result<reqwest::Response, CallError> {
        let refused = |message: &str| CallError::BadRequest { status: 0, message: message.to_owned() };
        let request = factory.build().await.map_err(|_| refused("the request cannot be built: check `base_url`"))?;
        let response = self.client.execute(request).await.map_err(|error| self.transport(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        if status.is_success() {
            let body = self.read(response, MAX_REPLY).await?;
            if body.len() > MAX_REPLY {
                return Err(CallError::Malformed {
                    message: format!("it is longer than {MAX_REPLY} bytes"),
                    usage: None,
                });
            }
            // Checked here, since async-openai logs the whole of what it cannot parse.
            if let Err(error) = serde_json::from_slice::<IgnoredAny>(&body) {
                return Err(CallError::Malformed { message: format!("it is no JSON: {error}"), usage: None });
            }
            let mut whole = http::Response::new(body);
            *whole.status_mut() = status;
            *whole.headers_mut() = headers;
            return Ok(whole.into());
        }
        let body = self.read(response, MAX_ERROR).await.unwrap_or_default();
        Err(self.refusal(status.as_u16(), &headers, &String::from_utf8_lossy(&body)))
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

    /// reqwest's own message holds the address, so it is not used.
    fn transport(&self, error: &reqwest::Error) -> CallError {
        if error.is_connect() {
            CallError::Unreachable { sent: false }
        } else if error.is_timeout() {
            CallError::TimedOut { seconds: self.timeout_seconds }
        } else if error.is_decode() {
            CallError::Malformed { message: "its compression is broken".to_owned(), usage: None }
        } else {
            CallError::Unreachable { sent: true }
        }
    }

    fn refusal(&self, status: u16, headers: &HeaderMap, body: &str) -> CallError {
        let lower = body.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|w| lower.contains(w));
        match status {
            401 | 403 => CallError::Auth { status },
            402 => CallError::NoCredit,
            429 if says(&["insufficient_quota", "insufficient quota", "credit balance"]) => CallError::NoCredit,
            429 => CallError::RateLimited { after_seconds: after(headers) },
            400 | 404 if says(&["model_not_found", "no such model"]) || (status == 404 && says(&["model"])) => {
                CallError::ModelMissing { model: self.model.clone() }
            }
            300..=399 => CallError::BadRequest {
                status,
                message: "it redirects; `base_url` must be the final address".to_owned(),
            },
            500.. => CallError::Server { status, after_seconds: after(headers) },
            _ => CallError::BadRequest { status, message: self.clean(&message_of(body)) },
        }
    }

    /// A server's words, fit to be shown: one short line without addresses and keys.
    fn clean(&self, message: &str) -> String {
        let message = self.key.as_ref().map_or_else(|| message.to_owned(), |key| key.redacted_in(message));
        let shown = without_marks(&message);
        let words: Vec<&str> = shown
            .split_whitespace()
            .map(|word| if word.contains("://") || word.starts_with("sk-") { "***" } else { word })
            .collect();
        let line = words.join(" ");
        if line.chars().count() <= 300 { line } else { line.chars().take(300).chain(['…']).collect() }
    }
}

/// The message inside an error's body, in the forms that servers use, or the body itself.
fn message_of(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(body) else { return body.to_owned() };
    let error = value.get("error").unwrap_or(&value);
    let message = error.get("message").or_else(|| error.get("detail")).unwrap_or(error);
    message.as_str().map_or_else(|| message.to_string(), str::to_owned)
}

/// `Retry-After` (RFC 9110, 10.2.3) in seconds. A date is counted from the reply's own `Date`, so that no clock is needed.
fn after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return (seconds >= 0.0).then(|| (seconds.ceil() as u64).min(MAX_AFTER));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp().as_second());
    let until = date(value)?;
    let now = date(headers.get(DATE)?.to_str().ok()?)?;
    Some(u64::try_from(until - now).unwrap_or(0).min(MAX_AFTER))
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
        Box::pin(async move { wire.exchange(factory).await.map_err(Into::into) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        assert_eq!(after(&headers(&[("retry-after", "7")])), Some(7));
        assert_eq!(after(&headers(&[("retry-after", "0.4")])), Some(1));
        assert_eq!(after(&headers(&[("retry-after", "-3")])), None);
        assert_eq!(after(&headers(&[("retry-after", "99999999999999999999")])), Some(MAX_AFTER));
        let dates = [("retry-after", "Fri, 20 Nov 2026 10:01:30 GMT"), ("date", "Fri, 20 Nov 2026 10:00:00 GMT")];
        assert_eq!(after(&headers(&dates)), Some(90));
        assert_eq!(after(&headers(&dates[..1])), None);
        assert_eq!(after(&headers(&[("retry-after", "soon")])), None);
    }

    #[test]
    fn a_servers_words_are_shown_without_addresses_and_keys() {
        crate::models::testing::tls();
        let wire = Wire::new(1, "m".into(), Some(Secret::new("k-123"))).unwrap();
        let body = r#"{"error":{"message":"bad k-123 at https://h.example/x\nsk-abc"}}"#;
        assert_eq!(wire.clean(&message_of(body)), "bad *** at *** ***");
        assert_eq!(wire.clean(&"x".repeat(1000)).chars().count(), 301);
    }
}

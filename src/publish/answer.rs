//! A forge's answers: bounded, and sorted into the classes of [`PublishError`].

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::neutral::plain_line;
use super::{PublishError, RetryAt};

/// The largest answer that is read, in bytes. A page of fifty pull requests with long texts stays below it.
const LARGEST: usize = 32 * 1024 * 1024;

/// The longest pause that a forge is believed, in seconds.
const LONGEST_PAUSE: u64 = 24 * 60 * 60;

/// A status with its JSON.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Sends a request and reads its answer. Success, 404, 409 and 422 come back as answers; everything else is an error.
pub(super) async fn send(request: reqwest::RequestBuilder, what: &str) -> Result<Answer, PublishError> {
    // The address of a request can hold a token at some forges; it is never part of a message.
    let lost = |why: reqwest::Error| PublishError::unreachable(format!("{what}: {}", chain(&why.without_url())));
    let mut response = request.send().await.map_err(lost)?;
    let status = response.status().as_u16();
    let retry_at = retry_at(response.headers());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(PublishError::Refused(format!("{what}: the answer is larger than {LARGEST} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let said = complaint(&body);
    match status {
        200..=299 if body.is_null() && status != 204 => {
            Err(PublishError::unreachable(format!("{what}: the answer {status} is not JSON")))
        }
        200..=299 | 404 | 409 | 422 => Ok(Answer { status, body }),
        429 => Err(PublishError::Unreachable { message: format!("{what}: too many requests{said}"), retry_at }),
        403 if retry_at.is_some() => {
            Err(PublishError::Unreachable { message: format!("{what}: the rate limit is reached{said}"), retry_at })
        }
        401 => Err(PublishError::Auth(format!("{what}: the token is not accepted{said}: make a new one"))),
        403 => {
            let next = "give the token write access to contents and pull requests";
            Err(PublishError::Auth(format!("{what}: the token may not do this{said}: {next}")))
        }
        300..=399 => {
            let next = "write the repository's new name into the configuration";
            Err(PublishError::Refused(format!("{what}: it has moved ({status}): {next}")))
        }
        408 | 425 | 500..=599 => {
            Err(PublishError::Unreachable { message: format!("{what}: it answers {status}{said}"), retry_at })
        }
        _ => Err(PublishError::Refused(format!("{what}: it answers {status}{said}"))),
    }
}

/// What an answer complains of, on one line with a colon in front; empty where it says nothing.
pub(super) fn complaint(body: &Value) -> String {
    let mut parts: Vec<&str> = body.get("message").and_then(Value::as_str).into_iter().collect();
    for error in body.get("errors").and_then(Value::as_array).into_iter().flatten().take(5) {
        parts.extend(error.as_str().or_else(|| error.get("message")?.as_str()));
        parts.extend(["field", "code"].iter().filter_map(|key| error.get(key)?.as_str()));
    }
    if parts.is_empty() { String::new() } else { format!(": {}", plain_line(&parts.join(", "), 300)) }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or else the reset of a rate limit that is used up.
fn retry_at(headers: &reqwest::header::HeaderMap) -> Option<RetryAt> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(value) = text("retry-after") {
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(RetryAt::After(Duration::from_secs(seconds.min(LONGEST_PAUSE))));
        }
        if let Ok(at) = jiff::fmt::rfc2822::parse(value) {
            return Some(RetryAt::At(at.timestamp()));
        }
    }
    if text("x-ratelimit-remaining") == Some("0") {
        let reset = text("x-ratelimit-reset")?.parse::<i64>().ok()?;
        return Timestamp::from_second(reset).ok().map(RetryAt::At);
    }
    None
}

/// An error with its sources: the outermost of reqwest says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> reqwest::header::HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()))
            .collect::<Vec<(reqwest::header::HeaderName, _)>>()
            .into_iter()
            .collect()
    }

    #[test]
    fn a_pause_is_read_in_every_form_and_believed_for_a_day() {
        let after = |s| Some(RetryAt::After(Duration::from_secs(s)));
        assert_eq!(retry_at(&headers(&[("retry-after", "7")])), after(7));
        assert_eq!(retry_at(&headers(&[("retry-after", "99999999999")])), after(LONGEST_PAUSE));
        let at = Some(RetryAt::At("2026-03-01T10:00:00Z".parse().unwrap()));
        assert_eq!(retry_at(&headers(&[("retry-after", "Sun, 01 Mar 2026 10:00:00 GMT")])), at);
        let limited = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1772359200")];
        assert_eq!(retry_at(&headers(&limited)), at);
        assert_eq!(retry_at(&headers(&[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "1")])), None);
        assert_eq!(retry_at(&headers(&[("retry-after", "soon")])), None);
    }
}

//! What a server's refusal means, in words that can be shown.

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::boundary::without_marks;
use super::call_error::CallError;
use super::secret::Secret;

/// No provider is waited for longer than a day.
const MAX_AFTER: u64 = 86_400;

/// Reads the refusals of one provider.
#[derive(Clone)]
pub(super) struct Refusals {
    model: String,
    key: Option<Secret>,
}

impl Refusals {
    pub(super) fn new(model: String, key: Option<Secret>) -> Self {
        Self { model, key }
    }

    /// What a status other than a good one means.
    pub(super) fn refusal(&self, status: u16, headers: &HeaderMap, body: &str) -> CallError {
        let lower = body.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|w| lower.contains(w));
        match status {
            401 | 403 => CallError::Auth { status },
            402 => CallError::NoCredit,
            // Limits of spending come as 400 and as 429, in Anthropic's words and in OpenAI's.
            400 | 429
                if says(&["credit balance", "usage limits", "spend limit", "spend_limit", "insufficient_quota"]) =>
            {
                CallError::NoCredit
            }
            429 if says(&["insufficient quota"]) => CallError::NoCredit,
            429 => CallError::RateLimited { after_seconds: after(headers) },
            503 if says(&["loading model"]) => CallError::Loading { after_seconds: after(headers) },
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
        let refusals = Refusals::new("m".into(), Some(Secret::new("k-123")));
        let body = r#"{"error":{"message":"bad k-123 at https://h.example/x\nsk-abc"}}"#;
        assert_eq!(refusals.clean(&message_of(body)), "bad *** at *** ***");
        assert_eq!(refusals.clean(&"x".repeat(1000)).chars().count(), 301);
    }
}

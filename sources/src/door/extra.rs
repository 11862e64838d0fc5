//! What a request carries beside its validators, and what an answer says of how often it may be asked.

use reqwest::header::{self, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{DoorError, shown};

/// Seconds since 1970 are above this, seconds to wait below it.
const EPOCH: i64 = 1_000_000_000;

/// What a request carries beside its validators.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extra<'a> {
    /// The `Accept` header, where another than the door's own is wanted.
    pub accept: Option<&'static str>,
    /// A token, sent as `Authorization: Bearer`. It goes to the origin of the URL that is asked and never along a redirect
    /// to another one. No error, log or `Debug` shows it.
    pub bearer: Option<&'a SecretString>,
}

impl<'a> Extra<'a> {
    /// What of it a hop may see.
    pub(super) fn at(self, first: &Url, hop: &Url) -> Self {
        Self { bearer: self.bearer.filter(|_| first.origin() == hop.origin()), ..self }
    }

    /// Adds its headers. `excepted` is true for hosts of one's own, which may be asked without encryption.
    ///
    /// # Errors
    /// [`DoorError::Refused`] where a token would be sent unencrypted, or cannot be a header.
    pub(super) fn add_to(self, headers: &mut HeaderMap, url: &Url, excepted: bool) -> Result<(), DoorError> {
        let refused = |why: &str| DoorError::Refused { url: shown(url.as_str()), why: why.to_owned() };
        if let Some(accept) = self.accept {
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        }
        if let Some(token) = self.bearer {
            if url.scheme() != "https" && !excepted {
                return Err(refused("a token is sent over https only"));
            }
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| refused("the token holds characters that no header can carry"))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(())
    }
}

/// Seconds until a used-up quota is there again (`X-RateLimit-Remaining` and `-Reset`). GitHub gives the reset as a time in
/// seconds since 1970, others as seconds to wait. `None` while requests remain.
pub(super) fn quota_wait(headers: &HeaderMap) -> Option<u64> {
    let number = |name: &str| {
        let value: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
        // Saturates: a number that is none becomes 0.
        Some(value as i64)
    };
    if number("x-ratelimit-remaining")? > 0 {
        return None;
    }
    let reset = number("x-ratelimit-reset")?;
    if reset < EPOCH {
        return u64::try_from(reset).ok();
    }
    let date = crate::dates::parse(headers.get(header::DATE)?.to_str().ok()?)?;
    u64::try_from(reset.saturating_sub(date.as_second())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_used_up_quota_says_when_it_is_there_again() {
        let date = ("date", "Mon, 01 Jun 2026 00:00:00 GMT");
        let at = |remaining, reset| {
            quota_wait(&headers(&[("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset), date]))
        };
        assert_eq!(at("0", "1780272060"), Some(60));
        assert_eq!(at("0.0", "90"), Some(90));
        assert_eq!(at("7", "1780272060"), None);
        for absurd in ["-5", "never", "1"] {
            assert!(at("0", absurd).is_none_or(|seconds| seconds <= 1), "{absurd}");
        }
        assert_eq!(at("0", "1000000001"), None, "a time that is over");
        assert_eq!(quota_wait(&headers(&[("x-ratelimit-remaining", "0")])), None);
    }

    #[test]
    fn a_token_is_for_one_origin_and_not_sent_in_the_clear() {
        let token = SecretString::from("CANARY".to_owned());
        let extra = Extra { accept: None, bearer: Some(&token) };
        let url = |text: &str| Url::parse(text).unwrap();
        let first = url("https://api.example/a");
        assert!(extra.at(&first, &url("https://api.example/b")).bearer.is_some());
        for other in ["http://api.example/a", "https://api.example:8443/a", "https://cdn.example/a"] {
            assert!(extra.at(&first, &url(other)).bearer.is_none(), "{other}");
        }
        let mut headers = HeaderMap::new();
        let error = extra.add_to(&mut headers, &url("http://api.example/a"), false).unwrap_err();
        assert!(error.to_string().contains("https only") && headers.is_empty());
        extra.add_to(&mut headers, &first, false).unwrap();
        assert!(!format!("{headers:?} {extra:?} {error}").contains("CANARY"));
    }
}

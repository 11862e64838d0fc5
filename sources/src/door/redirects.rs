//! Redirects: where one leads, and whether it is followed.

use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use url::Url;

use super::error::{DoorError, shown};

/// Where a redirect leads, or `None` where the answer is none. 300 and 304 are none: they name no single place to go.
pub(super) fn target(at: &Url, status: StatusCode, location: Option<&HeaderValue>) -> Result<Option<Url>, DoorError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let wrong = |why: &str| DoorError::Redirect { url: shown(at.as_str()), why: why.to_owned() };
    let location = location.ok_or_else(|| wrong("to nowhere: no Location was sent"))?;
    // Servers do send raw UTF-8 here, which is not allowed but meant.
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| wrong("to a Location that is no text"))?;
    let mut target = at.join(location.trim()).map_err(|_| wrong("to a Location that is no URL"))?;
    target.set_fragment(None);
    Ok(Some(target))
}

/// Whether a redirect from `at` to `next`, which may both be asked, is followed. `asked` is the first URL, `hops` are those
/// that redirected before `at`.
///
/// # Errors
/// [`DoorError::Redirect`] for a circle, and for a way from https down to http, on which anyone could change the answer.
pub(super) fn admit(asked: &str, at: &Url, next: &Url, hops: &[String]) -> Result<(), DoorError> {
    if at.scheme() == "https" && next.scheme() == "http" {
        let why = format!("from https down to {}", shown(next.as_str()));
        return Err(DoorError::Redirect { url: shown(asked), why });
    }
    if at == next || hops.iter().any(|hop| hop == next.as_str()) {
        return Err(DoorError::Redirect { url: shown(asked), why: "in a circle".to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn to(location: &[u8]) -> Result<Option<Url>, DoorError> {
        let location = HeaderValue::from_bytes(location).unwrap();
        target(&url("https://example.org/a/b?c#d"), StatusCode::FOUND, Some(&location))
    }

    #[test]
    fn a_location_is_read_from_where_it_was_sent() {
        for (location, expected) in [
            ("/x#y", "https://example.org/x"),
            ("x", "https://example.org/a/x"),
            ("  ?z ", "https://example.org/a/b?z"),
            ("//other.example/x", "https://other.example/x"),
            ("/caf\u{e9}", "https://example.org/caf%C3%A9"),
            ("\\\\127.0.0.1\\x", "https://127.0.0.1/x"),
            ("file:///etc/passwd", "file:///etc/passwd"),
        ] {
            assert_eq!(to(location.as_bytes()).unwrap().unwrap().as_str(), expected, "{location}");
        }
        assert!(to(b"/\xff\xfe").unwrap_err().to_string().contains("no text"));
        assert!(to(b"http://[::1").unwrap_err().to_string().contains("no URL"));
        let none = target(&url("https://example.org/"), StatusCode::SEE_OTHER, None).unwrap_err();
        assert!(none.to_string().contains("no Location"));
        for status in [StatusCode::OK, StatusCode::MULTIPLE_CHOICES, StatusCode::NOT_MODIFIED] {
            let location = HeaderValue::from_static("/x");
            assert_eq!(target(&url("https://example.org/"), status, Some(&location)), Ok(None));
        }
    }

    #[test]
    fn no_redirect_leads_down_to_http_or_round_in_a_circle() {
        let (secure, plain) = (url("https://example.org/"), url("http://example.org/"));
        let refused = |at: &Url, next: &Url, hops: &[&str]| {
            let hops: Vec<String> = hops.iter().map(|hop| (*hop).to_owned()).collect();
            admit("https://example.org/?key=secret", at, next, &hops).unwrap_err().to_string()
        };
        let down = refused(&secure, &plain, &[]);
        assert!(down.contains("from https down to http://example.org/") && !down.contains("secret"), "{down}");
        assert!(refused(&secure, &secure, &[]).contains("circle"));
        assert!(refused(&plain, &secure, &["https://example.org/"]).contains("circle"));
        assert_eq!(admit("x", &plain, &secure, &["http://example.com/".to_owned()]), Ok(()));
    }
}

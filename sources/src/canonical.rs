//! The lexically canonical URL: two spellings of one address give one text, without asking anyone.

mod noise;
#[cfg(test)]
mod tests;

use url::Url;

/// Why a URL has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// Not a URL.
    #[error("`{0}` is not a URL")]
    NotAUrl(String),
    /// A URL, but not of a page.
    #[error("`{0}` is not an address of a page: http, https or file is expected")]
    Scheme(String),
}

/// How many AMP caches may lie around one URL.
const MOST_CACHES: usize = 4;

/// The canonical form of a URL, for comparison only; it is never what is fetched.
///
/// Scheme `https` for `http`; the host in lower case and ASCII, without `www.` and the names of mobile and AMP views; no default port,
/// no credentials; unreserved characters decoded (RFC 3986, 6.2.2); no index page, no AMP view, no session and no slash at the end
/// of the path; no tracking parameters, the others sorted by name, those of one name in their order; no fragment, except one that
/// names a page (`#!…`, `#/…`). What an AMP cache shows is the page behind it. `file:` URLs are what they are.
///
/// # Errors
/// [`CanonicalError`] where this is not the URL of a page.
pub fn canonical(url: &str) -> Result<String, CanonicalError> {
    let url = url.trim();
    if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        return Ok(format!("file:{}", &url[5..]));
    }
    let mut parsed = Url::parse(url).map_err(|_| CanonicalError::NotAUrl(crate::door::shown(url)))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(CanonicalError::Scheme(crate::door::shown(url)));
    }
    for _ in 0..MOST_CACHES {
        let host = noise::bare_host(parsed.host_str().unwrap_or_default());
        let Some(behind) = noise::behind_cache(&host, &unreserved(parsed.path())) else { break };
        let Ok(mut page) = Url::parse(&behind) else { break };
        page.set_query(parsed.query());
        parsed = page;
    }
    let host = noise::bare_host(parsed.host_str().unwrap_or_default());
    if host.trim_matches('.').is_empty() {
        return Err(CanonicalError::NotAUrl(crate::door::shown(url)));
    }
    let mut out = String::with_capacity(url.len());
    out.push_str("https://");
    out.push_str(&host);
    // The other scheme's default port is a default port too: the scheme itself is not kept.
    if let Some(port) = parsed.port().filter(|port| !matches!(port, 80 | 443)) {
        out.push_str(&format!(":{port}"));
    }
    out.push_str(&noise::bare_path(&unreserved(parsed.path())));
    let mut parameters: Vec<String> = parsed
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        // In a query, `+` is a space (WHATWG URL Standard, application/x-www-form-urlencoded).
        .map(|parameter| unreserved(&parameter.replace('+', "%20")))
        .filter(|parameter| !noise::is_noise(parameter))
        .collect();
    // Stable: the order of values of one name may mean something.
    parameters.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    if !parameters.is_empty() {
        out.push('?');
        out.push_str(&parameters.join("&"));
    }
    let route = parsed
        .fragment()
        .filter(|fragment| fragment.starts_with(['!', '/']) && !fragment.trim_start_matches(['!', '/']).is_empty());
    if let Some(route) = route {
        out.push('#');
        out.push_str(&unreserved(route));
    }
    Ok(out)
}

fn name_of(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default()
}

/// Decodes escapes of unreserved characters and writes the others in upper case; escapes `%` that begins none.
fn unreserved(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let offset = bytes.len() - rest.len() + at;
        let digits = bytes.get(offset + 1..offset + 3).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            // A stray `%` must not make an escape of what is decoded behind it.
            out.push_str("%25");
            rest = &rest[at + 1..];
            continue;
        };
        let value = digits.iter().fold(0, |n, d| n * 16 + (*d as char).to_digit(16).unwrap_or_default());
        match char::from_u32(value) {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') => out.push(c),
            _ => out.push_str(&rest[at..at + 3].to_ascii_uppercase()),
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    out
}

//! The lexically canonical URL: two spellings of one address give one text, without asking anyone.

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

/// Parameters that say where a reader came from, not what is read.
const TRACKING: [&str; 58] = [
    "__twitter_impression",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "amp",
    "at_campaign",
    "at_medium",
    "campaign_id",
    "cmp",
    "cmpid",
    "dclid",
    "fb_action_ids",
    "fb_action_types",
    "fb_source",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "icid",
    "igsh",
    "igshid",
    "li_fat_id",
    "mbid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "ncid",
    "ocid",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "ref",
    "ref_src",
    "ref_url",
    "referrer",
    "s_cid",
    "s_kwcid",
    "scm",
    "smid",
    "spm",
    "sref",
    "srsltid",
    "taid",
    "trk",
    "trkcampaign",
    "ttclid",
    "twclid",
    "vero_id",
    "wbraid",
    "wickedid",
    "yclid",
];

/// Beginnings of such parameters.
const TRACKING_PREFIXES: [&str; 6] = ["utm_", "pk_", "mtm_", "piwik_", "hsa_", "wt_"];

/// Pages that a folder shows when it is asked for.
const INDEX_PAGES: [&str; 5] = ["index.html", "index.htm", "index.php", "index.xhtml", "default.html"];

/// The canonical form of a URL, for comparison only; it is never what is fetched.
///
/// Scheme `https` for `http`, lower-case host without `www.`, `m.` and `amp.`, no default port, no credentials, no fragment,
/// no tracking parameters, the others sorted, unreserved characters decoded (RFC 3986, 6.2.2), no index page, no `/amp` and
/// no slash at the end. `file:` URLs are what they are.
///
/// # Errors
/// [`CanonicalError`] where this is not the URL of a page.
pub fn canonical(url: &str) -> Result<String, CanonicalError> {
    let url = url.trim();
    if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        return Ok(format!("file:{}", &url[5..]));
    }
    let parsed = Url::parse(url).map_err(|_| CanonicalError::NotAUrl(crate::door::shown(url)))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(CanonicalError::Scheme(crate::door::shown(url)));
    }
    let host = parsed.host_str().ok_or_else(|| CanonicalError::NotAUrl(crate::door::shown(url)))?;
    let mut out = String::with_capacity(url.len());
    out.push_str("https://");
    out.push_str(bare_host(host));
    // The other scheme's default port is a default port too: the scheme itself is not kept.
    if let Some(port) = parsed.port().filter(|port| !matches!(port, 80 | 443)) {
        out.push_str(&format!(":{port}"));
    }
    out.push_str(&bare_path(parsed.path()));
    let mut parameters: Vec<String> = parsed
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|p| !p.is_empty() && !is_tracking(p))
        .map(unreserved)
        .collect();
    parameters.sort_unstable();
    parameters.dedup();
    if !parameters.is_empty() {
        out.push('?');
        out.push_str(&parameters.join("&"));
    }
    Ok(out)
}

/// The host without what only names a view of the same site. A prefix goes only where a whole domain is left (`m.io` stays).
fn bare_host(host: &str) -> &str {
    let mut host = host.trim_end_matches('.');
    loop {
        let rest = ["www.", "m.", "amp."].iter().find_map(|p| host.strip_prefix(p)).filter(|rest| rest.contains('.'));
        match rest {
            Some(rest) => host = rest,
            None => return host,
        }
    }
}

fn bare_path(path: &str) -> String {
    let path = unreserved(path);
    let mut path = path.trim_end_matches('/');
    loop {
        let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
        let index = INDEX_PAGES.iter().any(|page| last.eq_ignore_ascii_case(page));
        // `/amp` alone may be a page about it; at the end of a longer path it is a view.
        let view = last == "amp" && !folder.is_empty();
        if !index && !view {
            break;
        }
        path = folder.trim_end_matches('/');
    }
    if path.is_empty() { "/".to_owned() } else { path.to_owned() }
}

fn is_tracking(parameter: &str) -> bool {
    let name = unreserved(parameter.split('=').next().unwrap_or_default()).to_ascii_lowercase();
    TRACKING.binary_search(&name.as_str()).is_ok() || TRACKING_PREFIXES.iter().any(|p| name.starts_with(p))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_have_one_form() {
        for url in [
            "https://example.org/post?b=2&a=1",
            "http://www.example.org/post/?a=1&b=2",
            "HTTPS://EXAMPLE.ORG:443/post?utm_source=x&a=1&b=2#top",
            "http://m.example.org:80/post/index.html?a=1&b=2&fbclid=1",
            "https://www.example.org./post/amp/?amp=1&b=2&a=1&UTM_Medium=y",
            "https://example.org/%70ost?a=1&b=2",
        ] {
            assert_eq!(canonical(url).as_deref(), Ok("https://example.org/post?a=1&b=2"), "{url}");
        }
    }

    #[test]
    fn what_names_another_page_is_kept() {
        for url in [
            "https://example.org/amp",
            "https://m.io/",
            "https://amp.dev/about",
            "https://example.org:8443/x",
            "https://example.org/Post",
            "https://example.org/a%2Fb",
            "https://example.org/?id=7",
            "https://8.8.8.8/x",
        ] {
            assert_eq!(canonical(url).as_deref(), Ok(url), "{url}");
        }
    }

    #[test]
    fn files_stay_and_other_schemes_are_errors() {
        assert_eq!(canonical("file:samples/a.md").as_deref(), Ok("file:samples/a.md"));
        assert!(matches!(canonical("mailto:a@example.org"), Err(CanonicalError::Scheme(_))));
        assert!(matches!(canonical("not a url"), Err(CanonicalError::NotAUrl(_))));
    }

    #[test]
    fn the_tracking_parameters_are_sorted_for_the_search() {
        assert!(TRACKING.is_sorted());
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(path in "[a-zA-Z0-9/%._~-]{0,30}", query in "[a-z0-9&=%_]{0,30}") {
            if let Ok(once) = canonical(&format!("http://www.example.org/{path}?{query}")) {
                proptest::prop_assert_eq!(canonical(&once), Ok(once.clone()));
            }
        }
    }
}

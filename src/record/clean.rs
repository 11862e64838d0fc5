//! What may not stand in a recording: keys, tokens and passwords.

use std::borrow::Cow;

use url::Url;

/// What stands where a secret stood.
pub const REMOVED: &str = "REMOVED";

/// A shorter secret would take half of a text with it.
const SHORTEST: usize = 6;

/// Names of members of a query that carry keys, in whole or after a `_` or `-`.
const KEYS: [&str; 14] = [
    "token",
    "key",
    "apikey",
    "secret",
    "password",
    "passwd",
    "pwd",
    "auth",
    "sig",
    "signature",
    "session",
    "sid",
    "code",
    "credential",
];

/// Takes secrets out of what is written: those that are known by their value, and those that an address shows by the name of
/// its place.
#[derive(Debug, Clone, Default)]
pub struct Cleaner {
    /// As they stand in a text, and as they stand in JSON and in an address.
    forms: Vec<String>,
}

impl Cleaner {
    /// A cleaner that knows these values. Those shorter than six characters are left out.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut forms = Vec::new();
        for value in values.into_iter().filter(|value| value.len() >= SHORTEST) {
            let json = serde_json::to_string(&value).unwrap_or_default();
            let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC).to_string();
            let query: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            forms.extend([json.trim_matches('"').to_owned(), encoded, query, value]);
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self { forms }
    }

    /// A text without them.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = Cow::Owned(text.replace(form.as_str(), REMOVED));
            }
        }
        text
    }

    /// A body without them.
    pub fn bytes<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let mut body = Cow::Borrowed(body);
        for form in &self.forms {
            if let Some(cleaned) = replaced(&body, form.as_bytes()) {
                body = Cow::Owned(cleaned);
            }
        }
        body
    }
}

fn replaced(body: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let (first, mut out, mut from, mut at) = (*secret.first()?, Vec::new(), 0, 0);
    while let Some(next) = body.get(at..)?.iter().position(|b| *b == first).map(|n| at + n) {
        if body[next..].starts_with(secret) {
            out.extend_from_slice(&body[from..next]);
            out.extend_from_slice(REMOVED.as_bytes());
            from = next + secret.len();
            at = from;
        } else {
            at = next + 1;
        }
    }
    (from > 0).then(|| {
        out.extend_from_slice(&body[from..]);
        out
    })
}

/// An address without user name, password and the values of members that carry keys. Everything else stays as it is, so that
/// two addresses that differ elsewhere stay apart.
pub fn clean_url(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    if parsed.username().is_empty() && parsed.password().is_none() && secrets_of(url).is_empty() {
        return url.to_owned();
    }
    // Fails only for addresses that cannot have them.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    let query = parsed.query().map(|query| {
        let members = query.split('&').map(|member| match member.split_once('=') {
            Some((name, _)) if carries_key(name) => format!("{name}={REMOVED}"),
            _ => member.to_owned(),
        });
        members.collect::<Vec<_>>().join("&")
    });
    parsed.set_query(query.as_deref());
    parsed.to_string()
}

/// The secrets that an address holds: password, user name before it, and the values of members that carry keys.
pub(super) fn secrets_of(url: &str) -> Vec<String> {
    let Ok(parsed) = Url::parse(url) else { return Vec::new() };
    let mut found: Vec<String> = parsed.password().map(str::to_owned).into_iter().collect();
    found.extend(Some(parsed.username()).filter(|name| !name.is_empty()).map(str::to_owned));
    let members = parsed.query_pairs().filter(|(name, _)| carries_key(name));
    found.extend(members.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty()));
    found
}

impl Cleaner {
    /// The secrets that addresses of a configuration hold.
    pub fn secrets_in<'u>(urls: impl IntoIterator<Item = &'u str>) -> Vec<String> {
        urls.into_iter().flat_map(secrets_of).collect()
    }
}

fn carries_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    KEYS.contains(&last) || KEYS.contains(&name.replace(['_', '-'], "").as_str())
}

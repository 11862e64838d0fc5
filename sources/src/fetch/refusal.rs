//! What answers like a page but is no article: other files, error pages that say 200, consent pages, bot walls.

use url::Url;

use crate::extract::Extracted;

/// Shortest text of an article, in characters.
const SHORTEST: usize = 200;

/// A page that only says that something is not there, or asks for something, is shorter than this, in characters. Longer
/// ones may well be articles about error pages.
const NOTICE: usize = 1_500;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentKind {
    /// HTML or XHTML.
    Html,
    /// Plain text or Markdown.
    Text,
}

/// What a body is, by its first bytes and then by what is said of it. The error says what it is instead.
pub(super) fn content_kind(body: &[u8], content_type: Option<&str>) -> Result<ContentKind, String> {
    const OTHERS: [(&[u8], &str); 9] = [
        (b"%PDF", "a PDF"),
        (b"\x89PNG", "an image"),
        (b"\xff\xd8\xff", "an image"),
        (b"GIF8", "an image"),
        (b"RIFF", "an image or a sound"),
        (b"PK\x03\x04", "an archive or an office document"),
        (b"\x1f\x8b", "a compressed file"),
        (b"\x7fELF", "a program"),
        (b"\xd0\xcf\x11\xe0", "an office document"),
    ];
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| body.starts_with(magic)) {
        return Err(not_a_page(what));
    }
    let stated = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match stated.as_str() {
        "text/html" | "application/xhtml+xml" => Ok(ContentKind::Html),
        "text/plain" | "text/markdown" | "text/x-markdown" => {
            Ok(if looks_like_html(body) { ContentKind::Html } else { ContentKind::Text })
        }
        "" | "application/octet-stream" | "application/xml" | "text/xml" if looks_like_html(body) => {
            Ok(ContentKind::Html)
        }
        "" => Err("it does not say what it is, and is not HTML".to_owned()),
        "application/pdf" => Err(not_a_page("a PDF")),
        other => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(60).collect();
            Err(not_a_page(&format!("`{other}`")))
        }
    }
}

/// What it is, and what can be done about it.
fn not_a_page(what: &str) -> String {
    format!(
        "it is {what}, not a page: only HTML and plain text are read; name a page about it, or give its text as a file"
    )
}

fn looks_like_html(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&body[..body.len().min(1024)]).trim_start().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html") || (head.starts_with('<') && head.contains("<html"))
}

/// Why a text is too short to be an article.
pub(super) fn too_short(body: &str) -> Option<String> {
    let length = body.chars().filter(|c| !c.is_whitespace()).count();
    (length < SHORTEST).then(|| format!("it has only {length} characters of text"))
}

/// Why a page that was read is no article.
pub(super) fn of_page(asked: &str, final_url: &str, page: &Extracted) -> Option<String> {
    let title = page.title.as_deref().unwrap_or_default().to_lowercase();
    let short = page.body.chars().count() < NOTICE;
    let body = if short { page.body.to_lowercase() } else { String::new() };
    let has = |marks: &[&str]| marks.iter().any(|mark| title.contains(mark) || body.contains(mark));
    if to_front_page(asked, final_url) {
        return Some("it redirects to the site's front page".to_owned());
    }
    if is_consent_host(final_url) {
        return Some("it is a consent page".to_owned());
    }
    if short && (has(BOT_WALL) || (page.shown.len() < NOTICE && has_any(&page.shown, BOT_WALL))) {
        return Some("it is a bot wall".to_owned());
    }
    if short && (is_not_found(&title) || has(NOT_FOUND)) {
        return Some("it says that the page is not there, with a status that says it is".to_owned());
    }
    if short && (page.locked || has_any(&page.shown, LOCKED)) {
        return Some("only its beginning is free to read, or it asks to log in".to_owned());
    }
    if short && (has(CONSENT) || (title.contains("cookie") && title.contains("consent"))) {
        return Some("it is a consent page".to_owned());
    }
    too_short(&page.body)
}

fn has_any(text: &str, marks: &[&str]) -> bool {
    let text = text.to_lowercase();
    marks.iter().any(|mark| text.contains(mark))
}

/// What only stands where the rest of a text is kept back.
const LOCKED: &[&str] = &[
    "subscribe to continue reading",
    "subscribe to read the full",
    "subscribe to read this",
    "subscribe now to continue",
    "subscribe to unlock",
    "sign in to continue reading",
    "log in to continue reading",
    "log in to read",
    "login to continue reading",
    "register to continue reading",
    "to continue reading this article",
    "to continue reading, ",
    "to read the full story, ",
    "to read the full article, ",
    "this article is for subscribers",
    "this article is for members",
    "this content is for subscribers",
    "this content is for members",
    "this content is for paying",
    "this post is for paid subscribers",
    "this post is for paying subscribers",
    "this story is for members",
    "this article is exclusive to subscribers",
    "exclusively for subscribers",
    "only available to subscribers",
    "you must be logged in to view",
    "you need to log in to",
    "please log in to view",
    "please sign in to view",
    "you have reached your article limit",
    "you've reached your limit of free",
    "you have reached your limit of free",
    "create a free account to continue",
    "weiterlesen mit",
    "jetzt abonnieren und weiterlesen",
    "cet article est réservé aux abonnés",
    "réservé aux abonnés",
    "contenido exclusivo para suscriptores",
];

const BOT_WALL: &[&str] = &[
    "just a moment...",
    "attention required! | cloudflare",
    "checking your browser before",
    "enable javascript and cookies to continue",
    "verify you are human",
    "verifying you are human",
    "verify that you are not a robot",
    "are you a robot?",
    "you have been blocked",
    "ddos protection by",
    "access to this page has been denied",
    "please complete the security check",
    "unusual traffic from your computer",
    "making sure you're not a bot",
    "pardon our interruption",
    "request unsuccessful. incapsula",
    "needs to review the security of your connection",
    "you need to enable javascript to run this app",
    "please enable javascript to continue",
    "please enable js and disable any ad blocker",
    "javascript is disabled in your browser",
    "javascript is required to view this",
    "this site requires javascript",
    "this page requires javascript",
    "enable javascript to view",
    "performing security verification",
    "please verify you are a human",
    "complete the captcha",
    "solve the captcha",
    "confirm you are not a robot",
    "i'm not a robot",
    "press & hold to confirm",
    "error 1020",
    "your request has been blocked",
    "automated access to this page",
    "checking if the site connection is secure",
];

const NOT_FOUND: &[&str] = &[
    "page you are looking for",
    "page you're looking for",
    "page you requested could not be found",
    "page you were looking for",
    "this page doesn't exist",
    "this page does not exist",
    "this page isn't available",
    "this page could not be found",
    "page cannot be found",
    "page can't be found",
    "we can't find that page",
    "we couldn't find that page",
    "we couldn't find the page",
    "sorry, this page isn't available",
    "seite nicht gefunden",
    "page introuvable",
    "página no encontrada",
    "pagina non trovata",
    "page has been removed",
    "page may have been moved",
    "page may have been removed",
    "page has moved or no longer exists",
    "article is no longer available",
    "this content is no longer available",
    "story is no longer available",
    "nothing was found at this location",
    "it seems we can't find what you're looking for",
    "it looks like nothing was found",
    "the requested url was not found",
    "die seite wurde nicht gefunden",
    "cette page n'existe pas",
];

const CONSENT: &[&str] = &[
    "before you continue to",
    "we value your privacy",
    "we and our partners store and/or access information",
    "we and our partners use cookies",
    "accept all cookies to continue",
    "your privacy choices",
    "consent to the use of cookies",
    "yahoo is part of the yahoo family of brands",
    "bevor sie fortfahren",
    "we use cookies and similar technologies to",
    "choose how we use cookies",
    "manage your privacy settings",
    "accept all and continue",
    "mit werbung und cookies",
    "nous et nos partenaires",
];

/// True for a title that says nothing but that the page is not there.
fn is_not_found(title: &str) -> bool {
    let bare: String = title.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    let words: Vec<&str> = bare.split_whitespace().collect();
    let starts = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        // A site's name may follow, not a sentence.
        words.starts_with(&phrase) && words.len() <= phrase.len() + 4
    };
    ["404", "error 404", "404 not found", "page not found", "not found", "page missing", "oops", "page unavailable"]
        .iter()
        .any(|phrase| starts(phrase))
        || title.contains("404 not found")
        || title.contains("page not found")
}

/// True where a page further down was asked for and the front page answered: how many sites say "not found".
fn to_front_page(asked: &str, final_url: &str) -> bool {
    let (Ok(asked), Ok(last)) = (Url::parse(asked), Url::parse(final_url)) else { return false };
    let deep = |url: &Url| url.path().trim_matches('/').split('/').filter(|p| !p.is_empty()).count();
    // A shortener's link is short and leads to another host; its target is judged by its text.
    deep(&asked) >= 1 && deep(&last) == 0 && last.query().is_none() && same_site(&asked, &last)
}

fn same_site(a: &Url, b: &Url) -> bool {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    bare(a) == bare(b)
}

fn is_consent_host(url: &str) -> bool {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    host.starts_with("consent.") || host.starts_with("guce.") || host.starts_with("privacy-mgmt.")
}

#[cfg(test)]
mod tests;

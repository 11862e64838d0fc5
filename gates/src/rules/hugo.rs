//! Layer 1, the part that needs Hugo: the page is in the output, and holds nothing that nobody declared.

use std::collections::{BTreeMap, BTreeSet};

use scraper::{ElementRef, Html, Selector};
use serde::{Deserialize, Serialize};
use states::words::{Layer, LayerReport, Place, hash, text};
use url::Url;

use super::{Gathered, excerpt, family, not_run};
use crate::Subject;
use crate::inventory::{Inventory, OtherHugo};

family! { Hugo:
    BUILD_FAILED = "hugo/build-failed", Error always, "Hugo builds the site with the page in it.", "Mend what Hugo names.";
    PAGE_MISSING = "hugo/page-missing", Error always, "The page is in what Hugo built.", "Look at its date, its `draft` and its path: Hugo leaves out drafts, and pages of the future.";
    TOO_LARGE = "hugo/too-large", Error always, "The built page is of a size that can be read.", "Shorten the page.";
    TEXT_MISSING = "hugo/text-missing", Error, "The built page has the title and every heading of the draft.", "Look at what the site's layout leaves out.";
    UNDECLARED = "hugo/undeclared", Error, "The built page leads only to what the draft declared, the site itself, and what its layout always has.", "Take it out, or declare it.";
    ADDRESS_TAKEN = "hugo/address-taken", Error always, "The built page has an address of its own.", "Choose a slug that no page, alias or list of the site has.";
    OTHER_VERSION = "hugo/other-version", Warning, "The Hugo that builds here is the one that builds the live site.", "Install the version that the site names, or name this one there.";
    WARNING = "hugo/warning", Warning, "Hugo builds without warnings.", "";
}

/// The largest built page that is read, in bytes.
const MAX_HTML: usize = 8 << 20;
/// The deepest nesting of a built page that is read.
const MAX_DEPTH: usize = 1_000;

/// The page as Hugo built it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltPage {
    /// Its path on the site.
    pub url: String,
    /// Its HTML.
    pub html: String,
}

/// What came of building the site with the page in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HugoOutcome {
    /// It was not built: no Hugo, or the site does not build without the page either.
    NotRun {
        /// Why not.
        cause: String,
    },
    /// The site builds without the page, and does not with it.
    Failed {
        /// What Hugo said.
        message: String,
    },
    /// It was built.
    Built {
        /// The page; `None` where it is not in the output.
        page: Option<BuiltPage>,
        /// Hugo's warnings.
        warnings: Vec<String>,
        /// What the site's layout puts on every page: [`references`] of another built page.
        site_links: Vec<String>,
    },
}

/// Judges the built page. `declared` are the addresses that the page may link to, or show as an image, beside the site's own.
pub fn hugo(subject: &Subject<'_>, outcome: &HugoOutcome, declared: &[String]) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Hugo, subject.settings);
    match outcome {
        HugoOutcome::NotRun { cause } => return not_run(Layer::Hugo, cause),
        HugoOutcome::Failed { message } => {
            gathered.insist(&BUILD_FAILED, Place::Page, format!("Hugo does not build the page: {}", excerpt(message)));
        }
        HugoOutcome::Built { page, warnings, site_links } => {
            if let Some(OtherHugo { here, there }) = &subject.inventory.other_hugo {
                let message =
                    format!("Hugo {} builds here, and the site is built with {}", excerpt(here), excerpt(there));
                gathered.find(&OTHER_VERSION, Place::Page, message);
            }
            for warning in warnings {
                gathered.find(&WARNING, Place::Page, format!("Hugo warns: {}", excerpt(warning)));
            }
            match page {
                None => gathered.insist(&PAGE_MISSING, Place::Page, "the page is not in what Hugo built").done(),
                Some(page) if page.html.len() > MAX_HTML => {
                    let message = format!("the built page has {} bytes; at most {MAX_HTML} are read", page.html.len());
                    gathered.find(&TOO_LARGE, Place::Html, message);
                }
                Some(page) if is_too_deep(&page.html) => {
                    let message = format!("the built page is nested more than {MAX_DEPTH} elements deep");
                    gathered.find(&TOO_LARGE, Place::Html, message);
                }
                Some(page) => built(&mut gathered, subject, page, declared, site_links),
            }
        }
    }
    gathered.report()
}

fn built(gathered: &mut Gathered<'_>, subject: &Subject<'_>, page: &BuiltPage, declared: &[String], site: &[String]) {
    let path = subject.page_file().map_or("", |file| file.path.as_str());
    let known = subject.inventory.posts.iter().any(|post| post.path == path);
    if !known && subject.inventory.makes(&page.url) {
        let message = format!("`{}` was an address of the site before this page", excerpt(&page.url));
        gathered.insist(&ADDRESS_TAKEN, Place::Page, message);
    }
    let html = Html::parse_document(&page.html);
    let shown = words_of(&html);
    let headings = subject.draft.sections.iter().enumerate();
    let places = headings.map(|(section, s)| (Place::Heading { section }, s.heading.text.as_str()));
    for (place, wanted) in std::iter::once((Place::Title, subject.draft.title.text.as_str())).chain(places) {
        let wanted_words = text::words(wanted).join(" ");
        if !format!(" {shown} ").contains(&format!(" {wanted_words} ")) {
            gathered.find(&TEXT_MISSING, place, "the built page does not have this text").of(wanted);
        }
    }
    let declared: BTreeSet<String> = declared.iter().map(|url| absolute(url)).collect();
    let site: BTreeSet<&str> = site.iter().map(String::as_str).collect();
    let found = read(&html, &page.url, subject.inventory);
    gathered.figure("references", found.len());
    let mut said = BTreeSet::new();
    for reference in found {
        let linked = matches!(reference.what, "link" | "image") && declared.contains(&reference.target);
        let layout = site.contains(reference.target.as_str()) || shares(&reference.target, &page.url, &site);
        if !linked && !layout && said.insert((reference.what, reference.target.clone())) {
            let message =
                format!("nobody declared this {} of the built page: {}", reference.what, excerpt(&reference.target));
            gathered.find(&UNDECLARED, Place::Html, message);
        }
    }
}

/// Elements that need no end tag, or have none: they do not nest by being left open.
const UNCLOSED: [&str; 28] = [
    "area", "base", "br", "col", "colgroup", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "optgroup", "option", "p", "param", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
];

/// True where elements nest deeper than any layout does. Counted before the parser sees them, whose work grows with the
/// square of the depth.
fn is_too_deep(html: &str) -> bool {
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    let mut depth = 0usize;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
            continue;
        }
        let (closes, tag) = rest.strip_prefix('/').map_or((false, rest), |tag| (true, tag));
        let name: String =
            tag.chars().take_while(char::is_ascii_alphanumeric).take(32).collect::<String>().to_ascii_lowercase();
        if name.is_empty() || UNCLOSED.contains(&name.as_str()) {
            continue;
        }
        if matches!(name.as_str(), "script" | "style" | "textarea" | "title") && !closes {
            rest = end_of(rest, &name);
            continue;
        }
        let count = open.entry(name).or_default();
        if closes {
            depth -= usize::from(*count > 0);
            *count = count.saturating_sub(1);
        } else {
            *count += 1;
            depth += 1;
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// What follows from the end tag of a raw text element on.
fn end_of<'a>(rest: &'a str, name: &str) -> &'a str {
    let ends = rest.match_indices("</").find(|(at, _)| {
        rest.as_bytes().get(at + 2..at + 2 + name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
    });
    ends.map_or("", |(at, _)| &rest[at..])
}

/// The words of everything that is shown.
fn words_of(html: &Html) -> String {
    let pieces: Vec<&str> = html.root_element().text().collect();
    text::words(&pieces.join(" ")).join(" ")
}

/// The layout's own link with this page's address in its query (`share?url=…`): the same place, another question.
fn shares(target: &str, page_url: &str, site: &BTreeSet<&str>) -> bool {
    let Some((place, query)) = target.split_once('?') else { return false };
    let own: String = url::form_urlencoded::byte_serialize(page_url.as_bytes()).collect();
    (query.contains(page_url) || query.contains(&own))
        && site.iter().any(|known| known.split_once('?').is_some_and(|(other, _)| other == place))
}

/// Everything on a built page that leads elsewhere or runs, in the form that [`HugoOutcome::Built`] wants as `site_links`:
/// absolute addresses, and `inline:<hash>` for scripts, handlers and styles that stand in the page. What leads to the site
/// itself is left out.
pub fn references(html: &str, url: &str, inventory: &Inventory) -> Vec<String> {
    if html.len() > MAX_HTML || is_too_deep(html) {
        return Vec::new();
    }
    let found: BTreeSet<String> =
        read(&Html::parse_document(html), url, inventory).into_iter().map(|reference| reference.target).collect();
    found.into_iter().collect()
}

struct Reference {
    what: &'static str,
    target: String,
}

/// Attributes that hold an address, and what they do with it.
const ADDRESSES: [(&str, &str); 14] = [
    ("href", "link"),
    ("xlink:href", "link"),
    ("src", "source"),
    ("data", "object"),
    ("action", "form"),
    ("formaction", "form"),
    ("poster", "image"),
    ("background", "image"),
    ("ping", "ping"),
    ("manifest", "link"),
    ("codebase", "object"),
    ("archive", "object"),
    ("classid", "object"),
    ("lowsrc", "image"),
];

fn read(html: &Html, page_url: &str, inventory: &Inventory) -> Vec<Reference> {
    let site = inventory.site();
    let page = site.join(page_url).unwrap_or_else(|_| site.clone());
    let mut found = Vec::new();
    #[allow(clippy::expect_used, reason = "a constant selector")]
    let all = Selector::parse("*").expect("a constant selector");
    for element in html.select(&all) {
        element_references(element, &page, &site, &mut found);
        if element.value().name() == "noscript" {
            // Parsed as text where scripts run; a reader without scripts sees elements.
            let inside: String = element.text().collect();
            for inner in Html::parse_fragment(&inside).select(&all) {
                element_references(inner, &page, &site, &mut found);
            }
        }
    }
    found
}

fn element_references(element: ElementRef<'_>, page: &Url, site: &Url, found: &mut Vec<Reference>) {
    let value = element.value();
    let name = value.name();
    let mut add = |what: &'static str, raw: &str| {
        if let Some(target) = foreign(raw, page, site) {
            found.push(Reference { what, target });
        }
    };
    for (attribute, text) in value.attrs() {
        if let Some((_, what)) = ADDRESSES.iter().find(|(known, _)| *known == attribute) {
            let what = match (name, *what) {
                ("img", "source") | ("image", _) | ("input", "source") => "image",
                ("script", _) => "script",
                ("iframe" | "frame" | "embed" | "object", _) => "frame",
                ("link", _) => "head link",
                ("base", _) => "base address",
                (_, what) => what,
            };
            add(what, text);
        } else if matches!(attribute, "srcset" | "imagesrcset") {
            for candidate in text.split(',').filter_map(|c| c.split_whitespace().next()) {
                add("image", candidate);
            }
        } else if attribute == "style" {
            style(text, &mut add);
        } else if attribute == "srcdoc" || attribute.starts_with("on") {
            add("handler", &inline(&format!("{attribute}={text}")));
        }
    }
    match name {
        "script" if value.attr("src").is_none() && !is_data(value.attr("type")) => {
            let code: String = element.text().collect();
            add("script", &inline(&code));
        }
        "style" => style(&element.text().collect::<String>(), &mut add),
        "meta" if value.attr("http-equiv").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("refresh")) => {
            let content = value.attr("content").unwrap_or_default();
            let target = content.split_once(['=']).map_or("", |(_, url)| url.trim().trim_matches(['\'', '"']));
            add("refresh", target);
        }
        _ => {}
    }
}

/// Blocks of data in script elements are not run.
fn is_data(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| matches!(kind.trim(), "application/ld+json" | "application/json"))
}

fn inline(code: &str) -> String {
    format!("inline:{}", &hash::sha256_hex(code.trim().as_bytes())[..16])
}

/// Addresses in CSS. What is written with escapes is taken as a whole, since it can spell `url` in many ways.
fn style(css: &str, add: &mut impl FnMut(&'static str, &str)) {
    let lower = css.to_ascii_lowercase();
    if css.contains('\\') {
        add("style", &inline(css));
    }
    for (at, _) in lower.match_indices("url(") {
        let rest = &css[at + 4..];
        let end = rest.find(')').unwrap_or(rest.len());
        add("style", rest[..end].trim().trim_matches(['\'', '"']));
    }
    for (at, _) in lower.match_indices("@import") {
        let rest = css[at + 7..].trim_start();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            add("style", rest[1..].split(quote).next().unwrap_or_default());
        }
    }
}

/// The address in absolute form where it is not the site's own.
fn foreign(raw: &str, page: &Url, site: &Url) -> Option<String> {
    let raw = raw.trim();
    if raw.starts_with("inline:") {
        return Some(raw.to_owned());
    }
    match page.join(raw) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let own = url.host_str() == site.host_str() && url.port_or_known_default() == site.port_or_known_default();
            (!own).then(|| url.to_string())
        }
        // A long data address is named by its hash.
        Ok(url) if url.scheme() == "data" && raw.len() > 200 => Some(inline(raw)),
        Ok(url) => Some(url.to_string()),
        Err(_) => Some(raw.to_owned()),
    }
}

fn absolute(url: &str) -> String {
    Url::parse(url.trim()).map_or_else(|_| url.trim().to_owned(), |url| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Vec<String> {
        let inventory = Inventory { base_url: Some("https://site.example/".into()), ..Inventory::default() };
        references(html, "/posts/a/", &inventory)
    }

    #[test]
    fn what_leads_to_the_site_itself_is_no_reference() {
        assert_eq!(
            of("<a href='/x/'>x</a><a href='https://site.example/y'>y</a><img src='a.png'><a href='#z'>z</a>"),
            [""; 0]
        );
    }

    #[test]
    fn every_way_out_of_a_page_is_seen() {
        for (html, expected) in [
            ("<a href='https://e.example/1'>", "https://e.example/1"),
            ("<a href='//e.example/2'>", "https://e.example/2"),
            ("<a href='javascript:alert(1)'>", "javascript:alert(1)"),
            ("<img srcset='a.png 1x, https://e.example/3 2x'>", "https://e.example/3"),
            ("<p style=\"background:url('https://e.example/4')\">", "https://e.example/4"),
            ("<style>@import 'https://e.example/5';</style>", "https://e.example/5"),
            ("<meta http-equiv=Refresh content='0; url=https://e.example/6'>", "https://e.example/6"),
            ("<form action='https://e.example/7'>", "https://e.example/7"),
            ("<noscript><img src='https://e.example/8'></noscript>", "https://e.example/8"),
            ("<svg><use xlink:href='https://e.example/9'/></svg>", "https://e.example/9"),
            ("<base href='https://e.example/10'>", "https://e.example/10"),
            ("<iframe src='https://e.example/11'></iframe>", "https://e.example/11"),
            ("<template><script src='https://e.example/12'></script></template>", "https://e.example/12"),
            ("<video poster='https://e.example/13'></video>", "https://e.example/13"),
        ] {
            assert_eq!(of(html), [expected], "{html}");
        }
        for html in ["<script>x()</script>", "<p onclick='x()'>", "<iframe srcdoc='<p>'>", "<p style='b:\\75rl(x)'>"] {
            assert!(of(html)[0].starts_with("inline:"), "{html}");
        }
        assert_eq!(of("<script type='application/ld+json'>{}</script>"), [""; 0]);
    }

    #[test]
    fn html_without_bound_is_read_on_a_small_stack() {
        for tag in [
            "<div>",
            "<b>",
            "<ul><li>",
            "<table><tr><td>",
            "<blockquote>",
            "<svg><g>",
            "<noscript>",
            "<a href='https://e.example/'>",
        ] {
            let html = tag.repeat(20_000);
            let start = std::time::Instant::now();
            let worker = std::thread::Builder::new().stack_size(2 << 20).spawn(move || of(&html).len());
            assert!(worker.unwrap().join().is_ok(), "{tag}");
            assert!(start.elapsed().as_secs() < 20, "{tag} took {:?}", start.elapsed());
        }
    }

    #[test]
    fn a_long_page_that_is_not_deep_is_no_deep_page() {
        assert!(!is_too_deep(
            &"<p>a<li>b<br><div><span>c</span></div><!-- <b> --><script>'<i>'</script>".repeat(5_000)
        ));
        assert!(is_too_deep(&"<div></b>".repeat(5_000)));
    }

    #[test]
    fn a_share_link_of_the_layout_may_name_this_page() {
        let site = BTreeSet::from(["https://s.example/share?url=https%3A%2F%2Fsite.example%2Fother%2F"]);
        assert!(shares("https://s.example/share?url=%2Fposts%2Fa%2F", "/posts/a/", &site));
        assert!(!shares("https://s.example/share?url=evil", "/posts/a/", &site));
        assert!(!shares("https://t.example/share?url=/posts/a/", "/posts/a/", &site));
    }
}

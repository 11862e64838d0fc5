//! What stands around a page's main text, taken out before the main text is looked for.
//!
//! An element is taken for surroundings by what it is (`nav`, `role=navigation`), by a word in its class or id (`related`,
//! `share-bar`), or by what it consists of (a list of links). Names lie, so that no element goes that holds much of the
//! page's running text, except those that are surroundings by their kind.

use scraper::{ElementRef, Html, Node};

use super::hidden::is_hidden;

/// An element named like surroundings stays where it holds more than this share of the page's running text.
const LARGEST_SHARE: f64 = 0.3;

/// Most words of a class or id that is a name.
const MAX_WORDS: usize = 5;

/// Words of a class or id that name surroundings wherever they stand in it.
#[rustfmt::skip]
const AROUND: &[&str] = &[
    "adblock", "addthis", "addtoany", "ads", "advert", "advertisement", "advertising", "banner", "breadcrumb",
    "breadcrumbs", "byline", "caption", "captions", "comment", "commentlist", "comments", "consent", "cookie",
    "cookies", "copyright", "credit", "credits", "crumbs", "dateline", "disclaimer", "disqus", "donate", "donation",
    "download", "footer", "gallery", "gdpr", "jetpack", "livefyre", "login", "masthead", "menu", "modal", "navbar",
    "navigation", "newsletter", "nextprev", "outbrain", "overlay", "pager", "pagination", "paywall", "pingback",
    "pingbacks", "popular", "popup", "promo", "promoted", "promotion", "pubdate", "rail", "recirc", "recirculation",
    "recommend", "recommendation", "recommendations", "recommended", "related", "relatedposts", "respond", "rss",
    "share", "sharebar", "sharedaddy", "sharethis", "sharing", "sidebar", "signin", "signup", "skip", "slideshow",
    "social", "socials", "sponsor", "sponsored", "subscribe", "subscription", "syndication", "taboola", "taglist",
    "tags", "teaser", "timestamp", "toolbar", "tooltip", "trackback", "trackbacks", "trending", "upsell", "viafoura",
    "widget", "widgets",
];

/// Pairs of words that name surroundings where they follow one another.
const AROUND_PAIRS: &[(&str, &str)] = &[
    ("about", "author"),
    ("also", "read"),
    ("article", "meta"),
    ("author", "bio"),
    ("author", "box"),
    ("author", "info"),
    ("entry", "meta"),
    ("follow", "us"),
    ("most", "read"),
    ("most", "viewed"),
    ("next", "article"),
    ("page", "nav"),
    ("post", "meta"),
    ("post", "nav"),
    ("read", "also"),
    ("read", "more"),
    ("read", "next"),
    ("see", "also"),
    ("side", "bar"),
    ("site", "header"),
    ("story", "meta"),
    ("tag", "cloud"),
    ("tag", "list"),
    ("up", "next"),
];

/// Takes the surroundings out of a page.
pub(super) fn prune(html: &mut Html) {
    let root = html.root_element();
    let all = prose(root).max(1) as f64;
    let calls = revealing(html);
    let mut going = other_articles(html);
    let mut open = vec![root];
    while let Some(element) = open.pop() {
        for child in element.child_elements() {
            if (is_hidden(child) && !is_revealed(child, &calls))
                || is_no_text(child.value().name())
                || is_around(child, all)
            {
                going.push(child.id());
            } else {
                open.push(child);
            }
        }
    }
    for id in going {
        if let Some(mut node) = html.tree.get_mut(id) {
            node.detach();
        }
    }
}

/// The element that the page itself marks as its main text: its article body, its only article, or its main part.
pub(super) fn marked(html: &Html) -> Option<ElementRef<'_>> {
    let only = |wanted: fn(&scraper::node::Element) -> bool| {
        let mut found = html.root_element().descendants().filter_map(ElementRef::wrap).filter(|e| wanted(e.value()));
        found.next().filter(|_| found.next().is_none())
    };
    only(|e| e.attr("itemprop").is_some_and(|of| of.split_whitespace().any(|name| name == "articleBody")))
        .or_else(|| only(|e| e.name() == "article"))
        .or_else(|| only(|e| e.name() == "main" || e.attr("role") == Some("main")))
}

/// What inline scripts put into its place of the parts that a page sends hidden, as React does when it streams: the calls.
fn revealing(html: &Html) -> String {
    let scripts = html
        .root_element()
        .descendants()
        .filter(|node| node.parent().is_some_and(|up| up.value().as_element().is_some_and(|e| e.name() == "script")));
    scripts
        .filter_map(|node| node.value().as_text().filter(|text| text.contains("$RC(") && text.len() < 4096))
        .map(|text| text.to_string())
        .collect()
}

/// True for an element that such a call names.
fn is_revealed(element: ElementRef<'_>, calls: &str) -> bool {
    let id = element.value().attr("id").filter(|id| id.starts_with("S:") && id.len() < 20);
    id.is_some_and(|id| calls.contains(&format!(",\"{id}\")")))
}

/// The articles of a page that are not the one it is about. A page with one article that holds the only main heading is about
/// that; articles inside it are comments, and those beside it are shown for going on to.
fn other_articles(html: &Html) -> Vec<ego_tree::NodeId> {
    let elements = |name: &'static str| {
        html.root_element().descendants().filter(move |n| n.value().as_element().is_some_and(|e| e.name() == name))
    };
    let mut headings = elements("h1")
        .filter(|h| h.ancestors().any(|up| up.value().as_element().is_some_and(|e| e.name() == "article")));
    let (Some(heading), None) = (headings.next(), headings.next()) else { return Vec::new() };
    let Some(main) = heading.ancestors().find(|up| up.value().as_element().is_some_and(|e| e.name() == "article"))
    else {
        return Vec::new();
    };
    let enough = ElementRef::wrap(main).map_or(0, prose);
    elements("article")
        .filter(|other| other.id() != main.id() && !main.ancestors().any(|up| up.id() == other.id()))
        .filter(|other| ElementRef::wrap(*other).map_or(0, prose) < enough)
        .map(|other| other.id())
        .collect()
}

/// Elements that hold nothing to be read.
fn is_no_text(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "noscript"
            | "template"
            | "iframe"
            | "object"
            | "embed"
            | "canvas"
            | "audio"
            | "video"
            | "svg"
            | "button"
            | "input"
            | "select"
            | "textarea"
            | "dialog"
            | "link"
    )
}

fn is_around(element: ElementRef<'_>, all: f64) -> bool {
    let value = element.value();
    let small = || (prose(element) as f64) < all * LARGEST_SHARE;
    match value.name() {
        "html" | "head" | "body" | "main" | "article" | "title" | "meta" | "pre" | "code" | "table" | "tbody"
        | "tr" | "td" | "th" => return false,
        "nav" | "menu" | "figcaption" => return true,
        "footer" | "aside" | "form" => return small(),
        _ => {}
    }
    if value.attr("role").is_some_and(|role| {
        matches!(
            role,
            "navigation"
                | "banner"
                | "contentinfo"
                | "complementary"
                | "search"
                | "dialog"
                | "alertdialog"
                | "menu"
                | "menubar"
                | "toolbar"
        )
    }) {
        return small();
    }
    let named = [value.attr("class"), value.attr("id")].into_iter().flatten().any(names_surroundings);
    named && small()
}

/// True where a class or id has a word that names surroundings.
fn names_surroundings(name: &str) -> bool {
    let mut words = String::new();
    name.split_ascii_whitespace().any(|class| {
        words.clear();
        split_words(class, &mut words);
        // A long name is a heading made into an address, not a name.
        if words.split_ascii_whitespace().nth(MAX_WORDS).is_some() {
            return false;
        }
        let mut before = "";
        words.split_ascii_whitespace().any(|word| {
            let pair = (std::mem::replace(&mut before, word), word);
            AROUND.binary_search(&word).is_ok() || AROUND_PAIRS.contains(&pair)
        })
    })
}

/// Puts spaces between the words of one class or id: `post-relatedLinks` is `post related links`.
fn split_words(class: &str, words: &mut String) {
    let mut lower = false;
    for c in class.chars().take(120) {
        if !c.is_ascii_alphanumeric() || (lower && c.is_ascii_uppercase()) {
            words.push(' ');
        }
        lower = c.is_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            words.push(c.to_ascii_lowercase());
        }
    }
}

/// What a page shows, on one line, up to so many bytes.
pub(super) fn shown(html: &Html, most: usize) -> String {
    let mut text = String::new();
    let mut open = vec![html.root_element()];
    while let Some(element) = open.pop() {
        if text.len() >= most {
            break;
        }
        let mut below = Vec::new();
        for child in element.children() {
            match child.value() {
                Node::Text(piece) => {
                    text.push_str(piece);
                    text.push(' ');
                }
                Node::Element(e)
                    if !matches!(e.name(), "head" | "script" | "style" | "template" | "svg" | "iframe") =>
                {
                    below.extend(ElementRef::wrap(child).filter(|child| !is_hidden(*child)));
                }
                _ => {}
            }
        }
        open.extend(below.into_iter().rev());
    }
    super::one_line(&text[..text.floor_char_boundary(most)])
}

/// How much running text an element holds: characters of paragraphs and the like, outside links.
pub(super) fn prose(element: ElementRef<'_>) -> usize {
    let mut length = 0;
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        for child in element.children() {
            match child.value() {
                Node::Text(text) => length += text.split_whitespace().map(|w| w.len() + 1).sum::<usize>(),
                Node::Element(e) if !is_no_text(e.name()) && e.name() != "a" => open.extend(ElementRef::wrap(child)),
                _ => {}
            }
        }
    }
    length
}

//! What a page says about itself, beside its text.

use jiff::Timestamp;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::render::one_line;
use crate::dates;

/// Longest line of metadata that is kept, in characters.
const LONGEST: usize = 300;

/// What was read beside the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) author: Option<String>,
    pub(super) published: Option<Timestamp>,
    pub(super) publisher: Option<String>,
    pub(super) language: Option<String>,
    pub(super) rel_canonical: Option<String>,
    pub(super) heading: Option<String>,
    pub(super) title: Option<String>,
    pub(super) locked: bool,
}

/// Reads the metadata of a page: JSON-LD first, since it is typed, then `meta` elements, then the page's own marks.
pub(super) fn read(html: &Html, url: &str) -> Metadata {
    let mut found = Metadata::default();
    let marks = Marks::of(html);
    let marks = &marks;
    json_ld(marks, &mut found);
    let base = base(marks, url);
    found.author = found.author.or_else(|| {
        meta(marks, &["author", "article:author", "parsely-author", "dc.creator", "twitter:creator"])
            // A profile's address is no name.
            .filter(|a| !a.contains("://") && !a.starts_with('@'))
    });
    found.published = found
        .published
        .or_else(|| {
            let keys = [
                "article:published_time",
                "og:article:published_time",
                "date",
                "pubdate",
                "publishdate",
                "dc.date",
                "dc.date.issued",
                "dcterms.created",
                "parsely-pub-date",
                "sailthru.date",
                "datepublished",
                "citation_publication_date",
            ];
            meta(marks, &keys).and_then(|text| dates::parse(&text))
        })
        .or_else(|| {
            first(marks, "[itemprop~=datePublished], time[pubdate], article time[datetime], main time[datetime]")
                .and_then(time_of)
        });
    found.publisher =
        found.publisher.or_else(|| meta(marks, &["og:site_name", "application-name", "citation_journal_title"]));
    found.author = found.author.or_else(|| byline(marks));
    // Some write the author's address behind the name.
    found.author =
        found.author.map(|a| a.split(" (http").next().unwrap_or_default().trim().to_owned()).filter(|a| !a.is_empty());
    found.language = html
        .root_element()
        .value()
        .attr("lang")
        .map(str::to_owned)
        .or_else(|| meta(marks, &["og:locale", "content-language"]).map(|l| l.replace('_', "-")))
        .filter(|tag| is_language_tag(tag));
    found.rel_canonical = first(marks, "link[rel~=canonical][href]")
        .and_then(|link| link.value().attr("href"))
        .and_then(|href| base.as_ref()?.join(href.trim()).ok())
        .filter(|target| matches!(target.scheme(), "http" | "https"))
        .map(String::from);
    let mut headings = all(marks, "h1").map(|h| short(&h.text().collect::<String>())).filter(|h| !h.is_empty());
    found.heading = headings.next().filter(|_| headings.next().is_none());
    found.title = meta(marks, &["og:title", "twitter:title"])
        .or_else(|| first(marks, "title").map(|t| short(&t.text().collect::<String>())))
        .filter(|t| !t.is_empty());
    found
}

/// The author as the page shows it: by a mark for authors, or by a class.
fn byline(marks: &Marks<'_>) -> Option<String> {
    all(marks, "[rel~=author], [itemprop~=author], .byline, .author-name, .p-author, .author").take(20).find_map(
        |element| {
            let line = short(&element.text().collect::<String>());
            let name = ["By ", "by ", "BY ", "Von ", "Par ", "Por "]
                .iter()
                .find_map(|by| line.strip_prefix(by))
                .unwrap_or(&line)
                .trim();
            // What else stands there makes it long, and a name has no digits.
            let fits = (3..=60).contains(&name.chars().count())
                && !name.contains(|c: char| c.is_ascii_digit() || matches!(c, '|' | '@' | ':'));
            fits.then(|| name.to_owned())
        },
    )
}

/// Against what a page's relative links are resolved.
pub(crate) fn base_of(html: &Html, url: &str) -> Option<Url> {
    base(&Marks::of(html), url)
}

fn base(marks: &Marks<'_>, url: &str) -> Option<Url> {
    let page = Url::parse(url).ok()?;
    let base = first(marks, "base[href]").and_then(|b| page.join(b.value().attr("href")?.trim()).ok());
    Some(base.filter(|b| matches!(b.scheme(), "http" | "https")).unwrap_or(page))
}

/// The elements of a page that say something about it, found in one walk.
struct Marks<'a>(Vec<ElementRef<'a>>);

impl<'a> Marks<'a> {
    fn of(html: &'a Html) -> Self {
        let says = |element: &ElementRef<'_>| {
            let value = element.value();
            matches!(value.name(), "base" | "h1" | "link" | "meta" | "script" | "time" | "title")
                || value.attrs().any(|(name, text)| match name {
                    "itemprop" => true,
                    "rel" => text.contains("author"),
                    "class" => text.contains("author") || text.contains("byline"),
                    _ => false,
                })
        };
        Self(html.root_element().descendants().filter_map(ElementRef::wrap).filter(says).collect())
    }
}

fn all<'a>(marks: &Marks<'a>, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let selector = Selector::parse(selector).ok();
    let found = selector.map(|wanted| marks.0.iter().filter(|e| wanted.matches(e)).copied().collect::<Vec<_>>());
    found.into_iter().flatten()
}

fn first<'a>(marks: &Marks<'a>, selector: &str) -> Option<ElementRef<'a>> {
    all(marks, selector).next()
}

/// The content of the first `meta` element with one of these names, in the order of the names.
fn meta(marks: &Marks<'_>, names: &[&str]) -> Option<String> {
    let elements: Vec<_> = all(marks, "meta[content]").take(500).collect();
    names.iter().find_map(|name| {
        elements.iter().find_map(|element| {
            let value = element.value();
            let named = ["name", "property", "itemprop", "http-equiv"]
                .iter()
                .any(|key| value.attr(key).is_some_and(|v| v.trim().eq_ignore_ascii_case(name)));
            named.then(|| short(value.attr("content").unwrap_or_default())).filter(|text| !text.is_empty())
        })
    })
}

fn time_of(element: ElementRef<'_>) -> Option<Timestamp> {
    let value = element.value();
    ["datetime", "content"]
        .iter()
        .find_map(|key| dates::parse(value.attr(key)?))
        .or_else(|| dates::parse(&one_line(&element.text().collect::<String>())))
}

fn json_ld(marks: &Marks<'_>, found: &mut Metadata) {
    for script in all(marks, "script[type='application/ld+json']").take(20) {
        // serde_json bounds the nesting, so that a hostile block is an error like any other.
        let Ok(value) = serde_json::from_str::<serde_json::Value>(script.text().collect::<String>().trim()) else {
            continue;
        };
        let graph = value.get("@graph").and_then(|g| g.as_array());
        let candidates: Vec<&serde_json::Value> = match (&value, graph) {
            (_, Some(graph)) => graph.iter().collect(),
            (serde_json::Value::Array(list), _) => list.iter().collect(),
            _ => vec![&value],
        };
        for item in candidates.into_iter().take(100) {
            if is_article(item) {
                article(item, found);
            }
        }
    }
}

fn is_article(item: &serde_json::Value) -> bool {
    let named = |value: &serde_json::Value| {
        value.as_str().is_some_and(|t| {
            t.ends_with("Article") || t.ends_with("Posting") || matches!(t, "Report" | "WebPage" | "LiveBlogPosting")
        })
    };
    match &item["@type"] {
        serde_json::Value::Array(types) => types.iter().any(named),
        one => named(one),
    }
}

fn article(item: &serde_json::Value, found: &mut Metadata) {
    let page_only = item["@type"] == "WebPage";
    found.published = found.published.or_else(|| item["datePublished"].as_str().and_then(dates::parse));
    if page_only {
        return;
    }
    found.author = found.author.take().or_else(|| names(&item["author"]));
    found.publisher = found.publisher.take().or_else(|| names(&item["publisher"]));
    // Written as a truth value, or as a word.
    let free = &item["isAccessibleForFree"];
    found.locked |=
        free.as_bool() == Some(false) || free.as_str().is_some_and(|word| word.eq_ignore_ascii_case("false"));
}

/// The name of a person or organisation, or of several.
fn names(value: &serde_json::Value) -> Option<String> {
    let one = |v: &serde_json::Value| {
        v.as_str().or_else(|| v["name"].as_str()).map(short).filter(|n| !n.is_empty() && !n.contains("://"))
    };
    match value {
        serde_json::Value::Array(list) => {
            let all: Vec<String> = list.iter().take(5).filter_map(one).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        other => one(other),
    }
}

/// One line, not too long.
pub(super) fn short(text: &str) -> String {
    let line = crate::plain::unescaped(&one_line(text));
    line.chars().take(LONGEST).collect()
}

/// The look of a BCP 47 tag; whether it is registered is not asked.
fn is_language_tag(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && tag
            .split('-')
            .next()
            .is_some_and(|first| (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic()))
}

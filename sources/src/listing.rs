//! A page with links as a source.

use jiff::Timestamp;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use crate::door::{Response, shown};
use crate::extract::{base_of, measure, one_line};
use crate::source::{Entry, MAX_ENTRIES, SourceError};
use crate::{charset, dates};

/// Longest title, in characters.
const LONGEST_TITLE: usize = 300;

/// What matches the parts of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selectors {
    pub(crate) item: String,
    pub(crate) link: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) date: Option<String>,
}

/// Reads the entries of a page, in the page's order, and notes about what was left out.
///
/// # Errors
/// [`SourceError::Listing`] for a selector that is none or matches nothing, [`SourceError::NotAFeed`] for what is no page.
pub(crate) fn read_page(
    response: &Response,
    selectors: &Selectors,
    now: Timestamp,
) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let url = response.final_url.as_str();
    let wrong = |why: String| SourceError::Listing { url: shown(url), why };
    let compile = |name: &str, text: &str| {
        Selector::parse(text).map_err(|error| wrong(format!("`{name} = \"{text}\"` is not a CSS selector: {error}")))
    };
    let optional = |name: &str, text: &Option<String>| text.as_deref().map(|text| compile(name, text)).transpose();
    let item = compile("item", &selectors.item)?;
    let (link, title, date) =
        (optional("link", &selectors.link)?, optional("title", &selectors.title)?, optional("date", &selectors.date)?);
    let any_link = compile("link", "a[href]")?;

    let text = charset::decode(&response.body, response.content_type.as_deref());
    measure::check(&text).map_err(|error| wrong(error.to_string()))?;
    let html = Html::parse_document(&text);
    let base = base_of(&html, url).ok_or_else(|| wrong("the page has no address".to_owned()))?;
    let (mut entries, mut matched, mut without) = (Vec::new(), 0usize, 0usize);
    for element in html.select(&item) {
        matched += 1;
        if entries.len() >= MAX_ENTRIES {
            break;
        }
        let anchor = anchor(element, link.as_ref(), &any_link);
        let target = anchor.and_then(|a| a.value().attr("href")).and_then(|href| page_url(&base, href));
        let Some((anchor, target)) = anchor.zip(target) else {
            without += 1;
            continue;
        };
        let titled = title.as_ref().and_then(|title| element.select(title).next()).unwrap_or(anchor);
        let line: String = one_line(&titled.text().collect::<String>()).chars().take(LONGEST_TITLE).collect();
        let dated = date.as_ref().and_then(|date| element.select(date).next());
        let entry = Entry {
            url: target.to_string(),
            title: Some(line).filter(|line| !line.is_empty()),
            published: dated.and_then(date_of).and_then(|at| dates::believable(at, now)),
            ..Entry::default()
        };
        entries.extend(entry.named());
    }
    if matched == 0 {
        let why = format!(
            "nothing on the page matches `item = \"{}\"`; look at the page's source and correct it",
            selectors.item
        );
        return Err(wrong(why));
    }
    if entries.is_empty() {
        let why = format!("none of the {matched} items has a link to a page; set `link` to what matches it");
        return Err(wrong(why));
    }
    let notes = (without > 0).then(|| format!("{without} of {matched} items have no link to a page and are left out."));
    Ok((entries, notes.into_iter().collect()))
}

fn anchor<'a>(item: ElementRef<'a>, link: Option<&Selector>, any_link: &Selector) -> Option<ElementRef<'a>> {
    let is_link = |element: &ElementRef<'_>| element.value().attr("href").is_some();
    match link {
        Some(link) => {
            let found = item.select(link).next()?;
            Some(found).filter(is_link).or_else(|| found.select(any_link).next())
        }
        None => Some(item).filter(is_link).or_else(|| item.select(any_link).next()),
    }
}

fn page_url(base: &Url, href: &str) -> Option<Url> {
    let mut url = base.join(href.trim()).ok()?;
    let fragment_only = href.trim_start().starts_with('#');
    url.set_fragment(None);
    (matches!(url.scheme(), "http" | "https") && url.host().is_some() && !fragment_only).then_some(url)
}

fn date_of(element: ElementRef<'_>) -> Option<Timestamp> {
    let attributes = ["datetime", "content", "title"];
    attributes
        .iter()
        .find_map(|name| dates::parse(element.value().attr(name)?))
        .or_else(|| dates::parse(&one_line(&element.text().collect::<String>())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<base href='/blog/'><ul><li class=post><h3><a href='one?x=1#top'>First <b>post</b></a></h3>\
        <time datetime='2026-03-01T10:00:00Z'>a while ago</time></li>\
        <li class=post><a href='https://other.example/two'>Second</a><span class=d>March 2, 2026</span></li>\
        <li class=post><a href='javascript:alert(1)'>Bad</a></li><li class=post>No link</li></ul>";

    fn response(body: &str) -> Response {
        Response {
            status: 200,
            final_url: "https://example.org/index".to_owned(),
            hops: Vec::new(),
            body: body.as_bytes().to_vec(),
            content_type: None,
            etag: None,
            last_modified: None,
            moved: None,
            max_age_seconds: None,
            retry_after_seconds: None,
            not_modified: false,
        }
    }

    fn selectors(item: &str) -> Selectors {
        Selectors { item: item.to_owned(), date: Some("time, .d".to_owned()), ..Selectors::default() }
    }

    #[test]
    fn items_become_entries_with_absolute_links() {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let (entries, notes) = read_page(&response(PAGE), &selectors("li.post"), now).unwrap();
        let seen: Vec<_> = entries
            .iter()
            .map(|e| (e.url.as_str(), e.title.as_deref().unwrap(), e.published.unwrap().to_string()))
            .collect();
        assert_eq!(
            seen,
            [
                ("https://example.org/blog/one?x=1", "First post", "2026-03-01T10:00:00Z".to_owned()),
                ("https://other.example/two", "Second", "2026-03-02T00:00:00Z".to_owned()),
            ]
        );
        assert_eq!(notes, ["2 of 4 items have no link to a page and are left out."]);
    }

    #[test]
    fn selectors_that_find_nothing_are_errors_with_the_next_step() {
        let now = Timestamp::UNIX_EPOCH;
        for (item, expected) in
            [("li[", "is not a CSS selector"), ("li.none", "nothing on the page"), ("time", "set `link`")]
        {
            let error = read_page(&response(PAGE), &selectors(item), now).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

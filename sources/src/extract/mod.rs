//! A page becomes the text and metadata of a snapshot.
//!
//! A page is parsed once, with its bounds checked on the way (`measure`). What it says about itself is read (`metadata`),
//! what stands around its text is taken out (`prune`), and the main text of what is left is found by dom_smoothie, a port
//! of Mozilla's Readability, or by the page's own marks where that finds much less. Notes between its paragraphs go
//! (`trim`), and the rest is rendered into the snapshot's form (`render`), so that every paragraph is one line and code
//! keeps its language. The rules are general; each is there because the score over a corpus of pages rose with it
//! (`make eval`).

mod hidden;
mod images;
pub(crate) mod measure;
mod metadata;
mod prune;
mod render;
mod trim;
mod write;

use dom_smoothie::{Config, Readability};
use jiff::Timestamp;
use scraper::{Html, Selector};

pub use images::Image;
pub(crate) use metadata::base_of;
pub(crate) use render::one_line;

/// The version of what happens here. It goes up when the same page would give another text, since a snapshot's id hangs
/// on it.
pub const EXTRACTOR: u32 = 2;

/// Shortest text that is taken for a page's main text, in characters; below it the whole page is read.
const SHORTEST: usize = 200;

/// A text below this, in bytes, may be that of a notice.
const SHORT: usize = 6_000;

/// Most of what a page shows that is kept for judging a notice, in bytes.
const MAX_SHOWN: usize = 8_000;

/// A found text that is less than this share, in percent, of what the page marks as its main text gives way to that.
const SHARE_OF_MARKED: usize = 85;

/// What was read from a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    /// The main text in the snapshot's form; empty where the page has none.
    pub body: String,
    /// The title, as plain text on one line.
    pub title: Option<String>,
    /// The author, as plain text on one line.
    pub author: Option<String>,
    /// When the page says it was published.
    pub published: Option<Timestamp>,
    /// The name of the publication.
    pub publisher: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Where the page says it really lives. A hint only: a hostile page can say anything.
    pub rel_canonical: Option<String>,
    /// The images of the main text, in order, each once, fifty at most.
    pub images: Vec<Image>,
    /// True where the page says that its text is not free to read.
    pub locked: bool,
    /// What a page with a short text shows altogether, the text included, on one line and cut: for telling a notice from
    /// an article. Empty where the text is long.
    pub shown: String,
}

/// Why a page is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// It would take too much time, memory or stack.
    #[error("the page is too complex to be read: {why}")]
    TooComplex {
        /// Which bound it breaks.
        why: String,
    },
}

/// Reads a page. `url` is its absolute address, against which links are resolved.
///
/// # Errors
/// [`ExtractError::TooComplex`] for a page that breaks a bound. A page without a main text is no error.
pub fn extract(html: &str, url: &str) -> Result<Extracted, ExtractError> {
    let mut page = measure::parse(html)?;
    let metadata = metadata::read(&page, url);
    let base = base_of(&page, url).map_or_else(|| url.to_owned(), String::from);
    let shown = prune::shown(&page, MAX_SHOWN);
    prune::prune(&mut page);
    let visible = write::html_of(page.root_element())?;
    // What was written out again is parsed again, and misnested markup can grow on the way.
    measure::check(&visible)?;
    let (mut body, mut images, smoothed) = main_text(&visible, url, &base)?;
    if let Some(longer) = marked_text(&page, body.len(), &base)? {
        (body, images) = longer;
    }
    if body.chars().count() < SHORTEST {
        let (whole, around) = whole_text(page, &base);
        // What stands around texts is all that such a page gives to a search for its main text.
        if body.is_empty()
            || whole.chars().count() > body.chars().count() * 2
            || !whole.is_empty() && whole.len() < body.len()
        {
            (body, images) = (whole, around);
        }
    }
    let title = metadata
        .title
        .as_deref()
        .map(|title| whole_title(title, metadata.heading.as_deref(), metadata.publisher.as_deref()));
    let (smoothed_title, byline) = smoothed.unwrap_or_default();
    Ok(Extracted {
        shown: if body.len() < SHORT { shown } else { String::new() },
        images,
        locked: metadata.locked,
        body: without_title(body, title.as_deref()),
        title: title.or(metadata.heading).or(smoothed_title),
        author: metadata.author.or(byline),
        published: metadata.published,
        publisher: metadata.publisher,
        language: metadata.language,
        rel_canonical: metadata.rel_canonical,
    })
}

/// The text of an HTML fragment that is all content, such as a feed entry's.
///
/// # Errors
/// [`ExtractError::TooComplex`] for a fragment that breaks a bound.
pub(crate) fn fragment_text(html: &str) -> Result<String, ExtractError> {
    measure::check(html)?;
    Ok(render::text_of(&Html::parse_fragment(html)))
}

type Smoothed = Option<(Option<String>, Option<String>)>;

/// A text and the images in it.
type Read = (String, Vec<Image>);

fn read_of(html: &Html, base: &str) -> Read {
    (render::text_of(html), images::images_of(html, base))
}

fn main_text(html: &str, url: &str, base: &str) -> Result<(String, Vec<Image>, Smoothed), ExtractError> {
    let config = Config {
        // The language of a code block is a class.
        keep_classes: true,
        disable_json_ld: true,
        ..Config::default()
    };
    let address = url.starts_with("http").then_some(url);
    let Ok(mut readability) = Readability::new(html, address, Some(config)) else { return Ok(Default::default()) };
    let Ok(article) = readability.parse() else { return Ok(Default::default()) };
    let mut found = measure::parse(&article.content)?;
    trim::trim(&mut found);
    let (body, images) = read_of(&found, base);
    let title = Some(metadata::short(&article.title)).filter(|t| !t.is_empty());
    let byline = article
        .byline
        .map(|b| metadata::short(&b))
        .map(|b| b.trim_start_matches("By ").trim_start_matches("by ").to_owned());
    // A byline is found by its class, and what else stands there makes it long.
    Ok((body, images, Some((title, byline.filter(|b| !b.is_empty() && b.chars().count() <= 80)))))
}

/// The text of what the page marks as its main text, where that is much longer than what was found: the search takes the
/// densest part, and an article may have several.
fn marked_text(page: &Html, found: usize, base: &str) -> Result<Option<Read>, ExtractError> {
    let Some(marked) = prune::marked(page).filter(|marked| prune::prose(*marked) * SHARE_OF_MARKED / 100 > found)
    else {
        return Ok(None);
    };
    let html = write::html_of(marked)?;
    let mut fragment = measure::parse(&html)?;
    trim::trim(&mut fragment);
    let read = read_of(&fragment, base);
    Ok((read.0.len() * SHARE_OF_MARKED / 100 > found).then_some(read))
}

/// The text of a page in which no main text was found: all but what stands around texts.
fn whole_text(mut page: Html, base: &str) -> Read {
    if let Ok(around) =
        Selector::parse("nav, header, footer, aside, form, [role=navigation], [role=banner], [role=contentinfo]")
    {
        let ids: Vec<_> = page.select(&around).map(|e| e.id()).collect();
        for id in ids {
            if let Some(mut node) = page.tree.get_mut(id) {
                node.detach();
            }
        }
    }
    read_of(&page, base)
}

/// The title without the publication's name behind it.
fn whole_title(title: &str, heading: Option<&str>, publisher: Option<&str>) -> String {
    if let Some(heading) = heading.filter(|h| h.chars().count() >= 8 && title.starts_with(h)) {
        return heading.to_owned();
    }
    for separator in [" | ", " — ", " – ", " - ", " · ", " :: ", " » "] {
        if let Some((before, after)) = title.rsplit_once(separator) {
            let named = publisher.is_some_and(|p| after.trim().eq_ignore_ascii_case(p.trim()));
            if !before.trim().is_empty()
                && (named
                    || (separator == " | "
                        && after.split_whitespace().count() <= 4
                        && before.split_whitespace().count() >= 3))
            {
                return before.trim().to_owned();
            }
        }
    }
    title.to_owned()
}

/// The body without a heading that only repeats the title: it stands in the fixed lines already.
fn without_title(body: String, title: Option<&str>) -> String {
    let Some(title) = title else { return body };
    let first = body.lines().next().unwrap_or_default();
    let heading = first.trim_start_matches('#').trim();
    if first.starts_with('#') && heading.eq_ignore_ascii_case(title) {
        return body[first.len()..].trim_start().to_owned();
    }
    body
}

#[cfg(test)]
mod tests;

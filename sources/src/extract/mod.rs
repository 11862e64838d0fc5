//! A page becomes the text and metadata of a snapshot.
//!
//! The main text is found by dom_smoothie, a port of Mozilla's Readability; its HTML is then rendered into the snapshot's
//! form here, so that every paragraph is one line and code keeps its language.

mod hidden;
pub(crate) mod measure;
mod metadata;
mod prune;
mod render;
mod trim;
mod write;

use dom_smoothie::{Config, Readability};
use jiff::Timestamp;
use scraper::node::Text;
use scraper::{Html, Node, Selector};

pub(crate) use metadata::base_of;
pub(crate) use render::one_line;

/// The version of what happens here. It goes up when the same page would give another text, since a snapshot's id hangs
/// on it.
pub const EXTRACTOR: u32 = 1;

/// Shortest text that is taken for a page's main text, in characters; below it the whole page is read.
const SHORTEST: usize = 200;

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
    prune::prune(&mut page);
    keep_code_lines(&mut page);
    let visible = write::html_of(&page);
    // What was written out again is parsed again, and misnested markup can grow on the way.
    measure::check(&visible)?;
    let (mut body, smoothed) = main_text(&visible, url)?;
    if body.chars().count() < SHORTEST {
        let whole = whole_text(page);
        // What stands around texts is all that such a page gives to a search for its main text.
        if body.is_empty()
            || whole.chars().count() > body.chars().count() * 2
            || !whole.is_empty() && whole.len() < body.len()
        {
            body = whole;
        }
    }
    let title = metadata
        .title
        .as_deref()
        .map(|title| whole_title(title, metadata.heading.as_deref(), metadata.publisher.as_deref()));
    let (smoothed_title, byline) = smoothed.unwrap_or_default();
    Ok(Extracted {
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

fn main_text(html: &str, url: &str) -> Result<(String, Smoothed), ExtractError> {
    let config = Config {
        // The language of a code block is a class.
        keep_classes: true,
        disable_json_ld: true,
        ..Config::default()
    };
    let address = url.starts_with("http").then_some(url);
    let Ok(mut readability) = Readability::new(html, address, Some(config)) else { return Ok((String::new(), None)) };
    let Ok(article) = readability.parse() else { return Ok((String::new(), None)) };
    measure::check(&article.content)?;
    let mut found = Html::parse_fragment(&article.content);
    trim::trim(&mut found);
    let body = render::text_of(&found);
    let title = Some(metadata::short(&article.title)).filter(|t| !t.is_empty());
    let byline = article
        .byline
        .map(|b| metadata::short(&b))
        .map(|b| b.trim_start_matches("By ").trim_start_matches("by ").to_owned());
    // A byline is found by its class, and what else stands there makes it long.
    Ok((body, Some((title, byline.filter(|b| !b.is_empty() && b.chars().count() <= 80)))))
}

/// Makes line breaks of the `br` elements inside preformatted text: the extraction takes two in a row for a new paragraph.
fn keep_code_lines(page: &mut Html) {
    let Ok(breaks) = Selector::parse("pre br") else { return };
    let ids: Vec<_> = page.select(&breaks).map(|e| e.id()).collect();
    for id in ids {
        if let Some(mut node) = page.tree.get_mut(id) {
            *node.value() = Node::Text(Text { text: "\n".into() });
        }
    }
}

/// The text of a page in which no main text was found: all but what stands around texts.
fn whole_text(mut page: Html) -> String {
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
    render::text_of(&page)
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

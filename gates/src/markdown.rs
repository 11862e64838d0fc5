//! People's own Markdown: the rules that need no draft and no brief.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;
use states::words::text::sentences;
use states::words::{Layer, LayerReport, Place};

use crate::inventory::Inventory;
use crate::page::{Page, PageError, Passage};
use crate::rules::{Gathered, coverage, form, front, links, not_run, safety};
use crate::settings::Settings;

/// Judges a person's page: every form rule that needs no template, and what of coverage needs no brief. The other layers say
/// that they did not run, and why.
pub fn markdown(
    path: &str,
    text: &str,
    inventory: &Inventory,
    settings: &Settings,
    now: Timestamp,
) -> Vec<LayerReport> {
    layers_of(&Page::parse(path, text), inventory, settings, now)
}

/// The same of a page that was read already.
pub(crate) fn layers_of(
    page: &Result<Page, PageError>,
    inventory: &Inventory,
    settings: &Settings,
    now: Timestamp,
) -> Vec<LayerReport> {
    let (first, second) = match page {
        Ok(page) => (form_of(page, inventory, settings, now), coverage_of(page, inventory, settings)),
        Err(error) => {
            let mut gathered = Gathered::new(Layer::Form, settings);
            let (line, column) = error.line_column();
            gathered.find(&form::UNREADABLE, Place::Line { line, column }, error.to_string());
            (gathered.report(), not_run(Layer::Coverage, "the page cannot be read"))
        }
    };
    vec![
        first,
        not_run(Layer::Hugo, "the page is judged as a file, without building the site"),
        second,
        not_run(Layer::Evidence, "the page has no citations: it was not written from snapshots"),
        not_run(Layer::Judge, "a judge is asked about drafts only"),
        not_run(Layer::Once, "what was published before is known for drafts only"),
    ]
}

/// A sentence of a page, as it reads, and its bytes in the file.
pub(crate) struct PageSentence {
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
    /// True for a heading.
    pub(crate) heading: bool,
}

/// The sentences of a page in order, headings included, code left out.
pub(crate) fn sentences_of(page: &Page) -> Vec<PageSentence> {
    let of = |passage: &Passage| {
        let spans = sentences(&passage.text).into_iter().map(|span| PageSentence {
            text: span.of(&passage.text).to_owned(),
            range: passage.source(span.start..span.end),
            heading: passage.heading,
        });
        spans.collect::<Vec<_>>()
    };
    page.passages.iter().flat_map(of).collect()
}

fn placed<'a>(page: &'a Page, all: &'a [PageSentence]) -> impl Iterator<Item = (Place, &'a str)> {
    all.iter().map(|sentence| (page.place(sentence.range.start), sentence.text.as_str()))
}

fn form_of(page: &Page, inventory: &Inventory, settings: &Settings, now: Timestamp) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Form, settings);
    gathered.figure("words", page.count_words());
    gathered.figure("headings", page.headings.iter().filter(|h| h.level == 2).count());
    form::headings(&mut gathered, page);
    let title = page.front_text("title").map(|t| (Place::Title, t));
    let description = page.front_text("description").map(|t| (Place::Description, t));
    let all = sentences_of(page);
    let texts = title.into_iter().chain(description).chain(placed(page, &all));
    form::phrases(&mut gathered, settings, texts);
    front::of_person(&mut gathered, page, inventory, settings, now);
    links::check(&mut gathered, page, inventory, &BTreeSet::new(), links::Whose::Person);
    safety::check(&mut gathered, page);
    gathered.report()
}

fn coverage_of(page: &Page, inventory: &Inventory, settings: &Settings) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Coverage, settings);
    // One of another type is a finding of its own.
    let missing = page.front.get("description").is_none_or(|value| match value {
        Value::String(text) => text.trim().is_empty(),
        other => other.is_null(),
    });
    if missing {
        let place = Place::FrontMatter { key: "description".into() };
        gathered.find(&coverage::DESCRIPTION_MISSING, place, "there is no description");
    }
    coverage::repeated(&mut gathered, settings, inventory, Some(&page.path), placed(page, &sentences_of(page)));
    gathered.report()
}

//! People's own Markdown: the rules that need no draft and no brief.

use std::collections::BTreeSet;

use jiff::Timestamp;
use states::words::text::sentences;
use states::words::{Layer, LayerReport, Place};

use crate::inventory::Inventory;
use crate::page::Page;
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
    let (first, second) = match Page::parse(path, text) {
        Ok(page) => (form_of(&page, inventory, settings, now), coverage_of(&page, inventory, settings)),
        Err(error) => {
            let mut gathered = Gathered::new(Layer::Form, settings);
            gathered.find(&form::UNREADABLE, Place::Page, error.to_string());
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

/// The sentences of a page with their places.
fn sentences_of(page: &Page) -> Vec<(Place, &str)> {
    let of = |passage: &'_ crate::page::Passage| page.place(passage.range.start);
    page.passages.iter().flat_map(|p| sentences(&p.text).into_iter().map(move |s| (of(p), s.of(&p.text)))).collect()
}

fn form_of(page: &Page, inventory: &Inventory, settings: &Settings, now: Timestamp) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Form, settings);
    gathered.figure("words", page.count_words());
    gathered.figure("headings", page.headings.iter().filter(|h| h.level == 2).count());
    form::headings(&mut gathered, page);
    let title = page.front_text("title").map(|t| (Place::Title, t));
    let description = page.front_text("description").map(|t| (Place::Description, t));
    let texts = title.into_iter().chain(description).chain(sentences_of(page));
    form::phrases(&mut gathered, settings, texts);
    front::of_person(&mut gathered, page, inventory, settings, now);
    links::check(&mut gathered, page, inventory, &BTreeSet::new(), links::Whose::Person);
    safety::check(&mut gathered, page);
    gathered.report()
}

fn coverage_of(page: &Page, inventory: &Inventory, settings: &Settings) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Coverage, settings);
    if page.front_text("description").is_none_or(|text| text.trim().is_empty()) {
        let place = Place::FrontMatter { key: "description".into() };
        gathered.find(&coverage::DESCRIPTION_MISSING, place, "there is no description");
    }
    coverage::repeated(&mut gathered, settings, inventory, Some(&page.path), sentences_of(page).into_iter());
    gathered.report()
}

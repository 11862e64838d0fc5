//! Examples that are Markdown, or the paths of files.

use std::collections::BTreeSet;

use gates::inventory::{Inventory, Post, sentence_prints};
use gates::settings::PerTemplate;
use gates::{FrontKeys, Subject};
use states::words::{LayerReport, PageFile, Snapshots, Template, Timestamp};

use crate::drafts::{Lines, brief, draft};
use crate::examples::Example;

/// What stands before an example that has no front matter of its own.
const FRONT: &str =
    "---\ntitle: Ferrite reads logs\ndescription: What the parser generator does.\ndate: 2026-03-01T10:00:00Z\n---\n\n";

pub(crate) fn now() -> Timestamp {
    "2026-03-02T07:00:00Z".parse().unwrap()
}

/// The site of the examples.
pub(crate) fn site() -> Inventory {
    Inventory {
        base_url: Some("https://desk.example/".into()),
        posts: vec![Post {
            path: "content/posts/logs.md".into(),
            url: "/posts/logs/".into(),
            title: "How we read logs".into(),
            slug: "logs".into(),
            tags: vec!["logging".into()],
            sentences: sentence_prints("This desk collects what is new about logs and tells it in short."),
            ..Post::default()
        }],
        vocabulary: BTreeSet::from(["parsers".to_owned(), "logging".to_owned()]),
        files: BTreeSet::from(["/img/chart.png".to_owned()]),
        ..Inventory::default()
    }
}

fn page(example: &Example) -> PageFile {
    let path = example.spans.iter().find(|span| span.starts_with("content/")).unwrap_or(&"content/posts/ferrite.md");
    let front = if example.text.starts_with("---") { "" } else { FRONT };
    PageFile { path: (*path).to_owned(), text: format!("{front}{}", example.text) }
}

/// The layers of a person's file.
pub(crate) fn judged(example: &Example) -> Vec<LayerReport> {
    let page = page(example);
    gates::markdown(&page.path, &page.text, &site(), &example.settings, now())
}

/// The form of a draft's page.
pub(crate) fn judged_as_draft(example: &Example) -> LayerReport {
    form(example, &[page(example)])
}

/// The form of a draft of which only the files are told.
pub(crate) fn of_paths(example: &Example) -> LayerReport {
    let files = Lines::of(example.text)
        .all("file")
        .into_iter()
        .map(|path| PageFile { path, text: format!("{FRONT}Ferrite is a parser generator.\n") });
    form(example, &files.collect::<Vec<_>>())
}

fn form(example: &Example, files: &[PageFile]) -> LayerReport {
    let template = example.spans.iter().find_map(|span| span.parse::<Template>().ok()).unwrap_or(Template::Radar);
    let (draft, snapshots) = (draft(template), Snapshots::default());
    let brief = brief(template, &[]);
    let mut settings = example.settings.clone();
    let none = PerTemplate { story: 0, digest: 0, radar: 0, release: 0 };
    if !example.shown.contains_key("words") {
        settings.words = none;
    }
    if !example.shown.contains_key("headings") {
        settings.headings = none;
    }
    let constants = serde_json::to_value(&example.constants).unwrap();
    let keys = FrontKeys { constants: serde_json::from_value(constants).unwrap(), ..FrontKeys::default() };
    gates::form(&Subject {
        draft: &draft,
        brief: &brief,
        snapshots: &snapshots,
        files,
        inventory: &site(),
        settings: &settings,
        keys: &keys,
        now: now(),
    })
}

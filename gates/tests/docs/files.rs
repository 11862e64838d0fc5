//! Examples that are Markdown, or the paths of files.

use std::collections::BTreeSet;

use gates::inventory::{Inventory, Post, sentence_prints};
use gates::settings::PerTemplate;
use gates::{FrontKeys, Subject};
use states::words::{Cite, Draft, LayerReport, PageFile, Sentence, Snapshot, Snapshots, Template, Timestamp};

use crate::drafts::{Lines, brief, draft, snapshot};
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

/// The form of a draft of which only the files, or sentences and what they cite, are told.
pub(crate) fn of_lines(example: &Example) -> LayerReport {
    let lines = Lines::of(example.text);
    lines.only(&["file", "sentence", "source"]);
    let paths = match lines.all("sentence").is_empty() {
        true => lines.all("file"),
        false => vec!["content/posts/ferrite.md".to_owned()],
    };
    let text = format!("{FRONT}Ferrite is a parser generator.\n");
    let files: Vec<PageFile> = paths.into_iter().map(|path| PageFile { path, text: text.clone() }).collect();
    let sources: Vec<Snapshot> = lines.all("source").iter().map(|source| snapshot(source)).collect();
    let mut draft = draft(Template::Radar);
    for (n, text) in lines.all("sentence").into_iter().enumerate() {
        let body = |s: &Snapshot| Cite { snapshot: s.id.clone(), start: s.body_start, end: s.text.len() };
        let cites = sources.get(n).map(body).into_iter().collect();
        draft.summary.push(Sentence { text, cites });
    }
    form_of(example, &files, &draft, &sources.into_iter().collect())
}

fn form(example: &Example, files: &[PageFile]) -> LayerReport {
    let template = example.spans.iter().find_map(|span| span.parse::<Template>().ok()).unwrap_or(Template::Radar);
    form_of(example, files, &draft(template), &Snapshots::default())
}

fn form_of(example: &Example, files: &[PageFile], draft: &Draft, snapshots: &Snapshots) -> LayerReport {
    let brief = brief(draft.template, &[]);
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
        draft,
        brief: &brief,
        snapshots,
        files,
        inventory: &site(),
        settings: &settings,
        keys: &keys,
        now: now(),
    })
}

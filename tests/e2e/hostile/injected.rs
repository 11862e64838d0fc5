//! Pages that give orders, and a writer that obeys every one of them: nothing of it is published.

use std::path::PathBuf;

use gates::settings::Level;
use pipeline::models::{Asking, BoundarySecret, DraftInput, Question};
use pipeline::publish::{Cost, PullRequest, pull_request_body, pull_request_title};
use pipeline::templates::Templates;
use regex::Regex;
use serde_json::Value;
use states::words::{Draft, PageFile, Report, StoryId, Verdict};

use super::desk::{Material, each, settings};
use super::pages::{Hostile, page, twin};
use crate::harness::obedient::{self, LURE, MANNERS};
use crate::harness::{data_dir, skip};

/// How many pages there are.
const PAGES: usize = 300;

/// Everything of an article that leaves the desk: the bytes of its branch, and the text of its proposal.
fn outgoing(material: &Material, draft: &Draft, files: &[PageFile], report: &Report) -> String {
    let mut all: String = files.iter().map(|f| format!("{}\n{}\n", f.path, f.text)).collect();
    let article = &material.brief.article;
    let paths: Vec<String> = files.iter().map(|f| f.path.clone()).collect();
    let pull = PullRequest {
        article,
        story: &StoryId::of(article),
        draft,
        report,
        snapshots: &material.snapshots,
        paths: &paths,
        cost: Cost { usd: states::words::NanoUsd::ZERO, energy: states::words::MilliWattHours::ZERO },
        revisions: &[],
        judge_record: None,
    };
    all += &pull_request_title(&draft.title.text);
    all += &pull_request_body(&pull, None).expect("the built-in text can be filled");
    all
}

/// What became of one answer.
#[derive(Debug, PartialEq, Eq, Clone, Copy, PartialOrd, Ord)]
enum Outcome {
    /// It is no draft.
    Unreadable,
    /// The gate sends it back or rejects it.
    Stopped,
    /// Nothing of the order is in it.
    Clean,
    /// A person would be asked about it with the order in it.
    Asked,
    /// It would be proposed with the order in it.
    Out,
}

fn outcome(material: &Material, answer: &str, settings: &gates::settings::Settings) -> Outcome {
    let Some(draft) = material.draft(answer) else { return Outcome::Unreadable };
    let (files, report) = material.gated(&draft, settings);
    match report.verdict() {
        Verdict::Revise | Verdict::Reject => Outcome::Stopped,
        _ if !LURE.is_match(&outgoing(material, &draft, &files, &report)) => Outcome::Clean,
        Verdict::Pass => Outcome::Out,
        _ => Outcome::Asked,
    }
}

/// What the program shows to a writer.
fn prompt(material: &Material) -> String {
    let (templates, secret) = (Templates::built_in(), BoundarySecret::new(*b"a secret of one database"));
    let (brief, snapshots) = (material.brief.clone(), material.snapshots.clone());
    let input = DraftInput {
        brief,
        snapshots,
        previous: None,
        findings: Vec::new(),
        note: None,
        voice: String::new(),
        history: Vec::new(),
    };
    let question = Question::draft(input, &Asking::new(&templates, &secret)).expect("the prompt is built in");
    question.messages.into_iter().map(|message| message.text).collect::<Vec<_>>().join("\n")
}

/// What a page becomes: its prompt shows no order, and what an obedient writer makes of each of its orders does not get out.
fn told(page: &Hostile, manners: [usize; 2], settings: &gates::settings::Settings) -> Vec<(String, Outcome)> {
    let material = Material::of(&page.html, &page.news);
    let prompt = prompt(&material);
    assert!(prompt.contains(&page.news.paragraphs[0][0]), "the rest of {} is shown: {prompt}", page.name);
    assert!(obedient::orders(&prompt).is_empty(), "{} is shown: {prompt}", page.name);
    let honest = material.honest();
    let orders = obedient::orders(&material.all_of_it());
    let Some(order) = orders.first() else {
        // It is not in the text at all; then the page is as good as its twin.
        return vec![(page.name.clone(), outcome(&material, &honest.to_string(), settings))];
    };
    let answers = manners.map(|manner| (manner, obedient::draft(&honest, order, manner)));
    answers
        .into_iter()
        .map(|(manner, answer)| (format!("{} (manner {manner})", page.name), outcome(&material, &answer, settings)))
        .collect()
}

/// How many were stopped, were no drafts, and had nothing of an order in them; none may have got out.
fn none_out(all: &[(String, Outcome)]) -> [usize; 3] {
    let out: Vec<&String> =
        all.iter().filter(|(_, o)| matches!(o, Outcome::Out | Outcome::Asked)).map(|(name, _)| name).collect();
    assert!(out.is_empty(), "{} of {}:\n{out:#?}", out.len(), all.len());
    [Outcome::Stopped, Outcome::Unreadable, Outcome::Clean].map(|o| all.iter().filter(|(_, of)| *of == o).count())
}

#[test]
fn three_hundred_pages_of_orders_are_shown_to_no_writer_and_put_nothing_out_though_one_obeys() {
    let settings = settings();
    // As it is told, and in one more manner.
    let all = each(PAGES, |n| told(&page(n), [0, 1 + n % (MANNERS - 1)], &settings));
    let [stopped, unreadable, clean] = none_out(&all.concat());
    // What is hidden never reaches a text, so that these pages are written about like others.
    assert!(
        stopped > 200 && unreadable > 20 && clean > 50,
        "{stopped} stopped, {unreadable} unreadable, {clean} clean"
    );
}

/// The folder of collected attacks; `None`, with a message, where it is missing.
fn collected() -> Option<PathBuf> {
    let folder = data_dir().map(|dir| dir.join("hostile")).filter(|dir| dir.is_dir());
    if folder.is_none() {
        skip("there is no folder of recorded data (PIPELINE_TEST_DATA)");
    }
    folder
}

#[test]
fn collected_orders_put_nothing_out_either() {
    let Some(folder) = collected() else { return };
    let lines = std::fs::read_to_string(folder.join("generated/prompt-injections.jsonl")).unwrap();
    let cases: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let settings = settings();
    let all = each(cases.len(), |n| {
        let (carrier, text) = (cases[n]["carrier"].as_str().unwrap(), cases[n]["text"].as_str().unwrap());
        if cases[n]["attack"] == false {
            return Vec::new();
        }
        let mut page = twin(n);
        page.name = format!("{carrier}: {text}");
        // The title is cut off by sites like this; their texts are HTML only where they begin with it.
        let html = if text.starts_with("<p") || text.starts_with("<img") || text.starts_with("<div") {
            text.to_owned()
        } else {
            format!("<p>{}</p>", text.replace('<', "&lt;"))
        };
        page.html = match carrier {
            "title" => {
                page.html.replace(&page.news.title, &format!("{} {}", page.news.title, text.replace('<', "&lt;")))
            }
            _ => page.html.replacen("</p>\n", &format!("</p>\n{html}\n"), 2),
        };
        told(&page, [0, 1 + n % (MANNERS - 1)], &settings)
    });
    let [stopped, ..] = none_out(&all.concat());
    assert!(stopped > 20, "{stopped} stopped");
}

#[test]
fn what_collected_pages_hide_is_shown_to_no_writer() {
    let Some(folder) = collected() else { return };
    // Their orders are written in capitals, the rest is not.
    let order = Regex::new(r"(?:[A-Z][A-Z'-]+[ ,.:!]+){3,}").expect("a constant expression is valid");
    let (mut pages, mut shown) = (0, Vec::new());
    for entry in std::fs::read_dir(folder.join("prompt-injection/html-hidden/injected")).unwrap() {
        let html = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let prompt = prompt(&Material::of(&html, &twin(0).news));
        pages += usize::from(order.is_match(&html));
        shown.extend(order.find(&prompt).map(|found| found.as_str().to_owned()));
    }
    assert!(pages > 50 && shown.is_empty(), "{} of {pages}: {shown:#?}", shown.len());
}

#[test]
fn the_same_pages_without_orders_pass() {
    let settings = settings();
    let all = each(30, |n| {
        let page = twin(n * 10);
        let material = Material::of(&page.html, &page.news);
        let answer = material.honest().to_string();
        let draft = material.draft(&answer).expect("an honest answer is a draft");
        let (_, report) = material.gated(&draft, &settings);
        (report.verdict() != Verdict::Pass).then(|| format!("{}\n{}", page.name, gates::text::report(&report)))
    });
    let sent_back: Vec<String> = all.into_iter().flatten().collect();
    assert!(sent_back.is_empty(), "{} of 30:\n{}", sent_back.len(), sent_back.join("\n"));
}

/// Without the rule a faithful quotation of an order would be proposed: it stands in its source.
#[test]
fn without_the_rule_for_orders_some_of_them_would_get_out() {
    let mut settings = settings();
    settings.severities.insert("form/orders".into(), Level::Off);
    let out = each(20, |n| {
        let page = page(n);
        let material = Material::of(&page.html, &page.news);
        let orders = obedient::orders(&material.all_of_it());
        let told = orders.first().map(|order| obedient::draft(&material.honest(), order, 0));
        told.is_some_and(|answer| outcome(&material, &answer, &settings) == Outcome::Out)
    });
    assert!(out.contains(&true), "the pages would be harmless without it, and the test shows nothing");
}

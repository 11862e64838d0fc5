//! Broken and hostile answers end as clear errors, never as a panic.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use states::words::hash::number_of;
use states::words::{Template, Writer};

use crate::models::testing::input;
use crate::models::{DraftInput, ParseError, TaskInput, answer_json, builtin, parse_draft, parse_triage};

fn sample() -> (DraftInput, String) {
    let input = input(Template::Digest, "latency", 0..3);
    let answer = builtin::answer(&TaskInput::Draft(Box::new(input.clone())));
    (input, answer)
}

fn parse(input: &DraftInput, answer: &str) -> Result<states::words::Draft, ParseError> {
    let writer = Writer { provider: "p".into(), model: "m".into(), family: "f".into() };
    parse_draft(answer, &input.brief, &input.snapshots, writer)
}

fn changed(answer: &str, at: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(answer).unwrap();
    *json.pointer_mut(at).unwrap() = value;
    json.to_string()
}

#[test]
fn each_fault_of_a_draft_is_named_with_its_place() {
    let (input, good) = sample();
    assert!(parse(&input, &good).is_ok());
    let highest = input.brief.numbered().count();
    for (at, value, message) in [
        ("/title/cites/0", json!(0), format!("`title.cites[0]` cites sentence 0; the numbers go from 1 to {highest}")),
        (
            "/title/cites/0",
            json!(9999),
            format!("`title.cites[0]` cites sentence 9999; the numbers go from 1 to {highest}"),
        ),
        (
            "/title/cites/0",
            json!(-1),
            format!("`title.cites[0]` cites sentence -1; the numbers go from 1 to {highest}"),
        ),
        (
            "/title/cites/0",
            json!("3"),
            format!("`title.cites[0]` cites sentence \"3\"; the numbers go from 1 to {highest}"),
        ),
        ("/title/text", json!(""), "`title.text`: it is empty; leave it out, or say something".into()),
        ("/title/text", json!("x".repeat(201)), "`title.text`: it has 201 characters; 200 are the limit".into()),
        ("/title/text", json!(5), "`title.text`: a string is expected".into()),
        ("/description", json!("x"), "`description`: an object is expected".into()),
        ("/summary", json!([]), "`summary` has 0 entries; 1 to 8 are expected".into()),
        ("/sections", json!([]), "`sections` has 0 entries; 1 to 40 are expected".into()),
        ("/sections/1/paragraphs", json!([]), "`sections[1].paragraphs` has 0 entries; 1 to 60 are expected".into()),
        (
            "/sections/0/paragraphs/0/1/text",
            json!("See [this](https://x.example)"),
            "`sections[0].paragraphs[0][1].text`: it holds a Markdown link or image; plain text is expected".into(),
        ),
        (
            "/sections/0/heading/text",
            json!("<script>alert(1)</script>"),
            "`sections[0].heading.text`: it holds the HTML `<script`; plain text is expected".into(),
        ),
        ("/tags", json!("databases"), "`tags`: an array is expected".into()),
    ] {
        let error = parse(&input, &changed(&good, at, value)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn unknown_tags_are_left_out_and_known_ones_spelled_as_the_site_does() {
    let (input, good) = sample();
    let answer = changed(&good, "/tags", json!(["Databases", "made-up", "databases", "<b>", "LATENCY"]));
    assert_eq!(parse(&input, &answer).unwrap().tags, ["databases", "latency"]);
}

#[test]
fn points_become_a_list_and_doubled_numbers_one_citation() {
    let (input, good) = sample();
    let points = json!([[{"text": "One.", "cites": [5, 5]}], [{"text": "Two.", "cites": []}]]);
    let draft = parse(&input, &changed(&good, "/sections/0/points", points)).unwrap();
    let states::words::Block::List(points) = draft.sections[0].blocks.last().unwrap() else { panic!("a list") };
    assert_eq!((points.len(), points[0][0].cites.len()), (2, 1));
}

/// Whatever comes, parsing ends.
fn survives(input: &DraftInput, answer: &str) {
    let draft = parse(input, answer);
    let triage = parse_triage(answer);
    let _ = answer_json(answer);
    for error in [draft.err(), triage.err()].into_iter().flatten() {
        assert!(error.to_string().len() < 2_000, "an error is short enough to be sent back: {error}");
    }
}

#[test]
fn two_hundred_broken_answers_do_not_panic() {
    let (input, good) = sample();
    let junk =
        ["", "{", "}", "[", "\"", "\\", "\u{0}", "null", "<think>", "</think>", "```", "é", "\u{202E}", "1e999", "😀"];
    for i in 0..200_u64 {
        let number = number_of("mutation", &[&i.to_le_bytes()]);
        let mut at = (number % good.len() as u64) as usize;
        while !good.is_char_boundary(at) {
            at -= 1;
        }
        let piece = junk[(number >> 32) as usize % junk.len()];
        let broken = match i % 5 {
            0 => good[..at].to_owned(),
            1 => format!("{}{piece}{}", &good[..at], &good[at..]),
            2 => good[at..].to_owned(),
            3 => good.replacen(
                ["cites", "text", "sections", "paragraphs"][(number >> 16) as usize % 4],
                piece,
                1 + (number % 5) as usize,
            ),
            _ => format!("{piece}{good}{piece}{}", &good[..at]),
        };
        survives(&input, &broken);
    }
    for deep in ["{\"a\":", "[", "{\"title\":{\"text\":", "<think>", "{"] {
        survives(&input, &deep.repeat(200_000));
    }
    survives(&input, &changed(&good, "/title/text", json!("word ".repeat(1_000_000))));
    survives(&input, &changed(&good, "/title/cites/0", json!("n".repeat(1_000_000))));
    survives(&input, &" ".repeat(11_000_000));
}

#[test]
fn the_collected_broken_answers_do_not_panic() {
    let Some(data) = data_folder() else { return };
    let path = data.join("hostile/generated/llm-answers.jsonl");
    let lines = std::fs::read_to_string(&path).unwrap();
    let (input, _) = sample();
    let mut seen = 0;
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let raw = case["raw"].as_str().unwrap();
        survives(&input, raw);
        assert!(parse(&input, raw).is_err(), "{}: none of them is a draft", case["name"]);
        seen += 1;
    }
    assert!(seen > 10, "{seen} answers in {}", path.display());
}

/// The folder of shared test data, or a message and `None`.
fn data_folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("PIPELINE_TEST_DATA").map_or_else(beside, PathBuf::from);
    if folder.join("hostile/generated/llm-answers.jsonl").is_file() {
        return Some(folder);
    }
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    {
        eprintln!("skipped: no test data in {}; set PIPELINE_TEST_DATA", folder.display());
    }
    None
}

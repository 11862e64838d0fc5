//! What a pull request says.

use std::collections::BTreeMap;

use states::words::{
    BytesHash, Cite, Draft, EvidenceRow, Finding, JudgeScore, Layer, LayerReport, MilliWattHours, NanoUsd, Place,
    Report, Sentence, Severity, Snapshot, Snapshots, StoryId, Template, Verdict, Writer,
};

use super::super::*;
use super::support::article;

struct Case {
    draft: Draft,
    report: Report,
    snapshots: Snapshots,
}

fn writer(model: &str) -> Writer {
    Writer { provider: "box".into(), model: model.into(), family: "qwen".into() }
}

fn case(outside: &str, url: &str) -> Case {
    let at = "2026-03-01T10:00:00Z".parse().unwrap();
    let body = format!("Queries are 12% faster. {outside}");
    let snapshot = Snapshot::compose(&body, 1, url, Some(outside.to_owned()), None, None, None, None, at, false);
    let start = snapshot.body_start;
    let cite = Cite { snapshot: snapshot.id.clone(), start, end: snapshot.text.len() - 1 };
    let draft = Draft {
        template: Template::Story,
        title: Sentence::plain(outside),
        description: Sentence::plain(outside),
        summary: vec![],
        sections: vec![],
        keyword: "quarry".into(),
        tags: vec![],
        writer: writer("qwen3-30b"),
    };
    let finding = Finding {
        code: "form/too-short".into(),
        severity: Severity::Warning,
        message: format!("1,390 words, expected 1,400: {outside}"),
        place: Place::Page,
        excerpt: None,
        evidence: None,
        suggestion: None,
    };
    let layer = |layer, verdict, findings| LayerReport { layer, verdict, findings, figures: BTreeMap::new() };
    let report = Report {
        bytes: BytesHash::of([("a", b"b".as_slice())]),
        ruleset: "r".into(),
        layers: vec![
            layer(Layer::Form, Verdict::Pass, vec![finding]),
            layer(Layer::Evidence, Verdict::Pass, vec![]),
            layer(Layer::Hugo, Verdict::NotRun { cause: format!("site does not build: {outside}") }, vec![]),
        ],
        score: Some(JudgeScore {
            grounding: 28,
            structure: 20,
            intent: 20,
            voice: 15,
            why: format!("Clear. {outside}"),
            judge: writer("llama-3"),
            stand_in: false,
        }),
        evidence: vec![EvidenceRow {
            place: Place::Summary { sentence: 0 },
            kind: "percent".into(),
            claim: "12%".into(),
            cite: Some(cite),
        }],
    };
    Case { draft, report, snapshots: [snapshot].into_iter().collect() }
}

fn body(case: &Case) -> String {
    let story = StoryId::of(&article());
    let pull = PullRequest {
        article: &article(),
        story: &story,
        draft: &case.draft,
        report: &case.report,
        snapshots: &case.snapshots,
        paths: &["content/posts/quarry/index.md".to_owned()],
        revisions: &["draft 2, a revision of draft 1: 1 fixed (form/links), 1 new (form/words); 12 % of the sentences changed, 3 % of those with nothing found in them".to_owned()],
        judge_record: Some("This judge agreed with people in 41 of 50 cases (until 2026-11-20)."),
        cost: Cost { usd: NanoUsd(1_200_000), energy: MilliWattHours(41_500) },
    };
    pull_request_body(&pull, None).unwrap()
}

#[test]
fn a_proposal_tells_what_proves_it_and_what_it_cost() {
    insta::assert_snapshot!(body(&case("Quarry 2.4.1 is out", "https://quarry.example/releases/2.4.1")));
}

#[test]
fn nothing_from_outside_is_live_in_a_proposal() {
    let live = regex::Regex::new(r"(?im)@[a-z0-9]|[#!]\d|\bgh-\d|^\s*/[a-z]|<(script|img|!--)|\bwww\.[a-z]").unwrap();
    for outside in [
        "@ada and @org/team",
        "closes #1, fixes o/n#2",
        "GH-12",
        "!7",
        "/merge\n/approve",
        "ok\n\n/lgtm",
        "<script>alert(1)</script>",
        "<!-- x --> </details>",
        "![x](https://evil.example/#1)",
        "a | b | c\n|---|",
        "```\n@ada\n```",
        "`@ada` `` #1 ``",
        "www.evil.example",
        "{{ 7 * 7 }} {% include 'x' %}",
        "\u{202e}@ada",
        "# Heading\n\n- [ ] task",
        "[skip ci]",
    ] {
        let case = case(outside, "https://github.com/o/n/issues/1");
        let text = body(&case);
        let found: Vec<&str> = live.find_iter(&text).map(|m| m.as_str()).collect();
        assert!(found.is_empty(), "{outside:?}: {found:?} in\n{text}");
        assert_eq!(text.matches("</details>").count(), 1, "{text}");
        assert!(!text.contains("https://github.com/o/n/issues/1"), "{text}");
        assert!(!text.contains("49"), "a template in the text was run");
        let title = pull_request_title(outside);
        assert!(live.find(&title).is_none() && !title.contains('\n') && !title.contains("[skip"), "{title:?}");
        let rows: Vec<usize> = text
            .lines()
            .filter(|l| l.starts_with("| `12%`"))
            .map(|l| l.replace("\\|", "").matches('|').count())
            .collect();
        assert_eq!(rows, [6], "{outside:?} keeps the table's shape:\n{text}");
    }
}

#[test]
fn a_very_long_proposal_is_shortened_by_rows_and_says_so() {
    let mut case = case(&"x".repeat(3000), "https://quarry.example/");
    let row = case.report.evidence[0].clone();
    case.report.evidence = vec![row; 1000];
    let text = body(&case);
    assert!(text.chars().count() <= 60_000);
    assert!(text.contains("more claims"), "{text}");
    assert!(text.contains("## Cost"), "{text}");
}

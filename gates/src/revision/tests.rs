//! What a revision fixed, broke and changed.

use std::collections::BTreeMap;

use states::words::{
    Block, BytesHash, Draft, Finding, Layer, LayerReport, Place, Report, Section, Sentence, Severity, Template,
    Verdict, Writer,
};

use super::*;

fn draft(sentences: &[&str]) -> Draft {
    Draft {
        template: Template::Release,
        title: Sentence::plain("Tarnwick 4.12"),
        description: Sentence::plain(""),
        summary: Vec::new(),
        sections: vec![Section {
            heading: Sentence::plain("What changed"),
            blocks: vec![Block::Paragraph(sentences.iter().map(|s| Sentence::plain(*s)).collect())],
        }],
        keyword: "tarnwick".into(),
        tags: Vec::new(),
        writer: Writer { provider: "box".into(), model: "m".into(), family: "qwen".into() },
    }
}

fn at(sentence: usize) -> Place {
    Place::Sentence { section: 0, block: 0, sentence }
}

fn finding(code: &str, place: Place, excerpt: Option<&str>) -> Finding {
    Finding {
        code: code.into(),
        severity: Severity::Error,
        message: "it is wrong".into(),
        place,
        excerpt: excerpt.map(str::to_owned),
        evidence: None,
        suggestion: None,
    }
}

fn report(findings: &[Finding]) -> Report {
    let layer = LayerReport {
        layer: Layer::Evidence,
        verdict: Verdict::Revise,
        findings: findings.to_vec(),
        figures: BTreeMap::new(),
    };
    Report { bytes: BytesHash::of([]), ruleset: String::new(), layers: vec![layer], score: None, evidence: Vec::new() }
}

/// The revisions of drafts of one sentence each with these findings, each of the draft that is best by then.
fn revised(reports: &[Report]) -> (Vec<Step>, Option<usize>) {
    let drafts: Vec<Draft> = (0..reports.len()).map(|n| draft(&[&format!("Sentence {n}.")])).collect();
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    for (draft, report) in drafts.iter().zip(reports) {
        let base = best(&attempts);
        attempts.push(Attempt { draft, report, base, sent_back: false });
    }
    (steps(&attempts), best(&attempts))
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn a_revision_that_fixes_one_finding_and_breaks_another_is_noticed() {
    let (x, y, z) = (finding("x", at(0), Some("a")), finding("y", at(1), Some("b")), finding("z", at(2), None));
    let (steps, best) = revised(&[report(&[x.clone(), z.clone()]), report(&[y, z])]);
    assert_eq!(
        (codes(&steps[0].fixed), codes(&steps[0].still), codes(&steps[0].new)),
        (vec!["x"], vec!["z"], vec!["y"])
    );
    assert!(!steps[0].is_worse() && steps[0].back.is_empty());
    assert_eq!(best, Some(1), "the later of equals");
}

#[test]
fn a_finding_that_comes_back_is_told_apart_from_a_new_one() {
    let (x, y) = (finding("x", at(0), Some("a")), finding("y", at(1), Some("b")));
    let (steps, _) = revised(&[report(std::slice::from_ref(&x)), report(&[y]), report(&[x])]);
    assert_eq!((codes(&steps[1].back), codes(&steps[1].new), codes(&steps[1].fixed)), (vec!["x"], vec![], vec!["y"]));
    let orders = orders(&steps, 3);
    assert_eq!(orders.len(), 2, "{orders:#?}");
    assert!(orders[0].starts_with("Draft 3 fixed this; keep it fixed") && orders[0].contains("[y]"), "{orders:#?}");
    assert!(orders[1].starts_with("This had been mended and is wrong again") && orders[1].contains("[x]"));
}

#[test]
fn a_revision_that_makes_it_worse_is_not_built_upon() {
    let (x, y, z) = (finding("x", at(0), Some("a")), finding("y", at(1), None), finding("z", at(2), None));
    let (steps, best) = revised(&[report(std::slice::from_ref(&x)), report(&[y.clone(), z]), report(&[x, y])]);
    assert_eq!(best, Some(0));
    assert!(steps[0].is_worse());
    assert_eq!(steps[1].base, 1, "the third revises the first");
    assert_eq!((codes(&steps[1].still), codes(&steps[1].back)), (vec!["x"], vec!["y"]));
    let orders = orders(&steps[..1], 1);
    assert!(orders[0].contains("Draft 2 came out worse than draft 1 (2 errors)"), "{orders:#?}");
    assert!(orders[1].starts_with("Draft 2 broke this; do not do that again"), "{orders:#?}");
}

#[test]
fn warnings_decide_nothing() {
    let warn = Finding { severity: Severity::Warning, ..finding("w", at(0), None) };
    let (steps, best) = revised(&[report(&[]), report(&[warn.clone(), warn])]);
    assert_eq!((best, steps[0].new.len(), steps[0].errors), (Some(1), 0, (0, 0)));
}

#[test]
fn what_a_person_sent_back_is_revised_and_never_returned_to() {
    let (one, two, bad) = (draft(&["One."]), draft(&["Two."]), report(&[finding("x", at(0), None)]));
    let good = report(&[]);
    let sent = Attempt { draft: &one, report: &good, base: None, sent_back: true };
    assert_eq!(best(&[sent]), Some(0));
    let next = Attempt { draft: &two, report: &bad, base: Some(0), sent_back: false };
    assert_eq!(best(&[sent, next]), Some(1), "though it has more errors");
    assert_eq!(steps(&[sent, next])[0].new.len(), 1);
    assert_eq!(best(&[]), None);
}

#[test]
fn a_finding_is_the_same_one_where_its_sentence_has_moved_or_was_written_anew() {
    for (before, after, same) in [
        (finding("x", at(0), Some("a")), finding("x", at(4), Some("a")), true),
        (finding("x", at(0), Some("a")), finding("x", at(0), Some("b")), true),
        (finding("x", at(0), Some("a")), finding("x", at(4), Some("b")), false),
        (finding("x", at(0), Some("a")), finding("y", at(0), Some("a")), false),
        (finding("x", Place::Page, None), finding("x", Place::Page, None), true),
        // Two things on one page.
        (finding("x", Place::Page, Some("a")), finding("x", Place::Page, Some("b")), false),
    ] {
        let (steps, _) = revised(&[report(std::slice::from_ref(&before)), report(std::slice::from_ref(&after))]);
        assert_eq!(steps[0].still.len() == 1, same, "{before:?} {after:?}");
        assert_eq!(steps[0].still.len() + steps[0].new.len(), 1);
    }
}

#[test]
fn two_findings_alike_are_two() {
    let x = finding("x", at(0), Some("a"));
    let (steps, _) = revised(&[report(&[x.clone(), x.clone()]), report(&[x])]);
    assert_eq!((steps[0].fixed.len(), steps[0].still.len()), (1, 1));
}

#[test]
fn the_share_of_changed_sentences_is_measured_and_that_which_nobody_asked_for() {
    let before = draft(&["One.", "Two.", "Three."]);
    let found = report(&[finding("x", at(0), None)]);
    let clean = report(&[]);
    let measured = |after: &Draft| {
        let first = Attempt { draft: &before, report: &found, base: None, sent_back: false };
        let step = steps(&[first, Attempt { draft: after, report: &clean, base: Some(0), sent_back: false }]).remove(0);
        (step.changed_percent, step.unasked_percent, step.same)
    };
    // Title, heading and three sentences.
    assert_eq!(measured(&before), (0, 0, true));
    assert_eq!(measured(&draft(&["1.", "Two.", "Three."])), (20, 0, false));
    assert_eq!(measured(&draft(&["1.", "Two.", "3."])), (40, 25, false));
    assert_eq!(measured(&draft(&["Three.", "Two.", "One."])), (0, 0, false), "moved, not changed");
    let other = Draft { writer: Writer { provider: "other".into(), ..before.writer.clone() }, ..before.clone() };
    assert!(measured(&other).2, "whoever wrote it");
}

#[test]
fn revisions_read_like_this() {
    let (x, y, z) = (
        finding("evidence/number", at(0), Some("a")),
        finding("form/links", at(1), None),
        finding("form/words", Place::Page, None),
    );
    let reports = [report(&[x.clone(), z.clone()]), report(&[y.clone(), z.clone()]), report(&[x.clone(), x, y, z])];
    let (steps, _) = revised(&reports);
    let text = format!(
        "{}\n\n{}\n\n{}",
        steps_lines(&steps).join("\n"),
        orders(&steps[..1], 2).join("\n"),
        orders(&steps, 2).join("\n")
    );
    insta::assert_snapshot!(text);
}

#[test]
fn thousands_of_findings_are_compared_in_time() {
    let many = |from: usize| report(&(0..20_000).map(|n| finding("x", at(from + n), Some("a"))).collect::<Vec<_>>());
    let (steps, _) = revised(&[many(0), many(5)]);
    assert_eq!(steps[0].still.len(), 20_000);
    assert!(step_line(&steps[0]).len() < 300 && orders(&steps, 2).iter().all(|line| line.len() < 2_000));
}

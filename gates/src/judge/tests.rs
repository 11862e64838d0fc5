//! The bounds, the samples and the answer.

use states::words::{JudgeScore, Verdict, Writer};

use super::question::PARTS;
use super::*;
use crate::settings::Settings;

fn judge() -> Writer {
    Writer { provider: "box".into(), model: "m".into(), family: "qwen".into() }
}

fn score(grounding: u8, structure: u8, intent: u8, voice: u8) -> JudgeScore {
    JudgeScore { grounding, structure, intent, voice, why: "Because.".into(), judge: judge(), stand_in: false }
}

#[test]
fn an_answer_that_is_missing_something_or_out_of_range_is_an_error() {
    let good = r#"{"why":"Good.","grounding":30,"structure":20,"intent":20,"voice":10}"#;
    assert_eq!(parse(good, judge(), false).unwrap().total(), 80);
    for (bad, says) in [
        (good.replace("30", "31"), "above 30"),
        (good.replace("30", "-1"), "not a whole number"),
        (good.replace("30", "2.5"), "not a whole number"),
        (good.replace("30", "\"30\""), "not a whole number"),
        (good.replace("\"voice\":10", "\"tone\":10"), "`voice` is missing"),
        (good.replace("Good.", " "), "`why` is missing"),
        ("Sure! Here is".to_owned(), "not JSON"),
    ] {
        let error = parse(&bad, judge(), false).unwrap_err();
        assert!(error.contains(says), "{bad}: {error}");
    }
}

#[test]
fn the_bounds_turn_the_verdict() {
    let settings = Settings::default();
    let verdict = |s: JudgeScore| layer(Judged::Score(&s), &settings).verdict;
    assert_eq!(verdict(score(30, 25, 20, 0)), Verdict::Pass);
    assert_eq!(verdict(score(30, 25, 19, 0)), Verdict::Review);
    assert_eq!(verdict(score(30, 25, 5, 0)), Verdict::Review);
    assert_eq!(verdict(score(30, 25, 4, 0)), Verdict::Reject);
}

#[test]
fn a_stand_in_never_passes_and_a_judge_that_did_not_run_says_so() {
    let settings = Settings::default();
    let stand_in = JudgeScore { stand_in: true, ..score(30, 25, 25, 20) };
    assert_eq!(layer(Judged::Score(&stand_in), &settings).verdict, Verdict::Review);
    let bad = JudgeScore { stand_in: true, ..score(0, 0, 0, 0) };
    assert_eq!(layer(Judged::Score(&bad), &settings).verdict, Verdict::Reject);
    let cause = "the box is asleep";
    assert_eq!(layer(Judged::NotRun { cause }, &settings).verdict, Verdict::NotRun { cause: cause.into() });
    assert!(matches!(layer(Judged::Samples(&[]), &settings).verdict, Verdict::NotRun { .. }));
}

#[test]
fn samples_on_both_sides_of_a_bound_go_to_a_person() {
    let settings = Settings::default();
    let samples = [score(30, 25, 25, 0), score(30, 25, 22, 0), score(30, 25, 15, 0)];
    let report = layer(Judged::Samples(&samples), &settings);
    assert_eq!((report.verdict, report.figures["total"]), (Verdict::Review, 77));
}

#[test]
fn more_samples_are_asked_for_near_a_bound_until_they_disagree() {
    let settings = Settings::default();
    let (sure, near, other) = (score(30, 25, 25, 20), score(30, 25, 22, 0), score(30, 25, 15, 0));
    assert!(wants_more(&[], &settings));
    assert!(!wants_more(std::slice::from_ref(&sure), &settings));
    assert!(wants_more(std::slice::from_ref(&near), &settings));
    assert!(!wants_more(&[near.clone(), other], &settings));
    assert!(wants_more(&[near.clone(), near.clone(), near.clone(), near.clone()], &settings));
    assert!(!wants_more(&[near.clone(), near.clone(), near.clone(), near.clone(), near.clone()], &settings));
    let built_in = Writer { provider: "builtin".into(), model: "rubric-1".into(), family: "builtin".into() };
    assert!(!wants_more(&[JudgeScore { judge: built_in, ..near }], &settings));
}

#[test]
fn the_schema_names_every_part_of_the_rubric() {
    let schema = schema();
    for (name, most) in PARTS {
        assert_eq!(schema["properties"][name]["maximum"], most);
    }
}

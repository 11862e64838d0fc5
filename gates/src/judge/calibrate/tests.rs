//! How a judge agrees with people, measured on made-up cases.

use super::*;

fn judge(model: &str, prompt: u32) -> Judge {
    Judge { provider: "box".into(), model: model.into(), prompt: Some(prompt) }
}

/// A verdict of so many points, the grounding first.
fn points(total: u8) -> Points {
    let grounding = total.min(30);
    let structure = (total - grounding).min(25);
    let intent = (total - grounding - structure).min(25);
    Points { grounding, structure, intent, voice: total - grounding - structure - intent }
}

fn case(total: u8, decision: Decision) -> Case {
    Case {
        judge: Some(judge("reader", 1)),
        samples: vec![points(total)],
        bounds: Bounds { pass: 75, review: 60 },
        decision,
    }
}

fn site(name: &str) -> SiteName {
    name.parse().unwrap()
}

fn made() -> Timestamp {
    "2026-11-21T06:00:00Z".parse().unwrap()
}

fn of(cases: &[Case]) -> Calibration {
    calibrate(cases, Undecided::default(), made(), Scope::default())
}

/// Twelve verdicts: a judge that is right mostly, with bounds a little too low.
fn twelve() -> Vec<Case> {
    use Decision::{Approved, ChangesAsked, Merged, MergedAfterEdits, TurnedDown};
    let mut cases: Vec<Case> = [95, 92, 90, 88].map(|total| case(total, Merged)).into();
    cases.extend(
        [(84, MergedAfterEdits), (82, Approved), (78, TurnedDown), (77, ChangesAsked)].map(|(t, d)| case(t, d)),
    );
    cases.extend([(72, Merged), (70, TurnedDown), (65, ChangesAsked), (62, TurnedDown)].map(|(t, d)| case(t, d)));
    cases
}

#[test]
fn what_passes_and_was_accepted_agrees_and_so_does_what_neither_passed_nor_was() {
    let all = of(&twelve()).all;
    // Six passed and accepted, three neither; two passed and not accepted, one the other way.
    assert_eq!((all.decided, all.accepted, all.agreed), (12, 7, 9));
    // Observed 9/12, by chance (8 × 7 + 4 × 5) / 144.
    let chance = 76.0 / 144.0;
    assert_eq!(all.kappa, Some((((0.75 - chance) / (1.0 - chance)) * 1000.0_f64).round() / 1000.0));
    // Of 35 pairs, two have the lower score accepted.
    assert_eq!(all.auc, Some(0.943));
    assert_eq!((all.mean_accepted, all.mean_refused), (Some(86.1), Some(70.4)));
    let best = all.best.unwrap();
    assert_eq!((best.pass, best.agreed, best.lowest_accepted), (79, 11, 72));
    assert_eq!(all.confusion.pass[&Decision::Merged], 4);
    assert_eq!(all.confusion.review[&Decision::TurnedDown], 2);
    assert!(all.confusion.reject.is_empty());
}

#[test]
fn the_part_that_separates_best_is_found() {
    let cases: Vec<Case> = (0..12u8)
        .map(|n| {
            let yes = n % 2 == 0;
            let sample = Points { grounding: if yes { 28 } else { 12 }, structure: 20, intent: n, voice: 20 - n };
            let decision = if yes { Decision::Merged } else { Decision::TurnedDown };
            Case { samples: vec![sample], ..case(0, decision) }
        })
        .collect();
    let parts = of(&cases).all.parts;
    assert_eq!((parts["grounding"], parts["structure"]), (1.0, 0.5));
    assert!(parts["intent"] < 0.5 && parts["voice"] > 0.5, "{parts:?}");
}

#[test]
fn with_fewer_than_ten_decided_only_counts_and_means_are_given() {
    let few = of(&twelve()[..9]);
    assert_eq!((few.all.decided, few.all.kappa, few.all.auc, few.all.best), (9, None, None, None));
    assert!(few.all.parts.is_empty() && few.all.mean_accepted.is_some());
    assert!(text(&few).contains("Too little to measure agreement: 9 decided, 10 are needed."), "{}", text(&few));
    assert_eq!(record_line(&few, &judge("reader", 1), &site("desk")), None);
    let none = text(&of(&[]));
    assert!(none.contains("Nothing can be said yet"), "{none}");
}

#[test]
fn where_people_accept_everything_nothing_is_measured_of_telling_apart() {
    let all = of(&vec![case(90, Decision::Merged); 12]);
    assert_eq!((all.all.kappa, all.all.auc, all.all.best, all.all.agreed), (None, None, None, 12));
    assert!(text(&all).contains("People accepted everything"), "{}", text(&all));
}

#[test]
fn the_median_sample_counts_and_the_spread_is_told() {
    let samples = [80, 70, 90].map(points).to_vec();
    let all = of(&[Case { samples, ..case(0, Decision::Merged) }, case(80, Decision::Merged)]).all;
    assert_eq!((all.mean_accepted, all.sampled, all.mean_spread), (Some(80.0), 1, Some(20.0)));
    let empty = Case { samples: Vec::new(), ..case(0, Decision::Merged) };
    assert_eq!(of(&[empty]).all.decided, 0);
}

#[test]
fn each_case_is_held_against_the_bounds_of_its_own_site() {
    let strict = Case { bounds: Bounds { pass: 95, review: 90 }, ..case(80, Decision::TurnedDown) };
    let both = of(&[case(80, Decision::Merged), strict]);
    assert_eq!((both.all.agreed, both.bounds), (2, None));
    assert_eq!(both.all.confusion.reject[&Decision::TurnedDown], 1);
}

#[test]
fn another_prompt_makes_another_judge() {
    let mut cases = twelve();
    cases.extend(twelve().into_iter().take(3).map(|c| Case { judge: Some(judge("reader", 2)), ..c }));
    let both = of(&cases);
    assert_eq!(both.judges.iter().map(|of| of.agreement.decided).collect::<Vec<_>>(), [12, 3]);
    let line = record_line(&both, &judge("reader", 1), &site("desk"));
    assert_eq!(line.as_deref(), Some("This judge agreed with people in 9 of 12 cases (until 2026-11-21)."));
    assert_eq!(record_line(&both, &judge("reader", 2), &site("desk")), None, "too few");
    assert_eq!(record_line(&both, &judge("other", 1), &site("desk")), None);
}

#[test]
fn figures_of_one_site_and_of_some_months_are_quoted_for_that_site_alone_and_say_so() {
    let scope = Scope { site: Some(site("desk")), since: Some("2026-10-01T00:00:00Z".parse().unwrap()) };
    let of_one = calibrate(&twelve(), Undecided::default(), made(), scope);
    let line = record_line(&of_one, &judge("reader", 1), &site("desk")).unwrap();
    assert_eq!(line, "This judge agreed with people in 9 of 12 cases of this site (from 2026-10-01 until 2026-11-21).");
    assert_eq!(record_line(&of_one, &judge("reader", 1), &site("other")), None);
    assert!(text(&of_one).starts_with("12 verdicts that people have decided on of desk since 2026-10-01, as of"));
    assert_eq!(read(&write(&of_one).unwrap()).unwrap(), of_one);
}

#[test]
fn a_verdict_of_several_judges_is_in_nobodys_own_figures() {
    let mut cases = twelve();
    cases[11].judge = None;
    let all = of(&cases);
    assert_eq!((all.all.decided, all.mixed, all.judges[0].agreement.decided), (12, 1, 11));
    let told = "1 of these has samples of several judges: counted here, and in no judge's own figures";
    assert!(text(&all).contains(told), "{}", text(&all));
}

#[test]
fn a_judge_that_says_the_same_of_all_has_no_kappa_and_no_bound_is_above_all_points() {
    let cases: Vec<Case> =
        (0..12).map(|n| case(100, if n == 0 { Decision::Merged } else { Decision::TurnedDown })).collect();
    let all = of(&cases);
    assert_eq!((all.all.kappa, all.all.auc), (None, Some(0.5)));
    assert!(all.all.best.unwrap().pass <= 100, "{:?}", all.all.best);
    assert!(text(&all).contains("Kappa: cannot be measured, the judge says the same of all"), "{}", text(&all));
}

#[test]
fn a_calibration_reads_like_this() {
    let mut cases = twelve();
    cases[0].samples = [95, 91, 99].map(points).to_vec();
    cases.extend(twelve().into_iter().take(4).map(|c| Case { judge: Some(judge("other", 1)), ..c }));
    let since = "2026-10-01T00:00:00Z".parse().unwrap();
    let calibration = calibrate(
        &cases,
        Undecided { unseen: 3, waiting: 1 },
        made(),
        Scope { since: Some(since), ..Scope::default() },
    );
    insta::assert_snapshot!(text(&calibration));
}

#[test]
fn a_calibration_file_reads_like_this_and_is_read_back() {
    let calibration = calibrate(&twelve(), Undecided { unseen: 3, waiting: 1 }, made(), Scope::default());
    let file = write(&calibration).unwrap();
    assert_eq!(read(&file).unwrap(), calibration);
    insta::assert_snapshot!(file);
    let nothing = of(&[]);
    assert_eq!(read(&write(&nothing).unwrap()).unwrap(), nothing);
}

#[test]
fn a_file_that_is_hostile_old_or_wrong_is_an_error_with_the_next_step() {
    let file = write(&of(&twelve())).unwrap();
    for (bad, says) in [
        (String::new(), "names no version"),
        ("version = 0".into(), "form 0"),
        (file.replace("version = 1", "version = 99"), "form 99"),
        ("version = [".into(), "no calibration"),
        (file.replace("agreed = 9", "agreed = 900"), "more than all"),
        (file.replace("decided = 12", "decided = 13"), "add up"),
        (file.replacen("merged = 4", "merged = 18446744073709551615", 1), "no calibration"),
        (file.replace("auc = 0.943", "auc = 7.0"), "outside of what it can be"),
        (file.replace("auc = 0.943", "auc = nan"), "outside of what it can be"),
        (format!("{file}\nsurprise = 1"), "no calibration"),
        ("#".repeat(LARGEST + 1), "more than any calibration"),
        (format!("version = 1\nx = {}", "[".repeat(100_000)), "no calibration"),
    ] {
        let error = read(&bad).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("pipeline judge calibrate --write"), "{says}: {error}");
        assert!(error.len() < 500, "{error}");
    }
}

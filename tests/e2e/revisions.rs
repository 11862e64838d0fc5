//! Revisions: what each fixed and broke, which draft the next one is made from, and how a judge agrees with people.

use serde_json::Value;

use crate::harness::model::drafts::Spoil::{Figure, Phrase, Title, Word};
use crate::harness::model::{FakeModel, Task};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, rows, unhurt};

fn spec(model: &FakeModel) -> Spec {
    let base = model.base_url();
    Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            r#"
[routes]
draft = ["box"]
judge = ["box"]
[[provider]]
name = "box"
base_url = "{base}"
model = "fake-writer"
price_in = 0.0
price_out = 0.0
"#
        ),
        ..Spec::default()
    }
}

fn world() -> Option<(World, FakeModel)> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    let model = FakeModel::start();
    Some((World::new(4, &spec(&model)), model))
}

/// The digest: what `show --json` tells of it.
fn digest(world: &World) -> Value {
    let all = world.desk.run(&["articles", "--json"]).ok().json();
    let digest = all.as_array().unwrap().iter().find(|a| a["lead"].is_null()).expect("there is a digest").clone();
    let shown = world.desk.run(&["show", digest["id"].as_str().unwrap(), "--json"]).ok();
    unhurt(&shown);
    shown.json()
}

fn codes(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

/// What a revision of the digest fixed, still has, broke newly and broke again.
fn step(shown: &Value, n: usize) -> [Vec<&str>; 4] {
    let step = &shown["revisions"][n];
    ["fixed", "still", "new", "back"].map(|part| codes(&step[part]))
}

/// What the writer was told of the draft that it revises, by prompt; empty for a first draft.
fn told(model: &FakeModel) -> Vec<String> {
    let told = |prompt: String| prompt.split_once("Your last draft").map(|(_, told)| told.to_owned());
    model.prompts().into_iter().map(|prompt| told(prompt).unwrap_or_default()).collect()
}

fn drafts_in_ledger(world: &World) -> usize {
    rows(&world.dump(), "journal").iter().filter(|row| row.contains(" name=Drafted ")).count()
}

#[test]
fn a_revision_that_fixes_one_finding_and_breaks_another_is_told_of_it() {
    let Some((world, model)) = world() else { return };
    model.spoils(&[&[Figure], &[Phrase], &[]]);
    world.run_to(0);
    world.proposed();
    let prompts = told(&model);
    assert_eq!((prompts.len(), drafts_in_ledger(&world)), (3, 3), "{prompts:#?}");
    assert!(!prompts[1].contains("What became of your drafts"), "there is no history yet: {}", prompts[1]);
    assert!(prompts[1].contains("the sentence: It answers 4711 questions a minute."), "{}", prompts[1]);
    let (_, history) = prompts[2].split_once("What became of your drafts so far:").expect("a history");
    assert!(history.contains("- Draft 2 fixed this; keep it fixed: section 1, block 1"), "{history}");
    assert!(history.contains("- Draft 2 broke this, which was right before: section 1, block 1"), "{history}");
    assert!(prompts[2].contains("This is a game changer."), "the second draft is revised");

    let shown = digest(&world);
    let [fixed, still, new, back] = step(&shown, 0);
    assert!(fixed.iter().all(|code| code.starts_with("evidence/")) && !fixed.is_empty(), "{fixed:?}");
    assert!(still.is_empty() && back.is_empty() && new == ["form/forbidden-phrase"], "{still:?} {back:?} {new:?}");
    assert_eq!(shown["revisions"][1]["fixed"].as_array().unwrap().len(), 1);
    let id = shown["article"]["id"].as_str().unwrap();
    let text = world.desk.run(&["show", id]).ok().stdout;
    let (_, lines) = text.split_once("\nRevisions\n").expect("a section of revisions");
    assert!(
        lines.starts_with("  draft 2, a revision of draft 1: ") && lines.contains("draft 3, a revision of draft 2")
    );
}

#[test]
fn a_draft_that_swings_between_two_findings_is_rejected_after_four_and_the_swing_is_named() {
    let Some((world, model)) = world() else { return };
    model.spoils(&[&[Title], &[Phrase], &[Title], &[Phrase]]);
    world.run();
    assert!(world.proposals().is_empty());
    let shown = digest(&world);
    assert_eq!(shown["article"]["state"], "Rejected");
    assert_eq!((drafts_in_ledger(&world), model.billed(Task::Draft), model.billed(Task::Judge)), (4, 4, 0));
    let [fixed, _, new, back] = step(&shown, 1);
    assert_eq!((fixed, new.len()), (vec!["form/forbidden-phrase"], 0));
    assert!(!back.is_empty() && back.iter().all(|code| code.starts_with("evidence/")), "{back:?}");
    let prompts = told(&model);
    let (_, history) = prompts[3].split_once("What became of your drafts so far:").expect("a history");
    assert!(history.contains("This had been mended and is wrong again; mend it without undoing the rest"), "{history}");
}

#[test]
fn a_revision_that_makes_it_worse_is_not_built_upon_and_the_best_draft_s_report_stands() {
    let Some((world, model)) = world() else { return };
    model.spoils(&[&[Phrase], &[Phrase, Title, Figure], &[Title, Figure], &[Figure, Title]]);
    world.run();
    let prompts = told(&model);
    assert_eq!(prompts.len(), 4, "{prompts:#?}");
    for prompt in &prompts[2..] {
        assert!(
            !prompt.split_once("What the checks").unwrap().0.contains("9471 days"),
            "the first draft is revised, not a worse one"
        );
        assert!(prompt.contains("so you are given draft 1 again."), "{prompt}");
    }
    let shown = digest(&world);
    assert_eq!(shown["article"]["state"], "Rejected");
    assert_eq!(shown["revisions"][1]["base"], 1);
    let errors: Vec<&str> = shown["report"]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|l| l["findings"].as_array().unwrap())
        .filter(|f| f["severity"] == "error")
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    assert_eq!(errors, ["form/forbidden-phrase"], "the report of the best draft");
}

#[test]
fn the_same_draft_again_is_noticed_and_another_is_asked_for() {
    let Some((world, model)) = world() else { return };
    model.spoils(&[&[Phrase], &[Phrase], &[]]);
    world.run_to(0);
    world.proposed();
    let prompts = told(&model);
    assert_eq!(prompts.len(), 3, "the same draft does not get the same question again: {prompts:#?}");
    assert!(prompts[2].contains("- Draft 2 repeated draft 1 word for word"), "{}", prompts[2]);
    assert_eq!(digest(&world)["revisions"][0]["same"], true);
}

#[test]
fn a_draft_that_comes_back_unchanged_is_not_judged_again() {
    let Some((world, model)) = world() else { return };
    model.judges(68);
    let report = world.run_to(3);
    let id = report["in_review"][0]["article"].as_str().unwrap().to_owned();
    let judged = model.billed(Task::Judge);
    assert!(judged > 1, "near a bound it is asked several times");
    world.desk.run(&["changes", &id, "Say it more warmly.", "--now", "2026-11-21T06:30:00Z"]).ok();
    world.run_to(3);
    assert!(model.prompts()[1].contains("An editor asks for this change: Say it more warmly."));
    assert_eq!((model.billed(Task::Draft), model.billed(Task::Judge)), (2, judged));
    let shown = digest(&world);
    assert_eq!((&shown["article"]["state"], &shown["revisions"][0]["same"]), (&"Reviewing".into(), &true.into()));
}

#[test]
fn what_people_did_is_compared_with_what_the_judge_said() {
    let Some((world, model)) = world() else { return };
    let calibrated = |args: &[&str]| {
        let output = world.desk.run(&[&["judge", "calibrate", "--json"], args].concat()).ok();
        unhurt(&output);
        output.json()
    };
    model.judges(68);
    let report = world.run_to(3);
    let id = report["in_review"][0]["article"].as_str().unwrap();
    let waiting = calibrated(&[]);
    assert_eq!((&waiting["all"]["decided"], &waiting["undecided"]["waiting"]), (&0.into(), &1.into()), "{waiting:#}");
    world.desk.run(&["changes", id, "Longer, please.", "--now", "2026-11-21T06:30:00Z"]).ok();
    // The change makes another draft, which the judge likes.
    model.spoils(&[&[Word]]);
    model.judges(96);
    world.run();
    let changed = calibrated(&[]);
    assert_eq!(changed["all"]["confusion"]["review"]["changes_asked"], 1, "{changed:#}");

    if let [branch] = world.proposals().as_slice() {
        let (path, text) = crate::world::page(&world.site, branch);
        world.site.merge(branch, "Merge it", false).unwrap();
        world.run();
        let merged = calibrated(&["--write"]);
        assert_eq!(merged["all"]["confusion"]["pass"]["merged"], 1, "{merged:#}");
        assert_eq!((&merged["all"]["agreed"], &merged["judges"][0]["judge"]["prompt"]), (&2.into(), &1.into()));
        let shown = world.desk.run(&["judge", "show"]).ok().stdout;
        assert!(shown.contains("Too little to measure agreement: 2 decided, 10 are needed."), "{shown}");
        assert!(calibrated(&["--since", "2026-11-22"])["all"]["decided"] == 0);
        // What is changed once it is merged is no edit of the proposal.
        world.site.commit("main", "The Owner", "Later", &[(&path, format!("{text}\nLater.\n").as_bytes())]);
        world.run();
        let later = calibrated(&["--site", "desk", "--write"]);
        assert_eq!(later["all"]["confusion"]["pass"]["merged"], 1, "{later:#}");
        assert_eq!(later["site"], "desk");
        let kept: Vec<String> = std::fs::read_dir(world.desk.path("var"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("judge"))
            .collect();
        assert_eq!(kept, ["pipeline.judge.toml"], "written beside, then renamed");
    } else {
        panic!("{:?}", world.states());
    }
}

#[test]
fn what_people_changed_before_they_merged_it_is_told_apart() {
    let Some((world, model)) = world() else { return };
    model.judges(96);
    world.run_to(0);
    let branch = world.proposed();
    let (path, text) = crate::world::page(&world.site, &branch);
    world.site.commit(&branch, "The Owner", "Edit", &[(&path, format!("{text}\nEdited.\n").as_bytes())]);
    world.site.merge(&branch, "Merge it", false).unwrap();
    world.run();
    let told = world.desk.run(&["judge", "calibrate", "--json"]).ok().json();
    assert_eq!(told["all"]["confusion"]["pass"]["merged_after_edits"], 1, "{told:#}");
}

#[test]
fn a_page_that_another_layer_rejects_is_not_put_down_to_the_judge() {
    let Some((world, model)) = world() else { return };
    model.judges(96);
    model.spoils(&[&[Figure], &[Figure], &[Figure], &[Figure]]);
    world.run();
    let told = || world.desk.run(&["judge", "calibrate", "--json"]).ok().json();
    assert_eq!(digest(&world)["article"]["state"], "Rejected");
    assert_eq!(told()["undecided"]["unseen"], 0, "{:#}", told());
}

#[test]
fn a_page_that_the_judge_rejects_is_one_that_nobody_has_seen() {
    let Some((world, model)) = world() else { return };
    model.judges(20);
    world.run();
    let told = world.desk.run(&["judge", "calibrate", "--json"]).ok().json();
    assert_eq!(digest(&world)["article"]["state"], "Rejected");
    assert_eq!(told["undecided"]["unseen"], 1, "{told:#}");
}

#[test]
fn a_calibration_that_cannot_be_used_is_an_error_with_the_next_step_and_holds_nothing_up() {
    let Some((world, _model)) = world() else { return };
    let next = "`pipeline judge calibrate --write`";
    let missing = world.desk.run(&["judge", "show"]);
    assert_eq!(missing.code, Some(2), "{missing}");
    assert!(missing.stderr.contains(next), "{missing}");
    let database = world.desk.run(&["config", "show"]).ok().stdout;
    assert!(database.contains("state ="), "{database}");
    world.run_to(0);
    let file = world.desk.path("bad.toml");
    for text in ["version = 7", "\u{0}\u{1}", "version = 1\nall = 3"] {
        std::fs::write(&file, text).unwrap();
        let bad = world.desk.run(&["judge", "show", "bad.toml"]);
        assert_eq!(bad.code, Some(2), "{bad}");
        assert!(bad.stderr.contains(next) && bad.stderr.contains("bad.toml"), "{bad}");
        unhurt(&bad);
    }
    let folder = world.desk.run(&["judge", "show", "."]);
    assert_eq!(folder.code, Some(2), "{folder}");
}

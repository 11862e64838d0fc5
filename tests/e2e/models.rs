//! Hosted models: what they may cost, what they did cost, and what becomes of bad answers.

use std::time::Duration;

use crate::harness::model::{FakeModel, Fault, Task};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, number, rows, tasks};

const KEY: &str = "sk-loopback-0001";

/// A model with the prices that the fake bills with: 0.15 and 0.60 dollars for a million tokens.
fn spec(model: &FakeModel, caps: &str, [triage, draft, judge]: [&str; 3]) -> Spec {
    let base = model.base_url();
    Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            r#"
[caps]
{caps}
[routes]
triage = {triage}
draft = {draft}
judge = {judge}
[[provider]]
name = "hosted"
base_url = "{base}"
model = "fake-writer"
key_env = "DESK_MODEL_KEY"
price_in = 0.15
price_out = 0.6
"#
        ),
        ..Spec::default()
    }
}

const HOSTED: &str = r#"["hosted"]"#;
const OR_BUILTIN: &str = r#"["hosted", "builtin"]"#;
const BUILTIN: &str = r#"["builtin"]"#;

/// A world with a model that wants a key; `None` without Hugo.
fn world(leads: u64, caps: &str, routes: [&str; 3]) -> Option<(World, FakeModel)> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    let model = FakeModel::start();
    model.require_key(KEY);
    let mut world = World::new(leads, &spec(&model, caps, routes));
    world.desk = world.desk.with_env("DESK_MODEL_KEY", KEY).with_env("OPENAI_API_KEY", "sk-lies-around");
    Some((world, model))
}

/// The bill of the model is what was booked, to the nano-dollar, in the report, the calls and the bookings.
fn booked_exactly(world: &World, model: &FakeModel, cost: i64) {
    let dump = world.dump();
    let bill = i64::try_from(model.bill()).unwrap();
    let calls: i64 = rows(&dump, "model_calls").iter().map(|row| number(row, "cost")).sum();
    let bookings: i64 = rows(&dump, "bookings").iter().map(|row| number(row, "nano_usd")).sum();
    assert_eq!((cost, calls, bookings), (bill, bill, bill), "{}", model.ledger());
}

#[test]
fn every_answer_is_booked_to_the_nano_dollar() {
    let Some((world, model)) = world(4, "run_usd = 1.0", [HOSTED; 3]) else { return };
    let report = world.run_to(0);
    world.proposed();
    let billed = tasks(&model.ledger().of("billed"));
    assert_eq!(billed["triage"], 4);
    assert_eq!((billed.contains_key("draft"), billed.contains_key("judge")), (true, true), "{billed:?}");
    assert!(model.ledger().repeated("billed").is_empty(), "{}", model.ledger());
    booked_exactly(&world, &model, report["cost"].as_i64().unwrap());
    assert!(!world.dump().contains(KEY), "the key is nowhere in the store");

    let nothing = world.run_to(0);
    assert_eq!(nothing["cost"], 0, "a run without work costs nothing");
    assert_eq!(model.ledger().count("asked"), model.ledger().count("billed"));
}

#[test]
fn a_cap_that_has_no_room_passes_the_model_over() {
    let Some((world, model)) = world(4, "run_usd = 0.000001", [OR_BUILTIN, OR_BUILTIN, BUILTIN]) else { return };
    world.run_to(0);
    world.proposed();
    assert_eq!(model.ledger().count("asked"), 0, "{}", model.ledger());
    booked_exactly(&world, &model, 0);
}

#[test]
fn whatever_the_cap_the_bill_stays_below_it() {
    let Some((world, model)) = world(6, "run_usd = 0.004", [OR_BUILTIN, OR_BUILTIN, BUILTIN]) else { return };
    let report = world.run_to(0);
    world.proposed();
    let asked = tasks(&model.ledger().of("asked"));
    assert!(asked.get("triage").is_some_and(|n| *n >= 1), "there is room for something: {asked:?}");
    assert!(model.bill() <= 4_000_000, "{} nano-dollars", model.bill());
    booked_exactly(&world, &model, report["cost"].as_i64().unwrap());
}

#[test]
fn the_day_s_cap_holds_across_runs() {
    let caps = "run_usd = 1.0\nday_usd = 0.003";
    let Some((world, model)) = world(4, caps, [OR_BUILTIN, BUILTIN, BUILTIN]) else { return };
    // Nobody is paid while the proposals are full; here there is room for all.
    let roomy = world.desk.read("pipeline.toml").unwrap().replace("max_open = 3", "max_open = 30");
    world.desk.configure(&roomy);
    world.run_to(0);
    let first = model.bill();
    assert!(first > 0, "{}", model.ledger());
    // More and more news, until the day is full.
    for n in 0..4 {
        world.more_news(100 + n * 6, 6);
        world.run();
    }
    assert!(model.bill() > first && model.bill() <= 3_000_000, "{} nano-dollars", model.bill());
    let triaged = rows(&world.dump(), "journal").iter().filter(|row| row.contains(" name=Scored ")).count();
    assert_eq!(triaged, 28, "what the model has no money for, the built-in one does");
    assert!(model.billed(Task::Triage) < 28, "the day was never full");
}

#[test]
fn broken_json_is_asked_for_once_more() {
    let Some((world, model)) = world(4, "run_usd = 1.0", [HOSTED; 3]) else { return };
    model.next_of(Task::Draft, 1, Fault::Garbage);
    let report = world.run_to(0);
    world.proposed();
    assert_eq!(tasks(&model.ledger().of("asked"))["draft"], 2, "{}", model.ledger());
    booked_exactly(&world, &model, report["cost"].as_i64().unwrap());
}

#[test]
fn a_model_that_only_babbles_is_passed_over() {
    let Some((world, model)) = world(4, "run_usd = 1.0", [HOSTED, OR_BUILTIN, BUILTIN]) else { return };
    model.next_of(Task::Draft, 100, Fault::Garbage);
    let report = world.run_to(0);
    world.proposed();
    assert_eq!(tasks(&model.ledger().of("asked"))["draft"], 2, "once, and once with what was wrong");
    booked_exactly(&world, &model, report["cost"].as_i64().unwrap());
}

#[test]
fn without_another_tier_the_article_is_parked_after_its_tries_and_retried_when_asked() {
    let Some((world, model)) = world(4, "run_usd = 1.0", [HOSTED; 3]) else { return };
    // Each run tries once, so that the test need not wait for the pauses between tries.
    let patient = spec(&model, "run_usd = 1.0", [HOSTED; 3]);
    world.configure(&Spec { desk: "patience_seconds = 0\n".into(), ..patient });
    model.next_of(Task::Draft, 100, Fault::Garbage);
    let mut parked = None;
    for _ in 0..6 {
        let (output, report) = world.run();
        if let Some(line) = report["parked"].as_array().unwrap().first() {
            assert_eq!(output.code, Some(1), "{output}");
            parked = Some(line.clone());
            break;
        }
    }
    let parked = parked.unwrap_or_else(|| panic!("never parked: {:?}", world.states()));
    assert!(parked["reason"].as_str().unwrap().contains("hosted"), "the reason names the model: {parked}");
    assert!(world.proposals().is_empty());
    let states = world.states();
    let counted = |state: &str| states.get(state).copied().unwrap_or(0);
    // Its members go back, and the run that parked it may begin another digest of them.
    assert_eq!((counted("Parked"), counted("Shortlisted") + counted("Absorbed")), (1, 4), "{states:?}");
    assert!(model.billed(Task::Draft) <= 8, "two answers a try at most: {}", model.billed(Task::Draft));
    booked_exactly(&world, &model, i64::try_from(model.bill()).unwrap());
}

#[test]
fn a_provider_that_asks_to_slow_down_is_obeyed() {
    let Some((world, model)) = world(4, "run_usd = 1.0", [HOSTED; 3]) else { return };
    model.next_of(Task::Draft, 1, Fault::RateLimit("3".into()));
    let report = world.run_to(0);
    world.proposed();
    let drafts: Vec<_> = model.ledger().of("asked").into_iter().filter(|e| e.detail["task"] == "draft").collect();
    assert_eq!(drafts.len(), 2, "{}", model.ledger());
    assert_eq!(drafts[0].key, drafts[1].key, "the same question");
    assert!(drafts[1].at - drafts[0].at >= Duration::from_secs(3), "{}", model.ledger());
    booked_exactly(&world, &model, report["cost"].as_i64().unwrap());
}

#[test]
fn a_key_that_the_file_does_not_name_is_never_spent() {
    let Some((mut world, model)) = world(4, "run_usd = 1.0", [HOSTED; 3]) else { return };
    world.desk = world.desk.with_env("DESK_MODEL_KEY", "");
    let routes = [OR_BUILTIN, OR_BUILTIN, BUILTIN];
    world.configure(&spec(&model, "run_usd = 1.0", routes));
    world.run_to(0);
    world.proposed();
    assert_eq!(model.ledger().all().len(), 0, "{}", model.ledger());
}

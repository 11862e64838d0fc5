//! Routes: who is asked for what, who is asked next, and who is not asked at all.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::gpu_box::{Asleep, FakeBox};
use crate::harness::invent::News;
use crate::harness::model::{FakeModel, Fault, Task};
use crate::harness::web::FakeWeb;
use crate::stories::{reworded, second, tell};
use crate::world::{Spec, World, number, rows, tasks};

/// `[routes]` with these keys, and a provider for each model: its name, prices in and out.
fn spec(routes: &str, models: &[(&str, &FakeModel, [f64; 2])]) -> Spec {
    let mut text = format!("[routes]\n{routes}\n");
    for (name, model, [price_in, price_out]) in models {
        text.push_str(&format!(
            "[[provider]]\nname = \"{name}\"\nbase_url = \"{}\"\nmodel = \"fake-writer\"\nprice_in = {price_in:?}\n\
             price_out = {price_out:?}\n",
            model.base_url()
        ));
    }
    Spec { desk: "patience_seconds = 20\n".into(), models: text, ..Spec::default() }
}

const FREE: [f64; 2] = [0.0, 0.0];
const DEAR: [f64; 2] = [3.0, 15.0];
const CHEAP: [f64; 2] = [0.15, 0.6];

/// One run that stops after a station: its report.
fn run_until(world: &World, station: &str) -> Value {
    let args = world.args();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.extend(["--until", station]);
    world.desk.run(&args).json()
}

/// How many answers a tier gave to a task in a run.
fn answers(report: &Value, task: &str, tier: &str) -> i64 {
    let all = report["answers"].as_array().unwrap();
    let found = all.iter().find(|a| a["task"] == task && a["tier"] == tier);
    found.map_or(0, |a| a["answers"].as_i64().unwrap())
}

fn counted(world: &World, state: &str) -> usize {
    world.states().get(state).copied().unwrap_or(0)
}

#[test]
fn who_is_unsure_is_heard_and_the_next_one_is_asked() {
    let (small, large) = (FakeModel::start(), FakeModel::start());
    small.confidence(40);
    small.relevance("", 10);
    large.relevance("", 90);
    let models = [("small", &small, FREE), ("large", &large, CHEAP)];
    let world = World::new(2, &spec("triage = [\"small\", \"large\", \"wait\"]", &models));
    let report = run_until(&world, "scoring");
    assert_eq!((small.billed(Task::Triage), large.billed(Task::Triage)), (2, 2), "{report}");
    assert_eq!((answers(&report, "triage", "local"), answers(&report, "triage", "hosted")), (2, 2), "{report}");
    let dump = world.dump();
    let relevance: Vec<bool> = rows(&dump, "articles").iter().map(|r| r.contains("\"relevance\":45")).collect();
    assert_eq!(relevance, [true, true], "the second opinion counts: {dump}");
    run_until(&world, "scoring");
    assert_eq!((small.ledger().count("asked"), large.ledger().count("asked")), (2, 2), "nobody is asked twice");

    // The same threshold lets the first one do where it is met.
    let world = World::new(2, &spec("confidence = 0.4\ntriage = [\"small\", \"large\", \"wait\"]", &models));
    run_until(&world, "scoring");
    assert_eq!((small.billed(Task::Triage), large.billed(Task::Triage)), (4, 2));
}

#[test]
fn the_surest_of_those_heard_counts_where_nobody_else_answers() {
    let (small, large, down) = (FakeModel::start(), FakeModel::start(), FakeModel::start());
    small.confidence(40);
    small.relevance("", 20);
    large.confidence(60);
    large.relevance("", 60);
    down.next(1000, Fault::Status(400));
    let models = [("small", &small, FREE), ("large", &large, FREE), ("down", &down, FREE)];
    let world = World::new(1, &spec("triage = [\"small\", \"large\", \"down\", \"builtin\", \"wait\"]", &models));
    let report = run_until(&world, "scoring");
    assert_eq!(counted(&world, "Shortlisted"), 1, "an unsure answer holds nothing up: {report}");
    assert!(down.ledger().count("asked") > 0);
    let dump = world.dump();
    assert!(rows(&dump, "articles")[0].contains("\"relevance\":30"), "{dump}");
    assert_eq!(answers(&report, "triage", "builtin"), 0, "counting words is no second opinion: {report}");
}

#[test]
fn what_was_bought_is_at_hand_when_the_next_one_asks_for_patience() {
    let (small, large) = (FakeModel::start(), FakeModel::start());
    small.confidence(40);
    large.next(1, Fault::RateLimit("1".into()));
    let models = [("small", &small, CHEAP), ("large", &large, CHEAP)];
    let world = World::new(1, &spec("triage = [\"small\", \"large\", \"wait\"]", &models));
    let report = run_until(&world, "scoring");
    assert_eq!(counted(&world, "Shortlisted"), 1, "{report}");
    assert_eq!((small.ledger().count("asked"), large.ledger().count("asked")), (1, 2), "{}", small.ledger());
    assert_eq!(answers(&report, "triage", "cache"), 1, "the answer at hand is counted: {report}");
    let bill = i64::try_from(small.bill() + large.bill()).unwrap();
    let calls: i64 = rows(&world.dump(), "model_calls").iter().map(|row| number(row, "cost")).sum();
    assert_eq!((report["cost"].as_i64(), calls), (Some(bill), bill));
}

#[test]
fn a_kill_between_two_opinions_buys_the_first_one_once() {
    let (small, large) = (FakeModel::start(), FakeModel::start());
    small.confidence(40);
    large.hang(true);
    let models = [("small", &small, CHEAP), ("large", &large, CHEAP)];
    let world = World::new(1, &spec("triage = [\"small\", \"large\", \"wait\"]", &models));
    let args = world.args();
    let running = world.desk.spawn(&args.each_ref().map(String::as_str));
    assert!(large.ledger().wait_for("asked", 1, Duration::from_secs(60)), "{}", large.ledger());
    running.kill9();
    large.hang(false);
    let report = run_until(&world, "scoring");
    assert_eq!(counted(&world, "Shortlisted"), 1, "{report}");
    assert_eq!((small.ledger().count("asked"), large.ledger().count("asked")), (1, 2), "{}", small.ledger());
    assert_eq!(answers(&report, "triage", "cache"), 1, "{report}");
}

#[test]
fn an_answer_that_was_bought_is_used_though_somebody_before_it_is_up_again() {
    let (first, later) = (FakeModel::start(), FakeModel::start());
    first.next_of(Task::Draft, 1, Fault::Status(400));
    let models = [("first", &first, FREE), ("later", &later, CHEAP)];
    let mut world = World::new(3, &spec("draft = [\"first\", \"later\", \"wait\"]", &models));
    // Without Hugo a person decides.
    world.desk = world.desk.with_env("PIPELINE_HUGO", "/nowhere/hugo");
    let report = world.run_to(3);
    let id = report["in_review"][0]["article"].as_str().unwrap();
    let now = "2026-11-21T06:30:00Z";
    world.desk.run(&["reject", id, "--now", now]).ok();
    world.desk.run(&["reopen", id, "--now", now]).ok();
    let report = world.run_to(3);
    assert_eq!(report["in_review"].as_array().unwrap().len(), 1, "it was written again: {report}");
    assert_eq!(answers(&report, "draft", "cache"), 1, "{report}");
    assert_eq!((first.ledger().count("asked"), later.ledger().count("asked")), (1, 1), "{}", first.ledger());
}

#[test]
fn the_cheapest_for_the_question_is_asked_first_where_that_is_the_order() {
    for (order, expected) in [("listed", (2, 0)), ("cheapest", (0, 2))] {
        let (dear, cheap) = (FakeModel::start(), FakeModel::start());
        let models = [("dear", &dear, DEAR), ("cheap", &cheap, CHEAP)];
        let world =
            World::new(2, &spec(&format!("order = \"{order}\"\ntriage = [\"dear\", \"cheap\", \"wait\"]"), &models));
        let report = run_until(&world, "scoring");
        assert_eq!((dear.billed(Task::Triage), cheap.billed(Task::Triage)), expected, "{order}: {report}");
    }
    // Who does not bill keeps its place.
    let (free, cheap) = (FakeModel::start(), FakeModel::start());
    let models = [("free", &free, FREE), ("cheap", &cheap, CHEAP)];
    let world = World::new(1, &spec("order = \"cheapest\"\ntriage = [\"cheap\", \"free\"]", &models));
    run_until(&world, "scoring");
    assert_eq!((free.billed(Task::Triage), cheap.billed(Task::Triage)), (0, 1));
}

#[test]
fn complex_work_goes_straight_to_the_tier_that_is_named() {
    let routes = "draft = [\"small\", \"large\", \"wait\"]\n[routes.classifier]\nby = \"small\"\ntasks = [\"draft\"]\n\
                  complex_to = \"large\"";
    for (complex, expected) in [(true, (0, 1)), (false, (1, 0))] {
        let (small, large) = (FakeModel::start(), FakeModel::start());
        small.complex(complex);
        let world = World::new(3, &spec(routes, &[("small", &small, CHEAP), ("large", &large, DEAR)]));
        let report = run_until(&world, "drafting");
        assert_eq!((small.billed(Task::Draft), large.billed(Task::Draft)), expected, "{complex}: {report}");
        assert_eq!((small.billed(Task::Classify), large.billed(Task::Classify)), (1, 0), "{}", small.ledger());
        assert_eq!(answers(&report, "classify", "hosted"), 1, "the small question is in the ledger: {report}");
        assert_eq!(counted(&world, "Gating"), 1, "{:?}", world.states());
    }
}

#[test]
fn a_classifier_that_does_not_answer_is_no_obstacle() {
    let routes = "draft = [\"small\", \"large\", \"wait\"]\n[routes.classifier]\nby = \"judge\"\ntasks = [\"draft\"]\n\
                  complex_to = \"large\"";
    for fault in [Fault::Status(503), Fault::Garbage, Fault::Refuse] {
        let (small, large, judge) = (FakeModel::start(), FakeModel::start(), FakeModel::start());
        judge.next(1000, fault.clone());
        let models = [("small", &small, FREE), ("large", &large, CHEAP), ("judge", &judge, FREE)];
        let world = World::new(3, &spec(routes, &models));
        let report = run_until(&world, "drafting");
        assert_eq!((small.billed(Task::Draft), large.billed(Task::Draft)), (1, 0), "{fault:?}: {report}");
        assert_eq!(judge.ledger().count("asked"), 1, "{fault:?}");
    }
}

/// A box that sleeps until its plug is called, as a worker and a provider of the same name.
fn with_box(mut spec: Spec, host: &FakeBox) -> Spec {
    let (health, plug, sleep, base) = (host.url("/health"), host.plug_url(), host.url("/sleep"), host.base_url());
    spec.models.push_str(&format!(
        "[[worker]]\nname = \"box\"\nheartbeat_url = \"{health}\"\nheartbeat_seconds = 10\npoll_milliseconds = 50\n\
         linger_seconds = 1\nwake = {{ http = {{ url = \"{plug}\" }} }}\nsleep = {{ http = {{ url = \"{sleep}\" }} }}\n\
         [[provider]]\nname = \"box\"\nbase_url = \"{base}\"\nmodel = \"fake-writer\"\nworker = \"box\"\n"
    ));
    spec
}

#[test]
fn nobody_is_woken_to_classify() {
    let (host, small, large) =
        (FakeBox::on_free_port([2, 0, 0, 0, 0, 7], Asleep::Refuses), FakeModel::start(), FakeModel::start());
    host.model().complex(true);
    let routes = "draft = [\"small\", \"large\", \"wait\"]\n[routes.classifier]\nby = \"box\"\ntasks = [\"draft\"]\n\
                  complex_to = \"large\"";
    let spec = with_box(spec(routes, &[("small", &small, FREE), ("large", &large, FREE)]), &host);
    let world = World::new(3, &spec);
    let report = run_until(&world, "drafting");
    assert_eq!((small.billed(Task::Draft), large.billed(Task::Draft)), (1, 0), "{report}");
    assert_eq!((host.ledger().count("wake"), host.ledger().count("asked")), (0, 0), "{}", host.ledger());
}

#[test]
fn who_was_unsure_before_the_box_woke_is_not_asked_again_after() {
    let (host, small) = (FakeBox::on_free_port([2, 0, 0, 0, 0, 8], Asleep::Refuses), FakeModel::start());
    small.confidence(40);
    let spec = with_box(spec("triage = [\"small\", \"box\", \"wait\"]", &[("small", &small, CHEAP)]), &host);
    let world = World::new(3, &spec);
    let report = run_until(&world, "scoring");
    assert_eq!(counted(&world, "Shortlisted"), 3, "{report}");
    let by_box = tasks(&host.ledger().of("billed"))["triage"];
    assert_eq!((host.ledger().count("wake"), by_box), (1, 3), "{}", host.ledger());
    assert_eq!((small.ledger().count("asked"), answers(&report, "triage", "cache")), (3, 3), "{report}");
}

#[test]
fn the_built_in_classifier_goes_by_size_and_number_of_sources() {
    let routes = "draft = [\"small\", \"large\", \"wait\"]\n[routes.classifier]\nby = \"builtin\"\ntasks = [\"draft\"]\n\
                  complex_to = \"large\"";
    for (leads, expected) in [(3, (1, 0)), (7, (0, 1))] {
        let (small, large) = (FakeModel::start(), FakeModel::start());
        let world = World::new(leads, &spec(routes, &[("small", &small, FREE), ("large", &large, FREE)]));
        let report = run_until(&world, "drafting");
        assert_eq!((small.billed(Task::Draft), large.billed(Task::Draft)), expected, "{leads} leads: {report}");
    }
}

#[test]
fn a_reworded_lead_is_triaged_from_the_semantic_cache() {
    let meaning = |model: &FakeModel, semantic: &str| {
        let mut spec = spec(
            &format!("triage = [\"judge\", \"wait\"]\nembed = [\"meaning\"]\n{semantic}"),
            &[("judge", model, CHEAP)],
        );
        spec.models.push_str(&format!(
            "[[provider]]\nname = \"meaning\"\nbase_url = \"{}\"\nmodel = \"fake-embedder\"\n",
            model.base_url()
        ));
        spec
    };
    let news = News::of(41, 400);
    let title = format!("{} brings its makers' work to readers", news.product);
    // What the second lead is, what the configuration says, and how many questions two leads make.
    let table = [
        ("in other words", reworded(&news, &title), "", 1),
        ("in other words, switched off", reworded(&news, &title), "[routes.semantic]\ntasks = []", 2),
        ("other news", News::of(43, 400), "", 2),
    ];
    for (what, later, semantic, expected) in table {
        let (model, herald) = (FakeModel::start(), FakeWeb::start());
        model.relevance("", 10);
        let mut spec = meaning(&model, semantic);
        tell(&herald, &[]);
        spec.sources = second(&herald);
        let world = World::new(0, &spec);
        let toml = world.desk.read("pipeline.toml").unwrap().replace("threshold = 1\n", "threshold = 60\n");
        world.desk.configure(&toml);
        tell(&world.web, &[("/news", &news)]);
        run_until(&world, "scoring");
        assert_eq!((counted(&world, "Skipped"), model.billed(Task::Triage)), (1, 1), "{what}");

        tell(&herald, &[("/later", &later)]);
        let report = run_until(&world, "scoring");
        assert_eq!(counted(&world, "Skipped"), 2, "{what}: {:?}", world.states());
        assert_eq!(model.billed(Task::Triage), expected, "{what}: {report}");
        let taken = i64::from(expected == 1);
        assert_eq!(answers(&report, "triage", "semantic"), taken, "{what}: {report}");
        let dump = world.dump();
        let row = rows(&dump, "articles").into_iter().find(|r| r.contains("/later")).unwrap();
        assert_eq!(row.contains(&format!("As {} (", world.web.url("/news"))), taken == 1, "{what}: {row}");
        let free = rows(&dump, "free_answers");
        assert_eq!(free.iter().filter(|r| r.contains(" tier=semantic ")).count(), usize::try_from(taken).unwrap());
    }
}

#[test]
fn two_releases_in_the_same_words_are_triaged_apart() {
    let (model, herald) = (FakeModel::start(), FakeWeb::start());
    let routes = "triage = [\"judge\", \"wait\"]\nembed = [\"meaning\"]";
    let mut spec = spec(routes, &[("judge", &model, CHEAP)]);
    spec.models.push_str(&format!(
        "[[provider]]\nname = \"meaning\"\nbase_url = \"{}\"\nmodel = \"fake-embedder\"\n",
        model.base_url()
    ));
    tell(&herald, &[]);
    spec.sources = second(&herald);
    let world = World::new(0, &spec);
    let news = News { title: "Tarnlake 4.2 is released".into(), ..News::of(41, 400) };
    tell(&world.web, &[("/news", &news)]);
    run_until(&world, "scoring");
    tell(&herald, &[("/later", &reworded(&news, "Tarnlake 4.3 is released"))]);
    let report = run_until(&world, "scoring");
    assert_eq!((counted(&world, "Shortlisted"), model.billed(Task::Triage)), (2, 2), "{report}");
    assert_eq!(answers(&report, "triage", "semantic"), 0, "{report}");
}

#[test]
fn a_revision_goes_by_a_route_of_its_own() {
    let (writer, reviser) = (FakeModel::start(), FakeModel::start());
    let claim = |text: &str| json!({"text": text, "cites": []});
    let unproven = json!({
        "title": claim("An index that nobody has seen"),
        "description": claim("It takes 987654 milliseconds."),
        "summary": [claim("It takes 987654 milliseconds.")],
        "sections": [{"heading": claim("Figures"), "paragraphs": [[claim("It grew by 4321 percent in version 77.88.99.")]], "points": []}],
        "tags": [],
    });
    writer.next_of(Task::Draft, 1, Fault::Say(unproven.to_string()));
    let routes = "draft = [\"writer\", \"wait\"]\nrevise = [\"reviser\", \"wait\"]";
    let world = World::new(3, &spec(routes, &[("writer", &writer, CHEAP), ("reviser", &reviser, CHEAP)]));
    let report = run_until(&world, "gating");
    assert_eq!((writer.billed(Task::Draft), reviser.billed(Task::Draft)), (1, 1), "{report}");
    let dump = world.dump();
    let by: Vec<(bool, bool)> = rows(&dump, "model_calls")
        .iter()
        .map(|r| (r.contains(" task=revise "), r.contains(" provider=reviser ")))
        .collect();
    assert!(by.iter().all(|(revise, reviser)| revise == reviser) && by.iter().any(|(revise, _)| *revise), "{by:?}");
    assert_eq!(tasks(&reviser.ledger().of("asked"))["draft"], 1, "the answer has the form of a draft");
    assert_eq!((answers(&report, "draft", "hosted"), answers(&report, "revise", "hosted")), (1, 1), "{report}");
}

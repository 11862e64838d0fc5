//! The three interfaces in whole runs: streams that are cut, prompts that are clipped, thinking, loading, caching.

use serde_json::Value;

use crate::harness::model::{Cut, FakeModel, Fault, Task};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, number, rows, tasks};

const KEY: &str = "sk-loopback-0002";

/// Which interface a provider is asked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    OpenAi,
    Ollama,
    Anthropic,
}

const FACES: [Face; 3] = [Face::OpenAi, Face::Ollama, Face::Anthropic];

fn provider(name: &str, model: &FakeModel, face: Face, more: &str) -> String {
    let (kind, base) = match face {
        Face::OpenAi => ("openai", model.base_url()),
        Face::Ollama => ("ollama", model.url("")),
        Face::Anthropic => ("anthropic", model.url("")),
    };
    format!(
        "[[provider]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{base}\"\nmodel = \"fake-writer\"\nfamily = \"{name}\"\n{more}\n"
    )
}

/// A worker that is found awake and is left so; its heartbeat is the model's own.
fn worker(model: &FakeModel) -> String {
    let heartbeat = model.url("/api/version");
    format!(
        "[[worker]]\nname = \"box\"\nheartbeat_url = \"{heartbeat}\"\nheartbeat_seconds = 2\npoll_milliseconds = 50\n\
         linger_seconds = 1\nmin_batch = 1\nwake = {{ command = [\"true\"] }}\n"
    )
}

fn world(leads: u64, [triage, draft, judge]: [&str; 3], providers: &str) -> Option<World> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    let spec = Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            "[caps]\nrun_usd = 1.0\n[routes]\ntriage = {triage}\ndraft = {draft}\njudge = {judge}\n{providers}"
        ),
        ..Spec::default()
    };
    let mut world = World::new(leads, &spec);
    world.desk = world.desk.with_env("DESK_MODEL_KEY", KEY);
    Some(world)
}

const FIRST: &str = r#"["first"]"#;
const FIRST_THEN_HOSTED: &str = r#"["first", "hosted"]"#;
const BUILTIN: &str = r#"["builtin"]"#;

/// What broke off is no accepted answer: it stands in the ledger with its error and without a text.
fn nothing_partial_was_used(world: &World, what: &str) {
    let dump = world.dump();
    let calls = rows(&dump, "model_calls");
    let broken: Vec<&&str> = calls.iter().filter(|row| !row.contains(" error=NULL")).collect();
    assert_eq!(broken.len(), 1, "{what}");
    assert!(broken[0].contains(" status=unknown ") && broken[0].contains(" answer=NULL"), "{what}: {}", broken[0]);
    assert!(broken[0].contains("broke"), "{what}: {}", broken[0]);
}

#[test]
fn a_worker_that_dies_in_mid_stream_advances_no_partial_draft_and_is_replaced_once() {
    for face in [Face::OpenAi, Face::Ollama] {
        for cut in [Cut::Zero, Cut::One, Cut::Half, Cut::Last] {
            let what = format!("{face:?} {cut:?}");
            let (first, hosted) = (FakeModel::start(), FakeModel::start());
            first.next_of(Task::Draft, 100, Fault::CutStream(cut));
            let priced = "price_in = 0.15\nprice_out = 0.6\n";
            let providers = worker(&first)
                + &provider("first", &first, face, "worker = \"box\"\n")
                + &provider("hosted", &hosted, Face::OpenAi, priced);
            let Some(world) = world(4, [FIRST, FIRST_THEN_HOSTED, BUILTIN], &providers) else { return };
            world.run_to(0);
            world.proposed();
            let by_hosted = tasks(&hosted.ledger().of("asked"));
            assert_eq!(by_hosted, [("draft".to_owned(), 1)].into(), "{what}");
            assert_eq!(tasks(&first.ledger().of("asked"))["draft"], 1, "{what}: a dead worker is not asked again");
            nothing_partial_was_used(&world, &what);
        }
    }
}

#[test]
fn a_hosted_stream_that_is_cut_is_asked_once_more_and_charged_as_unknown() {
    for face in [Face::OpenAi, Face::Anthropic] {
        let hosted = FakeModel::start();
        hosted.require_key(KEY);
        hosted.next_of(Task::Draft, 1, Fault::CutStream(Cut::Half));
        let priced = "price_in = 1.0\nprice_out = 5.0\nkey_env = \"DESK_MODEL_KEY\"\n";
        let Some(world) = world(4, [BUILTIN, FIRST, BUILTIN], &provider("first", &hosted, face, priced)) else {
            return;
        };
        world.run_to(0);
        world.proposed();
        assert_eq!(tasks(&hosted.ledger().of("asked"))["draft"], 2, "{face:?}\n{}", hosted.ledger());
        let dump = world.dump();
        let unknown: Vec<&str> =
            rows(&dump, "model_calls").into_iter().filter(|row| row.contains(" status=unknown")).collect();
        assert_eq!(unknown.len(), 1, "{face:?}");
        assert_eq!(number(unknown[0], "cost"), number(unknown[0], "reserved"), "charged in full");
    }
}

#[test]
fn clipped_prompts_are_noticed_every_time_and_never_judged() {
    let mut clipped = 0;
    for face in FACES {
        for (leads, thousandths) in [(3, 20), (4, 150), (5, 300), (6, 450), (7, 600)] {
            let what = format!("{face:?} {thousandths}");
            let first = FakeModel::start();
            first.next_of(Task::Draft, 100, Fault::ClipTo(thousandths));
            let providers = provider("first", &first, face, "");
            let drafts = r#"["first", "wait"]"#;
            let Some(world) = world(leads, [BUILTIN, drafts, FIRST], &providers) else { return };
            world.run();
            let billed = first.ledger().of("billed");
            let drafts = billed.iter().filter(|entry| entry.detail["task"] == "draft").count();
            clipped += drafts;
            assert!(drafts >= 1, "{what}: {}", first.ledger());
            assert_eq!(first.billed(Task::Judge), 0, "{what}: nothing was judged");
            assert!(world.proposals().is_empty(), "{what}");
            let dump = world.dump();
            let noticed = rows(&dump, "model_calls").iter().filter(|row| row.contains("the server read")).count();
            assert_eq!(noticed, drafts, "{what}: each was noticed");
        }
    }
    assert!(clipped >= 15, "{clipped}");
}

#[test]
fn thinking_is_never_taken_for_the_answer() {
    for face in FACES {
        for apart in [true, false] {
            let first = FakeModel::start();
            first.next(3, Fault::Think { apart });
            let Some(world) = world(3, [FIRST, FIRST, FIRST], &provider("first", &first, face, "")) else { return };
            world.run_to(0);
            world.proposed();
            assert!(first.ledger().repeated("billed").is_empty(), "{face:?}: {}", first.ledger());
            let dump = world.dump();
            assert!(!dump.contains("would be wrong"), "{face:?}: what was thought is nowhere");
        }
    }
}

#[test]
fn an_answer_that_is_only_thinking_is_passed_over_with_what_to_set() {
    for (face, advice) in
        [(Face::OpenAi, "enable_thinking"), (Face::Ollama, "thinks less"), (Face::Anthropic, "thinks less")]
    {
        let first = FakeModel::start();
        first.next_of(Task::Draft, 100, Fault::OnlyThink { apart: true });
        let providers = provider("first", &first, face, "");
        let Some(world) = world(3, [BUILTIN, r#"["first", "wait"]"#, BUILTIN], &providers) else { return };
        let (output, report) = world.run();
        let causes = report["causes"].to_string();
        assert!(causes.contains("only thought") && causes.contains(advice), "{face:?}: {output}");
        assert_eq!(first.billed(Task::Draft), 1, "asking again would not help");
    }
}

#[test]
fn a_model_that_stalls_or_babbles_is_passed_over_in_time() {
    for face in FACES {
        for fault in [Fault::Stall, Fault::Babble] {
            let (first, hosted) = (FakeModel::start(), FakeModel::start());
            first.next_of(Task::Draft, 100, fault.clone());
            let providers =
                provider("first", &first, face, "idle_seconds = 1\n") + &provider("hosted", &hosted, Face::OpenAi, "");
            let Some(world) = world(3, [BUILTIN, FIRST_THEN_HOSTED, BUILTIN], &providers) else { return };
            world.run_to(0);
            world.proposed();
            let asked = tasks(&first.ledger().of("asked"));
            assert_eq!((asked["draft"], hosted.billed(Task::Draft)), (1, 1), "{face:?} {fault:?}");
        }
    }
}

#[test]
fn a_model_that_is_loading_is_waited_for_and_nothing_counts_against_it() {
    let first = FakeModel::start();
    // More often than a breaker would bear.
    first.next(5, Fault::Loading);
    let Some(world) = world(3, [FIRST, FIRST, FIRST], &provider("first", &first, Face::OpenAi, "")) else { return };
    world.run_to(0);
    world.proposed();
    let dump = world.dump();
    let waited = rows(&dump, "model_calls").iter().filter(|row| row.contains("still loading")).count();
    assert_eq!(waited, 5);
}

#[test]
fn a_run_tells_how_a_long_answer_grows() {
    let first = FakeModel::start();
    let Some(world) = world(4, [BUILTIN, FIRST, FIRST], &provider("first", &first, Face::Ollama, "")) else { return };
    let args = world.args();
    let loud: Vec<&str> = args.iter().map(String::as_str).filter(|arg| *arg != "--json").collect();
    let output = world.desk.run(&loud).ok();
    let lines = output.stderr.lines().filter(|line| line.contains("first writes: ")).count();
    // The judge's answer is too short for a line; the draft's grows past a few doublings at most.
    assert!((1..=6).contains(&lines), "{output}");
}

#[test]
fn a_missing_model_names_the_command_to_type() {
    let first = FakeModel::start();
    first.only(&["another"]);
    let waits = r#"["first", "wait"]"#;
    let Some(world) = world(3, [waits, BUILTIN, BUILTIN], &provider("first", &first, Face::Ollama, "")) else { return };
    let report = world.run_to(75);
    assert!(report["causes"].to_string().contains("`ollama pull fake-writer`"), "{report}");
}

#[test]
fn a_revision_reads_its_sources_from_the_cache_and_every_token_is_booked() {
    let hosted = FakeModel::start();
    hosted.require_key(KEY);
    hosted.price(1_000, 5_000);
    // A draft that does not pass is written again, from the same sources.
    hosted.next_of(Task::Draft, 1, Fault::Garbage);
    let priced = "price_in = 1.0\nprice_out = 5.0\nkey_env = \"DESK_MODEL_KEY\"\n";
    let Some(world) = world(6, [FIRST, FIRST, FIRST], &provider("first", &hosted, Face::Anthropic, priced)) else {
        return;
    };
    let report = world.run_to(0);
    world.proposed();
    let billed = hosted.ledger().of("billed");
    let sum = |name: &str| billed.iter().filter_map(|entry| entry.detail[name].as_u64()).sum::<u64>();
    let bill = i64::try_from(hosted.bill()).unwrap();
    assert!(sum("cache_write") > 1_024 && sum("cache_read") >= sum("cache_write"), "{}", hosted.ledger());
    let dump = world.dump();
    let calls: i64 = rows(&dump, "model_calls").iter().map(|row| number(row, "cost")).sum();
    assert_eq!((calls, &report["cost"]), (bill, &Value::from(bill)), "{}", hosted.ledger());
    let cached: i64 = rows(&dump, "model_calls").iter().map(|row| number(row, "tokens_cached")).sum();
    assert_eq!(cached, i64::try_from(sum("cache_read")).unwrap());
}

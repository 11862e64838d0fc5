//! Awake is not ready: models are loaded once each, timed, repaired, and passed over where nothing helps.

use std::time::Duration;

use crate::harness::gpu_box::{Asleep, FakeBox};
use crate::harness::model::{FakeModel, Fault};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, rows, tasks, unhurt};

const MAC: [u8; 6] = [0x02, 0x42, 0xac, 0x11, 0x00, 0x0a];

/// A sleeping box that its plug wakes.
fn sleeping_box() -> Option<FakeBox> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    host.model().only(&["small", "large", "critic", "fake-embedder"]);
    Some(host)
}

/// The worker `name` with these keys beside the usual ones.
pub(crate) fn worker(name: &str, host: &FakeBox, keys: &str) -> String {
    let (plug, health, busy, sleep) = (host.plug_url(), host.url("/health"), host.url("/busy"), host.url("/sleep"));
    format!(
        r#"
[[worker]]
name = "{name}"
wake = {{ http = {{ url = "{plug}" }} }}
heartbeat_url = "{health}"
heartbeat_seconds = 5
poll_milliseconds = 50
linger_seconds = 3
watts_awake = 300
min_batch = 3
sleep = {{ http = {{ url = "{sleep}" }} }}
busy = {{ http = {{ url = "{busy}", method = "GET" }} }}
{keys}
"#
    )
}

/// A provider of a model, on a worker where `on` names one.
pub(crate) fn provider(name: &str, base: &str, model: &str, on: &str) -> String {
    let on = if on.is_empty() { String::new() } else { format!("worker = \"{on}\"\n") };
    format!("[[provider]]\nname = \"{name}\"\nbase_url = \"{base}\"\nmodel = \"{model}\"\nfamily = \"{model}\"\n{on}")
}

/// Routes for triage, drafts and the judge.
pub(crate) fn routes([triage, draft, judge]: [&str; 3]) -> String {
    format!("[routes]\ntriage = {triage}\ndraft = {draft}\njudge = {judge}\n")
}

/// Notices about workers.
fn alerts(dump: &str) -> Vec<&str> {
    rows(dump, "notices").into_iter().filter(|n| n.contains("worker box")).collect()
}

#[test]
fn each_model_is_loaded_once() {
    let Some(host) = sleeping_box() else { return };
    host.works(Duration::from_millis(100), Duration::ZERO);
    let base = host.base_url();
    let models = [
        "[routes]\nembed = [\"embedder\"]\ntriage = [\"small\"]\ndraft = [\"large\"]\njudge = [\"critic\"]\n"
            .to_owned(),
        worker("box", &host, ""),
        provider("embedder", &base, "fake-embedder", "box"),
        provider("small", &base, "small", "box"),
        provider("large", &base, "large", "box"),
        provider("critic", &base, "critic", "box"),
    ];
    let world =
        World::new(6, &Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() });
    world.run_to(0);
    world.proposed();
    let asked = tasks(&host.ledger().of("asked"));
    assert_eq!(asked.get("triage"), Some(&6), "{asked:?}");
    assert_eq!(host.loads(), ["fake-embedder", "small", "large", "critic"], "{}", host.ledger());
    let dump = world.dump();
    assert_eq!(rows(&dump, "worker_models").len(), 4, "{dump}");
    assert_eq!(rows(&dump, "model_calls").iter().filter(|row| row.contains("task=probe")).count(), 8, "{dump}");
}

#[test]
fn a_model_that_has_become_slow_is_passed_over_until_a_repair_helps() {
    let Some(host) = sleeping_box() else { return };
    let hosted = FakeModel::start();
    let token = Duration::from_millis(8);
    host.works(Duration::ZERO, token);
    let spec = |keys: &str| Spec {
        desk: "patience_seconds = 20\n".into(),
        models: [
            routes([r#"["small", "hosted"]"#, r#"["hosted"]"#, r#"["hosted"]"#]),
            worker("box", &host, keys),
            provider("small", &host.base_url(), "small", "box"),
            provider("hosted", &hosted.base_url(), "fake-judge", ""),
        ]
        .concat(),
        ..Spec::default()
    };
    let world = World::new(3, &spec(""));
    world.run_to(0);
    let first = tasks(&host.ledger().of("asked"));
    assert_eq!(first.get("triage"), Some(&3), "{first:?}");
    let dump = world.dump();
    assert!(rows(&dump, "worker_models").iter().all(|r| !r.contains("rates=[]") && r.contains("unfit=NULL")), "{dump}");

    // Five times slower: nobody waits for that.
    host.works(Duration::ZERO, token * 5);
    world.more_news(3, 3);
    world.run_to(0);
    assert_eq!(tasks(&host.ledger().of("asked")).get("triage"), Some(&3), "{}", host.ledger());
    assert_eq!(tasks(&hosted.ledger().of("asked")).get("triage"), Some(&3), "the next tier answers");
    let dump = world.dump();
    let told = alerts(&dump);
    assert_eq!(told.len(), 1, "one alert: {told:#?}");
    assert!(told[0].contains("it is degraded") && told[0].contains("tokens a second instead of"), "{told:#?}");

    // With a repair that helps, and once.
    host.mended(token);
    world.configure(&spec(&format!("repair = {{ http = {{ url = \"{}\" }} }}", host.repair_url())));
    world.more_news(6, 3);
    world.run_to(0);
    assert_eq!(host.ledger().count("repair"), 1, "{}", host.ledger());
    assert_eq!(tasks(&host.ledger().of("asked")).get("triage"), Some(&6), "{}", host.ledger());
    let dump = world.dump();
    assert_eq!(alerts(&dump).len(), 1, "{dump}");
    let rates = rows(&dump, "worker_models");
    assert!(rates[0].matches(',').count() == 1, "the slow rate is not among the good ones: {rates:?}");
    // What the trials cost the breaker: nothing.
    assert!(rows(&dump, "causes").is_empty(), "{dump}");
}

#[test]
fn a_cold_load_is_waited_for() {
    let Some(host) = sleeping_box() else { return };
    host.works(Duration::from_millis(1_500), Duration::ZERO);
    // llama.cpp says 503 while it loads, and what it is at; others say no more than that they failed.
    host.model().next(2, Fault::Loading);
    host.model().fail_next(1, 503);
    let models =
        [routes([r#"["small"]"#; 3]), worker("box", &host, ""), provider("small", &host.base_url(), "small", "box")];
    let world =
        World::new(3, &Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() });
    world.run_to(0);
    world.proposed();
    let dump = world.dump();
    assert!(alerts(&dump).is_empty(), "{dump}");
    assert_eq!(tasks(&host.ledger().of("asked")).get("triage"), Some(&3), "{}", host.ledger());
}

#[test]
fn a_model_that_never_comes_into_memory_is_passed_over_with_what_to_do() {
    let Some(host) = sleeping_box() else { return };
    host.model().next(1_000, Fault::Loading);
    let models = [
        routes([r#"["small", "builtin"]"#, r#"["builtin"]"#, r#"["builtin"]"#]),
        worker("box", &host, "").replace("heartbeat_seconds = 5", "heartbeat_seconds = 1"),
        provider("small", &host.base_url(), "small", "box"),
    ];
    let world =
        World::new(3, &Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() });
    world.run_to(0);
    world.proposed();
    let dump = world.dump();
    let [told] = alerts(&dump)[..] else { panic!("{dump}") };
    assert!(told.contains("the model small on the worker box: it is"), "{told}");
    // On a machine that stands still for a second, the last look finds no answer instead.
    let says = ["it is not loaded within 1 s: raise `heartbeat_seconds`", "gave no answer within 1 s"];
    assert!(says.iter().any(|said| told.contains(said)), "{told}");
}

#[test]
fn a_model_that_only_thinks_is_used_and_the_switch_is_named() {
    let Some(host) = sleeping_box() else { return };
    // Both calls of its trial.
    host.model().next(2, Fault::OnlyThink { apart: true });
    let models =
        [routes([r#"["small"]"#; 3]), worker("box", &host, ""), provider("small", &host.base_url(), "small", "box")];
    let world =
        World::new(3, &Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() });
    let args = world.args();
    let loud: Vec<&str> = args.iter().map(String::as_str).filter(|arg| *arg != "--json").collect();
    let output = world.desk.run(&loud).ok();
    world.proposed();
    let told = output.stderr.lines().filter(|line| line.contains("small: the model only thought")).count();
    assert!(told >= 1 && output.stderr.contains("enable_thinking = false"), "{output}");
    assert!(alerts(&world.dump()).is_empty(), "it answers: {output}");
}

#[test]
fn what_is_wrong_with_a_model_is_told_apart() {
    let Some(host) = sleeping_box() else { return };
    host.model().only(&["other"]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let models = [
        routes([r#"["missing", "builtin"]"#, r#"["deaf", "builtin"]"#, r#"["builtin"]"#]),
        worker("box", &host, "").replace("heartbeat_seconds = 5", "heartbeat_seconds = 1"),
        provider("missing", &host.base_url(), "small", "box"),
        provider("deaf", &format!("http://{closed}/v1"), "large", "box"),
    ];
    let world =
        World::new(3, &Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() });
    let (output, _) = world.run();
    unhurt(&output);
    world.proposed();
    let dump = world.dump();
    let told = alerts(&dump);
    assert_eq!(told.len(), 2, "one alert each: {told:#?}");
    let missing = told.iter().find(|n| n.contains("the model small")).expect("the missing model is told of");
    assert!(missing.contains("the server has no model `small`: ") && missing.contains("name the one"), "{missing}");
    let deaf = told.iter().find(|n| n.contains("the model large")).expect("the server that is not there is told of");
    assert!(deaf.contains("no model server listens at its port: ") && deaf.contains("`llama-server -m "), "{deaf}");
    for notice in told {
        assert_eq!(notice.matches("server listens").count() + notice.matches("has no model").count(), 1, "{notice}");
    }
}

#[test]
fn a_second_worker_is_woken_for_a_second_batch_and_work_is_spread() {
    let (Some(one), Some(two)) = (sleeping_box(), sleeping_box()) else { return };
    for host in [&one, &two] {
        host.works(Duration::ZERO, Duration::from_millis(8));
    }
    let models = [
        routes([r#"["small-one", "small-two"]"#, r#"["builtin"]"#, r#"["builtin"]"#]),
        worker("one", &one, ""),
        worker("two", &two, ""),
        provider("small-one", &one.base_url(), "small", "one"),
        provider("small-two", &two.base_url(), "small", "two"),
    ];
    let spec = Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() };
    let world = World::new(3, &spec);
    world.run_to(0);
    assert_eq!((one.ledger().count("wake"), two.ledger().count("wake")), (1, 0), "one box for one batch");
    let few = tasks(&one.ledger().of("asked"));
    assert_eq!(few.get("triage"), Some(&3), "{few:?}");

    world.more_news(3, 12);
    world.run_to(0);
    assert_eq!((one.ledger().count("wake"), two.ledger().count("wake")), (2, 1), "{}\n{}", one.ledger(), two.ledger());
    let [by_one, by_two] =
        [&one, &two].map(|host| tasks(&host.ledger().of("asked")).get("triage").copied().unwrap_or_default());
    assert_eq!(by_one + by_two, 3 + 12, "each lead once");
    assert!(by_one - 3 >= 4 && by_two >= 4, "spread: {} and {by_two}", by_one - 3);
    for host in [&one, &two] {
        assert!(host.wait_until(false, Duration::from_secs(10)), "both are put to sleep");
    }
    world.dump();
}

//! The worker: woken once for work that only a model can do, used, and left as it was found.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::bare::Bare;
use crate::harness::gpu_box::FakeBox;
use crate::harness::model::FakeModel;
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, rows, tasks, unhurt};

const MAC: [u8; 6] = [0x02, 0x42, 0xac, 0x11, 0x00, 0x09];

/// The box, or the reason to skip.
fn sleeping_box() -> Option<FakeBox> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    match FakeBox::start(MAC) {
        Ok(host) => Some(host),
        Err(why) => {
            skip(&why);
            None
        }
    }
}

fn spec(host: &FakeBox, hosted: Option<&FakeModel>, [triage, draft, judge]: [&str; 3]) -> Spec {
    let (health, busy, sleep, base) = (host.url("/health"), host.url("/busy"), host.url("/sleep"), host.base_url());
    let hosted = hosted.map_or(String::new(), |model| {
        let base = model.base_url();
        format!("[[provider]]\nname = \"hosted\"\nbase_url = \"{base}\"\nmodel = \"fake-judge\"\nfamily = \"other\"\n")
    });
    Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            r#"
[routes]
triage = {triage}
draft = {draft}
judge = {judge}
[[worker]]
name = "box"
mac = "02:42:ac:11:00:09"
broadcast = "127.0.0.1"
heartbeat_url = "{health}"
heartbeat_seconds = 2
poll_milliseconds = 50
linger_seconds = 3
watts_awake = 300
min_batch = 3
sleep = {{ http = {{ url = "{sleep}" }} }}
busy = {{ http = {{ url = "{busy}", method = "GET" }} }}
[[provider]]
name = "box"
base_url = "{base}"
model = "fake-writer"
family = "fake"
worker = "box"
{hosted}"#
        ),
        ..Spec::default()
    }
}

const ALONE: [&str; 3] = [r#"["box"]"#; 3];

fn all_three(host: &FakeBox) {
    let asked = tasks(&host.ledger().of("asked"));
    assert_eq!(asked.get("triage"), Some(&4), "{asked:?}");
    assert!(asked.contains_key("draft") && asked.contains_key("judge"), "{asked:?}");
    assert!(host.ledger().repeated("billed").is_empty(), "an answer is never bought twice:\n{}", host.ledger());
}

#[test]
fn a_sleeping_box_is_woken_once_used_for_everything_and_put_to_sleep() {
    let Some(host) = sleeping_box() else { return };
    host.boot_ms(400);
    let world = World::new(4, &spec(&host, None, ALONE));
    let report = world.run_to(0);
    world.proposed();
    all_three(&host);

    let ledger = host.ledger();
    assert!(ledger.wait_for("sleep", 1, Duration::from_secs(20)), "{ledger}");
    assert_eq!((ledger.count("packet"), ledger.tally("packet").get("magic")), (1, Some(&1)), "{ledger}");
    assert_eq!((ledger.count("wake"), ledger.count("sleep")), (1, 1), "one awake window:\n{ledger}");
    assert!(host.wait_until(false, Duration::from_secs(5)), "it was told to sleep");
    let asleep = &ledger.of("sleep")[0];
    assert_eq!((&asleep.detail["serving"], &asleep.detail["busy"]), (&Value::from(0), &Value::from(false)));
    // Bytes are read and compared while it sleeps.
    let pages = world.web.ledger().of("get");
    let read = pages.iter().filter(|e| e.key.starts_with("/news/")).map(|e| e.at).max().unwrap();
    assert!(read < ledger.of("packet")[0].at, "woken before the pages were read:\n{ledger}\n{}", world.web.ledger());
    // It stays awake for the linger after its last answer.
    let last = ledger.of("billed").last().unwrap().at;
    assert!(asleep.at - last >= Duration::from_millis(900), "{ledger}");
    let energy = &report["energy"];
    assert!(energy.as_i64().is_some_and(|mwh| mwh > 0), "the energy is booked: {energy}");
    world.dump();

    // Nothing to do: nobody is woken.
    world.run_to(0);
    assert_eq!(host.ledger().count("packet"), 1);
}

#[test]
fn a_box_that_is_found_awake_is_left_awake() {
    let Some(host) = sleeping_box() else { return };
    host.press_power_button();
    assert!(host.wait_until(true, Duration::from_secs(5)));
    let world = World::new(4, &spec(&host, None, ALONE));
    world.run_to(0);
    world.proposed();
    all_three(&host);
    assert_eq!((host.ledger().count("packet"), host.ledger().count("sleep")), (0, 0), "{}", host.ledger());
    assert!(host.is_awake());
    world.dump();
}

#[test]
fn a_box_that_somebody_uses_is_left_awake() {
    let Some(host) = sleeping_box() else { return };
    let world = World::new(4, &spec(&host, None, ALONE));
    let args = world.args();
    let running = world.desk.spawn(&args.each_ref().map(String::as_str));
    // Somebody sits down while the judge reads: the linger is not over yet.
    let judged = || host.ledger().of("billed").iter().any(|e| e.detail["task"] == "judge");
    let since = Instant::now();
    while !judged() {
        assert!(since.elapsed() < Duration::from_secs(60), "{}", host.ledger());
        std::thread::sleep(Duration::from_millis(5));
    }
    host.busy(true);
    unhurt(&running.wait().ok());
    world.proposed();
    assert_eq!((host.ledger().count("packet"), host.ledger().count("sleep")), (1, 0), "{}", host.ledger());
    assert!(host.is_awake());
    let dump = world.dump();
    assert!(!rows(&dump, "notices").iter().any(|n| n.contains("left awake")), "somebody's own use is no alarm");
}

#[test]
fn a_dead_box_is_passed_over_with_one_alert() {
    let Some(host) = sleeping_box() else { return };
    host.dead();
    let with_builtin = r#"["box", "builtin"]"#;
    let world = World::new(4, &spec(&host, None, [with_builtin, with_builtin, r#"["builtin"]"#]));
    let args = world.args();
    let loud: Vec<&str> = args.iter().map(String::as_str).filter(|a| *a != "--json").collect();
    let output = world.desk.run(&loud).ok();
    unhurt(&output);
    world.proposed();
    assert_eq!((host.ledger().count("asked"), host.ledger().count("wake")), (0, 0));
    assert_eq!(host.ledger().count("packet"), 1, "one round of waking for the whole run:\n{}", host.ledger());
    assert_eq!(output.stderr.matches("cannot be reached").count(), 1, "{output}");
    assert!(output.stderr.contains("the worker box cannot be reached: no heartbeat within 2 s"), "{output}");
    let dump = world.dump();
    assert_eq!(rows(&dump, "notices").iter().filter(|n| n.contains("the worker box")).count(), 1);
}

#[test]
fn a_box_that_dies_in_mid_run_is_replaced_by_the_next_tier() {
    let Some(host) = sleeping_box() else { return };
    let hosted = FakeModel::start();
    let both = [r#"["box", "hosted"]"#; 3];
    let world = World::new(4, &spec(&host, Some(&hosted), both));
    host.model().delay(Duration::from_millis(400));
    let args = world.args();
    let running = world.desk.spawn(&args.each_ref().map(String::as_str));
    // Two trials of the model, and a lead.
    assert!(host.ledger().wait_for("billed", 3, Duration::from_secs(30)), "{}", host.ledger());
    host.dead();
    host.cut_power();
    let output = running.wait().ok();
    unhurt(&output);
    world.proposed();
    assert_eq!(output.json()["proposed"].as_array().unwrap().len(), 1, "{output}");
    let by_box = host.ledger().count("billed");
    let by_hosted = tasks(&hosted.ledger().of("billed"));
    assert!(by_box >= 3 && by_hosted.contains_key("draft") && by_hosted.contains_key("judge"), "{by_hosted:?}");
    assert!(by_hosted["triage"] < 4, "what the box had answered is not asked again: {by_hosted:?}");
    let dump = world.dump();
    assert_eq!(rows(&dump, "notices").iter().filter(|n| n.contains("the worker box cannot be reached")).count(), 1);
}

#[test]
fn a_route_that_waits_loses_nothing_and_goes_on_by_itself() {
    let Some(host) = sleeping_box() else { return };
    let waits = [r#"["box", "wait"]"#; 3];
    let spec = spec(&host, None, waits);
    // Its plug is pulled: packets reach nobody.
    let broken =
        Spec { models: spec.models.replace("broadcast = \"127.0.0.1\"", "broadcast = \"127.0.0.2\""), ..spec.clone() };
    let world = World::new(4, &broken);
    let report = world.run_to(75);
    let causes = report["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{report}");
    assert_eq!(causes[0]["held"], 4, "{report}");
    assert!(causes[0]["message"].as_str().unwrap().contains("no heartbeat within 2 s"), "{report}");
    assert_eq!(world.states(), [("Scoring".to_owned(), 4)].into(), "every lead is where it was");
    assert!(world.proposals().is_empty());
    world.dump();

    world.configure(&spec);
    world.run_to(0);
    world.proposed();
    all_three(&host);
    assert_eq!(world.web.count("/news/0"), 1, "what was read is not read again");
    assert!(host.wait_until(false, Duration::from_secs(5)), "it was told to sleep");
    let dump = world.dump();
    assert!(rows(&dump, "causes").is_empty(), "{:?}", rows(&dump, "causes"));
}

#[test]
fn a_replay_wakes_nobody_and_comes_to_the_same() {
    let Some(host) = sleeping_box() else { return };
    host.boot_ms(400);
    let world = World::new(4, &spec(&host, None, ALONE));
    world.desk.run(&["run", "--record", "rec", "--now", "2026-11-21T06:00:00Z"]).ok();
    // It falls asleep after it has answered.
    assert!(host.wait_until(false, Duration::from_secs(20)), "{}", host.ledger());
    let asked = host.ledger().all().len();
    assert_eq!((host.ledger().count("packet"), host.ledger().count("sleep")), (1, 1), "{}", host.ledger());
    let output = world.desk.run(&["run", "--replay", "rec", "--json"]).ok();
    let told = output.json();
    assert_eq!(
        (told["missed"].as_array().map(Vec::len), told["diverged"].as_array().map(Vec::len)),
        (Some(0), Some(0))
    );
    assert_eq!(host.ledger().all().len(), asked, "the box was asked: {}", host.ledger());
    let replayed = Bare::at(&world.desk.path("rec/replayed/sites/desk.git"));
    assert_eq!(replayed.branches(), world.site.branches(), "{output}");
    assert!(replayed.branches().len() > 1, "{output}");
    assert!(told["reports"][0]["energy"].as_i64().is_some_and(|mwh| mwh > 0), "the hours of then are booked: {output}");
}

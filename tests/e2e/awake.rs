//! When a box is awake: its hours, who sits at it, how soon it is let go, and what it draws meanwhile.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::gpu_box::{Asleep, FakeBox};
use crate::harness::ledger::Entry;
use crate::harness::model::FakeModel;
use crate::harness::site::copy_of_site;
use crate::harness::{hugo, skip};
use crate::readiness::{provider, routes, worker};
use crate::world::{Spec, World, number, rows, tasks, unhurt};

const MAC: [u8; 6] = [0x02, 0x42, 0xac, 0x11, 0x00, 0x0b];

fn sleeping_box() -> Option<FakeBox> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    Some(FakeBox::on_free_port(MAC, Asleep::Refuses))
}

/// Everything by one model on the box; `hosted`, where there is one, comes after it.
fn spec(host: &FakeBox, keys: &str, hosted: Option<&FakeModel>) -> Spec {
    let route = if hosted.is_some() { r#"["box", "hosted"]"# } else { r#"["box", "wait"]"# };
    let hosted = hosted.map_or(String::new(), |model| provider("hosted", &model.base_url(), "fake-judge", ""));
    let models = [
        routes([route; 3]),
        worker("box", host, keys),
        provider("box", &host.base_url(), "fake-writer", "box"),
        hosted,
    ];
    Spec { desk: "patience_seconds = 20\n".into(), models: models.concat(), ..Spec::default() }
}

fn billed(host: &FakeBox, task: &str) -> Vec<Entry> {
    host.ledger().of("billed").into_iter().filter(|e| e.detail["task"] == task).collect()
}

#[test]
fn outside_its_hours_a_box_is_not_woken_and_the_wait_has_an_end() {
    let Some(host) = sleeping_box() else { return };
    // The first run is at six in the morning UTC: eight o'clock in Cairo, two hours ahead in November.
    let world = World::new(3, &spec(&host, "hours = \"09:30-10:30\"\ntime_zone = \"Africa/Cairo\"", None));
    // The second run looks at the cause again, and it has the same end.
    for _ in 0..2 {
        let report = world.run_to(75);
        assert_eq!((host.ledger().count("plug"), host.ledger().count("wake")), (0, 0), "{}", host.ledger());
        let cause = &report["causes"][0];
        let message = cause["message"].as_str().unwrap();
        assert!(
            message.contains("outside its hours (09:30-10:30)") && message.contains("2026-11-21T07:30:00Z"),
            "{report}"
        );
        assert!(
            cause["probe_at"].as_str().unwrap().starts_with("2026-11-21T07:30:"),
            "looked at when they begin: {report}"
        );
    }
    // Two hours later it is ten in Cairo.
    world.run_to(0);
    world.proposed();
    assert_eq!(host.ledger().count("wake"), 1, "{}", host.ledger());
    assert!(host.wait_until(false, Duration::from_secs(5)), "{}", host.ledger());
    world.dump();
}

#[test]
fn a_box_that_somebody_uses_is_asked_small_things_only() {
    let Some(host) = sleeping_box() else { return };
    let hosted = FakeModel::start();
    host.press_power_button();
    assert!(host.wait_until(true, Duration::from_secs(5)));
    host.busy(true);
    let world = World::new(4, &spec(&host, "", Some(&hosted)));
    world.run_to(0);
    world.proposed();
    let (by_box, by_hosted) = (tasks(&host.ledger().of("asked")), tasks(&hosted.ledger().of("asked")));
    assert_eq!(by_box.get("triage"), Some(&4), "{by_box:?}");
    assert!(
        !by_box.contains_key("draft") && !by_box.contains_key("judge"),
        "whoever sits there is not disturbed: {by_box:?}"
    );
    assert!(by_hosted.contains_key("draft") && by_hosted.contains_key("judge"), "{by_hosted:?}");
    assert_eq!(host.ledger().count("sleep"), 0, "{}", host.ledger());
    world.dump();
}

#[test]
fn a_box_that_never_wakes_costs_its_timeout_and_one_alert() {
    let Some(host) = sleeping_box() else { return };
    let hosted = FakeModel::start();
    host.dead();
    let heartbeat = Duration::from_secs(2);
    let mut spec = spec(&host, "", Some(&hosted));
    spec.models = spec.models.replace("heartbeat_seconds = 5", "heartbeat_seconds = 2");
    let world = World::new(4, &spec);
    world.run_to(0);
    world.proposed();
    let (plug, asked) = (&host.ledger().of("plug")[0], &hosted.ledger().of("asked")[0]);
    let waited = asked.at - plug.at;
    assert!(waited <= heartbeat + Duration::from_secs(5), "hosted after {waited:?}");
    let dump = world.dump();
    assert_eq!(rows(&dump, "notices").iter().filter(|n| n.contains("the worker box cannot be reached")).count(), 1);
}

#[test]
fn runs_that_follow_each_other_never_switch_a_leased_box_off() {
    let Some(host) = sleeping_box() else { return };
    host.model().delay(Duration::from_millis(150));
    let mut spec = spec(&host, "", None);
    let second = r#"
[[site]]
name = "second"
topics = ["database", "release", "latency", "clusters", "build"]
threshold = 1
max_open = 3
max_lead_age_days = 90
repo = "second.git"
[site.select]
alone = 0
digest_min = 3
digest_max = 7
[site.page]
path = "content/{section}/{slug}/index.md"
author = "The Desk"
body_summary = false
constants = { draft = false }
"#;
    spec.sources = second.to_owned();
    let world = World::new(4, &spec);
    let other = copy_of_site(&world.desk.path("second.git"));
    let mut daemon = world.desk.spawn(&["daemon", "--now", "2026-11-21T06:00:00Z"]);
    assert!(daemon.wait_for("the daemon is at work", Duration::from_secs(30)));
    // The second is asked for while the first is under way.
    world.desk.run(&["run", "--site", "desk", "--now", "2026-11-21T06:00:01Z"]).ok();
    assert!(host.ledger().wait_for("wake", 1, Duration::from_secs(60)), "{}", host.ledger());
    world.desk.run(&["run", "--site", "second", "--now", "2026-11-21T06:00:02Z"]).ok();
    let since = Instant::now();
    while world.proposals().is_empty() || crate::world::proposals(&other).is_empty() {
        assert!(since.elapsed() < Duration::from_secs(150), "{}\n{:?}", host.ledger(), world.states());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(
        host.wait_until(false, Duration::from_secs(33)),
        "asleep within linger and 30 s of the last:\n{}",
        host.ledger()
    );
    let ledger = host.ledger();
    for sleep in ledger.of("sleep") {
        assert_eq!(
            (&sleep.detail["serving"], &sleep.detail["busy"]),
            (&Value::from(0), &Value::from(false)),
            "{ledger}"
        );
        let before = ledger.of("billed").into_iter().filter(|e| e.at < sleep.at).map(|e| e.at).max().unwrap();
        let linger = sleep.at - before;
        assert!(
            linger >= Duration::from_millis(2_900) && linger <= Duration::from_secs(33),
            "{linger:?} after the last:\n{ledger}"
        );
    }
    let output = daemon.kill9();
    unhurt(&output);
}

#[test]
fn a_meter_is_believed_to_the_milliwatt_hour() {
    let Some(host) = sleeping_box() else { return };
    let keys = format!(
        "meter = {{ http = {{ url = \"{}\", method = \"GET\" }}, json_pointer = \"/StatusSNS/ENERGY/Total\", unit = \"kWh\" }}",
        host.meter_url()
    );
    let world = World::new(4, &spec(&host, &keys, None));
    let report = world.run_to(0);
    let readings: Vec<i64> = host.ledger().of("metered").iter().filter_map(|e| e.detail["mwh"].as_i64()).collect();
    let drawn = readings.last().unwrap() - readings.first().unwrap();
    assert_eq!(report["energy"].as_i64(), Some(drawn), "{readings:?}");
    let dump = world.dump();
    let windows = rows(&dump, "worker_windows");
    assert_eq!(windows.len(), 1, "{windows:?}");
    assert!(windows[0].contains("source=meter") && windows[0].contains("woken=1"), "{windows:?}");
    assert_eq!(number(windows[0], "mwh"), drawn);

    // It breaks: the wattage counts, and that is said.
    host.meter_fails();
    world.more_news(4, 4);
    let args = world.args();
    let loud: Vec<&str> = args.iter().map(String::as_str).filter(|a| *a != "--json").collect();
    let output = world.desk.run(&loud).ok();
    assert!(output.stderr.contains("its meter cannot be read (it answers with HTTP 500); its 300 W count"), "{output}");
    let dump = world.dump();
    let windows = rows(&dump, "worker_windows");
    let last = windows.last().unwrap();
    let took = number(last, "until_at") - number(last, "from_at");
    assert!(last.contains("source=watts"), "{windows:?}");
    // Milliwatt-hours at 300 W; the meter's silence before the packets counts the boot, too.
    let (low, high) = (took * 300 / 3600, (took + 2_000) * 300 / 3600 + 1);
    assert!((low..=high).contains(&number(last, "mwh")), "{last}");
    let booked: i64 = rows(&dump, "bookings").iter().map(|row| number(row, "mwh")).sum();
    assert_eq!(booked, windows.iter().map(|row| number(row, "mwh")).sum::<i64>(), "windows and bookings agree");
}

#[test]
fn a_kill_loses_no_watt_hour() {
    let Some(host) = sleeping_box() else { return };
    let world = World::new(4, &spec(&host, "", None));
    host.model().delay(Duration::from_millis(300));
    let args = world.args();
    let running = world.desk.spawn(&args.each_ref().map(String::as_str));
    assert!(host.ledger().wait_for("billed", 3, Duration::from_secs(60)), "{}", host.ledger());
    running.kill9();
    host.model().delay(Duration::ZERO);
    let report = world.run_to(0);
    world.proposed();
    let dump = world.dump();
    let windows = rows(&dump, "worker_windows");
    assert_eq!(windows.len(), 1, "the window goes on: {windows:?}");
    // The second run is an hour later by its clock, and the box was up all that time.
    assert!(number(windows[0], "until_at") - number(windows[0], "from_at") >= 3_590_000, "{windows:?}");
    assert!(report["energy"].as_i64().unwrap() >= 3_590_000 * 300 / 3600, "{report}");
    assert!(!billed(&host, "draft").is_empty());
    assert_eq!(host.ledger().count("wake"), 1, "{}", host.ledger());
    assert!(host.wait_until(false, Duration::from_secs(5)), "still ours to put to sleep: {}", host.ledger());
}

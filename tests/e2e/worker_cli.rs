//! `pipeline worker`: how a box is, and what people do to it by hand.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::desk::{Desk, Output, Running};
use crate::harness::gpu_box::{Asleep, FakeBox};
use crate::harness::{hugo, skip};
use crate::readiness::provider;
use crate::world::{Spec, World, rows, unhurt};

const MAC: [u8; 6] = [0x02, 0x42, 0xac, 0x11, 0x00, 0x19];
const PINNED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk";

fn sleeping_box() -> FakeBox {
    FakeBox::on_free_port(MAC, Asleep::Refuses)
}

/// The worker's table, without `busy` and `sleep`.
fn table(host: &FakeBox) -> String {
    let (health, port) = (host.url("/health"), host.udp_port());
    format!(
        "[[worker]]\nname = \"box\"\nmac = \"02:42:ac:11:00:19\"\nbroadcast = \"127.0.0.1\"\nport = {port}\n\
         heartbeat_url = \"{health}\"\nheartbeat_seconds = 2\npoll_milliseconds = 50\nlinger_seconds = 3\nmin_batch = 1\n\
         keepalive = {{ command = [\"touch\", \"{{root}}/lease\"] }}\n"
    )
}

fn asked(host: &FakeBox) -> String {
    format!("busy = {{ http = {{ url = \"{}\", method = \"GET\" }} }}\n", host.url("/busy"))
}

fn switch(host: &FakeBox) -> String {
    format!("sleep = {{ http = {{ url = \"{}\" }} }}\n", host.url("/sleep"))
}

/// A world whose leads are scored and written up by the box, and by the built-in models where it is gone.
fn world(host: &FakeBox) -> World {
    let route = r#"["box", "builtin"]"#;
    let models = format!(
        "[routes]\ntriage = {route}\ndraft = {route}\njudge = [\"builtin\"]\n{}{}{}[[provider]]\nname = \"box\"\n\
         base_url = \"{}\"\nmodel = \"fake-writer\"\nfamily = \"fake\"\nworker = \"box\"\n",
        table(host),
        asked(host),
        switch(host),
        host.base_url()
    );
    World::new(4, &Spec { desk: "patience_seconds = 20\n".into(), models, ..Spec::default() })
}

/// A world whose run has asked the box, which is slow, so many things: the first two try its model.
fn at_work(host: &FakeBox, asked: usize) -> (World, Running) {
    let world = world(host);
    host.model().delay(Duration::from_millis(1_500));
    let args = world.args();
    let running = world.desk.spawn(&args.each_ref().map(String::as_str));
    assert!(host.ledger().wait_for("asked", asked, Duration::from_secs(30)), "{}", host.ledger());
    (world, running)
}

/// A desk that has a worker and has never run.
fn desk(worker: &str) -> Desk {
    Desk::new(&format!("{worker}[[site]]\nname = \"desk\"\nrepo = \"site.git\"\n"))
}

fn worker(desk: &Desk, words: &[&str]) -> Output {
    desk.run(&[&["worker"], words].concat())
}

fn status(desk: &Desk) -> Value {
    worker(desk, &["status", "--json"]).ok().json()[0].clone()
}

fn no_hugo() -> bool {
    let missing = hugo().is_none();
    if missing {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    missing
}

#[test]
fn a_box_is_woken_looked_at_and_put_to_sleep_by_hand() {
    let host = sleeping_box();
    let desk = desk(&(table(&host) + &asked(&host) + &switch(&host)));
    let before = status(&desk);
    assert_eq!((&before["answers"], &before["held"], &before["state"]), (&false.into(), &"none".into(), &Value::Null));
    assert!(worker(&desk, &["sleep"]).ok().stdout.contains("it sleeps"));

    let woken = worker(&desk, &["wake"]).ok();
    assert!(woken.stdout.starts_with("box answers after") && woken.stderr.contains("packet 1"), "{woken}");
    assert_eq!(host.ledger().tally("packet").get("magic"), Some(&1), "{}", host.ledger());
    assert_eq!(worker(&desk, &["wake", "box", "--json"]).ok().json()["outcome"], "was_awake");
    let now = status(&desk);
    assert_eq!((&now["answers"], &now["busy"]), (&true.into(), &false.into()), "{now}");

    // Somebody sits down at it.
    host.busy(true);
    assert_eq!(status(&desk)["busy"], true);
    for words in [&["sleep"][..], &["sleep", "--force"]] {
        let refused = worker(&desk, words);
        assert_eq!(refused.code, Some(75), "{refused}");
        assert!(refused.stderr.contains("somebody uses it"), "{refused}");
    }
    host.busy(false);
    assert_eq!(host.ledger().count("sleep"), 0, "{}", host.ledger());
    assert_eq!(worker(&desk, &["sleep", "--json"]).ok().json()["outcome"], "put_to_sleep");
    assert!(host.wait_until(false, Duration::from_secs(5)));
}

#[test]
fn a_box_that_cannot_be_asked_is_put_to_sleep_only_when_that_is_insisted_on() {
    let host = sleeping_box();
    host.press_power_button();
    assert!(host.wait_until(true, Duration::from_secs(5)));
    let desk = desk(&(table(&host) + &switch(&host)));
    let refused = worker(&desk, &["sleep"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("--force"), "{refused}");
    assert!(host.is_awake());
    worker(&desk, &["sleep", "--force"]).ok();
    assert!(host.wait_until(false, Duration::from_secs(5)));
    // Without a switch, and with a wrong name.
    desk.configure(&format!("{}[[site]]\nname = \"desk\"\nrepo = \"site.git\"\n", table(&host)));
    for (words, named) in [(&["sleep"][..], "no `sleep`"), (&["wake", "bux"], "no worker `bux`")] {
        let wrong = worker(&desk, words);
        assert_eq!(wrong.code, Some(2), "{wrong}");
        assert!(wrong.stderr.contains(named), "{wrong}");
    }
}

#[test]
fn a_dead_box_is_said_to_be_silent() {
    let host = sleeping_box();
    host.dead();
    let desk = desk(&(table(&host) + &switch(&host)));
    let silent = worker(&desk, &["wake"]);
    assert_eq!(silent.code, Some(1), "{silent}");
    assert!(silent.stderr.contains("does not answer") && silent.stderr.contains("docs/worker.md"), "{silent}");
}

#[test]
fn status_tells_hours_and_the_speed_of_models_or_why_one_is_passed_over() {
    if no_hugo() {
        return;
    }
    let host = sleeping_box();
    host.works(Duration::ZERO, Duration::from_millis(10));
    let route = r#"["box", "builtin"]"#;
    let spec = |hours: &str| Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            "[routes]\ntriage = {route}\ndraft = [\"missing\", \"builtin\"]\njudge = [\"builtin\"]\n{}{hours}{}{}{}{}",
            table(&host),
            asked(&host),
            switch(&host),
            provider("box", &host.base_url(), "fake-writer", "box"),
            provider("missing", &host.base_url(), "absent", "box"),
        ),
        ..Spec::default()
    };
    host.model().only(&["fake-writer"]);
    let world = World::new(3, &spec(""));
    unhurt(&world.run().0);
    // The desk's clock is an hour's run: soon after it the model is passed over still.
    let at = |time: &str| worker(&world.desk, &["status", "--now", time]).ok().stdout;
    let text = at("2026-11-21T06:10:00Z");
    assert!(text.contains("hours: at any hour") && text.contains("  fake-writer: "), "{text}");
    let speed = text.lines().find(|line| line.contains("fake-writer:")).unwrap();
    assert!(speed.contains("tokens a second when it was last good"), "{text}");
    let [unfit] = text.lines().filter(|line| line.contains("passed over now")).collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    assert!(unfit.contains("the model absent on the worker box: ") && unfit.contains("`absent`"), "{text}");
    assert!(!at("2026-11-21T07:10:00Z").contains("passed over"), "half an hour is over");

    world.configure(&spec("hours = \"22:00-07:00\"\n"));
    assert!(at("2026-11-21T06:10:00Z").contains("hours: 22:00-07:00 (UTC); it may be used now"));
    let closed = at("2026-11-21T07:10:00Z");
    assert!(closed.contains("22:00-07:00 (UTC); it may be used from 2026-11-21 22:00 on"), "{closed}");
    let json = worker(&world.desk, &["status", "--json", "--now", "2026-11-21T07:10:00Z"]).ok().json();
    assert_eq!(
        (&json[0]["hours"]["open"], &json[0]["models"][0]["model"]),
        (&json!(false), &json!("absent")),
        "{json}"
    );
    let rate = json[0]["models"][1]["last_rate"].as_u64().unwrap();
    assert!((10_000..200_000).contains(&rate), "32 tokens of 10 ms each: {json}");
}

#[test]
fn a_box_woken_by_hand_is_left_awake_by_the_next_run() {
    if no_hugo() {
        return;
    }
    let host = sleeping_box();
    let world = world(&host);
    worker(&world.desk, &["wake"]).ok();
    world.run_to(0);
    world.proposed();
    assert_eq!(host.ledger().count("sleep"), 0, "{}", host.ledger());
    assert!(!world.desk.path("lease").exists(), "a box that is not ours to put to sleep is not guarded either");
    let after = worker(&world.desk, &["status", "--json", "--now", "2026-11-21T20:00:00Z"]).ok().json()[0].clone();
    assert_eq!((&after["state"], &after["held"]), (&"Asleep".into(), &"none".into()), "{after}");
    let [window] = after["windows_today"].as_array().unwrap().as_slice() else { panic!("{after}") };
    assert_eq!((&window["woken"], &window["source"]), (&false.into(), &"watts".into()), "{after}");
    assert_eq!(after["energy_today_mwh"], window["energy"], "{after}");
    let [from, until] = ["from", "until"].map(|end| window[end].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    assert_eq!(after["awake_today_ms"], i64::try_from(until.duration_since(from).as_millis()).unwrap(), "{after}");
    let tomorrow = worker(&world.desk, &["status", "--json", "--now", "2026-11-22T06:00:00Z"]).ok().json()[0].clone();
    assert_eq!((&tomorrow["windows_today"], &tomorrow["awake_today_ms"]), (&json!([]), &json!(0)), "{tomorrow}");
    worker(&world.desk, &["sleep"]).ok();
    assert!(host.wait_until(false, Duration::from_secs(5)));
    world.dump();
}

#[test]
fn a_box_at_work_stays_awake_unless_forced_and_then_the_work_goes_on_elsewhere() {
    if no_hugo() {
        return;
    }
    let host = sleeping_box();
    let (world, running) = at_work(&host, 1);
    let loading = status(&world.desk);
    assert_eq!((&loading["state"], &loading["held"]), (&"Readying".into(), &"woken".into()), "{loading}");
    assert_eq!(loading["model"], "fake-writer", "{loading}");
    let refused = worker(&world.desk, &["sleep"]);
    assert_eq!(refused.code, Some(75), "{refused}");
    assert!(refused.stderr.contains("is loading fake-writer there"), "{refused}");
    // After the two calls of its trial the work begins.
    assert!(host.ledger().wait_for("asked", 3, Duration::from_secs(30)), "{}", host.ledger());
    let at_work = status(&world.desk);
    assert_eq!((&at_work["state"], &at_work["held"]), (&"Awake".into(), &"woken".into()), "{at_work}");
    assert!(!at_work["leases"].as_array().unwrap().is_empty(), "{at_work}");
    let refused = worker(&world.desk, &["sleep"]);
    assert_eq!(refused.code, Some(75), "{refused}");
    assert!(refused.stderr.contains("work is being done there"), "{refused}");
    assert_eq!(host.ledger().count("sleep"), 0);
    assert!(world.desk.path("lease").exists(), "the box is told that it is wanted");

    host.dead();
    worker(&world.desk, &["sleep", "--force"]).ok();
    assert!(host.wait_until(false, Duration::from_secs(10)), "{}", host.ledger());
    let output = running.wait().ok();
    unhurt(&output);
    world.proposed();
    assert!(host.ledger().repeated("billed").is_empty(), "{}", host.ledger());
    world.dump();
}

#[test]
fn a_box_that_a_killed_run_left_awake_is_put_to_sleep_by_hand() {
    if no_hugo() {
        return;
    }
    let host = sleeping_box();
    let (world, running) = at_work(&host, 3);
    running.kill9();
    assert_eq!(status(&world.desk)["held"], "woken");
    let packets = host.ledger().count("packet");
    worker(&world.desk, &["sleep"]).ok();
    assert!(host.wait_until(false, Duration::from_secs(10)), "{}", host.ledger());
    assert_eq!((host.ledger().count("sleep"), host.ledger().count("packet")), (1, packets), "{}", host.ledger());
    let dump = world.dump();
    assert!(rows(&dump, "bookings").iter().any(|row| row.contains("energy")), "{:?}", rows(&dump, "bookings"));
    assert_eq!(status(&world.desk)["state"], "Asleep");
    // The work waits, and the next run wakes the box for it.
    host.model().delay(Duration::ZERO);
    world.run_to(0);
    world.proposed();
    world.dump();
}

#[test]
fn a_box_that_a_killed_run_left_at_the_trial_of_a_model_is_put_to_sleep_by_force() {
    if no_hugo() {
        return;
    }
    let host = sleeping_box();
    let (world, running) = at_work(&host, 1);
    running.kill9();
    let loading = status(&world.desk);
    assert_eq!((&loading["state"], &loading["held"]), (&"Readying".into(), &"woken".into()), "{loading}");
    assert_eq!(worker(&world.desk, &["sleep"]).code, Some(75));
    assert!(host.is_awake(), "{}", host.ledger());
    worker(&world.desk, &["sleep", "--force"]).ok();
    assert!(host.wait_until(false, Duration::from_secs(10)), "{}", host.ledger());
    // The next run finds it gone, and the work is done elsewhere or by the box.
    host.model().delay(Duration::ZERO);
    let (output, _) = world.run();
    unhurt(&output);
    world.proposed();
    world.dump();
}

#[test]
fn ssh_is_given_fixed_arguments_and_nothing_when_a_value_is_not_plain() {
    let host = sleeping_box();
    host.press_power_button();
    assert!(host.wait_until(true, Duration::from_secs(5)));
    let configured = |target: &str, key: &str| {
        format!(
            "{}{}sleep = {{ ssh = {{ host = \"{target}\", user = \"pipeline\", identity = \"/etc/key\", known_host = \"{key}\", \
             command = \"suspend\" }} }}\n[[site]]\nname = \"desk\"\nrepo = \"site.git\"\n",
            table(&host),
            asked(&host)
        )
    };
    let desk = desk(&table(&host));
    let path = format!("{}:{}", desk.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let desk = desk.with_env("PATH", path).with_env("HOSTED_KEY", "canary-of-a-key");
    desk.write("bin/ssh", &format!("#!/bin/sh\n(printf '%s\\n' \"$@\"; env) >>{}\n", desk.path("spawned").display()));
    std::fs::set_permissions(desk.path("bin/ssh"), std::fs::Permissions::from_mode(0o755)).unwrap();

    for (target, key) in [
        ("-oProxyCommand=touch spawned", PINNED),
        ("box;touch spawned", PINNED),
        ("box\\nProxyCommand touch spawned", PINNED),
        ("box", ""),
        ("box", "ssh-ed25519 AAAA"),
    ] {
        desk.configure(&configured(target, key));
        let refused = worker(&desk, &["sleep"]);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains("worker `box`: `sleep`: `"), "{refused}");
    }
    assert_eq!(desk.read("spawned"), None);

    desk.configure(&configured("box.lan", PINNED));
    worker(&desk, &["sleep"]).ok();
    let spawned = desk.read("spawned").expect("the box was told");
    assert!(
        spawned.starts_with("-F\n/dev/null\n") && spawned.contains("\n-l\npipeline\n--\nbox.lan\nsuspend\n"),
        "{spawned}"
    );
    assert!(
        spawned.contains("\nStrictHostKeyChecking=yes\n") && spawned.contains("\nProxyCommand=none\n"),
        "{spawned}"
    );
    assert!(!spawned.contains("canary"), "no key of ours goes along:\n{spawned}");
}

//! Money: what is told of it is what was billed, to the nano-dollar and the milliwatt-hour, and no estimate is below it.

use std::time::Duration;

use serde_json::Value;

use crate::harness::gpu_box::FakeBox;
use crate::harness::model::{FakeModel, Fault, Task};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, number, rows, unhurt};

/// What the fake bills: 0.15 and 0.60 dollars for a million tokens.
const PRICES: &str = "price_in = 0.15\nprice_out = 0.6\n";
const MAC: [u8; 6] = [0x02, 0x42, 0xac, 0x11, 0x00, 0x0a];

fn spec(model: &FakeModel, caps: &str) -> Spec {
    let base = model.base_url();
    Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            r#"
[caps]
{caps}
[routes]
triage = ["hosted"]
draft = ["hosted"]
judge = ["hosted"]
[[provider]]
name = "hosted"
base_url = "{base}"
model = "fake-writer"
{PRICES}"#
        ),
        ..Spec::default()
    }
}

fn world(leads: u64, caps: &str) -> Option<(World, FakeModel)> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    let model = FakeModel::start();
    let world = World::new(leads, &spec(&model, caps));
    Some((world, model))
}

/// What `pipeline cost` tells of the day on which worlds live, or of another one.
fn cost(world: &World, by: &str, day: &str) -> Value {
    let output = world.desk.run(&["cost", "--json", "--by", by, "--since", day, "--until", day]).ok();
    unhurt(&output);
    output.json()
}

const TODAY: &str = "2026-11-21";

fn sum(lines: &Value, member: &str) -> i64 {
    lines.as_array().unwrap().iter().map(|line| line.pointer(member).and_then(Value::as_i64).unwrap()).sum()
}

fn estimate(world: &World) -> Value {
    let output = world.desk.run(&["run", "--estimate", "--json", "--now", "2026-11-21T06:30:00Z"]).ok();
    unhurt(&output);
    output.json()
}

#[test]
fn what_is_told_is_what_was_billed_whatever_it_is_told_by() {
    let Some((world, model)) = world(4, "run_usd = 1.0") else { return };
    // A bill without an answer counts as well.
    model.next_of(Task::Triage, 1, Fault::Garbage);
    let report = world.run_to(0);
    world.proposed();
    let billed = model.ledger().of("billed");
    let tokens = |member: &str| billed.iter().map(|e| e.detail[member].as_i64().unwrap()).sum::<i64>();
    let bill = i64::try_from(model.bill()).unwrap();
    assert!(bill > 0 && billed.len() >= 7, "{}", model.ledger());

    for by in ["day", "article", "task", "model"] {
        let told = cost(&world, by, TODAY);
        let (total, lines) = (&told["total"], &told["lines"]);
        assert_eq!(total["nano_usd"], bill, "{by}: {told}");
        assert_eq!(total["calls"], billed.len(), "{by}: {told}");
        assert_eq!(total["tokens"]["input"], tokens("prompt_tokens"), "{by}: {told}");
        assert_eq!(total["tokens"]["output"], tokens("completion_tokens"), "{by}: {told}");
        for member in ["/nano_usd", "/calls", "/tokens/input", "/tokens/output", "/mwh", "/electricity"] {
            assert_eq!(
                Some(sum(lines, member)),
                total.pointer(member).and_then(Value::as_i64),
                "{by} {member}: {told}"
            );
        }
    }
    assert_eq!(cost(&world, "day", "2026-11-20")["total"]["calls"], 0, "the day before");
    let by_task = cost(&world, "task", TODAY);
    let named: Vec<&str> = by_task["lines"].as_array().unwrap().iter().map(|l| l["what"].as_str().unwrap()).collect();
    assert_eq!(named, ["draft", "judge", "triage"]);
    assert_eq!(by_task["naive"]["leads"], 4);
    assert!(by_task["naive"]["nano_usd"].as_i64().unwrap() > bill, "3 and 15 dollars are more than 0.15 and 0.6");

    // The report, the status, the bookings and the terms of each call say the same.
    assert_eq!(report["cost"], bill);
    let status = world.desk.run(&["status", "--json", "--now", "2026-11-21T07:00:00Z"]).ok().json();
    assert_eq!((&status["cost_24h"], &status["cost_30d"]), (&Value::from(bill), &Value::from(bill)));
    let dump = world.dump();
    assert_eq!(rows(&dump, "bookings").iter().map(|row| number(row, "nano_usd")).sum::<i64>(), bill);
    for row in rows(&dump, "model_calls") {
        assert!(row.contains(" tier=hosted "), "{row}");
        assert_eq!((number(row, "price_in"), number(row, "price_out")), (150_000_000, 600_000_000), "{row}");
    }
    let shown = world.desk.run(&["cost", "--since", TODAY, "--until", TODAY]).ok().stdout;
    assert!(shown.contains("2026-11-21") && shown.contains("The naive way"), "{shown}");
}

#[test]
fn what_a_hosted_model_had_in_its_cache_is_booked_at_the_price_of_the_cache() {
    let Some((world, model)) = world(6, "run_usd = 1.0") else { return };
    model.bills_like_hosted(15);
    let plain = spec(&model, "run_usd = 1.0");
    let cheaper = plain.models.replace("price_in = 0.15\n", "price_in = 0.15\nprice_cached = 0.015\n");
    world.configure(&Spec { models: cheaper, ..plain });
    // A draft that cannot be used is asked for again, with the same rules and sources before it.
    model.next_of(Task::Draft, 1, Fault::Garbage);
    let report = world.run_to(0);
    world.proposed();
    let billed = model.ledger().of("billed");
    let sum = |member: &str| billed.iter().map(|e| e.detail[member].as_i64().unwrap()).sum::<i64>();
    let (cached, bill) = (sum("cache_read"), i64::try_from(model.bill()).unwrap());
    assert!(cached >= 1_024, "{}", model.ledger());
    let total = &cost(&world, "day", TODAY)["total"];
    assert_eq!((&total["tokens"]["cached"], &total["nano_usd"]), (&cached.into(), &bill.into()), "{total}");
    assert_eq!(bill, 150 * (sum("prompt_tokens") - cached) + 15 * cached + 600 * sum("completion_tokens"));
    assert_eq!(report["cost"], bill);
    let shown = world.desk.run(&["cost", "--since", TODAY, "--until", TODAY]).ok().stdout;
    assert!(shown.contains("came from a provider's cache"), "{shown}");
}

#[test]
fn answers_are_told_by_the_tier_that_gave_them() {
    let Some((world, model)) = world(3, "run_usd = 1.0") else { return };
    let plain = spec(&model, "run_usd = 1.0");
    let built_in = plain.models.replace("judge = [\"hosted\"]", "judge = [\"builtin\"]");
    world.configure(&Spec { models: built_in, ..plain });
    world.run_to(0);
    world.proposed();
    let counts = |told: &Value| -> Vec<(String, String, i64)> {
        let text = |count: &Value, member: &str| count[member].as_str().unwrap().to_owned();
        let all = told.as_array().unwrap().iter().filter(|c| c["answers"] != 0);
        all.map(|c| (text(c, "task"), text(c, "tier"), c["answers"].as_i64().unwrap())).collect()
    };
    let row = |task: &str, tier: &str, n| (task.to_owned(), tier.to_owned(), n);
    let expected = [row("draft", "hosted", 1), row("judge", "builtin", 1), row("triage", "hosted", 3)];
    assert_eq!(counts(&cost(&world, "day", TODAY)["answers"]), expected);
    assert_eq!(counts(&cost(&world, "day", "2026-11-20")["answers"]), []);
    assert_eq!(counts(&cost(&world, "day", "2026-11-22")["answers"]), []);
    let status = world.desk.run(&["status", "--json", "--now", "2026-11-21T07:00:00Z"]).ok().json();
    assert_eq!(
        (counts(&status["answers_24h"]), counts(&status["answers_30d"])),
        (expected.to_vec(), expected.to_vec())
    );
    let text = world.desk.run(&["status", "--now", "2026-11-21T07:00:00Z"]).ok().stdout;
    assert!(text.contains("Answers in 24 hours: 4 hosted, 1 built-in\n"), "{text}");
    let digest = world.desk.run(&["articles", "--json", "--state", "Proposed"]).ok().json()[0]["id"].clone();
    let shown = world.desk.run(&["show", digest.as_str().unwrap()]).ok().stdout;
    assert!(shown.contains("Answers: 1 draft hosted, 1 judge builtin\n"), "{shown}");
}

#[test]
fn a_price_that_changes_says_nothing_about_the_past() {
    let Some((world, model)) = world(4, "run_usd = 1.0") else { return };
    world.run_to(0);
    let bill = i64::try_from(model.bill()).unwrap();
    let dearer = spec(&model, "run_usd = 1.0");
    world.configure(&Spec { models: dearer.models.replace("price_in = 0.15", "price_in = 15.0"), ..dearer });
    assert_eq!(cost(&world, "model", TODAY)["total"]["nano_usd"], bill);
}

#[test]
fn a_run_costs_no_more_than_was_estimated() {
    let Some((world, model)) = world(5, "run_usd = 5.0\nday_usd = 5.0") else { return };
    let before = estimate(&world);
    assert!(!world.desk.path("var/pipeline.db").exists(), "an estimate leaves nothing behind");
    assert_eq!((model.ledger().all().len(), world.web.ledger().all().len()), (0, 0), "and asks nobody");
    assert_eq!(before["from_runs"], 0);
    let first = world.run_to(0)["cost"].as_i64().unwrap();
    let told = |estimate: &Value, member: &str| estimate[member].as_i64().unwrap();
    assert!(first > 0 && told(&before, "most") >= first, "{first} was spent: {before}");
    assert!(told(&before, "likely") >= first, "{first} was spent: {before}");

    // Now it is known how runs go here, and what calls take.
    world.more_news(100, 5);
    let asked = model.ledger().all().len();
    let again = estimate(&world);
    assert_eq!(again["from_runs"], 1);
    let second = world.run_to(0)["cost"].as_i64().unwrap();
    assert!(model.ledger().all().len() > asked && second > 0, "{}", model.ledger());
    assert!(told(&again, "likely") >= second, "{second} was spent: {again}");
    assert!(told(&again, "most") >= told(&again, "likely"), "{again}");
    let spent = again["room"].as_array().unwrap().iter().find(|r| r["what"] == "day").unwrap()["spent"].clone();
    assert_eq!(spent, first, "the day's cap has room for the rest");
    assert!(told(&again, "likely") < told(&before, "likely"), "what is known beats what is guessed: {again}");
}

#[test]
fn an_estimate_and_the_first_line_of_a_run_stay_within_the_caps() {
    let Some((world, _model)) = world(4, "run_usd = 0.5\nday_usd = 0.02") else { return };
    let told = estimate(&world);
    assert_eq!(told["most"], 20_000_000, "{told}");
    let args = world.args();
    let loud: Vec<&str> = args.iter().map(String::as_str).filter(|a| *a != "--json").collect();
    let output = world.desk.run(&loud);
    unhurt(&output);
    assert!(output.stderr.contains("at most $0.02 (hosted)"), "{output}");
    let text = world.desk.run(&["run", "--estimate", "--now", "2026-11-21T06:30:00Z"]).ok().stdout;
    assert!(text.contains("for the day") && text.contains("Nothing was asked"), "{text}");
}

#[test]
fn a_hosted_model_whose_price_nobody_knows_is_refused_until_it_is_said() {
    let model = FakeModel::start();
    let world = World::new(1, &Spec::default());
    let hosted = |more: &str| {
        let models =
            spec(&model, "").models.replace(&model.base_url(), "https://models.example/v1").replace(PRICES, more);
        world.configure(&Spec { models, ..Spec::default() });
        world.desk.run(&["config", "show"])
    };
    let refused = hosted("");
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("no price is known of `fake-writer` at models.example"), "{refused}");
    assert!(refused.stderr.contains("next: give `price_in`"), "{refused}");
    hosted(PRICES).ok();
    hosted("price_in = 0\n").ok();
    let list = "[[vendor]]\nname = \"ours\"\nhosts = [\"models.example\"]\nmodels = [{ model = \"fake-writer\", in = 1.0, out = 2.0 }]\n";
    std::fs::write(world.desk.path("prices.toml"), list).unwrap();
    hosted("[money]\nprices = \"prices.toml\"\n").ok();
    let missing = hosted("[money]\nprices = \"nowhere.toml\"\n");
    assert_eq!(missing.code, Some(2), "{missing}");
    assert!(missing.stderr.contains("nowhere.toml"), "{missing}");
}

#[test]
fn watt_hours_fall_to_the_articles_that_the_box_worked_for_and_add_up() {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return;
    }
    let host = match FakeBox::start(MAC) {
        Ok(host) => host,
        Err(why) => {
            skip(&why);
            return;
        }
    };
    host.boot_ms(300);
    host.model().delay(Duration::from_millis(150));
    let (health, sleep, base) = (host.url("/health"), host.url("/sleep"), host.base_url());
    let spec = Spec {
        desk: "patience_seconds = 20\n".into(),
        models: format!(
            r#"
[money]
currency = "EUR"
kwh_price = 0.4
box_price = 1460
[routes]
triage = ["box"]
draft = ["box"]
judge = ["box"]
[[worker]]
name = "box"
mac = "02:42:ac:11:00:0a"
broadcast = "127.0.0.1"
heartbeat_url = "{health}"
heartbeat_seconds = 5
poll_milliseconds = 50
linger_seconds = 2
watts_awake = 36000
min_batch = 3
sleep = {{ http = {{ url = "{sleep}" }} }}
[[provider]]
name = "box"
base_url = "{base}"
model = "fake-writer"
worker = "box"
"#
        ),
        ..Spec::default()
    };
    let world = World::new(4, &spec);
    let foretold = estimate(&world);
    assert!(foretold["awake"][0]["mwh"].as_i64().unwrap() > 0 && foretold["most"] == 0, "{foretold}");
    let report = world.run_to(0);
    world.proposed();
    let drawn = report["energy"].as_i64().unwrap();
    let dump = world.dump();
    let booked: Vec<&str> = rows(&dump, "bookings").into_iter().filter(|row| row.contains(" kind=energy ")).collect();
    assert_eq!(booked.iter().map(|row| number(row, "mwh")).sum::<i64>(), drawn);
    for by in ["day", "article", "task", "model"] {
        let told = cost(&world, by, TODAY);
        assert_eq!((sum(&told["lines"], "/mwh"), told["total"]["mwh"].as_i64()), (drawn, Some(drawn)), "{by}: {told}");
        // 36,000 W make 10 milliwatt-hours a millisecond; at 0.40 a kilowatt-hour a milliwatt-hour costs 400 billionths.
        assert_eq!(told["total"]["electricity"], drawn * 400, "{by}: {told}");
        assert_eq!(told["total"]["nano_usd"], 0, "{by}: {told}");
    }
    let told = cost(&world, "article", TODAY);
    let lines = told["lines"].as_array().unwrap();
    let caused: Vec<&Value> = lines.iter().filter(|line| line["what"] != "").collect();
    assert_eq!(caused.len(), 5, "four leads and their digest: {told}");
    assert!(caused.iter().all(|line| line["mwh"].as_i64().unwrap() > 0), "{told}");
    let nobody = lines.iter().find(|line| line["what"] == "").unwrap_or_else(|| panic!("{told}"));
    assert!(nobody["mwh"].as_i64().unwrap() > 0, "the linger is nobody's: {told}");
    // Each call took 150 ms at the least.
    assert!(told["local_milliseconds"].as_i64().unwrap() >= 6 * 150, "{told}");
    assert_eq!(told["own_or_rent"]["own_per_day"], 1_000_000_000, "{told}");
}

//! Questions that can wait go by the provider's batch interface: half the price, asked once, found again after every death.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::desk::{Desk, Output, killable};
use crate::harness::model::Fault;
use crate::harness::model::batch::BatchFault;
use crate::harness::web::FakeWeb;
use crate::harness::{hugo, skip};
use crate::kills::world::{LATER, NOW, Options, World, feed};

/// A desk that asks these tasks by batches; `desk` are further keys of `[desk]`.
fn world(web: &FakeWeb, binary: PathBuf, tasks: &str, desk: &str) -> World {
    let world = World::new(web, &binary, Options { at_once: 4, ..Options::default() });
    let toml = world.desk.read("pipeline.toml").expect("it is configured");
    let toml = toml.replace("price_out = 0.60", &format!("price_out = 0.60\nbatch = {tasks}\nbatch_poll_seconds = 1"));
    world.desk.configure(&toml.replace("host_gap_ms = 0", &format!("host_gap_ms = 0\n{desk}")));
    world.living()
}

fn triage(leads: u64, seed: u64) -> (FakeWeb, World) {
    let web = feed(seed, leads);
    let world = world(&web, Desk::program(), r#"["triage"]"#, "");
    (web, world)
}

fn score(world: &World, now: &str) -> Output {
    world.desk.run(&["run", "--json", "--now", now, "--until", "scoring"])
}

/// Each question was billed once, and what is booked is what was billed.
fn assert_paid_once(world: &World, questions: usize, what: &str) {
    let (ledger, books) = (world.model.ledger(), world.books());
    assert_eq!(ledger.tally("billed").len(), questions, "{what}\n{ledger}");
    assert_eq!(ledger.count("billed"), questions, "{what}: billed twice\n{ledger}");
    assert_eq!(books.with_status("accepted"), questions, "{what}: {books:?}");
    assert_eq!(books.with_status("started"), 0, "{what}: {books:?}");
    let bill = i64::try_from(world.model.bill()).expect("a bill of a test fits");
    assert_eq!(books.booked, bill, "{what}: {books:?}\n{ledger}");
    assert!(books.stuck.is_empty() && books.causes.is_empty(), "{what}: {books:?}");
}

fn by_batch(world: &World) -> usize {
    world.model.ledger().of("asked").iter().filter(|asked| asked.detail["batch"] == true).count()
}

#[test]
fn what_can_wait_is_asked_together_at_half_the_price_and_nothing_is_left_there() {
    let (_web, world) = triage(4, 700);
    world.model.batches_take(1);
    let report = score(&world, NOW).ok().json();
    assert_paid_once(&world, 4, "by a batch");
    let ledger = world.model.ledger();
    assert_eq!((ledger.count("batch"), ledger.count("looked"), by_batch(&world)), (1, 2, 4), "{ledger}");
    assert!(ledger.of("asked").iter().all(|asked| asked.detail["stream"] != true), "{ledger}");
    assert_eq!(world.model.files(), Vec::<String>::new(), "its files are deleted");
    // An answer that was waited for is one answer, not a second use of it.
    let tiers: Vec<&str> =
        report["answers"].as_array().expect("answers").iter().filter_map(|a| a["tier"].as_str()).collect();
    assert_eq!(tiers, ["hosted"], "{}", report["answers"]);
    // Directly they cost twice as much.
    let web = feed(700, 4);
    let direct = self::world(&web, Desk::program(), "[]", "");
    score(&direct, NOW).ok();
    assert_eq!(by_batch(&direct), 0);
    assert!(direct.books().booked > world.books().booked * 3 / 2, "{:?} {:?}", direct.books(), world.books());
}

#[test]
fn an_article_goes_its_whole_way_by_batches() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let web = feed(710, 3);
    let world = world(&web, Desk::program(), r#"["triage", "draft", "revise", "judge"]"#, "");
    world.desk.run(&["run", "--now", NOW]).ok();
    let ledger = world.model.ledger();
    let books = world.books();
    assert!(books.stuck.is_empty() && books.causes.is_empty() && books.unfinished.is_empty(), "{books:?}");
    assert_eq!(world.proposed().len(), 1, "{ledger}");
    // Three leads, a draft, the judge's first sample; what goes on from an answer has waited enough.
    let tasks: Vec<Value> =
        ledger.of("asked").iter().filter(|a| a.detail["batch"] == true).map(|a| a.detail["task"].clone()).collect();
    assert_eq!(tasks, ["triage", "triage", "triage", "draft", "judge"], "{ledger}");
    let bill = i64::try_from(world.model.bill()).expect("a bill of a test fits");
    assert_eq!((books.booked, books.unknown()), (bill, 0), "{books:?}");
}

#[test]
fn replies_that_are_lost_make_no_second_batch() {
    let (_web, world) = triage(3, 720);
    world.model.next_batch(BatchFault::DropUpload);
    world.model.next_batch(BatchFault::DropCreate);
    world.model.next_batch(BatchFault::FailLook);
    score(&world, NOW).ok();
    assert_paid_once(&world, 3, "lost replies");
    let ledger = world.model.ledger();
    assert_eq!((ledger.count("uploaded"), ledger.count("batch")), (1, 1), "{ledger}");
    assert_eq!(world.model.files(), Vec::<String>::new());
}

#[test]
fn what_a_batch_did_not_answer_is_asked_directly() {
    for (fault, batched, of) in [
        (Some(BatchFault::Expire(1)), 1, "it expired"),
        (Some(BatchFault::Invalid), 0, "it was refused"),
        (None, 3, "one question failed"),
    ] {
        let (_web, world) = triage(3, 730);
        match fault {
            Some(fault) => world.model.next_batch(fault),
            None => world.model.next(1, Fault::Status(429)),
        }
        score(&world, NOW).ok();
        assert_paid_once(&world, 3, of);
        assert_eq!(by_batch(&world), batched, "{of}\n{}", world.model.ledger());
        assert_eq!(world.model.ledger().count("batch"), 1, "{of}");
        assert_eq!(world.books().with_status("unknown"), 0, "{of}: {:?}", world.books());
    }
}

#[test]
fn a_batch_outlives_runs_and_days() {
    let web = feed(740, 3);
    let world = world(&web, Desk::program(), r#"["triage"]"#, "patience_seconds = 1");
    world.model.batches_take(3);
    let first = score(&world, NOW);
    assert_eq!(first.code, Some(75), "{first}");
    assert!(first.json()["causes"].to_string().contains("batch: writer"), "{first}");
    // Its questions stay reserved, and are nobody's loss.
    let books = world.books();
    assert_eq!((books.with_status("started"), books.unknown(), books.booked), (3, 0, 0), "{books:?}");
    let status = world.desk.run(&["status"]).ok();
    assert!(status.stdout.contains("3 questions wait in a batch at writer since"), "{status}");
    let later = |day: u32| format!("2026-11-{day}T06:05:00Z");
    let ended = (22..28).find(|day| score(&world, &later(*day)).code == Some(0));
    assert!(ended.is_some_and(|day| day > 22), "{ended:?}");
    assert_paid_once(&world, 3, "the next day");
    assert_eq!(world.model.ledger().count("batch"), 1);
}

/// A question that waits in a batch takes its room from the caps, for as long as it waits.
#[test]
fn what_waits_in_a_batch_is_reserved_against_the_caps() {
    let web = feed(750, 4);
    let world = world(&web, Desk::program(), r#"["triage"]"#, "patience_seconds = 1");
    world.model.batches_take(1_000);
    let toml = world.desk.read("pipeline.toml").expect("it is configured");
    score(&world, NOW);
    let reserved: Vec<i64> = world.books().calls.values().flatten().map(|call| call.reserved).collect();
    assert_eq!(reserved.len(), 4, "{:?}", world.books());

    let web = feed(750, 4);
    let poor = self::world(&web, Desk::program(), r#"["triage"]"#, "patience_seconds = 1");
    poor.model.batches_take(1_000);
    let most: i64 = reserved.iter().sum::<i64>() - reserved.iter().min().expect("there are four") / 2;
    assert!(toml.contains("run_usd = 50.0"));
    let toml = poor.desk.read("pipeline.toml").expect("it is configured");
    let cap = format!("run_usd = {}.{:09}", most / 1_000_000_000, most % 1_000_000_000);
    poor.desk.configure(&toml.replace("run_usd = 50.0", &cap));
    score(&poor, NOW);
    let books = poor.books();
    let total: i64 = books.calls.values().flatten().map(|call| call.reserved).sum();
    assert!(total <= most && books.with_status("started") == 3, "{most}: {books:?}");
}

/// Dies at each commit, in turns before and after it: before the odd ones, or the even ones.
fn dies_everywhere(before: usize) {
    let Some(binary) = killable() else {
        return skip("examples/killable was not built (cargo build --example killable)");
    };
    let web = feed(760, 2);
    let (next, deaths, ended) = (AtomicUsize::new(1), AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n > ended.load(Ordering::SeqCst) {
                        return;
                    }
                    let kind = if n % 2 == before { "commit" } else { "committed" };
                    let point = format!("{kind}:{n}");
                    let dying = world(&web, binary.clone(), r#"["triage"]"#, "").dying_at(&point);
                    let first = score(&dying, NOW);
                    if first.code == Some(0) {
                        ended.fetch_min(n, Ordering::SeqCst);
                        return;
                    }
                    assert_eq!(first.signal, Some(9), "{point}: {first}");
                    deaths.fetch_add(1, Ordering::SeqCst);
                    let living = dying.living();
                    score(&living, LATER).ok();
                    assert_paid_once(&living, 2, &point);
                    let ledger = living.model.ledger();
                    // Two questions that were queued apart from each other may go by two batches.
                    assert!(ledger.count("uploaded") == ledger.count("batch"), "{point}\n{ledger}");
                    assert_eq!(by_batch(&living), 2, "{point}\n{ledger}");
                    assert_eq!(living.model.files(), Vec::<String>::new(), "{point}");
                }
            });
        }
    });
    assert!(deaths.load(Ordering::SeqCst) >= 15, "it died {} times only", deaths.load(Ordering::SeqCst));
}

#[test]
fn death_at_every_commit_of_a_batch_pays_once_and_loses_nothing() {
    dies_everywhere(1);
}

#[test]
#[ignore = "long: the other side of every commit"]
fn death_at_the_other_side_of_every_commit_of_a_batch_changes_nothing() {
    dies_everywhere(0);
}

#[test]
fn a_run_with_batches_is_replayed_without_asking_anybody() {
    let (_web, world) = triage(3, 770);
    world.model.batches_take(1);
    world.desk.run(&["run", "--json", "--now", NOW, "--until", "scoring", "--record", "tape"]).ok();
    let (asked, looked) = (world.model.ledger().count("asked"), world.model.ledger().count("looked"));
    let replayed = world.desk.run(&["run", "--replay", "tape", "--into", "again", "--json"]).ok();
    let said: Value = replayed.json();
    assert_eq!(said["missed"], serde_json::json!([]), "{replayed}");
    assert_eq!(said["diverged"], serde_json::json!([]), "{replayed}");
    let ledger = world.model.ledger();
    assert_eq!((ledger.count("asked"), ledger.count("looked")), (asked, looked), "{ledger}");
}

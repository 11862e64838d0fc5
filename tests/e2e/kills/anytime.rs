//! Death at any time: dozens of kills, some tenths of a second apart, over a feed of many leads.

use std::time::{Duration, Instant};

use crate::harness::desk::Desk;
use crate::harness::invent::Numbers;
use crate::harness::{hugo, skip};

use super::world::{Options, World, feed};

/// Runs and kills `kills` times, then runs to the end.
fn hunted(seed: u64, leads: u64, kills: usize) {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let mut numbers = Numbers::of(seed);
    let web = feed(1_000 + seed * 100, leads);
    let options = Options { alone: 3, max_open: 12, at_once: 3 };
    let mut world = World::new(&web, &Desk::program(), options);
    // Slow enough that calls are in flight when it dies.
    world.model.delay(Duration::from_millis(40));
    world.desk = world.desk.with_limit(Duration::from_secs(110));
    let (mut died, mut ended) = (0, 0);
    // A run that ended by itself is not a death; the next one finds nothing new, and selects from what is left.
    while died < kills && ended < kills {
        let mut running = world.desk.spawn(&["run"]);
        let end = Instant::now() + Duration::from_millis(numbers.between(50, 500));
        while Instant::now() < end && running.is_running() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let output = running.kill9();
        match (output.signal, output.code) {
            (Some(9), _) => died += 1,
            (None, Some(0 | 3)) => ended += 1,
            _ => panic!("seed {seed}: {output}"),
        }
    }
    let mut output = world.desk.run(&["run"]);
    let what = format!("seed {seed}, {died} kills");
    // What was under way at eight deaths may be what kills the program: it waits for a person, who sends it back.
    let parked = world.desk.run(&["articles", "--state", "Parked", "--json"]).ok().json();
    let parked = parked.as_array().expect("articles are listed");
    // The last three of those deaths were its alone, so no machine, however slow, parks more than a third of them.
    assert!(parked.len() * 3 <= died, "{what}: {parked:#?}");
    for article in parked {
        let reason = article["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("the program died 8 times while"), "{what}: {reason}");
        world.desk.run(&["retry", article["id"].as_str().expect("an article has an id")]).ok();
        output = world.desk.run(&["run"]);
    }
    assert_eq!(output.code, Some(0), "{what}: {output}");
    world.assert_whole(&what);
    let books = world.books();
    assert_eq!(books.leads, i64::try_from(leads).expect("it fits"), "{what}: every lead has a state");
    assert!(!books.proposals.is_empty(), "{what}: nothing was proposed: {:?}", books.states);
    assert!(books.calls.len() as u64 >= leads, "{what}: every lead was scored");
    assert!(died > ended, "{what}: it ended by itself {ended} times");
    let left = std::fs::read_dir(world.desk.path("var/pipeline.builds")).map_or(0, Iterator::count);
    assert!(left <= 1, "{what}: {left} build folders are left");
}

#[test]
fn fifty_kills_at_any_time_lose_and_repeat_nothing() {
    hunted(1, 60, 50);
}

#[test]
#[ignore = "long: five hundred kills over a hundred leads"]
fn five_hundred_kills_at_any_time_lose_and_repeat_nothing() {
    hunted(2, 100, 500);
}

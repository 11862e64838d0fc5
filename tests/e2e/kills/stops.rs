//! Being asked to stop, and two who want to be the runner.

use std::time::{Duration, Instant};

use crate::harness::desk::{Desk, Output, Running};
use crate::harness::web::{Route, rss};
use crate::harness::{hugo, skip};

use super::world::{LATER, NOW, Options, World, feed};

/// A run that is stopped by SIGTERM has to end within this time.
const PATIENCE: Duration = Duration::from_secs(10);

fn stopped(mut running: Running, what: &str) -> Output {
    let asked = Instant::now();
    running.signal("TERM");
    let output = running.wait();
    assert!(asked.elapsed() < PATIENCE, "{what}: it took {:?}\n{output}", asked.elapsed());
    // It either ended gracefully, with work left for the next run, or was done in that moment.
    assert!(matches!(output.code, Some(75 | 0)), "{what}: {output}");
    output
}

#[test]
fn a_run_that_is_asked_to_stop_ends_in_time_and_the_next_one_goes_on() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let web = feed(700, 5);
    for until in ["Fetching → ", "Deduplicating → ", "Scoring → ", "Drafting → ", "Gating → ", "Publishing → "]
    {
        let world = World::new(&web, &Desk::program(), Options::default());
        world.model.delay(Duration::from_millis(60));
        let mut running = world.desk.spawn(&["run", "--now", NOW]);
        assert!(running.wait_for(until, Duration::from_secs(30)), "it never came to {until}");
        let first = stopped(running, until);
        let unknown = world.books().unknown();
        assert_eq!(unknown, 0, "{until}: a graceful end waits for the answers in flight: {first}");
        world.desk.run(&["run", "--now", LATER]).ok();
        world.assert_whole(until);
        assert_eq!(world.books().unknown(), 0, "{until}: nothing was lost");
        assert!(world.model.ledger().repeated("asked").is_empty(), "{until}: {}", world.model.ledger());
        assert_eq!(world.proposed().len(), 2, "{until}");
    }
}

#[test]
fn a_source_and_a_model_that_never_answer_do_not_keep_a_run_from_stopping() {
    let web = feed(720, 5);
    let world = World::new(&web, &Desk::program(), Options::default());
    let slow = Route::of("application/xml", rss("Slow", &web.url("/"), &[])).slow(Duration::from_secs(600));
    let feed = web.url("/feed.xml");
    let toml = world.desk.read("pipeline.toml").expect("the configuration is there");
    web.put("/slow.xml", slow);
    world.desk.configure(&toml.replace(&feed, &web.url("/slow.xml")));
    let running = world.desk.spawn(&["run", "--now", NOW]);
    assert!(web.ledger().wait_for("get", 1, Duration::from_secs(30)), "the source is asked");
    stopped(running, "a slow source");
    world.desk.configure(&toml);

    world.model.hang(true);
    let running = world.desk.spawn(&["run", "--now", NOW]);
    assert!(world.model.ledger().wait_for("asked", 1, Duration::from_secs(30)), "the model is asked");
    stopped(running, "a model that hangs");
    let cut_off = world.books().unknown();
    assert!(cut_off > 0, "what was not answered is charged");
    world.model.hang(false);
    let output = world.desk.run(&["run", "--now", LATER]);
    assert!(matches!(output.code, Some(0 | 3)), "{output}");
    let books = world.books();
    assert_eq!((books.unknown(), books.leads), (cut_off, 5), "{output}");
    assert_eq!(books.states.get("Absorbed"), Some(&4), "it went on: {:?}", books.states);
}

#[test]
fn of_twenty_runs_at_once_one_works_and_the_others_say_later() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let web = feed(740, 5);
    let world = World::new(&web, &Desk::program(), Options::default());
    // The one that works is not done before the last one was started.
    world.model.delay(Duration::from_millis(400));
    let all: Vec<Running> = (0..20).map(|_| world.desk.spawn(&["run", "--now", NOW])).collect();
    let outputs: Vec<Output> = all.into_iter().map(Running::wait).collect();
    let (done, later): (Vec<&Output>, Vec<&Output>) = outputs.iter().partition(|o| o.code == Some(0));
    assert_eq!(done.len(), 1, "{}", done.iter().map(ToString::to_string).collect::<String>());
    for output in later {
        assert_eq!(output.code, Some(75), "{output}");
        assert!(output.stderr.contains("another `pipeline` is at work"), "{output}");
        assert!(output.stdout.is_empty(), "{output}");
    }
    world.assert_whole("twenty runs");
    assert_eq!(world.proposed().len(), 2);
    assert!(world.model.ledger().repeated("asked").is_empty(), "{}", world.model.ledger());
    assert_eq!(web.count("/feed.xml"), 1);
}

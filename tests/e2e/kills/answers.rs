//! Death between a model's answer and the commit that keeps it: what was billed is charged, and asked again once.

use std::time::Duration;

use crate::harness::desk::killable;
use crate::harness::model::Fault;
use crate::harness::skip;

use super::world::{LATER, NOW, Options, World, feed};

/// How many calls are under way at once.
const AT_ONCE: usize = 2;

#[test]
fn an_answer_that_was_lost_is_unknown_charged_and_asked_again_once() {
    let Some(binary) = killable() else {
        return skip("examples/killable was not built (cargo build --example killable)");
    };
    let web = feed(40, 4);
    let options = Options { at_once: AT_ONCE, ..Options::default() };
    let (mut lost, mut most_in_flight, mut survived) = (0, 0, 0);
    // A run until scoring has about thirty commits; it ends by itself when the number is larger.
    for n in 1..100 {
        let mut world = World::new(&web, &binary, options).dying_at(&format!("commit:{n}"));
        // Long enough for a second call to leave before the first is answered.
        world.model.delay(Duration::from_millis(60));
        let first = world.desk.run(&["run", "--now", NOW, "--until", "scoring"]);
        if first.code == Some(0) {
            survived = n;
            break;
        }
        assert_eq!(first.signal, Some(9), "{first}");
        let before = world.books();
        let (asked, billed) = (world.model.ledger().count("asked"), world.model.ledger().count("billed"));
        let (started, accepted) = (before.with_status("started"), before.with_status("accepted"));
        assert!(started <= AT_ONCE && asked <= started + accepted, "commit:{n}: {asked} were asked: {before:?}");
        lost += usize::from(billed > accepted);
        most_in_flight = most_in_flight.max(started);

        world = world.living();
        world.desk.run(&["run", "--now", LATER, "--until", "scoring"]).ok();
        world.assert_calls(&format!("commit:{n}"));
        let after = world.books();
        assert_eq!(after.unknown(), started, "commit:{n}: one for each call in flight");
        assert_eq!(after.calls.len(), 4, "commit:{n}: each lead was scored");
        assert_eq!(after.with_status("accepted"), 4, "commit:{n}");
    }
    assert!(survived > 20, "it ended after {survived} commits");
    assert!(lost >= 3, "it died between an answer and its commit {lost} times only");
    assert_eq!(most_in_flight, AT_ONCE, "two calls were never in flight at once");
}

/// “At most 1 `unknown` per call in flight at the kill, each charged”: once, however often the program dies while it takes the
/// work up again.
#[test]
fn an_unknown_call_is_charged_once_however_often_the_program_dies_again() {
    let Some(binary) = killable() else {
        return skip("examples/killable was not built (cargo build --example killable)");
    };
    let web = feed(50, 4);
    let options = Options { at_once: AT_ONCE, ..Options::default() };
    let mut in_flight_twice = 0;
    for again in 1..=6 {
        let world = World::new(&web, &binary, options).living();
        world.model.delay(Duration::from_millis(400));
        let running = world.desk.spawn(&["run", "--now", NOW, "--until", "scoring"]);
        assert!(world.model.ledger().wait_for("asked", AT_ONCE, Duration::from_secs(60)), "{}", world.model.ledger());
        running.kill9();
        let first = world.books().with_status("started");
        assert_eq!(first, AT_ONCE, "they died in the middle of their calls");

        let world = world.dying_at(&format!("commit:{again}"));
        let second = world.desk.run(&["run", "--now", LATER, "--until", "scoring"]);
        assert_eq!(second.signal, Some(9), "{second}");
        let books = world.books();
        let (unknown, started) = (books.unknown(), books.with_status("started"));
        assert!(unknown + started <= first + AT_ONCE, "commit:{again}: {books:?}");
        in_flight_twice += usize::from(unknown == first && started > 0);

        let world = world.living();
        world.model.delay(Duration::ZERO);
        world.desk.run(&["run", "--now", LATER, "--until", "scoring"]).ok();
        world.assert_calls(&format!("commit:{again}"));
        let after = world.books();
        assert_eq!(after.unknown(), unknown + started, "commit:{again}: one for each call in flight at a death");
        assert_eq!(after.with_status("accepted"), 4, "commit:{again}: each lead was scored");
    }
    assert!(in_flight_twice >= 1, "it never died in a call again");
}

#[test]
fn an_answer_that_cannot_be_used_is_not_bought_again_after_a_death() {
    let Some(binary) = killable() else {
        return skip("examples/killable was not built (cargo build --example killable)");
    };
    let web = feed(60, 1);
    let options = Options { at_once: 1, ..Options::default() };
    let mut between = 0;
    for n in 1..60 {
        let world = World::new(&web, &binary, options).dying_at(&format!("committed:{n}"));
        world.model.next(1, Fault::Garbage);
        let first = world.desk.run(&["run", "--now", NOW, "--until", "scoring"]);
        let died = first.signal == Some(9);
        let before = world.books();
        between += usize::from(died && before.with_status("unusable") == 1 && before.with_status("accepted") == 0);

        let world = world.living();
        world.desk.run(&["run", "--now", LATER, "--until", "scoring"]).ok();
        let after = world.books();
        let what = format!("committed:{n}: {after:?}\n{}", world.model.ledger());
        assert_eq!(after.unknown(), before.with_status("started"), "{what}");
        assert_eq!(after.with_status("accepted"), 1, "{what}");
        // One answer that could not be used, and its repair: whatever is beyond was in flight at the death.
        assert!(world.model.ledger().count("asked") <= 2 + after.unknown(), "{what}");
        if !died {
            assert_eq!(first.code, Some(0), "{first}");
            assert!(between >= 2, "it died between the answer and its repair {between} times only");
            return;
        }
    }
    panic!("it never came to its end");
}

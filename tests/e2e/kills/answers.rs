//! Death between a model's answer and the commit that keeps it: what was billed is charged, and asked again once.

use std::time::Duration;

use crate::harness::desk::killable;
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

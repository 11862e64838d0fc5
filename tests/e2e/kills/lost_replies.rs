//! A forge that does what it is asked and hangs up before it answers: one branch and one proposal all the same.

use crate::harness::desk::Desk;
use crate::harness::{hugo, skip};

use super::world::{NOW, Options, World, feed};

#[test]
fn replies_lost_at_push_and_pull_request_make_no_second_branch_or_proposal() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    // (pushes, pull requests) whose replies are lost, one after the other.
    for (seed, (pushes, pulls)) in [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)].into_iter().enumerate() {
        let what = format!("seed {seed}, {pushes} replies lost at push, {pulls} at pull request");
        let web = feed(500 + 10 * seed as u64, 6);
        let world = World::new(&web, &Desk::program(), Options { alone: 2, ..Options::default() });
        world.forge.lose_reply_on_push(pushes);
        world.forge.lose_reply_on_pull(pulls);
        // What failed for want of an answer is held for a while; a later run asks again.
        let mut last = world.desk.run(&["run", "--now", NOW]);
        for minute in [10, 20, 30] {
            if last.code == Some(75) {
                last = world.desk.run(&["run", "--now", &format!("2026-11-21T06:{minute}:00Z")]);
            }
        }
        assert_eq!(last.code, Some(0), "{what}: {last}");
        assert_eq!(world.forge.ledger().count("lost"), pushes + pulls, "{what}\n{}", world.forge.ledger());
        world.assert_whole(&what);
        assert_eq!(world.proposed().len(), 3, "{what}");
        // The run after it looks at the proposals, and finds nothing to do.
        let calls = world.model.ledger().count("asked");
        world.desk.run(&["run", "--now", "2026-11-21T06:40:00Z"]).ok();
        world.assert_whole(&what);
        assert_eq!((world.proposed().len(), world.model.ledger().count("asked")), (3, calls), "{what}");
    }
}

//! 429 and 503 with `Retry-After`: no effect and no later process calls before the time is over, and the work gets done.

use std::time::Duration;

use crate::harness::model::{Fault, Task};
use crate::world::{number, rows};

use super::{BUILTIN, HOSTED, Limited, OR_BUILTIN, causes};

const AT_ONCE: &str = "patience_seconds = 20\nlimits = { score = 4, draft = 2 }\n";

/// The calls that came while the provider had asked for none.
fn early(desk: &Limited) -> usize {
    let ledger = desk.model.ledger();
    let rests = ledger.of("limited").into_iter().map(|e| {
        let rest = Duration::from_millis(e.detail["rest_ms"].as_u64().expect("the fake notes it"));
        (e.at, e.at + rest)
    });
    let rests: Vec<_> = rests.collect();
    let in_a_rest = |at: Duration| rests.iter().any(|(from, until)| at > *from && at < *until);
    ledger.of("asked").iter().filter(|e| in_a_rest(e.at)).count()
}

/// “0 early calls; the cap obeyed”: by the provider's own ledger, over four effects at once and a death in between.
#[test]
fn nobody_calls_a_provider_before_its_rest_is_over() {
    let Some(desk) = Limited::new(6, AT_ONCE, "", [HOSTED; 3]) else { return };
    // The four that come at once are all under way when the first of them is sent away.
    desk.model.delay(Duration::from_millis(400));
    desk.model.next_of(Task::Triage, 4, Fault::RateLimit("3".into()));
    desk.model.next_of(Task::Triage, 1, Fault::Unavailable("2".into()));
    desk.model.next_of(Task::Triage, 1, Fault::RateLimit("date:3".into()));
    let running = desk.spawn();
    assert!(desk.model.ledger().wait_for("limited", 4, Duration::from_secs(40)), "{}", desk.model.ledger());
    std::thread::sleep(Duration::from_millis(500));
    running.kill9();
    let (output, report) = desk.run(0);
    assert_eq!(output.code, Some(0), "{output}");
    let ledger = desk.model.ledger();
    assert_eq!(ledger.count("limited"), 6, "{ledger}");
    assert_eq!(early(&desk), 0, "{ledger}");
    // It made progress, no try was used up, and what was sent away cost nothing.
    desk.world.proposed();
    assert_eq!(report["cost"].as_u64(), Some(desk.model.bill()), "{ledger}");
    let dump = desk.world.dump();
    let unknown = rows(&dump, "model_calls").iter().filter(|row| row.contains(" status=unknown ")).count();
    let asked = rows(&dump, "model_calls").iter().filter(|row| !row.contains(" not_before=NULL")).count();
    assert_eq!((unknown, asked), (0, 6), "each rest stands beside its call\n{dump}");
}

/// An absurd rest is believed for a day, over runs and processes, and then it is over.
#[test]
fn an_absurd_rest_holds_for_a_day() {
    let Some(desk) = Limited::new(3, AT_ONCE, "", [HOSTED; 3]) else { return };
    desk.model.next_of(Task::Triage, 1, Fault::RateLimit("99999999999999999999".into()));
    let (output, report) = desk.run(0);
    assert_eq!(output.code, Some(75), "{output}");
    assert_eq!(causes(&report), ["provider: hosted"], "{report}");
    let before = desk.asked();
    assert!(before <= 3, "{}", desk.model.ledger());
    for hours in [1, 12, 23] {
        let (output, report) = desk.run(hours);
        assert_eq!((output.code, causes(&report)), (Some(75), vec!["provider: hosted".to_owned()]), "{output}");
        assert_eq!(desk.asked(), before, "{}", desk.model.ledger());
    }
    assert_eq!(desk.run(25).0.code, Some(0));
    desk.world.proposed();
    assert!(rows(&desk.world.dump(), "journal").iter().all(|row| !row.contains("GaveUp")), "no try was used up");
}

/// What is no time is no reason to stop for long, nor to call at once.
#[test]
fn a_rest_that_names_no_time_is_a_short_one() {
    let Some(desk) = Limited::new(3, AT_ONCE, "concurrent = 1", [HOSTED; 3]) else { return };
    for said in ["-5", "soon", ""] {
        desk.model.next_of(Task::Triage, 1, Fault::RateLimit(said.into()));
    }
    // Two seconds, then eight, then thirty-two: the last is the next run's.
    let (output, report) = desk.run(0);
    assert_eq!((output.code, causes(&report)), (Some(75), vec!["provider: hosted".to_owned()]), "{output}");
    let asked: Vec<Duration> = desk.model.ledger().of("asked").iter().map(|e| e.at).collect();
    assert_eq!(asked.len(), 3, "{}", desk.model.ledger());
    let gaps: Vec<u64> = asked.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect();
    assert!(gaps[0] >= 2 && gaps[1] >= 8, "{gaps:?}");
    assert_eq!(desk.run(1).0.code, Some(0));
    desk.world.proposed();
}

#[test]
fn a_long_rest_is_passed_over_and_a_short_one_is_waited_for() {
    let routes = [OR_BUILTIN, BUILTIN, BUILTIN];
    let Some(desk) = Limited::new(4, AT_ONCE, "concurrent = 1", routes) else { return };
    desk.model.next_of(Task::Triage, 1, Fault::Unavailable("2".into()));
    assert_eq!(desk.run(0).0.code, Some(0));
    assert_eq!(desk.model.billed(Task::Triage), 4, "all four by the model\n{}", desk.model.ledger());
    assert_eq!(early(&desk), 0, "{}", desk.model.ledger());

    let Some(desk) = Limited::new(4, AT_ONCE, "concurrent = 1", routes) else { return };
    desk.model.next_of(Task::Triage, 1, Fault::Unavailable("90".into()));
    assert_eq!(desk.run(0).0.code, Some(0));
    assert_eq!((desk.asked(), desk.model.billed(Task::Triage)), (1, 0), "{}", desk.model.ledger());
    desk.world.proposed();
}

/// Who says “one more second” for ever is not waited for for ever.
#[test]
fn rests_without_an_end_end_the_waiting() {
    let Some(desk) = Limited::new(3, "patience_seconds = 4\n", "concurrent = 1", [HOSTED; 3]) else { return };
    desk.model.next(100, Fault::RateLimit("1".into()));
    let (output, report) = desk.run(0);
    assert_eq!((output.code, causes(&report)), (Some(75), vec!["provider: hosted".to_owned()]), "{output}");
    assert!((2..=8).contains(&desk.asked()), "{}", desk.model.ledger());

    let limits = "concurrent = 1\npatience_seconds = 3";
    let Some(desk) = Limited::new(3, AT_ONCE, limits, [OR_BUILTIN, BUILTIN, BUILTIN]) else { return };
    desk.model.next(100, Fault::RateLimit("1".into()));
    assert_eq!(desk.run(0).0.code, Some(0));
    assert_eq!(desk.model.bill(), 0);
    assert_eq!(early(&desk), 0, "{}", desk.model.ledger());
    desk.world.proposed();
    let scored: i64 = rows(&desk.world.dump(), "model_calls").iter().map(|row| number(row, "cost")).sum();
    assert_eq!(scored, 0);
}

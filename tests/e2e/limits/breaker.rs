//! A provider that fails: its breaker opens, and one probe a window asks whether it is well again.

use std::time::Duration;

use pipeline::engine::outcome::Outcome;

use super::{Moments, fresh};

/// Effects at once, at every moment.
const AT_ONCE: usize = 6;

/// “Breaker opens; 1 probe per window”: 60 % errors over five minutes, then an outage of two hours, at each minute of which six
/// effects want to ask, each time in a new process.
#[tokio::test]
async fn a_breaker_opens_and_lets_one_probe_out_a_window() {
    let desk = Moments::new("");
    desk.model.delay(Duration::from_millis(30));
    desk.model.failing(60, 500);
    let asked = || desk.model.ledger().count("asked");
    for second in (0..300).step_by(10) {
        desk.ask(second, &fresh(second, 1)).await;
    }
    let opened = asked();
    assert!((4..=8).contains(&opened), "{opened} of 30 questions left before it opened");
    assert!(desk.model.ledger().count("billed") >= 1, "some of them were answered");

    desk.model.failing(100, 500);
    let mut probed = Vec::new();
    for minute in 5..125 {
        let before = asked();
        let outcomes = desk.ask(minute * 60, &fresh(minute * 60, AT_ONCE)).await;
        match asked() - before {
            0 => {}
            1 => probed.push(minute),
            n => panic!("{n} probes at once in minute {minute}\n{}", desk.model.ledger()),
        }
        let held = |o: &Result<(), Outcome>| match o {
            Err(Outcome::Deferred { cause, probe_after: Some(_), .. }) => cause == "provider: hosted",
            _ => false,
        };
        let held = outcomes.iter().filter(|o| held(o)).count();
        assert!(held >= AT_ONCE - 1, "all others are held under one cause, and use up no try: {outcomes:?}");
    }
    // Ten minutes open, and the next minute in which somebody asks.
    let windows: Vec<i64> = probed.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(windows.iter().all(|w| (10..=11).contains(w)) && probed.len() >= 10, "probes in minutes {probed:?}");

    // It is well again: one more probe closes the breaker, and everybody is answered.
    desk.model.failing(0, 500);
    let answered = desk.ask(126 * 60 + 600, &fresh(1, 1)).await;
    assert!(answered[0].is_ok(), "{answered:?}");
    let all = desk.ask(126 * 60 + 610, &fresh(2, AT_ONCE)).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

/// Whoever is asked to slow down, or has a bad key, has no broken provider.
#[tokio::test]
async fn refused_keys_and_full_minutes_open_no_breaker() {
    let desk = Moments::new("");
    for status in [401, 404, 400] {
        desk.model.failing(100, status);
        for second in 0..6 {
            desk.ask(second, &fresh(second + i64::from(status), 1)).await;
        }
    }
    assert_eq!(desk.model.ledger().count("asked"), 18, "{}", desk.model.ledger());
    desk.model.failing(0, 500);
    assert!(desk.ask(20, &fresh(20, 1)).await[0].is_ok());
}

//! Bad answers: no panic, three requests for one question at most, and nothing published.

use serde_json::json;
use states::words::hash::number_of;

use crate::harness::model::{Fault, Task};
use crate::world::{rows, tasks};

use super::{BUILTIN, HOSTED, Limited, Moments, fresh};

/// Bad answers of many kinds, the same for the same seed; none of them is an answer of any task.
fn bad(seed: u64) -> String {
    let number = number_of("bad answer", &[&seed.to_le_bytes()]);
    let n = usize::try_from(number >> 32).unwrap_or(0);
    match number % 12 {
        0 => "I'm sorry, but I can't help with that.".to_owned(),
        1 => r#"{"relevance": 80, "title": {"text": "Bro"#.to_owned(),
        2 => "[".repeat(n % 100_000),
        3 => "{\"a\":".repeat(n % 50_000),
        4 => json!({"relevance": "very", "kind": 7, "title": [], "sections": {}, "grounding": null}).to_string(),
        5 => r#"{"relevance": 1e400, "confidence_percent": -3, "grounding": 99999999999999999999}"#.to_owned(),
        6 => format!("{{\"relevance\": 80, \"why\": \"{}\"}}", "\u{1}\u{7f}\u{202e}\0".repeat(n % 3_000)),
        7 => "word ".repeat(n % 200_000),
        8 => "<think>".repeat(n % 5_000),
        9 => json!([null, true, {"sections": [[[[]]]]}]).to_string(),
        10 => "\u{feff}```json\n```".to_owned(),
        _ => format!("{}{{\"relevance\"", "}".repeat(n % 2_000)),
    }
}

/// “0 panics; ≤ 3 tries; 0 published”: a sample through the whole program, the rest at `models::tests::hostile`.
#[test]
fn nothing_is_published_of_bad_answers() {
    let Some(desk) = Limited::new(4, "patience_seconds = 3\n", "", [BUILTIN, HOSTED, BUILTIN]) else { return };
    for seed in 0..100 {
        desk.model.next_of(Task::Draft, 1, if seed % 9 == 8 { Fault::Refuse } else { Fault::Say(bad(seed)) });
    }
    desk.run(0);
    assert!(desk.world.proposals().is_empty());
    let asked = tasks(&desk.model.ledger().of("asked"))["draft"];
    assert!(asked >= 2, "{}", desk.model.ledger());
    let most = desk.model.ledger().tally("asked").into_values().max();
    assert!(most <= Some(3), "one question was asked {most:?} times\n{}", desk.model.ledger());
    let parked = rows(&desk.world.dump(), "journal").iter().filter(|row| row.contains(" name=GaveUp ")).count();
    assert!(parked >= 1, "it ended with an article that says why");
    assert_eq!(rows(&desk.world.dump(), "drafts").len(), 0);
}

/// Large ones among them: two requests for a question, one repair, and the reason.
#[tokio::test]
async fn a_hundred_bad_answers_end_as_reasons() {
    let desk = Moments::new("");
    desk.model.next(2, Fault::Say("x".repeat(10_000_000)));
    let large = desk.ask(0, &fresh(0, 1)).await;
    assert!(large[0].is_err(), "{large:?}");
    for seed in 0..100 {
        let before = desk.model.ledger().count("asked");
        desk.model.next(2, Fault::Say(bad(seed)));
        let outcome =
            desk.ask(3_600 * i64::try_from(seed + 1).unwrap(), &fresh(i64::try_from(seed + 1).unwrap(), 1)).await;
        assert!(outcome[0].is_err(), "{}: {outcome:?}", bad(seed).chars().take(80).collect::<String>());
        let asked = desk.model.ledger().count("asked") - before;
        assert!((1..=3).contains(&asked), "{asked} requests");
        // An empty answer and one of spaces are met before they are read: what is left over is for nobody else.
        desk.model.forget_faults();
    }
}

/// What was bought and could not be used is not bought again: the question after it follows from it.
#[tokio::test]
async fn the_repair_goes_on_from_the_answer_that_is_there() {
    let desk = Moments::new("");
    desk.model.next(1, Fault::Garbage);
    desk.model.next(1, Fault::RateLimit("5".into()));
    let questions = fresh(0, 1);
    assert!(desk.ask(0, &questions).await[0].is_err(), "the repair was sent away");
    assert!(desk.ask(10, &questions).await[0].is_ok());
    let ledger = desk.model.ledger();
    assert_eq!(ledger.count("billed"), 2, "one answer that could not be used, and its repair\n{ledger}");
    assert!(ledger.repeated("billed").is_empty(), "{ledger}");
}

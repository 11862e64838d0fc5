//! Requests and tokens of a minute, and calls at once.

use std::time::Duration;

use pipeline::engine::outcome::Outcome;

use crate::harness::model::{FakeModel, Task};
use crate::world::{Spec, World, number, rows, unhurt};

use super::{BUILTIN, HOSTED, Limited, Moments, fresh, moment};

/// When each question was asked, in seconds of the fake time, with the tokens that it was billed.
async fn leave(desk: &Moments, step: i64, until: i64, at_once: usize) -> Vec<(i64, u64)> {
    let mut left = Vec::new();
    for second in (0..until).step_by(usize::try_from(step).unwrap()) {
        let before = desk.model.ledger().count("billed");
        desk.ask(second, &fresh(second, at_once)).await;
        for entry in &desk.model.ledger().of("billed")[before..] {
            let tokens = ["prompt_tokens", "completion_tokens"].map(|t| entry.detail[t].as_u64().unwrap());
            left.push((second, tokens.iter().sum()));
        }
    }
    left
}

/// The most calls, and the most tokens, of any minute.
fn fullest(left: &[(i64, u64)]) -> (usize, u64) {
    let minute = |at: i64| left.iter().filter(move |(s, _)| (at..at + 60).contains(s));
    let count = left.iter().map(|(at, _)| minute(*at).count()).max().unwrap_or(0);
    (count, left.iter().map(|(at, _)| minute(*at).map(|(_, t)| t).sum()).max().unwrap_or(0))
}

#[tokio::test]
async fn no_minute_has_more_requests_than_allowed_across_tasks_and_restarts() {
    let desk = Moments::new("requests_per_minute = 6");
    let left = leave(&desk, 7, 301, 3).await;
    assert_eq!(fullest(&left).0, 6, "{left:?}");
    assert!(left.len() >= 24, "the minutes are used: {left:?}");
}

#[tokio::test]
async fn no_minute_has_more_tokens_than_allowed() {
    let desk = Moments::new("tokens_per_minute = 6000");
    let left = leave(&desk, 11, 301, 3).await;
    let (count, tokens) = fullest(&left);
    assert!(tokens <= 6_000, "{tokens} tokens in a minute: {left:?}");
    assert!(count >= 2 && left.len() >= 8, "the minutes are used: {left:?}");
}

#[tokio::test]
async fn who_finds_no_room_is_told_when_there_is() {
    let desk = Moments::new("requests_per_minute = 2");
    let first = desk.ask(0, &fresh(0, 5)).await;
    let mut turns: Vec<_> = first
        .iter()
        .filter_map(|outcome| match outcome {
            Err(Outcome::Later { until, .. }) => Some(*until),
            _ => None,
        })
        .collect();
    turns.sort_unstable();
    assert_eq!((first.iter().filter(|o| o.is_ok()).count(), turns.len()), (2, 3), "{first:?}");
    // A minute after the first, and then as far apart as the limit asks for.
    assert!(turns[0] >= moment(60) && turns[0] <= moment(62), "{turns:?}");
    assert_eq!(turns[1].duration_since(turns[0]).as_secs(), 30, "{turns:?}");
    assert_eq!(turns[2].duration_since(turns[1]).as_secs(), 30, "who has to wait for long has a turn, too: {turns:?}");
    assert!(desk.ask(59, &fresh(59, 1)).await[0].is_err());
    assert!(desk.ask(63, &fresh(63, 1)).await[0].is_ok());
}

#[test]
fn what_waits_for_its_turn_uses_up_no_try() {
    let more = "patience_seconds = 0\nlimits = { score = 4 }\n";
    let routes = [HOSTED, BUILTIN, BUILTIN];
    let Some(desk) = Limited::new(4, more, "requests_per_minute = 3", routes) else { return };
    let (output, report) = desk.run(0);
    assert_eq!((output.code, desk.asked()), (Some(75), 3), "{output}");
    assert_eq!((report["later"].as_u64(), super::causes(&report).len()), (Some(1), 0), "{report}");
    let dump = desk.world.dump();
    let waiting: Vec<_> = rows(&dump, "outbox").into_iter().filter(|row| row.contains(" kind=Score ")).collect();
    assert!(waiting.len() == 1 && waiting[0].contains(" tries=0 "), "{waiting:?}");
    assert_eq!(desk.run(1).0.code, Some(0));
    assert_eq!(desk.model.billed(Task::Triage), 4, "{}", desk.model.ledger());
}

#[test]
fn no_more_calls_are_under_way_than_allowed() {
    let most = |limits: &str| {
        let more = "limits = { score = 4 }\n";
        let desk = Limited::new(6, more, limits, [HOSTED, BUILTIN, BUILTIN])?;
        desk.model.delay(Duration::from_millis(250));
        assert_eq!(desk.run(0).0.code, Some(0));
        let (mut under_way, mut most) = (0_i32, 0);
        for entry in desk.model.ledger().all() {
            match entry.kind {
                "asked" => under_way += 1,
                "billed" => under_way -= 1,
                _ => {}
            }
            most = most.max(under_way);
        }
        Some(most)
    };
    for (limits, expected) in [("concurrent = 1", 1), ("concurrent = 2", 2), ("", 4)] {
        let Some(most) = most(limits) else { return };
        assert!(most <= expected && most > expected / 2, "`{limits}`: {most}");
    }
}

#[test]
fn what_two_sites_ask_alike_is_bought_once_however_many_calls_are_under_way() {
    for concurrent in [1, 2, 4] {
        let model = FakeModel::start();
        let base = model.base_url();
        let provider = |name: &str, of: &str| {
            format!(
                "[[provider]]\nname = \"{name}\"\nbase_url = \"{base}\"\nmodel = \"{of}\"\nprice_in = 0.15\nprice_out = 0.6\n\
                 concurrent = {concurrent}\n"
            )
        };
        let (hosted, meaning) = (provider("hosted", "fake-writer"), provider("meaning", "fake-embedder"));
        let models = format!(
            "[caps]\nrun_usd = 5.0\n[routes]\nembed = [\"meaning\"]\ntriage = [\"hosted\"]\ndraft = [\"builtin\"]\n{hosted}{meaning}"
        );
        let topics = r#"topics = ["database", "release", "latency", "clusters", "build"]"#;
        let sources = format!("[[site]]\nname = \"twin\"\nrepo = \"site.git\"\n{topics}\nmax_lead_age_days = 90\n");
        let desk = "limits = { score = 4 }\n".into();
        let world = World::new(3, &Spec { desk, models, sources, ..Spec::default() });
        model.delay(Duration::from_millis(200));
        let args = world.args();
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(["--until", "scoring"]);
        unhurt(&world.desk.run(&args).ok());
        let dump = world.dump();
        let calls = rows(&dump, "model_calls");
        let asked = |task: &str| calls.iter().filter(|row| row.contains(&format!(" task={task} "))).count();
        assert_eq!(world.states().values().sum::<usize>(), 6, "both sites have all leads: {:?}", world.states());
        assert_eq!((asked("embed"), asked("triage")), (3, 3), "with {concurrent} at once: {calls:#?}");
        assert!(calls.iter().all(|row| number(row, "try") == 1), "{calls:#?}");
        let ledger = model.ledger();
        assert_eq!((ledger.count("embedded"), ledger.count("billed")), (3, 3), "{ledger}");
    }
}

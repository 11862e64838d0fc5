//! Recording and reading back, without a run around it.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::*;

fn head() -> Head {
    Head {
        v: VERSION,
        program: "0".into(),
        began: Timestamp::UNIX_EPOCH,
        clock_given: false,
        database: "d".into(),
        configuration: "c".into(),
    }
}

fn recording(folder: &Path, secrets: &[&str]) -> Tape {
    let cleaner = Cleaner::new(secrets.iter().map(|s| (*s).to_owned()));
    Tape::recording(Recorder::open(folder, &head(), cleaner, Timestamp::UNIX_EPOCH).unwrap())
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// One effect: a reading, an answer, and its outcome received at another reading.
async fn effect(tape: &Tape, key: &str, ms: i64, answer: &str) {
    let turn = tape.effect(key);
    turn.within(async {
        tape.time(|| at(ms));
        tape.hear("model", key, async { answer.to_owned() }).await.unwrap();
    })
    .await;
    tape.receiving(&turn);
    turn.within(async { tape.time(|| at(ms + 1)) }).await;
    tape.done(&turn);
}

#[tokio::test]
async fn every_turn_reads_and_hears_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let tape = recording(folder.path(), &[]);
    effect(&tape, "a", 1_000, "first").await;
    effect(&tape, "b", 2_000, "second").await;
    tape.over();
    assert!(Recorder::is_over(folder.path()).unwrap());

    let tape = Tape::replaying(Player::open(folder.path()).unwrap());
    for (key, ms, answer) in [("b", 2_000, "second"), ("a", 1_000, "first")] {
        let turn = tape.effect(key);
        let (time, heard) = turn
            .within(async {
                let live = async { unreachable!("nobody is asked") };
                (tape.time(|| unreachable!("no clock is read")), tape.hear::<String>("model", key, live).await)
            })
            .await;
        assert_eq!((time, heard), (at(ms), Ok(answer.to_owned())));
        assert_eq!(turn.within(async { tape.time(Timestamp::now_is_not_asked) }).await, at(ms + 1));
        assert_eq!(turn.missed(), None);
    }
    let player = tape.player().unwrap();
    let perform = |key: &str| Some(Step::Perform { key: key.to_owned() });
    let receive = |key: &str| Some(Step::Receive { key: key.to_owned() });
    for step in [perform("a"), receive("a"), perform("b"), receive("b"), None] {
        assert_eq!(player.next(), step);
        player.taken();
    }
}

/// A clock that must not be read.
trait NotAsked {
    fn now_is_not_asked() -> Self;
}

impl NotAsked for Timestamp {
    fn now_is_not_asked() -> Self {
        unreachable!("no clock is read")
    }
}

#[tokio::test]
async fn what_was_cut_off_counts_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let tape = recording(folder.path(), &[]);
    // Performed, and the process ends before its outcome is received.
    let turn = tape.effect("a");
    turn.within(async {
        tape.time(|| at(1_000));
        tape.hear("model", "a", async { "lost".to_owned() }).await.unwrap();
    })
    .await;
    drop(tape);
    // A line that was cut off.
    let path = folder.path().join("tape.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str(r#"{"what":"clock","tu"#);
    std::fs::write(&path, &text).unwrap();
    let player = Player::open(folder.path()).unwrap();
    assert_eq!(player.next(), None, "an effect whose outcome was never received is no step");

    let tape = recording(folder.path(), &[]);
    effect(&tape, "a", 5_000, "found").await;
    let lines = std::fs::read_to_string(&path).unwrap();
    assert_eq!(lines.matches("\"what\":\"session\"").count(), 2);
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines}");

    let tape = Tape::replaying(Player::open(folder.path()).unwrap());
    let turn = tape.effect("a");
    let (time, heard) =
        turn.within(async { (tape.time(|| at(0)), tape.hear("model", "a", async { String::new() }).await) }).await;
    assert_eq!((time, heard), (at(5_000), Ok("found".to_owned())));
    // The answer that was bought before the end is there for whoever asks once more.
    let again = turn.within(tape.hear("model", "a", async { String::new() })).await;
    assert_eq!(again, Ok("lost".to_owned()));
    let missing = turn.within(tape.hear("model", "a", async { String::new() })).await;
    assert_eq!(missing.unwrap_err().to_string(), "the recording does not have it: model a");
    assert_eq!(turn.missed().as_deref(), Some("model a"));
}

#[tokio::test]
async fn no_secret_is_written_and_no_address_carries_one() {
    let folder = tempfile::tempdir().unwrap();
    let canary = "c\"nary/1+2 3";
    let tape = recording(folder.path(), &[canary, "ab"]);
    let body = format!("before {canary} after");
    tape.keep("get", "https://e.org/", json!({ "said": canary, "short": "ab" }), Some(body.as_bytes()));
    let mut seen = String::new();
    for path in [folder.path().join("tape.jsonl")]
        .into_iter()
        .chain(std::fs::read_dir(folder.path().join("bodies")).unwrap().map(|entry| entry.unwrap().path()))
    {
        seen.push_str(&std::fs::read_to_string(path).unwrap());
    }
    assert!(!seen.contains("nary"), "{seen}");
    assert!(seen.contains("before REMOVED after") && seen.contains(r#""said":"REMOVED""#), "{seen}");
    assert!(seen.contains(r#""short":"ab""#), "what is too short to be a secret stays");

    for (url, clean) in [
        ("https://e.org/feed?a=1&page=2", "https://e.org/feed?a=1&page=2"),
        ("https://user:pass@e.org/feed", "https://e.org/feed"),
        ("https://e.org/f?access_token=x&b=2", "https://e.org/f?access_token=REMOVED&b=2"),
        ("https://e.org/f?X-Api-Key=x&monkey=2", "https://e.org/f?X-Api-Key=REMOVED&monkey=2"),
        ("https://e.org/f?b=2&sig=%41", "https://e.org/f?b=2&sig=REMOVED"),
        ("no address", "no address"),
    ] {
        assert_eq!(clean_url(url), clean);
    }
    let secrets = Cleaner::secrets_in(["https://user:pass@e.org/f?token=abc%20d&page=3"]);
    assert_eq!(secrets, ["pass", "user", "abc d"]);
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_ends_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let tape = recording(folder.path(), &[]);
    tape.keep("get", "https://e.org/1", json!(1), Some(b"one"));
    assert_eq!(tape.recorder().unwrap().ended(), None);
    std::fs::remove_dir_all(folder.path().join("bodies")).unwrap();
    tape.keep("get", "https://e.org/2", json!(2), Some(b"two"));
    let ended = tape.recorder().unwrap().ended().unwrap();
    assert!(ended.contains("bodies"), "{ended}");
    // The run goes on, and nothing more is written.
    effect(&tape, "a", 1, "unwritten").await;
    let text = std::fs::read_to_string(folder.path().join("tape.jsonl")).unwrap();
    assert!(text.contains("e.org/1") && !text.contains("unwritten"), "{text}");
}

#[test]
fn a_folder_of_something_else_is_not_written_into() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Recorder::head_of(folder.path()).unwrap(), None);
    assert!(Player::open(folder.path()).unwrap_err().to_string().contains("no recording.json"));
    std::fs::write(folder.path().join("thesis.txt"), "mine").unwrap();
    assert!(Recorder::head_of(folder.path()).unwrap_err().to_string().contains("name a new one"));
    let newer = json!({ "v": 99, "program": "9", "began": "2026-01-01T00:00:00Z", "clock_given": false,
        "database": "d", "configuration": "c" });
    std::fs::write(folder.path().join("recording.json"), newer.to_string()).unwrap();
    assert!(Player::open(folder.path()).unwrap_err().to_string().contains("it has the form 99"));
}

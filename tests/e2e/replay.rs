//! Recording a run and replaying it: the same bytes and commits, without a network, also after the recorded run was killed.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::bare::Bare;
use crate::harness::desk::{Desk, Output, killable};
use crate::harness::{hugo, skip};
use crate::kills::world::{LATER, NOW, Options, World, feed};

/// What no file of a recording may hold.
const CANARIES: [&str; 3] = ["model-key", "forge-token", "canary-in-an-address"];

/// A world whose feed has a token in its address.
fn world(web: &crate::harness::web::FakeWeb, binary: &Path) -> World {
    let world = World::new(web, binary, Options::default());
    let toml = world.desk.read("pipeline.toml").expect("it is configured");
    let toml = toml.replace("/feed.xml\"", "/feed.xml?access_token=canary-in-an-address\"");
    world.desk.configure(&toml);
    world
}

/// Every branch with its commit, and every file of every branch.
type Published = BTreeMap<String, (String, BTreeMap<String, Vec<u8>>)>;

fn published(bare: &Bare) -> Published {
    bare.branches().into_iter().map(|(name, oid)| (name.clone(), (oid, bare.files(&name)))).collect()
}

/// The ports of loopback that a configuration names, listened on by nobody but the test.
fn traps(toml: &str) -> Vec<TcpListener> {
    let ports = regex::Regex::new(r"127\.0\.0\.1:(\d+)").expect("the pattern is valid");
    let mut ports: Vec<u16> = ports.captures_iter(toml).map(|c| c[1].parse().expect("a port")).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3, "the web, the models and the forge");
    let trap = |port| {
        let listener = (0..50).find_map(|_| {
            let taken = TcpListener::bind(("127.0.0.1", port)).ok();
            taken.is_none().then(|| std::thread::sleep(std::time::Duration::from_millis(100)));
            taken
        });
        let listener = listener.expect("the port of a fake that ended is free");
        listener.set_nonblocking(true).expect("a listener can be asked without waiting");
        listener
    };
    ports.into_iter().map(trap).collect()
}

fn assert_untouched(traps: &[TcpListener]) {
    for trap in traps {
        assert!(trap.accept().is_err(), "a replay connected to {:?}", trap.local_addr());
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

fn assert_no_secrets(desk: &Desk, folder: &str) {
    let secret = secret_of(&desk.path("var/pipeline.db"));
    let hex: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    let mut needles: Vec<Vec<u8>> = CANARIES.iter().map(|c| c.as_bytes().to_vec()).collect();
    needles.extend([secret, hex.into_bytes()]);
    let mut read = 0;
    for path in files_below(&desk.path(folder)) {
        let bytes = std::fs::read(&path).expect("a file of a recording can be read");
        read += bytes.len();
        for needle in &needles {
            let found = bytes.windows(needle.len()).any(|w| w == needle.as_slice());
            assert!(!found, "{} holds {}", path.display(), String::from_utf8_lossy(needle));
        }
    }
    assert!(read > 10_000, "only {read} bytes were looked at");
}

/// The secret of a database.
fn secret_of(path: &Path) -> Vec<u8> {
    use sqlx::ConnectOptions as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut store = options.connect().await.expect("the store can be opened");
        let secret = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'secret'");
        secret.fetch_one(&mut store).await.expect("a store has a secret")
    })
}

fn replay(desk: &Desk, recording: &str, into: &str) -> Output {
    desk.run(&["run", "--replay", recording, "--into", into, "--json"])
}

/// What a replay left in its copy of the one site.
fn replayed(desk: &Desk, into: &str) -> Published {
    let sites = std::fs::read_dir(desk.path(into).join("sites")).expect("a replay has a site");
    let sites: Vec<PathBuf> = sites.map(|entry| entry.expect("a folder can be read").path()).collect();
    assert_eq!(sites.len(), 1, "{sites:?}");
    published(&Bare::at(&sites[0]))
}

fn nothing_missed(output: &Output) {
    let told = output.json();
    assert_eq!(
        (&told["missed"], &told["diverged"]),
        (&Value::from(Vec::<Value>::new()), &Value::from(Vec::<Value>::new())),
        "{output}"
    );
}

#[test]
fn a_replay_gives_the_same_bytes_and_commits_and_connects_to_nobody() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let web = feed(70, 5);
    let world = world(&web, &Desk::program());
    world.desk.run(&["run", "--now", NOW, "--record", "rec"]).ok();
    let then = published(world.forge.bare());
    assert_eq!(then.len(), 3, "the default branch, an article and a digest");
    assert_no_secrets(&world.desk, "rec");
    let again = world.desk.run(&["run", "--now", LATER, "--record", "rec"]);
    assert_eq!(again.code, Some(2), "a whole recording is not written over: {again}");

    let World { model, forge, desk, .. } = world;
    drop((web, model, forge));
    let traps = traps(&desk.read("pipeline.toml").expect("it is configured"));
    // No key is needed where nobody is asked.
    let desk = desk.with_env("MODEL_KEY", "").with_env("FORGE_TOKEN", "");
    for into in ["first", "second", "first"] {
        let output = replay(&desk, "rec", into).ok();
        nothing_missed(&output);
        assert_eq!(replayed(&desk, into), then, "{output}");
    }
    assert_untouched(&traps);
    assert_no_secrets(&desk, "rec");

    desk.write("mine/notes.txt", "not a replay");
    let refused = replay(&desk, "rec", "mine");
    assert_eq!(refused.code, Some(2), "{refused}");
    assert_eq!(desk.read("mine/notes.txt").as_deref(), Some("not a replay"));
}

#[test]
fn a_desk_with_a_history_is_recorded_as_it_stands() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let world = crate::world::World::new(4, &crate::world::Spec::default());
    world.run_to(0);
    let first = published(&world.site);
    world.more_news(20, 4);
    let args = world.args();
    let args: Vec<&str> = args.iter().map(String::as_str).chain(["--record", "rec"]).collect();
    let run = world.desk.run(&args);
    let then = published(&world.site);
    assert!(then.len() > first.len(), "the second run proposes something of its own: {run}");
    // What happens to the desk and its site afterwards is not what was recorded.
    world.more_news(40, 4);
    world.desk.run(&world.args().each_ref().map(String::as_str));
    world.site.merge(&world.proposals()[0], "merged", false).expect("a person merges");

    let output = replay(&world.desk, "rec", "replayed");
    assert_eq!(output.code, run.code, "{output}");
    nothing_missed(&output);
    assert_eq!(replayed(&world.desk, "replayed"), then, "{output}");
}

#[test]
fn what_was_not_recorded_is_held_and_named() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let web = feed(71, 5);
    let world = world(&web, &Desk::program());
    world.desk.run(&["run", "--now", NOW, "--record", "rec"]).ok();
    let then = published(world.forge.bare());
    let tape = world.desk.read("rec/tape.jsonl").expect("there is a tape");
    let judged = |line: &&str| line.contains("\"kind\":\"model\"") && line.contains("judge fake-judge");
    let lost: Vec<&str> = tape.lines().filter(judged).collect();
    assert_eq!(lost.len(), 2, "both pages were judged");
    world.desk.write("rec/tape.jsonl", &tape.replace(&format!("{}\n", lost[0]), ""));
    let output = replay(&world.desk, "rec", "replayed");
    assert_eq!(output.code, Some(75), "{output}");
    let told = output.json();
    let missed = told["missed"][0].as_str().unwrap_or_default();
    assert!(missed.starts_with("model judge fake-judge "), "{output}");
    let cause = &told["reports"][0]["causes"][0];
    assert_eq!(cause["cause"], "recording", "{output}");
    assert!(cause["message"].as_str().unwrap_or_default().contains(missed), "{output}");
    // The other one is as it was.
    let now = replayed(&world.desk, "replayed");
    assert_eq!(now.len(), 2, "{output}");
    assert!(now.iter().all(|(name, what)| then.get(name) == Some(what)), "{output}");
}

#[test]
fn the_recording_of_a_run_that_was_killed_is_read_gone_on_with_and_replayed() {
    let Some(binary) = hugo().and_then(|_| killable()) else {
        return skip("examples/killable was not built, or there is no Hugo");
    };
    let web = feed(72, 5);
    let (mut died, mut same) = (0, 0);
    for point in ["committed:2", "commit:20", "committed:33", "commit:48", "committed:75"] {
        let mut world = world(&web, &binary).dying_at(point);
        let first = world.desk.run(&["run", "--now", NOW, "--record", "rec"]);
        died += usize::from(first.signal == Some(9));
        world = world.living();
        // What there is of it is read to its end, and what is missing is named.
        if world.desk.read("rec/recording.json").is_some() {
            let part = replay(&world.desk, "rec", "part");
            assert!(matches!(part.code, Some(0 | 2 | 75)), "{point}: {part}");
        }
        if first.signal == Some(9) {
            let second = world.desk.run(&["run", "--now", LATER, "--record", "rec"]);
            assert_eq!(second.code, Some(0), "{point}: {second}");
        }
        world.assert_whole(point);
        let then = published(world.forge.bare());
        let output = replay(&world.desk, "rec", "whole");
        // A death between a commit that several outcomes share and the lines that tell of it may leave a reading of the clock in
        // doubt: then the replay says what it could not give.
        if output.code == Some(75) {
            let told = output.json();
            assert!(told["missed"].as_array().is_some_and(|missed| !missed.is_empty()), "{point}: {output}");
            continue;
        }
        assert_eq!(replayed(&world.desk, "whole"), then, "{point}: {output}");
        nothing_missed(&output);
        assert_eq!(output.code, Some(0), "{point}: {output}");
        same += 1;
    }
    assert!(died >= 4 && same >= 4, "it died {died} times, and {same} replays came to the same");
}

//! Death before and after each commit of the reference run: five leads, one release and one digest.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::desk::killable;
use crate::harness::web::FakeWeb;
use crate::harness::{hugo, skip};

use super::world::{LATER, NOW, Options, World, feed};

const LEADS: u64 = 5;
/// How many points are tried at once.
const AT_ONCE: usize = 3;

/// The undisturbed run: how often it commits, and what comes of it.
struct Reference {
    web: FakeWeb,
    commits: usize,
    proposed: std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>>,
    states: std::collections::BTreeMap<String, i64>,
    questions: usize,
}

impl Reference {
    fn of(seed: u64, binary: &Path) -> Self {
        let web = feed(seed, LEADS);
        let mut world = World::new(&web, binary, Options::default()).living();
        world.desk = world.desk.with_env("PIPELINE_LOG", "pipeline::store=debug");
        let output = world.desk.run(&["run", "--now", NOW]).ok();
        let count = |what: &str| output.stderr.lines().filter(|line| line.ends_with(what)).count();
        let (commits, committed) = (count(": commit"), count(": committed"));
        assert_eq!(commits, committed, "{output}");
        assert!(commits > 30, "{output}");
        world.assert_whole("undisturbed");
        let books = world.books();
        assert_eq!(books.leads, i64::try_from(LEADS).expect("it fits"));
        assert_eq!(world.proposed().len(), 2, "one alone and one digest are proposed: {output}");
        assert_eq!(books.states.get("Absorbed"), Some(&4), "{output}");
        Self { proposed: world.proposed(), states: books.states, questions: books.calls.len(), web, commits }
    }

    /// Kills the program at a point, runs it again to the end, and compares. True when it died there.
    fn survives(&self, binary: &Path, point: &str) -> bool {
        let mut world = World::new(&self.web, binary, Options::default()).dying_at(point);
        let first = world.desk.run(&["run", "--now", NOW]);
        let died = first.signal == Some(9);
        assert!(died || first.code == Some(0), "{point}: {first}");
        let in_flight = world.books().with_status("started");
        world = world.living();
        let second = world.desk.run(&["run", "--now", LATER]);
        assert_eq!(second.code, Some(0), "{point}: {second}");
        world.assert_whole(point);
        assert_eq!(world.proposed(), self.proposed, "{point}: other proposals\n{first}\n{second}");
        let books = world.books();
        assert_eq!(books.states, self.states, "{point}");
        assert_eq!(books.calls.len(), self.questions, "{point}");
        assert_eq!(books.unknown(), in_flight, "{point}: what was in flight is unknown, and nothing else");
        died
    }

    /// All points of these, several at once.
    fn survives_all(&self, binary: &Path, points: &[String]) {
        let next = AtomicUsize::new(0);
        let (deaths, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let survived = std::panic::AssertUnwindSafe(|| self.survives(binary, point));
                        match std::panic::catch_unwind(survived) {
                            Ok(died) => {
                                deaths.fetch_add(usize::from(died), Ordering::SeqCst);
                            }
                            Err(_) => failed.lock().expect("no holder panics").push(point.clone()),
                        }
                    }
                });
            }
        });
        let failed = failed.into_inner().expect("no holder panics");
        assert!(failed.is_empty(), "{} of {} points: {failed:?}", failed.len(), points.len());
        // Commits of several tasks meet in one, so that the last few numbers are not always reached.
        let deaths = deaths.into_inner();
        assert!(deaths * 10 >= points.len() * 9, "it died at {deaths} of {} points only", points.len());
    }
}

fn ready() -> Option<std::path::PathBuf> {
    if hugo().is_none() {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    }
    let binary = killable();
    if binary.is_none() {
        skip("examples/killable was not built (cargo build --example killable)");
    }
    binary
}

fn points(commits: usize) -> Vec<String> {
    (1..=commits).flat_map(|n| [format!("commit:{n}"), format!("committed:{n}")]).collect()
}

#[test]
fn death_at_every_commit_changes_nothing() {
    let Some(binary) = ready() else { return };
    let reference = Reference::of(100, &binary);
    reference.survives_all(&binary, &points(reference.commits));
}

#[test]
#[ignore = "long: every commit of two more runs"]
fn death_at_every_commit_of_other_runs_changes_nothing() {
    let Some(binary) = ready() else { return };
    for seed in [200, 300] {
        let reference = Reference::of(seed, &binary);
        reference.survives_all(&binary, &points(reference.commits));
    }
}

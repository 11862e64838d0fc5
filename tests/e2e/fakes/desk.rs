//! The desk and the site: children run, are killed and leave nothing behind; a site builds.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::harness::bare::Bare;
use crate::harness::desk::Desk;
use crate::harness::site::{copy_of_site, plain_site};
use crate::harness::skip;

/// A desk on which `sh` runs in the program's place.
fn shell() -> Desk {
    Desk::new("root = \"{root}\"\n").with_binary(Path::new("/bin/sh"))
}

#[test]
fn a_run_gives_code_output_and_its_own_environment() {
    let desk = shell().with_env("CANARY", "yes");
    let output = desk.run(&["-c", "echo $HOME $CANARY $CARGO_MANIFEST_DIR; cat pipeline.toml >&2; exit 3"]);
    let root = desk.root().display();
    assert_eq!(output.stdout, format!("{root}/home yes\n"));
    assert_eq!(output.stderr, format!("root = \"{root}\"\n"));
    assert_eq!((output.code, output.signal), (Some(3), None));
    assert_eq!(desk.run(&["-c", "echo '{\"a\": 1}'"]).ok().json()["a"], 1);
}

#[test]
fn a_killed_child_is_gone_at_once_and_says_what_it_had_said() {
    let desk = shell();
    let mut child = desk.spawn(&["-c", "echo ready; sleep 600; echo never"]);
    assert!(child.wait_for("ready", Duration::from_secs(10)));
    assert!(child.is_running());
    let output = child.kill9();
    assert_eq!((output.code, output.signal), (None, Some(9)));
    assert_eq!(output.stdout, "ready\n");
}

#[test]
fn signals_reach_the_child() {
    let desk = shell();
    let mut child = desk.spawn(&["-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"]);
    assert!(child.wait_for("ready", Duration::from_secs(10)));
    assert!(!child.wait_for("bye", Duration::from_millis(100)));
    child.signal("TERM");
    let output = child.wait();
    assert_eq!((output.code, output.stdout.as_str()), (Some(7), "ready\nbye\n"));
}

#[test]
fn a_child_that_does_not_end_fails_the_test_and_is_killed_with_what_it_started() {
    let desk = shell().with_limit(Duration::from_millis(300));
    let child = desk.spawn(&["-c", "sleep 600 & echo $!; wait"]);
    let start = Instant::now();
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| child.wait())).unwrap_err();
    let message = failed.downcast_ref::<String>().unwrap();
    assert!(message.contains("did not end within 300ms"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(10));
    let grandchild = desk.read("logs/0.stdout").unwrap();
    let stat = format!("/proc/{}/stat", grandchild.trim());
    let gone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        // A zombie that nobody has waited for is dead too.
        std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
    });
    assert!(gone, "the grandchild {grandchild} lives on");
}

#[test]
fn files_are_brought_from_the_workspace() {
    let desk = shell();
    desk.bring("states/src/words");
    assert!(desk.read("states/src/words/mod.rs").is_some());
    desk.write("a/b.txt", "b");
    assert_eq!(desk.read("a/b.txt").as_deref(), Some("b"));
    assert_eq!(desk.read("a/c.txt"), None);
}

#[test]
fn a_copy_of_the_site_is_one_commit_and_the_same_each_time() {
    let dir = tempfile::tempdir().unwrap();
    for make in [copy_of_site, plain_site] {
        let name = |n: usize| dir.path().join(format!("{}-{n}", make as usize));
        let (one, two) = (make(&name(1)), make(&name(2)));
        assert_eq!(one.history("main").len(), 1);
        assert_eq!(one.branches(), two.branches());
        assert_eq!(one.default_branch(), "main");
        assert!(one.files("main").keys().any(|path| path.starts_with("content/posts/")));
    }
}

#[test]
fn a_person_and_the_program_commit_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let bare = plain_site(dir.path());
    bare.commit("draft/a", "Desk", "One\n", &[("content/posts/a/index.md", b"---\ntitle: A\n---\nA\n")]);
    bare.commit("draft/a", "A Person", "Two\n", &[("content/posts/a/index.md", b"---\ntitle: A\n---\nB\n")]);
    let authors: Vec<String> = bare.history("draft/a").into_iter().map(|c| c.author).collect();
    assert_eq!(authors, ["A Person", "Desk", "The Owner"]);
    assert_eq!(bare.changed("draft/a"), ["content/posts/a/index.md"]);
    bare.commit("main", "A Person", "Three\n", &[("content/posts/a/index.md", b"conflict\n")]);
    assert!(bare.merge("draft/a", "Merge", false).unwrap_err().contains("conflicts"));
    assert_eq!(Bare::at(dir.path()).branches().len(), 2);
}

#[test]
fn the_sites_build_with_hugo_and_a_broken_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let bare = plain_site(&dir.path().join("plain"));
    let Some(built) = bare.build_with_hugo("main") else {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    };
    let page = built.unwrap().file("posts/hello/index.html").unwrap();
    assert!(page.contains("<h1>Hello</h1>"), "{page}");
    bare.commit("broken", "A Person", "Break it", &[("content/posts/x.md", b"---\ntitle: [\n---\n")]);
    let Some(Err(said)) = bare.build_with_hugo("broken") else { panic!("a broken site has built") };
    assert!(said.contains("x.md"), "{said}");
    let own = copy_of_site(&dir.path().join("own")).build_with_hugo("main").unwrap().unwrap();
    assert!(own.file("index.html").is_some());
}

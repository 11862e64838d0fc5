//! The scripts of docs/recipes, run with the commands of a box in their PATH that write down what they were asked.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pipeline::config::Config;

use crate::harness::{skip, workspace};

/// A box: a folder with fakes of its commands, and a script of the recipes.
struct Bench {
    folder: tempfile::TempDir,
    script: PathBuf,
}

impl Bench {
    fn of(script: &str) -> Self {
        let bench =
            Self { folder: tempfile::tempdir().unwrap(), script: workspace().join("docs/recipes").join(script) };
        for name in ["state", "drm", "bin"] {
            std::fs::create_dir(bench.path(name)).unwrap();
        }
        for command in ["who", "nvidia-smi", "pgrep", "sudo", "ioreg", "pmset", "caffeinate"] {
            bench.answers(command, "exit 1");
        }
        bench.answers("who", "exit 0");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a command does from now on, besides writing itself down.
    fn answers(&self, command: &str, script: &str) {
        let path = self.path("bin").join(command);
        let log = self.path("log");
        let text = format!("#!/bin/sh\necho \"{command} $*\" >>{}\n{script}\n", log.display());
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, verb: &str, original: &str) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        Command::new("sh")
            .arg(&self.script)
            .arg(verb)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("SSH_ORIGINAL_COMMAND", original)
            .env("PIPELINE_BOX_STATE", self.path("state"))
            .env("PIPELINE_BOX_DRM", self.path("drm"))
            .env("PIPELINE_BOX_MINUTES", "3")
            .env("PIPELINE_BOX_PROGRAMS", "steam")
            .output()
            .unwrap()
    }

    fn code(&self, verb: &str) -> i32 {
        self.run(verb, "").status.code().unwrap()
    }

    /// How often a command was asked that begins so.
    fn asked(&self, start: &str) -> usize {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().filter(|line| line.starts_with(start)).count()
    }
}

const ATTACKS: [&str; 10] = [
    "",
    "reboot",
    "guard",
    "forced",
    "suspend; touch owned",
    "suspend\ntouch owned",
    "$(touch owned)",
    "`touch owned`",
    "-h",
    "busy keepalive",
];

#[test]
fn the_forced_command_does_three_things_and_no_other() {
    for script in ["linux/pipeline-box", "macos/pipeline-box"] {
        let bench = Bench::of(script);
        for attack in ATTACKS {
            let output = bench.run("forced", attack);
            assert_eq!(output.status.code(), Some(64), "{script}: {attack:?}: {output:?}");
        }
        assert!(!bench.path("owned").exists() && !bench.path("log").exists(), "{script}: nothing was run");
    }
}

#[test]
fn a_linux_box_is_busy_while_somebody_is_logged_in_or_uses_its_gpu_or_plays() {
    let bench = Bench::of("linux/pipeline-box");
    assert_eq!(bench.code("busy"), 0);
    bench.answers("who", "echo 'ann tty2 2026-11-21 09:00'");
    assert_eq!(bench.run("forced", "busy").status.code(), Some(1));
    bench.answers("who", "exit 0");
    for (load, busy) in [("3", 0), ("97", 1), ("[N/A]", 0), ("10", 0), ("11", 1)] {
        bench.answers("nvidia-smi", &format!("echo 0; echo '{load}'"));
        assert_eq!(bench.code("busy"), busy, "{load}");
    }
    bench.answers("nvidia-smi", "exit 9");
    let card = bench.path("drm").join("card1/device");
    std::fs::create_dir_all(&card).unwrap();
    std::fs::write(card.join("gpu_busy_percent"), "64\n").unwrap();
    assert_eq!(bench.code("busy"), 1);
    std::fs::write(card.join("gpu_busy_percent"), "2\n").unwrap();
    assert_eq!(bench.code("busy"), 0);
    bench.answers("pgrep", "[ \"$2\" = steam ]");
    assert_eq!(bench.code("busy"), 1);
}

#[test]
fn the_guard_of_a_linux_box_suspends_it_once_when_nobody_wants_it_any_more() {
    let bench = Bench::of("linux/pipeline-box");
    bench.answers("sudo", "exit 0");
    let minute = || assert_eq!(bench.code("guard"), 0);
    let suspended = || bench.asked("sudo -n /usr/bin/systemd-run --quiet --on-active=2 /usr/bin/systemctl suspend");
    (0..5).for_each(|_| minute());
    assert_eq!(suspended(), 0, "a box that the desk has not woken is not the guard's");

    // Wanted, and told so again in time.
    for _ in 0..3 {
        assert_eq!(bench.run("forced", "keepalive").status.code(), Some(0));
        (0..3).for_each(|_| minute());
    }
    assert_eq!(suspended(), 0);
    // Nobody tells it any more, but somebody sits there: the count begins anew.
    bench.answers("who", "echo 'ann tty2'");
    (0..5).for_each(|_| minute());
    bench.answers("who", "exit 0");
    (0..2).for_each(|_| minute());
    assert_eq!(suspended(), 0);
    minute();
    assert_eq!(suspended(), 1);
    (0..5).for_each(|_| minute());
    assert_eq!(suspended(), 1, "and rests until the box is wanted again");

    // Told to sleep in order, it has nothing left to do either.
    bench.run("forced", "keepalive");
    assert_eq!(bench.run("forced", "suspend").status.code(), Some(0));
    (0..5).for_each(|_| minute());
    assert_eq!(suspended(), 2);
}

#[test]
fn a_mac_is_busy_while_it_is_touched_and_kept_awake_while_it_is_wanted() {
    let bench = Bench::of("macos/pipeline-box");
    for (nanoseconds, busy) in [("5000000000", 1), ("599000000000", 1), ("700000000000", 0)] {
        bench.answers("ioreg", &format!("echo '    \"HIDIdleTime\" = {nanoseconds}'"));
        assert_eq!(bench.code("busy"), busy, "{nanoseconds}");
    }
    bench.answers("ioreg", "exit 1");
    assert_eq!(bench.code("busy"), 1, "who cannot be asked about is there");
    bench.answers("pmset", "exit 0");
    assert_eq!(bench.run("forced", "keepalive").status.code(), Some(0));
    assert_eq!(bench.run("forced", "suspend").status.code(), Some(0));
    assert_eq!(bench.asked("pmset sleepnow"), 1);
    for _ in 0..100 {
        if bench.asked("caffeinate -i -t 120") == 1 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("caffeinate was not asked");
}

#[test]
fn sudoers_allow_what_the_script_runs_and_the_units_name_it() {
    let read = |name: &str| std::fs::read_to_string(workspace().join("docs/recipes/linux").join(name)).unwrap();
    let script = read("pipeline-box");
    let run = script.lines().find_map(|line| line.trim().strip_prefix("sudo -n ")).unwrap();
    let allowed = read("pipeline-box.sudoers");
    let allowed = allowed.lines().find_map(|line| line.split_once("NOPASSWD: ").map(|(_, command)| command)).unwrap();
    assert_eq!(allowed.replace("\\=", "="), run);
    assert!(read("pipeline-guard.service").contains("ExecStart=/usr/local/bin/pipeline-box guard"));
    assert!(read("pipeline-box.conf").contains("d /run/pipeline-box "));
}

#[test]
fn scripts_can_be_read_by_a_plain_shell() {
    let scripts = ["linux/pipeline-box", "macos/pipeline-box", "gate-pre-commit"]
        .map(|name| workspace().join("docs/recipes").join(name));
    for script in &scripts {
        for shell in ["sh", "bash"] {
            let output = Command::new(shell).arg("-n").arg(script).output().unwrap();
            assert!(output.status.success(), "{shell} -n {}: {output:?}", script.display());
        }
        assert!(
            Path::metadata(script).unwrap().permissions().mode() & 0o111 != 0,
            "{} is not executable",
            script.display()
        );
    }
    match Command::new("shellcheck").args(&scripts).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => skip(&format!("shellcheck: {error}")),
    }
}

#[test]
fn the_workers_of_the_documentation_are_workers() {
    let page = std::fs::read_to_string(workspace().join("docs/worker.md")).unwrap();
    let mut found = 0;
    for block in page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        // Some show a key alone, to be put beside the others of a worker.
        let worker = "[[worker]]\nname = \"box\"\nmac = \"00:11:22:33:44:55\"\nheartbeat_url = \"http://box.lan/\"\n";
        let head = if block.contains("[[worker]]") { "" } else { worker };
        let text = format!("{head}{block}\n[[site]]\nname = \"a\"\nrepo = \"r\"\n");
        let config =
            Config::parse(&text, Path::new("docs/worker.md")).unwrap_or_else(|error| panic!("{error}\n{block}"));
        found += config.workers.len();
    }
    assert!(found >= 3, "{found}");
}

/// A site's repository with one staged page, and the program in the PATH.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn with(page: &str) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        let pages = site.folder.path().join("content/two words");
        std::fs::create_dir_all(&pages).unwrap();
        std::fs::write(pages.join("page.md"), page).unwrap();
        std::fs::write(site.folder.path().join("content/_index.md"), "A list.\n").unwrap();
        site.run("sh", &["-c", "git init --quiet && git add --all"]);
        site
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        let bin = crate::harness::desk::Desk::program().parent().unwrap().to_owned();
        let path =
            std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path()).env("PATH", path.unwrap()).env("PIPELINE_SITE", "");
        command.output().unwrap()
    }
}

const PAGE: &str = "---\ntitle: A page\ndate: 2026-03-01T10:00:00Z\ndescription: All is well.\n---\n\nAll is well.\n";

#[test]
fn the_git_hook_stops_a_page_with_an_error_as_it_is_staged() {
    let hook = workspace().join("docs/recipes/gate-pre-commit");
    let hook = hook.to_str().unwrap();
    let good = Site::with(PAGE);
    // What lies in the folder but is not staged is not committed.
    std::fs::write(good.folder.path().join("content/two words/page.md"), "# Broken since\n").unwrap();
    let output = good.run(hook, &[]);
    assert!(output.status.success(), "{output:?}");
    let bad = Site::with(&format!("{PAGE}\n# A second title\n"));
    let output = bad.run(hook, &[]);
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("content/two words/page.md:9:1"), "{output:?}");
    bad.run("git", &["rm", "--quiet", "--cached", "-r", "."]);
    let output = bad.run(hook, &[]);
    assert!(output.status.success(), "nothing is staged: {output:?}");
}

/// The commands of the steps of a workflow.
fn steps(workflow: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in workflow.lines() {
        let indent = line.len() - line.trim_start().len();
        if line.trim() == "run: |" {
            found.push(String::new());
            inside = true;
        } else if inside && indent >= 10 {
            let step = found.last_mut().unwrap();
            step.push_str(line.trim());
            step.push('\n');
        } else {
            inside = false;
        }
    }
    found
}

#[test]
fn the_workflow_of_the_recipes_writes_a_log_of_what_it_found() {
    let text = std::fs::read_to_string(workspace().join("docs/recipes/gate-action.yml")).unwrap();
    let _: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    let steps = steps(&text);
    assert_eq!(steps.len(), 2, "{steps:#?}");
    for step in &steps {
        let output = Command::new("bash").args(["-n", "-c", step]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    // What a person has to fill in is said at the top.
    let (head, body) = text.split_once("\nname: gate\n").unwrap();
    for word in ["PIN_OF_CHECKOUT", "PIN_OF_UPLOAD", "URL_OF_PIPELINE", "COMMIT_OF_PIPELINE", "VERSION_OF_HUGO"] {
        assert!(head.contains(word) && body.contains(word), "{word}");
    }
    let check = steps.iter().find(|step| step.starts_with("pipeline gate ")).unwrap();
    for (page, code) in [(PAGE.to_owned(), 0), (format!("{PAGE}\n# A second title\n"), 1)] {
        let site = Site::with(&page);
        let output = site.run("bash", &["-eo", "pipefail", "-c", check]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let log = std::fs::read_to_string(site.folder.path().join("gate.sarif")).unwrap();
        let log: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), usize::try_from(code).unwrap());
    }
}

#[test]
fn the_hooks_for_pre_commit_name_a_command_that_is_understood() {
    let text = std::fs::read_to_string(workspace().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    let hooks = hooks.as_array().unwrap();
    assert!(!hooks.is_empty());
    for hook in hooks {
        for key in ["id", "name", "entry", "language"] {
            assert!(hook[key].is_string(), "{hook}");
        }
        let site = Site::with(&format!("{PAGE}\n# A second title\n"));
        let command = format!("{} 'content/two words/page.md'", hook["entry"].as_str().unwrap());
        let output = site.run("sh", &["-c", &command]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
}

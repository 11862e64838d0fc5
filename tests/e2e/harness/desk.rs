//! A desk: a folder with a `pipeline.toml`, and the program in it as a child process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{hugo, workspace};

/// A temporary folder in which the program runs, with an environment of its own: nothing that lies around in the
/// environment of the tests reaches it.
pub(crate) struct Desk {
    dir: tempfile::TempDir,
    binary: PathBuf,
    env: BTreeMap<String, OsString>,
    limit: Duration,
    started: AtomicUsize,
}

impl Desk {
    /// A desk with this `pipeline.toml`; `{root}` in it becomes the desk's folder.
    pub(crate) fn new(toml: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let mut env = BTreeMap::from([
            ("HOME".to_owned(), dir.path().join("home").into_os_string()),
            ("NO_COLOR".to_owned(), "1".into()),
            ("TZ".to_owned(), "UTC".into()),
            ("LANG".to_owned(), "C.UTF-8".into()),
            ("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default()),
        ]);
        if let Some(hugo) = hugo() {
            env.insert("PIPELINE_HUGO".to_owned(), std::path::absolute(hugo).expect("a path can be completed").into());
        }
        let binary = Self::program();
        let desk = Self { dir, binary, env, limit: Duration::from_secs(120), started: AtomicUsize::new(0) };
        std::fs::create_dir_all(desk.path("home")).expect("a folder can be made");
        desk.configure(toml);
        desk
    }

    /// The program.
    pub(crate) fn program() -> PathBuf {
        PathBuf::from(env!("CARGO_BIN_EXE_pipeline"))
    }

    /// Runs another binary in the program's place, such as [`killable`].
    pub(crate) fn with_binary(mut self, binary: &Path) -> Self {
        self.binary = binary.to_owned();
        self
    }

    /// Sets a variable of the program's environment.
    pub(crate) fn with_env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// How long one run may take; 120 s unless told.
    pub(crate) fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// A path in its folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// Writes its `pipeline.toml` anew; `{root}` becomes the desk's folder.
    pub(crate) fn configure(&self, toml: &str) {
        let root = self.root().to_str().expect("temporary folders have UTF-8 names");
        self.write("pipeline.toml", &toml.replace("{root}", root));
    }

    /// Writes a file in its folder.
    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// Reads a file of its folder, where it is there.
    pub(crate) fn read(&self, relative: &str) -> Option<String> {
        std::fs::read_to_string(self.path(relative)).ok()
    }

    /// Copies a file or folder of the workspace to the same place in its folder.
    pub(crate) fn bring(&self, relative: &str) {
        copy(&workspace().join(relative), &self.path(relative));
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it takes longer than the limit, with what it said until then.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.spawn(args).wait()
    }

    /// Starts the program.
    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        let n = self.started.fetch_add(1, Ordering::Relaxed);
        // Files, not pipes: a program that nobody reads must not stand still.
        let logs = self.path("logs");
        std::fs::create_dir_all(&logs).expect("a folder can be made");
        let (stdout, stderr) = (logs.join(format!("{n}.stdout")), logs.join(format!("{n}.stderr")));
        let child = Command::new(&self.binary)
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).expect("a file can be written"))
            .stderr(File::create(&stderr).expect("a file can be written"))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.binary.display()));
        Running { child, args: args.join(" "), stdout, stderr, limit: self.limit, status: None }
    }
}

/// The program while it runs. Dropping it while it runs kills it and what it has started.
pub(crate) struct Running {
    child: Child,
    args: String,
    stdout: PathBuf,
    stderr: PathBuf,
    limit: Duration,
    status: Option<ExitStatus>,
}

impl Running {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// True until it has ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.status().is_none()
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// When it takes longer than the limit, with what it said until then.
    pub(crate) fn wait(mut self) -> Output {
        let end = Instant::now() + self.limit;
        while self.is_running() {
            if Instant::now() > end {
                let said = self.output(None);
                panic!("`{}` did not end within {:?}\n{said}", self.args, self.limit);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = self.status;
        self.output(status)
    }

    /// Waits until its output contains `needle`; false when it has ended without, or `timeout` is over.
    pub(crate) fn wait_for(&mut self, needle: &str, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        loop {
            let ended = !self.is_running();
            let said = self.output(None);
            if said.stdout.contains(needle) || said.stderr.contains(needle) {
                return true;
            }
            if ended || Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `kill -9`, to the program alone. Gives what it said until then.
    pub(crate) fn kill9(mut self) -> Output {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        self.wait()
    }

    /// Sends a signal (`TERM`, `STOP`, `CONT`) to the program, unless it has ended.
    pub(crate) fn signal(&mut self, name: &str) {
        if self.is_running() {
            send_signal(name, &self.child.id().to_string());
        }
    }

    fn status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("a child can be waited for");
        }
        self.status
    }

    fn output(&self, status: Option<ExitStatus>) -> Output {
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        Output {
            args: self.args.clone(),
            code: status.and_then(|s| s.code()),
            signal: status.and_then(|s| s.signal()),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It leads its process group: what it has started ends with it. Once it was waited for, its number may be another's.
        if self.status().is_none() {
            send_signal("KILL", &format!("-{}", self.child.id()));
            let _ = self.child.wait();
        }
    }
}

fn send_signal(name: &str, to: &str) {
    let _ = Command::new("sh").args(["-c", "kill -s \"$1\" -- \"$2\" 2>/dev/null", "sh", name, to]).status();
}

/// What the program said, and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    args: String,
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Its standard output.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
}

impl Output {
    /// Itself, when it ended with code 0.
    ///
    /// # Panics
    /// When it did not, with everything it said.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Its standard output as JSON.
    ///
    /// # Panics
    /// When it is not, with everything it said.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { args, code, signal, stdout, stderr } = self;
        write!(f, "`{args}`: code {code:?}, signal {signal:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// The example binary that kills itself at a point it is told, beside the program; `None` where it was not built
/// (`cargo build --example killable`).
///
/// # Panics
/// When it is older than the program by more than a build takes: what it shows would be worth nothing.
pub(crate) fn killable() -> Option<PathBuf> {
    let program = Desk::program();
    let killable = program.parent()?.join("examples/killable");
    let built = |path: &Path| path.metadata().and_then(|m| m.modified());
    let built_at = built(&killable).ok()?;
    let stale = built(&program).is_ok_and(|program| program > built_at + Duration::from_secs(60));
    assert!(!stale, "{} is out of date: cargo build --example killable", killable.display());
    Some(killable)
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder can be made");
        for entry in std::fs::read_dir(from).expect("a folder of the workspace can be read") {
            let entry = entry.expect("a folder of the workspace can be read");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::create_dir_all(to.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}

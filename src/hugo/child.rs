//! A build as a child process: in an environment of its own, ended with all that it has started when its time is up.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::{HugoError, advice};

/// The most output of one call that is kept, in bytes. The rest is read and dropped.
const MOST_OUTPUT: usize = 8 * 1024 * 1024;

/// How long the last output is waited for once the child has ended: what it has started may hold its pipes open.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The signals that say nothing about what was built: interrupted, aborted, killed, and told to end.
const TOLD: [i32; 4] = [2, 6, 9, 15];

/// What a successful call wrote.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) out: String,
    pub(super) err: String,
}

/// Where a call runs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Surroundings<'a> {
    /// The site's folder, where the call is about one.
    pub(super) source: Option<&'a Path>,
    /// A folder for caches, and the call's home.
    pub(super) cache: Option<&'a Path>,
}

/// Runs a program in an environment of its own: nothing of ours but the search path and the language, no remote resources,
/// no module downloads, and of Hugo no other programs.
pub(super) async fn run(
    program: &OsStr,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    around: Surroundings<'_>,
    within: Duration,
) -> Result<Said, HugoError> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["PATH", "TMPDIR", "LANG", "SYSTEMROOT"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // What stands here comes before what the site's configuration allows.
    command.env("HUGO_SECURITY_HTTP_URLS", "none").env("HUGO_SECURITY_EXEC_ALLOW", "none");
    command.env("GOPROXY", "off").env("GIT_TERMINAL_PROMPT", "0");
    if let Some(cache) = around.cache {
        std::fs::create_dir_all(cache).map_err(|why| HugoError::failed(format!("{}: {why}", cache.display())))?;
        command.env("HUGO_CACHEDIR", cache).env("HOME", cache);
    }
    if let Some(source) = around.source {
        command.current_dir(source);
    }
    command.process_group(0).kill_on_drop(true);
    let mut group = Group(command.spawn().map_err(|why| not_started(program, &why))?);
    let (out, err) = (Kept::default(), Kept::default());
    let reading = tokio::spawn({
        let (from_out, from_err) = (group.0.stdout.take(), group.0.stderr.take());
        let (out, err) = (out.clone(), err.clone());
        async move { tokio::join!(out.fill(from_out), err.fill(from_err)) }
    });
    let ended = tokio::time::timeout(within, group.ended()).await;
    // While nobody has waited for the child, its number is its own: what it has started ends with it. Waiting makes sure that
    // it is gone before its folders are.
    group.end();
    let status = group.0.wait().await;
    let stop = reading.abort_handle();
    let _ = tokio::time::timeout(LAST_WORDS, reading).await;
    stop.abort();
    if ended.is_err() {
        return Err(HugoError::TimedOut(within));
    }
    let (out, err) = (out.text(), err.text());
    match status {
        Ok(status) if status.success() => Ok(Said { out, err }),
        Ok(status) if signal_of(status).is_some() => Err(HugoError::Ended(signal_of(status).unwrap_or_default())),
        Ok(_) => Err(HugoError::Failed { message: advice::with_next_step(complaint(&out, &err), around.source) }),
        Err(why) => Err(HugoError::Missing(why.to_string())),
    }
}

/// The signal that ended a program; shells tell it of what they ran by adding 128.
fn signal_of(status: ExitStatus) -> Option<i32> {
    let told = || status.code().map(|code| code - 128).filter(|signal| TOLD.contains(signal));
    status.signal().or_else(told)
}

fn not_started(program: &OsStr, why: &std::io::Error) -> HugoError {
    HugoError::Missing(format!("{}: {why}", program.to_string_lossy()))
}

/// A child that leads a group of processes. Dropped while it runs, the whole group is ended.
struct Group(Child);

impl Group {
    /// Waits until the child has ended, and leaves it to be collected.
    async fn ended(&self) {
        let Some(id) = self.id() else { return };
        let wait = move || {
            use rustix::process::{WaitId, WaitIdOptions, waitid};
            while let Err(rustix::io::Errno::INTR) =
                waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            {}
        };
        let _ = tokio::task::spawn_blocking(wait).await;
    }

    /// None means that it has been waited for: its number may be another's by now.
    fn id(&self) -> Option<rustix::process::Pid> {
        self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
    }

    fn end(&self) {
        if let Some(id) = self.id() {
            // An error means that it has just ended.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// The beginning of what comes out of a pipe. It is there also where the pipe stays open.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    async fn fill(&self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(mut pipe) = pipe else { return };
        let mut piece = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut piece).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MOST_OUTPUT.saturating_sub(kept.len()).min(read);
            kept.extend(piece.iter().take(room));
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// The lines that say what went wrong, at most a few.
fn complaint(out: &str, err: &str) -> String {
    let lines = || err.lines().chain(out.lines()).map(str::trim).filter(|line| !line.is_empty());
    let errors: Vec<&str> = lines().filter(|line| line.starts_with("ERROR") || line.starts_with("Error")).collect();
    let chosen: Vec<&str> = if errors.is_empty() { lines().take(5).collect() } else { errors };
    let text: String = chosen.into_iter().take(5).collect::<Vec<_>>().join("\n");
    if text.is_empty() { "it gave no reason".to_owned() } else { text.chars().take(2000).collect() }
}

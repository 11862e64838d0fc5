//! A build as a child process: in an environment of its own, ended with all that it has started when its time is up.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::{HugoError, advice};

/// The most output of one call that is kept, in bytes. The rest is read and dropped.
const MOST_OUTPUT: u64 = 8 * 1024 * 1024;

/// How long the last output is waited for once the child has ended: what it has started may hold its pipes open.
const LAST_WORDS: Duration = Duration::from_secs(2);

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
    let (out, err) = (group.0.stdout.take(), group.0.stderr.take());
    let reading = tokio::spawn(async move { tokio::join!(bounded(out), bounded(err)) });
    let ended = tokio::time::timeout(within, group.0.wait()).await;
    let Ok(status) = ended else {
        // Waiting makes sure that it is gone before its folders are.
        group.end();
        let _ = group.0.wait().await;
        reading.abort();
        return Err(HugoError::TimedOut(within));
    };
    let stop = reading.abort_handle();
    let (out, err) = match tokio::time::timeout(LAST_WORDS, reading).await {
        Ok(Ok(said)) => said,
        _ => {
            stop.abort();
            Default::default()
        }
    };
    match status {
        Ok(status) if status.success() => Ok(Said { out, err }),
        Ok(_) => Err(HugoError::Failed { message: advice::with_next_step(complaint(&out, &err), around.source) }),
        Err(why) => Err(HugoError::Missing(why.to_string())),
    }
}

fn not_started(program: &OsStr, why: &std::io::Error) -> HugoError {
    HugoError::Missing(format!("{}: {why}", program.to_string_lossy()))
}

/// A child that leads a group of processes. Dropped while it runs, the whole group is ended.
struct Group(Child);

impl Group {
    fn end(&self) {
        // No id means that it has been waited for: its number may be another's by now.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
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

async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut kept = Vec::new();
    let _ = (&mut pipe).take(MOST_OUTPUT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

/// The lines that say what went wrong, at most a few.
fn complaint(out: &str, err: &str) -> String {
    let lines = || err.lines().chain(out.lines()).map(str::trim).filter(|line| !line.is_empty());
    let errors: Vec<&str> = lines().filter(|line| line.starts_with("ERROR") || line.starts_with("Error")).collect();
    let chosen: Vec<&str> = if errors.is_empty() { lines().take(5).collect() } else { errors };
    let text: String = chosen.into_iter().take(5).collect::<Vec<_>>().join("\n");
    if text.is_empty() { "it gave no reason".to_owned() } else { text.chars().take(2000).collect() }
}

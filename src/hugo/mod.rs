//! Hugo: found, asked for its version and its pages, and run over a folder without reaching the network.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

mod build;
pub use build::BuildOutput;

mod list;
pub use list::Listed;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

/// The most output of one call that is kept, in bytes. The rest is read and dropped.
const MOST_OUTPUT: u64 = 8 * 1024 * 1024;

/// How long a question (version, configuration, list) may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A Hugo binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hugo {
    /// Its path.
    pub binary: PathBuf,
    /// The time that builds are made at; `None` for the system's. A page dated later stays out of the output.
    pub clock: Option<Timestamp>,
}

/// No Hugo was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Hugo was not found ({looked}): install it, or name its path in the configuration")]
pub struct HugoMissing {
    /// Where it was looked for.
    pub looked: String,
}

/// Why a call of Hugo gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HugoError {
    /// Hugo ran and said no. With a draft in the folder, the draft may be the reason.
    #[error("Hugo failed: {message}")]
    Failed {
        /// Its own words: the `ERROR` lines where there are any.
        message: String,
    },
    /// Hugo was ended because it took too long.
    #[error("Hugo did not finish within {0:?}")]
    TimedOut(Duration),
    /// The binary cannot be started.
    #[error("Hugo cannot be started ({0}): install it, or name its path in the configuration")]
    Missing(String),
}

impl Hugo {
    /// The Hugo that is configured, or else `hugo` of the search path.
    ///
    /// # Errors
    /// [`HugoMissing`] where the configured path is not a file, or the search path holds none.
    pub fn find(configured: Option<&Path>) -> Result<Self, HugoMissing> {
        if let Some(path) = configured {
            let found = path.is_file().then(|| path.canonicalize().ok()).flatten();
            return found
                .map(|binary| Self { binary, clock: None })
                .ok_or_else(|| HugoMissing { looked: format!("`{}` is not a file", path.display()) });
        }
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join("hugo"))
            .find(|path| path.is_file())
            .map(|binary| Self { binary, clock: None })
            .ok_or_else(|| HugoMissing { looked: "no `hugo` in PATH".into() })
    }

    /// The version, as in `0.168.0`.
    ///
    /// # Errors
    /// See [`HugoError`]; [`HugoError::Failed`] also where the answer is not Hugo's.
    pub async fn version(&self) -> Result<String, HugoError> {
        let said = self.run(["version"], None, None, ANSWER_WITHIN).await?;
        let version = said.out.split_whitespace().find_map(|word| {
            let number = word.strip_prefix('v')?;
            let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
            number[..end].contains('.').then(|| number[..end].to_owned())
        });
        version.ok_or_else(|| HugoError::Failed { message: format!("`{}` is no version", said.out.trim()) })
    }

    /// Runs Hugo with fixed arguments in an environment of its own: nothing of ours but the search path and a home, no
    /// remote resources, no module downloads.
    async fn run<I, S>(
        &self,
        arguments: I,
        source: Option<&Path>,
        cache: Option<&Path>,
        within: Duration,
    ) -> Result<Said, HugoError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in ["PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HUGO_SECURITY_HTTP_URLS", "none").env("GOPROXY", "off").env("GIT_TERMINAL_PROMPT", "0");
        if let Some(cache) = cache {
            command.env("HUGO_CACHEDIR", cache);
        }
        if let Some(source) = source {
            command.arg("--source").arg(source).current_dir(source);
        }
        command.kill_on_drop(true);
        let mut child = command.spawn().map_err(|why| HugoError::Missing(why.to_string()))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let all = async {
            let (out, err) = tokio::join!(bounded(out), bounded(err));
            (out, err, child.wait().await)
        };
        let finished = tokio::time::timeout(within, all).await;
        let Ok((out, err, status)) = finished else {
            // Dropping the child kills it; waiting here makes sure that it is gone before its folders are.
            let _ = child.kill().await;
            return Err(HugoError::TimedOut(within));
        };
        match status {
            Ok(status) if status.success() => Ok(Said { out, err }),
            Ok(_) => Err(HugoError::Failed { message: complaint(&out, &err) }),
            Err(why) => Err(HugoError::Missing(why.to_string())),
        }
    }
}

/// What a successful call wrote.
struct Said {
    out: String,
    err: String,
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

//! Hugo: found, asked for its version and its pages, and run over a folder without reaching the network.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

mod child;
mod advice;

mod build;
pub use build::{BuildOptions, BuildOutput};

mod list;
pub use list::{Addresses, Listed};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

/// How long a question (version, configuration, list) may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A Hugo binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hugo {
    /// Its path.
    pub binary: PathBuf,
    /// The time that builds are made at; `None` for the system's. A page dated later stays out of the output.
    pub clock: Option<Timestamp>,
    /// How the site is built.
    pub build: BuildOptions,
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
    /// A signal ended it, as where memory runs out: nothing is known about the site.
    #[error(
        "Hugo, or the command in its place, was ended by signal {0} before it was done: look whether the machine has \
         memory left, and run again"
    )]
    Ended(i32),
    /// The binary cannot be started.
    #[error(
        "Hugo, or the command in its place, cannot be started ({0}): install it, or name its path in the configuration"
    )]
    Missing(String),
}

impl HugoError {
    fn failed(message: String) -> Self {
        Self::Failed { message }
    }
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
                .map(Self::at)
                .ok_or_else(|| HugoMissing { looked: format!("`{}` is not a file", path.display()) });
        }
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join("hugo"))
            .find(|path| path.is_file())
            .map(Self::at)
            .ok_or_else(|| HugoMissing { looked: "no `hugo` in PATH".into() })
    }

    fn at(binary: PathBuf) -> Self {
        Self { binary, clock: None, build: BuildOptions::default() }
    }

    /// The same Hugo for a site that is built like this.
    #[must_use]
    pub fn building(self, build: BuildOptions) -> Self {
        Self { build, ..self }
    }

    /// The version, as in `0.168.0`.
    ///
    /// # Errors
    /// See [`HugoError`]; [`HugoError::Failed`] also where the answer is not Hugo's.
    pub async fn version(&self) -> Result<String, HugoError> {
        let said =
            child::run(self.binary.as_os_str(), ["version"], child::Surroundings::default(), ANSWER_WITHIN).await?;
        let version = said.out.split_whitespace().find_map(|word| {
            let number = word.strip_prefix('v')?;
            let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
            number[..end].contains('.').then(|| number[..end].to_owned())
        });
        version.ok_or_else(|| HugoError::Failed { message: format!("`{}` is no version", said.out.trim()) })
    }
}

/// A folder by its full name.
fn folder_of(source_dir: &Path) -> Result<PathBuf, HugoError> {
    source_dir
        .canonicalize()
        .map_err(|why| HugoError::failed(format!("the site's folder {}: {why}", source_dir.display())))
}

//! Recorded answers: what a model said once, said again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use states::words::RequestKey;

use super::call_error::CallError;
use super::provider::{Answer, BadOptions};
use super::question::Question;
use super::task::Task;

/// A recording larger than this is refused.
const MAX_BYTES: u64 = 20_000_000;

/// One recording. It holds the answer and what it answers, no prompt, address or key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    v: u32,
    key: RequestKey,
    task: Task,
    provider: String,
    answer: Answer,
}

/// A folder of recordings of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    folder: PathBuf,
    provider: String,
}

impl Replay {
    /// The recordings of `provider` in `folder`.
    ///
    /// # Errors
    /// When the provider's name cannot be that of a folder.
    pub fn new(folder: PathBuf, provider: String) -> Result<Self, BadOptions> {
        checked(&provider)?;
        Ok(Self { folder, provider })
    }

    /// Whose answers these are.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Gives the recorded answer.
    ///
    /// # Errors
    /// [`CallError::NotRecorded`] where there is none, [`CallError::Malformed`] where the file is not a recording of this
    /// question.
    pub fn ask(&self, question: &Question) -> Result<Answer, CallError> {
        let key = question.key();
        let path = path_of(&self.folder, &self.provider, &key);
        let malformed =
            |message: String| CallError::Malformed { message: format!("recording {key}: {message}"), usage: None };
        let size = match std::fs::metadata(&path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(CallError::NotRecorded { key: key.to_string() });
            }
            Err(error) => return Err(malformed(error.to_string())),
        };
        if size > MAX_BYTES {
            return Err(malformed(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let text = std::fs::read(&path).map_err(|error| malformed(error.to_string()))?;
        let recording: Recording = serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
        if recording.key != key || recording.v != 1 {
            return Err(malformed("it answers another question".to_owned()));
        }
        Ok(recording.answer)
    }
}

/// Writes an answer where [`Replay`] finds it: `folder/provider/key.json`. Gives the path.
///
/// # Errors
/// When the provider's name cannot be that of a folder, or when the file cannot be written.
pub fn record(folder: &Path, question: &Question, provider: &str, answer: &Answer) -> std::io::Result<PathBuf> {
    checked(provider).map_err(std::io::Error::other)?;
    let key = question.key();
    let path = path_of(folder, provider, &key);
    let recording = Recording { v: 1, key, task: question.task, provider: provider.to_owned(), answer: answer.clone() };
    let json = serde_json::to_string_pretty(&recording)?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // Renamed into place: a reader sees a whole recording or none.
    let partial = path.with_extension("partial");
    std::fs::write(&partial, json + "\n")?;
    std::fs::rename(&partial, &path)?;
    Ok(path)
}

fn path_of(folder: &Path, provider: &str, key: &RequestKey) -> PathBuf {
    folder.join(provider).join(format!("{key}.json"))
}

fn checked(provider: &str) -> Result<(), BadOptions> {
    let good = (1..=60).contains(&provider.len())
        && provider.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !provider.starts_with('.');
    if good {
        return Ok(());
    }
    let problem = "its name must be 1 to 60 of a-z, A-Z, 0-9, `-`, `_` and `.`, and not begin with `.`".to_owned();
    Err(BadOptions { name: provider.to_owned(), problem })
}

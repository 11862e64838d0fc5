//! The form of a recording: its head, and the lines of its tape.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form that this program writes, and the only one it reads.
pub const VERSION: u32 = 1;

/// The head of a recording.
pub(super) const HEAD: &str = "recording.json";
/// Its lines.
pub(super) const TAPE: &str = "tape.jsonl";
/// The folder of bodies, by their hash.
pub(super) const BODIES: &str = "bodies";

/// What stands at the head of a recording. It is written last, so that a folder with a head is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The form: [`VERSION`].
    pub v: u32,
    /// The version of the program.
    pub program: String,
    /// When the recording began.
    pub began: Timestamp,
    /// True where the clock had been told where to start.
    pub clock_given: bool,
    /// Names the database of the run without giving anything of it away.
    pub database: String,
    /// Hash of the configuration, without what only says where things lie.
    pub configuration: String,
}

/// One line of a tape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A process began to record; the one before it, if any, has ended.
    Session { n: u64, program: String, at: Timestamp },
    /// A run began.
    Run { request: Value },
    /// A turn began.
    Begin {
        turn: String,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<Value>,
    },
    /// A turn read the clock.
    Clock { turn: String, ms: i64 },
    /// Something was heard from outside.
    Heard {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        turn: String,
        kind: String,
        key: String,
        answer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// The outcome of a turn is being received.
    Receive { turn: String },
    /// A turn is over, and what it changed is committed.
    Done { turn: String },
    /// The run is over.
    End,
}

/// Why a recording cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file cannot be written or read.
    #[error("the recording {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not a recording, or not one that this program reads.
    #[error("{path} is not a recording that can be used: {why}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
}

impl RecordError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn unusable(path: &Path, why: impl ToString) -> Self {
        Self::Unusable { path: path.to_owned(), why: why.to_string() }
    }
}

/// Reads the head of a recording; `None` where the folder has none.
pub(super) fn read_head(folder: &Path) -> Result<Option<Head>, RecordError> {
    let path = folder.join(HEAD);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RecordError::io(&path)(error)),
    };
    let head: Head = serde_json::from_str(&text).map_err(|e| RecordError::unusable(&path, e))?;
    if head.v != VERSION {
        let why = format!("it has the form {}, and this program reads {VERSION}; record anew", head.v);
        return Err(RecordError::unusable(&path, why));
    }
    Ok(Some(head))
}

/// Reads the lines of a tape. A last line that was cut off is left out; its length is not counted in what is whole.
pub(super) fn read_lines(path: &Path) -> Result<(Vec<Line>, u64), RecordError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(error) => return Err(RecordError::io(path)(error)),
    };
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let mut lines = Vec::new();
    for (n, line) in bytes[..whole].split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let line = serde_json::from_slice(line)
            .map_err(|e| RecordError::unusable(path, format!("line {}: {e}; record anew", n + 1)))?;
        lines.push(line);
    }
    Ok((lines, u64::try_from(whole).unwrap_or(u64::MAX)))
}

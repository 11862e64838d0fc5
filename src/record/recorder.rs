//! Writing a recording. It never changes what the run does: what cannot be written ends the recording, not the run.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use states::words::hash::sha256_hex;

use super::clean::Cleaner;
use super::line::{BODIES, HEAD, Head, Line, RecordError, TAPE, read_head, read_lines};

/// A recording that is being made.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    cleaner: Cleaner,
    session: u64,
    turns: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The tape; `None` once the recording has ended.
    tape: Option<File>,
    /// Why it has ended before the run.
    ended: Option<String>,
}

impl Recorder {
    /// The head of the recording in a folder; `None` where there is none yet.
    ///
    /// # Errors
    /// [`RecordError`] where something stands there that is no recording.
    pub fn head_of(folder: &Path) -> Result<Option<Head>, RecordError> {
        if let Some(head) = read_head(folder)? {
            return Ok(Some(head));
        }
        // What a start that was cut off has left may be written over; anything else is somebody's.
        let ours = |name: &std::ffi::OsStr| {
            name.to_str().is_some_and(|name| name.starts_with("before.db") || name == BODIES || name == TAPE)
        };
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if !ours(&entry.file_name()) {
                let why = "the folder holds other things; name a new one";
                return Err(RecordError::unusable(folder, why));
            }
        }
        Ok(None)
    }

    /// True where the last run of a recording has ended: nothing is added to it any more.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn is_over(folder: &Path) -> Result<bool, RecordError> {
        let (lines, _) = read_lines(&folder.join(TAPE))?;
        Ok(lines.last() == Some(&Line::End))
    }

    /// Begins a recording, or goes on with one whose process has ended. A last line that was cut off is taken away.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn open(folder: &Path, head: &Head, cleaner: Cleaner, now: Timestamp) -> Result<Self, RecordError> {
        let bodies = folder.join(BODIES);
        std::fs::create_dir_all(&bodies).map_err(RecordError::io(&bodies))?;
        let path = folder.join(TAPE);
        let (lines, whole) = read_lines(&path)?;
        let tape = File::options().create(true).append(true).read(true).open(&path).map_err(RecordError::io(&path))?;
        tape.set_len(whole).map_err(RecordError::io(&path))?;
        let session = 1 + lines.iter().filter(|line| matches!(line, Line::Session { .. })).count() as u64;
        let recorder = Self {
            folder: folder.to_owned(),
            cleaner,
            session,
            turns: AtomicU64::new(0),
            state: Mutex::new(State { tape: Some(tape), ended: None }),
        };
        recorder.note(&Line::Session { n: session, program: head.program.clone(), at: now });
        if session == 1 {
            let json = serde_json::to_string_pretty(head).unwrap_or_default() + "\n";
            place(&folder.join(HEAD), json.as_bytes())?;
        }
        Ok(recorder)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Why the recording ended before the run, where it did.
    pub fn ended(&self) -> Option<String> {
        self.state().ended.clone()
    }

    /// Ends the recording: the run goes on without it.
    pub fn end(&self, why: &str) {
        let mut state = self.state();
        if state.tape.take().is_some() {
            tracing::error!(why, "the recording has ended; the run goes on without it");
            state.ended = Some(why.to_owned());
        }
    }

    /// Notes that a run begins.
    pub(super) fn run(&self, request: Value) {
        self.note(&Line::Run { request });
    }

    /// Notes that it is over.
    pub(super) fn over(&self) {
        self.note(&Line::End);
    }

    /// Begins a turn; gives its id.
    pub(super) fn begin(&self, name: &str, given: Option<Value>) -> String {
        let turn = format!("{}.{}", self.session, self.turns.fetch_add(1, Ordering::Relaxed) + 1);
        self.note(&Line::Begin { turn: turn.clone(), name: name.to_owned(), given });
        turn
    }

    pub(super) fn clock(&self, turn: &str, ms: i64) {
        self.note(&Line::Clock { turn: turn.to_owned(), ms });
    }

    pub(super) fn receive(&self, turn: &str) {
        self.note(&Line::Receive { turn: turn.to_owned() });
    }

    pub(super) fn done(&self, turn: &str) {
        self.note(&Line::Done { turn: turn.to_owned() });
    }

    /// Keeps what was heard. The body is there before the line that names it.
    pub(super) fn heard(&self, turn: &str, kind: &str, key: &str, answer: Value, body: Option<&[u8]>) {
        // It has ended: nothing more is written on a disk that may be full.
        if self.state().tape.is_none() {
            return;
        }
        let body = match body.map(|body| self.body(body)).transpose() {
            Ok(body) => body,
            Err(error) => return self.end(&error.to_string()),
        };
        let (turn, kind, key) = (turn.to_owned(), kind.to_owned(), key.to_owned());
        self.note(&Line::Heard { turn, kind, key, answer, body });
    }

    fn body(&self, body: &[u8]) -> Result<String, RecordError> {
        let body = self.cleaner.bytes(body);
        let hash = sha256_hex(&body);
        let path = self.folder.join(BODIES).join(&hash);
        // One at a time: two that write the same body would move the same file.
        let _alone = self.state();
        if !path.exists() {
            place(&path, &body)?;
        }
        Ok(hash)
    }

    fn note(&self, line: &Line) {
        let json = serde_json::to_string(line).unwrap_or_default();
        let json = format!("{}\n", self.cleaner.text(&json));
        let mut state = self.state();
        let Some(tape) = &mut state.tape else { return };
        // One write, so that a line is whole or the last.
        if let Err(error) = tape.write_all(json.as_bytes()) {
            drop(state);
            self.end(&format!("{}: {error}", self.folder.join(TAPE).display()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a file beside its place and moves it there, so that it is whole or not there.
fn place(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).map_err(RecordError::io(&partial))?;
    std::fs::rename(&partial, path).map_err(RecordError::io(path))
}

//! The tape: what a run is recorded on, or replayed from, or neither.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::player::{EFFECT, Player};
use super::recorder::Recorder;
use super::turn::Turn;

/// What a run is recorded on, or replayed from. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Tape(Kind);

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    Off,
    Recording(Arc<Recorder>),
    Replaying(Arc<Player>),
}

/// What was heard, as it is kept: a value, and bytes that do not belong into a line.
pub type Kept = (Value, Option<Vec<u8>>);

impl Tape {
    /// Records.
    pub fn recording(recorder: Recorder) -> Self {
        Self(Kind::Recording(Arc::new(recorder)))
    }

    /// Replays.
    pub fn replaying(player: Player) -> Self {
        Self(Kind::Replaying(Arc::new(player)))
    }

    /// The recorder.
    pub fn recorder(&self) -> Option<&Recorder> {
        match &self.0 {
            Kind::Recording(recorder) => Some(recorder),
            Kind::Off | Kind::Replaying(_) => None,
        }
    }

    /// The player.
    pub fn player(&self) -> Option<&Player> {
        match &self.0 {
            Kind::Replaying(player) => Some(player),
            Kind::Off | Kind::Recording(_) => None,
        }
    }

    /// True where nothing is recorded and nothing replayed.
    pub fn is_off(&self) -> bool {
        matches!(self.0, Kind::Off)
    }

    /// True where nothing is asked outside.
    pub fn replays(&self) -> bool {
        self.player().is_some()
    }

    /// Notes that a run begins, with what it was asked to do.
    pub fn run(&self, request: &impl Serialize) {
        if let Some(recorder) = self.recorder() {
            recorder.run(serde_json::to_value(request).unwrap_or_default());
        }
    }

    /// Notes that the last run is over.
    pub fn over(&self) {
        if let Some(recorder) = self.recorder() {
            recorder.over();
        }
    }

    /// Begins the turn of an effect.
    pub fn effect(&self, key: &str) -> Arc<Turn> {
        self.turn(&format!("{EFFECT}{key}"))
    }

    /// Begins a turn. A replay gives the first of this name that it has not given yet.
    pub fn turn(&self, name: &str) -> Arc<Turn> {
        match &self.0 {
            Kind::Off => Arc::default(),
            Kind::Recording(recorder) => Arc::new(Turn { id: recorder.begin(name, None), ..Turn::default() }),
            Kind::Replaying(player) => player.turn(name),
        }
    }

    /// Notes a decision that follows from the time alone.
    pub fn decided(&self, name: &str, what: &impl Serialize) {
        if let Some(recorder) = self.recorder() {
            recorder.begin(name, Some(serde_json::to_value(what).unwrap_or_default()));
        }
    }

    /// The outcome of a turn is being received.
    pub fn receiving(&self, turn: &Turn) {
        if let Some(recorder) = self.recorder() {
            recorder.receive(&turn.id);
        }
    }

    /// A turn is over, and what it changed is committed.
    pub fn done(&self, turn: &Turn) {
        if let Some(recorder) = self.recorder() {
            recorder.done(&turn.id);
        }
    }

    /// Reads the clock: `live` tells the time where nothing is replayed.
    pub fn time(&self, live: impl FnOnce() -> Timestamp) -> Timestamp {
        let turn = Turn::current();
        match &self.0 {
            Kind::Off => live(),
            Kind::Recording(recorder) => {
                let at = live();
                if let Some(turn) = turn.filter(|turn| !turn.id.is_empty()) {
                    recorder.clock(&turn.id, at.as_millisecond());
                }
                at
            }
            Kind::Replaying(player) => {
                Timestamp::from_millisecond(player.reading(turn.as_deref())).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Lets time pass in a replay.
    pub fn pass(&self, time: std::time::Duration) {
        if let Some(player) = self.player() {
            player.advance(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        }
    }

    /// Keeps what was heard.
    pub fn keep(&self, kind: &str, key: &str, answer: Value, body: Option<&[u8]>) {
        if let Some(recorder) = self.recorder() {
            let turn = Turn::current();
            recorder.heard(turn.as_ref().map_or("", |turn| &turn.id), kind, key, answer, body);
        }
    }

    /// What was heard then. `None` where the recording does not have it: the turn remembers that.
    pub fn recall(&self, kind: &str, key: &str) -> Option<Kept> {
        let turn = Turn::current();
        let found = self.player()?.heard(turn.as_deref(), kind, key);
        if let (None, Some(turn)) = (&found, turn) {
            turn.misses(format!("{kind} {key}"));
        }
        found
    }

    /// Hears something: from outside, and kept, or from the recording, and then nobody is asked.
    ///
    /// # Errors
    /// [`NotRecorded`] where a replay does not have it.
    pub async fn hear<T: Serialize + DeserializeOwned>(
        &self,
        kind: &str,
        key: &str,
        live: impl Future<Output = T>,
    ) -> Result<T, NotRecorded> {
        if !self.replays() {
            let heard = live.await;
            self.keep_value(kind, key, &heard);
            return Ok(heard);
        }
        let missing = || NotRecorded { what: format!("{kind} {key}") };
        let (answer, _) = self.recall(kind, key).ok_or_else(missing)?;
        serde_json::from_value(answer).map_err(|_| missing())
    }

    /// Does something that a replay can do by itself, at a copy of what was there then; only trouble is kept, and met again.
    ///
    /// # Errors
    /// Those of `live`.
    pub async fn trouble<T, E: Serialize + DeserializeOwned>(
        &self,
        kind: &str,
        key: &str,
        live: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if let (Some(player), Some(turn)) = (self.player(), Turn::current())
            && let Some(error) = player.trouble(&turn, kind, key)
            && let Ok(error) = serde_json::from_value(error)
        {
            return Err(error);
        }
        let came = live.await;
        if let Err(error) = &came {
            self.keep_value(kind, key, error);
        }
        came
    }

    fn keep_value(&self, kind: &str, key: &str, value: &impl Serialize) {
        if self.recorder().is_some() {
            self.keep(kind, key, serde_json::to_value(value).unwrap_or_default(), None);
        }
    }

    /// What turns of these names were begun, in their order, the names without `prefix`.
    pub fn order(&self, prefix: &str) -> Option<Vec<String>> {
        self.player().map(|player| player.order(prefix))
    }
}

/// A replay was asked for something that its recording does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recording does not have it: {what}")]
pub struct NotRecorded {
    /// What was asked for.
    pub what: String,
}

//! Reading a recording back: every turn gets what it had then.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::line::{BODIES, Head, Line, RecordError, TAPE, read_head, read_lines};
use super::turn::Turn;

/// What the name of an effect's turn begins with.
pub(super) const EFFECT: &str = "effect ";

/// A recording that is being replayed.
#[derive(Debug)]
pub struct Player {
    folder: PathBuf,
    head: Head,
    runs: Vec<Value>,
    turns: Vec<Recorded>,
    heard: Vec<Heard>,
    /// Where to find what was heard, by kind and key.
    by_key: BTreeMap<(String, String), Vec<usize>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Recorded {
    id: String,
    name: String,
    given: Option<Value>,
    readings: Vec<i64>,
    received: bool,
    done: bool,
    /// Its process ended before it did, and it was begun again.
    dropped: bool,
}

#[derive(Debug)]
struct Heard {
    turn: String,
    answer: Value,
    body: Option<String>,
}

#[derive(Debug)]
struct State {
    /// What is to be done, in the order of the recording.
    steps: VecDeque<Step>,
    /// Turns that were given out.
    begun: Vec<bool>,
    /// What was heard and given out.
    used: Vec<bool>,
    /// The time, in milliseconds: that of the newest reading.
    at: i64,
    diverged: Vec<String>,
    missed: Vec<String>,
}

/// What the recording says comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Another run begins.
    Run,
    /// An effect is performed.
    Perform {
        /// Its key.
        key: String,
    },
    /// The outcome of an effect is received.
    Receive {
        /// Its key.
        key: String,
    },
    /// The engine decided something about the time of which nothing else tells.
    Decide {
        /// About whom.
        name: String,
        /// What.
        given: Value,
    },
}

/// What a replay has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    /// What was asked for and is not in the recording.
    pub missed: Vec<String>,
    /// What the recording has and the replay did not come to.
    pub diverged: Vec<String>,
}

impl Player {
    /// Reads a recording. A last line that was cut off is ignored.
    ///
    /// # Errors
    /// [`RecordError`] where there is none, or none that can be read.
    pub fn open(folder: &Path) -> Result<Self, RecordError> {
        let head = read_head(folder)?.ok_or_else(|| {
            RecordError::unusable(folder, "there is no recording.json in it; `pipeline run --record` makes one")
        })?;
        let (lines, _) = read_lines(&folder.join(TAPE))?;
        let mut player = Self {
            folder: folder.to_owned(),
            runs: Vec::new(),
            turns: Vec::new(),
            heard: Vec::new(),
            by_key: BTreeMap::new(),
            state: Mutex::new(State {
                steps: VecDeque::new(),
                begun: Vec::new(),
                used: Vec::new(),
                at: head.began.as_millisecond(),
                diverged: Vec::new(),
                missed: Vec::new(),
            }),
            head,
        };
        let steps = player.read(lines);
        player.drop_what_was_cut_off();
        let state = player.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.begun = vec![false; player.turns.len()];
        state.used = vec![false; player.heard.len()];
        let alive = |(_, n): &(Step, Option<usize>)| n.is_none_or(|n| !player.turns[n].dropped);
        state.steps = steps.into_iter().filter(alive).map(|(step, _)| step).collect();
        Ok(player)
    }

    fn read(&mut self, lines: Vec<Line>) -> Vec<(Step, Option<usize>)> {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut steps = Vec::new();
        for line in lines {
            match line {
                Line::Session { .. } | Line::End => {}
                Line::Run { request } => {
                    // A run that was taken up again is the same run.
                    if !self.runs.contains(&request) {
                        if !self.turns.is_empty() {
                            steps.push((Step::Run, None));
                        }
                        self.runs.push(request);
                    }
                }
                Line::Begin { turn, name, given } => {
                    let n = self.turns.len();
                    places.insert(turn.clone(), n);
                    match (name.strip_prefix(EFFECT), &given) {
                        (Some(key), _) => steps.push((Step::Perform { key: key.to_owned() }, Some(n))),
                        (None, Some(given)) => {
                            steps.push((Step::Decide { name: name.clone(), given: given.clone() }, Some(n)));
                        }
                        (None, None) => {}
                    }
                    let (readings, received, done, dropped) = (Vec::new(), false, false, false);
                    self.turns.push(Recorded { id: turn, name, given, readings, received, done, dropped });
                }
                Line::Clock { turn, ms } => {
                    if let Some(n) = places.get(&turn) {
                        self.turns[*n].readings.push(ms);
                    }
                }
                Line::Receive { turn } => {
                    let Some(n) = places.get(&turn).copied() else { continue };
                    self.turns[n].received = true;
                    if let Some(key) = self.turns[n].name.strip_prefix(EFFECT) {
                        steps.push((Step::Receive { key: key.to_owned() }, Some(n)));
                    }
                }
                Line::Done { turn } => {
                    if let Some(n) = places.get(&turn) {
                        self.turns[*n].done = true;
                    }
                }
                Line::Heard { turn, kind, key, answer, body } => {
                    self.by_key.entry((kind, key)).or_default().push(self.heard.len());
                    self.heard.push(Heard { turn, answer, body });
                }
            }
        }
        steps
    }

    /// A turn that was cut off and begun again counts the second time; an effect whose outcome was never received is no step.
    fn drop_what_was_cut_off(&mut self) {
        let mut later: BTreeMap<String, ()> = BTreeMap::new();
        for turn in self.turns.iter_mut().rev() {
            let again = later.insert(turn.name.clone(), ()).is_some();
            let unreceived = turn.name.starts_with(EFFECT) && !turn.received;
            turn.dropped = !turn.done && turn.given.is_none() && (again || unreceived);
        }
    }

    /// What stands at the head of the recording.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// True where the first run of the recording had begun before it.
    pub fn takes_up_a_run(&self) -> bool {
        self.state().steps.iter().filter(|step| **step == Step::Run).count() >= self.runs.len()
    }

    /// What the runs of the recording were asked to do, in their order.
    pub fn runs(&self) -> &[Value] {
        &self.runs
    }

    /// What comes next; `None` once all of it was done.
    pub fn next(&self) -> Option<Step> {
        self.state().steps.front().cloned()
    }

    /// The next step was taken.
    pub fn taken(&self) {
        self.state().steps.pop_front();
    }

    /// The next step cannot be taken: this replay went another way.
    pub fn pass_over(&self) {
        let mut state = self.state();
        let Some(step) = state.steps.pop_front() else { return };
        state.diverged.push(match step {
            Step::Run => return,
            Step::Perform { key } => format!("the effect {key}"),
            Step::Receive { key } => format!("the outcome of the effect {key}"),
            Step::Decide { name, given } => format!("{name}: {given}"),
        });
    }

    /// What has been missed so far, and what is left of the recording.
    pub fn told(&self) -> Told {
        let state = self.state();
        let mut missed = state.missed.clone();
        missed.dedup();
        Told { missed, diverged: state.diverged.clone() }
    }

    /// The turn of this name that was not given out yet, or one that knows nothing.
    pub(super) fn turn(&self, name: &str) -> Arc<Turn> {
        let mut state = self.state();
        let found =
            self.turns.iter().enumerate().find(|(n, turn)| turn.name == name && !turn.dropped && !state.begun[*n]);
        let Some((n, recorded)) = found else {
            return Arc::default();
        };
        state.begun[n] = true;
        Arc::new(Turn {
            id: recorded.id.clone(),
            readings: Mutex::new(recorded.readings.iter().copied().collect()),
            ..Turn::default()
        })
    }

    /// The order in which turns whose names begin so are begun.
    pub(super) fn order(&self, prefix: &str) -> Vec<String> {
        let alive = self.turns.iter().filter(|turn| !turn.dropped);
        alive.filter_map(|turn| turn.name.strip_prefix(prefix).map(str::to_owned)).collect()
    }

    /// The time, in milliseconds. A turn reads what it read then.
    pub(super) fn reading(&self, turn: Option<&Turn>) -> i64 {
        let read = turn.and_then(Turn::next_reading);
        let mut state = self.state();
        if let Some(ms) = read {
            state.at = state.at.max(ms);
            return ms;
        }
        state.at
    }

    /// Lets time pass.
    pub(super) fn advance(&self, ms: i64) {
        let mut state = self.state();
        state.at = state.at.saturating_add(ms.max(0));
    }

    /// What was heard: by this turn, else by one that was cut off, else by any; each only once.
    pub(super) fn heard(&self, turn: Option<&Turn>, kind: &str, key: &str) -> Option<(Value, Option<Vec<u8>>)> {
        let mut state = self.state();
        let known = self.by_key.get(&(kind.to_owned(), key.to_owned()));
        let free = |n: &&usize| !state.used[**n];
        let of_turn = |n: &&usize| turn.is_some_and(|turn| !turn.id.is_empty() && turn.id == self.heard[**n].turn);
        let found = known.and_then(|all| all.iter().filter(free).find(of_turn).or_else(|| all.iter().find(free)));
        let body = |name: &str| std::fs::read(self.folder.join(BODIES).join(name)).ok();
        let got = found.copied().and_then(|n| {
            state.used[n] = true;
            let heard = &self.heard[n];
            match &heard.body {
                None => Some((heard.answer.clone(), None)),
                // A name that is no hash leads nowhere.
                Some(name) if name.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    Some((heard.answer.clone(), Some(body(name)?)))
                }
                Some(_) => None,
            }
        });
        if got.is_none() {
            state.missed.push(format!("{kind} {key}"));
        }
        got
    }

    /// The trouble that this turn met, where it met any; it is no miss where there was none.
    pub(super) fn trouble(&self, turn: &Turn, kind: &str, key: &str) -> Option<Value> {
        let mut state = self.state();
        let known = self.by_key.get(&(kind.to_owned(), key.to_owned()))?;
        let of_turn = |n: &&usize| !state.used[**n] && !turn.id.is_empty() && turn.id == self.heard[**n].turn;
        let n = *known.iter().find(of_turn)?;
        state.used[n] = true;
        Some(self.heard[n].answer.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Both machines behind one face: what the engine's tick drives.

use crate::article::{self, Illegal, Step};
use crate::effect::Planned;
use crate::event::Event;
use crate::state::{Moment, State, Timers};
use crate::words::MachineId;
use crate::worker::{self, WorkerEvent, WorkerState};

/// The state of a machine.
#[allow(clippy::large_enum_variant, reason = "one lives at a time; a box would only add noise to every match")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Machine {
    /// An article's.
    Article(State),
    /// A worker's.
    Worker(WorkerState),
}

/// Something that happened to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// To an article.
    Article(Event),
    /// To a worker.
    Worker(WorkerEvent),
}

impl From<Event> for Happening {
    fn from(event: Event) -> Self {
        Self::Article(event)
    }
}

impl From<WorkerEvent> for Happening {
    fn from(event: WorkerEvent) -> Self {
        Self::Worker(event)
    }
}

impl Machine {
    /// The state's stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Article(state) => state.name(),
            Self::Worker(state) => state.name(),
        }
    }

    /// What the state waits for.
    pub fn awaits(&self, timers: &Timers) -> Option<Planned> {
        match self {
            Self::Article(state) => crate::effect::awaits(state, timers),
            Self::Worker(state) => worker::awaits(state, timers),
        }
    }
}

impl Happening {
    /// The event's stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Article(event) => event.name(),
            Self::Worker(event) => event.name(),
        }
    }

    /// True for what a person does.
    pub fn is_by_person(&self) -> bool {
        matches!(self, Self::Article(event) if event.is_by_person())
    }
}

/// What `event` leads to; `current` is `None` before the machine's birth.
///
/// # Errors
/// [`Illegal`] for an event that does not fit, the birth of a machine that lives, or an event of another kind of machine.
pub fn step(
    id: &MachineId,
    current: Option<&Machine>,
    event: &Happening,
    moment: &Moment,
) -> Result<Step<Machine>, Illegal> {
    let unexpected = || Illegal::Unexpected { state: current.map_or("nothing", Machine::name), event: event.name() };
    match (id, current, event) {
        (MachineId::Article(_), None, Happening::Article(event)) => {
            article::begin(event, moment).map(|s| s.map(Machine::Article)).ok_or_else(unexpected)
        }
        (MachineId::Article(id), Some(Machine::Article(state)), Happening::Article(event)) => {
            article::step(id, state, event, moment).map(|s| s.map(Machine::Article))
        }
        (MachineId::Worker(_), None, Happening::Worker(event)) => {
            worker::begin(event).map(|s| s.map(Machine::Worker)).ok_or_else(unexpected)
        }
        (MachineId::Worker(_), Some(Machine::Worker(state)), Happening::Worker(event)) => {
            worker::step(state, event, moment).map(|s| s.map(Machine::Worker))
        }
        _ => Err(unexpected()),
    }
}

/// Folds a journal: the state after all its events.
///
/// # Errors
/// [`Illegal`] for the first event that does not fit.
pub fn fold<'a>(id: &MachineId, events: impl IntoIterator<Item = &'a Happening>) -> Result<Option<Machine>, Illegal> {
    let moment = Moment { at: jiff::Timestamp::UNIX_EPOCH, timers: Timers::default() };
    let mut current = None;
    for event in events {
        current = Some(step(id, current.as_ref(), event, &moment)?.state);
    }
    Ok(current)
}

impl<S> Step<S> {
    fn map<T>(self, wrap: impl FnOnce(S) -> T) -> Step<T> {
        Step { state: wrap(self.state), left: self.left, effects: self.effects }
    }
}

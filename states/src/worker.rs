//! The worker's machine: asleep, waking, readying, awake, draining, unreachable.
//!
//! A worker is woken when there is work that only a model can do, kept awake while a lease is held, and put to sleep after
//! the linger, only if we woke it. Awake is not ready: each model is tried when its turn comes, and has its turn until nothing
//! wants it any more, so that it is loaded once. Whether anybody else is using it is asked by the performer that would put it to sleep.

use serde::{Deserialize, Serialize};
use statig::Outcome::{self, Handled, Super, Transition};
use statig::blocking::{IntoStateMachine, State as Routed, StateExt, Superstate};

use crate::article::{Illegal, Step};
use crate::effect::{Effect, Notice, Planned};
use crate::state::{Moment, Timers};

/// What we know of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkerState {
    /// Not held by us: asleep, or in somebody else's hands. → Waking
    Asleep,
    /// Packets are sent and its heartbeat is awaited. → Awake, Unreachable
    Waking,
    /// It answers; the model whose turn has come is loaded and tried. → Awake, Unreachable
    Readying {
        /// We woke it, so we put it to sleep.
        woken: bool,
        /// The model.
        model: String,
    },
    /// It answers. → Readying, Draining, Unreachable
    Awake {
        /// We woke it, so we put it to sleep.
        woken: bool,
        /// The model that has its turn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// No lease is held; the linger runs, then it is put to sleep. → Awake, Asleep
    Draining {
        /// We woke it, so we put it to sleep.
        woken: bool,
        /// The linger is over and it is being put to sleep.
        parting: bool,
    },
    /// It did not answer in time; left alone for a while. → Asleep
    Unreachable {
        /// What was tried.
        why: String,
        /// We woke it before it was lost, so we put it to sleep when it can be asked again. → Draining
        woken: bool,
    },
}

/// What can happen to a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkerEvent {
    /// It is known from the configuration.
    Configured,
    /// Enough work waits for it.
    Wanted,
    /// Its heartbeat answers.
    Answered {
        /// It answered only after our packets.
        woken: bool,
    },
    /// The turn of a model has come.
    Turn {
        /// Which.
        model: String,
    },
    /// A model was tried.
    Tried {
        /// How fast it is, in thousandths of a token per second, where that could be told.
        rate: Option<u64>,
        /// It cannot be used: why, and the next step.
        unfit: Option<String>,
    },
    /// Its heartbeat did not answer before the deadline, or it cannot be woken.
    Silent {
        /// What was tried.
        why: String,
    },
    /// A call found it gone.
    Lost {
        /// What the call met.
        why: String,
    },
    /// The last lease was released and no work waits.
    Idle,
    /// The linger is over.
    LingerOver,
    /// It went to sleep.
    WentToSleep,
    /// Somebody else is using it, or it could not be put to sleep: it is left awake.
    LeftAwake {
        /// Why.
        why: String,
        /// Nobody wants that: people are told.
        alert: bool,
    },
    /// It has been left alone long enough.
    CooledOff,
    /// An effect's tries are used up.
    GaveUp {
        /// What went wrong the last time.
        cause: String,
    },
}

impl WorkerState {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asleep => "Asleep",
            Self::Waking => "Waking",
            Self::Readying { .. } => "Readying",
            Self::Awake { .. } => "Awake",
            Self::Draining { .. } => "Draining",
            Self::Unreachable { .. } => "Unreachable",
        }
    }
}

impl WorkerState {
    /// True when we woke it, as far as the state says.
    pub fn is_woken(&self) -> bool {
        match self {
            Self::Asleep | Self::Waking => false,
            Self::Readying { woken, .. }
            | Self::Awake { woken, .. }
            | Self::Draining { woken, .. }
            | Self::Unreachable { woken, .. } => *woken,
        }
    }

    /// True while it is ours to use, and draws its watts.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Readying { .. } | Self::Awake { .. } | Self::Draining { .. })
    }
}

impl WorkerEvent {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Configured => "Configured",
            Self::Wanted => "Wanted",
            Self::Answered { .. } => "Answered",
            Self::Turn { .. } => "Turn",
            Self::Tried { .. } => "Tried",
            Self::Silent { .. } => "Silent",
            Self::Lost { .. } => "Lost",
            Self::Idle => "Idle",
            Self::LingerOver => "LingerOver",
            Self::WentToSleep => "WentToSleep",
            Self::LeftAwake { .. } => "LeftAwake",
            Self::CooledOff => "CooledOff",
            Self::GaveUp { .. } => "GaveUp",
        }
    }
}

/// What a worker's state waits for. It follows from the state alone.
pub fn awaits(state: &WorkerState, timers: &Timers) -> Option<Planned> {
    match state {
        WorkerState::Asleep | WorkerState::Awake { .. } => None,
        WorkerState::Waking => Some(Planned::now(Effect::Wake)),
        WorkerState::Readying { model, .. } => Some(Planned::now(Effect::TryModel { model: model.clone() })),
        WorkerState::Draining { parting: false, .. } => Some(Planned { effect: Effect::Linger, after: timers.linger }),
        WorkerState::Draining { parting: true, .. } => Some(Planned::now(Effect::PutToSleep)),
        WorkerState::Unreachable { .. } => Some(Planned { effect: Effect::CoolOff, after: timers.cool_off }),
    }
}

/// What handlers may reach besides the state.
#[derive(Default)]
pub struct Shared {
    notices: Vec<Notice>,
    unhandled: bool,
}

impl Shared {
    fn unreachable(&mut self, why: &str, woken: bool) -> Outcome<WorkerState> {
        self.notices.push(Notice::WorkerUnreachable { why: why.to_owned() });
        Transition(WorkerState::Unreachable { why: why.to_owned(), woken })
    }
}

impl IntoStateMachine for Shared {
    type Event<'evt> = WorkerEvent;
    type Context<'ctx> = ();
    type State = WorkerState;
    type Superstate<'sub> = Root;

    fn initial() -> WorkerState {
        WorkerState::Asleep
    }
}

/// Records what nobody took.
pub struct Root;

impl Superstate<Shared> for Root {
    fn call_handler(&mut self, shared: &mut Shared, _: &WorkerEvent, (): &mut ()) -> Outcome<WorkerState> {
        shared.unhandled = true;
        Handled
    }
}

impl Routed<Shared> for WorkerState {
    fn call_handler(&mut self, shared: &mut Shared, event: &WorkerEvent, (): &mut ()) -> Outcome<WorkerState> {
        use WorkerEvent as E;
        match (&*self, event) {
            (Self::Asleep, E::Wanted) => Transition(Self::Waking),
            (Self::Waking, E::Answered { woken }) => Transition(Self::Awake { woken: *woken, model: None }),
            (Self::Waking, E::Silent { why } | E::GaveUp { cause: why }) => shared.unreachable(why, false),
            (Self::Awake { woken, .. }, E::Turn { model }) => {
                Transition(Self::Readying { woken: *woken, model: model.clone() })
            }
            (Self::Readying { woken, model }, E::Tried { unfit, .. }) => {
                if let Some(why) = unfit {
                    shared.notices.push(Notice::WorkerDegraded { why: why.clone() });
                }
                Transition(Self::Awake { woken: *woken, model: Some(model.clone()) })
            }
            (Self::Readying { woken, .. }, E::Lost { why } | E::GaveUp { cause: why }) => {
                shared.unreachable(why, *woken)
            }
            (Self::Awake { woken, .. }, E::Idle) => Transition(Self::Draining { woken: *woken, parting: false }),
            (Self::Awake { woken, .. } | Self::Draining { woken, parting: false }, E::Lost { why }) => {
                shared.unreachable(why, *woken)
            }
            (Self::Draining { woken, parting: false }, E::Wanted) => {
                Transition(Self::Awake { woken: *woken, model: None })
            }
            // Found awake means left awake.
            (Self::Draining { woken: false, parting: false }, E::LingerOver) => Transition(Self::Asleep),
            (Self::Draining { woken: true, parting: false }, E::LingerOver) => {
                Transition(Self::Draining { woken: true, parting: true })
            }
            (Self::Draining { parting: true, .. }, E::WentToSleep) => Transition(Self::Asleep),
            (Self::Draining { parting: true, .. }, E::LeftAwake { why, alert }) => {
                if *alert {
                    shared.notices.push(Notice::WorkerStaysAwake { why: why.clone() });
                }
                Transition(Self::Asleep)
            }
            (Self::Draining { parting: true, .. }, E::GaveUp { cause }) => {
                shared.notices.push(Notice::WorkerStaysAwake { why: cause.clone() });
                Transition(Self::Asleep)
            }
            // What we woke is not left awake because a call of ours failed.
            (Self::Unreachable { woken: true, .. }, E::CooledOff) => {
                Transition(Self::Draining { woken: true, parting: true })
            }
            (Self::Unreachable { .. }, E::CooledOff) => Transition(Self::Asleep),
            // Told twice, or a moment too late; both are harmless.
            (
                Self::Waking
                | Self::Readying { .. }
                | Self::Awake { .. }
                | Self::Draining { .. }
                | Self::Unreachable { .. },
                E::Wanted,
            ) => Handled,
            (_, E::Lost { .. }) => Handled,
            _ => Super,
        }
    }

    fn superstate(&mut self) -> Option<Root> {
        Some(Root)
    }
}

/// The first step of a worker's journal.
pub fn begin(event: &WorkerEvent) -> Option<Step<WorkerState>> {
    matches!(event, WorkerEvent::Configured).then(|| Step {
        state: WorkerState::Asleep,
        left: false,
        effects: Vec::new(),
    })
}

/// What `event` leads to in `state`.
///
/// # Errors
/// [`Illegal::Unexpected`] for what the state does not take; the state is unchanged then.
pub fn step(state: &WorkerState, event: &WorkerEvent, moment: &Moment) -> Result<Step<WorkerState>, Illegal> {
    let mut shared = Shared::default();
    let mut current = state.clone();
    let outcome = current.handle(&mut shared, event, &mut ());
    if shared.unhandled {
        return Err(Illegal::Unexpected { state: state.name(), event: event.name() });
    }
    let (next, left, awaited) = match outcome {
        Transition(next) => {
            let awaited = awaits(&next, &moment.timers);
            (next, true, awaited)
        }
        Handled | Super => (current, false, None),
    };
    let notices = shared.notices.into_iter().map(|notice| Planned::now(Effect::Notify { notice }));
    Ok(Step { state: next, left, effects: awaited.into_iter().chain(notices).collect() })
}

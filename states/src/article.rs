//! The article's machine: statig routes an event to the station of the state; what no station takes is illegal.

use statig::Outcome::{self, Handled, Super, Transition};
use statig::blocking::{IntoStateMachine, State as Routed, StateExt, Superstate};

use crate::effect::{Effect, Notice, Planned, awaits};
use crate::event::Event;
use crate::state::{Class, Moment, State};
use crate::stations;
use crate::words::ArticleId;

/// Why an event changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// No station takes this event in this state.
    #[error("{event} does not fit the state {state}")]
    Unexpected {
        /// The state's name.
        state: &'static str,
        /// The event's name.
        event: &'static str,
    },
    /// A person's action that no longer fits.
    #[error("{0}")]
    Refused(String),
}

/// What an event leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<S> {
    /// The next state.
    pub state: S,
    /// True when a state was left: its open effects are cancelled.
    pub left: bool,
    /// What is to be done now or later.
    pub effects: Vec<Planned>,
}

/// What stations may reach besides the state: whose machine it is, and what people are to be told.
pub struct Shared {
    article: ArticleId,
    notices: Vec<Notice>,
    refusal: Option<String>,
    unhandled: bool,
}

impl Shared {
    /// Whose machine it is.
    pub fn article(&self) -> &ArticleId {
        &self.article
    }

    /// Plans a notice.
    pub(crate) fn tell(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Answers a person whose action does not fit.
    pub(crate) fn refuse(&mut self, why: impl Into<String>) -> Outcome<State> {
        self.refusal = Some(why.into());
        Handled
    }
}

impl IntoStateMachine for Shared {
    type Event<'evt> = Event;
    type Context<'ctx> = ();
    type State = State;
    type Superstate<'sub> = Common<'sub>;

    fn initial() -> State {
        State::Fetching
    }
}

/// What the states of a class have in common.
pub enum Common<'sub> {
    /// Gives up into Parked.
    Working(&'sub State),
    /// Waits for people, the selection or the forge.
    Waiting,
    /// Left only by a person.
    Settled,
    /// Answers people, and records what nobody took.
    Root,
}

impl Routed<Shared> for State {
    fn call_handler(&mut self, shared: &mut Shared, event: &Event, (): &mut ()) -> Outcome<State> {
        match self {
            Self::Fetching => stations::fetching::on(event),
            Self::Deduplicating { snapshot } => stations::deduplicating::on(snapshot, event),
            Self::Scoring { snapshot, story } => stations::scoring::on(snapshot, story, event),
            Self::Shortlisted { candidate } => stations::shortlisted::on(candidate, event),
            Self::Absorbed { into, candidate } => stations::absorbed::on(into, candidate, event),
            Self::Drafting { brief, revision, .. } => stations::drafting::on(brief, *revision, event),
            Self::Gating { piece } => stations::gating::on(piece, event, shared),
            Self::Reviewing { piece, gated } => stations::reviewing::on(piece, gated, event, shared),
            Self::Publishing { piece, gated, .. } => stations::publishing::on(piece, gated, event, shared),
            Self::Proposed { piece, proposal, .. } => stations::proposed::on(piece, proposal, event, shared),
            Self::Merged { piece, url, .. } => stations::merged::on(piece, url, event),
            Self::Parked { at, .. } => stations::parked::on(at, event),
            Self::Gone { .. }
            | Self::Refused { .. }
            | Self::Duplicate { .. }
            | Self::Skipped { .. }
            | Self::Rejected { .. }
            | Self::Declined { .. }
            | Self::Live { .. } => stations::settled::on(self, event, shared),
        }
    }

    fn superstate(&mut self) -> Option<Common<'_>> {
        Some(match self.class() {
            Class::Working => Common::Working(self),
            Class::Waiting => Common::Waiting,
            Class::Settled => Common::Settled,
        })
    }
}

impl Superstate<Shared> for Common<'_> {
    fn call_handler(&mut self, shared: &mut Shared, event: &Event, (): &mut ()) -> Outcome<State> {
        match (&*self, event) {
            (Self::Working(state), Event::GaveUp { cause }) => {
                shared.tell(Notice::Parked { cause: cause.clone() });
                Transition(State::Parked { at: Box::new((*state).clone()), cause: cause.clone() })
            }
            (Self::Working(state), event) if event.is_by_person() => {
                shared.refuse(format!("it is being worked on ({}); try again when it waits", state.name()))
            }
            (Self::Root, event) if event.is_by_person() => shared.refuse("this does not fit where it is now"),
            (Self::Root, _) => {
                shared.unhandled = true;
                Handled
            }
            _ => Super,
        }
    }

    fn superstate(&mut self) -> Option<Common<'_>> {
        (!matches!(self, Self::Root)).then_some(Common::Root)
    }
}

/// The first step of a journal: what a birth leads to. `None` for an event that is no birth.
pub fn begin(event: &Event, moment: &Moment) -> Option<Step<State>> {
    let state = match event {
        Event::Found => State::Fetching,
        Event::Known { why } => State::Skipped { why: why.clone(), candidate: None },
        Event::Composed { brief } => State::Drafting { brief: brief.clone(), revision: 0, previous: None, note: None },
        _ => return None,
    };
    let effects = awaits(&state, &moment.timers).into_iter().collect();
    Some(Step { state, left: false, effects })
}

/// What `event` leads to in `state`.
///
/// # Errors
/// [`Illegal::Refused`] for a person's action that does not fit, [`Illegal::Unexpected`] for everything else that no
/// station takes. The state is unchanged then.
pub fn step(article: &ArticleId, state: &State, event: &Event, moment: &Moment) -> Result<Step<State>, Illegal> {
    let mut shared = Shared { article: article.clone(), notices: vec![], refusal: None, unhandled: false };
    let mut current = state.clone();
    let outcome = current.handle(&mut shared, event, &mut ());
    if let Some(why) = shared.refusal {
        return Err(Illegal::Refused(why));
    }
    if shared.unhandled {
        return Err(Illegal::Unexpected { state: state.name(), event: event.name() });
    }
    let (state, left, awaited) = match outcome {
        Transition(next) => {
            let awaited = awaits(&next, &moment.timers);
            (next, true, awaited)
        }
        // What the state waits for goes on.
        Handled | Super => (current, false, None),
    };
    let notices = shared.notices.into_iter().map(|notice| Planned::now(Effect::Notify { notice }));
    Ok(Step { state, left, effects: awaited.into_iter().chain(notices).collect() })
}

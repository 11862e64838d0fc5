//! The engine: the only part that writes the store, and the one that puts the performers together.
//!
//! Its tick is a numbered recipe in one place ([`tick`]): load, handle, commit, perform, receive. Effects run after the commit
//! that planned them ([`perform`]), and what they bring back is committed with the event it means ([`receive`]).

pub mod clock;
pub mod schedule;
pub mod outcome;
pub mod progress;
pub mod desk;
mod inventory;
mod tree;
pub mod remembered;
pub mod ground;
pub mod asking;
pub mod brief;
pub mod revisions;
mod hosts;
pub mod likeness;
pub mod perform;
pub mod recorded;
mod replaying;
pub mod receive;
pub mod relate;
pub mod posts;
pub mod worker;
mod batches;
mod upkeep;
mod keepalive;
mod worker_act;
mod lanes;
pub mod tick;
pub mod discover;
mod polled;
mod sources;
pub mod select;
pub mod stop;
pub mod run;
pub mod daemon;
pub mod trial;
pub mod cost;
pub mod estimate;
pub mod backtest;
pub mod judged;

pub use clock::Clock;
pub use cost::{By, CostLine, CostReport};
pub use desk::Desk;
pub use estimate::Estimate;
pub use progress::Progress;
pub use run::{Report, RunRequest, Until};
pub use stop::Stop;
pub use tick::Engine;
pub use worker_act::Hold;

/// Why the engine cannot go on. What is wrong with one article or one source is not among it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A part could not be made from the configuration.
    #[error("{0}")]
    Setup(String),
}

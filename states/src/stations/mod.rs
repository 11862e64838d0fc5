//! One file per station of an article's way: what each event means there. Decisions only; routing is in
//! [`crate::article`], what a state waits for in [`crate::effect::awaits`].
//!
//! A handler answers `Transition` with the next state, `Handled` when nothing changes, and `Super` for what it does not
//! know.

pub mod fetching;
pub mod deduplicating;
pub mod scoring;
pub mod shortlisted;
pub mod absorbed;
pub mod drafting;
pub mod gating;
pub mod reviewing;
pub mod publishing;
pub mod proposed;
pub mod merged;
pub mod parked;
pub mod settled;

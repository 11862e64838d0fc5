//! Recordings: everything that came from outside during a run, kept in a folder, and served again without a network.
//!
//! What happens in a run is cut into [`Turn`]s: one delivery of an effect, one poll, one selection. A [`Tape`] that records notes
//! in the order of the run which turn began, what it read off the clock, what it heard from outside, and when its outcome was
//! received. A tape that replays gives every turn what it had then, so that equal input gives equal bytes. This module knows
//! no store and no configuration: it takes plain values. The form on disk is described in docs/recordings.md.

mod turn;
pub use turn::Turn;

mod tape;
pub use tape::{Kept, NotRecorded, Tape};

mod line;
pub use line::{Head, RecordError, VERSION};

mod recorder;
pub use recorder::Recorder;

mod player;
pub use player::{Player, Step, Told};

mod clean;
pub use clean::{Cleaner, REMOVED, clean_url};

#[cfg(test)]
mod tests;

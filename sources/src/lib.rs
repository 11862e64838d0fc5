//! From the web to a fingerprinted candidate.
//!
//! A source is polled and gives entries; an entry is fetched and gives a snapshot; a snapshot's text is fingerprinted. Every
//! URL that came from outside goes through the one [`door`]. Nothing here keeps state, reads a clock or draws a number: what
//! a poll must remember is handed back in [`PollState`], and `now` is an argument.

pub mod canonical;
pub mod door;
pub mod extract;
pub mod fetch;
pub mod fingerprint;
pub mod source;

mod charset;
mod dates;
mod feed;
mod files;
mod listing;
mod plain;

pub use canonical::canonical;
pub use door::{Conditional, Door, DoorError, DoorOptions, Resolve, Response, Retry, SystemResolver};
pub use extract::{EXTRACTOR, ExtractError, Extracted, extract};
pub use feed::read_feed;
pub use fetch::{Carried, FetchError, Fetched, FetchedVia, fetch};
pub use fingerprint::{Fingerprint, Relation, Thresholds, compare};
pub use source::{Entry, PollState, Polled, SourceError, SourceSpec, poll};

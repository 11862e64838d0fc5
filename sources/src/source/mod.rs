//! A source is polled and gives entries.

mod ask;
mod entry;
mod error;
mod look;
mod poll;
mod read;
mod spec;

pub use ask::{Kept, MAX_REQUESTS, Told};
pub use entry::Entry;
pub use error::SourceError;
pub use look::{Look, look};
pub use poll::{MAX_ENTRIES, PollState, Polled, poll};
pub use spec::{SourceSpec, Token};

pub(crate) use ask::{Answer, Asker, base, same_digest};
pub(crate) use entry::web_address;

/// Runs what only computes beside the executor.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        // A panic is the caller's to see, as if it had happened here. The task is never cancelled.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

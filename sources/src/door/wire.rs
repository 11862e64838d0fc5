//! Who listens at the door: somebody who keeps every answer, or gives the kept ones instead of the web.

use url::Url;

use super::{DoorError, Gate, Response, shown};

/// Somebody who keeps every answer, or gives the kept ones instead of the web.
pub trait Wire: Send + Sync + std::fmt::Debug {
    /// True where the kept answers are given: nobody is asked, and nobody waited for.
    fn replays(&self) -> bool;

    /// Keeps what a URL answered, redirects followed.
    fn keep(&self, url: &str, answer: &Result<Response, DoorError>);

    /// What this URL answered then; `None` where that is not known.
    fn recall(&self, url: &str) -> Option<Result<Response, DoorError>>;
}

/// The kept answer of a URL, past the same gate as then: the manners learn what they learnt.
///
/// # Errors
/// The kept error, that of the gate, or [`DoorError::Unreachable`] where nothing was kept.
pub(super) async fn recalled<G: Gate>(
    wire: &dyn Wire,
    gate: &G,
    url: &str,
    first: &Url,
) -> Result<Response, DoorError> {
    drop(gate.pass(first).await?);
    let why = "it is not in the recording that is replayed".to_owned();
    let answer = wire.recall(url).unwrap_or_else(|| Err(DoorError::Unreachable { url: shown(url), why }))?;
    let hops = answer.hops.iter().skip(1).chain((!answer.hops.is_empty()).then_some(&answer.final_url));
    for hop in hops.filter_map(|hop| Url::parse(hop).ok()) {
        drop(gate.pass(&hop).await?);
    }
    Ok(answer)
}

//! Waiting for a model that is on its way into memory: no failure, no try, and soon over.

use jiff::{SignedDuration, Timestamp};

use super::super::outcome::Outcome;
use crate::models::CallError;
use crate::store::Cause;

/// What the causes begin with under which work waits for a model to be loaded.
const LOADING: &str = "loading: ";
/// Seconds until its server is asked again, where it does not say.
const PROBE: i64 = 5;
/// No model takes longer to load. A run that waited so long ends, and a later one goes on.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// What becomes of an effect that found its model still loading.
pub(super) fn held(provider: &str, message: String, error: &CallError) -> Outcome {
    let asked = match error {
        CallError::Loading { after_seconds } => *after_seconds,
        _ => None,
    };
    let probe_after = asked.and_then(|s| i64::try_from(s).ok()).unwrap_or(PROBE).max(1);
    Outcome::Deferred { cause: format!("{LOADING}{provider}"), message, probe_after: Some(probe_after) }
}

/// True for a cause that a run waits for.
pub(in crate::engine) fn is_soon_over(cause: &Cause, now: Timestamp) -> bool {
    cause.cause.starts_with(LOADING) && cause.held > 0 && now.duration_since(cause.since) < LONGEST
}

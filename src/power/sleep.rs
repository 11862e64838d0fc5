//! Putting a box to sleep, unless somebody is using it.

use super::means::Untold;
use super::options::{Probe, WorkerOptions};
use super::perform::call;

/// What became of putting it to sleep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SleepOutcome {
    /// It was told to sleep and agreed, or sleeps by itself.
    Asleep,
    /// Somebody is using it, or it could not be found out that nobody is.
    Busy,
    /// It could not be told.
    Failed {
        /// Why.
        why: String,
    },
}

/// Whether somebody else is using the box.
///
/// # Errors
/// When the probe did not run: that is no "free".
pub async fn busy(options: &WorkerOptions) -> Result<bool, String> {
    match &options.busy {
        None => Ok(false),
        Some(Probe::Http(target)) => {
            let (status, body) = call(target, options.command_seconds).await.map_err(Untold::why)?;
            let body = body.trim().to_lowercase();
            Ok(!(status == 204 || status == 200 && matches!(body.as_str(), "free" | "false")))
        }
        Some(probe) => match probe.means().tell(options.command_seconds).await {
            Ok(()) => Ok(false),
            Err(Untold::Lost(_)) => Ok(true),
            Err(Untold::Refused(why)) => Err(why),
        },
    }
}

/// Asks whether the box is free, and then tells it to sleep. A probe that does not run counts as busy.
pub async fn sleep(options: &WorkerOptions) -> SleepOutcome {
    let Some(means) = options.sleep.means() else { return SleepOutcome::Asleep };
    match busy(options).await {
        Ok(false) => {}
        Ok(true) | Err(_) => return SleepOutcome::Busy,
    }
    let failed = |why: String| SleepOutcome::Failed { why: format!("putting {} to sleep: {why}", options.name) };
    match means.tell(options.command_seconds).await {
        Ok(()) => SleepOutcome::Asleep,
        Err(Untold::Refused(why)) => failed(why),
        // A box that falls asleep at once often takes the connection along: what counts is that it is gone.
        Err(Untold::Lost(why)) if super::wake::alive(options).await => failed(why),
        Err(Untold::Lost(_)) => SleepOutcome::Asleep,
    }
}

/// Tells the box that it is still wanted. Nothing is done where nothing is configured.
///
/// # Errors
/// When it could not be told: in words.
pub async fn keep_alive(options: &WorkerOptions) -> Result<(), String> {
    let Some(means) = &options.keepalive else { return Ok(()) };
    let told = means.tell(options.command_seconds).await;
    told.map_err(|untold| format!("telling {} that it is wanted: {}", options.name, untold.why()))
}

//! Putting a box to sleep, unless somebody is using it.

use serde::{Deserialize, Serialize};

use super::options::{Probe, SleepBy, WorkerOptions};
use super::perform::{Ran, call, run};

/// What became of putting it to sleep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        Some(Probe::Command(argv)) => Ok(run(argv, options.command_seconds).await? != Ran::Well),
        Some(Probe::Http(target)) => {
            let (status, body) = call(target, options.command_seconds).await?;
            let body = body.trim().to_lowercase();
            Ok(!(status == 204 || status == 200 && matches!(body.as_str(), "free" | "false")))
        }
    }
}

/// Asks whether the box is free, and then tells it to sleep. A probe that does not run counts as busy.
pub async fn sleep(options: &WorkerOptions) -> SleepOutcome {
    if options.sleep == SleepBy::None {
        return SleepOutcome::Asleep;
    }
    match busy(options).await {
        Ok(false) => {}
        Ok(true) | Err(_) => return SleepOutcome::Busy,
    }
    let failed = |why: String| SleepOutcome::Failed { why: format!("putting {} to sleep: {why}", options.name) };
    let complaint = match &options.sleep {
        SleepBy::None => None,
        SleepBy::Command(argv) => match run(argv, options.command_seconds).await {
            Ok(Ran::Well) => None,
            Ok(Ran::Badly(why)) => Some(why),
            Err(why) => return failed(why),
        },
        SleepBy::Http(target) => match call(target, options.command_seconds).await {
            Ok((200..=299, _)) => None,
            Ok((status, _)) => return failed(format!("the call was answered with HTTP {status}")),
            Err(why) => Some(why),
        },
    };
    match complaint {
        None => SleepOutcome::Asleep,
        // A box that falls asleep at once often takes the connection along: what counts is that it is gone.
        Some(why) if super::wake::alive(options).await => failed(why),
        Some(_) => SleepOutcome::Asleep,
    }
}

//! Notices: what people are told, each once. They go to the log, to whoever watches the run, and into the store.

use states::effect::Notice;
use states::words::MachineId;

use super::super::desk::Desk;
use super::super::outcome::{Done, Outcome};

/// Puts a notice into words.
pub(super) async fn tell(desk: &Desk, machine: &MachineId, notice: &Notice) -> Result<Outcome, Outcome> {
    let (name, id) = match machine {
        MachineId::Worker(worker) => (worker.to_string(), worker.to_string()),
        MachineId::Article(id) => {
            let row = desk.store.article(id).await?;
            (row.map_or_else(|| id.short().to_owned(), |r| r.label()), id.short().to_owned())
        }
    };
    let text = match notice {
        Notice::ReviewWanted => format!("“{name}” waits for you: pipeline show {id}, then pipeline approve {id}"),
        Notice::Parked { cause } => format!("“{name}” is parked: {cause}. Once that is mended: pipeline retry {id}"),
        Notice::Proposed { proposal } => match &proposal.url {
            Some(url) => format!("“{name}” is proposed: {url}"),
            None => format!("“{name}” is proposed on the branch {}", proposal.branch),
        },
        Notice::StoryGrew { by } => format!("“{name}” is proposed, and {} tells more of its story", by.short()),
        Notice::WorkerUnreachable { why } => {
            format!("the worker {name} cannot be reached: {why}; the run goes on without it")
        }
        Notice::WorkerStaysAwake { why } => format!("the worker {name} was left awake: {why}"),
    };
    Ok(Outcome::done(Done::Told(text)))
}

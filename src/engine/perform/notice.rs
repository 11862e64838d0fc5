//! Notices: what people are told, each once. They go to the log, to whoever watches the run, and into the store.

use states::effect::Notice;
use states::state::State;
use states::words::{ArticleId, MachineId, SiteName};

use super::super::desk::Desk;
use super::super::ground::publish_outcome;
use super::super::outcome::{Done, Outcome};
use crate::publish::neutral::neutral;
use crate::store::ArticleRow;

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
        Notice::StoryGrew { by } => grew(desk, machine, &name, &id, by).await?,
        Notice::WorkerUnreachable { why } => {
            format!("the worker {name} cannot be reached: {why}; the run goes on without it")
        }
        Notice::WorkerDegraded { why } => format!("{why}; the run goes on without it"),
        Notice::WorkerStaysAwake { why } => format!("the worker {name} was left awake: {why}"),
    };
    Ok(Outcome::done(Done::Told(text)))
}

/// Something new was found of a story that is proposed, or was turned down. At a proposal with a number it is written down
/// once as a comment, where whoever decides will see it.
async fn grew(desk: &Desk, machine: &MachineId, name: &str, id: &str, by: &ArticleId) -> Result<String, Outcome> {
    let (MachineId::Article(article), Some(found)) = (machine, desk.store.article(by).await?) else {
        return Err(Outcome::hopeless("what tells more is missing from the store"));
    };
    let row = desk.store.article(article).await?.ok_or_else(|| Outcome::hopeless("the article is missing"))?;
    let what = found.label();
    Ok(match &row.state {
        State::Proposed { proposal, .. } => {
            if let Some(number) = proposal.number {
                comment(desk, &row.site, number, &format!("story grew by {by}"), &found).await?;
            }
            format!("“{name}” is proposed, and “{what}” tells more of its story: see pipeline show {}", by.short())
        }
        State::Rejected { .. } | State::Declined { .. } => format!(
            "“{name}” was turned down, and its story has twice as many sources since (“{what}”). To take it up again: \
             pipeline reopen {id}"
        ),
        _ => format!("“{what}” tells more of the story of “{name}”"),
    })
}

async fn comment(desk: &Desk, site: &SiteName, number: u64, key: &str, found: &ArticleRow) -> Result<(), Outcome> {
    let (Ok(section), Some(Ok(forge))) = (desk.site(site), desk.forges.get(site)) else { return Ok(()) };
    let Some(lead) = &found.lead else { return Ok(()) };
    let text = format!(
        "More of this story was found after it was proposed: {}\n\n{}\n\nThe page is left as it is.",
        neutral(&found.label()),
        neutral(&lead.url)
    );
    forge.comment(number, key, &text).await.map(|_| ()).map_err(|e| publish_outcome(section, &e))
}

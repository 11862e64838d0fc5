//! Performing effects: what is needed is read from the store, handed to a performer as plain values, and what it brings back
//! is an [`Outcome`]. Each of these survives running twice.

mod read;
mod meaning;
mod semantic;
mod score;
mod write;
mod gate;
mod propose;
mod watch;
mod power;
mod ready;
mod notice;

use std::sync::Arc;

use states::effect::Effect;
use states::words::{ArticleId, MachineId};

use super::desk::Desk;
use super::outcome::{Done, Outcome};
use crate::store::{ArticleRow, OutboxRow};

pub use gate::{Checked, GateInput, check, front_keys};
pub use score::{add_up_again, score_lead, weight_of};
pub use write::{Revising, write_draft};

/// Does what an outbox row asks for.
pub async fn perform(desk: Arc<Desk>, row: OutboxRow) -> Outcome {
    desk.free.forget(&row.key);
    match effect(&desk, &row).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

async fn effect(desk: &Desk, row: &OutboxRow) -> Result<Outcome, Outcome> {
    let done = |done| Ok(Outcome::done(done));
    match (&row.machine, &row.effect) {
        (_, Effect::ShelfLife) => done(Done::ShelfLifeOver),
        (_, Effect::ReviewTime) => done(Done::ReviewOver),
        (machine, Effect::Notify { notice }) => notice::tell(desk, machine, notice).await,
        (MachineId::Worker(worker), _) => power::perform(desk, worker, row).await,
        (MachineId::Article(id), effect) => {
            let article = load(desk, id).await?;
            match effect {
                Effect::Fetch => read::fetch(desk, &article).await,
                Effect::Compare { snapshot } => read::fingerprint(desk, &article, snapshot).await,
                Effect::Score { snapshot, story } => score::perform(desk, row, &article, snapshot, story).await,
                Effect::Draft { brief, revision, previous, note } => {
                    write::perform(desk, row, &article, brief, *revision, previous.as_ref(), note.as_deref()).await
                }
                Effect::Gate { piece } => gate::perform(desk, row, &article, piece).await,
                Effect::Publish { piece, gated, passed, branch } => {
                    propose::perform(desk, &article, piece, gated, passed, branch).await
                }
                Effect::WatchProposal { proposal } => watch::proposal(desk, &article, proposal).await,
                Effect::WatchLive { url } => watch::live(desk, &article, url).await,
                Effect::ShelfLife
                | Effect::ReviewTime
                | Effect::Wake
                | Effect::TryModel { .. }
                | Effect::Linger
                | Effect::PutToSleep
                | Effect::CoolOff
                | Effect::Notify { .. } => Err(Outcome::hopeless(format!("{} is no article's effect", effect.name()))),
            }
        }
    }
}

async fn load(desk: &Desk, id: &ArticleId) -> Result<ArticleRow, Outcome> {
    desk.store.article(id).await?.ok_or_else(|| Outcome::hopeless("the article is missing from the store"))
}

/// What an article of a site that the configuration has lost waits for.
fn site<'d>(desk: &'d Desk, article: &ArticleRow) -> Result<&'d crate::config::Site, Outcome> {
    desk.site(&article.site).map_err(|why| Outcome::deferred(format!("configuration: {}", article.site), why))
}

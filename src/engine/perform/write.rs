//! Drafting.

use states::state::{Previous, State};
use states::words::{ArticleId, Brief, BriefId, Draft, Snapshots};

use super::super::asking::Asker;
use super::super::desk::Desk;
use super::super::outcome::{Done, Outcome};
use super::super::revisions::Tried;
use crate::config::Site;
use crate::models::{DraftInput, Question, Task, parse_draft};
use crate::page::slug_for;
use crate::store::{ArticleRow, OutboxRow};

/// What is to be revised, with what was found in it.
#[derive(Debug, Clone, Default)]
pub struct Revising {
    /// The draft.
    pub previous: Option<Draft>,
    /// What the gate found.
    pub findings: Vec<states::words::Finding>,
    /// What a person asked for.
    pub note: Option<String>,
    /// What became of the drafts before.
    pub history: Vec<String>,
}

/// What the title of an article begins with that updates a page of the site.
const UPDATE: &str = "Update: ";

/// True for an article that tells more of what stands on the site already.
async fn updates_a_page(desk: &Desk, article: &ArticleId) -> Result<bool, Outcome> {
    for prior in desk.store.priors_of(article).await? {
        let row = desk.store.article(&prior).await?;
        if row.is_some_and(|r| matches!(r.state, State::Live { .. })) || desk.store.post(&prior).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a draft.
pub(super) async fn perform(
    desk: &Desk,
    row: &OutboxRow,
    article: &ArticleRow,
    brief: &BriefId,
    _revision: u8,
    previous: Option<&Previous>,
    note: Option<&str>,
) -> Result<Outcome, Outcome> {
    let site = super::site(desk, article)?;
    let brief = desk.store.brief(brief).await?;
    let snapshots = desk.store.snapshots_of(&brief).await?;
    let mut revising = Revising { note: note.map(str::to_owned), ..Revising::default() };
    if let Some(previous) = previous {
        revising.previous = Some(desk.store.draft(&previous.draft).await?);
        if let Some(report) = &previous.report {
            revising.findings = desk.store.report(report).await?.findings().cloned().collect();
        }
        revising.history = Tried::of(&desk.store, &article.id).await?.orders(previous);
    }
    let asker = Asker { desk, site, article: Some(&article.id), key: Some(&row.key), tries: row.tries };
    let mut draft = write_draft(&asker, &brief, &snapshots, &revising).await?;
    if updates_a_page(desk, &article.id).await? && !draft.title.text.starts_with(UPDATE) {
        draft.title.text.insert_str(0, UPDATE);
    }
    let slug = free_slug(desk, site, slug_for(&draft.title.text, &article.id)).await;
    Ok(Outcome::done(Done::Drafted { draft: Box::new(draft), slug }))
}

/// The wished slug, or the first `-2`, `-3`, … that no page of the site has. Where the site cannot be reached now, the gate
/// finds it out.
async fn free_slug(desk: &Desk, site: &Site, wish: String) -> String {
    let Ok(ground) = desk.ground(site).await else { return wish };
    let taken = |slug: &str| ground.inventory.posts.iter().any(|post| post.slug == slug);
    let others = (2..1000).map(|n| format!("{wish}-{n}"));
    std::iter::once(wish.clone()).chain(others).find(|slug| !taken(slug)).unwrap_or(wish)
}

/// Asks for a draft along its route, or for another one along the route of revisions.
///
/// # Errors
/// The outcome when nobody answered.
pub async fn write_draft(
    asker: &Asker<'_>,
    brief: &Brief,
    snapshots: &Snapshots,
    revising: &Revising,
) -> Result<Draft, Outcome> {
    let task = if revising.previous.is_some() { Task::Revise } else { Task::Draft };
    let answered = asker
        .ask(
            task,
            None,
            |asking| {
                let input = DraftInput {
                    brief: brief.clone(),
                    snapshots: snapshots.clone(),
                    previous: revising.previous.clone(),
                    findings: revising.findings.clone(),
                    note: revising.note.clone(),
                    history: revising.history.clone(),
                    voice: asker.site.voice.clone(),
                };
                Question::draft(input, asking)
            },
            |text, writer| parse_draft(text, brief, snapshots, writer.clone()).map_err(|e| e.to_string()),
        )
        .await?;
    Ok(answered.value)
}

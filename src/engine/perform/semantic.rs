//! The semantic cache: what triage said of an article that means the same is said of this one too, and nobody is asked.
//!
//! Only an answer to the very question that would be asked of that article today counts (its text, the topics of the site, the
//! prompt, a model still on the route), and only one that was sure enough. Answers taken over are not taken over again, so that
//! likeness cannot drift from article to article.

use states::relations::Subject;
use states::words::{ArticleId, Lead, Snapshot};

use super::super::asking::Asker;
use super::super::outcome::Outcome;
use super::score;
use crate::models::{Asking, Task, TriageAnswer, parse_triage};
use crate::store::FreeTier;

/// An answer taken over.
pub(super) struct Taken {
    /// What triage said.
    pub(super) answer: TriageAnswer,
    /// Of which article.
    pub(super) of: ArticleId,
    /// Where that one was found.
    pub(super) url: String,
}

/// What triage said of the article whose meaning is nearest to this one's; `None` where none is near enough, where the meaning of
/// this one is not known, and where somebody was asked about this one already.
///
/// # Errors
/// The outcome of the effect where the store cannot be read.
pub(super) async fn triage(asker: &Asker<'_>, lead: &Lead, snapshot: &Snapshot) -> Result<Option<Taken>, Outcome> {
    let (desk, site) = (asker.desk, asker.site);
    let routes = desk.config.routes(site);
    let Some(article) = asker.article.filter(|_| routes.semantic.tasks.contains(&Task::Triage)) else {
        return Ok(None);
    };
    // Found in the transaction that kept its vector: the whole index is looked through once.
    let near = desk.store.neighbours(article).await?;
    if near.is_empty() {
        return Ok(None);
    }
    let asking = Asking::new(&desk.templates, &desk.secret);
    let question = |lead: &Lead, snapshot: &Snapshot| {
        score::question(asker, lead, snapshot, &asking).map_err(|e| Outcome::deferred("templates", e.to_string()))
    };
    if asker.is_answered(Task::Triage, &question(lead, snapshot)?).await? {
        return Ok(None);
    }
    let title = score::title(lead, snapshot);
    for other in near {
        let Some(row) = desk.store.article(&other).await? else { continue };
        let (Some(their), Some(read)) = (row.lead, desk.store.read_of(&other).await?) else { continue };
        // Two releases in the same words are two things: the topic of one is not that of the other.
        if Subject::of(Some(&title), Some(&score::title(&their, &read))) == Subject::Other {
            continue;
        }
        let key = question(&their, &read)?.key();
        for section in routes.of(Task::Triage).iter().filter_map(|name| desk.config.provider(name)) {
            let Some(text) = desk.store.accepted(&key, &section.name, &section.model).await? else { continue };
            let Ok(answer) = parse_triage(&text) else { continue };
            if answer.confidence_percent >= routes.confidence_percent() {
                tracing::info!(%article, of = %other, "triaged as what means the same");
                asker.note_free(FreeTier::Semantic, Task::Triage, &section.name, &section.model, Some(other.as_str()));
                return Ok(Some(Taken { answer, of: other, url: their.url }));
            }
        }
    }
    Ok(None)
}

//! Meaning: what a text means to an embedding model, where the site's route names one. Asked at Scoring, inside the awake
//! window, before triage is: what retells a story is not triaged.

use states::words::{Lead, Snapshot};

use super::super::asking::Asker;
use super::super::outcome::{Done, Outcome};
use crate::models::{EmbedInput, Question, Task, parse_vector};
use crate::store::Vector;

/// What a lead's text means, where it is not known yet. `None` where it is, where no route names an embedding model, and where
/// none of them answers: then words alone decide.
///
/// # Errors
/// The outcome of the effect where an answer is worth waiting for: a worker that is to be woken, trouble that may pass, a route
/// that ends in `wait`.
pub(super) async fn of(asker: &Asker<'_>, lead: &Lead, snapshot: &Snapshot) -> Result<Option<Done>, Outcome> {
    let config = &asker.desk.config;
    let route = config.routes(asker.site).of(Task::Embed);
    let Some(article) = asker.article.filter(|_| !route.is_empty()) else { return Ok(None) };
    if let Some(model) = asker.desk.store.vector_model(article).await?
        && route.iter().filter_map(|name| config.provider(name)).any(|p| p.model == model)
    {
        return Ok(None);
    }
    let input = EmbedInput {
        title: lead.title.clone().or_else(|| snapshot.title.clone()).unwrap_or_default(),
        text: snapshot.body().to_owned(),
    };
    let asked = asker
        .ask(
            Task::Embed,
            None,
            |asking| Ok(Question::embed(input.clone(), asking)),
            |text, writer| Ok((parse_vector(text)?, writer.model.clone())),
        )
        .await;
    let waits = route.last().is_some_and(|last| last == "wait");
    match asked {
        Ok(answered) => {
            let (vector, model) = answered.value;
            Ok(Some(Done::Understood { model, vector: Vector(vector) }))
        }
        Err(Outcome::Deferred { cause, message, probe_after }) if waits || cause.starts_with("worker: ") => {
            Err(Outcome::Deferred { cause, message, probe_after })
        }
        // A rest that a run waits for anyway.
        Err(Outcome::Deferred { cause, message, probe_after: Some(s) }) if s <= config.desk.patience_seconds => {
            Err(Outcome::Deferred { cause, message, probe_after: Some(s) })
        }
        Err(Outcome::Failed { why, retry: true, retry_after }) => {
            Err(Outcome::Failed { why, retry: true, retry_after })
        }
        Err(Outcome::Deferred { message: why, .. } | Outcome::Failed { why, .. }) => {
            tracing::warn!(%article, %why, "no embedding model answers; words alone decide");
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

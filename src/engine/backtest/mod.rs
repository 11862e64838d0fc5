//! Backtesting: what past articles would have become under another configuration. Decided again by the functions of the live
//! path, from what the store has: scores by part, fingerprints, selections, and stored drafts. Nothing is asked, nothing is
//! written. What prompts, models and sources gave is taken as it was.

mod past;
mod scores;
mod likes;
mod selections;
mod gate;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::EngineError;
use crate::config::Config;
use crate::models::Task;
use crate::store::Store;

use past::Past;

/// What would have been otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// From when on articles are decided again.
    pub since: Timestamp,
    /// How many there are.
    pub articles: usize,
    /// How many were decided so, and how many would be.
    pub counts: BTreeMap<String, Count>,
    /// What would be otherwise: by decision, in the order of an article's way, and by title.
    pub changes: Vec<Change>,
    /// What cannot be decided again, and what was assumed.
    pub notes: Vec<String>,
}

/// How many then, and how many now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// As it was.
    pub then: usize,
    /// As it would be.
    pub now: usize,
}

/// Something that would be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The article's id.
    pub article: String,
    /// What people call it.
    pub title: String,
    /// Which decision.
    pub decision: Decision,
    /// As it was.
    pub then: String,
    /// As it would be.
    pub now: String,
    /// Why.
    pub why: String,
}

/// A decision, in the order of an article's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Whether it repeats a story.
    Story,
    /// Whether it is worth writing about.
    Score,
    /// Whether a run chose it.
    Selection,
    /// What the gate said.
    Gate,
}

impl Backtest {
    fn count(&mut self, what: &str, then: bool, now: bool) {
        let count = self.counts.entry(what.to_owned()).or_default();
        count.then += usize::from(then);
        count.now += usize::from(now);
    }

    fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Decides again what was found since a time.
///
/// # Errors
/// [`EngineError`] where the store cannot be read.
pub async fn backtest(config: &Config, store: &Store, since: Timestamp) -> Result<Backtest, EngineError> {
    let past = Past::read(store, since).await?;
    let mut test = Backtest {
        since,
        articles: past.recent().count(),
        counts: BTreeMap::new(),
        changes: Vec::new(),
        notes: Vec::new(),
    };
    let repeats = likes::again(config, store, &past, &mut test).await?;
    let scored = scores::again(config, &past, &repeats, &mut test);
    selections::again(config, &past, &scored, &mut test);
    gate::again(config, store, &past, &mut test).await?;
    out_of_scope(config, store, since, &mut test).await?;
    test.changes.sort_by(|a, b| (a.decision, &a.title, &a.article).cmp(&(b.decision, &b.title, &b.article)));
    Ok(test)
}

/// Says whose answers are taken as they were.
async fn out_of_scope(
    config: &Config,
    store: &Store,
    since: Timestamp,
    test: &mut Backtest,
) -> Result<(), EngineError> {
    test.note("prompts, models and sources are out of scope: what triage, writers and judges said is taken as it was");
    for (task, provider, model) in store.answered_by(since).await? {
        let Some(task) = Task::ALL.into_iter().find(|t| t.as_str() == task) else { continue };
        let asked = |name: &String| config.provider(name).is_some_and(|p| p.name == provider && p.model == model);
        let on_route = config.sites.iter().any(|site| config.routes(site).of(task).iter().any(asked));
        if !on_route {
            test.note(format!(
                "{task} was answered by {model} ({provider}), which is on no route of this configuration: another model's \
                 answers cannot be known without asking it"
            ));
        }
    }
    Ok(())
}

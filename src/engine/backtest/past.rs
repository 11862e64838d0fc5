//! The past as a value: articles, their journals and their stories.

use std::collections::BTreeMap;

use jiff::Timestamp;
use states::event::Event;
use states::words::{ArticleId, StoryId};

use crate::engine::EngineError;
use crate::store::{ArticleRow, PastRow, RunRow, Store};

/// Everything that is decided again is among so many articles.
const MOST: u32 = 1_000_000;

/// The past.
pub(super) struct Past {
    pub(super) since: Timestamp,
    pub(super) articles: BTreeMap<ArticleId, ArticleRow>,
    /// In the order of time.
    pub(super) rows: Vec<PastRow>,
    pub(super) stories: BTreeMap<ArticleId, StoryId>,
    pub(super) titles: BTreeMap<ArticleId, String>,
    /// Of the pages that were read.
    pub(super) read_titles: BTreeMap<ArticleId, Option<String>>,
    /// In the order of time.
    pub(super) runs: Vec<RunRow>,
}

impl Past {
    pub(super) async fn read(store: &Store, since: Timestamp) -> Result<Self, EngineError> {
        let articles = store.articles(None, None, MOST).await?;
        let mut runs = store.runs(MOST).await?;
        runs.sort_by_key(|run| run.started_at);
        Ok(Self {
            since,
            articles: articles.into_iter().map(|row| (row.id.clone(), row)).collect(),
            rows: store.past().await?,
            stories: store.stories().await?,
            titles: store.titles().await?,
            read_titles: store.read_titles().await?,
            runs,
        })
    }

    /// The articles that are decided again.
    pub(super) fn recent(&self) -> impl Iterator<Item = &ArticleRow> {
        self.articles.values().filter(|row| row.found_at >= self.since)
    }

    /// What happened to the articles that are decided again.
    pub(super) fn recent_rows(&self) -> impl Iterator<Item = (&ArticleRow, &PastRow)> {
        let recent = |row: &&PastRow| self.articles.get(&row.article).is_some_and(|a| a.found_at >= self.since);
        self.rows.iter().filter(recent).filter_map(|row| Some((self.articles.get(&row.article)?, row)))
    }

    /// Where an article stood at a time.
    pub(super) fn stood(&self, at: Timestamp) -> BTreeMap<&ArticleId, &str> {
        self.rows.iter().take_while(|row| row.at < at).map(|row| (&row.article, row.to.as_str())).collect()
    }

    /// When a run selected: at its first choice, else at its last event.
    pub(super) fn selected_at(&self, run: &RunRow) -> Timestamp {
        let of_run = || self.rows.iter().filter(|row| row.run.as_ref() == Some(&run.id));
        let choice = |row: &&PastRow| matches!(row.event, Event::Chosen { .. } | Event::Composed { .. });
        let chose = of_run().find(choice).map(|row| row.at);
        chose.or_else(|| of_run().next_back().map(|row| row.at)).unwrap_or(run.started_at)
    }
}

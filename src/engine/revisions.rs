//! The drafts of an article with what the gate said of them, as they are compared.

use gates::revision::{self, Attempt, Step};
use states::state::Previous;
use states::tries::{Try, tries};
use states::words::{ArticleId, Draft, Report};

use crate::store::{Result, Store};

/// The drafts since the article's writing began afresh, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Tried(Vec<(Try, Draft, Option<Report>)>);

impl Tried {
    /// Reads them.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError).
    pub async fn of(store: &Store, article: &ArticleId) -> Result<Self> {
        let journal = store.journal_of(article).await?;
        let mut tried = Vec::new();
        for entry in tries(journal.iter().map(|row| (&row.event, row.to.as_str()))) {
            let draft = store.draft(&entry.draft).await?;
            let report = match &entry.report {
                Some(id) => Some(store.report(id).await?),
                None => None,
            };
            tried.push((entry, draft, report));
        }
        Ok(Self(tried))
    }

    /// What each revision came to, of those that the gate has spoken of.
    pub fn steps(&self) -> Vec<Step> {
        revision::steps(&self.attempts())
    }

    /// The draft that is nearer to passing than the newest, which the gate says this of; `None` where that is the best.
    pub(super) fn better_than(mut self, report: &Report) -> Option<Previous> {
        let newest = self.0.last_mut()?;
        newest.2 = Some(report.clone());
        let best = revision::best(&self.attempts())?;
        let (best, newest) = (&self.0.get(best)?.0, &self.0.last()?.0);
        (best.draft != newest.draft).then(|| Previous { draft: best.draft.clone(), report: best.report.clone() })
    }

    /// What the writer is to know of its drafts before it revises this one.
    pub(super) fn orders(&self, previous: &Previous) -> Vec<String> {
        let base = self.0.iter().rposition(|(entry, ..)| entry.draft == previous.draft);
        base.map(|base| revision::orders(&self.steps(), base + 1)).unwrap_or_default()
    }

    /// A draft without a report is the newest, so that the numbers of the others hold.
    fn attempts(&self) -> Vec<Attempt<'_>> {
        let spoken = self.0.iter().map_while(|(entry, draft, report)| Some((entry, draft, report.as_ref()?)));
        spoken
            .map(|(entry, draft, report)| Attempt { draft, report, base: entry.base, sent_back: entry.sent_back })
            .collect()
    }
}

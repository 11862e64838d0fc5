//! What happened, as a backtest reads it: everything at once, and nothing is written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use states::event::Event;
use states::machine::Happening;
use states::stored;
use states::words::{ArticleId, BriefId, BytesHash, Draft, MachineId, RunId, SiteName, StoryId};

use super::{Result, Store, broken, from_json, millis, parse_id, time};

/// One row of the journal of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRow {
    /// The article.
    pub article: ArticleId,
    /// What happened.
    pub event: Event,
    /// Where it was; `None` at its birth.
    pub from: Option<String>,
    /// Where it went.
    pub to: String,
    /// In which run.
    pub run: Option<RunId>,
    /// When.
    pub at: Timestamp,
}

type Raw = (String, String, u32, Option<String>, String, Option<String>, i64);

fn read_rows(rows: Vec<Raw>) -> Result<Vec<PastRow>> {
    let mut past = Vec::with_capacity(rows.len());
    for (machine, event, v, from, to, run, at) in rows {
        let id: MachineId = parse_id(&machine)?;
        let event = stored::read_event(&id, v, &event).map_err(|e| broken(machine, e))?;
        if let (MachineId::Article(article), Happening::Article(event)) = (id, event) {
            let run = run.as_deref().map(parse_id).transpose()?;
            past.push(PastRow { article, event, from, to, run, at: time(at) });
        }
    }
    Ok(past)
}

impl Store {
    /// The journals of all articles, in the order of time.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn past(&self) -> Result<Vec<PastRow>> {
        let rows: Vec<Raw> = sqlx::query_as(
            r#"SELECT machine, event, v, "from", "to", run, at FROM journal WHERE machine LIKE 'article:%'
               ORDER BY at, machine, seq"#,
        )
        .fetch_all(&self.readers)
        .await?;
        read_rows(rows)
    }

    /// The journal of one article, in order.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn journal_of(&self, article: &ArticleId) -> Result<Vec<PastRow>> {
        let rows: Vec<Raw> = sqlx::query_as(
            r#"SELECT machine, event, v, "from", "to", run, at FROM journal WHERE machine = ? ORDER BY seq"#,
        )
        .bind(MachineId::Article(article.clone()).to_string())
        .fetch_all(&self.readers)
        .await?;
        read_rows(rows)
    }

    /// The fingerprints of a site, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn prints(&self, site: &SiteName) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(sqlx::query_as("SELECT id, print FROM fingerprints WHERE site = ? ORDER BY n")
            .bind(site.as_str())
            .fetch_all(&self.readers)
            .await?)
    }

    /// The story of every article and post that belongs to one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn stories(&self) -> Result<BTreeMap<ArticleId, StoryId>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT article, story FROM story_members").fetch_all(&self.readers).await?;
        rows.iter().map(|(article, story)| Ok((parse_id(article)?, parse_id(story)?))).collect()
    }

    /// The titles of articles and posts, where they have one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn titles(&self) -> Result<BTreeMap<ArticleId, String>> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT a.id, coalesce(a.lead ->> '$.title', (SELECT s.meta ->> '$.title' FROM article_snapshots x \
             JOIN snapshots s ON s.id = x.snapshot WHERE x.article = a.id AND x.role = 'lead' LIMIT 1)) FROM articles a \
             UNION ALL SELECT id, title FROM posts",
        )
        .fetch_all(&self.readers)
        .await?;
        let titled = rows.into_iter().filter_map(|(id, title)| Some((id, title?)));
        titled.map(|(id, title)| Ok((parse_id(&id)?, title))).collect()
    }

    /// The titles of the pages that were read, by article; `None` for a page without one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn read_titles(&self) -> Result<BTreeMap<ArticleId, Option<String>>> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT x.article, s.meta ->> '$.title' FROM article_snapshots x JOIN snapshots s ON s.id = x.snapshot \
             WHERE x.role = 'lead' ORDER BY s.fetched_at",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(|(id, title)| Ok((parse_id(&id)?, title))).collect()
    }

    /// The draft behind exact bytes, and the brief that it was written from.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing one is broken.
    pub async fn draft_of(&self, bytes: &BytesHash) -> Result<(BriefId, Draft)> {
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT d.brief, d.draft FROM pages p JOIN drafts d ON d.id = p.draft WHERE p.bytes_hash = ?",
        )
        .bind(bytes.as_str())
        .fetch_optional(&self.readers)
        .await?;
        let (brief, draft) = row.ok_or_else(|| broken(bytes.to_string(), "its draft is missing"))?;
        Ok((parse_id(&brief)?, from_json("a draft", &draft)?))
    }

    /// Who answered for which task since a time: task, provider, model.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn answered_by(&self, since: Timestamp) -> Result<Vec<(String, String, String)>> {
        Ok(sqlx::query_as(
            "SELECT DISTINCT task, provider, model FROM model_calls WHERE status = 'accepted' AND started_at >= ? \
             ORDER BY 1, 2, 3",
        )
        .bind(millis(since))
        .fetch_all(&self.readers)
        .await?)
    }
}

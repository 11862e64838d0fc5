//! Stories: which articles tell the same thing.

use states::words::{ArticleId, SiteName, StoryId};

use super::{Result, Store, Tx, parse_id};

/// The most members of a story that are looked at.
const MOST_MEMBERS: i64 = 64;

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The article.
    pub article: ArticleId,
    /// What it is to the story: `first`, `copy`, `same_story` or `update`.
    pub relation: String,
}

impl Tx {
    /// Makes an article a member of a story; the first one founds it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn join(&mut self, site: &SiteName, article: &ArticleId, story: &StoryId, relation: &str) -> Result<()> {
        sqlx::query("INSERT OR IGNORE INTO stories (id, site) VALUES (?, ?)")
            .bind(story.as_str())
            .bind(site.as_str())
            .execute(self.conn())
            .await?;
        sqlx::query("INSERT OR REPLACE INTO story_members (article, story, relation) VALUES (?, ?, ?)")
            .bind(article.as_str())
            .bind(story.as_str())
            .bind(relation)
            .execute(self.conn())
            .await?;
        sqlx::query("UPDATE articles SET story = ? WHERE id = ?")
            .bind(story.as_str())
            .bind(article.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes that an article is an update of another.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn update_of(&mut self, article: &ArticleId, prior: &ArticleId) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO update_of (article, prior) VALUES (?, ?)")
            .bind(article.as_str())
            .bind(prior.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The article of the generation before this one at the same URL.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn earlier_generation(
        &mut self,
        site: &SiteName,
        canonical: &str,
        generation: u32,
    ) -> Result<Option<ArticleId>> {
        let Some(before) = generation.checked_sub(1) else { return Ok(None) };
        let origin = states::words::Origin::Url { canonical: canonical.to_owned(), generation: before };
        let id = ArticleId::of(site, &origin);
        Ok(self.article(&id).await?.map(|row| row.id))
    }

    /// The members of a story, the first one first; of a very long one the beginning.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn members_of(&mut self, story: &StoryId) -> Result<Vec<ArticleId>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT article FROM story_members WHERE story = ? ORDER BY relation <> 'first', article LIMIT ?",
        )
        .bind(story.as_str())
        .bind(MOST_MEMBERS)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter().map(|(id,)| parse_id(&id)).collect()
    }

    /// The story an article belongs to.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn story_of(&mut self, article: &ArticleId) -> Result<Option<StoryId>> {
        let row: Option<(String,)> = sqlx::query_as("SELECT story FROM story_members WHERE article = ?")
            .bind(article.as_str())
            .fetch_optional(self.conn())
            .await?;
        row.map(|r| parse_id(&r.0)).transpose()
    }
}

impl Store {
    /// The articles that this one is an update of: its prior, that one's prior, and so on.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn priors_of(&self, article: &ArticleId) -> Result<Vec<ArticleId>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "WITH RECURSIVE chain (article) AS (SELECT prior FROM update_of WHERE article = ? \
             UNION SELECT u.prior FROM update_of u JOIN chain c ON u.article = c.article) SELECT article FROM chain",
        )
        .bind(article.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(|(id,)| parse_id(&id)).collect()
    }

    /// The members of a story, the first one first.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn members(&self, story: &StoryId) -> Result<Vec<Member>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT article, relation FROM story_members WHERE story = ? ORDER BY relation <> 'first', article",
        )
        .bind(story.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(|(article, relation)| Ok(Member { article: parse_id(&article)?, relation })).collect()
    }
}

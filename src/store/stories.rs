//! Stories: which articles tell the same thing.

use states::words::{ArticleId, SiteName, StoryId};

use super::{Result, Store, Tx, parse_id};

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The article.
    pub article: ArticleId,
    /// What it is to the story: `first`, `copy`, `same_story` or `update`.
    pub relation: String,
}

impl Tx {
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

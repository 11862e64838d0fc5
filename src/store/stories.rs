//! Stories and the fingerprint index: exact hashes, MinHash bands, per site, across runs.

use sqlx::Row as _;
use states::words::{ArticleId, SiteName, StoryId};

use super::{Result, Store, Tx, parse_id};

/// The most articles read from one band's bucket: look-up stays flat however many look alike.
const BUCKET: i64 = 64;

/// An article that shares an exact hash or a band with the one that is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// The article.
    pub article: ArticleId,
    /// Its exact hash.
    pub exact: String,
    /// Its MinHash, as the fingerprint wrote it.
    pub minhash: Vec<u8>,
}

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The article.
    pub article: ArticleId,
    /// What it is to the story: `first`, `copy`, `same_story` or `update`.
    pub relation: String,
}

impl Tx {
    /// Articles of the site that may be like this one, the article itself excepted.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn alike(
        &mut self,
        site: &SiteName,
        article: &ArticleId,
        exact: &str,
        bands: &[i64],
    ) -> Result<Vec<Likeness>> {
        let mut found: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
        let same: Vec<(String,)> =
            sqlx::query_as("SELECT article FROM fingerprints WHERE site = ? AND exact = ? AND article <> ? LIMIT ?")
                .bind(site.as_str())
                .bind(exact)
                .bind(article.as_str())
                .bind(BUCKET)
                .fetch_all(self.conn())
                .await?;
        found.extend(same.into_iter().map(|r| r.0));
        for band in bands {
            let near: Vec<(String,)> =
                sqlx::query_as("SELECT article FROM bands WHERE site = ? AND key = ? AND article <> ? LIMIT ?")
                    .bind(site.as_str())
                    .bind(band)
                    .bind(article.as_str())
                    .bind(BUCKET)
                    .fetch_all(self.conn())
                    .await?;
            found.extend(near.into_iter().map(|r| r.0));
        }
        let mut all = Vec::new();
        for id in found {
            let row = sqlx::query("SELECT exact, minhash FROM fingerprints WHERE article = ?")
                .bind(&id)
                .fetch_optional(self.conn())
                .await?;
            if let Some(row) = row {
                all.push(Likeness { article: parse_id(&id)?, exact: row.get(0), minhash: row.get(1) });
            }
        }
        Ok(all)
    }

    /// Puts an article's fingerprint into the index.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn index(
        &mut self,
        site: &SiteName,
        article: &ArticleId,
        exact: &str,
        minhash: &[u8],
        bands: &[i64],
    ) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO fingerprints (article, site, exact, minhash) VALUES (?, ?, ?, ?)")
            .bind(article.as_str())
            .bind(site.as_str())
            .bind(exact)
            .bind(minhash)
            .execute(self.conn())
            .await?;
        for band in bands {
            sqlx::query("INSERT OR IGNORE INTO bands (site, key, article) VALUES (?, ?, ?)")
                .bind(site.as_str())
                .bind(band)
                .bind(article.as_str())
                .execute(self.conn())
                .await?;
        }
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

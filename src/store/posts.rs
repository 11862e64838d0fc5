//! The posts that a site has: what the fingerprint index knows of them.

use std::collections::BTreeMap;

use states::words::{ArticleId, SiteName, StoryId};

use super::{Result, Store, Tx, parse_id};

/// A post of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRow {
    /// Its id in the index.
    pub id: ArticleId,
    /// Its site.
    pub site: SiteName,
    /// Its path in the repository.
    pub path: String,
    /// The id of its bytes in the repository.
    pub blob: String,
    /// Its title, where its front matter has one.
    pub title: Option<String>,
    /// Whose page it is, where the desk made it: that article tells its story, and the post is a copy of it.
    pub article: Option<ArticleId>,
}

/// What a comparison needs to know of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPost {
    /// Its title.
    pub title: Option<String>,
    /// Whose page it is, where the desk made it.
    pub article: Option<ArticleId>,
}

impl Tx {
    /// Notes a post, or what it has become.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_post(&mut self, post: &PostRow) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO posts (id, site, path, blob, title, article) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(post.id.as_str())
            .bind(post.site.as_str())
            .bind(&post.path)
            .bind(&post.blob)
            .bind(&post.title)
            .bind(post.article.as_ref().map(ArticleId::as_str))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes the commit at which all posts of a site were read.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn posts_are_read(&mut self, site: &SiteName, base: &str) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO posts_read (site, base) VALUES (?, ?)")
            .bind(site.as_str())
            .bind(base)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The post of this id, where it is one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn known_post(&mut self, id: &ArticleId) -> Result<Option<KnownPost>> {
        let row: Option<(Option<String>, Option<String>)> =
            sqlx::query_as("SELECT title, article FROM posts WHERE id = ?")
                .bind(id.as_str())
                .fetch_optional(self.conn())
                .await?;
        row.map(|(title, article)| Ok(KnownPost { title, article: article.map(|a| parse_id(&a)).transpose()? }))
            .transpose()
    }

    /// The article whose page has this slug, with its story. A digest tells no story of its own.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn made_with_slug(&mut self, site: &SiteName, slug: &str) -> Result<Option<(ArticleId, StoryId)>> {
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT p.article, m.story FROM proposals p JOIN story_members m ON m.article = p.article \
             WHERE p.site = ? AND p.slug = ?",
        )
        .bind(site.as_str())
        .bind(slug)
        .fetch_optional(self.conn())
        .await?;
        row.map(|(article, story)| Ok((parse_id(&article)?, parse_id(&story)?))).transpose()
    }
}

impl Store {
    /// The commit at which all posts of a site were read; `None` before first contact.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn posts_read(&self, site: &SiteName) -> Result<Option<String>> {
        let row: Option<(String,)> = sqlx::query_as("SELECT base FROM posts_read WHERE site = ?")
            .bind(site.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|r| r.0))
    }

    /// The paths of the posts that are in the index, each with the id of its bytes.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn known_posts(&self, site: &SiteName) -> Result<BTreeMap<String, String>> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT path, blob FROM posts WHERE site = ?")
            .bind(site.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// The path and the title of a post.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn post(&self, id: &ArticleId) -> Result<Option<(String, Option<String>)>> {
        Ok(sqlx::query_as("SELECT path, title FROM posts WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?)
    }
}

//! What articles are to stories: how they joined, how hot a story is, how often one has grown.

use jiff::Timestamp;
use states::relations::Membership;
use states::words::{ArticleId, MachineId, SiteName, StoryId};

use super::{Result, Store, Tx, broken, millis, parse_id, time};

/// The most members that are looked at of one story.
const MOST: i64 = 64;

/// A member of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryMember {
    /// The article, or the post.
    pub article: ArticleId,
    /// How it joined.
    pub membership: Membership,
    /// When.
    pub at: Timestamp,
}

/// What has happened to an article since it is in work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// How often its story has grown.
    pub times: i64,
    /// A person has asked for changes or edited it.
    pub touched: bool,
}

fn membership(text: &str) -> Result<Membership> {
    [Membership::First, Membership::Copy, Membership::SameStory, Membership::Update]
        .into_iter()
        .find(|m| m.as_str() == text)
        .ok_or_else(|| broken("a story's member", format!("`{text}` is no relation")))
}

impl Tx {
    /// Makes an article, or a post, a member of a story; the first one founds it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn join(
        &mut self,
        site: &SiteName,
        article: &ArticleId,
        story: &StoryId,
        membership: Membership,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query("INSERT OR IGNORE INTO stories (id, site) VALUES (?, ?)")
            .bind(story.as_str())
            .bind(site.as_str())
            .execute(self.conn())
            .await?;
        sqlx::query("INSERT OR REPLACE INTO story_members (article, story, relation, at) VALUES (?, ?, ?, ?)")
            .bind(article.as_str())
            .bind(story.as_str())
            .bind(membership.as_str())
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        sqlx::query("UPDATE articles SET story = ? WHERE id = ?")
            .bind(story.as_str())
            .bind(article.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Brings the members of one story into another: its first article tells the same.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn merge_stories(&mut self, from: &StoryId, into: &StoryId) -> Result<()> {
        for sql in
            ["UPDATE story_members SET story = ? WHERE story = ?", "UPDATE articles SET story = ? WHERE story = ?"]
        {
            sqlx::query(sql).bind(into.as_str()).bind(from.as_str()).execute(self.conn()).await?;
        }
        Ok(())
    }

    /// The members of a story as they joined; of a very long one the independent sources and the beginning.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn story_members(&mut self, story: &StoryId) -> Result<Vec<StoryMember>> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT article, relation, at FROM story_members WHERE story = ? \
             ORDER BY relation = 'copy', at, article LIMIT ?",
        )
        .bind(story.as_str())
        .bind(MOST)
        .fetch_all(self.conn())
        .await?;
        let members = rows.into_iter().map(|(article, relation, at)| {
            Ok(StoryMember { article: parse_id(&article)?, membership: membership(&relation)?, at: time(at) })
        });
        let mut members: Vec<StoryMember> = members.collect::<Result<_>>()?;
        members.sort_by(|a, b| (a.at, &a.article).cmp(&(b.at, &b.article)));
        Ok(members)
    }

    /// What an article is called: its lead's title, else that of what was read.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn title_of(&mut self, article: &ArticleId) -> Result<Option<String>> {
        let row: Option<(Option<String>,)> = sqlx::query_as(
            "SELECT coalesce(a.lead ->> '$.title', (SELECT s.meta ->> '$.title' FROM article_snapshots x \
             JOIN snapshots s ON s.id = x.snapshot WHERE x.article = a.id AND x.role = 'lead' LIMIT 1)) \
             FROM articles a WHERE a.id = ?",
        )
        .bind(article.as_str())
        .fetch_optional(self.conn())
        .await?;
        Ok(row.and_then(|r| r.0))
    }

    /// How an article has grown, and whether people have worked on it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn growth(&mut self, machine: &MachineId) -> Result<Growth> {
        let row: (i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE name = 'StoryGrew'), count(*) FILTER (WHERE name IN ('Edited', 'ChangesAsked')) \
             FROM journal WHERE machine = ?",
        )
        .bind(machine.to_string())
        .fetch_one(self.conn())
        .await?;
        Ok(Growth { times: row.0, touched: row.1 > 0 })
    }
}

impl Store {
    /// How hot a story is: how many independent sources tell it. A verbatim copy is none, nor is a source's own update.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn heat(&self, story: &StoryId) -> Result<usize> {
        let row: (i64,) = sqlx::query_as(
            "SELECT count(*) FROM story_members WHERE story = ? AND relation IN ('first', 'same_story')",
        )
        .bind(story.as_str())
        .fetch_one(&self.readers)
        .await?;
        Ok(usize::try_from(row.0).unwrap_or_default())
    }

    /// The stories of a site that an article or a digest is telling now, so that nothing else begins to.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn stories_being_told(&self, site: &SiteName) -> Result<Vec<StoryId>> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT DISTINCT m.story FROM articles a JOIN story_members m ON m.article = a.id WHERE a.site = ? AND \
             a.name IN ('Drafting', 'Gating', 'Reviewing', 'Publishing', 'Proposed', 'Merged', 'Absorbed')",
        )
        .bind(site.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(|(id,)| parse_id(&id)).collect()
    }
}

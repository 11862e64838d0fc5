//! Articles, their leads, snapshots and history.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use states::event::Event;
use states::machine::{Happening, Machine};
use states::state::{Moment, SkipCause, State};
use states::stored;
use states::words::{
    ArticleId, Brief, Lead, MachineId, Origin, RunId, SiteName, Snapshot, SnapshotId, Snapshots, SourceName, StoryId,
};

use super::machines::Applied;
use super::{Result, Store, Tx, broken, from_json, millis, parse_id, time, to_json};

/// A lead that a source gave, before it is known whether it is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLead {
    /// The lead, at generation 0.
    pub lead: Lead,
    /// Hash of the entry: another one at the same URL is the next generation.
    pub entry: String,
    /// Why the site does not work on it, where it does not: it is known from now on.
    pub not_worked: Option<SkipCause>,
}

/// What became of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// A new article.
    New(ArticleId),
    /// The entry has changed: a new article at the next generation.
    Changed(ArticleId),
    /// Seen before.
    Known(ArticleId),
}

/// An article as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleRow {
    /// Its id.
    pub id: ArticleId,
    /// Its site.
    pub site: SiteName,
    /// Where it began.
    pub origin: String,
    /// Its lead; `None` for a digest.
    pub lead: Option<Lead>,
    /// The run that found or made it.
    pub run: Option<RunId>,
    /// The story it belongs to, once it was compared.
    pub story: Option<StoryId>,
    /// Its state.
    pub state: State,
    /// When it was found or made.
    pub found_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl ArticleRow {
    /// The story it tells: the one it was compared into, else its own.
    pub fn story(&self) -> StoryId {
        self.story.clone().unwrap_or_else(|| StoryId::of(&self.id))
    }

    /// What people call it: the lead's title or URL, or what kind of digest it is.
    pub fn label(&self) -> String {
        match &self.lead {
            Some(lead) => lead.title.clone().unwrap_or_else(|| lead.url.clone()),
            None => match self.origin.strip_prefix("digest:").and_then(|o| o.split_once(':')) {
                Some((template, slot)) => {
                    format!("the {template} of {}", slot.get(..16).unwrap_or(slot).replace('T', " "))
                }
                None => self.origin.clone(),
            },
        }
    }
}

/// One line of an article's history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct JournalRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The event's name.
    pub event: String,
    /// The event as it is stored.
    pub detail: serde_json::Value,
    /// Where it was.
    pub from: Option<String>,
    /// Where it went.
    pub to: String,
}

fn read(row: &SqliteRow) -> Result<ArticleRow> {
    let id: ArticleId = parse_id(&row.get::<String, _>("id"))?;
    let machine = MachineId::Article(id.clone());
    let state = match stored::read_state(&machine, row.get("v"), &row.get::<String, _>("state")) {
        Ok(Machine::Article(state)) => state,
        Ok(Machine::Worker(_)) => return Err(broken(id.to_string(), "a worker's state")),
        Err(error) => return Err(broken(id.to_string(), error)),
    };
    let lead: Option<String> = row.get("lead");
    let run: Option<String> = row.get("run");
    let story: Option<String> = row.get("story");
    Ok(ArticleRow {
        site: parse_id(&row.get::<String, _>("site"))?,
        origin: row.get("origin"),
        lead: lead.map(|l| from_json("a lead", &l)).transpose()?,
        run: run.map(|r| parse_id(&r)).transpose()?,
        story: story.map(|s| parse_id(&s)).transpose()?,
        state,
        found_at: time(row.get("found_at")),
        changed_at: time(row.get("changed_at")),
        id,
    })
}

impl Tx {
    /// Records a lead: a new article, the next generation of one, or nothing.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn found(&mut self, new: &NewLead, moment: &Moment, run: Option<&RunId>) -> Result<Sight> {
        let mut lead = new.lead.clone();
        let known: Option<(String,)> = sqlx::query_as("SELECT article FROM urls WHERE site = ? AND canonical = ?")
            .bind(lead.site.as_str())
            .bind(&lead.canonical)
            .fetch_optional(self.conn())
            .await?;
        let mut sight: fn(ArticleId) -> Sight = Sight::New;
        let told = self.last_told(&lead, &new.entry).await?;
        if let Some((article,)) = known {
            let row: Option<(Option<String>,)> = sqlx::query_as("SELECT lead FROM articles WHERE id = ?")
                .bind(&article)
                .fetch_optional(self.conn())
                .await?;
            let old: Option<Lead> = row.and_then(|r| r.0).map(|l| from_json("a lead", &l)).transpose()?;
            // A redirect's address is not this lead changed, and neither is what another source says of it.
            let same_url = old.as_ref().is_some_and(|o| o.canonical == lead.canonical);
            let changed = told.is_some_and(|told| told != new.entry);
            if !changed || !same_url {
                return Ok(Sight::Known(parse_id(&article)?));
            }
            lead.generation = old.map_or(0, |o| o.generation) + 1;
            sight = Sight::Changed;
        }
        let id = lead.article_id();
        let made = self.make_article(&id, &lead.site, &lead.origin(), Some(&lead), moment, run).await?;
        if !made {
            return Ok(Sight::Known(id));
        }
        self.know_url(&lead.site, &lead.canonical, &id, "found").await?;
        let birth = match &new.not_worked {
            None => Event::Found,
            Some(why) => Event::Known { why: why.clone() },
        };
        self.born(&MachineId::Article(id.clone()), &birth.into(), moment, run).await?;
        Ok(sight(id))
    }

    /// Whether what a source tells of an address would begin an article: it was never seen, or the source told otherwise of it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn is_news(
        &mut self,
        site: &SiteName,
        canonical: &str,
        source: &SourceName,
        entry: &str,
    ) -> Result<bool> {
        let row: (bool, Option<String>) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM urls WHERE site = ?1 AND canonical = ?2), \
             (SELECT entry FROM entries WHERE site = ?1 AND canonical = ?2 AND source = ?3)",
        )
        .bind(site.as_str())
        .bind(canonical)
        .bind(source.as_str())
        .fetch_one(self.conn())
        .await?;
        Ok(!row.0 || row.1.is_some_and(|told| told != entry))
    }

    /// What this source last told of this address, and what it tells now.
    async fn last_told(&mut self, lead: &Lead, entry: &str) -> Result<Option<String>> {
        let key = [lead.site.as_str(), &lead.canonical, lead.source.as_str()];
        let told: Option<(String,)> =
            sqlx::query_as("SELECT entry FROM entries WHERE site = ? AND canonical = ? AND source = ?")
                .bind(key[0])
                .bind(key[1])
                .bind(key[2])
                .fetch_optional(self.conn())
                .await?;
        sqlx::query("INSERT OR REPLACE INTO entries (site, canonical, source, entry) VALUES (?, ?, ?, ?)")
            .bind(key[0])
            .bind(key[1])
            .bind(key[2])
            .bind(entry)
            .execute(self.conn())
            .await?;
        Ok(told.map(|t| t.0))
    }

    /// Makes an article's row, to be born in the same transaction. False when it is there already.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn make_article(
        &mut self,
        id: &ArticleId,
        site: &SiteName,
        origin: &Origin,
        lead: Option<&Lead>,
        moment: &Moment,
        run: Option<&RunId>,
    ) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO articles (id, site, origin, lead, run, rank, state, name, v, seq, found_at, changed_at) \
             VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(rank), 0) + 1 FROM articles), '', '', 0, 0, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(id.as_str())
        .bind(site.as_str())
        .bind(origin.to_string())
        .bind(lead.map(to_json))
        .bind(run.map(RunId::as_str))
        .bind(millis(moment.at))
        .bind(millis(moment.at))
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Remembers an address of an article. An address that is known already stays with its article, unless a source gave it
    /// for a newer generation.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn know_url(&mut self, site: &SiteName, canonical: &str, article: &ArticleId, how: &str) -> Result<()> {
        let sql = if how == "found" {
            "INSERT INTO urls (site, canonical, article, how) VALUES (?, ?, ?, ?) \
             ON CONFLICT (site, canonical) DO UPDATE SET article = excluded.article, how = excluded.how"
        } else {
            "INSERT OR IGNORE INTO urls (site, canonical, article, how) VALUES (?, ?, ?, ?)"
        };
        sqlx::query(sql)
            .bind(site.as_str())
            .bind(canonical)
            .bind(article.as_str())
            .bind(how)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Archives a snapshot, and notes what it is to an article.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn archive(&mut self, snapshot: &Snapshot, article: Option<(&ArticleId, &str)>) -> Result<()> {
        let text = zstd::encode_all(snapshot.text.as_bytes(), 3).map_err(|e| broken("a snapshot", e))?;
        let meta = Snapshot { text: String::new(), ..snapshot.clone() };
        sqlx::query("INSERT OR IGNORE INTO snapshots (id, body_hash, meta, text, fetched_at) VALUES (?, ?, ?, ?, ?)")
            .bind(snapshot.id.as_str())
            .bind(states::words::hash::sha256_hex(snapshot.body().as_bytes()))
            .bind(to_json(&meta))
            .bind(text)
            .bind(millis(snapshot.fetched_at))
            .execute(self.conn())
            .await?;
        if let Some((article, role)) = article {
            sqlx::query("INSERT OR IGNORE INTO article_snapshots (article, snapshot, role) VALUES (?, ?, ?)")
                .bind(article.as_str())
                .bind(snapshot.id.as_str())
                .bind(role)
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }

    /// One article, inside the transaction.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn article(&mut self, id: &ArticleId) -> Result<Option<ArticleRow>> {
        let row =
            sqlx::query("SELECT * FROM articles WHERE id = ?").bind(id.as_str()).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
    }

    /// The articles absorbed into a digest.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn absorbed_into(&mut self, digest: &ArticleId) -> Result<Vec<ArticleId>> {
        let rows =
            sqlx::query("SELECT * FROM articles WHERE name = 'Absorbed' ORDER BY id").fetch_all(self.conn()).await?;
        let mut members = Vec::new();
        for row in &rows {
            let row = read(row)?;
            if matches!(&row.state, State::Absorbed { into, .. } if into == digest) {
                members.push(row.id);
            }
        }
        Ok(members)
    }

    /// What became of the birth of a machine.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn born(
        &mut self,
        id: &MachineId,
        birth: &Happening,
        moment: &Moment,
        run: Option<&RunId>,
    ) -> Result<()> {
        match self.apply(id, birth, moment, run).await? {
            Applied::Stepped { .. } => Ok(()),
            Applied::Illegal(why) => Err(broken(id.to_string(), why)),
        }
    }
}

impl Store {
    /// One article.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn article(&self, id: &ArticleId) -> Result<Option<ArticleRow>> {
        let row =
            sqlx::query("SELECT * FROM articles WHERE id = ?").bind(id.as_str()).fetch_optional(&self.readers).await?;
        row.as_ref().map(read).transpose()
    }

    /// Articles, newest first: of one site, in one state, where given.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn articles(&self, site: Option<&SiteName>, state: Option<&str>, most: u32) -> Result<Vec<ArticleRow>> {
        let rows = sqlx::query(
            "SELECT * FROM articles WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR name = ?2 COLLATE NOCASE) \
             ORDER BY found_at DESC, id LIMIT ?3",
        )
        .bind(site.map(SiteName::as_str))
        .bind(state)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Articles whose id begins like this.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn articles_like(&self, prefix: &str) -> Result<Vec<ArticleRow>> {
        let rows = sqlx::query("SELECT * FROM articles WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 10")
            .bind(prefix)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    /// All articles that an address leads to, on every site.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn articles_at(&self, canonical: &str) -> Result<Vec<(String, ArticleRow)>> {
        let rows = sqlx::query(
            "SELECT u.how AS how, a.* FROM urls u JOIN articles a ON a.id = u.article WHERE u.canonical = ? ORDER BY a.site",
        )
        .bind(canonical)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok((row.get("how"), read(row)?))).collect()
    }

    /// How many articles of a site are in work or proposed, by state. Asked before each lead is scored, so that only these are
    /// counted.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn counts_in_work(&self, site: &SiteName) -> Result<Vec<(String, i64)>> {
        Ok(sqlx::query_as(
            "SELECT name, count(*) FROM articles WHERE site = ? \
             AND name IN ('Drafting', 'Gating', 'Reviewing', 'Publishing', 'Proposed') GROUP BY name",
        )
        .bind(site.as_str())
        .fetch_all(&self.readers)
        .await?)
    }

    /// How many articles of each site are in each state.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn counts(&self) -> Result<Vec<(String, String, i64)>> {
        Ok(sqlx::query_as("SELECT site, name, count(*) FROM articles GROUP BY site, name ORDER BY site, name")
            .fetch_all(&self.readers)
            .await?)
    }

    /// An article's history.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn history(&self, machine: &MachineId) -> Result<Vec<JournalRow>> {
        let rows: Vec<(i64, i64, String, String, Option<String>, String)> =
            sqlx::query_as(r#"SELECT seq, at, name, event, "from", "to" FROM journal WHERE machine = ? ORDER BY seq"#)
                .bind(machine.to_string())
                .fetch_all(&self.readers)
                .await?;
        rows.into_iter()
            .map(|(seq, at, event, detail, from, to)| {
                Ok(JournalRow { seq, at: time(at), event, detail: from_json("a journal row", &detail)?, from, to })
            })
            .collect()
    }

    /// One snapshot.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        let row: Option<(String, Vec<u8>)> = sqlx::query_as("SELECT meta, text FROM snapshots WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        let Some((meta, text)) = row else { return Ok(None) };
        let mut snapshot: Snapshot = from_json("a snapshot", &meta)?;
        let text = zstd::decode_all(text.as_slice()).map_err(|e| broken("a snapshot", e))?;
        snapshot.text = String::from_utf8(text).map_err(|e| broken("a snapshot", e))?;
        Ok(Some(snapshot))
    }

    /// What was read of an article's own page, where it was read once only.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn read_of(&self, article: &ArticleId) -> Result<Option<Snapshot>> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT snapshot FROM article_snapshots WHERE article = ? AND role = 'lead'")
                .bind(article.as_str())
                .fetch_all(&self.readers)
                .await?;
        match rows.as_slice() {
            [(id,)] => self.snapshot(&parse_id(id)?).await,
            _ => Ok(None),
        }
    }

    /// The snapshots of a brief; one that is missing is an error.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn snapshots_of(&self, brief: &Brief) -> Result<Snapshots> {
        let mut all = Snapshots::default();
        for source in &brief.sources {
            let id = &source.snapshot;
            all.insert(self.snapshot(id).await?.ok_or_else(|| broken(id.to_string(), "the snapshot is missing"))?);
        }
        Ok(all)
    }
}

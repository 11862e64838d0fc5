//! What is written: briefs, drafts, pages, reports, evidence, slugs and proposals.

use states::words::{
    ArticleId, Brief, BriefId, BytesHash, Draft, DraftId, EvidenceRow, PageFile, Report, ReportId, SiteName, StoryId,
};

use super::{ArticleRow, Result, Store, Tx, broken, from_json, to_json};

/// A proposal as it is stored: made when its branch is frozen, its head filled in when it was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalRow {
    /// The article.
    pub article: ArticleId,
    /// Its site.
    pub site: SiteName,
    /// What it is about.
    pub story: StoryId,
    /// The branch.
    pub branch: String,
    /// The page's slug.
    pub slug: String,
    /// The page's title.
    pub title: String,
    /// The commit it was built on.
    pub base: String,
    /// The commit on the branch, once pushed.
    pub head: Option<String>,
    /// The exact bytes.
    pub bytes: BytesHash,
    /// The pull request's address.
    pub url: Option<String>,
}

impl Tx {
    /// Freezes a brief.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_brief(&mut self, brief: &Brief) -> Result<BriefId> {
        let id = brief.id();
        sqlx::query("INSERT OR IGNORE INTO briefs (id, article, brief) VALUES (?, ?, ?)")
            .bind(id.as_str())
            .bind(brief.article.as_str())
            .bind(to_json(brief))
            .execute(self.conn())
            .await?;
        Ok(id)
    }

    /// Keeps a draft.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_draft(&mut self, brief: &BriefId, revision: u8, draft: &Draft) -> Result<DraftId> {
        let id = draft.id();
        sqlx::query("INSERT OR IGNORE INTO drafts (id, brief, revision, draft) VALUES (?, ?, ?, ?)")
            .bind(id.as_str())
            .bind(brief.as_str())
            .bind(revision)
            .bind(to_json(draft))
            .execute(self.conn())
            .await?;
        Ok(id)
    }

    /// Reserves a slug on a site: the wished one, or the first free `-2`, `-3`, … An article keeps what it has.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn reserve_slug(&mut self, site: &SiteName, wish: &str, article: &ArticleId) -> Result<String> {
        for n in 1..1000 {
            let slug = if n == 1 { wish.to_owned() } else { format!("{wish}-{n}") };
            sqlx::query("INSERT OR IGNORE INTO slugs (site, slug, article) VALUES (?, ?, ?)")
                .bind(site.as_str())
                .bind(&slug)
                .bind(article.as_str())
                .execute(self.conn())
                .await?;
            let owner: (String,) = sqlx::query_as("SELECT article FROM slugs WHERE site = ? AND slug = ?")
                .bind(site.as_str())
                .bind(&slug)
                .fetch_one(self.conn())
                .await?;
            if owner.0 == article.as_str() {
                return Ok(slug);
            }
        }
        Err(broken(wish, "a thousand pages have this slug"))
    }

    /// Keeps what the gate said of a page, with the page's exact bytes and its evidence.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_report(&mut self, draft: &DraftId, files: &[PageFile], report: &Report) -> Result<ReportId> {
        let packed = zstd::encode_all(to_json(&files).as_bytes(), 3).map_err(|e| broken("a page", e))?;
        sqlx::query("INSERT OR IGNORE INTO pages (bytes_hash, draft, files) VALUES (?, ?, ?)")
            .bind(report.bytes.as_str())
            .bind(draft.as_str())
            .bind(packed)
            .execute(self.conn())
            .await?;
        sqlx::query("UPDATE drafts SET bytes_hash = ? WHERE id = ?")
            .bind(report.bytes.as_str())
            .bind(draft.as_str())
            .execute(self.conn())
            .await?;
        let id = report.id();
        sqlx::query(
            "INSERT OR IGNORE INTO reports (id, bytes_hash, ruleset_hash, verdict, report) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(id.as_str())
        .bind(report.bytes.as_str())
        .bind(&report.ruleset)
        .bind(report.verdict().word())
        .bind(to_json(report))
        .execute(self.conn())
        .await?;
        for layer in &report.layers {
            sqlx::query("INSERT OR IGNORE INTO report_layers (report, layer, verdict, findings) VALUES (?, ?, ?, ?)")
                .bind(id.as_str())
                .bind(layer.layer.as_str())
                .bind(layer.verdict.word())
                .bind(i64::try_from(layer.findings.len()).unwrap_or(i64::MAX))
                .execute(self.conn())
                .await?;
        }
        self.keep_evidence(draft, &report.evidence).await?;
        Ok(id)
    }

    async fn keep_evidence(&mut self, draft: &DraftId, rows: &[EvidenceRow]) -> Result<()> {
        let offset = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        for (n, row) in rows.iter().enumerate() {
            let cite = row.cite.as_ref();
            sqlx::query(
                r#"INSERT OR IGNORE INTO evidence (draft, n, sentence, kind, claim, snapshot, start, "end")
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)"#,
            )
            .bind(draft.as_str())
            .bind(offset(n))
            .bind(row.place.to_string())
            .bind(&row.kind)
            .bind(&row.claim)
            .bind(cite.map(|c| c.snapshot.as_str()))
            .bind(cite.map(|c| offset(c.start)))
            .bind(cite.map(|c| offset(c.end)))
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// Freezes a proposal on entering Publishing, or fills in where it was pushed.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_proposal(&mut self, row: &ProposalRow, number: Option<u64>) -> Result<()> {
        sqlx::query(
            "INSERT INTO proposals (article, site, story, branch, slug, title, base_oid, head_oid, bytes_hash, number, url) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (article) DO UPDATE SET branch = excluded.branch, \
             slug = excluded.slug, title = excluded.title, base_oid = excluded.base_oid, head_oid = excluded.head_oid, \
             bytes_hash = excluded.bytes_hash, number = excluded.number, url = excluded.url",
        )
        .bind(row.article.as_str())
        .bind(row.site.as_str())
        .bind(row.story.as_str())
        .bind(&row.branch)
        .bind(&row.slug)
        .bind(&row.title)
        .bind(&row.base)
        .bind(&row.head)
        .bind(row.bytes.as_str())
        .bind(number.and_then(|n| i64::try_from(n).ok()))
        .bind(&row.url)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

type RawProposal = (String, String, String, String, String, String, String, Option<String>, String, Option<String>);

async fn read_brief(conn: impl sqlx::SqliteExecutor<'_>, id: &BriefId) -> Result<Brief> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT brief FROM briefs WHERE id = ?").bind(id.as_str()).fetch_optional(conn).await?;
    from_json("a brief", &row.ok_or_else(|| broken(id.to_string(), "the brief is missing"))?.0)
}

impl Tx {
    /// A brief, inside the transaction: one may have been kept by what shares its commit.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing one is broken.
    pub async fn brief(&mut self, id: &BriefId) -> Result<Brief> {
        read_brief(self.conn(), id).await
    }
}

impl Store {
    /// A brief.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing one is broken.
    pub async fn brief(&self, id: &BriefId) -> Result<Brief> {
        read_brief(&self.readers, id).await
    }

    /// A draft.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing one is broken.
    pub async fn draft(&self, id: &DraftId) -> Result<Draft> {
        let row: Option<(String,)> = sqlx::query_as("SELECT draft FROM drafts WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        from_json("a draft", &row.ok_or_else(|| broken(id.to_string(), "the draft is missing"))?.0)
    }

    /// The title of the newest draft of an article, where it has one.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn draft_title(&self, article: &ArticleRow) -> Result<Option<String>> {
        let Some(brief) = article.state.brief() else { return Ok(None) };
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT draft ->> '$.title.text' FROM drafts WHERE brief = ? ORDER BY revision DESC, id LIMIT 1",
        )
        .bind(brief.as_str())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|r| r.0))
    }

    /// A report.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing one is broken.
    pub async fn report(&self, id: &ReportId) -> Result<Report> {
        let row: Option<(String,)> = sqlx::query_as("SELECT report FROM reports WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        from_json("a report", &row.ok_or_else(|| broken(id.to_string(), "the report is missing"))?.0)
    }

    /// The files of a page, exactly as they passed.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing page is broken.
    pub async fn page(&self, bytes: &BytesHash) -> Result<Vec<PageFile>> {
        let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT files FROM pages WHERE bytes_hash = ?")
            .bind(bytes.as_str())
            .fetch_optional(&self.readers)
            .await?;
        let packed = row.ok_or_else(|| broken(bytes.to_string(), "the page is missing"))?.0;
        let text = zstd::decode_all(packed.as_slice()).map_err(|e| broken("a page", e))?;
        from_json("a page", &String::from_utf8(text).map_err(|e| broken("a page", e))?)
    }

    /// The proposals of a site.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn proposals(&self, site: Option<&SiteName>) -> Result<Vec<ProposalRow>> {
        let rows: Vec<RawProposal> = sqlx::query_as(
            "SELECT article, site, story, branch, slug, title, base_oid, head_oid, bytes_hash, url FROM proposals \
             WHERE ?1 IS NULL OR site = ?1 ORDER BY branch",
        )
        .bind(site.map(SiteName::as_str))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(article, site, story, branch, slug, title, base, head, bytes, url)| {
                Ok(ProposalRow {
                    article: super::parse_id(&article)?,
                    site: super::parse_id(&site)?,
                    story: super::parse_id(&story)?,
                    branch,
                    slug,
                    title,
                    base,
                    head,
                    bytes: super::parse_id(&bytes)?,
                    url,
                })
            })
            .collect()
    }
}

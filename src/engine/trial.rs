//! A trial: one URL fetched, scored, drafted and gated into a folder. Its desk stands on a throwaway store, so that nothing is
//! remembered.

use std::path::Path;

use gates::revision::{self, Attempt, Step};
use sources::FetchError;
use states::state::{Candidate, Score, State};
use states::stations::gating::DRAFTS;
use states::words::{
    ArticleId, Draft, Lead, PageFile, PageIdentity, Report, Snapshot, Snapshots, SourceKind, SourceName, StoryId,
    Template, Verdict,
};

use super::asking::Asker;
use super::brief::Chosen;
use super::desk::Desk;
use super::ground::Built;
use super::outcome::Outcome;
use super::perform::{Checked, GateInput, Revising, check, score_lead, write_draft};
use crate::config::Site;
use crate::page::slug_for;
use crate::publish::write_beside;
use crate::store::ArticleRow;

/// What a trial came to.
#[derive(Debug)]
pub struct Trial {
    /// What was read.
    pub snapshot: Snapshot,
    /// What it scored.
    pub score: Score,
    /// The site's threshold.
    pub threshold: u8,
    /// The draft that passed, or the best.
    pub draft: Draft,
    /// How many drafts were written.
    pub drafts: usize,
    /// What each revision came to.
    pub steps: Vec<Step>,
    /// What the gate says of it.
    pub report: Report,
    /// Its files.
    pub files: Vec<PageFile>,
}

/// One draft of a trial.
struct Written {
    draft: Draft,
    report: Report,
    files: Vec<PageFile>,
    base: Option<usize>,
}

impl Written {
    fn attempt(&self) -> Attempt<'_> {
        Attempt { draft: &self.draft, report: &self.report, base: self.base, sent_back: false }
    }
}

impl Desk {
    /// Tries a URL (`http`, `https`, or `file:` with a path from the configuration's folder) for a site.
    ///
    /// # Errors
    /// Why it did not come to a page, in words.
    pub async fn trial(&self, site: &Site, url: &str, template: Template, out: &Path) -> Result<Trial, String> {
        let now = self.clock.now();
        let fetched = sources::fetch(&self.web, url, &self.config.base, &[], None, now).await.map_err(|e| match e {
            FetchError::Gone { why } => format!("{url} is gone: {why}"),
            FetchError::Refused { why } => format!("{url} cannot be used: {why}"),
            FetchError::Resting { host, why, .. } => format!("{host} wants to be left alone: {why}; try again later"),
            FetchError::Failed { why, .. } => format!("{url} cannot be read: {why}"),
        })?;
        let snapshot = fetched.snapshot;
        let lead = lead(site, url, &snapshot, now)?;
        let id = lead.article_id();
        let asker = Asker { desk: self, site, article: Some(&id), key: None, tries: 2 };
        let score = score_lead(&asker, &lead, &snapshot, 1).await.map_err(words)?;
        let mut tx = self.store.begin().await.map_err(|e| e.to_string())?;
        tx.archive(&snapshot, Some((&id, "lead"))).await.map_err(|e| e.to_string())?;
        tx.commit().await.map_err(|e| e.to_string())?;

        let standing = self.ground(site).await.map_err(words)?;
        if let Built::Broken(why) = &standing.built {
            return Err(format!("the default branch of {} does not build: {why}", site.name));
        }
        let chosen = chosen(&id, lead, &snapshot, score.clone());
        let brief = self
            .make_brief(site, &id, template, &[chosen], Some(&standing.inventory))
            .await
            .map_err(|e| e.to_string())?;
        let snapshots = Snapshots::from_iter([snapshot.clone()]);
        let mut revising = Revising::default();
        let mut tried: Vec<Written> = Vec::new();
        let mut base = None;
        loop {
            let draft = write_draft(&asker, &brief, &snapshots, &revising).await.map_err(words)?;
            let page = PageIdentity { slug: slug_for(&draft.title.text, &id), dated: now };
            let story = StoryId::of(&id);
            let input = GateInput {
                article: &id,
                story: &story,
                draft: &draft,
                brief: &brief,
                snapshots: &snapshots,
                page: &page,
            };
            let Checked { report, files, .. } = check(&asker, &input, &standing).await.map_err(words)?;
            let revise = report.verdict() == Verdict::Revise;
            tried.push(Written { draft, report, files, base });
            let attempts: Vec<Attempt<'_>> = tried.iter().map(Written::attempt).collect();
            let steps = revision::steps(&attempts);
            let last = tried.len() - 1;
            // What passes ends it; of what does not, the best.
            let best = if revise { revision::best(&attempts).unwrap_or(last) } else { last };
            if revise && tried.len() < usize::from(DRAFTS) {
                base = Some(best);
                revising = Revising {
                    findings: tried[best].report.findings().cloned().collect(),
                    previous: Some(tried[best].draft.clone()),
                    history: revision::orders(&steps, best + 1),
                    note: None,
                };
                continue;
            }
            let drafts = tried.len();
            let Written { draft, report, files, .. } = tried.swap_remove(best);
            std::fs::create_dir_all(out).map_err(|e| format!("{} cannot be made: {e}", out.display()))?;
            write_beside(out, &files).map_err(|e| e.to_string())?;
            return Ok(Trial { snapshot, score, threshold: site.threshold, draft, drafts, steps, report, files });
        }
    }
}

fn lead(site: &Site, url: &str, snapshot: &Snapshot, now: states::words::Timestamp) -> Result<Lead, String> {
    Ok(Lead {
        site: site.name.clone(),
        source: SourceName::try_from("trial".to_owned()).map_err(|e| e.to_string())?,
        kind: SourceKind::Report,
        url: url.to_owned(),
        canonical: sources::canonical(url).map_err(|e| e.to_string())?,
        generation: 0,
        title: snapshot.title.clone(),
        published: snapshot.published,
        found_at: now,
        forced: true,
        carried: None,
    })
}

fn chosen(id: &ArticleId, lead: Lead, snapshot: &Snapshot, score: Score) -> Chosen {
    let candidate = Candidate { snapshot: snapshot.id.clone(), story: StoryId::of(id), score, returned: false };
    Chosen {
        row: ArticleRow {
            id: id.clone(),
            site: lead.site.clone(),
            origin: lead.origin().to_string(),
            found_at: lead.found_at,
            changed_at: lead.found_at,
            lead: Some(lead),
            run: None,
            story: None,
            state: State::Shortlisted { candidate: candidate.clone() },
        },
        candidate,
    }
}

/// Why an effect did not come about, in words.
fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { why, .. } | Outcome::Later { why, .. } => why,
        Outcome::Deferred { message, .. } => message,
        Outcome::Done(_) | Outcome::NotYet { .. } => "it came to nothing".into(),
    }
}

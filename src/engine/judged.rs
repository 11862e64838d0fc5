//! Past verdicts of judges beside what people did, and the calibration that is kept beside the database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gates::judge::calibrate::{self, BadFile, Bounds, Calibration, Case, Decision, Judge, Points, Scope, Undecided};
use states::event::Event;
use states::state::Gated;
use states::words::{ArticleId, Layer, ReportId, SiteName, Timestamp, Verdict};

use crate::config::{Config, Site};
use crate::publish::{blob_at, blob_id};
use crate::store::{ArticleRow, Result, SampleRow, Store};

/// Everything is compared that is among so many articles.
const MOST: u32 = 1_000_000;

/// Where the calibration is kept that the program reads by itself.
pub fn calibration_path(config: &Config) -> PathBuf {
    config.database().with_extension("judge.toml")
}

/// Puts a calibration into a file: beside it first, so that nobody ever reads half of one.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_calibration(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new().prefix(".judge-").tempfile_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Why a calibration cannot be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum NoCalibration {
    /// There is none.
    #[error("there is none yet; `pipeline judge calibrate --write` makes it")]
    Missing,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It is not what it should be.
    #[error(transparent)]
    Bad(#[from] BadFile),
}

/// Reads a calibration from a file. No more of it is read than a calibration can have.
///
/// # Errors
/// [`NoCalibration`].
pub fn read_calibration(path: &Path) -> std::result::Result<Calibration, NoCalibration> {
    use std::io::Read as _;
    let trouble = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => NoCalibration::Missing,
        _ => NoCalibration::Unreadable(e),
    };
    // Asked before it is opened: a pipe would be waited for.
    if !std::fs::metadata(path).map_err(trouble)?.is_file() {
        return Err(NoCalibration::Unreadable(std::io::Error::other("it is no file")));
    }
    let file = std::fs::File::open(path).map_err(trouble)?;
    let mut bytes = Vec::new();
    file.take(calibrate::LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(trouble)?;
    if bytes.len() > calibrate::LARGEST {
        return Err(BadFile::TooLong(bytes.len()).into());
    }
    let text = String::from_utf8(bytes).map_err(|_| BadFile::Broken("it is not UTF-8".into()))?;
    Ok(calibrate::read(&text)?)
}

/// Who gave these samples; `None` where they are of several judges.
fn judge(samples: &[SampleRow]) -> Option<Judge> {
    let of = |sample: &SampleRow| Judge {
        provider: sample.provider.clone(),
        model: sample.model.clone(),
        prompt: sample.prompt,
    };
    let first = of(samples.first()?);
    samples.iter().all(|sample| of(sample) == first).then_some(first)
}

/// What is known of how the judge of a report agrees with people, in one line for a site. Nothing where there is no calibration, or
/// none that can be used: a proposal does not wait for it.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError).
pub async fn record_line(config: &Config, store: &Store, report: &ReportId, site: &SiteName) -> Result<Option<String>> {
    let path = calibration_path(config);
    let calibration = match read_calibration(&path) {
        Ok(calibration) => calibration,
        Err(NoCalibration::Missing) => return Ok(None),
        Err(why) => {
            tracing::warn!(path = %path.display(), %why, "the calibration of the judge is not used");
            return Ok(None);
        }
    };
    let samples = store.samples_of(report).await?;
    Ok(judge(&samples).and_then(|judge| calibrate::record_line(&calibration, &judge, site)))
}

/// Past verdicts that people have decided on, and what is undecided.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError).
pub async fn cases(config: &Config, store: &Store, scope: &Scope) -> Result<(Vec<Case>, Undecided)> {
    let samples = store.samples().await?;
    let articles: BTreeMap<ArticleId, ArticleRow> =
        store.articles(scope.site.as_ref(), None, MOST).await?.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut judged: BTreeMap<ArticleId, Vec<Judged>> = BTreeMap::new();
    for row in store.past().await? {
        if !articles.contains_key(&row.article) {
            continue;
        }
        let verdicts = judged.entry(row.article).or_default();
        if let Event::Gated { gated, .. } = row.event {
            let rejected = row.to == "Rejected";
            verdicts.push(Judged { gated, at: row.at, decision: None, merge: None, rejected });
        } else if let (Some(decision), Some(last)) = (decision(&row.event), verdicts.last_mut()) {
            (last.decision, last.at) = (Some(decision), row.at);
            if let Event::ProposalMerged { commit, .. } = row.event {
                last.merge = Some(commit);
            }
        }
    }
    let mut cases = Vec::new();
    let mut undecided = Undecided::default();
    for (article, verdicts) in judged {
        let Some(site) = articles.get(&article).and_then(|row| config.site(&row.site)) else { continue };
        let bounds = Bounds { pass: site.gate.judge.pass, review: site.gate.judge.review };
        let last = verdicts.len().saturating_sub(1);
        for (n, verdict) in verdicts.iter().enumerate() {
            let counts = scope.since.is_none_or(|since| verdict.at >= since);
            let Some(samples) = samples.get(&verdict.gated.report).filter(|_| counts) else { continue };
            let Some(decision) = verdict.decision else {
                let unseen = verdict.rejected && by_the_judge(store, &verdict.gated.report).await?;
                undecided.unseen += usize::from(unseen);
                undecided.waiting += usize::from(!verdict.rejected && n == last);
                continue;
            };
            let decision = match &verdict.merge {
                Some(commit) if was_edited(config, store, site, &verdict.gated, commit).await? => {
                    Decision::MergedAfterEdits
                }
                _ => decision,
            };
            cases.push(Case { judge: judge(samples), samples: samples.iter().map(points).collect(), bounds, decision });
        }
    }
    Ok((cases, undecided))
}

/// A verdict of the gate, and what a person did then.
struct Judged {
    gated: Gated,
    /// Of the decision, once there is one.
    at: Timestamp,
    decision: Option<Decision>,
    /// The commit of the default branch that brought the page, where it was merged.
    merge: Option<String>,
    rejected: bool,
}

fn decision(event: &Event) -> Option<Decision> {
    match event {
        Event::ProposalMerged { .. } => Some(Decision::Merged),
        Event::Approved { .. } => Some(Decision::Approved),
        // Whoever edits a page would not have it go out as it was.
        Event::ChangesAsked { .. } | Event::Edited { .. } => Some(Decision::ChangesAsked),
        Event::RejectedBy { .. } | Event::ProposalClosed { .. } => Some(Decision::TurnedDown),
        _ => None,
    }
}

/// True where it is the judge that rejects in this report: another layer's error says nothing about judges.
async fn by_the_judge(store: &Store, report: &ReportId) -> Result<bool> {
    let report = store.report(report).await?;
    Ok(report.layers.iter().any(|layer| layer.layer == Layer::Judge && layer.verdict == Verdict::Reject))
}

/// True where the merge brought the page with other bytes than were proposed. What was changed later is no edit of the proposal, and
/// where the clone does not know the commit any more, nothing is said to be one.
async fn was_edited(config: &Config, store: &Store, site: &Site, gated: &Gated, commit: &str) -> Result<bool> {
    let (path, text) = store.page_file(&gated.bytes).await?;
    let (clone, commit) = (config.clone_dir(site), commit.to_owned());
    let merged = tokio::task::spawn_blocking(move || blob_at(&clone, &commit, &path)).await.ok().flatten();
    Ok(merged.is_some_and(|blob| Some(blob) != blob_id(&text)))
}

fn points(sample: &SampleRow) -> Points {
    Points { grounding: sample.grounding, structure: sample.structure, intent: sample.intent, voice: sample.voice }
}

//! Past verdicts of judges beside what people did, and the calibration that is kept beside the database.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gates::judge::calibrate::{self, BadFile, Bounds, Calibration, Case, Decision, Judge, Points, Undecided};
use jiff::Timestamp;
use states::event::Event;
use states::state::Gated;
use states::words::{ArticleId, ReportId, SiteName};

use crate::config::Config;
use crate::publish::blob_id;
use crate::store::{ArticleRow, Result, SampleRow, Store};

/// Everything is compared that is among so many articles.
const MOST: u32 = 1_000_000;

/// Where the calibration is kept that the program reads by itself.
pub fn calibration_path(config: &Config) -> PathBuf {
    config.database().with_file_name("judge.toml")
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
pub fn read_calibration(path: &std::path::Path) -> std::result::Result<Calibration, NoCalibration> {
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

/// Who gave a sample.
fn judge(sample: &SampleRow) -> Judge {
    Judge { provider: sample.provider.clone(), model: sample.model.clone(), prompt: sample.prompt }
}

/// What is known of how the judge of a report agrees with people, in one line. Nothing where there is no calibration, or none that
/// can be used: a proposal does not wait for it.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError).
pub async fn record_line(config: &Config, store: &Store, report: &ReportId) -> Result<Option<String>> {
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
    Ok(samples.first().and_then(|sample| calibrate::record_line(&calibration, &judge(sample))))
}

/// Past verdicts that people have decided on since a time, and what is undecided.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError).
pub async fn cases(
    config: &Config,
    store: &Store,
    site: Option<&SiteName>,
    since: Option<Timestamp>,
) -> Result<(Vec<Case>, Undecided)> {
    let samples = store.samples().await?;
    let articles: BTreeMap<ArticleId, ArticleRow> =
        store.articles(site, None, MOST).await?.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut judged: BTreeMap<ArticleId, Vec<Judged>> = BTreeMap::new();
    for row in store.past().await? {
        if !articles.contains_key(&row.article) {
            continue;
        }
        let verdicts = judged.entry(row.article).or_default();
        if let Event::Gated { gated, .. } = row.event {
            verdicts.push(Judged { gated, at: row.at, decision: None, rejected: row.to == "Rejected" });
        } else if let (Some(decision), Some(last)) = (decision(&row.event), verdicts.last_mut()) {
            (last.decision, last.at) = (Some(decision), row.at);
        }
    }
    let mut cases = Vec::new();
    let mut undecided = Undecided::default();
    for (article, verdicts) in judged {
        let Some(bounds) = articles.get(&article).and_then(|row| config.site(&row.site)).map(|s| &s.gate.judge) else {
            continue;
        };
        let bounds = Bounds { pass: bounds.pass, review: bounds.review };
        let last = verdicts.len().saturating_sub(1);
        for (n, verdict) in verdicts.iter().enumerate() {
            let Some(samples) = samples.get(&verdict.gated.report).filter(|_| since.is_none_or(|s| verdict.at >= s))
            else {
                continue;
            };
            let Some(decision) = verdict.decision else {
                undecided.unseen += usize::from(verdict.rejected);
                undecided.waiting += usize::from(!verdict.rejected && n == last);
                continue;
            };
            let decision = match decision {
                Decision::Merged if was_edited(store, &article, &verdict.gated).await? => Decision::MergedAfterEdits,
                other => other,
            };
            let Some(first) = samples.first() else { continue };
            cases.push(Case { judge: judge(first), samples: samples.iter().map(points).collect(), bounds, decision });
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

/// True where the page stands on the site with other bytes than were proposed. Where the site was not read since, it is taken for
/// unedited.
async fn was_edited(store: &Store, article: &ArticleId, gated: &Gated) -> Result<bool> {
    let (path, text) = store.page_file(&gated.bytes).await?;
    Ok(store.merged_blob(article, &path).await?.is_some_and(|blob| Some(blob) != blob_id(&text)))
}

fn points(sample: &SampleRow) -> Points {
    Points { grounding: sample.grounding, structure: sample.structure, intent: sample.intent, voice: sample.voice }
}

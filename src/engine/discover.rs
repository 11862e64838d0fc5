//! Discovering: each source is polled once, whichever sites use it; what is new begins as articles.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use sources::{Entry, PollState, Polled, SourceError, poll};
use states::state::SkipCause;
use states::words::{Lead, MachineId, RunId, SiteName};

use super::EngineError;
use super::desk::Desk;
use super::progress::Progress;
use super::stop::Stop;
use crate::config::{Site, SourceSection};
use crate::store::{NewLead, PollRow, Sight};

/// How many sources are asked at once.
const AT_ONCE: usize = 4;

/// What was discovered.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Discovered {
    /// Articles that begin.
    pub new: usize,
    /// Articles of pages that changed.
    pub changed: usize,
    /// Leads that are known and not worked.
    pub known: usize,
    /// Sources that could not be read.
    pub failed: usize,
}

impl Desk {
    /// Polls every source that is due for these sites and records what is new. What has not answered when it is stopped is
    /// polled by the run that goes on.
    ///
    /// # Errors
    /// [`EngineError`]; a source that fails is not one.
    pub(super) async fn discover(
        self: &Arc<Self>,
        sites: &[SiteName],
        run: &RunId,
        stop: &Stop,
    ) -> Result<Discovered, EngineError> {
        let known: BTreeMap<_, PollRow> =
            self.store.polls().await?.into_iter().map(|p| (p.source.clone(), p)).collect();
        let now = self.clock.now();
        let due: Vec<(SourceSection, Option<PollRow>)> = self
            .config
            .sources
            .iter()
            .filter(|s| sites.iter().any(|site| s.serves(site)))
            .map(|s| (s.clone(), known.get(&s.name).cloned()))
            .filter(|(source, poll)| is_due(source, poll.as_ref(), now))
            .collect();
        let mut polled = futures::stream::iter(due)
            .map(|(source, before)| {
                let desk = self.clone();
                async move {
                    let result = desk.ask(&source, before.as_ref()).await;
                    (source, before, result)
                }
            })
            .buffered(AT_ONCE);
        let mut found = Discovered::default();
        loop {
            let next = tokio::select! { next = polled.next() => next, () = stop.asked() => None };
            let Some((source, before, result)) = next else { break };
            self.record(run, &source, before, result, &mut found).await?;
        }
        Ok(found)
    }

    async fn ask(&self, source: &SourceSection, before: Option<&PollRow>) -> Result<Polled, SourceError> {
        let spec = match source.ready() {
            Ok(spec) => spec,
            Err(why) => {
                return Err(SourceError::Answer { url: source.name.to_string(), why });
            }
        };
        let state: PollState = before.and_then(|p| serde_json::from_value(p.state.clone()).ok()).unwrap_or_default();
        poll(&self.door, &spec, &self.config.base, &state, &source.allow_private, self.clock.now()).await
    }

    async fn record(
        &self,
        run: &RunId,
        source: &SourceSection,
        before: Option<PollRow>,
        result: Result<Polled, SourceError>,
        found: &mut Discovered,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let told = match result {
            Err(error) => {
                found.failed += 1;
                let row = PollRow {
                    source: source.name.clone(),
                    state: later(before.as_ref(), &error, now),
                    polled_at: now,
                    good_at: before.as_ref().and_then(|p| p.good_at),
                    failures: before.as_ref().map_or(0, |p| p.failures) + 1,
                    entries: before.as_ref().map_or(0, |p| p.entries),
                    error: Some(error.to_string()),
                };
                tx.keep_poll(&row).await?;
                Err(error.to_string())
            }
            Ok(polled) => {
                let first = before.as_ref().is_none_or(|p| p.good_at.is_none());
                let mut fresh = 0;
                // For every site that it serves, whichever this run is for: the source does not tell it again.
                for site in self.config.sites.iter().filter(|s| source.serves(&s.name)) {
                    // Newest first at the source, oldest first here: what was told first is the original.
                    for (n, entry) in polled.entries.iter().enumerate().rev() {
                        let why = not_worked(site, source, entry, first, n, now);
                        fresh += self.enter(&mut tx, site, source, entry, why, run, found).await?;
                    }
                }
                let entries = if polled.unchanged {
                    before.map_or(0, |p| p.entries)
                } else {
                    u32::try_from(polled.entries.len()).unwrap_or(u32::MAX)
                };
                let row = PollRow {
                    source: source.name.clone(),
                    state: serde_json::to_value(&polled.state).unwrap_or_default(),
                    polled_at: now,
                    good_at: Some(now),
                    failures: 0,
                    entries,
                    error: None,
                };
                tx.keep_poll(&row).await?;
                for note in &polled.notes {
                    tracing::info!(source = %source.name, note, "a note of a source");
                }
                Ok(match fresh {
                    0 => format!("nothing new in {entries} entries"),
                    1 => format!("1 new lead in {entries} entries"),
                    n => format!("{n} new leads in {entries} entries"),
                })
            }
        };
        tx.commit().await?;
        self.teller.tell(Progress::Polled { source: source.name.to_string(), result: told });
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "one entry meets its site, source and run here")]
    async fn enter(
        &self,
        tx: &mut crate::store::Tx,
        site: &Site,
        source: &SourceSection,
        entry: &Entry,
        not_worked: Option<SkipCause>,
        run: &RunId,
        found: &mut Discovered,
    ) -> Result<usize, EngineError> {
        let now = self.clock.now();
        let carried = entry.carried_snapshot(now);
        if let Some(snapshot) = &carried {
            tx.archive(snapshot, None).await?;
        }
        let lead = Lead {
            site: site.name.clone(),
            source: source.name.clone(),
            kind: source.speaks,
            url: entry.url.clone(),
            canonical: entry.canonical.clone(),
            generation: 0,
            title: entry.title.clone(),
            published: entry.published,
            found_at: now,
            forced: false,
            carried: carried.map(|s| s.id),
        };
        let id = MachineId::Article(lead.article_id());
        let moment = self.moment(Some(&site.name), &id);
        let new = NewLead { lead, entry: entry.digest.clone(), not_worked };
        let worked = new.not_worked.is_none();
        Ok(match tx.found(&new, &moment, Some(run)).await? {
            Sight::Known(_) => 0,
            Sight::New(_) | Sight::Changed(_) if !worked => {
                found.known += 1;
                0
            }
            Sight::New(_) => {
                found.new += 1;
                1
            }
            Sight::Changed(_) => {
                found.changed += 1;
                1
            }
        })
    }
}

/// The state of a source that failed: as it was, but not asked again before the time that it gave.
fn later(before: Option<&PollRow>, error: &SourceError, now: Timestamp) -> serde_json::Value {
    let mut state: PollState = before.and_then(|p| serde_json::from_value(p.state.clone()).ok()).unwrap_or_default();
    if let sources::Retry::Later { after: Some(after) } = error.retry() {
        let after = i64::try_from(after).unwrap_or(i64::MAX).min(states::retry::LONGEST);
        state.next_after = now.checked_add(SignedDuration::from_secs(after)).ok();
    }
    serde_json::to_value(&state).unwrap_or_default()
}

/// First contact is gentle: what is old, or more than is worked at a first poll, is known and not worked.
fn not_worked(
    site: &Site,
    source: &SourceSection,
    entry: &Entry,
    first: bool,
    n: usize,
    now: Timestamp,
) -> Option<SkipCause> {
    let days = source.max_lead_age_days.unwrap_or(site.max_lead_age_days).clamp(0, 100_000);
    let oldest = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
    if entry.published.or(entry.updated).is_some_and(|at| at < oldest) {
        return Some(SkipCause::TooOld);
    }
    (first && n >= site.first_poll).then_some(SkipCause::FirstContact)
}

fn is_due(source: &SourceSection, poll: Option<&PollRow>, now: Timestamp) -> bool {
    let Some(poll) = poll else { return true };
    let state: PollState = serde_json::from_value(poll.state.clone()).unwrap_or_default();
    if state.next_after.is_some_and(|at| at > now) {
        return false;
    }
    // A folder costs nothing to look at, and a source that failed is asked again.
    if source.path.is_some() || poll.failures > 0 {
        return true;
    }
    let every = SignedDuration::from_mins(source.every_minutes.max(0));
    poll.polled_at.checked_add(every).is_ok_and(|at| at <= now)
}

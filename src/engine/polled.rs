//! What a source told, committed: its leads, and how its polling goes.

use jiff::{SignedDuration, Timestamp};
use sources::interval::{self, Went};
use sources::{Entry, Polled, SourceError};
use states::state::SkipCause;
use states::words::{Lead, MachineId, RunId};

use super::EngineError;
use super::desk::Desk;
use super::discover::{Discovered, Due, Room};
use super::progress::Progress;
use crate::config::{Site, SourceSection};
use crate::store::{NewLead, PollRow, Sight, Tx};

/// An address at which there is nothing is given up after so many days, and so many polls.
const MISSING_DAYS: i64 = 30;
const MISSING_POLLS: u32 = 10;

impl Desk {
    /// Commits what came of a poll.
    pub(super) async fn record(
        &self,
        run: &RunId,
        due: &Due,
        result: Result<Polled, SourceError>,
        room: &mut Room,
        found: &mut Discovered,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        tx.keep_hosts(&self.web.news(), now).await?;
        let mut row =
            due.before.clone().unwrap_or_else(|| PollRow::new(due.source.name.clone(), due.spec.clone(), now));
        let mut notice = None;
        let told = match &result {
            // It was not asked: that is no failure of its own.
            Err(error) if error.is_resting() => {
                row.state = to_value(&due.state().after(error, row.failures, now));
                row.error = Some(error.to_string());
                if due.before.is_none() {
                    // Never asked: it is due as soon as its host has rested.
                    row.polled_at = Timestamp::UNIX_EPOCH;
                }
                Err(error.to_string())
            }
            Err(error) => {
                found.failed += 1;
                failed(&mut row, due, error, now);
                if row.retired_at == Some(now) {
                    notice = Some(retired(&mut tx, due, error, now).await?);
                }
                Err(error.to_string())
            }
            Ok(polled) => {
                let fresh = self.enter_all(&mut tx, run, due, polled, room, found).await?;
                worked(&mut row, due, polled, fresh, now);
                for note in &polled.notes {
                    tracing::info!(source = %due.source.name, note, "a note of a source");
                }
                let entries = row.entries;
                Ok(match fresh {
                    0 => format!("nothing new in {entries} entries"),
                    1 => format!("1 new lead in {entries} entries"),
                    n => format!("{n} new leads in {entries} entries"),
                })
            }
        };
        tx.keep_poll(&row).await?;
        tx.commit().await?;
        self.teller.tell(Progress::Polled { source: due.source.name.to_string(), result: told });
        if let Some(text) = notice.flatten() {
            self.teller.tell(Progress::Notice(text));
        }
        Ok(())
    }

    /// Enters the entries of a poll for every site that the source serves, whichever this run is for: the source does not tell
    /// them again. Gives how many were new or changed.
    async fn enter_all(
        &self,
        tx: &mut Tx,
        run: &RunId,
        due: &Due,
        polled: &Polled,
        room: &mut Room,
        found: &mut Discovered,
    ) -> Result<usize, EngineError> {
        let now = self.clock.now();
        let stranger = due.is_stranger(now);
        let mut fresh = 0;
        for site in self.config.sites.iter().filter(|s| due.source.serves(&s.name)) {
            // Many that are met in one run share what it may begin, so that each gets a word.
            let share = (site.max_new / room.strangers.max(1)).max(1);
            let first_poll = site.first_poll.min(share);
            let left = room.left.entry(site.name.clone()).or_insert(site.max_new);
            // Newest first at the source: what does not fit is the oldest.
            let mut causes = Vec::with_capacity(polled.entries.len());
            let mut wanted = 0;
            for (n, entry) in polled.entries.iter().enumerate() {
                let mut why = too_old(site, &due.source, entry, now);
                if why.is_none() && stranger && n >= first_poll {
                    why = Some(SkipCause::FirstContact);
                }
                if why.is_none() && tx.is_news(&site.name, &entry.canonical, &due.source.name, &entry.digest).await? {
                    wanted += 1;
                    if wanted > *left {
                        why = Some(SkipCause::RunFull);
                    }
                }
                causes.push(why);
            }
            // Oldest first here: what was told first is the original.
            for (entry, why) in polled.entries.iter().zip(causes).rev() {
                let sight = self.enter(tx, site, &due.source, entry, why.clone(), run).await?;
                let worked = why.is_none();
                match sight {
                    Sight::Known(_) => continue,
                    Sight::New(_) | Sight::Changed(_) if !worked => found.known += 1,
                    Sight::New(_) => found.new += 1,
                    Sight::Changed(_) => found.changed += 1,
                }
                if worked {
                    *left = left.saturating_sub(1);
                    fresh += 1;
                }
            }
        }
        Ok(fresh)
    }

    async fn enter(
        &self,
        tx: &mut Tx,
        site: &Site,
        source: &SourceSection,
        entry: &Entry,
        not_worked: Option<SkipCause>,
        run: &RunId,
    ) -> Result<Sight, EngineError> {
        let now = self.clock.now();
        let carried = entry.carried_snapshot(now);
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
            carried: carried.as_ref().map(|s| s.id.clone()),
        };
        let id = MachineId::Article(lead.article_id());
        let moment = self.moment(Some(&site.name), &id);
        let new = NewLead { lead, entry: entry.digest.clone(), not_worked };
        let sight = tx.found(&new, &moment, Some(run)).await?;
        if let (Sight::New(_) | Sight::Changed(_), Some(snapshot)) = (&sight, &carried) {
            tx.archive(snapshot, None).await?;
        }
        Ok(sight)
    }
}

/// A poll that worked.
fn worked(row: &mut PollRow, due: &Due, polled: &Polled, fresh: usize, now: Timestamp) {
    let went = if fresh > 0 || row.good_at.is_none() { Went::Fresh } else { Went::Quiet };
    // The pause after a failure says nothing of how much the source has to tell.
    let last = if row.failures > 0 { 0 } else { row.pause };
    row.pause = interval::pause(every(&due.source), last, went);
    row.state = to_value(&polled.state);
    row.polled_at = now;
    row.good_at = Some(now);
    if fresh > 0 || row.fresh_at.is_none() {
        row.fresh_at = Some(now);
    }
    if !polled.unchanged {
        row.entries = u32::try_from(polled.entries.len()).unwrap_or(u32::MAX);
    }
    (row.failures, row.error, row.missing, row.missing_since, row.retired_at) = (0, None, 0, None, None);
}

/// A poll that failed. What is missing for long, or gone for good, is retired.
fn failed(row: &mut PollRow, due: &Due, error: &SourceError, now: Timestamp) {
    let before = due.state();
    row.failures = row.failures.saturating_add(1);
    row.pause = interval::pause(every(&due.source), row.pause, Went::Failed(row.failures));
    row.state = to_value(&before.after(error, row.failures, now));
    row.polled_at = now;
    row.error = Some(error.to_string());
    // An address that it had moved to says nothing of the one that is configured.
    if error.is_missing() && before.moved_to.is_none() {
        row.missing = row.missing.saturating_add(1);
        let since = *row.missing_since.get_or_insert(now);
        let long = now.duration_since(since) >= SignedDuration::from_hours(24 * MISSING_DAYS);
        if error.is_gone() || (long && row.missing >= MISSING_POLLS) {
            row.retired_at = Some(now);
        }
    }
}

/// The one alert about a source that is not asked any more.
async fn retired(tx: &mut Tx, due: &Due, error: &SourceError, now: Timestamp) -> Result<Option<String>, EngineError> {
    let name = &due.source.name;
    let text = format!(
        "the source {name} is gone and is not asked any more: {error}. Give it another address or take it out of the \
         configuration; `pipeline sources retry {name}` asks it once more"
    );
    let key = format!("source/{name}/gone/{}", now.as_millisecond());
    Ok(tx.told_of(name, &key, &text, now).await?.then_some(text))
}

/// What is old is known and not worked.
fn too_old(site: &Site, source: &SourceSection, entry: &Entry, now: Timestamp) -> Option<SkipCause> {
    let days = source.max_lead_age_days.unwrap_or(site.max_lead_age_days).clamp(0, 100_000);
    let oldest = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
    entry.published.or(entry.updated).is_some_and(|at| at < oldest).then_some(SkipCause::TooOld)
}

/// The shortest pause of a source, in seconds.
fn every(source: &SourceSection) -> i64 {
    source.every_minutes.clamp(0, 525_600) * 60
}

fn to_value(state: &sources::PollState) -> serde_json::Value {
    serde_json::to_value(state).unwrap_or_default()
}

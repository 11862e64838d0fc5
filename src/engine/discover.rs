//! Discovering: each source is polled once, whichever sites use it; what is new begins as articles.
//!
//! Several are asked at once. What they told is recorded in the order of the configuration, so that which of two copies was
//! first does not depend on whose host is faster; one that keeps the others waiting is recorded when it has answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use sources::{PollState, Polled, SourceError, interval, poll};
use states::words::{RunId, SiteName};
use tokio::time::{Instant, sleep_until};

use super::EngineError;
use super::desk::Desk;
use super::stop::Stop;
use crate::config::SourceSection;
use crate::record::Turn;
use crate::store::PollRow;

/// How many sources are asked at once.
const AT_ONCE: usize = 8;

/// How long an answer waits to be recorded for that of a source before it.
const GRACE: Duration = Duration::from_secs(3);

/// After so many days without a good answer a source is met as for the first time.
const LONG_GAP: i64 = 7;

/// What the turns are called in which is committed what sources told.
const TOLD: &str = "told ";

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

/// A source that was asked, in which turn, and what it told.
type Told = (Due, Arc<Turn>, Result<Polled, SourceError>);

/// What a run may still begin.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Leads per site.
    pub(super) left: BTreeMap<SiteName, usize>,
    /// How many sources are met for the first time, or after a long gap: they share it.
    pub(super) strangers: usize,
}

/// A source that is due.
#[derive(Clone)]
pub(super) struct Due {
    pub(super) source: SourceSection,
    /// What the configuration says of it.
    pub(super) spec: serde_json::Value,
    /// How its polling went, where it was polled as it is configured now.
    pub(super) before: Option<PollRow>,
}

impl Due {
    /// True at first contact, and after a long gap: what it tells then is mostly no news.
    pub(super) fn is_stranger(&self, now: Timestamp) -> bool {
        let good_at = self.before.as_ref().and_then(|poll| poll.good_at);
        good_at.is_none_or(|at| now.duration_since(at) > SignedDuration::from_hours(24 * LONG_GAP))
    }

    pub(super) fn state(&self) -> PollState {
        self.before.as_ref().and_then(|p| serde_json::from_value(p.state.clone()).ok()).unwrap_or_default()
    }
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
        let due = self.due(sites).await?;
        let mut room = self.room_for(run, &due).await?;
        let mut found = Discovered::default();
        if let Some(order) = self.tape().order(TOLD) {
            return self.discover_recorded(run, due, &order, room).await;
        }
        let mut asking = futures::stream::iter(due.into_iter().enumerate())
            .map(|(n, due)| {
                let desk = self.clone();
                async move {
                    let turn = desk.tape().turn(&format!("poll {}", due.source.name));
                    let result = turn.within(desk.ask(&due)).await;
                    (n, (due, turn, result))
                }
            })
            .buffer_unordered(AT_ONCE);
        // Answers that wait for an earlier one, since when, and the first that has not been recorded.
        let mut waiting: BTreeMap<usize, Told> = BTreeMap::new();
        let (mut since, mut first) = (Instant::now(), 0);
        loop {
            let ended = tokio::select! {
                answer = asking.next() => {
                    if waiting.is_empty() {
                        since = Instant::now();
                    }
                    let ended = answer.is_none();
                    waiting.extend(answer);
                    ended
                }
                () = stop.asked() => true,
                () = sleep_until(since + GRACE), if !waiting.is_empty() => false,
            };
            let late = ended || since.elapsed() >= GRACE;
            while let Some(next) = waiting.first_entry().filter(|next| late || *next.key() <= first) {
                let (n, told) = next.remove_entry();
                first = first.max(n + 1);
                since = Instant::now();
                self.record_told(run, told, &mut room, &mut found).await?;
            }
            if ended {
                return Ok(found);
            }
        }
    }

    /// Commits what came of a poll, as a turn of its own.
    async fn record_told(
        &self,
        run: &RunId,
        (due, asked, result): Told,
        room: &mut Room,
        found: &mut Discovered,
    ) -> Result<(), EngineError> {
        let turn = self.tape().turn(&format!("{TOLD}{}", due.source.name));
        turn.within(self.record(run, &due, result, room, found)).await?;
        self.tape().done(&asked);
        self.tape().done(&turn);
        Ok(())
    }

    /// Polls from a recording: in the order in which the sources were recorded, and only those that were.
    async fn discover_recorded(
        self: &Arc<Self>,
        run: &RunId,
        due: Vec<Due>,
        order: &[String],
        mut room: Room,
    ) -> Result<Discovered, EngineError> {
        let mut found = Discovered::default();
        let mut due: BTreeMap<String, Due> = due.into_iter().map(|due| (due.source.name.to_string(), due)).collect();
        for name in order {
            let Some(due) = due.remove(name) else { continue };
            let turn = self.tape().turn(&format!("poll {name}"));
            let result = turn.within(self.ask(&due)).await;
            self.record_told(run, (due, turn, result), &mut room, &mut found).await?;
        }
        Ok(found)
    }

    /// The sources of these sites that are to be asked now, in the order of the configuration.
    async fn due(&self, sites: &[SiteName]) -> Result<Vec<Due>, EngineError> {
        let mut known: BTreeMap<_, PollRow> =
            self.store.polls().await?.into_iter().map(|p| (p.source.clone(), p)).collect();
        let muted = self.store.mutes().await?;
        let now = self.clock.now();
        let used = |s: &&SourceSection| sites.iter().any(|site| s.serves(site)) && !muted.contains_key(&s.name);
        Ok(self
            .config
            .sources
            .iter()
            .filter(used)
            .map(|source| {
                let spec = spec_of(source);
                let before = known.remove(&source.name).filter(|poll| poll.spec == spec);
                Due { source: source.clone(), spec, before }
            })
            .filter(|due| next_poll(&due.source, due.before.as_ref()).is_some_and(|at| at.is_none_or(|at| at <= now)))
            .collect())
    }

    async fn room_for(&self, run: &RunId, due: &[Due]) -> Result<Room, EngineError> {
        let now = self.clock.now();
        let mut room = Room { strangers: due.iter().filter(|due| due.is_stranger(now)).count(), ..Room::default() };
        for site in &self.config.sites {
            let begun = self.store.begun_in(run, &site.name).await?;
            room.left.insert(site.name.clone(), site.max_new.saturating_sub(begun));
        }
        Ok(room)
    }

    async fn ask(&self, due: &Due) -> Result<Polled, SourceError> {
        // Nobody is asked in a replay, so that no token is needed.
        let ready = if self.tape().replays() { due.source.replayed() } else { due.source.ready() };
        let spec = match ready {
            Ok(spec) => spec,
            Err(why) => {
                return Err(SourceError::Answer { url: due.source.name.to_string(), why });
            }
        };
        let allow = &due.source.allow_private;
        poll(&self.web, &spec, &self.config.base, &due.state(), allow, self.clock.now()).await
    }
}

/// What the configuration says of a source, as it is compared: another address or selector makes it another source.
pub fn spec_of(source: &SourceSection) -> serde_json::Value {
    source.spec().ok().and_then(|spec| serde_json::to_value(spec).ok()).unwrap_or_default()
}

/// When a source is asked next: `Some(None)` at once, `None` never.
pub fn next_poll(source: &SourceSection, poll: Option<&PollRow>) -> Option<Option<Timestamp>> {
    let Some(poll) = poll else { return Some(None) };
    if poll.retired_at.is_some() {
        return None;
    }
    let state: PollState = serde_json::from_value(poll.state.clone()).unwrap_or_default();
    // A folder costs nothing to look at.
    if source.path.is_some() {
        return Some(state.next_after);
    }
    let every = if poll.failures == 0 { source.every_minutes.clamp(0, 525_600) * 60 } else { 0 };
    Some(Some(interval::due_at(poll.polled_at, poll.pause.max(every), state.next_after)))
}

//! A run: discover, advance everything that can advance, select, advance again, release the workers, report.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use states::effect::Lane;
use states::words::{MilliWattHours, NanoUsd, RunId, SiteName};

use super::EngineError;
use super::asking::limits::is_of_provider;
use super::asking::loading;
use super::discover::Discovered;
use super::estimate;
use super::progress::Progress;
use super::select::SiteSelected;
use super::stop::Stop;
use super::tick::{Engine, Ticked};
use crate::store::{AnswersOf, Cause, RunRow, TierCount};

/// What a run is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The sites; empty for all.
    pub sites: Vec<SiteName>,
    /// The schedule slot it serves.
    pub slot: Timestamp,
    /// The last station that is worked at.
    pub until: Option<Until>,
    /// The key of the inbox entry that asked for it: answered when it begins.
    #[serde(skip)]
    pub asked: Option<String>,
}

/// Where a run stops early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// After reading pages.
    Fetching,
    /// After comparing.
    Deduplicating,
    /// After scoring: nothing is selected.
    Scoring,
    /// After writing.
    Drafting,
    /// After checking: nothing is pushed.
    Gating,
}

impl Until {
    /// The lanes that are not started.
    fn closed(self) -> Vec<Lane> {
        let lanes = [
            (Self::Fetching, Lane::Compare),
            (Self::Deduplicating, Lane::Score),
            (Self::Scoring, Lane::Draft),
            (Self::Drafting, Lane::Gate),
            (Self::Gating, Lane::Publish),
        ];
        lanes.into_iter().filter(|(stop, _)| self <= *stop).map(|(_, lane)| lane).collect()
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// What was discovered.
    pub discovered: Discovered,
    /// What was selected.
    pub selected: Vec<SiteSelected>,
    /// Articles that moved in this run, by the state they are in now.
    pub states: BTreeMap<String, usize>,
    /// What was proposed in this run.
    pub proposed: Vec<ReportLine>,
    /// What waits for a person.
    pub in_review: Vec<ReportLine>,
    /// What was parked in this run.
    pub parked: Vec<ReportLine>,
    /// The causes under which work is held.
    pub causes: Vec<Cause>,
    /// Effects that failed and are tried again later than this run waits for.
    pub later: usize,
    /// Who answered, by task: the cache, the semantic cache, local or hosted models, the built-in provider.
    pub answers: Vec<TierCount>,
    /// What it cost.
    pub cost: NanoUsd,
    /// What the workers drew.
    pub energy: MilliWattHours,
    /// It was stopped before it was done; the next run goes on.
    pub stopped: bool,
}

/// One article of a report.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReportLine {
    /// Its id.
    pub article: String,
    /// What people call it.
    pub title: String,
    /// Why it is where it is.
    pub reason: String,
}

impl Report {
    /// What the command line answers with: 1 something was parked in this run, 75 work was deferred, 3 something waits in
    /// review, else 0.
    pub fn exit_code(&self) -> u8 {
        if !self.parked.is_empty() {
            1
        } else if !self.causes.is_empty() || self.later > 0 || self.stopped {
            75
        } else if !self.in_review.is_empty() {
            3
        } else {
            0
        }
    }
}

impl Engine {
    /// One run. One that was interrupted is taken up again instead of beginning another.
    ///
    /// # Errors
    /// [`EngineError`]; what is wrong with articles, sources or the world is in the report.
    pub async fn run(&mut self, request: &RunRequest, stop: &Stop) -> Result<Report, EngineError> {
        let desk = self.desk.clone();
        let mut run = match desk.store.open_run().await? {
            Some(open) => open,
            None => {
                // What was drawn since the last run belongs to none.
                self.book_workers().await?;
                self.begin_run(request).await?
            }
        };
        *desk.run.write().await = Some(run.id.clone());
        self.closed = request.until.map(Until::closed).unwrap_or_default();
        desk.teller.tell(Progress::Began { sites: run.sites.clone(), may_cost: self.may_cost(&run).await? });
        let mut discovered = Discovered::default();
        let mut selected = Vec::new();

        if run.phase == "discovering" {
            let mut tx = desk.store.begin().await?;
            tx.hasten_watches(desk.clock.now()).await?;
            tx.hasten_probes(desk.clock.now()).await?;
            tx.commit().await?;
            self.forgive_workers().await?;
            let turn = desk.tape().turn("discover");
            discovered = turn.within(desk.discover(&run.sites, &run.id, stop)).await?;
            desk.tape().done(&turn);
            if !stop.is_asked() {
                self.phase(&mut run, "reading").await?;
            }
        }
        if run.phase == "reading" && self.advance(stop).await? {
            if self.closed.contains(&Lane::Draft) {
                self.phase(&mut run, "writing").await?;
            } else {
                let turn = desk.tape().turn("select");
                selected = turn.within(self.select(&mut run, "writing", stop)).await?.unwrap_or_default();
                desk.tape().done(&turn);
            }
        }
        let mut finished = run.phase == "writing" && self.advance(stop).await?;
        finished = finished && self.release_workers(stop).await?;
        self.book_workers().await?;
        let mut report = self.report(&run, discovered, selected).await?;
        report.stopped = !finished;
        if finished {
            let mut tx = desk.store.begin().await?;
            tx.forget_causes().await?;
            tx.end_run(&run.id, desk.clock.now(), &serde_json::to_value(&report).unwrap_or_default()).await?;
            tx.commit().await?;
        }
        *desk.run.write().await = None;
        self.closed.clear();
        Ok(report)
    }

    /// The run that was interrupted, where one was.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn interrupted(&self) -> Result<Option<RunRow>, EngineError> {
        Ok(self.desk.store.open_run().await?)
    }

    async fn begin_run(&self, request: &RunRequest) -> Result<RunRow, EngineError> {
        let desk = &self.desk;
        let sites: Vec<SiteName> = if request.sites.is_empty() {
            desk.config.sites.iter().map(|s| s.name.clone()).collect()
        } else {
            request.sites.clone()
        };
        desk.tape().run(&RunRequest { sites: sites.clone(), ..request.clone() });
        let run = RunRow {
            id: RunId::of(&request.slot.to_string(), &sites),
            slot: request.slot,
            sites,
            started_at: desk.clock.now(),
            phase: "discovering".into(),
            summary: None,
        };
        let mut tx = desk.store.begin().await?;
        tx.begin_run(&run).await?;
        if let Some(key) = &request.asked {
            tx.answer(key, None, run.started_at).await?;
        }
        tx.commit().await?;
        Ok(run)
    }

    async fn phase(&self, run: &mut RunRow, phase: &str) -> Result<(), EngineError> {
        let mut tx = self.desk.store.begin().await?;
        tx.run_phase(&run.id, phase).await?;
        tx.commit().await?;
        run.phase = phase.to_owned();
        Ok(())
    }

    /// What a run may cost, in words: the first line of every run. It is what the caps have room for.
    async fn may_cost(&self, run: &RunRow) -> Result<String, EngineError> {
        let config = &self.desk.config;
        let routes = run.sites.iter().filter_map(|s| config.site(s)).map(|s| config.routes(s));
        let mut billed: Vec<&str> = routes
            .flat_map(|r| r.names())
            .filter_map(|name| config.provider(name))
            .filter(|p| config.bills(p))
            .map(|p| p.name.as_str())
            .collect();
        billed.sort_unstable();
        billed.dedup();
        if billed.is_empty() {
            return Ok("nothing: no model on its routes bills".into());
        }
        let room = estimate::room(config, Some(&self.desk.store), Some(&run.id), self.desk.clock.now()).await?;
        let left = room.iter().map(estimate::Room::left).min().unwrap_or_default();
        Ok(format!("at most {left} ({})", billed.join(", ")))
    }

    /// Ticks until nothing can move any more. False when it was stopped before.
    async fn advance(&mut self, stop: &Stop) -> Result<bool, EngineError> {
        let patience = SignedDuration::from_secs(self.desk.config.desk.patience_seconds);
        let (mut moved, mut since) = (self.moved, self.desk.clock.now());
        loop {
            if stop.is_asked() {
                return Ok(false);
            }
            if self.tick().await? == Ticked::Busy {
                continue;
            }
            // What the recording has next needs the next phase, and not more time.
            if self.follows() {
                return Ok(true);
            }
            if self.advance_batches(true).await? {
                continue;
            }
            self.let_batched_go().await?;
            // Quiet: only what is to be tried again soon is waited for.
            let now = self.desk.clock.now();
            if self.moved != moved {
                (moved, since) = (self.moved, now);
            }
            // A provider may ask for one rest after the other: only as long as something moves in between.
            let held = self.desk.store.causes().await?.into_iter().filter(|c| is_of_provider(&c.cause) && c.held > 0);
            let rest = held
                .map(|c| c.probe_at)
                .min()
                .filter(|over| since.checked_add(patience).is_ok_and(|limit| *over <= limit));
            let batch = self.next_look().await?;
            let batch = batch.filter(|look| since.checked_add(patience).is_ok_and(|limit| *look <= limit));
            let soon = self
                .desk
                .store
                .awaited()
                .await?
                .into_iter()
                .filter(|r| r.cause.is_none() && !self.is_closed(r))
                .map(|r| r.due_at)
                .min()
                .filter(|due| now.checked_add(patience).is_ok_and(|limit| *due <= limit));
            let causes = self.desk.store.causes().await?;
            let loaded = causes.iter().filter(|c| loading::is_soon_over(c, now)).map(|c| c.probe_at).min();
            let Some(due) = soon.into_iter().chain(rest).chain(batch).chain(loaded).min() else { return Ok(true) };
            self.doze(due, stop).await;
        }
    }

    /// Waits until a time, the next glance at the inbox, or the stop.
    pub(super) async fn doze(&self, until: Timestamp, stop: &Stop) {
        let left = until.duration_since(self.desk.clock.now());
        let left = Duration::try_from(left).unwrap_or_default().clamp(Duration::from_millis(5), Duration::from_secs(1));
        if self.desk.tape().replays() {
            self.desk.tape().pass(left);
            return tokio::task::yield_now().await;
        }
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = stop.asked() => {}
        }
    }

    /// Lets the workers go and waits until they are put to sleep or left awake.
    async fn release_workers(&mut self, stop: &Stop) -> Result<bool, EngineError> {
        loop {
            let held = self.desk.store.worker_states().await?;
            let free = held.iter().all(|(_, machine, _)| matches!(machine.name(), "Asleep" | "Unreachable"));
            // What a worker's going has let loose is done before.
            if free && self.nothing_else().await? {
                return Ok(true);
            }
            if stop.is_asked() {
                return Ok(false);
            }
            if self.tick().await? == Ticked::Quiet {
                let now = self.desk.clock.now();
                let next = now.checked_add(SignedDuration::from_millis(250)).unwrap_or(now);
                self.doze(next, stop).await;
            }
        }
    }

    async fn report(
        &self,
        run: &RunRow,
        discovered: Discovered,
        selected: Vec<SiteSelected>,
    ) -> Result<Report, EngineError> {
        let store = &self.desk.store;
        let mut states: BTreeMap<String, usize> = BTreeMap::new();
        let (mut proposed, mut in_review, mut parked) = (Vec::new(), Vec::new(), Vec::new());
        for row in store.articles(None, None, 5_000).await? {
            if !run.sites.contains(&row.site) {
                continue;
            }
            let moved = row.changed_at >= run.started_at;
            if moved {
                *states.entry(row.state.name().to_owned()).or_default() += 1;
            }
            let title = match store.draft_title(&row).await? {
                Some(title) => title,
                None => row.label(),
            };
            let line = ReportLine { article: row.id.short().to_owned(), title, reason: row.state.reason() };
            match row.state.name() {
                "Proposed" if moved => proposed.push(line),
                "Reviewing" => in_review.push(line),
                "Parked" if moved => parked.push(line),
                _ => {}
            }
        }
        let (cost, energy) = store.booked(Some(&run.id), Timestamp::UNIX_EPOCH).await?;
        let mut causes: Vec<Cause> = store.causes().await?.into_iter().filter(|c| c.held > 0).collect();
        for held in selected.iter().filter_map(|s| s.held.as_ref()) {
            if !causes.iter().any(|c| c.cause == held.cause) {
                causes.push(held.clone());
            }
        }
        let open = store.awaited().await?;
        let later = open.iter().filter(|r| r.cause.is_none() && !self.is_closed(r)).count();
        Ok(Report {
            run: run.id.clone(),
            discovered,
            selected,
            states,
            proposed,
            in_review,
            parked,
            causes,
            later,
            answers: store.answers_by_tier(AnswersOf::Run(&run.id)).await?,
            cost,
            energy,
            stopped: false,
        })
    }
}

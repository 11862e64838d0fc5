//! The daemon: runs on each site's schedule, and does between runs what has become due (timers, watches, retries, people).

use jiff::{SignedDuration, Timestamp};
use states::words::SiteName;

use super::EngineError;
use super::run::{Report, RunRequest};
use super::schedule::{newest_due, next_slot};
use super::stop::Stop;
use super::tick::{Engine, Ticked};

impl Engine {
    /// Runs until it is asked to stop. `done` is told what each run came to.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn serve(&mut self, stop: &Stop, mut done: impl FnMut(&Report)) -> Result<(), EngineError> {
        let began = self.desk.clock.now();
        self.serving = true;
        // A run that was interrupted goes on at once.
        if self.desk.store.open_run().await?.is_some() {
            let request = RunRequest { sites: Vec::new(), slot: began, until: None, asked: None };
            done(&self.run(&request, stop).await?);
        }
        while !stop.is_asked() {
            if let Some(request) = self.next_request(began).await? {
                done(&self.run(&request, stop).await?);
                continue;
            }
            if self.tick().await? == Ticked::Quiet {
                let now = self.desk.clock.now();
                let soon = now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now);
                self.doze(soon, stop).await;
            }
        }
        self.wind_down(std::time::Duration::from_secs(8)).await
    }

    /// The run that is due: one that was asked for, or a slot that has come. Slots that were missed are caught up once.
    async fn next_request(&mut self, began: Timestamp) -> Result<Option<RunRequest>, EngineError> {
        let now = self.desk.clock.now();
        if !self.wanted.is_empty() {
            let (key, sites) = self.wanted.remove(0);
            return Ok(Some(RunRequest { sites, slot: now, until: None, asked: Some(key) }));
        }
        let mut due: Option<(Timestamp, Vec<SiteName>)> = None;
        for site in self.desk.config.sites.iter().filter(|s| !s.schedule.is_empty()) {
            // A site that has never run begins with the first slot after the daemon's start.
            let last = self.desk.store.last_slot(&site.name).await?.unwrap_or(began);
            let slot = newest_due(&site.schedule, &site.time_zone, last, now).map_err(EngineError::Setup)?;
            match (slot, &mut due) {
                (Some(slot), None) => due = Some((slot, vec![site.name.clone()])),
                (Some(slot), Some((at, sites))) if slot == *at => sites.push(site.name.clone()),
                (Some(slot), Some((at, _))) if slot < *at => due = Some((slot, vec![site.name.clone()])),
                _ => {}
            }
        }
        Ok(due.map(|(slot, sites)| RunRequest { sites, slot, until: None, asked: None }))
    }

    /// When the next run is scheduled, per site.
    ///
    /// # Errors
    /// [`EngineError::Setup`] for a schedule that cannot be used.
    pub fn upcoming(config: &crate::config::Config, now: Timestamp) -> Result<Vec<(SiteName, Timestamp)>, EngineError> {
        let mut all = Vec::new();
        for site in config.sites.iter().filter(|s| !s.schedule.is_empty()) {
            if let Some(slot) = next_slot(&site.schedule, &site.time_zone, now).map_err(EngineError::Setup)? {
                all.push((site.name.clone(), slot));
            }
        }
        Ok(all)
    }
}

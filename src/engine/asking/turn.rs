//! What a worker means for a tier: its state, its hours, who sits at it, and whose turn it is.

use jiff::{SignedDuration, Timestamp};
use states::machine::Machine;
use states::route::{Choice, Standing, Tier};
use states::state::Timers;
use states::turns::least_leased;
use states::words::WorkerName;
use states::worker::WorkerState;

use super::super::desk::Desk;
use super::super::outcome::Outcome;
use super::Asker;
use crate::config::ProviderSection;
use crate::models::Task;
use crate::power::busy;
use crate::store::StoreError;

/// Where a task stands on an article's way: what comes first has its turn first.
pub(super) fn rank(task: &str) -> u8 {
    match task {
        "embed" => 0,
        "triage" => 1,
        "judge" => 3,
        _ => 2,
    }
}

/// True for tasks that take the whole box for a while: whoever sits at it would feel them.
fn is_heavy(task: Task) -> bool {
    !matches!(task, Task::Embed | Task::Triage)
}

/// True while a worker is awake and the model has its turn.
pub(super) fn has_turn(machine: &Machine, model: &str) -> bool {
    matches!(machine, Machine::Worker(WorkerState::Awake { model: Some(turn), .. }) if turn == model)
}

impl Asker<'_> {
    pub(super) async fn worker_standing(
        &self,
        task: Task,
        section: &ProviderSection,
        worker: &WorkerName,
    ) -> Result<Standing, Outcome> {
        let desk = self.desk;
        let now = desk.clock.now();
        let cool_off = SignedDuration::from_secs(Timers::default().cool_off);
        let since = now.checked_sub(cool_off).unwrap_or(Timestamp::UNIX_EPOCH);
        if let Some(why) = desk.store.unfit(worker.as_str(), &section.model, since).await? {
            return Ok(Standing::Barred(why));
        }
        let state = desk.worker_state(worker).await?;
        if let WorkerState::Unreachable { why, .. } = state {
            return Ok(Standing::Barred(why));
        }
        if let Some(opens) = desk.opens_again(worker, now) {
            let hours = desk.config.worker(worker).map_or_else(String::new, |w| format!(" ({})", w.hours));
            let from = opens.map_or_else(String::new, |at| format!("; it may be used again from {at}"));
            return Ok(Standing::Barred(format!("the worker {worker} is outside its hours{hours}{from}")));
        }
        // Asked before each draft: people come and go.
        if is_heavy(task)
            && state.is_up()
            && let Some(options) = desk.config.worker(worker)
        {
            let asked = desk.tape().hear("busy", worker.as_str(), busy(options)).await;
            match asked.unwrap_or_else(|error| Err(error.to_string())) {
                Ok(false) => {}
                Ok(true) => {
                    return Ok(Standing::Barred(format!(
                        "somebody is using the worker {worker}; it is asked again later"
                    )));
                }
                Err(why) => {
                    return Ok(Standing::Barred(format!(
                        "whether somebody is using the worker {worker} cannot be found out ({why}): check its `busy`"
                    )));
                }
            }
        }
        Ok(match &state {
            // Outside of a run nothing waits for its turn.
            WorkerState::Awake { .. } if self.key.is_none() => Standing::Ready,
            WorkerState::Awake { model: Some(turn), .. } if *turn == section.model => Standing::Ready,
            _ => Standing::Asleep,
        })
    }

    /// Spreads work over workers with the same model: of those that are ready the one with the fewest leases is asked, and
    /// its lease is taken at once, so that two effects that choose together choose differently.
    pub(super) async fn spread(&self, route: &[String], tiers: &[Tier], choice: Choice) -> Result<Choice, Outcome> {
        let (Choice::Ask(i) | Choice::Wake(i)) = choice else { return Ok(choice) };
        // What it has answered before is at hand at that one only.
        if tiers[i].standing == Standing::Kept {
            return Ok(choice);
        }
        let on_worker = |i: usize| self.desk.config.provider(&route[i]).filter(|p| p.worker.is_some());
        let (Some(chosen), Some(key)) = (on_worker(i), self.key) else { return Ok(choice) };
        let same: Vec<(usize, &WorkerName)> = (0..route.len())
            .filter(|j| tiers[*j].standing == Standing::Ready)
            .filter_map(|j| on_worker(j).filter(|p| p.model == chosen.model).map(|p| (j, p)))
            .filter_map(|(j, p)| p.worker.as_ref().map(|worker| (j, worker)))
            .collect();
        // Alone on its model, it gets its lease when the call leaves.
        match same.as_slice() {
            [] => return Ok(choice),
            [(alone, _)] => return Ok(Choice::Ask(*alone)),
            _ => {}
        }
        let mut tx = self.desk.store.begin().await?;
        let mut ready = Vec::new();
        for (place, worker) in &same {
            ready.push((*place, tx.count_leases(worker.as_str()).await?));
        }
        let Some(place) = least_leased(&ready) else { return Ok(choice) };
        if let Some((_, worker)) = same.iter().find(|(j, _)| *j == place) {
            tx.lease(worker.as_str(), key).await?;
        }
        tx.commit().await?;
        Ok(Choice::Ask(place))
    }

    /// The outcome of an effect that waits for a worker to wake, or for its model's turn there.
    pub(super) async fn wait_for(&self, task: Task, section: &ProviderSection, worker: &WorkerName) -> Outcome {
        if let Some(key) = self.key {
            let noted = async {
                let mut tx = self.desk.store.begin().await?;
                tx.want(key, worker.as_str(), &section.model, rank(task.as_str())).await?;
                tx.commit().await
            };
            if let Err(error) = noted.await {
                return error.into();
            }
        }
        Outcome::deferred(
            format!("worker: {worker}"),
            format!("the worker {worker} is asleep or at another model; it is woken when the batch is worth it"),
        )
    }

    /// Seconds until the first worker of a route that is outside its hours may be used again.
    pub(super) fn opens_in(&self, route: &[String]) -> Option<i64> {
        let now = self.desk.clock.now();
        let workers = route.iter().filter_map(|name| self.desk.config.provider(name)?.worker.as_ref());
        let opens = workers.filter_map(|worker| self.desk.opens_again(worker, now).flatten()).min()?;
        Some(opens.duration_since(now).as_secs() + 1)
    }
}

impl Desk {
    /// When a worker may be used again, where it may not be now; the inner `None` where no time can be told.
    pub(in crate::engine) fn opens_again(&self, worker: &WorkerName, now: Timestamp) -> Option<Option<Timestamp>> {
        let (hours, zone) = self.config.worker(worker)?.opening_hours();
        (!hours.allow(now, &zone)).then(|| hours.opening(now, &zone))
    }

    /// What is known of a worker.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn worker_state(&self, worker: &WorkerName) -> Result<WorkerState, StoreError> {
        let all = self.store.worker_states().await?;
        Ok(all
            .into_iter()
            .find_map(|(name, machine, _)| match machine {
                Machine::Worker(state) if name == worker.as_str() => Some(state),
                _ => None,
            })
            .unwrap_or(WorkerState::Asleep))
    }
}

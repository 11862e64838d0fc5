//! Supervising workers: woken when enough waits for them, their models given turns, released when nothing waits any more.

use std::collections::{BTreeMap, BTreeSet};

use states::effect::Lane;
use states::machine::{Happening, Machine};
use states::turns::{self, Want};
use states::words::{MachineId, WorkerName};
use states::worker::{WorkerEvent, WorkerState};

use super::EngineError;
use super::desk::Desk;
use super::receive::{After, worker_cause};
use super::tick::Engine;
use crate::power::WorkerOptions;
use crate::store::HeldWant;

impl Engine {
    /// Looks at every worker: wakes it when the batch is worth it or nothing else can be done, gives the next model its turn,
    /// and lets it go when no lease is held and nothing waits.
    pub(super) async fn supervise_workers(&mut self) -> Result<(), EngineError> {
        // A recording says what was decided about them, and when.
        if self.follows() {
            return Ok(());
        }
        self.let_strangers_go().await?;
        if self.desk.config.workers.is_empty() {
            return Ok(());
        }
        for options in &self.desk.config.workers.clone() {
            let Ok(name) = options.name.parse::<WorkerName>() else { continue };
            // Looked at anew for each: what is decided for one changes what the next is needed for.
            let states = self.worker_states().await?;
            let wants = self.desk.store.worker_wants().await?;
            let state = states.get(name.as_str()).cloned().unwrap_or(WorkerState::Asleep);
            self.keep_up(options, &name, &state);
            let view = View::of(&self.desk, &name, &states, wants);
            if let Some(event) = self.decide(options, &name, &state, &view).await? {
                self.tell_worker(name, event).await?;
            }
        }
        Ok(())
    }

    async fn decide(
        &self,
        options: &WorkerOptions,
        name: &WorkerName,
        state: &WorkerState,
        view: &View,
    ) -> Result<Option<WorkerEvent>, EngineError> {
        let open = self.desk.opens_again(name, self.desk.clock.now()).is_none();
        let own = view.own_held();
        Ok(match state {
            // What waits for one that may not be used looks for another tier.
            WorkerState::Asleep
            | WorkerState::Awake { .. }
            | WorkerState::Draining { parting: false, .. }
            | WorkerState::Unreachable { .. }
                if own > 0 && (!open || matches!(state, WorkerState::Unreachable { .. })) =>
            {
                self.release(name).await?;
                None
            }
            WorkerState::Asleep | WorkerState::Draining { parting: false, .. }
                if open && own + view.shared_held() > 0 =>
            {
                let last = own > 0 && self.nothing_else().await?;
                let (shared, batch) = (view.shared_held(), u64::from(options.min_batch));
                turns::worth_waking(own, shared, view.active, batch, last).then_some(WorkerEvent::Wanted)
            }
            WorkerState::Awake { model, .. } => {
                let leases = self.desk.store.leases(name.as_str()).await?;
                if !open {
                    return Ok((leases == 0).then_some(WorkerEvent::Idle));
                }
                // It got its turn while this was being held, or does not say what it waits for.
                if view.own.iter().any(|w| w.model.is_none() || w.model == *model || !view.serves(w)) {
                    self.release(name).await?;
                    return Ok(None);
                }
                let wants = view.wants(model.is_none());
                let unsettled = self.is_unsettled().await?;
                let next = turns::next(model.as_deref(), leases, unsettled, &wants);
                // Woken for a share of the batch that another is at by now.
                let joins = || view.joins.as_deref().filter(|_| model.is_none() && unsettled);
                if let Some(next) = next.or_else(joins) {
                    return Ok(Some(WorkerEvent::Turn { model: next.to_owned() }));
                }
                let idle = wants.is_empty() && leases == 0 && self.nothing_else().await?;
                idle.then_some(WorkerEvent::Idle)
            }
            _ => None,
        })
    }

    async fn release(&self, name: &WorkerName) -> Result<(), EngineError> {
        let mut tx = self.desk.store.begin().await?;
        tx.release(&worker_cause(name.as_str())).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn worker_states(&self) -> Result<BTreeMap<String, WorkerState>, EngineError> {
        let all = self.desk.store.worker_states().await?;
        Ok(all
            .into_iter()
            .filter_map(|(name, machine, _)| match machine {
                Machine::Worker(state) => Some((name, state)),
                Machine::Article(_) => None,
            })
            .collect())
    }

    /// A worker that has left the configuration is let go: nobody supervises it any more.
    async fn let_strangers_go(&mut self) -> Result<(), EngineError> {
        for (name, machine, _) in self.desk.store.worker_states().await? {
            let Ok(name) = name.parse::<WorkerName>() else { continue };
            if self.desk.config.worker(&name).is_none() && machine.name() == "Awake" {
                self.tell_worker(name, WorkerEvent::Idle).await?;
            }
        }
        Ok(())
    }

    /// True for a cause that the supervision of a configured worker resolves.
    pub(super) fn is_of_worker(&self, cause: &str) -> bool {
        self.desk.config.workers.iter().any(|w| worker_cause(&w.name) == cause)
    }

    /// A run asks again for workers that did not answer, and for models that could not be used: whoever starts one may have
    /// mended them.
    pub(super) async fn forgive_workers(&mut self) -> Result<(), EngineError> {
        if self.desk.config.workers.is_empty() {
            return Ok(());
        }
        for options in self.desk.config.workers.clone().iter().filter(|_| !self.follows()) {
            let Ok(name) = options.name.parse::<WorkerName>() else { continue };
            if matches!(self.desk.worker_state(&name).await?, WorkerState::Unreachable { .. }) {
                self.tell_worker(name, WorkerEvent::CooledOff).await?;
            }
        }
        let mut tx = self.desk.store.begin().await?;
        tx.forgive_models().await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn tell_worker(&self, name: WorkerName, event: WorkerEvent) -> Result<(), EngineError> {
        let mut tx = self.desk.store.begin().await?;
        // A lease that was taken since this was decided keeps it.
        if matches!(event, WorkerEvent::Idle) && tx.count_leases(name.as_str()).await? > 0 {
            return Ok(());
        }
        self.desk.tape().decided(&format!("worker {name}"), &event);
        let id = MachineId::Worker(name);
        let mut after = After::default();
        self.desk.happen(&mut tx, &id, &Happening::Worker(event), &mut after).await?;
        tx.commit().await?;
        self.desk.tell_all(after);
        Ok(())
    }

    /// True when no effect but those of workers is under way or due.
    pub(super) async fn nothing_else(&self) -> Result<bool, EngineError> {
        let now = self.desk.clock.now();
        Ok(!self.is_working()
            && !self
                .desk
                .store
                .awaited()
                .await?
                .iter()
                .any(|r| r.cause.is_none() && r.due_at <= now && !self.is_closed(r)))
    }

    /// True while something that is due or under way may still want the model that is loaded.
    async fn is_unsettled(&self) -> Result<bool, EngineError> {
        let closed: BTreeSet<&str> = self.closed.iter().map(|lane: &Lane| lane.as_str()).collect();
        let lanes = self.desk.store.unsettled(self.desk.clock.now()).await?;
        Ok(lanes.iter().any(|lane| !closed.contains(lane.as_str())))
    }

    /// True for effects that this run does not start.
    pub(super) fn is_closed(&self, row: &crate::store::OutboxRow) -> bool {
        self.closed.contains(&row.effect.lane())
    }
}

/// What waits, as one worker sees it.
struct View {
    /// Its models.
    models: BTreeSet<String>,
    /// What waits for it.
    own: Vec<HeldWant>,
    /// What waits for others, and could be done by it as well.
    shared: Vec<HeldWant>,
    /// How many of these others are waking or awake.
    active: u64,
    /// The model that has its turn at one of them.
    joins: Option<String>,
}

impl View {
    fn of(desk: &Desk, name: &WorkerName, states: &BTreeMap<String, WorkerState>, wants: Vec<HeldWant>) -> Self {
        let models = desk.config.models_of(name);
        let siblings = desk.config.siblings(name);
        let others: BTreeSet<&str> = siblings.iter().map(|(worker, _)| worker.as_str()).collect();
        let up = |worker: &str| {
            states.get(worker).is_some_and(|s| !matches!(s, WorkerState::Asleep | WorkerState::Unreachable { .. }))
        };
        let active = others.iter().filter(|worker| up(worker)).count() as u64;
        let at = |worker: &str| match states.get(worker) {
            Some(WorkerState::Awake { model, .. }) => model.clone(),
            Some(WorkerState::Readying { model, .. }) => Some(model.clone()),
            _ => None,
        };
        let joins = siblings.iter().find(|(worker, model)| at(worker.as_str()).as_ref() == Some(model));
        let joins = joins.map(|(_, model)| model.clone());
        let (own, rest): (Vec<_>, Vec<_>) = wants.into_iter().partition(|w| w.worker == name.as_str());
        let shares = |w: &HeldWant| {
            w.model
                .as_ref()
                .is_some_and(|model| siblings.iter().any(|(worker, m)| worker.as_str() == w.worker && m == model))
        };
        Self { models, own, shared: rest.into_iter().filter(shares).collect(), active, joins }
    }

    fn own_held(&self) -> u64 {
        self.own.iter().map(|w| w.held).sum()
    }

    fn shared_held(&self) -> u64 {
        self.shared.iter().map(|w| w.held).sum()
    }

    fn serves(&self, want: &HeldWant) -> bool {
        want.model.as_ref().is_some_and(|model| self.models.contains(model))
    }

    /// What waits, by model. `all`: with what waits for others; one that has loaded a model does not change it for them.
    fn wants(&self, all: bool) -> Vec<Want> {
        let mut wants: BTreeMap<&str, Want> = BTreeMap::new();
        for held in self.own.iter().chain(self.shared.iter().filter(|_| all)) {
            let Some(model) = &held.model else { continue };
            let want = wants.entry(model).or_insert_with(|| Want { model: model.clone(), rank: held.rank, held: 0 });
            want.rank = want.rank.min(held.rank);
            want.held += held.held;
        }
        wants.into_values().collect()
    }
}

//! The tick: the one recipe by which everything moves.
//!
//! 1. **Load** what outside wants (inbox, asides), causes to probe, and effects that are due.
//! 2. **Handle** each through its machine.
//! 3. **Commit** the new states, journal rows and outbox rows; mark what is delivered now.
//! 4. **Perform** the effects, each in a task of its own, within the limits of their lanes.
//! 5. **Receive** what they bring back, and commit it with the event it means.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use states::article::Illegal;
use states::effect::Lane;
use states::event::Event;
use states::machine::Happening;
use states::retry::{Delivery, delivery};
use states::state::State;
use states::words::{ArticleId, EffectKey, MachineId, SiteName, WorkerName};
use tokio::task::{JoinError, JoinSet};

use super::EngineError;
use super::batches::Batches;
use super::desk::Desk;
use super::hosts::Hosts;
use super::lanes::{Back, Turns, limit};
use super::outcome::Outcome;
use super::receive::After;
use crate::record::Turn;
use crate::store::machines::{Applied, DeadKind};
use crate::store::{Entry, OutboxRow};

/// How often the inbox is looked into while effects are under way.
const GLANCE: Duration = Duration::from_millis(250);

/// The engine: a desk, and what is under way.
pub struct Engine {
    pub(super) desk: Arc<Desk>,
    tasks: JoinSet<Back>,
    pub(super) in_flight: BTreeMap<EffectKey, Lane>,
    /// The hosts whose pages are being read, or wait to be.
    pub(super) hosts: Hosts,
    /// Effects let go to see whether the cause they were held under still holds.
    probes: BTreeMap<EffectKey, String>,
    /// Runs that the inbox asked for.
    pub(super) wanted: Vec<(String, Vec<SiteName>)>,
    /// A daemon, which takes requests for runs.
    pub(super) serving: bool,
    /// When workers that are up were looked after last.
    pub(super) kept_up: BTreeMap<WorkerName, Timestamp>,
    alone: bool,
    /// How many effects came back otherwise than to wait.
    pub(super) moved: u64,
    /// When each box was last told that it is wanted.
    pub(super) kept: BTreeMap<String, Timestamp>,
    /// Outcomes that a replay receives later, in the order of its recording.
    pub(super) held_back: BTreeMap<EffectKey, (OutboxRow, Arc<Turn>, Outcome)>,
    /// Who is next of what is compared.
    turns: Turns,
    /// What is under way at providers that answer many questions together.
    pub(super) batches: Batches,
    /// Lanes that are held back: a run that stops early does not start them.
    pub(super) closed: Vec<Lane>,
}

/// What a tick came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ticked {
    /// Something moved, or is under way.
    Busy,
    /// Nothing can move now.
    Quiet,
}

impl Engine {
    /// Takes up the work where it was left: what was in flight is delivered again, what was asked of models and not answered
    /// is charged.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn start(desk: Arc<Desk>) -> Result<Self, EngineError> {
        let now = desk.clock.now();
        // Builds of a process that was killed; usually there is nothing.
        let _ = std::fs::remove_dir_all(desk.builds());
        let mut tx = desk.store.begin().await?;
        let effects = tx.recover().await?;
        let calls = tx.recover_calls(now).await?;
        for worker in &desk.config.workers {
            let Ok(name) = worker.name.parse() else { continue };
            let id = MachineId::Worker(name);
            if tx.machine(&id).await?.is_none() {
                let moment = desk.moment(None, &id);
                tx.born(&id, &states::worker::WorkerEvent::Configured.into(), &moment, None).await?;
            }
        }
        tx.commit().await?;
        if effects + calls > 0 {
            tracing::info!(effects, calls, "the last run was interrupted; it is taken up again");
        }
        Ok(Self {
            desk,
            tasks: JoinSet::new(),
            in_flight: BTreeMap::new(),
            hosts: Hosts::default(),
            probes: BTreeMap::new(),
            wanted: Vec::new(),
            serving: false,
            kept_up: BTreeMap::new(),
            alone: false,
            moved: 0,
            kept: BTreeMap::new(),
            held_back: BTreeMap::new(),
            turns: Turns::default(),
            batches: Batches::default(),
            closed: Vec::new(),
        })
    }

    /// One round of the recipe. Waits for an outcome when nothing else can be done and something is under way.
    pub(super) async fn tick(&mut self) -> Result<Ticked, EngineError> {
        // 1 to 3: what outside wants.
        let heard = self.hear().await? | self.advance_batches(false).await?;
        self.probe_causes().await?;
        self.supervise_workers().await?;
        self.keep_workers_alive().await?;
        // 1: load effects that are due; 3: commit their delivery; 4: perform.
        let started = self.deliver().await?;
        if self.in_flight.is_empty() {
            return Ok(if heard || started { Ticked::Busy } else { Ticked::Quiet });
        }
        // 5: receive.
        let next = tokio::time::timeout(GLANCE, self.tasks.join_next()).await;
        if let Ok(Some(ended)) = next {
            let mut all = vec![ended];
            while let Some(ended) = self.tasks.join_next().now_or_never().flatten() {
                all.push(ended);
            }
            self.receive(all).await?;
        }
        Ok(Ticked::Busy)
    }

    /// Receives what has come back, in one commit. Each is a transition of its own: one that fails takes no other with it.
    async fn receive(&mut self, ended: Vec<Result<Back, JoinError>>) -> Result<(), EngineError> {
        let mut received = Vec::new();
        let mut gone = Vec::new();
        let mut wrong = None;
        // Tasks catch their own panics; only a task that was aborted ends otherwise, at shutdown.
        for back in ended.into_iter().flatten() {
            for (row, turn, outcome) in self.turns.of(back) {
                self.in_flight.remove(&row.key);
                let held_again = match &outcome {
                    Outcome::Deferred { cause, .. } => Some(cause.clone()),
                    _ => None,
                };
                self.moved += u64::from(matches!(outcome, Outcome::Done(_) | Outcome::Failed { .. }));
                match self.desk.take_in_turn(&turn, &row, outcome).await {
                    Ok(taken) => received.push(taken),
                    Err(error) => wrong = Some(error),
                }
                // A probe that came back otherwise: the cause is gone, and all that it holds goes on.
                gone.extend(self.probes.remove(&row.key).filter(|cause| Some(cause) != held_again.as_ref()));
            }
        }
        self.alone = self.alone && !self.in_flight.is_empty();
        self.desk.make_last(received).await?;
        if let Some(error) = wrong {
            return Err(error);
        }
        for cause in gone {
            let mut tx = self.desk.store.begin().await?;
            tx.release(&cause).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Handles what waits in the inbox, and nothing else.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn listen(&mut self) -> Result<(), EngineError> {
        self.hear().await.map(|_| ())
    }

    /// Handles the inbox and the asides of performers.
    async fn hear(&mut self) -> Result<bool, EngineError> {
        let mut heard = false;
        loop {
            let aside = self.desk.asides_in.lock().await.try_recv();
            let Ok((id, event)) = aside else { break };
            let mut tx = self.desk.store.begin().await?;
            let mut after = After::default();
            self.desk.happen(&mut tx, &id, &event, &mut after).await?;
            tx.commit().await?;
            self.desk.tell_all(after);
            heard = true;
        }
        for row in self.desk.store.inbox().await? {
            // Only a daemon begins another run; what is asked of a single run waits for one.
            if let Entry::Run { sites } = &row.entry {
                // Answered when it begins, so that a request is not lost with the process.
                if self.serving && !self.wanted.iter().any(|(key, _)| *key == row.key) {
                    self.wanted.push((row.key, sites.clone()));
                }
                continue;
            }
            heard = true;
            let mut tx = self.desk.store.begin().await?;
            let mut after = After::default();
            let refusal = match &row.entry {
                Entry::Act { article, event } => self.act(&mut tx, article, event, &mut after).await?,
                Entry::ReleaseCause { cause } => match tx.release(cause).await? {
                    0 => Some(format!("nothing is held under `{cause}`")),
                    _ => None,
                },
                Entry::Source { source, act } => self.act_on_source(&mut tx, source, *act).await?,
                Entry::Worker { worker, act } => self.act_on_worker(&mut tx, worker, *act, &mut after).await?,
                Entry::Run { .. } => None,
            };
            tx.answer(&row.key, refusal.as_deref(), self.desk.clock.now()).await?;
            tx.commit().await?;
            self.desk.tell_all(after);
        }
        Ok(heard)
    }

    async fn act(
        &self,
        tx: &mut crate::store::Tx,
        article: &ArticleId,
        event: &Event,
        after: &mut After,
    ) -> Result<Option<String>, EngineError> {
        let id = MachineId::Article(article.clone());
        let happening = Happening::Article(event.clone());
        let now = self.desk.clock.now();
        let members = match self.members_to_take_back(tx, article, event).await? {
            Ok(members) => members,
            Err(why) => return Ok(Some(why)),
        };
        Ok(match self.desk.happen(tx, &id, &happening, after).await? {
            Applied::Stepped { .. } => {
                tx.note_review(article, event, now).await?;
                for member in members {
                    let taken = Event::TakenInto { digest: article.clone() };
                    self.desk.happen(tx, &MachineId::Article(member), &taken.into(), after).await?;
                }
                None
            }
            Applied::Illegal(Illegal::Refused(why)) => Some(why),
            Applied::Illegal(why) => {
                let moment = self.desk.moment(None, &id);
                let text = states::stored::write_event(&happening);
                tx.dead_letter(&id, None, DeadKind::Illegal, &text, &why.to_string(), &moment).await?;
                Some(why.to_string())
            }
        })
    }

    /// A digest that failed has given its members back. Taken up again it needs them all: those that are free are taken
    /// back with it; where one has moved on, the digest would tell it a second time.
    async fn members_to_take_back(
        &self,
        tx: &mut crate::store::Tx,
        article: &ArticleId,
        event: &Event,
    ) -> Result<Result<Vec<ArticleId>, String>, EngineError> {
        if !matches!(event, Event::RetryAsked { .. } | Event::Reopened { .. }) {
            return Ok(Ok(Vec::new()));
        }
        let Some(brief) = tx.article(article).await?.and_then(|row| row.state.brief().cloned()) else {
            return Ok(Ok(Vec::new()));
        };
        let mut free = Vec::new();
        for member in self.desk.store.brief(&brief).await?.members {
            match tx.article(&member).await?.map(|row| row.state) {
                Some(State::Shortlisted { .. }) => free.push(member),
                Some(State::Absorbed { into, .. }) if into == *article => {}
                state => {
                    let name = state.map_or("gone", |s| s.name());
                    return Ok(Err(format!(
                        "its lead {} has moved on ({name}); it would be told twice",
                        member.short()
                    )));
                }
            }
        }
        Ok(Ok(free))
    }

    /// Lets one effect of each cause go whose time to be probed has come; the rest follows when it succeeds.
    async fn probe_causes(&mut self) -> Result<(), EngineError> {
        if self.follows() {
            return Ok(());
        }
        let now = self.desk.clock.now();
        let causes = self.desk.store.causes().await?;
        let due: Vec<_> =
            causes.iter().filter(|c| !self.is_of_worker(&c.cause) && (c.probe_at <= now || c.held == 0)).collect();
        if due.is_empty() {
            return Ok(());
        }
        let mut tx = self.desk.store.begin().await?;
        for cause in due {
            if cause.held == 0 && self.in_flight.is_empty() {
                // Its probe succeeded or ended otherwise: nothing waits any more.
                tx.release(&cause.cause).await?;
            } else if cause.held > 0 {
                // Unless the probe comes back with a time of its own (`receive.rs`).
                let wait = self.desk.config.desk.probe_seconds;
                let next = now.checked_add(SignedDuration::from_secs(wait)).unwrap_or(now);
                let probe = tx.probe(&cause.cause, next).await?;
                self.probes.extend(probe.map(|key| (key, cause.cause.clone())));
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Starts effects that are due, within the limits of their lanes.
    async fn deliver(&mut self) -> Result<bool, EngineError> {
        if self.alone {
            return Ok(false);
        }
        if self.follows() {
            return self.follow().await;
        }
        let now = self.desk.clock.now();
        let mut rows = Vec::new();
        for lane in Lane::ALL {
            if self.closed.contains(&lane) {
                continue;
            }
            let under_way = self.in_flight.values().filter(|l| **l == lane).count();
            let room = limit(&self.desk, lane).saturating_sub(under_way);
            if room > 0 {
                rows.extend(match lane {
                    Lane::Fetch => self.pages(now, room).await?,
                    _ => self.desk.store.due(lane, now, room).await?,
                });
            }
        }
        rows.retain(|row| !self.in_flight.contains_key(&row.key));
        // What was in flight at several crashes runs alone, and then not again.
        if let Some(suspect) = rows.iter().find(|r| delivery(r.deliveries) != Delivery::Normal) {
            if !self.in_flight.is_empty() {
                return Ok(false);
            }
            let suspect = suspect.clone();
            if delivery(suspect.deliveries) == Delivery::GiveUp {
                let why = format!(
                    "the program died {} times while {} was under way",
                    suspect.deliveries,
                    suspect.effect.name()
                );
                self.desk.receive(&suspect, Outcome::hopeless(why)).await?;
                return Ok(true);
            }
            self.alone = true;
            rows = vec![suspect];
        }
        if rows.is_empty() {
            return Ok(false);
        }
        let keys: Vec<EffectKey> = rows.iter().map(|r| r.key.clone()).collect();
        let mut tx = self.desk.store.begin().await?;
        tx.deliver(&keys).await?;
        tx.commit().await?;
        for row in rows {
            self.in_flight.insert(row.key.clone(), row.effect.lane());
            self.turns.expect(&row);
            let desk = self.desk.clone();
            let turn = desk.tape().effect(row.key.as_str());
            self.tasks.spawn(async move {
                let outcome = desk.perform(&row, &turn).await;
                (row, turn, outcome)
            });
        }
        Ok(true)
    }

    /// True while effects are under way.
    pub(super) fn is_working(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Ends gracefully: nothing new is started, and what is under way gets some seconds to come back. What does not is
    /// delivered again the next time.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn wind_down(&mut self, patience: Duration) -> Result<(), EngineError> {
        let until = tokio::time::Instant::now() + patience;
        while !self.in_flight.is_empty() {
            match tokio::time::timeout_at(until, self.tasks.join_next()).await {
                Ok(Some(ended)) => self.receive(vec![ended]).await?,
                Ok(None) | Err(_) => break,
            }
        }
        self.tasks.shutdown().await;
        // A batch that was being sent is found again by its key.
        self.batches = Batches::default();
        if !self.in_flight.is_empty() {
            // Ended in order: what was cut off is not held against the effect as a crash would be.
            let keys: Vec<EffectKey> = std::mem::take(&mut self.in_flight).into_keys().collect();
            let mut tx = self.desk.store.begin().await?;
            tx.take_back(&keys).await?;
            tx.recover_calls(self.desk.clock.now()).await?;
            tx.commit().await?;
        }
        self.probes.clear();
        self.turns = Turns::default();
        self.alone = false;
        self.desk.store.checkpoint().await?;
        Ok(())
    }
}

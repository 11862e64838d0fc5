//! Receiving: what an effect brought back is committed together with the event it means, and the outbox row is closed in the
//! same transaction.

use std::sync::Arc;

use states::event::Event;
use states::machine::{Happening, Machine};
use states::retry::{self, Next};
use states::state::{Gated, Moment, State};
use states::words::{ArticleId, EffectKey, MachineId, PageIdentity, Report, RunId};
use states::worker::{WorkerEvent, WorkerState};

use super::EngineError;
use super::asking::limits::asks_as;
use super::desk::Desk;
use super::outcome::{Done, Outcome};
use super::progress::Progress;
use super::relate::Compared;
use crate::record::Turn;
use crate::store::machines::{Applied, DeadKind};
use crate::store::{ArticleRow, Ended, OutboxRow, ProposalRow, Result, StoreError, Tx};

/// What was taken in, on its way to a commit.
#[must_use = "nothing of it lasts before its commit"]
pub(super) struct Received {
    ended: Ended,
    after: After,
    key: EffectKey,
    /// The turn of the recording that it ends.
    turn: Option<Arc<Turn>>,
}

impl Received {
    /// The end of this turn.
    pub(super) fn of(self, turn: &Arc<Turn>) -> Self {
        Self { turn: Some(turn.clone()), ..self }
    }
}

/// What to do after the commit.
#[derive(Default)]
pub(super) struct After {
    told: Vec<Progress>,
}

impl Desk {
    /// Commits what an effect brought back.
    ///
    /// # Errors
    /// [`EngineError`]; nothing is committed then.
    pub(super) async fn receive(&self, row: &OutboxRow, outcome: Outcome) -> std::result::Result<(), EngineError> {
        let received = self.take_in(row, outcome).await?;
        self.make_last(vec![received]).await
    }

    /// Takes in what an effect brought back. It lasts, and is told, with [`Desk::make_last`].
    ///
    /// # Errors
    /// [`EngineError`]; nothing of it is committed then.
    pub(super) async fn take_in(
        &self,
        row: &OutboxRow,
        outcome: Outcome,
    ) -> std::result::Result<Received, EngineError> {
        let run = self.run().await;
        let mut tx = self.store.begin().await?;
        // Inside the transaction: what shares the commit may have moved it.
        let article = match &row.machine {
            MachineId::Article(id) => tx.article(id).await?,
            MachineId::Worker(_) => None,
        };
        let moment = self.moment(article.as_ref().map(|a| &a.site), &row.machine);
        let mut after = After::default();
        tx.end_lease(&row.key).await?;
        if matches!(outcome, Outcome::Failed { .. }) {
            // A panic, or a store that could not take the answer: what was billed stays booked, and bars nobody.
            tx.recover_calls_of(&asks_as(&row.key, row.tries), moment.at).await?;
        }
        tx.keep_hosts(&self.web.news(), moment.at).await?;
        if tx.is_open(&row.key).await? {
            if matches!(outcome, Outcome::Done(_)) {
                tx.book_free(&self.free.of(&row.key), run.as_ref(), moment.at).await?;
            }
            let context = Context { desk: self, row, article: article.as_ref(), moment, run: run.as_ref() };
            context.commit_to(&mut tx, outcome, &mut after).await?;
        } else {
            let what = format!("{outcome:?}");
            let what: String = what.chars().take(500).collect();
            let why = "its effect was cancelled before the outcome came";
            tx.dead_letter(&row.machine, Some(&row.key), DeadKind::Stale, &what, why, &moment).await?;
        }
        Ok(Received { ended: tx.end().await?, after, key: row.key.clone(), turn: None })
    }

    /// Commits what was taken in, as one where nobody else has committed it, and tells it.
    ///
    /// # Errors
    /// [`EngineError`]; what of it was not committed then is delivered again after the next start.
    pub(super) async fn make_last(&self, all: Vec<Received>) -> std::result::Result<(), EngineError> {
        // The last one first: its turn is the whole batch's.
        for Received { ended, after, key, turn } in all.into_iter().rev() {
            ended.last().await?;
            self.free.forget(&key);
            self.tell_all(after);
            if let Some(turn) = turn {
                self.tape().done(&turn);
            }
        }
        Ok(())
    }

    /// Lets something happen to a machine that no effect of its own brought: people, selection, workers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn happen(
        &self,
        tx: &mut Tx,
        id: &MachineId,
        event: &Happening,
        after: &mut After,
    ) -> Result<Applied> {
        let article = match id {
            MachineId::Article(article) => tx.article(article).await?,
            MachineId::Worker(_) => None,
        };
        let moment = self.moment(article.as_ref().map(|a| &a.site), id);
        let run = self.run().await;
        self.step(tx, id, article.as_ref(), event, &moment, run.as_ref(), after).await
    }

    #[allow(clippy::too_many_arguments, reason = "one place where a step meets everything it touches")]
    async fn step(
        &self,
        tx: &mut Tx,
        id: &MachineId,
        article: Option<&ArticleRow>,
        event: &Happening,
        moment: &Moment,
        run: Option<&RunId>,
        after: &mut After,
    ) -> Result<Applied> {
        let applied = tx.apply(id, event, moment, run).await?;
        let Applied::Stepped { before, after: now } = &applied else { return Ok(applied) };
        match (id, now) {
            (MachineId::Article(id), Machine::Article(state)) => {
                if let Some(Machine::Article(before)) = before
                    && before.name() != state.name()
                {
                    after.told.push(moved(id, article, before, state));
                }
                if matches!(state, State::Rejected { .. } | State::Parked { .. }) {
                    self.release_members(tx, id, after).await?;
                }
            }
            (MachineId::Worker(worker), Machine::Worker(state)) => {
                let watts = self.config.worker(worker).map_or(0, |w| w.watts_awake);
                let up = state.is_up().then(|| state.is_woken());
                tx.worker_up(worker.as_str(), &self.config.providers_on(worker), up, watts, run, moment.at).await?;
                if let (Some(Machine::Worker(WorkerState::Readying { model, .. })), Happening::Worker(event)) =
                    (before, event)
                    && let WorkerEvent::Tried { rate, unfit } = event
                {
                    tx.keep_trial(worker.as_str(), model, *rate, unfit.as_deref(), moment.at).await?;
                }
                if before.as_ref().map(Machine::name) != Some(state.name()) {
                    let what = state.name().to_lowercase();
                    after.told.push(Progress::Worker { worker: worker.to_string(), what });
                }
                // What waited for it goes on: with it, or without it.
                match state {
                    WorkerState::Unreachable { .. } => {
                        tx.release(&worker_cause(worker.as_str())).await?;
                    }
                    WorkerState::Awake { model: Some(model), .. } => {
                        let siblings = self.config.siblings(worker).into_iter().filter(|(_, m)| m == model);
                        let workers = siblings.map(|(sibling, _)| sibling).chain([worker.clone()]);
                        let causes: Vec<String> = workers.map(|w| worker_cause(w.as_str())).collect();
                        tx.release_model(&causes, model).await?;
                    }
                    _ => {}
                }
                // It may be woken again: what rather waits than takes another model is looked at anew.
                if matches!(before, Some(Machine::Worker(WorkerState::Unreachable { .. }))) {
                    tx.hasten_probes(moment.at).await?;
                }
            }
            _ => {}
        }
        Ok(applied)
    }

    /// A digest that failed gives its members back to the shortlist.
    async fn release_members(&self, tx: &mut Tx, digest: &ArticleId, after: &mut After) -> Result<()> {
        for member in tx.absorbed_into(digest).await? {
            let id = MachineId::Article(member);
            Box::pin(self.happen(tx, &id, &Event::Released.into(), after)).await?;
        }
        Ok(())
    }

    pub(super) fn tell_all(&self, after: After) {
        for progress in after.told {
            self.teller.tell(progress);
        }
    }
}

/// The cause under which work waits for a worker.
pub(super) fn worker_cause(worker: &str) -> String {
    format!("worker: {worker}")
}

fn moved(id: &ArticleId, article: Option<&ArticleRow>, from: &State, to: &State) -> Progress {
    Progress::Moved {
        article: id.clone(),
        label: article.map_or_else(|| id.short().to_owned(), ArticleRow::label),
        from: from.name(),
        to: to.name(),
        reason: to.reason(),
    }
}

struct Context<'a> {
    desk: &'a Desk,
    row: &'a OutboxRow,
    article: Option<&'a ArticleRow>,
    moment: Moment,
    run: Option<&'a RunId>,
}

impl Context<'_> {
    async fn commit_to(&self, tx: &mut Tx, outcome: Outcome, after: &mut After) -> Result<()> {
        let at = self.moment.at;
        let later = |ms: i64| at.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap_or(at);
        match outcome {
            Outcome::Done(done) => self.done(tx, *done, after).await,
            Outcome::NotYet { after } => tx.again(&self.row.key, later(after.saturating_mul(1000)), None).await,
            Outcome::Failed { why, retry, retry_after } => {
                let tries = self.row.tries + 1;
                let next = if retry { retry::next(&self.row.key, tries, retry_after) } else { Next::GiveUp };
                match next {
                    Next::Again { after_ms } => {
                        after.told.push(Progress::Again { label: self.label(), why: why.clone() });
                        tx.again(&self.row.key, later(after_ms), Some(&why)).await
                    }
                    Next::GiveUp => self.give_up(tx, why, after).await,
                }
            }
            Outcome::Later { until, why } => tx.postpone(&self.row.key, until, &why).await,
            Outcome::Deferred { cause, message, probe_after } => {
                let wait = probe_after.unwrap_or(self.desk.config.desk.probe_seconds);
                let probe_at = later(wait.saturating_mul(1000));
                // What says itself when it is over is looked at then, however often it has been looked at before.
                if probe_after.is_some() {
                    tx.probe_at(&cause, probe_at).await?;
                }
                // A cause is told once, however much it holds.
                if tx.hold(&self.row.key, &cause, &message, at, probe_at).await? {
                    after.told.push(Progress::Held { cause, message });
                }
                Ok(())
            }
        }
    }

    fn label(&self) -> String {
        self.article.map_or_else(|| self.row.machine.to_string(), ArticleRow::label)
    }

    async fn give_up(&self, tx: &mut Tx, cause: String, after: &mut After) -> Result<()> {
        let event: Happening = match &self.row.machine {
            // A watch goes on as long as its state stands: without it a merge would never be seen.
            MachineId::Article(_) if self.row.effect.is_timer() => {
                after.told.push(Progress::Again { label: self.label(), why: cause.clone() });
                let wait = jiff::SignedDuration::from_secs(self.moment.timers.watch_proposal);
                let due = self.moment.at.checked_add(wait).unwrap_or(self.moment.at);
                tx.again(&self.row.key, due, Some(&cause)).await?;
                return Ok(());
            }
            // A notice that cannot be told ends; nobody awaits it.
            MachineId::Article(_) if !self.row.effect.is_awaited() => return tx.close(&self.row.key).await,
            MachineId::Article(_) => Event::GaveUp { cause }.into(),
            MachineId::Worker(_) => WorkerEvent::GaveUp { cause }.into(),
        };
        self.event(tx, &event, after).await
    }

    /// Applies an event and closes the row. What the machine does not take is a bug: kept as a dead letter, so that it does
    /// not come back for ever.
    async fn event(&self, tx: &mut Tx, event: &Happening, after: &mut After) -> Result<()> {
        let id = &self.row.machine;
        let applied = self.desk.step(tx, id, self.article, event, &self.moment, self.run, after).await?;
        if let Applied::Illegal(why) = applied {
            let text = states::stored::write_event(event);
            tracing::error!(machine = %id, event = event.name(), %why, "an outcome does not fit");
            tx.dead_letter(id, Some(&self.row.key), DeadKind::Illegal, &text, &why.to_string(), &self.moment).await?;
        }
        tx.close(&self.row.key).await
    }

    async fn done(&self, tx: &mut Tx, done: Done, after: &mut After) -> Result<()> {
        let event: Happening = match (done, self.article) {
            (Done::Worker(event), _) => event.into(),
            (Done::Told(text), _) => {
                tx.told(&self.row.key, &self.row.machine, &text, self.moment.at).await?;
                after.told.push(Progress::Notice(text));
                return tx.close(&self.row.key).await;
            }
            (Done::Fingerprinted(fingerprint), Some(article)) => {
                let compared = self.desk.compare(tx, article, &fingerprint, self.moment.at).await?;
                return self.compared(tx, compared, after).await;
            }
            (Done::Understood { model, vector }, Some(article)) => {
                let Some(compared) = self.desk.understand(tx, article, &model, &vector, self.moment.at).await? else {
                    // Nothing like it: the scoring goes on.
                    return tx.again(&self.row.key, self.moment.at, None).await;
                };
                return self.compared(tx, compared, after).await;
            }
            (done, Some(article)) => self.article_event(tx, article, done).await?.into(),
            (_, None) => return Err(broken(&self.row.machine, "its article is missing")),
        };
        self.event(tx, &event, after).await
    }

    /// What the comparison means for the article itself, and then for the one whose story has grown by it.
    async fn compared(&self, tx: &mut Tx, compared: Compared, after: &mut After) -> Result<()> {
        self.event(tx, &compared.event.into(), after).await?;
        let Some((into, event)) = compared.grows else { return Ok(()) };
        let (id, event) = (MachineId::Article(into), Happening::Article(event));
        if let Applied::Illegal(why) = self.desk.happen(tx, &id, &event, after).await? {
            let text = states::stored::write_event(&event);
            tx.dead_letter(&id, None, DeadKind::Illegal, &text, &why.to_string(), &self.moment).await?;
        }
        Ok(())
    }

    /// Stores what was brought and says what it means.
    async fn article_event(&self, tx: &mut Tx, article: &ArticleRow, done: Done) -> Result<Event> {
        Ok(match done {
            Done::Fetched(fetched) => {
                tx.archive(&fetched.snapshot, Some((&article.id, "lead"))).await?;
                // A redirect's target is an address of the article too; what the page claims of itself is a hint only.
                if fetched.final_url.starts_with("http")
                    && let Ok(canonical) = sources::canonical(&fetched.final_url)
                {
                    tx.know_url(&article.site, &canonical, &article.id, "redirect").await?;
                }
                Event::Fetched { snapshot: fetched.snapshot.id }
            }
            Done::Gone(why) => Event::PageGone { why },
            Done::Refused(why) => Event::PageRefused { why },
            Done::Scored(score) => {
                let threshold = self.desk.config.site(&article.site).map_or(0, |s| s.threshold);
                let forced = article.lead.as_ref().is_some_and(|l| l.forced);
                Event::Scored { score, threshold, forced }
            }
            Done::Drafted { draft, slug } => {
                let State::Drafting { brief, revision, .. } = &article.state else {
                    return Err(broken(&self.row.machine, "a draft outside of Drafting"));
                };
                let id = tx.keep_draft(brief, *revision, &draft).await?;
                let slug = tx.reserve_slug(&article.site, &slug, &article.id).await?;
                let dated = states::words::Timestamp::from_second(self.moment.at.as_second()).unwrap_or(self.moment.at);
                Event::Drafted { draft: id, page: PageIdentity { slug, dated } }
            }
            Done::Gated { report, files, samples, base, better } => {
                let (gated, verdict) = self.gated(tx, article, &report, &files, base).await?;
                tx.keep_samples(&gated.report, &samples).await?;
                Event::Gated { gated, verdict, better }
            }
            Done::Pushed(proposal) => {
                if let State::Publishing { piece, gated, .. } = &article.state {
                    let draft = self.desk.store.draft(&piece.draft).await?;
                    let row = ProposalRow {
                        article: article.id.clone(),
                        site: article.site.clone(),
                        story: article.story(),
                        branch: proposal.branch.clone(),
                        slug: piece.page.slug.clone(),
                        title: draft.title.text,
                        base: gated.base.clone(),
                        head: Some(proposal.head.clone()),
                        bytes: gated.bytes.clone(),
                        url: proposal.url.clone(),
                    };
                    tx.keep_proposal(&row, proposal.number).await?;
                }
                Event::Pushed { proposal }
            }
            Done::Merged { commit, url } => Event::ProposalMerged { commit, url },
            Done::Closed(why) => Event::ProposalClosed { why },
            Done::LiveSeen => Event::LiveSeen,
            Done::ShelfLifeOver => Event::ShelfLifeOver,
            Done::ReviewOver => Event::ReviewOver,
            Done::Worker(_) | Done::Told(_) | Done::Fingerprinted(_) | Done::Understood { .. } => {
                return Err(broken(&self.row.machine, "not an outcome that is an event by itself"));
            }
        })
    }

    async fn gated(
        &self,
        tx: &mut Tx,
        article: &ArticleRow,
        report: &Report,
        files: &[states::words::PageFile],
        base: String,
    ) -> Result<(Gated, states::words::Verdict)> {
        let State::Gating { piece } = &article.state else {
            return Err(broken(&self.row.machine, "a report outside of Gating"));
        };
        let id = tx.keep_report(&piece.draft, files, report).await?;
        let verdict = report.verdict();
        let words = match &verdict {
            states::words::Verdict::NotRun { cause } => format!("not run: {cause}"),
            other => other.word().to_owned(),
        };
        let gated = Gated { report: id, bytes: report.bytes.clone(), base, verdict: words };
        Ok((gated, verdict))
    }
}

fn broken(id: &MachineId, why: &str) -> StoreError {
    StoreError::Broken { what: id.to_string(), why: why.to_owned() }
}

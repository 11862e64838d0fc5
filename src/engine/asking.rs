//! Asking along a route: the cheapest tier that can answer, every call in the ledger before it leaves, every answer stored
//! before it is used.

use jiff::{SignedDuration, Timestamp};
use states::breaker::{Breaker, OPEN, WINDOW, breaker};
use states::route::{Choice, Standing, Tier, choose};
use states::words::{ArticleId, EffectKey, MachineId, NanoUsd, RunId, WorkerName, Writer};
use states::worker::{WorkerEvent, WorkerState};

use super::desk::Desk;
use super::outcome::Outcome;
use crate::config::{ProviderSection, Site};
use crate::models::{Asking, Billed, CallClass, CallError, Provider, Question, Task};
use crate::store::{CallRow, CallStatus, Spent, StoreError};
use crate::templates::TemplateError;

/// Whose question it is.
pub struct Asker<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// The site, whose routes count.
    pub site: &'a Site,
    /// The article it is for.
    pub article: Option<&'a ArticleId>,
    /// The effect, which holds the lease of a worker; `None` outside of a run.
    pub key: Option<&'a EffectKey>,
    /// How often the effect has failed: a tier that fails again is passed over.
    pub tries: u32,
}

/// An answer that was understood.
pub struct Answered<T> {
    /// What it says.
    pub value: T,
    /// Who said it.
    pub writer: Writer,
    /// The built-in provider stood in for a model that comes before it on the route.
    pub stand_in: bool,
}

/// What one call came to.
enum Called<T> {
    Answered(Answered<T>),
    /// Pass over this tier, for this reason.
    PassOver(Standing),
    /// The effect ends here.
    End(Outcome),
}

impl Asker<'_> {
    /// Asks along the route of `task`. `build` makes the question for a context of so many tokens; `read` understands an
    /// answer. What cannot be understood is asked once more with the error.
    ///
    /// # Errors
    /// The outcome of the effect when nobody answered.
    pub async fn ask<T>(
        &self,
        task: Task,
        avoid: Option<&str>,
        build: impl Fn(&Asking<'_>) -> Result<Question, TemplateError>,
        read: impl Fn(&str, &Writer) -> Result<T, String>,
    ) -> Result<Answered<T>, Outcome> {
        let route = self.desk.config.routes(self.site).of(task);
        let mut passed: Vec<Option<Standing>> = vec![None; route.len()];
        loop {
            let mut tiers = Vec::new();
            for (name, passed) in route.iter().zip(&passed) {
                tiers.push(self.tier(name, passed.as_ref()).await?);
            }
            match choose(&tiers, avoid) {
                Choice::Ask(i) => {
                    let section = self.desk.config.provider(&route[i]);
                    let stand_in = section.is_none() && i > 0;
                    match self.call(task, section, stand_in, &build, &read).await {
                        Called::Answered(answer) => return Ok(answer),
                        Called::PassOver(standing) => passed[i] = Some(standing),
                        Called::End(outcome) => return Err(outcome),
                    }
                }
                Choice::Wake(i) => {
                    let worker = self.desk.config.provider(&route[i]).and_then(|p| p.worker.clone());
                    let name = worker.map_or_else(String::new, |w| w.to_string());
                    return Err(Outcome::deferred(
                        format!("worker: {name}"),
                        format!("the worker {name} is asleep; it is woken when the batch is worth it"),
                    ));
                }
                Choice::Wait(why) => {
                    return Err(Outcome::deferred(
                        format!("models for {task}: {}", self.site.name),
                        format!("nobody on the route can answer now, and it rather waits ({why})"),
                    ));
                }
                Choice::Nobody(why) => {
                    // Whoever could not answer well twice, and twice more at the second try, will not at the fourth.
                    let why = format!("nobody answers for {task}: {why}");
                    return Err(Outcome::Failed { why, retry: self.tries == 0, retry_after: None });
                }
            }
        }
    }

    async fn tier(&self, name: &str, passed: Option<&Standing>) -> Result<Tier, Outcome> {
        let tier = |standing, family: &str| Tier { name: name.to_owned(), standing, family: family.to_owned() };
        if name == "wait" {
            return Ok(tier(Standing::Wait, ""));
        }
        if let Some(standing) = passed {
            return Ok(tier(standing.clone(), ""));
        }
        let Some(section) = self.desk.config.provider(name) else {
            return Ok(tier(Standing::Ready, "builtin"));
        };
        let provider = match self.desk.providers.get(name) {
            Some(Ok(provider)) => provider,
            Some(Err(why)) => return Ok(tier(Standing::Barred(why.clone()), "")),
            None => return Ok(tier(Standing::Barred("not configured".into()), "")),
        };
        let family = provider.writer_named(&section.model).family;
        let now = self.desk.clock.now();
        let since = now.checked_sub(WINDOW + OPEN + OPEN).unwrap_or(Timestamp::MIN);
        let history = self.desk.store.provider_history(name, since).await?;
        if let Breaker::Open { until } = breaker(now, &history) {
            return Ok(tier(Standing::Barred(format!("its breaker is open until {until}")), &family));
        }
        Ok(match &section.worker {
            Some(worker) => tier(self.worker_standing(worker).await?, &family),
            None => tier(Standing::Ready, &family),
        })
    }

    async fn worker_standing(&self, worker: &WorkerName) -> Result<Standing, Outcome> {
        Ok(match self.desk.worker_state(worker).await? {
            WorkerState::Awake { .. } => Standing::Ready,
            WorkerState::Unreachable { why, .. } => Standing::Barred(why),
            WorkerState::Asleep | WorkerState::Waking | WorkerState::Draining { .. } => Standing::Asleep,
        })
    }

    async fn call<T>(
        &self,
        task: Task,
        section: Option<&ProviderSection>,
        stand_in: bool,
        build: &impl Fn(&Asking<'_>) -> Result<Question, TemplateError>,
        read: &impl Fn(&str, &Writer) -> Result<T, String>,
    ) -> Called<T> {
        let desk = self.desk;
        let mut asking = Asking::new(&desk.templates, &desk.secret);
        if let Some(section) = section {
            asking.context_tokens = section.context_tokens;
        }
        let mut question = match build(&asking) {
            Ok(question) => question,
            Err(error) => return Called::End(Outcome::deferred("templates", error.to_string())),
        };
        let Some(section) = section else { return self.builtin(&question, stand_in, read).await };
        let Some(Ok(provider)) = desk.providers.get(&section.name) else {
            return Called::PassOver(Standing::Barred("not configured".into()));
        };
        for attempt in 0..2 {
            match self.bought(task, section, provider, &question).await {
                Ok(text) => {
                    let writer = provider.writer_named(&section.model);
                    let understood = read(&text, &writer);
                    if understood.is_err()
                        && let Err(error) = self.unusable(section, &question).await
                    {
                        return Called::End(error.into());
                    }
                    match understood {
                        Ok(value) => return Called::Answered(Answered { value, writer, stand_in }),
                        // Asked once more, with the error.
                        Err(error) if attempt == 0 => question = question.again(&text, &error),
                        Err(error) => {
                            return Called::PassOver(Standing::Failed(format!("its answer cannot be used: {error}")));
                        }
                    }
                }
                Err(ended) => return ended.into_called(),
            }
        }
        Called::PassOver(Standing::Failed("its answer cannot be used".into()))
    }

    async fn builtin<T>(
        &self,
        question: &Question,
        stand_in: bool,
        read: &impl Fn(&str, &Writer) -> Result<T, String>,
    ) -> Called<T> {
        match self.desk.builtin.ask(question).await {
            Ok(answer) => {
                let writer = self.desk.builtin.writer(&answer);
                match read(&answer.text, &writer) {
                    Ok(value) => Called::Answered(Answered { value, writer, stand_in }),
                    Err(error) => Called::End(Outcome::hopeless(format!("the built-in writer: {error}"))),
                }
            }
            Err(error) => Called::End(Outcome::hopeless(format!("the built-in writer: {error}"))),
        }
    }

    /// Notes that an answer cannot be used: it is not given again when the question is asked anew.
    async fn unusable(&self, section: &ProviderSection, question: &Question) -> Result<(), StoreError> {
        let mut tx = self.desk.store.begin().await?;
        tx.mark_unusable(&question.key(), &section.name, &section.model).await?;
        tx.commit().await
    }

    /// The text of an answer: from the ledger where it was bought before, else by a call.
    async fn bought(
        &self,
        task: Task,
        section: &ProviderSection,
        provider: &Provider,
        question: &Question,
    ) -> Result<String, Ended> {
        let desk = self.desk;
        let request = &question.key();
        if let Some(text) = desk.store.accepted(request, &section.name, &section.model).await? {
            return Ok(text);
        }
        let row = CallRow {
            request: request.clone(),
            provider: section.name.clone(),
            model: section.model.clone(),
            task: task.as_str().to_owned(),
            run: desk.run().await,
            article: self.article.cloned(),
            reserved: provider.most(question),
        };
        let try_ = self.reserve(section, &row).await?;
        let asked = provider.ask(question).await;
        let now = desk.clock.now();
        match asked {
            Ok(answer) => {
                let usage = answer.usage();
                let spent = Spent {
                    cost: provider.cost(&usage),
                    tokens_in: usage.tokens_in,
                    tokens_out: usage.tokens_out,
                    tokens_cached: usage.tokens_cached,
                    milliseconds: answer.milliseconds,
                    answer: Some(answer.text.clone()),
                    error: None,
                };
                let mut tx = desk.store.begin().await?;
                tx.finish_call(&row, try_, CallStatus::Accepted, &spent, now).await?;
                tx.commit().await?;
                Ok(answer.text)
            }
            Err(error) => {
                let (status, spent) = charged(provider, &row, &error);
                let mut tx = desk.store.begin().await?;
                tx.finish_call(&row, try_, status, &spent, now).await?;
                tx.commit().await?;
                Err(self.after_error(section, &error))
            }
        }
    }

    /// Checks the caps on the model that bills, reserves the most that the call can cost, and takes the worker's lease: one
    /// commit, before the call leaves.
    async fn reserve(&self, section: &ProviderSection, row: &CallRow) -> Result<i64, Ended> {
        let desk = self.desk;
        let now = desk.clock.now();
        let mut tx = desk.store.begin().await?;
        if row.reserved > NanoUsd::ZERO {
            let [run, day, month] = desk.config.caps.nano();
            let (day_began, month_began) = beginnings(now);
            for (what, cap, since, of) in [
                ("run", run, Timestamp::MIN, row.run.as_ref()),
                ("day", day, day_began, None::<&RunId>),
                ("month", month, month_began, None),
            ] {
                if what == "run" && of.is_none() {
                    continue;
                }
                let since = since.max(Timestamp::UNIX_EPOCH);
                let spent = tx.committed_spend(since, of).await?;
                if spent + row.reserved > cap {
                    return Err(Ended::PassOver(Standing::Barred(format!(
                        "the cap of the {what} ({cap}) has no room for it: {spent} is spent or reserved, it may cost {}",
                        row.reserved
                    ))));
                }
            }
        }
        if let (Some(worker), Some(key)) = (&section.worker, self.key) {
            let id = MachineId::Worker(worker.clone());
            let awake = tx.machine(&id).await?.is_some_and(|l| Desk::stands(&l.machine, "Awake"));
            if !awake {
                let message = format!("the worker {worker} has gone to sleep; it is woken again");
                return Err(Ended::End(Outcome::deferred(format!("worker: {worker}"), message)));
            }
            tx.lease(worker.as_str(), key).await?;
        }
        let try_ = tx.start_call(row, now).await?;
        tx.commit().await?;
        Ok(try_)
    }

    fn after_error(&self, section: &ProviderSection, error: &CallError) -> Ended {
        let why = error.to_string();
        let gone = matches!(error, CallError::Unreachable { .. } | CallError::TimedOut { .. });
        if let Some(worker) = section.worker.as_ref().filter(|_| gone) {
            let lost = WorkerEvent::Lost { why: format!("{}: {why}", section.name) };
            self.desk.aside(MachineId::Worker(worker.clone()), lost);
            return Ended::PassOver(Standing::Failed(why));
        }
        match error.class() {
            // Twice is enough for one tier: the next one is asked then.
            CallClass::Retry { after_seconds } if self.tries < 2 => Ended::End(Outcome::Failed {
                why: format!("{}: {why}", section.name),
                retry: true,
                retry_after: after_seconds.and_then(|s| i64::try_from(s).ok()),
            }),
            CallClass::Defer(_) => Ended::PassOver(Standing::Barred(why)),
            CallClass::Retry { .. } | CallClass::NextTier => Ended::PassOver(Standing::Failed(why)),
        }
    }
}

/// Why there is no answer from a tier.
enum Ended {
    PassOver(Standing),
    End(Outcome),
}

impl Ended {
    fn into_called<T>(self) -> Called<T> {
        match self {
            Self::PassOver(why) => Called::PassOver(why),
            Self::End(outcome) => Called::End(outcome),
        }
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::End(error.into())
    }
}

fn charged(provider: &Provider, row: &CallRow, error: &CallError) -> (CallStatus, Spent) {
    let said = Some(error.to_string());
    match error.billed() {
        Billed::No => (CallStatus::Failed, Spent { error: said, ..Spent::default() }),
        Billed::Unknown => (CallStatus::Unknown, Spent { cost: row.reserved, error: said, ..Spent::default() }),
        Billed::Tokens(usage) => (
            CallStatus::Failed,
            Spent {
                cost: provider.cost(&usage),
                tokens_in: usage.tokens_in,
                tokens_out: usage.tokens_out,
                tokens_cached: usage.tokens_cached,
                error: said,
                ..Spent::default()
            },
        ),
    }
}

/// When the day and the month of a time began (UTC).
fn beginnings(now: Timestamp) -> (Timestamp, Timestamp) {
    let zoned = now.to_zoned(jiff::tz::TimeZone::UTC);
    let day = zoned.start_of_day().map_or(now, |z| z.timestamp());
    let back = SignedDuration::from_hours(24 * (i64::from(zoned.day()) - 1));
    (day, day.checked_sub(back).unwrap_or(day))
}

impl Desk {
    /// What is known of a worker.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn worker_state(&self, worker: &WorkerName) -> Result<WorkerState, StoreError> {
        let all = self.store.worker_states().await?;
        Ok(all
            .into_iter()
            .find_map(|(name, machine, _)| match machine {
                states::machine::Machine::Worker(state) if name == worker.as_str() => Some(state),
                _ => None,
            })
            .unwrap_or(WorkerState::Asleep))
    }
}

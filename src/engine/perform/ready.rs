//! Awake is not ready: the model whose turn has come is loaded, which may take its time, and then timed with a short
//! generation. One that is far slower than it used to be is repaired once, and passed over where that does not help.

use std::time::Duration;

use states::readiness::{is_degraded, rate, usual, words};
use states::words::WorkerName;
use states::worker::WorkerEvent;
use tokio::time::Instant;

use super::super::asking::{charged, used};
use super::super::desk::Desk;
use super::super::progress::Progress;
use crate::config::ProviderSection;
use crate::models::{Asking, Billed, CallClass, CallError, HoldCause, Loaded, PROBE, PROBE_TOKENS, Provider, probe};
use crate::power::{WorkerOptions, alive, busy, repair};
use crate::store::{CallRow, CallStatus, Spent, StoreError};

/// What comes before every draft is rank 0 and 1: it is asked of a box that somebody uses, too.
const LIGHT: u8 = 1;

/// Loads and times a model. A replay takes the recorded outcome.
pub(super) async fn try_model(desk: &Desk, worker: &WorkerName, model: &str) -> WorkerEvent {
    let trial =
        async { tried(desk, worker, model).await.unwrap_or_else(|error| unfit(worker, model, &error.to_string())) };
    let heard = desk.tape().hear("trial", &format!("{worker} {model}"), trial).await;
    heard.unwrap_or_else(|error| unfit(worker, model, &error.to_string()))
}

async fn tried(desk: &Desk, worker: &WorkerName, model: &str) -> Result<WorkerEvent, StoreError> {
    let section = desk.config.providers.iter().find(|p| p.worker.as_ref() == Some(worker) && p.model == model);
    let (Some(section), Some(options)) = (section, desk.config.worker(worker)) else {
        return Ok(unfit(worker, model, "it is not in the configuration any more"));
    };
    let provider = match desk.providers.get(&section.name) {
        Some(Ok(provider)) => provider,
        Some(Err(why)) => return Ok(unfit(worker, model, why)),
        None => return Ok(unfit(worker, model, "it is not in the configuration any more")),
    };
    // What waits is drafts only, and somebody is there: their work is not disturbed, and each draft asks for itself.
    let wants = desk.store.worker_wants().await?;
    let light = wants.iter().any(|w| w.model.as_deref() == Some(model) && w.rank <= LIGHT);
    if !light && !matches!(busy(options).await, Ok(false)) {
        return Ok(WorkerEvent::Tried { rate: None, unfit: None });
    }
    let trial = Trial { desk, section, provider, options, worker };
    match trial.run().await? {
        Ended::Fit(rate) => Ok(WorkerEvent::Tried { rate, unfit: None }),
        Ended::Unfit(why) => Ok(unfit(worker, model, &why)),
        Ended::Lost(why) => Ok(WorkerEvent::Lost { why: format!("{}: {why}", section.name) }),
    }
}

fn unfit(worker: &WorkerName, model: &str, why: &str) -> WorkerEvent {
    WorkerEvent::Tried { rate: None, unfit: Some(format!("the model {model} on the worker {worker}: {why}")) }
}

enum Ended {
    Fit(Option<u64>),
    Unfit(String),
    Lost(String),
}

/// What one call of a trial came to.
enum Answered {
    /// So many tokens, in so many milliseconds.
    Well(u64, u64),
    Badly(CallError),
    /// Not in time.
    Late,
}

struct Trial<'a> {
    desk: &'a Desk,
    section: &'a ProviderSection,
    provider: &'a Provider,
    options: &'a WorkerOptions,
    worker: &'a WorkerName,
}

impl Trial<'_> {
    async fn run(&self) -> Result<Ended, StoreError> {
        self.tell(&format!("loading {}", self.section.model));
        if let Some(ended) = self.load().await? {
            return Ok(ended);
        }
        let good = self.desk.store.worker_rates(self.worker.as_str(), &self.section.model).await?;
        let (first, mended) = match self.time(&good).await? {
            Err(slow) => (slow, self.mend().await),
            Ok(ended) => return Ok(ended),
        };
        // A repair may have thrown the model out of memory.
        if let Some(ended) = self.load().await? {
            return Ok(ended);
        }
        match self.time(&good).await? {
            Ok(ended) => Ok(ended),
            Err(slow) => {
                let usual = usual(&good).map_or_else(String::new, |rate| format!(" instead of {}", words(rate)));
                Ok(Ended::Unfit(format!(
                    "it is degraded: {}{usual}{mended}; see what else the box is doing (nvidia-smi, ollama ps) or restart its \
                     model server",
                    slow.or(first).map_or_else(|| "no answer in time".to_owned(), words)
                )))
            }
        }
    }

    fn tell(&self, what: &str) {
        self.desk.teller.tell(Progress::Worker { worker: self.worker.to_string(), what: what.to_owned() });
    }

    /// Waits until the model answers at all, as long as a heartbeat is waited for. `None`: it does.
    async fn load(&self) -> Result<Option<Ended>, StoreError> {
        let pause = Duration::from_millis(self.options.poll_milliseconds);
        let until = Instant::now() + Duration::from_secs(self.options.heartbeat_seconds);
        loop {
            // While the server says by itself that it loads, nothing is asked of the model.
            let error = match self.provider.loaded().await {
                Loaded::Loading => CallError::Loading { after_seconds: None },
                _ => match self.ask(1, until).await? {
                    Answered::Well(..) => return Ok(None),
                    Answered::Late => return Ok(Some(Ended::Unfit(self.late().await))),
                    Answered::Badly(error) => error,
                },
            };
            if error.is_gone() && !alive(self.options).await {
                return Ok(Some(Ended::Lost(self.provider.explain(&error))));
            }
            let comes = matches!(error.class(), CallClass::Retry { .. } | CallClass::Defer(HoldCause::ModelLoading));
            if !comes {
                return Ok(Some(Ended::Unfit(self.provider.explain(&error))));
            }
            if Instant::now() + pause >= until {
                let loads = matches!(error, CallError::Loading { .. });
                return Ok(Some(Ended::Unfit(if loads { self.too_long() } else { self.provider.explain(&error) })));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Why no answer came in time, as far as the server tells, with the next step.
    async fn late(&self) -> String {
        let seconds = self.options.heartbeat_seconds;
        match self.provider.loaded().await {
            Loaded::Missing => self.provider.explain(&CallError::ModelMissing { model: self.section.model.clone() }),
            Loaded::NotListening => self.provider.explain(&CallError::NotListening),
            Loaded::Yes => format!(
                "it is loaded, and gave no answer within {seconds} s: see what else the box is doing (nvidia-smi, ollama ps), \
                 or name a smaller model"
            ),
            Loaded::Loading | Loaded::NotLoaded | Loaded::Unreachable | Loaded::Unknown => self.too_long(),
        }
    }

    fn too_long(&self) -> String {
        format!(
            "it is not loaded within {} s: raise `heartbeat_seconds`, or name a smaller model",
            self.options.heartbeat_seconds
        )
    }

    /// Times a generation. The inner error is the rate that is too slow.
    async fn time(&self, good: &[u64]) -> Result<Result<Ended, Option<u64>>, StoreError> {
        let until = Instant::now() + Duration::from_secs(self.options.heartbeat_seconds);
        Ok(match self.ask(PROBE_TOKENS, until).await? {
            Answered::Well(tokens, milliseconds) => match rate(tokens, milliseconds) {
                Some(rate) if is_degraded(good, rate) => Err(Some(rate)),
                rate => Ok(Ended::Fit(rate)),
            },
            Answered::Badly(error) => Ok(Ended::Unfit(self.provider.explain(&error))),
            Answered::Late => Err(None),
        })
    }

    /// Runs the repair, where there is one, and says what became of it.
    async fn mend(&self) -> String {
        if self.options.repair.is_none() {
            return String::new();
        }
        self.tell("repairing");
        match repair(self.options).await {
            Ok(()) => ", also after its repair".to_owned(),
            Err(why) => format!(", and its repair failed ({why})"),
        }
    }

    /// One call, in the ledger as every other.
    async fn ask(&self, tokens: u32, until: Instant) -> Result<Answered, StoreError> {
        let (desk, section) = (self.desk, self.section);
        let mut asking = Asking::new(&desk.templates, &desk.secret);
        asking.context_tokens = section.context_tokens;
        let nonce = format!("{} {tokens} {}", self.worker, desk.clock.now());
        let question = probe(desk.config.embeds(&section.name), &nonce, tokens, &asking);
        let row = CallRow {
            request: question.key(),
            provider: section.name.clone(),
            model: section.model.clone(),
            task: PROBE.to_owned(),
            run: desk.run().await,
            article: None,
            reserved: self.provider.most(&question),
            tier: desk.config.terms(section).map_or("local", |terms| terms.tier()),
            prices: self.provider.prices(),
            left_out: question.left_out,
        };
        let mut tx = desk.store.begin().await?;
        let try_ = tx.start_call(&row, desk.clock.now()).await?;
        tx.commit().await?;
        let sent = Instant::now();
        let asked = tokio::time::timeout_at(until, self.provider.ask(&question)).await;
        let took = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
        // What only thinks is as fast as it is; that its answers may be used up by it is worth knowing.
        if let Ok(Err(error @ CallError::OnlyThinking { .. })) = &asked
            && !section.think
        {
            self.tell(&format!("{}: {}", section.model, self.provider.explain(error)));
        }
        // An answer that was cut off, or says nothing useful, was generated all the same.
        let usage = match &asked {
            Ok(Ok(answer)) => Some(answer.usage()),
            Ok(Err(error)) => match error.billed() {
                Billed::Tokens(usage) => Some(usage),
                Billed::No | Billed::Unknown => None,
            },
            Err(_) => None,
        };
        let (status, spent) = match (&usage, &asked) {
            (Some(usage), _) => (CallStatus::Accepted, Spent { milliseconds: took, ..used(&row, usage) }),
            (None, Ok(Err(error))) => charged(&row, error),
            (None, _) => charged(&row, &CallError::TimedOut { seconds: took / 1000 }),
        };
        let mut tx = desk.store.begin().await?;
        tx.finish_call(&row, try_, status, &spent, desk.clock.now()).await?;
        tx.commit().await?;
        Ok(match (usage, asked) {
            (Some(usage), _) => {
                Answered::Well(if question.max_tokens == 0 { usage.tokens_in } else { usage.tokens_out }, took)
            }
            (None, Ok(Err(error))) => Answered::Badly(error),
            (None, _) => Answered::Late,
        })
    }
}

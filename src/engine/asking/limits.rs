//! The limits of providers: how many calls are under way at once, when the next may leave, and what a failed one says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::{SignedDuration, Timestamp};
use states::limits::{self, Bearing, Rest, Why};
use states::retry::{self, Next};
use states::route::{Standing, Tier, reasons};
use states::words::EffectKey;
use tokio::sync::{Mutex as Waiting, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::super::outcome::Outcome;
use super::Asker;
use super::buy::Ended;
use crate::config::ProviderSection;
use crate::models::{Billed, CallError, Task};
use crate::store::{CallRow, StoreError, Tx};

/// Who is at a provider now, and whose turn it is next. Lost with the process, and nothing is lost by that: what may leave is
/// counted in the ledger.
#[derive(Debug)]
pub(in super::super) struct Turns {
    at_once: BTreeMap<String, Arc<Semaphore>>,
    handed: Mutex<BTreeMap<String, Timestamp>>,
    /// Questions under way, by what is asked, whom, and which model.
    asked: Mutex<BTreeMap<[String; 3], Weak<Waiting<()>>>>,
}

impl Turns {
    /// For these providers.
    pub(in super::super) fn new(providers: &[ProviderSection]) -> Self {
        let most = |p: &ProviderSection| usize::try_from(p.concurrent()).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS);
        let at_once = providers.iter().map(|p| (p.name.clone(), Arc::new(Semaphore::new(most(p))))).collect();
        Self { at_once, handed: Mutex::default(), asked: Mutex::default() }
    }

    /// Waits until nobody else asks the same: what they bought is an answer to this, too. Taken before [`Self::enter`], so that
    /// who waits here holds no place at the provider.
    pub(super) async fn alone(&self, row: &CallRow) -> OwnedMutexGuard<()> {
        let name = [row.request.to_string(), row.provider.clone(), row.model.clone()];
        let mine = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.retain(|_, other| other.strong_count() > 0);
            let other = asked.get(&name).and_then(Weak::upgrade);
            other.unwrap_or_else(|| {
                let new = Arc::default();
                asked.insert(name, Arc::downgrade(&new));
                new
            })
        };
        mine.lock_owned().await
    }

    /// Waits until fewer calls than allowed are under way. No lease is held and nothing is reserved meanwhile.
    pub(super) async fn enter(&self, provider: &str) -> Option<OwnedSemaphorePermit> {
        // Never closed, so that there is always a permit to come.
        self.at_once.get(provider)?.clone().acquire_owned().await.ok()
    }

    /// The turn of a call that finds no room before `room`; `taken` says whether it is handed out.
    fn next(&self, provider: &str, room: Timestamp, apart: i64, taken: impl Fn(Timestamp) -> bool) -> Timestamp {
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let (turn, on) = limits::turn(room, handed.get(provider).copied(), apart);
        if taken(turn) {
            handed.insert(provider.to_owned(), on);
        }
        turn
    }
}

impl Asker<'_> {
    /// Lets a call leave, or says why it waits: inside the transaction that reserves.
    pub(super) async fn admit(
        &self,
        tx: &mut Tx,
        section: &ProviderSection,
        tokens: u64,
        now: Timestamp,
    ) -> Result<(), Ended> {
        let limits = section.limits();
        let wait = |rest| Err(Ended::PassOver(Standing::Resting(rest)));
        let troubles = tx.troubles(&section.name, now).await?;
        if let Some(rest) = limits::rest(now, &troubles, limits.patience) {
            return wait(rest);
        }
        if limits.requests == 0 && limits.tokens == 0 {
            return Ok(());
        }
        let recent = tx.last_minute(&section.name, now).await?;
        let Some(room) = limits::room(now, &recent, tokens, &limits) else { return Ok(()) };
        let apart = limits::apart(tokens, &limits);
        // Whoever waits takes the turn; who may go on along the route leaves it to others.
        let short = |turn| limits::is_short(now, turn, limits.patience);
        let until = self.desk.turns.next(&section.name, room, apart, short);
        wait(Rest { why: Why::Pace { apart }, until, short: short(until) })
    }

    /// Notes what a failed call says about its provider, in the transaction that ends it. Gives the rest that it asks for.
    pub(super) async fn heed(
        &self,
        tx: &mut Tx,
        section: &ProviderSection,
        (row, try_): (&CallRow, i64),
        error: &CallError,
        now: Timestamp,
    ) -> Result<Option<Rest>, StoreError> {
        let asked = match error {
            CallError::RateLimited { after_seconds } => Some(*after_seconds),
            // With a time it is as much a rest as the above.
            CallError::Server { after_seconds: Some(after), .. } => Some(Some(*after)),
            _ => None,
        };
        let Some(asked) = asked else {
            tx.call_says(row, try_, bearing(error), None).await?;
            return Ok(None);
        };
        let after = match asked {
            Some(seconds) => SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)),
            None => backoff(&section.name, limits::slowed(&tx.troubles(&section.name, now).await?)),
        };
        let until = now.checked_add(after).unwrap_or(Timestamp::MAX);
        tx.call_says(row, try_, Bearing::Nothing, Some(until)).await?;
        Ok(limits::rest(now, &tx.troubles(&section.name, now).await?, section.limits().patience))
    }

    /// What becomes of an effect that waits for a provider: no try is used up. Work that waits for a rest is held under one
    /// cause for each provider; what waits for its turn comes back then by itself.
    pub(super) fn hold(&self, provider: &str, rest: &Rest) -> Outcome {
        let now = self.desk.clock.now();
        let message = format!("{provider}: {}", rest.reason());
        if let Why::Pace { apart } = rest.why {
            let take = || self.desk.turns.next(provider, rest.until, apart, |_| true);
            return Outcome::Later { until: if rest.short { rest.until } else { take() }, why: message };
        }
        let left = rest.until.duration_since(now).as_millis();
        let seconds = i64::try_from(left).unwrap_or(i64::MAX).max(1).saturating_add(999) / 1_000;
        Outcome::Deferred { cause: provider_cause(provider), message, probe_after: Some(seconds) }
    }

    /// Until when tiers are asked.
    pub(super) fn deadline(&self, task: Task) -> Deadline {
        let seconds = self.desk.config.routes(self.site).deadline_seconds;
        let whole = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        let at = self.desk.clock.now().checked_add(whole).unwrap_or(Timestamp::MAX);
        Deadline { task, seconds, at, tries: self.tries }
    }

    /// Which try of which effect asks.
    pub(super) fn asks_as(&self) -> Option<String> {
        self.key.map(|key| asks_as(key, self.tries))
    }
}

/// The name under which the calls of one try of an effect stand in the ledger.
pub(in super::super) fn asks_as(key: &EffectKey, tries: u32) -> String {
    format!("{}#{tries}", key.as_str())
}

/// Until when the tiers of a route are asked, all together.
pub(super) struct Deadline {
    task: Task,
    seconds: u64,
    at: Timestamp,
    tries: u32,
}

impl Deadline {
    /// True when no further tier is asked.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.at
    }

    /// What becomes of the effect then. It is tried once more: the same may take as long, and cost as much, every time.
    pub(super) fn outcome(&self, tiers: &[Tier]) -> Outcome {
        let (task, seconds) = (self.task, self.seconds);
        let why = format!("no answer for {task} within {seconds} s (`deadline_seconds`): {}", reasons(tiers));
        Outcome::Failed { why, retry: self.tries == 0, retry_after: None }
    }
}

/// The cause under which work waits for a provider's rest.
fn provider_cause(provider: &str) -> String {
    format!("{PROVIDER}{provider}")
}

const PROVIDER: &str = "provider: ";

/// True for a cause that ends by itself at a known time.
pub(in super::super) fn is_of_provider(cause: &str) -> bool {
    cause.starts_with(PROVIDER)
}

/// How long a provider is left alone that asks to slow down without saying for how long, at the `before + 1`-th time in a row.
fn backoff(provider: &str, before: u32) -> SignedDuration {
    let key = EffectKey::stored(provider_cause(provider));
    let tries = before.saturating_add(1).min(retry::TRIES - 1);
    match retry::next(&key, tries, None) {
        Next::Again { after_ms } => SignedDuration::from_millis(after_ms),
        Next::GiveUp => SignedDuration::from_secs(retry::LONGEST),
    }
}

/// What a failed call says about its provider. Whoever answers works, however useless the answer; a key that is refused says
/// nothing about how a server fares.
fn bearing(error: &CallError) -> Bearing {
    match error {
        CallError::Unreachable { .. } | CallError::TimedOut { .. } | CallError::Server { .. } => Bearing::Bad,
        _ => match error.billed() {
            Billed::Tokens(_) => Bearing::Good,
            Billed::Unknown => Bearing::Bad,
            Billed::No => Bearing::Nothing,
        },
    }
}

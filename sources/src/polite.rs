//! The door with manners: robots.txt, one connection per host at a time with a gap between two, and hosts that asked to be left
//! alone. Everything that is read of the web is read through it.
//!
//! What has to survive a restart is handed out ([`Polite::news`]) and given back ([`Polite::new`]); the gap alone is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::door::{Conditional, Door, DoorError, Extra, Gate, Response, shown};
use crate::interval::LONGEST;
pub use crate::pace::host_of;
use crate::pace::{Pace, Turn};
use crate::robots::{Learnt, RobotsFile, Rules, learn};
use crate::source::blocking;

/// How long a host is left alone that says "too many requests" and not for how long, in seconds.
const TOO_MANY: u64 = 60;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A page or a feed: what robots.txt speaks of.
    Page,
    /// An interface made for programs, which has terms and rates of its own; robots.txt keeps crawlers out of the rest.
    Interface,
}

/// How long a host is left alone that did not answer in time, in seconds.
const SLOW: u64 = 120;

/// How polite to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manners {
    /// The least time between two requests to one host.
    pub host_gap: Duration,
    /// Hosts (`host`, or `host:port` for an unusual port) whose robots.txt is not asked: one's own.
    pub own_hosts: BTreeSet<String>,
}

/// Why a host is left alone, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

/// What is remembered of a host across restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostMemory {
    /// Its name, with its port where that is unusual.
    pub host: String,
    /// It asked to be left alone.
    pub rest: Option<Rest>,
    /// Its robots.txt.
    pub robots: Option<RobotsFile>,
}

#[derive(Debug, Default)]
struct Known {
    memory: HostMemory,
    rules: Option<Arc<Rules>>,
    changed: bool,
}

/// The door with manners.
#[derive(Debug)]
pub struct Polite {
    door: Door,
    manners: Manners,
    pace: Pace,
    hosts: Mutex<BTreeMap<String, Known>>,
}

impl Polite {
    /// Puts manners before a door. `remembered` is what was handed out before the restart.
    pub fn new(door: Door, manners: Manners, remembered: Vec<HostMemory>) -> Self {
        let known = |memory: HostMemory| (memory.host.clone(), Known { memory, ..Known::default() });
        Self { door, manners, pace: Pace::default(), hosts: Mutex::new(remembered.into_iter().map(known).collect()) }
    }

    /// The door, for one's own servers.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// What has changed since it was last asked, to be remembered.
    pub fn news(&self) -> Vec<HostMemory> {
        let changed = |known: &mut Known| std::mem::take(&mut known.changed).then(|| known.memory.clone());
        self.hosts().values_mut().filter_map(changed).collect()
    }

    /// Gets a URL when its host is free and lets itself be read. `allow` adds to the door's exceptions, for this request only.
    ///
    /// # Errors
    /// A [`DoorError`]; [`DoorError::Disallowed`] and [`DoorError::Resting`] where the host was not asked at all.
    pub async fn get(
        &self,
        url: &str,
        conditional: &Conditional,
        allow: &[String],
        now: Timestamp,
    ) -> Result<Response, DoorError> {
        self.get_as(Asked::Page, url, conditional, Extra::default(), allow, now).await
    }

    /// As [`Polite::get`], for whatever is asked, with what the request carries beside its validators.
    ///
    /// # Errors
    /// As [`Polite::get`].
    pub(crate) async fn get_as(
        &self,
        asked: Asked,
        url: &str,
        conditional: &Conditional,
        extra: Extra<'_>,
        allow: &[String],
        now: Timestamp,
    ) -> Result<Response, DoorError> {
        let visit = Visit { web: self, asked, allow, from: now, began: Instant::now() };
        let answer = self.door.get_past(&visit, url, conditional, extra, allow).await;
        let now = visit.now();
        if let (Err(error), Ok(at)) = (&answer, Url::parse(url)) {
            self.rest_if_slow(&host_of(&at), error, now);
        }
        let response = answer?;
        let seconds = match (response.status, response.retry_after_seconds) {
            (429, seconds) => Some(seconds.unwrap_or(TOO_MANY)),
            (503, seconds) => seconds,
            _ => None,
        };
        if let (Some(seconds), Ok(at)) = (seconds, Url::parse(&response.final_url)) {
            self.rest(&host_of(&at), seconds, format!("it answered {}", response.status), now);
        }
        Ok(response)
    }

    /// Nobody waits where nobody is asked.
    fn gap(&self, gap: Duration) -> Duration {
        if self.door.replays() { Duration::ZERO } else { gap }
    }

    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        // Whoever panicked while holding it has left a whole map behind.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut Known)) {
        let mut hosts = self.hosts();
        let known = hosts.entry(host.to_owned()).or_default();
        known.memory.host = host.to_owned();
        known.changed = true;
        change(known);
    }

    /// Leaves a host alone for so long, up to a day.
    fn rest(&self, host: &str, seconds: u64, why: String, now: Timestamp) {
        let seconds = i64::try_from(seconds).unwrap_or(LONGEST).min(LONGEST);
        let until = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
        self.change(host, |known| known.memory.rest = Some(Rest { until, why }));
    }

    /// A host that lets everybody wait is left alone for a while: whoever else wants something of it need not find out.
    fn rest_if_slow(&self, host: &str, error: &DoorError, now: Timestamp) {
        if matches!(error, DoorError::Timeout { .. }) {
            self.rest(host, SLOW, "it did not answer in time".to_owned(), now);
        }
    }

    fn awake(&self, host: &str, now: Timestamp) -> Result<(), DoorError> {
        let hosts = self.hosts();
        let rest = hosts.get(host).and_then(|known| known.memory.rest.as_ref());
        // A clock that was set back does not make a day longer.
        let left = rest.map(|rest| (rest.until.duration_since(now).as_secs().min(LONGEST), rest));
        match left {
            Some((left, rest)) if rest.until > now => Err(DoorError::Resting {
                host: host.to_owned(),
                why: rest.why.clone(),
                seconds: u64::try_from(left).unwrap_or(0).max(1),
            }),
            _ => Ok(()),
        }
    }

    /// The rules of a host: those that are known, while they hold; else its robots.txt is asked, in the turn of the visit.
    async fn rules(&self, host: &str, url: &Url, visit: &Visit<'_>, turn: &mut Turn) -> Result<Arc<Rules>, DoorError> {
        if visit.asked == Asked::Interface || self.manners.own_hosts.contains(host) {
            return Ok(Arc::default());
        }
        let now = visit.now();
        let (old, parsed) = {
            let hosts = self.hosts();
            let known = hosts.get(host);
            (known.and_then(|k| k.memory.robots.clone()), known.and_then(|k| k.rules.clone()))
        };
        if let (Some(rules), Some(_)) = (parsed, old.as_ref().filter(|file| file.until > now)) {
            return Ok(rules);
        }
        let file = match old {
            Some(file) if file.until > now => file,
            old => self.ask(host, url, visit, turn, old).await?,
        };
        let agent = self.door.options().user_agent.clone();
        let rules = Arc::new(blocking(move || Rules::read(&file, &agent)).await);
        if let Some(known) = self.hosts().get_mut(host) {
            known.rules = Some(rules.clone());
        }
        Ok(rules)
    }

    async fn ask(
        &self,
        host: &str,
        url: &Url,
        visit: &Visit<'_>,
        turn: &mut Turn,
        old: Option<RobotsFile>,
    ) -> Result<RobotsFile, DoorError> {
        let mut robots = url.clone();
        robots.set_path("/robots.txt");
        robots.set_query(None);
        robots.set_fragment(None);
        turn.wait(self.gap(self.manners.host_gap)).await;
        let answer = self.door.get(robots.as_str(), &Conditional::default(), visit.allow).await;
        turn.done();
        let now = visit.now();
        let held = |seconds: u64, file: RobotsFile| RobotsFile {
            until: now.checked_add(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(LONGEST))).unwrap_or(now),
            ..file
        };
        let file = match (learn(answer, now), old) {
            (Learnt::File(file), _) => file,
            (Learnt::Nothing { rests: false, seconds, .. }, Some(old)) => held(seconds, old),
            (Learnt::Nothing { why, seconds, .. }, _) => {
                self.rest(host, seconds, why.clone(), now);
                return Err(DoorError::Resting { host: host.to_owned(), why, seconds });
            }
            (Learnt::Unreachable(_), Some(old)) => held(60, old),
            (Learnt::Unreachable(error), None) => {
                self.rest_if_slow(host, &error, now);
                return Err(error);
            }
        };
        self.change(host, |known| known.memory.robots = Some(file.clone()));
        Ok(file)
    }
}

impl From<Door> for Polite {
    /// A door with the manners that cannot be left out: robots.txt, one connection per host, and rests.
    fn from(door: Door) -> Self {
        Self::new(door, Manners::default(), Vec::new())
    }
}

/// One visit: what is asked for, with its redirects.
struct Visit<'a> {
    web: &'a Polite,
    asked: Asked,
    allow: &'a [String],
    /// When it was wanted, by the caller's clock, and since when it waits.
    from: Timestamp,
    began: Instant,
}

impl Visit<'_> {
    /// The time after all waiting.
    fn now(&self) -> Timestamp {
        // Whole seconds: nothing here is finer.
        let waited = SignedDuration::from_secs(i64::try_from(self.began.elapsed().as_secs()).unwrap_or(LONGEST));
        self.from.checked_add(waited).unwrap_or(self.from)
    }
}

impl Gate for Visit<'_> {
    type Pass = Turn;

    async fn pass(&self, url: &Url) -> Result<Turn, DoorError> {
        let host = host_of(url);
        let mut turn = self.web.pace.turn(&host).await;
        // The one before may have been told that it was one too many.
        self.web.awake(&host, self.now())?;
        let rules = self.web.rules(&host, url, self, &mut turn).await?;
        if !rules.allow(url) {
            return Err(DoorError::Disallowed {
                url: shown(url.as_str()),
                why: "its robots.txt does not allow it; ask its owner, or take it out (`robots = \"ignore\"` is for hosts of \
                      your own)"
                    .to_owned(),
            });
        }
        // An interface has rates of its own, and answers with hundreds of small things.
        let gap =
            if self.asked == Asked::Interface { Duration::ZERO } else { self.web.manners.host_gap.max(rules.delay()) };
        turn.wait(self.web.gap(gap)).await;
        Ok(turn)
    }
}

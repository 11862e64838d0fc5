//! `pipeline sources`: how each source goes, and what people do about sources.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sources::PollState;
use states::words::SourceName;

use super::act::{enter, told};
use super::look::minute;
use super::open;
use super::out::{say, say_json, short, table};
use super::{Answer, Cli, Failure, SourcesCommand};
use crate::config::{Config, SourceSection};
use crate::engine::discover::{next_poll, spec_of};
use crate::store::{Entry, PollRow, SourceAct, Store};

/// A source that has told nothing new for so many days is quiet.
const QUIET_DAYS: i64 = 30;

/// How a source goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// It has not answered yet.
    New,
    /// It answers, and has news.
    Ok,
    /// It answers, and has had no news for long.
    Quiet,
    /// It could not be read the last time.
    Failing,
    /// It was not asked, since its host wants to be left alone; or it failed, and a person has it asked again.
    Waiting,
    /// It is gone, and is not asked any more.
    Retired,
    /// A person does not want it to be asked.
    Muted,
}

impl Health {
    fn of(poll: Option<&PollRow>, muted: bool, now: Timestamp) -> Self {
        let long_ago = now.checked_sub(SignedDuration::from_hours(24 * QUIET_DAYS)).unwrap_or(Timestamp::MIN);
        match poll {
            _ if muted => Self::Muted,
            None => Self::New,
            Some(poll) if poll.retired_at.is_some() => Self::Retired,
            Some(poll) if poll.failures > 0 => Self::Failing,
            Some(poll) if poll.error.is_some() => Self::Waiting,
            Some(poll) if poll.good_at.is_none() => Self::New,
            Some(poll) if poll.fresh_at.is_none_or(|at| at < long_ago) => Self::Quiet,
            Some(_) => Self::Ok,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Quiet => "quiet",
            Self::Failing => "failing",
            Self::Waiting => "waiting",
            Self::Retired => "retired",
            Self::Muted => "muted",
        }
    }
}

/// `pipeline sources …`.
pub(super) async fn sources(cli: &Cli, what: Option<&SourcesCommand>) -> Answer {
    match what {
        None => list(cli).await,
        Some(SourcesCommand::Test { url, allow_private }) => super::address::test(cli, url, allow_private).await,
        Some(SourcesCommand::Import { file, write }) => super::import::import(cli, file, *write),
        Some(SourcesCommand::Mute { name }) => act(cli, name, SourceAct::Mute).await,
        Some(SourcesCommand::Unmute { name }) => act(cli, name, SourceAct::Unmute).await,
        Some(SourcesCommand::Retry { name }) => act(cli, name, SourceAct::Retry).await,
        Some(SourcesCommand::Remove { name }) => act(cli, name, SourceAct::Forget).await,
    }
}

/// One source, with everything that is known of it.
struct Line<'a> {
    source: &'a SourceSection,
    poll: Option<PollRow>,
    health: Health,
    next: Option<Option<Timestamp>>,
    leads: BTreeMap<String, i64>,
}

impl Line<'_> {
    fn moved_to(&self) -> Option<String> {
        serde_json::from_value::<PollState>(self.poll.as_ref()?.state.clone()).ok()?.moved_to
    }

    fn json(&self) -> serde_json::Value {
        let poll = self.poll.as_ref();
        json!({
            "name": self.source.name, "kind": self.source.kind, "url": self.source.url, "health": self.health,
            "polled_at": poll.map(|p| p.polled_at), "good_at": poll.and_then(|p| p.good_at),
            "fresh_at": poll.and_then(|p| p.fresh_at), "next_at": self.next.flatten(),
            "entries": poll.map(|p| p.entries), "leads": self.leads, "failures": poll.map_or(0, |p| p.failures),
            "error": poll.and_then(|p| p.error.clone()), "moved_to": self.moved_to(),
            "retired_at": poll.and_then(|p| p.retired_at),
        })
    }

    fn cells(&self, now: Timestamp) -> Vec<String> {
        let poll = self.poll.as_ref();
        let next = match self.next {
            None => "never".to_owned(),
            Some(Some(at)) if at > now => minute(at),
            Some(_) => "next run".to_owned(),
        };
        let moved = self.moved_to().map(|to| format!("has moved to {to}: put that into the configuration"));
        let remark = poll.and_then(|p| p.error.clone()).or(moved).unwrap_or_default();
        vec![
            self.source.name.to_string(),
            serde_json::to_value(self.source.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
            self.health.word().to_owned(),
            poll.and_then(|p| p.good_at).map_or_else(|| "never".to_owned(), minute),
            next,
            poll.map_or(0, |p| p.entries).to_string(),
            self.leads.values().sum::<i64>().to_string(),
            short(&remark, 160),
        ]
    }
}

async fn lines<'c>(config: &'c Config, store: Option<&Store>, now: Timestamp) -> Result<Vec<Line<'c>>, Failure> {
    let (mut polls, muted, mut leads) = match store {
        Some(store) => (store.polls().await?, store.mutes().await?, store.counts_by_source().await?),
        None => Default::default(),
    };
    let line = |source: &'c SourceSection| {
        let spec = spec_of(source);
        let at = polls.iter().position(|poll| poll.source == source.name && poll.spec == spec);
        let poll = at.map(|at| polls.swap_remove(at));
        let muted = muted.contains_key(&source.name);
        Line {
            source,
            health: Health::of(poll.as_ref(), muted, now),
            next: next_poll(source, poll.as_ref()).filter(|_| !muted),
            leads: leads.remove(source.name.as_str()).unwrap_or_default(),
            poll,
        }
    };
    Ok(config.sources.iter().map(line).collect())
}

/// Lists the sources of the configuration.
async fn list(cli: &Cli) -> Answer {
    let config = open::config(cli)?;
    let store = open::store(&config).await?;
    let now = open::clock(cli).now();
    let lines = lines(&config, store.as_ref(), now).await?;
    if cli.json {
        say_json(&lines.iter().map(Line::json).collect::<Vec<_>>());
        return Ok(0);
    }
    if lines.is_empty() {
        say("There is no [[source]] in the configuration; `pipeline sources import FILE.opml` makes some.");
        return Ok(0);
    }
    let head = ["name", "kind", "health", "last good", "next", "entries", "leads", ""].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(lines.iter().map(|l| l.cells(now))).collect();
    say(&table(&rows));
    Ok(0)
}

/// Does something to a source, and says what becomes of its leads.
async fn act(cli: &Cli, name: &str, act: SourceAct) -> Answer {
    let config = open::config(cli)?;
    let source = SourceName::try_from(name.to_owned()).map_err(Failure::usage)?;
    let configured = config.source(&source).is_some();
    told(&enter(cli, &Entry::Source { source: source.clone(), act }).await?)?;
    let leads = match open::store(&config).await? {
        Some(store) => store.counts_by_source().await?.remove(name).unwrap_or_default(),
        None => BTreeMap::new(),
    };
    let settled = ["Gone", "Refused", "Duplicate", "Skipped", "Rejected", "Declined", "Live"];
    let open: Vec<String> =
        leads.iter().filter(|(state, _)| !settled.contains(&state.as_str())).map(|(s, n)| format!("{n} {s}")).collect();
    if cli.json {
        say_json(&json!({"source": name, "act": act, "leads": leads}));
        return Ok(0);
    }
    let open = if open.is_empty() {
        "it has no leads in work".to_owned()
    } else {
        format!("its leads in work go on ({}); `pipeline articles` lists them", open.join(", "))
    };
    let config_name = cli.config.display();
    say(&match act {
        SourceAct::Mute => format!("{name} is muted: it is not asked any more, and what it told stays known; {open}."),
        SourceAct::Unmute => format!("{name} is asked again."),
        SourceAct::Retry => format!("{name} is asked by the next run."),
        SourceAct::Forget if configured => format!(
            "{name} is muted; now take its [[source]] out of {config_name}, which is what counts. What it told stays known; \
             {open}."
        ),
        SourceAct::Forget => format!("how the polling of {name} went is forgotten. What it told stays known; {open}."),
    });
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_source_is_well_that_never_answered_or_has_an_error() {
        let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
        let long_ago = now - SignedDuration::from_hours(24 * (QUIET_DAYS + 1));
        let new = PollRow::new("a".parse().unwrap(), serde_json::Value::Null, now);
        let error = Some("why".to_owned());
        let well = PollRow { good_at: Some(now), fresh_at: Some(now), ..new.clone() };
        for (poll, expected) in [
            (new.clone(), Health::New),
            (PollRow { error: error.clone(), ..new.clone() }, Health::Waiting),
            (PollRow { error: error.clone(), failures: 1, ..new }, Health::Failing),
            (PollRow { error: error.clone(), ..well.clone() }, Health::Waiting),
            (PollRow { error: error.clone(), failures: 2, ..well.clone() }, Health::Failing),
            (PollRow { error, retired_at: Some(now), ..well.clone() }, Health::Retired),
            (PollRow { fresh_at: Some(long_ago), ..well.clone() }, Health::Quiet),
            (well, Health::Ok),
        ] {
            assert_eq!(Health::of(Some(&poll), false, now), expected, "{poll:?}");
            assert_eq!(Health::of(Some(&poll), true, now), Health::Muted);
        }
    }
}

//! `pipeline sources`: how each source goes, what would be read at an address, and what people do about sources.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sources::{Door, DoorError, Look, Manners, Polite, PollState, SourceError, look};
use states::words::SourceName;
use url::Url;

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
        Some(SourcesCommand::Test { url, allow_private }) => test(cli, url, allow_private).await,
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

/// The entry of `allow_private` (`host:port`) without which the door does not ask this address; `None` where none would help.
pub(super) fn exception_for(door: &Door, url: &str) -> Option<String> {
    let parsed = Url::parse(url.trim()).ok()?;
    let entry = format!("{}:{}", parsed.host()?, parsed.port_or_known_default()?);
    door.check(url, std::slice::from_ref(&entry)).is_ok().then_some(entry)
}

/// Why an address could not be looked at, with what can be done about it here.
fn not_seen(door: &Door, url: &str, error: &SourceError) -> Failure {
    let of_the_web = Url::parse(url.trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match error {
        SourceError::Door(DoorError::BadUrl { .. } | DoorError::Refused { .. }) if !of_the_web => {
            Failure::usage(format!("{error}; give the whole address, as https://…"))
        }
        SourceError::Door(DoorError::BadUrl { .. }) => Failure::usage(error),
        SourceError::Door(DoorError::Refused { .. }) if let Some(entry) = exception_for(door, url) => Failure {
            code: 1,
            message: format!(
                "{error}; where it is meant, `--allow-private {entry}` lets it in here, and `allow_private = [\"{entry}\"]` in \
                 its [[source]] in the configuration"
            ),
        },
        _ => Failure { code: 1, message: error.to_string() },
    }
}

/// Shows what would be read at an address. 1 where nothing would.
async fn test(cli: &Cli, url: &str, allow: &[String]) -> Answer {
    // Where there is no configuration yet, its defaults hold.
    let config = if cli.config.exists() { open::config(cli)? } else { Config::default() };
    let door = Door::new(config.desk.door.clone()).map_err(Failure::usage)?;
    let gap = std::time::Duration::from_millis(config.desk.host_gap_ms);
    let web = Polite::new(door, Manners { host_gap: gap, ..Manners::default() }, Vec::new());
    let now = open::clock(cli).now();
    let seen = look(&web, url, allow, now).await.map_err(|error| not_seen(web.door(), url, &error))?;
    let code = u8::from(matches!(&seen, Look::Page { page, .. } if page.is_err()));
    if cli.json {
        say_json(&match &seen {
            Look::Feed { url, entries, notes } => json!({"feed": {"url": url, "entries": entries, "notes": notes}}),
            Look::Page { why, page } => {
                let read = match page.as_ref() {
                    Ok(page) => json!({"title": page.snapshot.title, "text": page.snapshot.body()}),
                    Err(error) => json!({"error": error.to_string()}),
                };
                json!({"page": read, "no_feed_because": why})
            }
        });
        return Ok(code);
    }
    let mut text = String::new();
    match &seen {
        Look::Feed { url, entries, notes } => {
            let full = entries.iter().filter(|e| e.full_text.is_some()).count();
            let _ = writeln!(text, "A feed at {url}: {} entries, {full} with their full text", entries.len());
            let rows: Vec<Vec<String>> = entries
                .iter()
                .map(|entry| {
                    vec![
                        entry.published.or(entry.updated).map_or_else(|| "no date".to_owned(), minute),
                        if entry.full_text.is_some() { "full text" } else { "link only" }.to_owned(),
                        format!("“{}”", short(entry.title.as_deref().unwrap_or("no title"), 64)),
                        entry.url.clone(),
                    ]
                })
                .collect();
            text.push_str(&table(&rows));
            for note in notes {
                let _ = writeln!(text, "  note: {note}");
            }
        }
        Look::Page { why, page } => {
            let _ = writeln!(text, "No feed: {why}");
            match page.as_ref() {
                Ok(page) => {
                    let body = page.snapshot.body();
                    let words = body.split_whitespace().count();
                    let title = page.snapshot.title.as_deref().unwrap_or("no title");
                    let _ = writeln!(
                        text,
                        "As a page, {words} words would be read of it: “{title}”\n\n{}",
                        short(body, 600)
                    );
                }
                Err(error) => {
                    let _ = writeln!(text, "As a page: {error}");
                }
            }
        }
    }
    say(&text);
    Ok(code)
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

    #[test]
    fn an_address_that_cannot_be_looked_at_is_answered_with_what_helps() {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let door = Door::new(sources::DoorOptions::default()).unwrap();
        let answer = |url: &str| {
            let error = door.check(url, &[]).unwrap_err();
            let Failure { code, message } = not_seen(&door, url, &SourceError::Door(error));
            (code, message)
        };
        for wrong in ["nonsense", "./feeds/a.xml", "/etc/passwd", "file:///etc/passwd", "ftp://a.example/feed"] {
            let (code, message) = answer(wrong);
            assert!(code == super::super::USAGE && message.contains("https://…"), "{wrong}: {message}");
        }
        for (private, entry) in [
            ("http://127.0.0.1:8080/feed", "127.0.0.1:8080"),
            ("https://[::1]/feed", "[::1]:443"),
            ("http://nas.lan/feed", "nas.lan:80"),
        ] {
            let (code, message) = answer(private);
            let named = message.contains(&format!("`--allow-private {entry}`"))
                && message.contains(&format!("`allow_private = [\"{entry}\"]`"));
            assert!(code == 1 && named, "{private}: {message}");
            assert!(door.check(private, &[entry.to_owned()]).is_ok());
        }
        let (code, message) = answer("https://me:secret@a.example/feed");
        assert!(code == 1 && !message.contains("allow") && !message.contains("secret"), "{message}");
    }
}

//! What people do: each action goes through the inbox, here or in the process that is at work, and is answered.

use std::time::Duration;

use serde_json::json;
use states::event::Event;
use states::state::State;
use states::words::WorkerName;

use super::open::{self, Opened};
use super::out::{say, say_json};
use super::{Answer, Cli, Failure};
use crate::engine::Engine;
use crate::engine::progress::Teller;
use crate::store::{ArticleRow, Entry, InboxRow, Role, Store};

/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a person wants of an article.
pub(super) enum Act {
    Retry,
    Reopen,
    Approve,
    Changes(String),
    Reject(String),
}

impl Act {
    fn event(self, row: &ArticleRow, by: String) -> Result<Event, Failure> {
        Ok(match self {
            Self::Retry => Event::RetryAsked { by },
            Self::Reopen => Event::Reopened { by },
            Self::Changes(note) => Event::ChangesAsked { by, note },
            Self::Reject(why) => Event::RejectedBy { by, why },
            Self::Approve => match &row.state {
                State::Reviewing { gated, .. } => Event::Approved { bytes: gated.bytes.clone(), by },
                state => {
                    let message = format!("it does not wait for you: {} ({})", state.name(), state.reason());
                    return Err(Failure::usage(message));
                }
            },
        })
    }
}

/// Acts on an article.
pub(super) async fn act(cli: &Cli, prefix: &str, act: Act) -> Answer {
    let config = open::config(cli)?;
    let row = {
        let store = open::store_with_work(&config).await?;
        open::article(&store, prefix).await?
    };
    let by = ["PIPELINE_USER", "USER"].iter().find_map(|v| std::env::var(v).ok()).unwrap_or_else(|| "a person".into());
    let event = act.event(&row, by)?;
    let entry = Entry::Act { article: row.id.clone(), event };
    let answer = enter(cli, &entry).await?;
    told(&answer)?;
    let store = open::store_with_work(&config).await?;
    let after = open::article(&store, row.id.as_str()).await?;
    if cli.json {
        say_json(&super::look::as_json(&after));
    } else {
        let next = if matches!(after.state.name(), "Drafting" | "Gating" | "Publishing" | "Fetching") {
            "; `pipeline run` goes on with it, or the daemon does"
        } else {
            ""
        };
        say(&format!("{} is {} now: {}{next}", after.id.short(), after.state.name(), after.state.reason()));
    }
    Ok(0)
}

/// Lets go what is held under a cause.
pub(super) async fn release(cli: &Cli, cause: &str) -> Answer {
    let answer = enter(cli, &Entry::ReleaseCause { cause: cause.to_owned() }).await?;
    told(&answer)?;
    if cli.json {
        say_json(&json!({"released": cause}));
    } else {
        say(&format!("what was held under “{cause}” is tried again by the next run, or by the daemon"));
    }
    Ok(0)
}

pub(super) fn told(answer: &InboxRow) -> Result<(), Failure> {
    match (&answer.refusal, answer.handled) {
        (Some(why), _) => Err(Failure::usage(why)),
        (None, true) => Ok(()),
        (None, false) => Err(Failure {
            code: super::LATER,
            message: "it is in the inbox; the process at work has not come to it yet".into(),
        }),
    }
}

/// Puts an entry into the inbox and has it handled: here, or by the process that is at work.
pub(super) async fn enter(cli: &Cli, entry: &Entry) -> Result<InboxRow, Failure> {
    enter_and(cli, entry, None).await
}

/// As [`enter`]. Handled here, it goes on with seeing this worker off; another process does so by itself.
pub(super) async fn enter_and(cli: &Cli, entry: &Entry, see_off: Option<&WorkerName>) -> Result<InboxRow, Failure> {
    let config = open::config(cli)?;
    let database = config.database();
    let now = open::clock(cli).now();
    let key =
        format!("person/{now}/{}", states::words::hash::sha256_hex(serde_json::json!(entry).to_string().as_bytes()));
    {
        let store = Store::open(&database, None).await?;
        let mut tx = store.begin_unfenced().await?;
        tx.enter(&key, entry, now).await?;
        tx.commit().await?;
    }
    if let Opened::Desk(desk, _lock) = open::desk(cli, config, Role::Run, Teller::default()).await? {
        let mut engine = Engine::start(desk.clone()).await?;
        engine.listen().await?;
        if let Some(worker) = see_off {
            engine.see_off(worker).await?;
        }
        return answered(&desk.store, &key).await;
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    let store = Store::open(&database, None).await?;
    loop {
        let answer = answered(&store, &key).await?;
        if answer.handled || tokio::time::Instant::now() >= until {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn answered(store: &Store, key: &str) -> Result<InboxRow, Failure> {
    store.inbox_entry(key).await?.ok_or_else(|| Failure::software("the inbox has lost an entry"))
}

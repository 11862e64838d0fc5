//! Opening what a command needs: the configuration, the store to read, or the desk of the runner.

use std::path::Path;
use std::sync::Arc;

use super::{Cli, Failure, LATER, recorded};
use crate::config::{Config, Site};
use crate::engine::progress::Teller;
use crate::engine::{Clock, Desk, EngineError};
use crate::store::{ArticleRow, Role, RunnerLock, Store, Taken};

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::software(error)
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        Self::software(error)
    }
}

/// The configuration.
pub(super) fn config(cli: &Cli) -> Result<Config, Failure> {
    Config::load(&cli.config).map_err(Failure::usage)
}

/// The clock.
pub(super) fn clock(cli: &Cli) -> Clock {
    cli.now.map_or_else(Clock::system, Clock::starting_at)
}

/// The store, to read; `None` before the first run.
pub(super) async fn store(config: &Config) -> Result<Option<Store>, Failure> {
    if !config.database().exists() {
        return Ok(None);
    }
    Ok(Some(Store::open(&config.database(), None).await?))
}

/// The store, to read, for commands that make no sense before the first run.
pub(super) async fn store_with_work(config: &Config) -> Result<Store, Failure> {
    store(config).await?.ok_or_else(|| Failure::usage("there is nothing yet: `pipeline run` makes the first run"))
}

/// What a command that wants to be the runner gets.
pub(super) enum Opened {
    /// The desk; the lock goes with it.
    Desk(Arc<Desk>, RunnerLock),
    /// Another process is the runner.
    Busy(Role),
}

/// The desk of the runner. Where a folder is given, what comes from outside is recorded there.
pub(super) async fn desk(
    config: Config,
    role: Role,
    teller: Teller,
    clock: Clock,
    record: Option<&Path>,
) -> Result<Opened, Failure> {
    match RunnerLock::take(&config.database(), role)? {
        Taken::No(role) => Ok(Opened::Busy(role)),
        Taken::Yes(lock) => {
            let store = Store::open(&config.database(), Some(&lock)).await?;
            let clock = match record {
                Some(folder) => recorded::begin(folder, &config, &store, clock).await?,
                None => clock,
            };
            Ok(Opened::Desk(Desk::open(config, store, clock, teller).await?, lock))
        }
    }
}

/// The answer when another process is at work.
pub(super) fn busy() -> Failure {
    Failure { code: LATER, message: "another `pipeline` is at work on this database; try again when it is done".into() }
}

/// The article whose id begins like this.
pub(super) async fn article(store: &Store, prefix: &str) -> Result<ArticleRow, Failure> {
    let mut found = store.articles_like(prefix).await?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::usage(format!("no article's id begins with `{prefix}`; `pipeline articles` lists them"))),
        _ => Err(Failure::usage(format!("more than one article's id begins with `{prefix}`: give more of it"))),
    }
}

/// The site of this name, or the first.
pub(super) fn site<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c Site, Failure> {
    let Some(name) = name else {
        // A configuration without a site is refused when it is read.
        return config.sites.first().ok_or_else(|| Failure::usage("there is no [[site]]"));
    };
    config.sites.iter().find(|s| s.name.as_str() == name).ok_or_else(|| {
        let known: Vec<&str> = config.sites.iter().map(|s| s.name.as_str()).collect();
        Failure::usage(format!("there is no site `{name}`; the configuration has {}", known.join(", ")))
    })
}

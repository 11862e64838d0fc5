//! `pipeline run --record` and `--replay`: the folder of a recording, and the desk that a replay runs on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use states::words::hash::sha256_hex;

use super::Failure;
use crate::config::Config;
use crate::engine::{Clock, RunRequest};
use crate::power::WorkerOptions;
use crate::publish::Credentials;
use crate::record::{Cleaner, Head, Player, RecordError, Recorder, Tape, VERSION};
use crate::store::Store;

/// The database as it was before the recorded run.
const BEFORE: &str = "before.db";
/// The sites as they were.
const SITES: &str = "sites";
/// What marks a folder as that of a replay, which may be emptied.
const MARK: &str = "replay.json";

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::usage(error)
    }
}

/// Begins a recording of the run that comes, or goes on with that of a run which was cut off.
pub(super) async fn begin(folder: &Path, config: &Config, store: &Store, clock: Clock) -> Result<Clock, Failure> {
    let other = |why: &str| Failure::usage(format!("{}: {why}; name a new folder", folder.display()));
    let database = store.fingerprint().await?;
    let head = match Recorder::head_of(folder)? {
        Some(head) => {
            if head.database != database {
                return Err(other("it holds the recording of another database"));
            }
            if Recorder::is_over(folder)? {
                return Err(other("it holds a whole recording"));
            }
            let recorded = Player::open(folder)?;
            if !recorded.runs().is_empty() && recorded.next().is_some() && store.open_run().await?.is_none() {
                return Err(other("the run that it records has ended without it"));
            }
            head
        }
        None => {
            std::fs::create_dir_all(folder).map_err(|e| Failure::usage(format!("{}: {e}", folder.display())))?;
            store.copy_to(&folder.join(BEFORE)).await?;
            Head {
                v: VERSION,
                program: env!("CARGO_PKG_VERSION").to_owned(),
                began: clock.now(),
                clock_given: clock.is_given(),
                database,
                configuration: name_of(config),
            }
        }
    };
    let mut secrets = secrets(config);
    secrets.push(store.secret().await?.iter().map(|byte| format!("{byte:02x}")).collect());
    let recorder = Recorder::open(folder, &head, Cleaner::new(secrets), clock.now())?;
    Ok(clock.on(Tape::recording(recorder)))
}

/// Values that may not stand in a recording: what the variables hold that the configuration names, and what its addresses
/// carry.
fn secrets(config: &Config) -> Vec<String> {
    let mut variables: Vec<&str> = config.providers.iter().filter_map(|p| p.key_env.as_deref()).collect();
    variables.extend(config.sources.iter().filter_map(|s| s.token_env.as_deref()));
    for worker in &config.workers {
        variables.extend(worker.variables());
    }
    for site in &config.sites {
        variables.extend(site.forge.as_ref().map(|forge| forge.token_env.as_str()));
        variables.extend(match &site.credentials {
            Credentials::None => None,
            Credentials::Token { env, .. } => Some(env.as_str()),
            Credentials::Ssh { passphrase_env, .. } => passphrase_env.as_deref(),
        });
    }
    let mut values: Vec<String> =
        variables.into_iter().filter_map(|v| std::env::var(v).ok()).map(|v| v.trim().to_owned()).collect();
    let addresses = config.sources.iter().filter_map(|s| s.url.as_deref());
    let addresses = addresses.chain(config.providers.iter().map(|p| p.base_url.as_str()));
    let addresses = addresses.chain(config.sites.iter().map(|s| s.repo.as_str()));
    values.extend(Cleaner::secrets_in(addresses.chain(config.workers.iter().flat_map(WorkerOptions::addresses))));
    values
}

/// Names a configuration, wherever its things lie.
fn name_of(config: &Config) -> String {
    let mut config = config.clone();
    config.desk.state = PathBuf::new();
    config.desk.hugo = None;
    sha256_hex(serde_json::to_string(&config).unwrap_or_default().as_bytes())[..16].to_owned()
}

/// A replay that is set up.
pub(super) struct Replay {
    /// The configuration, with everything that it writes in the replay's own folder.
    pub(super) config: Config,
    /// The clock of the recording.
    pub(super) clock: Clock,
    /// What its runs were asked to do.
    pub(super) requests: Vec<RunRequest>,
    /// The folder of the replay.
    pub(super) folder: PathBuf,
    /// The configuration is another than then.
    pub(super) reconfigured: bool,
}

/// What marks the folder of a replay.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// The recording.
    recording: PathBuf,
}

/// Sets up a replay in a folder of its own: a copy of the database as it was, and of the sites as they were.
pub(super) fn prepare(recording: &Path, into: Option<&Path>, mut config: Config) -> Result<Replay, Failure> {
    let player = Player::open(recording)?;
    let folder = into.map_or_else(|| recording.join("replayed"), Path::to_owned);
    let disk = |e: std::io::Error| Failure::usage(format!("{}: {e}", folder.display()));
    let folder = std::path::absolute(&folder).map_err(disk)?;
    empty(&folder)?;
    let mark = Mark { recording: std::path::absolute(recording).map_err(disk)? };
    let mark = serde_json::to_string_pretty(&mark).unwrap_or_default() + "\n";
    std::fs::write(folder.join(MARK), mark).map_err(disk)?;
    copy(&recording.join(BEFORE), &folder.join("pipeline.db")).map_err(disk)?;
    if recording.join(SITES).is_dir() {
        copy(&recording.join(SITES), &folder.join(SITES)).map_err(disk)?;
    }
    let reconfigured = player.head().configuration != name_of(&config);
    config.desk.state = folder.join("pipeline.db");
    for site in &mut config.sites {
        site.repo = folder.join(SITES).join(format!("{}.git", site.name)).to_string_lossy().into_owned();
        site.credentials = Credentials::None;
        site.seed = None;
    }
    let mut requests = Vec::new();
    if player.takes_up_a_run() {
        requests.push(RunRequest { sites: Vec::new(), slot: player.head().began, until: None, asked: None });
    }
    for run in player.runs() {
        let request: RunRequest = serde_json::from_value(run.clone())
            .map_err(|e| Failure::usage(format!("{}: its run cannot be read: {e}", recording.display())))?;
        requests.push(request);
    }
    if requests.is_empty() {
        return Err(Failure::usage(format!("{} holds no run: it ended before one began", recording.display())));
    }
    Ok(Replay { config, clock: Clock::system().on(Tape::replaying(player)), requests, folder, reconfigured })
}

/// Makes a folder that is empty: a new one, or that of an earlier replay. Anything else is somebody's.
fn empty(folder: &Path) -> Result<(), Failure> {
    let disk = |e: std::io::Error| Failure::usage(format!("{}: {e}", folder.display()));
    if folder.join(MARK).is_file() {
        std::fs::remove_dir_all(folder).map_err(disk)?;
    }
    std::fs::create_dir_all(folder).map_err(disk)?;
    if std::fs::read_dir(folder).map_err(disk)?.next().is_some() {
        return Err(Failure::usage(format!(
            "{} holds something that is not a replay: name a new folder with --into",
            folder.display()
        )));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return std::fs::copy(from, to).map(|_| ());
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

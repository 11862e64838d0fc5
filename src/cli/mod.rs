//! The command line. It reads arguments, opens what a command needs, and says what came of it: results on standard output,
//! progress and errors on standard error.
//!
//! Exit codes, the first that fits: 2 usage or configuration, 70 the program or its store failed, 1 something was parked in
//! this run or a box did not do what it was told, 75 work was deferred, another process is at work or a box is in use,
//! 3 something waits in review, 0 otherwise.

mod out;
mod progress;
mod open;
mod run;
mod recorded;
mod backtest;
mod judge;
mod answers;
mod look;
mod cost;
mod show;
mod act;
mod worker;
mod worker_status;
mod attempt;
mod gate;
mod rules;
mod sources;
mod address;
mod import;
mod init;
mod config;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::engine::{By, Until};

/// Used wrongly, or the configuration cannot be used.
pub(crate) const USAGE: u8 = 2;
/// The program or its store failed.
pub(crate) const SOFTWARE: u8 = 70;
/// Work was deferred, or another process is at work.
pub(crate) const LATER: u8 = 75;

/// An autonomous publishing desk: finds what is new, writes it, proves it, proposes it. A person merges.
#[derive(Debug, Parser)]
#[command(name = "pipeline", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    /// The configuration.
    #[arg(long, global = true, default_value = "pipeline.toml", value_name = "FILE")]
    config: PathBuf,
    /// The configuration was named, and is not the one that is looked for where none is.
    #[arg(skip)]
    config_is_named: bool,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing while working.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Start the clock at this time, to repeat what was done then.
    #[arg(long, global = true, hide = true, value_name = "TIME")]
    now: Option<Timestamp>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One run: discover, advance everything, select, write, check, propose
    Run {
        /// Only for this site (may be repeated)
        #[arg(long, value_name = "NAME")]
        site: Vec<String>,
        /// The last station that is worked at
        #[arg(long, value_enum, value_name = "STATION")]
        until: Option<Station>,
        /// Say what it would cost instead; nothing is asked, fetched or spent
        #[arg(long, conflicts_with = "until")]
        estimate: bool,
        /// Keep everything that comes from outside in this folder
        #[arg(long, value_name = "FOLDER")]
        record: Option<PathBuf>,
        /// Repeat the run that was recorded in this folder, without a network
        #[arg(long, value_name = "FOLDER", conflicts_with_all = ["record", "site", "until"])]
        replay: Option<PathBuf>,
        /// Where a replay puts what it makes; `replayed` in its recording by default
        #[arg(long, value_name = "FOLDER", requires = "replay")]
        into: Option<PathBuf>,
    },
    /// Run on each site's schedule until told to stop
    Daemon,
    /// What is in flight, what is held, what it has cost
    Status,
    /// What was spent: tokens, dollars, watt-hours, and what else would have cost
    Cost {
        /// What it is told by
        #[arg(long, value_enum, default_value = "day", value_name = "WHAT")]
        by: CostBy,
        /// The first day (UTC), for example 2026-11-01; 30 days back by default
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
        /// The last day (UTC); today by default
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
    },
    /// List articles
    Articles {
        /// Only of this site
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
        /// Only in this state, for example Proposed
        #[arg(long, value_name = "NAME")]
        state: Option<String>,
        /// The most that are listed
        #[arg(long, default_value_t = 50, value_name = "N")]
        most: u32,
    },
    /// One article: where it is and why, its history, what the gate said, its evidence
    Show {
        /// The article: the beginning of its id
        article: String,
        /// With the page as it would be published
        #[arg(long)]
        page: bool,
    },
    /// Why is this URL where it is? Answers for anything
    Why {
        /// The URL
        url: String,
    },
    /// Draft and gate a URL into a folder, without remembering anything
    Try {
        /// The URL, or `file:` and a path from the configuration's folder
        url: String,
        /// For this site; the first by default
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
        /// The form to write in: story, digest, radar or release
        #[arg(long, default_value = "release", value_name = "NAME")]
        template: states::words::Template,
        /// Where the page is put
        #[arg(long, default_value = "try", value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Send a parked article back, or try again what is held under a cause
    Retry {
        /// The article: the beginning of its id
        #[arg(required_unless_present = "cause")]
        article: Option<String>,
        /// The cause, as `pipeline status` names it
        #[arg(long, conflicts_with = "article", value_name = "NAME")]
        cause: Option<String>,
    },
    /// Take a settled article up again
    Reopen {
        /// The article: the beginning of its id
        article: String,
    },
    /// Let a page that waits for you go out, exactly as it is
    Approve {
        /// The article: the beginning of its id
        article: String,
    },
    /// Have a page that waits for you written again
    Changes {
        /// The article: the beginning of its id
        article: String,
        /// What should change
        note: String,
    },
    /// Turn a page that waits for you down
    Reject {
        /// The article: the beginning of its id
        article: String,
        /// Why
        #[arg(default_value = "not for us")]
        why: String,
    },
    /// Where leads come from: how each source goes, and what you do about it
    Sources {
        #[command(subcommand)]
        what: Option<SourcesCommand>,
    },
    /// The boxes that models run on: how each is, and waking one or putting it to sleep by hand
    Worker {
        #[command(subcommand)]
        what: WorkerCommand,
    },
    /// Check Markdown files with the rules of the gate
    Gate(gate::GateArgs),
    /// Print the state machines as Mermaid
    Graph {
        /// The worker's instead of the article's
        #[arg(long)]
        worker: bool,
    },
    /// Read a site's repository and write down how its pages are written
    Init {
        /// The site's repository: a path or URL
        #[arg(long, value_name = "URL")]
        repo: String,
        /// What the site is called
        #[arg(long, default_value = "site", value_name = "NAME")]
        name: String,
        /// Where the configuration is written
        #[arg(long, default_value = "pipeline.toml", value_name = "FILE")]
        out: PathBuf,
    },
    /// What would have become of past articles under this configuration? Asks nobody and writes nothing
    Backtest {
        /// Articles found since this day or time
        #[arg(long, value_name = "DATE")]
        since: String,
        /// From the replay of this recording, instead of the database
        #[arg(long, value_name = "FOLDER")]
        record: Option<PathBuf>,
    },
    /// How the judges agree with people: past scores beside what became of the pages
    Judge {
        #[command(subcommand)]
        what: JudgeCommand,
    },
    /// Show the configuration
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Print the whole store as text
    #[command(hide = true)]
    Dump,
}

#[derive(Debug, Subcommand)]
enum SourcesCommand {
    /// Show what would be read at an address, without remembering anything
    Test {
        /// The address of a feed or a page
        url: String,
        /// A private host (`host` or `host:port`) that it may reach
        #[arg(long, value_name = "HOST")]
        allow_private: Vec<String>,
    },
    /// Make sources of the feeds in an OPML file
    Import {
        /// The file
        file: PathBuf,
        /// Append them to the configuration instead of printing them
        #[arg(long)]
        write: bool,
    },
    /// Do not ask a source any more; what it told goes on
    Mute {
        /// The source
        name: String,
    },
    /// Ask a source again
    Unmute {
        /// The source
        name: String,
    },
    /// Have the next run ask a source that is retired, or was to be asked later
    Retry {
        /// The source
        name: String,
    },
    /// Have done with a source: says what is left to do
    Remove {
        /// The source
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum WorkerCommand {
    /// How each worker is, who uses it, how long it was awake today
    Status {
        /// The worker; all of them by default
        name: Option<String>,
    },
    /// Wake it and leave it awake
    Wake {
        /// The worker; the only one by default
        name: Option<String>,
    },
    /// Put it to sleep, unless work is done there or somebody uses it
    Sleep {
        /// The worker; the only one by default
        name: Option<String>,
        /// Even while work is done there, and even where nobody can say whether somebody uses it
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Subcommand)]
enum JudgeCommand {
    /// Compare past verdicts with what people did; moves no bound
    Calibrate {
        /// Only of this site
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
        /// Decisions since this day (UTC), for example 2026-11-01; all by default
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
        /// Keep it in this file; without a name beside the database, where proposals quote it from
        #[arg(long, value_name = "FILE")]
        write: Option<Option<PathBuf>>,
    },
    /// Show a calibration that was kept
    Show {
        /// The file; the one beside the database by default
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the configuration with everything filled in
    Show {
        /// Print the defaults instead
        #[arg(long)]
        defaults: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Station {
    Fetching,
    Deduplicating,
    Scoring,
    Drafting,
    Gating,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CostBy {
    Day,
    Article,
    Task,
    Model,
}

impl From<CostBy> for By {
    fn from(by: CostBy) -> Self {
        match by {
            CostBy::Day => Self::Day,
            CostBy::Article => Self::Article,
            CostBy::Task => Self::Task,
            CostBy::Model => Self::Model,
        }
    }
}

impl From<Station> for Until {
    fn from(station: Station) -> Self {
        match station {
            Station::Fetching => Self::Fetching,
            Station::Deduplicating => Self::Deduplicating,
            Station::Scoring => Self::Scoring,
            Station::Drafting => Self::Drafting,
            Station::Gating => Self::Gating,
        }
    }
}

/// What went wrong, with the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage(message: impl ToString) -> Self {
        Self { code: USAGE, message: message.to_string() }
    }

    fn software(message: impl ToString) -> Self {
        Self { code: SOFTWARE, message: message.to_string() }
    }
}

type Answer = Result<u8, Failure>;

/// Reads the arguments of the process, does what they say, and answers with the exit code.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    cli.config_is_named = matches.value_source("config") == Some(ValueSource::CommandLine);
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::complain(&format!("the runtime cannot be started: {error}"));
            return ExitCode::from(SOFTWARE);
        }
    };
    let answer = runtime.block_on(dispatch(&cli));
    // Blocking work that hangs, such as a push to a host that does not answer, does not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match answer {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            out::complain(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

async fn dispatch(cli: &Cli) -> Answer {
    match &cli.command {
        Command::Run { site, estimate: true, .. } => cost::estimate(cli, site).await,
        Command::Run { replay: Some(recording), into, .. } => run::replay(cli, recording, into.as_deref()).await,
        Command::Run { site, until, record, .. } => run::run(cli, site, until.map(Into::into), record.as_deref()).await,
        Command::Daemon => run::daemon(cli).await,
        Command::Status => look::status(cli).await,
        Command::Cost { by, since, until } => cost::cost(cli, (*by).into(), *since, *until).await,
        Command::Articles { site, state, most } => look::articles(cli, site.as_deref(), state.as_deref(), *most).await,
        Command::Show { article, page } => show::show(cli, article, *page).await,
        Command::Why { url } => show::why(cli, url).await,
        Command::Try { url, site, template, out } => attempt::attempt(cli, url, site.as_deref(), *template, out).await,
        Command::Retry { article: Some(article), .. } => act::act(cli, article, act::Act::Retry).await,
        Command::Retry { cause, .. } => act::release(cli, cause.as_deref().unwrap_or_default()).await,
        Command::Reopen { article } => act::act(cli, article, act::Act::Reopen).await,
        Command::Approve { article } => act::act(cli, article, act::Act::Approve).await,
        Command::Changes { article, note } => act::act(cli, article, act::Act::Changes(note.clone())).await,
        Command::Reject { article, why } => act::act(cli, article, act::Act::Reject(why.clone())).await,
        Command::Sources { what } => sources::sources(cli, what.as_ref()).await,
        Command::Worker { what: WorkerCommand::Status { name } } => worker_status::status(cli, name.as_deref()).await,
        Command::Worker { what: WorkerCommand::Wake { name } } => worker::wake(cli, name.as_deref()).await,
        Command::Worker { what: WorkerCommand::Sleep { name, force } } => {
            worker::sleep(cli, name.as_deref(), *force).await
        }
        Command::Gate(args) => gate::gate(cli, args).await,
        Command::Graph { worker } => {
            out::say(&if *worker { states::explore::worker_mermaid() } else { states::explore::article_mermaid() });
            Ok(0)
        }
        Command::Init { repo, name, out } => init::init(cli, repo, name, out).await,
        Command::Judge { what: JudgeCommand::Calibrate { site, since, write } } => {
            judge::calibrate(cli, site.as_deref(), *since, write.as_ref().map(Option::as_deref)).await
        }
        Command::Judge { what: JudgeCommand::Show { file } } => judge::show(cli, file.as_deref()),
        Command::Config { what: ConfigCommand::Show { defaults } } => config::show(cli, *defaults),
        Command::Backtest { since, record } => backtest::run(cli, since, record.as_deref()).await,
        Command::Dump => look::dump(cli).await,
    }
}

//! `pipeline run` and `pipeline daemon`.

use std::time::Duration;

use states::words::SiteName;

use super::open::{self, Opened};
use super::out::{note, say, say_json, short, table};
use super::progress::Listener;
use super::{Answer, Cli, Failure};
use crate::engine::run::ReportLine;
use crate::engine::{Engine, Report, RunRequest, Stop, Until};
use crate::store::{Entry, Role, Store};

/// How long what is under way gets to come back when the program ends.
const PATIENCE: Duration = Duration::from_secs(8);

/// One run. Beside a daemon it is queued there.
pub(super) async fn run(cli: &Cli, sites: &[String], until: Option<Until>) -> Answer {
    let config = open::config(cli)?;
    let mut names: Vec<SiteName> = Vec::new();
    for name in sites {
        names.push(open::site(&config, Some(name))?.name.clone());
    }
    let stop = Stop::on_signals().map_err(Failure::software)?;
    let (teller, listener) = Listener::start(cli.quiet || cli.json);
    let database = config.database();
    let opened = open::desk(cli, config, Role::Run, teller).await?;
    let (desk, _lock) = match opened {
        Opened::Desk(desk, lock) => (desk, lock),
        Opened::Busy(Role::Run) => return Err(open::busy()),
        Opened::Busy(Role::Daemon) if until.is_some() => return Err(open::busy()),
        Opened::Busy(Role::Daemon) => {
            let store = Store::open(&database, None).await?;
            let now = open::clock(cli).now();
            let mut tx = store.begin_unfenced().await?;
            tx.enter(&format!("run/{now}"), &Entry::Run { sites: names }, now).await?;
            tx.commit().await?;
            note("a daemon is at work; it does this run next");
            return Ok(0);
        }
    };
    let request = RunRequest { sites: names, slot: cli.now.unwrap_or_else(|| desk.clock.now()), until, asked: None };
    let report = {
        let mut engine = Engine::start(desk).await?;
        let open = engine.interrupted().await?;
        let mut report = engine.run(&request, &stop).await?;
        // One that was interrupted has been taken up first; sites that it did not serve get theirs now.
        let served = |name: &SiteName| open.as_ref().is_none_or(|run| run.sites.contains(name));
        if !request.sites.iter().all(served) && !report.stopped {
            report = engine.run(&request, &stop).await?;
        }
        engine.wind_down(PATIENCE).await?;
        report
    };
    listener.finish().await;
    if cli.json {
        say_json(&report);
    } else {
        say(&words(&report));
    }
    Ok(report.exit_code())
}

/// Runs until told to stop.
pub(super) async fn daemon(cli: &Cli) -> Answer {
    let config = open::config(cli)?;
    let stop = Stop::on_signals().map_err(Failure::software)?;
    let upcoming = Engine::upcoming(&config, open::clock(cli).now())?;
    let (teller, listener) = Listener::start(cli.quiet || cli.json);
    let Opened::Desk(desk, _lock) = open::desk(cli, config, Role::Daemon, teller).await? else {
        return Err(open::busy());
    };
    match upcoming.iter().min_by_key(|(_, at)| *at) {
        Some((site, at)) => note(&format!("the daemon is at work; the next run is for {site} at {at}")),
        None => {
            note("the daemon is at work; no site has a `schedule`, so that it only runs when asked (`pipeline run`)")
        }
    }
    let json = cli.json;
    {
        let mut engine = Engine::start(desk).await?;
        engine.serve(&stop, |report| if json { say_json(report) } else { say(&words(report)) }).await?;
    }
    listener.finish().await;
    note("the daemon has stopped; nothing is lost");
    Ok(0)
}

/// A report in words.
fn words(report: &Report) -> String {
    let mut text = String::new();
    let mut list = |title: &str, lines: &[ReportLine], hint: &str| {
        if lines.is_empty() {
            return;
        }
        text.push_str(&format!("{title}\n"));
        let rows: Vec<Vec<String>> = lines
            .iter()
            .map(|l| vec![l.article.clone(), format!("“{}”", short(&l.title, 64)), l.reason.clone()])
            .collect();
        text.push_str(&table(&rows));
        text.push_str(&format!("  {hint}\n"));
    };
    list("Proposed", &report.proposed, "look at one with its evidence: pipeline show ID");
    list("Waits for you", &report.in_review, "pipeline show ID, then pipeline approve ID, changes ID or reject ID");
    list("Parked", &report.parked, "once that is mended: pipeline retry ID");
    if !report.causes.is_empty() {
        text.push_str("Held, and resumed by itself when the cause is gone\n");
        for cause in &report.causes {
            let pieces = counted(usize::try_from(cause.held).unwrap_or(usize::MAX));
            text.push_str(&format!("  {pieces} under “{}”: {}\n", cause.cause, cause.message));
        }
    }
    if report.later > 0 {
        text.push_str(&format!(
            "{} failed and is tried again later, by the next run or the daemon.\n",
            counted(report.later)
        ));
    }
    if report.proposed.is_empty() {
        let why: Vec<String> =
            report.selected.iter().filter_map(|s| s.why.as_ref().map(|why| format!("{}: {why}", s.site))).collect();
        let why = if why.is_empty() { "nothing passed the gate in this run".to_owned() } else { why.join("; ") };
        text.push_str(&format!("Nothing new is proposed ({why}).\n"));
    }
    let moved: Vec<String> = report.states.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let moved = if moved.is_empty() { "no article moved".to_owned() } else { moved.join(", ") };
    text.push_str(&format!("This run: {moved}; cost {}, energy {}.\n", report.cost, report.energy));
    let answers: Vec<String> = report
        .answers
        .iter()
        .filter(|a| a.answers > 0)
        .map(|a| format!("{} {} {}", a.answers, a.task, a.tier))
        .collect();
    if !answers.is_empty() {
        text.push_str(&format!("Answers: {}.\n", answers.join(", ")));
    }
    if report.stopped {
        text.push_str("It was stopped before it was done; the next run goes on where it stopped.\n");
    }
    text
}

/// So many pieces of work.
fn counted(pieces: usize) -> String {
    if pieces == 1 { "1 piece of work".to_owned() } else { format!("{pieces} pieces of work") }
}

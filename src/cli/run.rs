//! `pipeline run` and `pipeline daemon`.

use std::path::Path;
use std::time::Duration;

use states::words::SiteName;

use super::open::{self, Opened};
use super::out::{complain, note, say, say_json, short, table};
use super::progress::Listener;
use super::{Answer, Cli, Failure, LATER, answers, recorded};
use crate::engine::run::ReportLine;
use crate::engine::{Engine, Report, RunRequest, Stop, Until};
use crate::record::{Player, Recorder, Told};
use crate::store::{Entry, Role, Store};

/// How long what is under way gets to come back when the program ends.
const PATIENCE: Duration = Duration::from_secs(8);

/// One run, recorded where a folder is given. Beside a daemon it is queued there.
pub(super) async fn run(cli: &Cli, sites: &[String], until: Option<Until>, record: Option<&Path>) -> Answer {
    let config = open::config(cli)?;
    let mut names: Vec<SiteName> = Vec::new();
    for name in sites {
        names.push(open::site(&config, Some(name))?.name.clone());
    }
    let stop = Stop::on_signals().map_err(Failure::software)?;
    let (teller, listener) = Listener::start(cli.quiet || cli.json);
    let database = config.database();
    let opened = open::desk(config, Role::Run, teller, open::clock(cli), record).await?;
    let (desk, _lock) = match opened {
        Opened::Desk(desk, lock) => (desk, lock),
        Opened::Busy(Role::Run) => return Err(open::busy()),
        Opened::Busy(Role::Daemon) if until.is_some() || record.is_some() => return Err(open::busy()),
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
        let mut engine = Engine::start(desk.clone()).await?;
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
    let recorder = desk.clock.tape().recorder();
    if recorder.is_some() && !report.stopped {
        desk.clock.tape().over();
    }
    let unrecorded = recorder.and_then(Recorder::ended);
    drop(desk);
    listener.finish().await;
    if cli.json {
        say_json(&report);
    } else {
        say(&words(&report));
    }
    if let Some(why) = unrecorded {
        complain(&format!("the recording ended before the run and cannot be replayed to its end: {why}"));
    }
    Ok(report.exit_code())
}

/// What a replay answers with `--json`.
#[derive(serde::Serialize)]
struct Replayed<'r> {
    /// What its runs came to.
    reports: &'r [Report],
    /// Where everything lies that it made.
    folder: &'r Path,
    /// What was not recorded, and what was not come to.
    #[serde(flatten)]
    told: &'r Told,
}

/// Repeats the runs of a recording, without a network.
pub(super) async fn replay(cli: &Cli, recording: &Path, into: Option<&Path>) -> Answer {
    let replay = recorded::prepare(recording, into, open::config(cli)?)?;
    if replay.reconfigured {
        note("the configuration is another than that of the recording: other pages may come of it");
    }
    let stop = Stop::on_signals().map_err(Failure::software)?;
    let (teller, listener) = Listener::start(cli.quiet || cli.json);
    let Opened::Desk(desk, _lock) = open::desk(replay.config, Role::Run, teller, replay.clock, None).await? else {
        return Err(open::busy());
    };
    let mut reports = Vec::new();
    {
        let mut engine = Engine::start(desk.clone()).await?;
        for request in &replay.requests {
            reports.push(engine.run(request, &stop).await?);
            engine.next_recorded();
        }
        engine.wind_down(PATIENCE).await?;
    }
    let told = desk.clock.tape().player().map(Player::told).unwrap_or_default();
    drop(desk);
    listener.finish().await;
    if cli.json {
        say_json(&Replayed { reports: &reports, folder: &replay.folder, told: &told });
    } else {
        reports.iter().for_each(|report| say(&words(report)));
        for what in &told.missed {
            say(&format!("Not in the recording: {what}"));
        }
        for what in &told.diverged {
            say(&format!("In the recording, and not come to: {what}"));
        }
        say(&format!("What was made lies in {}; nothing was asked outside.", replay.folder.display()));
    }
    let code = reports.iter().map(Report::exit_code).find(|code| *code != 0).unwrap_or(0);
    Ok(if told == Told::default() { code } else { LATER })
}

/// Runs until told to stop.
pub(super) async fn daemon(cli: &Cli) -> Answer {
    let config = open::config(cli)?;
    let stop = Stop::on_signals().map_err(Failure::software)?;
    let upcoming = Engine::upcoming(&config, open::clock(cli).now())?;
    let (teller, listener) = Listener::start(cli.quiet || cli.json);
    let Opened::Desk(desk, _lock) = open::desk(config, Role::Daemon, teller, open::clock(cli), None).await? else {
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
    let answers = answers::list(&report.answers);
    if !answers.is_empty() {
        text.push_str(&format!("Answers: {answers}.\n"));
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

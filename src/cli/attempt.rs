//! `pipeline try`.

use std::path::Path;

use serde_json::json;
use states::words::{Template, Verdict};

use super::open;
use super::out::{note, say, say_json};
use super::progress::Listener;
use super::{Answer, Cli, Failure};
use crate::config::{Config, Site};
use crate::engine::Desk;
use crate::store::{Role, RunnerLock, Store, Taken};

/// Drafts and gates a URL into a folder, on a throwaway store.
pub(super) async fn attempt(cli: &Cli, url: &str, site: Option<&str>, template: Template, out: &Path) -> Answer {
    let mut config = open::config(cli)?;
    let mut site = open::site(&config, site)?.clone();
    if leave_out_what_bills(&mut config, &mut site) {
        note("models that bill are left out of a trial: it stands outside the books and the caps");
    }
    let throwaway = tempfile::tempdir().map_err(Failure::software)?;
    let keep = config.database();
    config.desk.state = throwaway.path().join("try.db");
    let database = config.database();
    let Taken::Yes(lock) = RunnerLock::take(&database, Role::Run)? else { return Err(open::busy()) };
    let store = Store::open(&database, Some(&lock)).await?;
    let (teller, listener) = Listener::start(cli.quiet || cli.json);
    let desk = Desk::open(config, store, open::clock(cli), teller).await?;
    tracing::debug!(state = %keep.display(), "a trial leaves the state alone");
    let trial = desk.trial(&site, url, template, out).await;
    drop(desk);
    listener.finish().await;
    let trial = trial.map_err(|message| Failure { code: 1, message })?;
    let verdict = trial.report.verdict();
    if cli.json {
        say_json(
            &json!({"score": trial.score, "drafts": trial.drafts, "revisions": trial.steps, "report": trial.report,
            "files": trial.files.iter().map(|f| out.join(&f.path)).collect::<Vec<_>>()}),
        );
    } else {
        let worth = if trial.score.total >= trial.threshold { "reaches" } else { "does not reach" };
        say(&format!(
            "“{}”\nread {} words from {}\nscore {}, which {worth} the threshold of {}\n{} drafts\n",
            trial.draft.title.text,
            states::words::text::count_words(trial.snapshot.body()),
            trial.snapshot.url,
            trial.score.total,
            trial.threshold,
            trial.drafts,
        ));
        say(&gates::text::report(&trial.report));
        if !trial.steps.is_empty() {
            say(&super::show::revisions(&trial.steps));
        }
        for file in &trial.files {
            note(&format!("written: {}", out.join(&file.path).display()));
        }
    }
    Ok(match verdict {
        Verdict::Pass => 0,
        Verdict::Review | Verdict::NotRun { .. } => 3,
        Verdict::Revise | Verdict::Reject => 1,
    })
}

/// Takes the models that bill off the routes of a trial; the built-in provider answers where nobody is left.
fn leave_out_what_bills(config: &mut Config, site: &mut Site) -> bool {
    let mut routes = config.routes(site).clone();
    let left_out = routes.leave_out(|name| config.provider(name).is_some_and(|p| config.bills(p)));
    site.routes = Some(routes);
    left_out
}

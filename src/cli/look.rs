//! `pipeline status`, `pipeline articles` and the dump.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use states::words::{MilliWattHours, NanoUsd};

use super::out::{say, say_json, short, table};
use super::{Answer, Cli, answers, open};
use crate::store::{AnswersOf, ArticleRow, Period, PollRow};

/// The most failing sources that `status` lists.
const MOST_FAILING: usize = 10;

/// What is in flight, what is held, what it has cost.
pub(super) async fn status(cli: &Cli) -> Answer {
    let config = open::config(cli)?;
    let Some(store) = open::store(&config).await? else {
        if cli.json {
            say_json(
                &json!({"sites": {}, "causes": [], "workers": [], "batches": [], "sources": [], "last_run": null}),
            );
        } else {
            say("Nothing yet: `pipeline run` makes the first run.");
        }
        return Ok(0);
    };
    let now = open::clock(cli).now();
    let counts = store.counts().await?;
    let causes: Vec<_> = store.causes().await?.into_iter().filter(|c| c.held > 0).collect();
    let workers = store.worker_states().await?;
    let batches = store.batch_waits().await?;
    let polls = store.polls().await?;
    let run = store.runs(1).await?.into_iter().next();
    let ago = |days: i64| now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::UNIX_EPOCH);
    let answered = |days| store.answers_by_tier(AnswersOf::Period(Period { since: ago(days), until: Timestamp::MAX }));
    let answers = (answered(1).await?, answered(30).await?);
    let (day, month) = (store.booked(None, ago(1)).await?, store.booked(None, ago(30)).await?);
    if cli.json {
        let sites: BTreeMap<&str, BTreeMap<&str, i64>> =
            counts.iter().fold(BTreeMap::new(), |mut all, (site, state, n)| {
                all.entry(site.as_str()).or_default().insert(state, *n);
                all
            });
        say_json(&json!({
            "sites": sites,
            "causes": causes,
            "workers": workers.iter().map(|(name, state, _)| json!({"name": name, "state": state.name()})).collect::<Vec<_>>(),
            "batches": batches,
            "sources": polls,
            "last_run": run.as_ref().map(|r| json!({"id": r.id, "started_at": r.started_at, "phase": r.phase})),
            "answers_24h": answers.0, "answers_30d": answers.1,
            "cost_24h": day.0, "cost_30d": month.0, "energy_24h_mwh": day.1, "energy_30d_mwh": month.1,
        }));
        return Ok(0);
    }
    let mut text = String::new();
    for site in &config.sites {
        let states: Vec<String> = counts
            .iter()
            .filter(|(name, ..)| name == site.name.as_str())
            .map(|(_, state, n)| format!("{n} {state}"))
            .collect();
        let states = if states.is_empty() { "no articles".into() } else { states.join(", ") };
        text.push_str(&format!("{}: {states}\n", site.name));
    }
    match run {
        Some(run) if run.phase == "finished" => text.push_str(&format!("Last run: {}\n", minute(run.started_at))),
        Some(run) => text.push_str(&format!("A run began {} and is {}\n", minute(run.started_at), run.phase)),
        None => {}
    }
    for cause in &causes {
        text.push_str(&format!("Held under “{}” since {}: {}\n", cause.cause, minute(cause.since), cause.message));
    }
    for (name, state, _) in &workers {
        text.push_str(&format!("Worker {name}: {}\n", state.name().to_lowercase()));
    }
    for wait in &batches {
        let questions =
            if wait.questions == 1 { "1 question waits".into() } else { format!("{} questions wait", wait.questions) };
        let last = wait.last.as_ref().map(|last| format!(" ({last})")).unwrap_or_default();
        text.push_str(&format!("{questions} in a batch at {} since {}{last}\n", wait.provider, minute(wait.since)));
    }
    text.push_str(&failing(&polls));
    for (counts, when) in [(&answers.0, "24 hours"), (&answers.1, "30 days")] {
        let tiers = answers::by_tier(counts);
        if !tiers.is_empty() {
            text.push_str(&format!("Answers in {when}: {tiers}\n"));
        }
    }
    text.push_str(&format!("Spent: {}\n", spent(day, month)));
    say(&text);
    Ok(0)
}

/// The sources that fail, as many as fit.
fn failing(polls: &[PollRow]) -> String {
    let failing: Vec<&PollRow> = polls.iter().filter(|poll| poll.failures > 0).collect();
    let mut text = String::new();
    for poll in failing.iter().take(MOST_FAILING) {
        let often = match poll.failures {
            1 => "once".to_owned(),
            n => format!("{n} times in a row"),
        };
        let why = poll.error.as_deref().unwrap_or_default();
        text.push_str(&format!("Source {} failed {often}: {why}\n", poll.source));
    }
    if failing.len() > MOST_FAILING {
        text.push_str(&format!("and {} more: `pipeline sources`\n", failing.len() - MOST_FAILING));
    }
    text
}

fn spent(day: (NanoUsd, MilliWattHours), month: (NanoUsd, MilliWattHours)) -> String {
    format!("{} and {} in 24 hours; {} and {} in 30 days", day.0, day.1, month.0, month.1)
}

/// To the minute, UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Lists articles.
pub(super) async fn articles(cli: &Cli, site: Option<&str>, state: Option<&str>, most: u32) -> Answer {
    let config = open::config(cli)?;
    let site = site.map(|name| open::site(&config, Some(name))).transpose()?.map(|s| s.name.clone());
    let Some(store) = open::store(&config).await? else {
        say(if cli.json { "[]" } else { "Nothing yet: `pipeline run` makes the first run." });
        return Ok(0);
    };
    let rows = store.articles(site.as_ref(), state, most).await?;
    if cli.json {
        say_json(&rows.iter().map(as_json).collect::<Vec<_>>());
        return Ok(0);
    }
    let mut lines = Vec::new();
    for row in &rows {
        let title = store.draft_title(row).await?.unwrap_or_else(|| row.label());
        lines.push(vec![
            row.id.short().to_owned(),
            row.state.name().to_owned(),
            minute(row.changed_at),
            format!("“{}”", short(&title, 56)),
            row.state.reason(),
        ]);
    }
    say(&if lines.is_empty() { "No such articles.".to_owned() } else { table(&lines) });
    Ok(0)
}

/// An article as JSON.
pub(super) fn as_json(row: &ArticleRow) -> serde_json::Value {
    json!({
        "id": row.id, "site": row.site, "origin": row.origin, "state": row.state.name(), "reason": row.state.reason(),
        "detail": row.state, "lead": row.lead, "found_at": row.found_at, "changed_at": row.changed_at,
    })
}

/// Prints the whole store; the last line says whether every journal folds to the state that is stored.
pub(super) async fn dump(cli: &Cli) -> Answer {
    let config = open::config(cli)?;
    let store = open::store_with_work(&config).await?;
    say(&store.dump().await?);
    let wrong = store.check_journals().await?;
    if wrong.is_empty() {
        say("every journal folds to its state");
        return Ok(0);
    }
    say(&format!("these journals do not fold to their states: {}", wrong.join(", ")));
    Ok(super::SOFTWARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_sources_are_listed_as_far_as_they_fit() {
        let poll = |n: u32, failures: u32| {
            let source = format!("s{n}").parse().unwrap();
            let row = PollRow::new(source, serde_json::Value::Null, Timestamp::UNIX_EPOCH);
            PollRow { failures, error: Some("no answer".into()), ..row }
        };
        assert_eq!(failing(&[poll(0, 0)]), "");
        let two = failing(&[poll(1, 1), poll(2, 2)]);
        assert_eq!(two, "Source s1 failed once: no answer\nSource s2 failed 2 times in a row: no answer\n");
        let many: Vec<PollRow> = (0..13).map(|n| poll(n, n)).collect();
        let text = failing(&many);
        assert_eq!(text.lines().count(), 11, "{text}");
        assert!(text.ends_with("and 2 more: `pipeline sources`\n"), "{text}");
        assert!(!failing(&many[..11]).contains("more"));
    }
}

//! `pipeline backtest`: what past articles would have become under this configuration.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::out::{say, say_json, short, table};
use super::{Answer, Cli, Failure, open};
use crate::engine::backtest::{Backtest, Change, backtest};
use crate::store::Store;

/// Decides past articles again, from the database or from the replay of a recording.
pub(super) async fn run(cli: &Cli, since: &str, record: Option<&Path>) -> Answer {
    let since = time(since)?;
    let config = open::config(cli)?;
    let store = match record {
        None => open::store_with_work(&config).await?,
        Some(folder) => {
            let database = folder.join("replayed/pipeline.db");
            if !database.is_file() {
                let folder = folder.display();
                return Err(Failure::usage(format!(
                    "{folder} has no replay to read: `pipeline run --replay {folder}`, with the configuration of then"
                )));
            }
            Store::open(&database, None).await?
        }
    };
    let test = backtest(&config, &store, since).await?;
    if cli.json {
        say_json(&test);
    } else {
        say(&words(&test));
    }
    Ok(0)
}

/// A day or a time.
fn time(text: &str) -> Result<Timestamp, Failure> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    text.parse().ok().or_else(day).ok_or_else(|| {
        Failure::usage(format!("`{text}` is neither a day (2026-03-01) nor a time (2026-03-01T06:00:00Z)"))
    })
}

/// A backtest in words.
fn words(test: &Backtest) -> String {
    let mut text = format!("{} articles since {}, decided again\n\n", test.articles, test.since);
    let mut rows = vec![vec!["".to_owned(), "then".to_owned(), "now".to_owned(), String::new()]];
    for (what, count) in &test.counts {
        let changed = if count.then == count.now { "" } else { "*" };
        rows.push(vec![what.clone(), count.then.to_string(), count.now.to_string(), changed.to_owned()]);
    }
    text.push_str(&table(&rows));
    if test.changes.is_empty() {
        text.push_str("\nNothing would be otherwise.\n");
    } else {
        text.push_str("\nWhat would be otherwise\n");
        let line = |c: &Change| {
            let title = format!("“{}”", short(&c.title, 48));
            vec![c.article.clone(), title, format!("{} → {}", c.then, c.now), short(&c.why, 160)]
        };
        text.push_str(&table(&test.changes.iter().map(line).collect::<Vec<_>>()));
    }
    text.push_str("\nNot decided again\n");
    for note in &test.notes {
        text.push_str(&format!("  {note}\n"));
    }
    text
}

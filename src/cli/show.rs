//! `pipeline show` and `pipeline why`: everything that is known of one article.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gates::revision::Step;
use serde_json::json;
use states::state::{Candidate, State};
use states::words::{Brief, Cite, MachineId, Place, Report, ReportId};

use super::look::{as_json, minute};
use super::out::{say, say_json, short, table};
use super::{Answer, Cli, Failure, answers, open};
use crate::engine::judged::record_line;
use crate::engine::revisions::Tried;
use crate::store::{AnswersOf, ArticleRow, Store};

/// One article.
pub(super) async fn show(cli: &Cli, prefix: &str, page: bool) -> Answer {
    let config = open::config(cli)?;
    let store = open::store_with_work(&config).await?;
    let row = open::article(&store, prefix).await?;
    let history = store.history(&MachineId::Article(row.id.clone())).await?;
    let report = match report_of(&row.state) {
        Some(id) => Some(store.report(id).await?),
        None => None,
    };
    let steps = Tried::of(&store, &row.id).await?.steps();
    let given = store.answers_by_tier(AnswersOf::Article(&row.id)).await?;
    if cli.json {
        say_json(&json!({"article": as_json(&row), "history": history, "report": report, "revisions": steps,
            "answers": given}));
        return Ok(0);
    }
    let mut text = summary(&store, &row).await?;
    text.push_str("\nHistory\n");
    let rows: Vec<Vec<String>> = history
        .iter()
        .map(|h| {
            let from = h.from.clone().unwrap_or_else(|| "·".into());
            vec![minute(h.at), h.event.clone(), format!("{from} → {}", h.to)]
        })
        .collect();
    text.push_str(&table(&rows));
    text.push_str(&revisions(&steps));
    if let Some(report) = &report {
        let brief = match row.state.brief() {
            Some(id) => Some(store.brief(id).await?),
            None => None,
        };
        let _ = write!(text, "\n{}", gates::text::report(report));
        if let Some(id) = report_of(&row.state)
            && let Some(line) = record_line(&config, &store, id, &row.site).await?
        {
            let _ = writeln!(text, "{line}");
        }
        if let Some(brief) = brief {
            text.push_str(&evidence(&brief, report));
        }
        if page {
            for file in store.page(&report.bytes).await? {
                let _ = write!(text, "\n--- {}\n{}", file.path, file.text);
            }
        }
    }
    let (cost, calls) = store.article_cost(&row.id).await?;
    if !given.is_empty() {
        let _ = writeln!(text, "\nAnswers: {}", answers::list(&given));
    }
    let _ = write!(text, "\nCost: {cost} in {calls} model calls\n");
    say(&text);
    Ok(0)
}

/// What each revision came to; nothing where there was none.
pub(super) fn revisions(steps: &[Step]) -> String {
    let mut text = String::new();
    for line in gates::revision::steps_lines(steps) {
        let _ = writeln!(text, "  {line}");
    }
    if text.is_empty() { text } else { format!("\nRevisions\n{text}") }
}

/// The sources of a brief and, per claim, the bytes that prove it. A sentence whose quotation is listed is not listed again.
fn evidence(brief: &Brief, report: &Report) -> String {
    let mut text = String::from("\nSources\n");
    for (n, source) in brief.sources.iter().enumerate() {
        let _ = writeln!(text, "  [{}] {} — {}", n + 1, source.title, source.url);
    }
    let quoted: BTreeSet<&Place> = report.evidence.iter().filter(|r| r.kind == "quotation").map(|r| &r.place).collect();
    let rows: Vec<Vec<String>> = report
        .evidence
        .iter()
        .filter(|r| r.kind != "sentence" || !quoted.contains(&r.place))
        .map(|row| {
            let number =
                |cite: &Cite| brief.sources.iter().position(|s| s.snapshot == cite.snapshot).map_or(0, |n| n + 1);
            let proof = match &row.cite {
                Some(cite) => format!("[{}] bytes {} to {}", number(cite), cite.start, cite.end),
                None => "not proven".to_owned(),
            };
            vec![row.place.to_string(), row.kind.clone(), short(&row.claim, 64), proof]
        })
        .collect();
    text.push_str("\nEvidence\n");
    text.push_str(&table(&rows));
    text
}

async fn summary(store: &Store, row: &ArticleRow) -> Result<String, Failure> {
    let mut text = String::new();
    let title = store.draft_title(row).await?.unwrap_or_else(|| row.label());
    let _ = writeln!(text, "“{title}”");
    let _ = writeln!(text, "{}: {}", row.state.name(), row.state.reason());
    let _ = writeln!(text, "article {} of {}, from {}", row.id, row.site, row.origin);
    if let State::Duplicate { of, .. } = &row.state {
        match (store.post(of).await?, store.article(of).await?) {
            (Some((path, title)), _) => {
                let title = title.map(|t| format!(" “{t}”")).unwrap_or_default();
                let _ = writeln!(text, "it repeats the site's own post{title}: {path}");
            }
            (None, Some(other)) => {
                let _ = writeln!(text, "it repeats “{}”: {}", other.label(), other.state.reason());
            }
            (None, None) => {}
        }
    }
    if let Some(lead) = &row.lead {
        let _ = writeln!(text, "found {} at the source {}: {}", minute(lead.found_at), lead.source, lead.url);
    }
    if let Some(candidate) = candidate(&row.state) {
        let score = &candidate.score;
        let parts: Vec<String> = score.parts.iter().map(|(part, n)| format!("{part} {n}")).collect();
        let _ = writeln!(text, "score {}: {} ({})", score.total, parts.join(" + "), score.why);
        let story = &candidate.story;
        if story.first_article() != row.id {
            let _ = writeln!(text, "of the story that began with {}", story.first_article().short());
        }
    }
    for open in store.open_rows(&MachineId::Article(row.id.clone())).await? {
        let last = open.last.map(|l| format!("; last time: {l}")).unwrap_or_default();
        let held = open.cause.map(|c| format!("; held under “{c}”")).unwrap_or_default();
        let _ = writeln!(
            text,
            "waits for {} (due {}, {} failed tries{held}{last})",
            open.effect.name(),
            minute(open.due_at),
            open.tries
        );
    }
    Ok(text)
}

fn candidate(state: &State) -> Option<&Candidate> {
    match state {
        State::Shortlisted { candidate } | State::Absorbed { candidate, .. } => Some(candidate),
        State::Skipped { candidate, .. } => candidate.as_ref(),
        _ => None,
    }
}

fn report_of(state: &State) -> Option<&ReportId> {
    match state {
        State::Reviewing { gated, .. } | State::Publishing { gated, .. } | State::Proposed { gated, .. } => {
            Some(&gated.report)
        }
        State::Rejected { report, .. } => report.as_ref(),
        State::Drafting { previous: Some(previous), .. } => previous.report.as_ref(),
        State::Parked { at, .. } => report_of(at),
        _ => None,
    }
}

/// Why a URL is where it is.
pub(super) async fn why(cli: &Cli, url: &str) -> Answer {
    let config = open::config(cli)?;
    let canonical = sources::canonical(url).map_err(|e| Failure::usage(format!("{url} is no address: {e}")))?;
    let found = match open::store(&config).await? {
        Some(store) => {
            let mut found = Vec::new();
            for (how, row) in store.articles_at(&canonical).await? {
                let steps = Tried::of(&store, &row.id).await?.steps();
                let text = summary(&store, &row).await? + &revisions(&steps);
                found.push((how, row, steps, text));
            }
            found
        }
        None => Vec::new(),
    };
    if cli.json {
        let all: Vec<_> = found
            .iter()
            .map(|(how, row, steps, _)| json!({"how": how, "article": as_json(row), "revisions": steps}))
            .collect();
        say_json(&json!({"url": url, "canonical": canonical, "articles": all}));
        return Ok(0);
    }
    if found.is_empty() {
        say(&format!(
            "{canonical} was never seen.\nNo source has named it yet. `pipeline try {url}` shows what would become of it."
        ));
        return Ok(0);
    }
    for (how, .., text) in found {
        let how = match how.as_str() {
            "found" => "named by a source",
            "redirect" => "reached by a redirect",
            other => other,
        };
        say(&format!("{canonical} is known ({how}).\n{text}"));
    }
    Ok(0)
}

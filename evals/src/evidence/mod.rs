//! Evidence: how often wrong facts are caught and true sentences flagged, and how far the support score goes with what people say.

mod cases;
mod correlation;
mod generate;
mod judged;
mod planting;
mod texts;
mod values;
mod wording;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use clap::Args;

use crate::report::{Case as Shown, Report, Table};
use cases::{Case, Claimed};
use correlation::{pearson, spearman};
use judged::Said;

/// The seed of the generated cases where none is named.
pub(crate) const SEED: u64 = 1;

/// The largest share of true sentences that may be flagged.
const FLAGGED: f64 = 0.02;

/// What to score, and what to show.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// The seed of the cases that are made from pages.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Show so many of the wrong sentences that are missed, by kind, and of the true ones that are flagged.
    #[arg(long, value_name = "N", default_value_t = 0)]
    examples: usize,
}

impl Default for How {
    fn default() -> Self {
        Self { seed: SEED, examples: 0 }
    }
}

/// Scores the cases of a folder's `evidence`, and those that are made from its `pages`.
///
/// # Errors
/// Neither is there, or cannot be read.
pub(crate) fn score(dir: &Path, how: &How) -> anyhow::Result<Report> {
    let mut report = Report::new(
        "evidence",
        "Sentences against their sources, as `gates::evidence::against` judges them with default settings; `evidence/copied` is off, \
         since it is not about truth. Flagged or caught: at least one error. Generated cases are made of the gold texts of \
         pages: true sentences taken over, shortened, merged and reworded, and such with one value exchanged.",
    );
    let given = cases::read(&dir.join("evidence"))?;
    let made = generate::generate(dir, how.seed)?;
    anyhow::ensure!(
        given.is_some() || made.is_some(),
        "{} has neither `evidence/*.jsonl` nor `pages/aeb`: name the folder that holds them",
        dir.display()
    );
    if let Some(cases) = given {
        tell(&mut report, "given", &cases, how.examples);
    }
    if let Some(cases) = made {
        tell(&mut report, "generated", &cases, how.examples);
    }
    Ok(report)
}

/// Writes the generated cases of a seed down, and says how many they are.
///
/// # Errors
/// There are no pages, or the file cannot be written.
pub(crate) fn write_cases(dir: &Path, seed: u64, out: &Path) -> anyhow::Result<usize> {
    let Some(made) = generate::generate(dir, seed)? else {
        anyhow::bail!("{} has no `pages/aeb` to make cases of: name the folder that holds it", dir.display());
    };
    cases::write(out, &made)?;
    Ok(made.len())
}

/// The least share of wrong values of a kind that must be caught, where there is one; other tools' names of kinds count too.
fn goal(kind: &str) -> Option<f64> {
    match kind {
        "number" | "percent" | "percentage" | "version" | "date" | "amount" | "money" | "quotation" | "quote"
        | "link" | "url" => Some(0.99),
        "name" => Some(0.80),
        _ => None,
    }
}

/// One sentence of a set with what the gate says of it.
struct Row<'a> {
    case: &'a Case,
    sentence: &'a Claimed,
    said: &'a Said,
}

fn tell(report: &mut Report, set: &str, cases: &[Case], examples: usize) {
    let start = Instant::now();
    let said = judged::judge(cases);
    let seconds = start.elapsed().as_secs_f64();
    let pairs = cases.iter().zip(&said);
    let rows: Vec<Row<'_>> = pairs
        .flat_map(|(case, said)| {
            case.sentences.iter().zip(said).map(move |(sentence, said)| Row { case, sentence, said })
        })
        .collect();
    report.measure(format!("{set}: cases"), cases.len() as f64, 0);
    report.measure(format!("{set}: sentences"), rows.len() as f64, 0);
    let mut kinds: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in &rows {
        if let Some(kind) = &row.sentence.planted {
            kinds.entry(kind).or_default().push(row);
        }
    }
    for (kind, of) in &kinds {
        let share = flagged(of) as f64 / of.len() as f64;
        let measure = report.measure(format!("{set}: wrong by {kind}, caught"), share, 4);
        if let Some(least) = goal(kind) {
            measure.goal(&format!("≥ {least}"), share >= least);
        }
    }
    let right: Vec<&Row<'_>> = rows.iter().filter(|row| row.sentence.is_true()).collect();
    if !right.is_empty() {
        let share = flagged(&right) as f64 / right.len() as f64;
        let measure = report.measure(format!("{set}: true sentences flagged"), share, 4);
        measure.goal(&format!("≤ {FLAGGED}"), share <= FLAGGED);
    }
    correlated(report, set, cases, &said);
    report.measure(format!("{set}: seconds"), seconds, 1);
    report.tables.push(by_kind(set, &kinds));
    report.tables.push(by_making(set, &rows));
    report.tables.push(by_code(set, &rows));
    for (kind, of) in &kinds {
        let missed = of.iter().filter(|row| !row.said.flagged());
        report.cases.extend(missed.take(examples).map(|row| shown(&format!("missed {kind}"), row)));
    }
    let wrongly = right.iter().filter(|row| row.said.flagged());
    report.cases.extend(wrongly.take(examples).map(|row| shown("flagged", row)));
}

fn shown(what: &str, row: &Row<'_>) -> Shown {
    let said = if row.said.flagged() {
        format!("\n      {}: {}", row.said.codes.join(", "), row.said.message)
    } else {
        String::new()
    };
    let how = row.sentence.how.as_deref().map_or_else(String::new, |how| format!(" ({how})"));
    Shown {
        name: format!("{what}{how}, {}", row.case.id),
        score: Some(row.said.support),
        note: format!("{}{said}", row.sentence.text),
    }
}

fn flagged(rows: &[&Row<'_>]) -> usize {
    rows.iter().filter(|row| row.said.flagged()).count()
}

/// Mean support and mean label of the cases that have labels.
fn correlated(report: &mut Report, set: &str, cases: &[Case], said: &[Vec<Said>]) {
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let pairs: Vec<(f64, f64)> = cases
        .iter()
        .zip(said)
        .filter_map(|(case, said)| {
            let labels: Vec<f64> = case.sentences.iter().filter_map(|sentence| sentence.label).collect();
            let supports = said.iter().map(|said| said.support).collect();
            (!labels.is_empty()).then(|| (mean(supports), mean(labels)))
        })
        .collect();
    if pairs.is_empty() {
        return;
    }
    report.measure(format!("{set}: cases with labels"), pairs.len() as f64, 0);
    for (name, coefficient) in [("Pearson", pearson(&pairs)), ("Spearman", spearman(&pairs))] {
        if let Some(coefficient) = coefficient {
            report.measure(format!("{set}: support and labels, {name}"), coefficient, 3);
        }
    }
}

fn head(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The codes of the flagged, most frequent first.
fn codes(rows: &[&Row<'_>]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().flat_map(|row| &row.said.codes).for_each(|code| *counts.entry(code).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let listed: Vec<String> = counts
        .iter()
        .take(5)
        .map(|(code, count)| format!("{} {count}", code.strip_prefix("evidence/").unwrap_or(code)))
        .collect();
    listed.join(", ")
}

fn by_kind(set: &str, kinds: &BTreeMap<&str, Vec<&Row<'_>>>) -> Table {
    let mut rows = vec![head(&["kind", "wrong", "caught", "missed", "by"])];
    for (kind, of) in kinds {
        let caught = flagged(of);
        let missed = of.len() - caught;
        rows.push(vec![(*kind).to_owned(), of.len().to_string(), caught.to_string(), missed.to_string(), codes(of)]);
    }
    Table { title: format!("Wrong sentences, {set}"), rows }
}

/// What was planted nothing in: by how it was made, or by what people say.
fn by_making(set: &str, all: &[Row<'_>]) -> Table {
    let mut made: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in all.iter().filter(|row| row.sentence.planted.is_none()) {
        let how = match (&row.sentence.how, row.sentence.label) {
            (Some(how), _) => how.as_str(),
            (None, None) => "true as given",
            (None, Some(label)) if label >= 1.0 => "supported, all people say",
            (None, Some(label)) if label >= 0.5 => "supported, most people say",
            (None, Some(_)) => "not supported, most people say",
        };
        made.entry(how).or_default().push(row);
    }
    let mut rows = vec![head(&["sentences with nothing planted", "count", "flagged", "share", "mean support", "by"])];
    for (how, of) in made {
        let count = flagged(&of);
        let support = of.iter().map(|row| row.said.support).sum::<f64>() / of.len() as f64;
        rows.push(vec![
            how.to_owned(),
            of.len().to_string(),
            count.to_string(),
            format!("{:.4}", count as f64 / of.len() as f64),
            format!("{support:.3}"),
            codes(&of),
        ]);
    }
    Table { title: format!("Other sentences, {set}"), rows }
}

fn by_code(set: &str, all: &[Row<'_>]) -> Table {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in all {
        for code in &row.said.codes {
            let count = counts.entry(code).or_default();
            if row.sentence.planted.is_some() {
                count.0 += 1;
            } else if row.sentence.is_true() {
                count.1 += 1;
            }
        }
    }
    let mut rows = vec![head(&["rule", "wrong sentences", "true sentences"])];
    rows.extend(
        counts.into_iter().map(|(code, (wrong, right))| vec![code.to_owned(), wrong.to_string(), right.to_string()]),
    );
    Table { title: format!("What flags them, {set}"), rows }
}

#[cfg(test)]
mod tests;

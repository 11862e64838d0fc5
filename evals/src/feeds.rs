//! Feeds: which files are read, and how far that agrees with what another reader found.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;

use crate::peers::Peers;
use crate::report::{Case, Report};

/// What another reader found in a file.
#[derive(Deserialize)]
struct Oracle {
    file: String,
    #[serde(default)]
    n: usize,
    #[serde(default)]
    entries: Vec<OracleEntry>,
}

#[derive(Deserialize)]
struct OracleEntry {
    link: Option<String>,
    title: Option<String>,
    #[serde(alias = "published_utc")]
    published: Option<String>,
}

#[derive(Default)]
struct Tally {
    links: usize,
    links_found: usize,
    titles: usize,
    titles_found: usize,
    dates: usize,
    dates_found: usize,
}

/// Scores the feeds below a folder.
pub(crate) fn score(dir: &Path, _peers: &Peers) -> anyhow::Result<Report> {
    let mut files = Vec::new();
    walk(dir, &mut files)?;
    files.sort();
    let oracle = oracles(dir)?;
    let mut report = Report::new("feeds", "Every feed file below the folder, read by `sources::read_feed`.");
    let (mut read, mut refused, mut missed, mut wanted) = (0usize, 0usize, 0usize, 0usize);
    let mut tally = Tally::default();
    for path in &files {
        let name = path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned();
        let bytes = fs::read(path)?;
        let outcome = sources::read_feed(&bytes, None, "https://feed.example/feed", Timestamp::MAX);
        let known = oracle.get(&name).filter(|oracle| oracle.entries.iter().any(|entry| entry.link.is_some()));
        wanted += usize::from(known.is_some());
        match outcome {
            Ok((entries, _)) => {
                read += 1;
                if let Some(oracle) = known {
                    let missing = compare(&entries, oracle, &mut tally);
                    if !missing.is_empty() && !entries.is_empty() {
                        let note = format!("{} entries are missing, such as {}", missing.len(), missing[0]);
                        report.cases.push(Case { name: name.clone(), score: None, note });
                    }
                    if entries.is_empty() {
                        missed += 1;
                        report.cases.push(Case {
                            name,
                            score: None,
                            note: format!("no entries, another reader finds {}", oracle.n),
                        });
                    }
                }
            }
            Err(error) => {
                refused += 1;
                if let Some(oracle) = known {
                    missed += 1;
                    report.cases.push(Case {
                        name,
                        score: None,
                        note: format!("{error} (another reader finds {})", oracle.n),
                    });
                }
            }
        }
    }
    let share = |found: usize, of: usize| if of == 0 { 1.0 } else { found as f64 / of as f64 };
    report.measure("files", files.len() as f64, 0);
    report.measure("read", read as f64, 0);
    report.measure("refused with a reason", refused as f64, 0);
    report.measure("feeds with links by another reader", wanted as f64, 0);
    report.measure("of these, missed", missed as f64, 0);
    report.measure("links found", share(tally.links_found, tally.links), 4);
    report.measure("titles equal", share(tally.titles_found, tally.titles), 4);
    report.measure("dates equal", share(tally.dates_found, tally.dates), 4);
    Ok(report)
}

/// Counts what is found, and gives the canonical URLs that are not.
fn compare(entries: &[sources::Entry], oracle: &Oracle, tally: &mut Tally) -> Vec<String> {
    let found: BTreeMap<&str, &sources::Entry> = entries.iter().map(|e| (e.canonical.as_str(), e)).collect();
    let mut seen = BTreeSet::new();
    let mut missing = Vec::new();
    for entry in &oracle.entries {
        let Some(canonical) = entry.link.as_deref().and_then(|link| sources::canonical(link).ok()) else { continue };
        if !seen.insert(canonical.clone()) {
            continue;
        }
        tally.links += 1;
        let Some(ours) = found.get(canonical.as_str()) else {
            missing.push(canonical);
            continue;
        };
        tally.links_found += 1;
        if let Some(title) = entry.title.as_deref().map(plain).filter(|title| !title.is_empty()) {
            tally.titles += 1;
            tally.titles_found += usize::from(ours.title.as_deref().map(plain).is_some_and(|t| t == title));
        }
        if let Some(at) = entry.published.as_deref().and_then(|text| text.parse::<Timestamp>().ok()) {
            tally.dates += 1;
            tally.dates_found += usize::from(ours.published.is_some_and(|ours| ours.as_second() == at.as_second()));
        }
    }
    missing
}

/// Letters and digits only: readers differ in what they do to markup and spaces.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).take(60).collect()
}

fn oracles(dir: &Path) -> anyhow::Result<BTreeMap<String, Oracle>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("oracle-") && name.ends_with(".jsonl") {
            for line in fs::read_to_string(&path)?.lines().filter(|line| !line.trim().is_empty()) {
                let oracle: Oracle = serde_json::from_str(line).with_context(|| path.display().to_string())?;
                found.insert(oracle.file.clone(), oracle);
            }
        }
    }
    Ok(found)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if path.is_dir() {
            walk(&path, files)?;
        } else if ["xml", "rss", "atom", "rdf", "json", "feed"].contains(&extension.as_str())
            && !path.to_string_lossy().ends_with(".serde.json")
        {
            files.push(path);
        }
    }
    Ok(())
}

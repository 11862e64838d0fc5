//! Extraction: multiset precision, recall and F1 over the words of the gold text, per page, and their means.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::peers::Peers;
use crate::report::{Case, Report};

#[derive(Deserialize)]
struct Gold {
    #[serde(rename = "articleBody")]
    body: String,
    url: Option<String>,
}

/// Scores the pages of a folder in the layout of the article extraction benchmark.
pub(crate) fn score(dir: &Path, _peers: &Peers) -> anyhow::Result<Report> {
    let truth = dir.join("ground-truth.json");
    let text = fs::read_to_string(&truth).with_context(|| format!("cannot read {}", truth.display()))?;
    let gold: BTreeMap<String, Gold> = serde_json::from_str(&text)?;
    let mut report = Report::new(
        "extraction",
        "Multiset precision, recall and F1 over the words of the gold text, mean over the pages.",
    );
    let (mut precision, mut recall, mut f1, mut read) = (0.0, 0.0, 0.0, 0usize);
    let mut cases = Vec::new();
    for (id, gold) in &gold {
        let html = page(&dir.join("html"), id)?;
        let url = gold.url.as_deref().unwrap_or("https://example.org/");
        let body = match sources::extract(&html, url) {
            Ok(page) => page.body,
            Err(error) => {
                cases.push(Case { name: id.clone(), score: None, note: error.to_string() });
                String::new()
            }
        };
        read += 1;
        let (p, r) = overlap(&words(&body), &words(&gold.body));
        let f = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
        precision += p;
        recall += r;
        f1 += f;
        cases.push(Case { name: id.clone(), score: Some(f), note: format!("precision {p:.3}, recall {r:.3}, {url}") });
    }
    anyhow::ensure!(read > 0, "{} names no page", truth.display());
    let count = read as f64;
    report.measure("pages", count, 0);
    report.measure("precision", precision / count, 4);
    report.measure("recall", recall / count, 4);
    report.measure("token F1", f1 / count, 4);
    cases.sort_by(|a, b| a.score.unwrap_or(-1.0).total_cmp(&b.score.unwrap_or(-1.0)));
    cases.truncate(10);
    report.cases = cases;
    Ok(report)
}

fn page(folder: &Path, id: &str) -> anyhow::Result<String> {
    let plain = folder.join(format!("{id}.html"));
    if plain.exists() {
        return Ok(String::from_utf8_lossy(&fs::read(plain)?).into_owned());
    }
    let packed = folder.join(format!("{id}.html.gz"));
    let file = fs::File::open(&packed).with_context(|| format!("cannot read {}", packed.display()))?;
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// How often each word occurs: runs of letters, digits and `_`, lower case.
fn words(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in text.to_lowercase().split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()) {
        *counts.entry(word.to_owned()).or_default() += 1;
    }
    counts
}

fn overlap(found: &BTreeMap<String, usize>, gold: &BTreeMap<String, usize>) -> (f64, f64) {
    let common: usize = found.iter().map(|(word, n)| gold.get(word).map_or(0, |m| (*n).min(*m))).sum();
    let share = |all: usize| if all == 0 { 0.0 } else { common as f64 / all as f64 };
    (share(found.values().sum()), share(gold.values().sum()))
}

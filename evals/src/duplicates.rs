//! Duplicates: precision and recall of "copy" over labelled pairs, at the default thresholds and around them, and what the
//! bands find.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sources::{Fingerprint, Relation, Thresholds, compare};

use crate::peers::Peers;
use crate::report::{Case, Report};

#[derive(Deserialize)]
struct Doc {
    id: String,
    text: String,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    kind: String,
    want_dup: Option<bool>,
    j3: f64,
}

/// Scores the pairs of a folder.
pub(crate) fn score(dir: &Path, _peers: &Peers) -> anyhow::Result<Report> {
    let docs: Vec<Doc> = lines(&dir.join("docs.jsonl"))?;
    let pairs: Vec<Pair> = lines(&dir.join("pairs.jsonl"))?;
    let prints: BTreeMap<&str, Fingerprint> =
        docs.iter().map(|doc| (doc.id.as_str(), Fingerprint::of(&doc.text))).collect();
    let of = |id: &str| prints.get(id).with_context(|| format!("no text for `{id}`"));
    let mut report = Report::new("duplicates", "Labelled pairs of texts, compared by their fingerprints.");
    report.measure("pairs", pairs.len() as f64, 0);
    let (mut error, mut half, mut half_found) = (0.0, 0usize, 0usize);
    let mut kinds: BTreeMap<&str, (f64, f64, f64, usize)> = BTreeMap::new();
    for pair in &pairs {
        let (a, b) = (of(&pair.a)?, of(&pair.b)?);
        let similarity = a.similarity(b);
        error += (similarity - pair.j3).abs();
        if pair.j3 >= 0.5 {
            half += 1;
            let keys = b.bands();
            half_found += usize::from(a.bands().iter().any(|key| keys.contains(key)));
        }
        let kind = kinds.entry(&pair.kind).or_insert((f64::MAX, 0.0, 0.0, 0));
        *kind = (kind.0.min(similarity), kind.1.max(similarity), kind.2 + similarity, kind.3 + 1);
    }
    report.measure("mean error of the estimate", error / pairs.len().max(1) as f64, 4);
    report.measure("pairs of resemblance ≥ 0.5", half as f64, 0);
    report.measure("of these, share with a common band", half_found as f64 / half.max(1) as f64, 4);
    let defaults = Thresholds::default();
    for copy in [0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7] {
        let thresholds = Thresholds { copy, ..defaults };
        let (precision, recall) = quality(&pairs, &prints, &thresholds);
        let mark = if copy == defaults.copy { " (default)" } else { "" };
        report.measure(format!("copy ≥ {copy}{mark}: precision"), precision, 4);
        report.measure(format!("copy ≥ {copy}{mark}: recall"), recall, 4);
    }
    report.cases = kinds
        .into_iter()
        .map(|(kind, (low, high, sum, count))| Case {
            name: kind.to_owned(),
            score: Some(sum / count.max(1) as f64),
            note: format!("{count} pairs, similarity {low:.3} to {high:.3}"),
        })
        .collect();
    Ok(report)
}

/// Precision and recall of "copy" over the pairs that are labelled either way.
fn quality(pairs: &[Pair], prints: &BTreeMap<&str, Fingerprint>, thresholds: &Thresholds) -> (f64, f64) {
    let (mut said, mut right, mut wanted) = (0usize, 0usize, 0usize);
    for pair in pairs {
        let (Some(want), Some(a), Some(b)) = (pair.want_dup, prints.get(pair.a.as_str()), prints.get(pair.b.as_str()))
        else {
            continue;
        };
        let copy = compare(a, b, thresholds) == Relation::Copy;
        said += usize::from(copy);
        wanted += usize::from(want);
        right += usize::from(copy && want);
    }
    (right as f64 / said.max(1) as f64, right as f64 / wanted.max(1) as f64)
}

fn lines<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .enumerate()
        .map(|(i, line)| serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), i + 1)))
        .collect()
}

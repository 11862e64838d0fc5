//! Duplicates: precision and recall of "copy" over labelled pairs, by preset and threshold; what the keys of the index find; how
//! fast texts are fingerprinted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sources::{Fingerprint, Preset, Relation, Thresholds, compare};

use crate::index;
use crate::peers::Peers;
use crate::report::{Case, Report, Table};

/// Characters of a document whose fingerprint is timed.
const LONG: usize = 10_000;

/// Documents in a round.
const ROUND: usize = 20;

/// Kinds of pairs that tell the same in other words.
const REWORDED: [&str; 3] = ["edit_20", "edit_40", "synonyms"];

/// Kinds of pairs that tell something else on the same matter, or in the same form.
const HARD: [&str; 2] = ["hard_neg_topical", "hard_neg_same_template"];

/// Seconds for each peer.
const PATIENCE: &str = "6";

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
    label: String,
    want_dup: Option<bool>,
    j3: f64,
}

/// The fingerprints of all texts by one preset, by their ids.
type Prints<'a> = BTreeMap<&'a str, Fingerprint>;

/// Scores the pairs of a folder, and an index of `most` texts (0: none).
pub(crate) fn score(dir: &Path, peers: &Peers, most: usize) -> anyhow::Result<Report> {
    let docs: Vec<Doc> = lines(&dir.join("docs.jsonl"))?;
    let pairs: Vec<Pair> = lines(&dir.join("pairs.jsonl"))?;
    let prints = |preset| docs.iter().map(|doc| (doc.id.as_str(), Fingerprint::by(preset, &doc.text))).collect();
    let (words, chars): (Prints, Prints) = (prints(Preset::Words3), prints(Preset::Chars3));
    for pair in &pairs {
        for id in [&pair.a, &pair.b] {
            anyhow::ensure!(words.contains_key(id.as_str()), "there is no text `{id}`");
        }
    }
    let mut report = Report::new(
        "duplicates",
        "Labelled pairs of texts, compared by their fingerprints; look-ups in the index of the program's own database.",
    );
    copies(&mut report, &pairs, &words);
    report.tables.push(by_preset(&pairs, &[(Preset::Words3, &words), (Preset::Chars3, &chars)]));
    report.tables.push(by_kind(&pairs, &words, &chars));
    meaning(&mut report, &pairs, &words, dir, peers)?;
    speed(&mut report, &docs, dir, peers)?;
    if most > 0 {
        index::score(&mut report, most)?;
    }
    report.cases = wrong(&pairs, &words);
    Ok(report)
}

/// What the default preset says at its thresholds.
fn copies(report: &mut Report, pairs: &[Pair], prints: &Prints) {
    let quality = Quality::of(pairs, prints, &Thresholds::default());
    report.measure("pairs, of which labelled either way", quality.labelled as f64, 0);
    report.measure("copies: precision", quality.precision, 4).goal("≥ 0.98", quality.precision >= 0.98);
    report.measure("copies: recall", quality.recall, 4).goal("≥ 0.95", quality.recall >= 0.95);
    report
        .measure("other stories on the same matter called copies", quality.hard_wrong, 4)
        .goal("≤ 0.02", quality.hard_wrong <= 0.02);
    report.measure(
        "reworded (20 to 40 % of the words, or synonyms) and recognised: without embeddings",
        quality.reworded,
        4,
    );
    // Format characters count in the labels' own shingles, and not here.
    let errors: Vec<f64> = pairs
        .iter()
        .filter(|pair| pair.kind != "zero_width")
        .filter_map(|pair| Some(prints.get(pair.a.as_str())?.similarity(prints.get(pair.b.as_str())?) - pair.j3))
        .collect();
    let square = errors.iter().map(|error| error * error).sum::<f64>() / errors.len().max(1) as f64;
    report
        .measure("resemblance: root mean square error of the estimate", square.sqrt(), 4)
        .goal("≤ ½ · 1/√128 = 0.0442", square.sqrt() <= 0.0442);
}

/// What an embedding model, the peers' stand-in for the one of the route `embed`, adds for reworded texts, at the least cosine
/// from which a site takes two texts for one story.
fn meaning(report: &mut Report, pairs: &[Pair], words: &Prints, dir: &Path, peers: &Peers) -> anyhow::Result<()> {
    let mut args = ["docs.jsonl", "pairs.jsonl"].map(|name| dir.join(name).display().to_string()).to_vec();
    args.extend(REWORDED.iter().chain(&HARD).map(|kind| (*kind).to_owned()));
    let Some(answer) = peers.ask::<Meanings>("embeddings", &args)? else {
        report.tables.push(Table {
            title: "Reworded texts, recognised by meaning".into(),
            rows: [["with embeddings", "not run: no embedding model is here"].map(str::to_owned).to_vec()].to_vec(),
        });
        return Ok(());
    };
    let least = pipeline::config::Site::default().same_story;
    let alike = |n: usize| answer.cosines.get(n).copied().flatten().is_some_and(|cosine| cosine >= least);
    let by_words = |pair: &Pair| {
        let (a, b) = (words.get(pair.a.as_str()), words.get(pair.b.as_str()));
        a.zip(b).is_some_and(|(a, b)| compare(b, a, &Thresholds::default()) != Relation::None)
    };
    let of = |kinds: &[&str], recognised: &dyn Fn(usize, &Pair) -> bool| {
        let all = || pairs.iter().enumerate().filter(|(_, pair)| kinds.contains(&pair.kind.as_str()));
        share(all().filter(|(n, pair)| recognised(*n, pair)).count(), all().count())
    };
    let name = format!("with embeddings ({}, cosine ≥ {least})", answer.model);
    report.measure(format!("reworded and recognised: {name}"), of(&REWORDED, &|n, pair| alike(n) || by_words(pair)), 4);
    report.measure(format!("other stories taken for the same: {name}"), of(&HARD, &|n, _| alike(n)), 4);
    Ok(())
}

/// What `embeddings.py` prints.
#[derive(Deserialize)]
struct Meanings {
    model: String,
    cosines: Vec<Option<f64>>,
}

struct Quality {
    labelled: usize,
    precision: f64,
    recall: f64,
    /// Share of the hard negatives that are called copies.
    hard_wrong: f64,
    /// Share of the reworded that are called copies or near.
    reworded: f64,
    /// Share of the wanted copies that share a key.
    keyed: f64,
}

impl Quality {
    fn of(pairs: &[Pair], prints: &Prints, thresholds: &Thresholds) -> Self {
        let (mut labelled, mut said, mut right, mut wanted, mut keyed) = (0, 0, 0, 0, 0);
        let (mut hard, mut hard_wrong, mut reworded, mut recognised) = (0, 0, 0, 0);
        for pair in pairs {
            let (Some(a), Some(b)) = (prints.get(pair.a.as_str()), prints.get(pair.b.as_str())) else { continue };
            // The edited text came later.
            let relation = compare(b, a, thresholds);
            let copy = relation == Relation::Copy;
            if pair.label == "same_story" || REWORDED.contains(&pair.kind.as_str()) {
                reworded += 1;
                recognised += usize::from(relation != Relation::None);
            }
            if HARD.contains(&pair.kind.as_str()) {
                hard += 1;
                hard_wrong += usize::from(copy);
            }
            let Some(want) = pair.want_dup else { continue };
            labelled += 1;
            said += usize::from(copy);
            wanted += usize::from(want);
            right += usize::from(copy && want);
            if want {
                let keys = b.keys();
                keyed += usize::from(a.keys().iter().any(|key| keys.contains(key)));
            }
        }
        Self {
            labelled,
            precision: share(right, said),
            recall: share(right, wanted),
            hard_wrong: share(hard_wrong, hard),
            reworded: share(recognised, reworded),
            keyed: share(keyed, wanted),
        }
    }
}

/// The presets at their own threshold and around it.
fn by_preset(pairs: &[Pair], presets: &[(Preset, &Prints)]) -> Table {
    let head =
        ["preset", "copy from", "precision", "recall", "hard negatives wrong", "reworded recognised", "share a key"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (preset, prints) in presets {
        let own = preset.thresholds();
        for copy in [0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8] {
            let quality = Quality::of(pairs, prints, &Thresholds { copy, ..own });
            let default = if copy == own.copy { " (its own)" } else { "" };
            let figures = [quality.precision, quality.recall, quality.hard_wrong, quality.reworded, quality.keyed];
            let shown = figures.iter().map(|figure| format!("{figure:.4}"));
            rows.push([preset.name().to_owned(), format!("{copy}{default}")].into_iter().chain(shown).collect());
        }
    }
    Table { title: "Presets and thresholds".into(), rows }
}

/// What becomes of each kind of pair.
fn by_kind(pairs: &[Pair], words: &Prints, chars: &Prints) -> Table {
    let mut kinds: BTreeMap<(&str, &str), Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        kinds.entry((&pair.kind, &pair.label)).or_default().push(pair);
    }
    let head = ["kind", "label", "pairs", "copy", "near", "copy by chars3", "mean resemblance"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for ((kind, label), pairs) in kinds {
        let count = |prints: &Prints, preset: Preset, wanted: Relation| {
            let said =
                |pair: &&&Pair| compare(&prints[pair.b.as_str()], &prints[pair.a.as_str()], &preset.thresholds());
            pairs.iter().filter(|pair| said(pair) == wanted).count().to_string()
        };
        let sum: f64 = pairs.iter().map(|pair| words[pair.a.as_str()].similarity(&words[pair.b.as_str()])).sum();
        rows.push(vec![
            kind.to_owned(),
            label.to_owned(),
            pairs.len().to_string(),
            count(words, Preset::Words3, Relation::Copy),
            count(words, Preset::Words3, Relation::Near),
            count(chars, Preset::Chars3, Relation::Copy),
            format!("{:.3}", sum / pairs.len().max(1) as f64),
        ]);
    }
    Table { title: "By kind of pair".into(), rows }
}

/// Fingerprints per second, beside the peers on the same documents.
fn speed(report: &mut Report, docs: &[Doc], dir: &Path, peers: &Peers) -> anyhow::Result<()> {
    let whole: Vec<char> = docs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>().join("\n").chars().collect();
    let step = (whole.len() / LONG / ROUND).max(1);
    let long: Vec<String> =
        whole.chunks_exact(LONG).step_by(step).take(ROUND).map(|chunk| chunk.iter().collect()).collect();
    if long.is_empty() {
        return Ok(());
    }
    let words = rate(Preset::Words3, &long);
    let asked: Option<BTreeMap<String, f64>> =
        peers.ask("duplicates", &[dir.join("docs.jsonl").display().to_string(), PATIENCE.to_owned()])?;
    let measure = report.measure(format!("fingerprints of {LONG} characters per second, one core"), words, 0);
    for (name, value) in asked.iter().flatten() {
        measure.peer(name, *value);
    }
    measure.goal("≥ 10000", words >= 10_000.0);
    report.measure("the same by chars3", rate(Preset::Chars3, &long), 0);
    Ok(())
}

/// The best of many rounds over the same documents, as the peers are timed: other programs run on the machine, and a short round
/// is left alone by them now and then.
fn rate(preset: Preset, texts: &[String]) -> f64 {
    let (began, mut best) = (Instant::now(), f64::MAX);
    while began.elapsed() < Duration::from_secs(4) {
        let round = Instant::now();
        for text in texts {
            std::hint::black_box(Fingerprint::by(preset, text));
        }
        best = best.min(round.elapsed().as_secs_f64());
    }
    texts.len() as f64 / best
}

/// The labelled pairs about which the default preset is wrong.
fn wrong(pairs: &[Pair], prints: &Prints) -> Vec<Case> {
    pairs
        .iter()
        .filter_map(|pair| {
            let (a, b) = (prints.get(pair.a.as_str())?, prints.get(pair.b.as_str())?);
            let copy = compare(b, a, &Thresholds::default()) == Relation::Copy;
            let score = a.similarity(b);
            (pair.want_dup? != copy).then(|| Case {
                name: format!("{} and {}", pair.a, pair.b),
                score: Some(score),
                note: format!(
                    "{}, resemblance {:.3}, {}",
                    pair.kind,
                    pair.j3,
                    if copy { "called a copy" } else { "not called a copy" }
                ),
            })
        })
        .collect()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn lines<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .enumerate()
        .map(|(i, line)| serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), i + 1)))
        .collect()
}

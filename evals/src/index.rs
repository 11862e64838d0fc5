//! The fingerprint index in the program's own database: what a look-up costs in a small, a larger and a large one.
//!
//! The texts are made here: words by Zipf's law, passages that many share, and whole frames that thousands share, as sites put
//! around their pages. The fingerprints, the inserts and the look-ups are the program's.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::Context as _;
use pipeline::engine::likeness::{near, print};
use pipeline::store::{Role, RunnerLock, Store, Taken};
use sources::{Fingerprint, Thresholds};
use states::words::SiteName;

use crate::random::mix;
use crate::report::{Report, Table};

/// Fingerprints put in at once.
const BATCH: usize = 100_000;

/// Look-ups that are timed at each size.
const LOOKUPS: usize = 2000;

/// Words of the vocabulary, phrases that are repeated, and frames.
const VOCABULARY: usize = 60_000;
const PHRASES: u64 = 20_000;
const FRAMES: u64 = 50;

/// Fills an index up to `most` texts and times look-ups on the way.
pub(crate) fn score(report: &mut Report, most: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(fill(report, most))
}

async fn fill(report: &mut Report, most: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("pipeline.db");
    let Taken::Yes(lock) = RunnerLock::take(&path, Role::Run)? else { anyhow::bail!("{} is in use", path.display()) };
    let store = Store::open(&path, Some(&lock)).await?;
    let site: SiteName = "evals".parse()?;
    let texts = Texts::new();
    let began = Instant::now();
    let mut rows = vec![
        ["texts", "p50, ms", "p99, ms", "most, ms", "copies found", "filled after, s"].map(str::to_owned).to_vec(),
    ];
    let (mut done, mut measured) = (0, Vec::new());
    for size in sizes(most) {
        while done < size {
            let until = (done + BATCH).min(size);
            let prints = (done..until).map(|n| print(id(n), &Fingerprint::of(&texts.text(n)))).collect();
            let mut tx = store.begin().await?;
            tx.index_all(&site, prints).await?;
            tx.commit().await?;
            done = until;
        }
        let filled = began.elapsed();
        store.checkpoint().await?;
        let (mut times, found) = look_up(&store, &site, &texts, size).await?;
        times.sort_by(f64::total_cmp);
        let at =
            |share: f64| times.get((times.len() as f64 * share) as usize).or(times.last()).copied().unwrap_or(f64::NAN);
        let (half, most_all) = (at(0.5), at(0.99));
        let row = [size as f64, half, most_all, at(1.0), found, filled.as_secs_f64()];
        let decimals = [0, 3, 3, 3, 4, 0];
        rows.push(row.iter().zip(decimals).map(|(value, places)| format!("{value:.places$}")).collect());
        measured.push((size, half, most_all, found));
    }
    let (Some(first), Some(last)) = (measured.first(), measured.last()) else { return Ok(()) };
    let name = |what: &str| format!("look-up in {} texts: {what}", last.0);
    report.measure(name("p50, ms"), last.1, 3);
    report.measure(name("p99, ms"), last.2, 3).goal("< 2", last.2 < 2.0);
    report.measure(name("share of copies found"), last.3, 4).goal("≥ 0.99", last.3 >= 0.99);
    let growth = last.1 / first.1;
    report
        .measure(format!("look-up in {} texts: p50, as a multiple of that in {}", last.0, first.0), growth, 2)
        .goal("≤ 2", growth <= 2.0);
    report.tables.push(Table { title: "Look-ups in the index, comparison included".into(), rows });
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    report.measure("bytes of the database per text", bytes as f64 / done.max(1) as f64, 0);
    Ok(())
}

fn sizes(most: usize) -> BTreeSet<usize> {
    [10_000, 100_000, most].into_iter().filter(|size| *size <= most).collect()
}

/// The milliseconds of each look-up, and the share of edited copies that were found: every other text looked up is one.
async fn look_up(store: &Store, site: &SiteName, texts: &Texts, size: usize) -> anyhow::Result<(Vec<f64>, f64)> {
    let thresholds = Thresholds::default();
    let (mut times, mut found, mut wanted) = (Vec::with_capacity(LOOKUPS), 0usize, 0usize);
    // The first ones prepare the statement.
    for n in 0..LOOKUPS + 50 {
        let known = n.is_multiple_of(2).then(|| mix(n as u64) as usize % size);
        let text = match known {
            Some(at) => edited(&texts.text(at), n),
            None => texts.text(100_000_000 + n),
        };
        let fingerprint = Fingerprint::of(&text);
        let mut tx = store.begin().await?;
        let began = Instant::now();
        let near = near(&mut tx, site, &fingerprint, "", &thresholds).await.context("a look-up failed")?;
        if n >= 50 {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        if let Some(at) = known {
            wanted += 1;
            found += usize::from(near.iter().any(|candidate| candidate.id == id(at)));
        }
    }
    Ok((times, found as f64 / wanted.max(1) as f64))
}

/// As long as an article's id, and spread as those are.
fn id(n: usize) -> String {
    (0..4).map(|part| format!("{:016x}", mix(mix(n as u64) ^ part))).collect()
}

/// Every fifteenth word is another one.
fn edited(text: &str, n: usize) -> String {
    let word =
        |(at, word): (usize, &str)| if (at + n).is_multiple_of(15) { format!("edit{at}") } else { word.to_owned() };
    text.split(' ').enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// A world of texts, each the same every time.
struct Texts {
    vocabulary: Vec<String>,
}

impl Texts {
    fn new() -> Self {
        let letters = |n: usize| {
            let mut rest = mix(n as u64) | 1;
            let length = 2 + (n + 1).ilog2() as usize / 2;
            (0..length)
                .map(|_| {
                    let letter = char::from(b'a' + (rest % 26) as u8);
                    rest /= 26;
                    letter
                })
                .collect()
        };
        Self { vocabulary: (0..VOCABULARY).map(letters).collect() }
    }

    /// Text `n`: 150 to 750 words; a tenth of its sentences are phrases that others have too, and in every third text there is
    /// the frame of one of fifty sites around it.
    fn text(&self, n: usize) -> String {
        let mut seed = mix(n as u64 ^ 0x7e87);
        let mut text = String::with_capacity(5000);
        let framed = seed.is_multiple_of(3);
        let sentences = 10 + seed % 40;
        for sentence in 0..sentences {
            seed = mix(seed.wrapping_add(sentence + 1));
            match (framed && sentence < 3, seed.is_multiple_of(10)) {
                (true, _) => self.sentence(mix(n as u64 % FRAMES) ^ sentence, &mut text),
                (_, true) => self.sentence(0xf00 ^ ((seed / 10) % PHRASES), &mut text),
                _ => self.sentence(seed | 1 << 63, &mut text),
            }
        }
        text
    }

    /// Fifteen words by Zipf's law: the logarithm of the rank is spread evenly.
    fn sentence(&self, seed: u64, text: &mut String) {
        let mut seed = mix(seed);
        for _ in 0..15 {
            seed = mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15));
            let share = (seed >> 11) as f64 / (1u64 << 53) as f64;
            let rank = (VOCABULARY as f64).powf(share) as usize - 1;
            if let Some(word) = self.vocabulary.get(rank) {
                text.push_str(word);
                text.push(' ');
            }
        }
        text.push_str(". ");
    }
}

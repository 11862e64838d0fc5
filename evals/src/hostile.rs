//! Hostile input: every file below a folder through every parser of outside input, and URLs that must not be asked.

use std::fs;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use sources::{Door, DoorOptions};

use crate::report::{Case, Report, Table};

/// Most bytes that a packed file may become.
const MOST: u64 = 16 << 20;

/// What a page hides; none of it may reach a text.
const CANARIES: [&str; 2] = ["CANARY-HIDDEN", "CANARY-COMMENT"];

/// One parser: its name, and what it makes of some bytes, as text.
type Parser = (&'static str, fn(&[u8]) -> Result<String, String>);

const PARSERS: [Parser; 4] = [
    ("page", |bytes| {
        let page = sources::extract(&String::from_utf8_lossy(bytes), "https://page.example/a");
        page.map(|page| format!("{page:?}")).map_err(|error| error.to_string())
    }),
    ("feed", |bytes| {
        let read = sources::read_feed(bytes, None, "https://feed.example/feed", Timestamp::MAX);
        read.map(|read| format!("{read:?}")).map_err(|error| error.to_string())
    }),
    ("URL", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().take(2_000).map(sources::canonical);
        Ok(lines.filter_map(Result::ok).collect::<Vec<_>>().join("\n"))
    }),
    ("fingerprint", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let text: String = text.chars().take(200_000).collect();
        Ok(format!("{:?}", sources::Fingerprint::of(&text).keys().len()))
    }),
];

/// What one parser did with all files.
#[derive(Default)]
struct Tally {
    read: usize,
    refused: usize,
    panics: usize,
    spent: Duration,
    slowest: Duration,
    which: String,
}

/// A URL and what is to become of it.
#[derive(Deserialize)]
struct UrlCase {
    url: String,
    expect: String,
    #[serde(default)]
    why: String,
}

/// Runs every file below a folder through every parser.
pub(crate) fn score(dir: &Path) -> anyhow::Result<Report> {
    let mut files = Vec::new();
    walk(dir, &mut files)?;
    files.sort();
    let about = "Every file below the folder through the parsers of outside input, and URLs past the door's check.";
    let mut report = Report::new("hostile", about);
    let mut tallies: Vec<Tally> = PARSERS.iter().map(|_| Tally::default()).collect();
    let mut canaries = 0usize;
    for path in &files {
        let bytes = unpacked(path)?;
        let name = path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned();
        for ((parser, parse), tally) in PARSERS.iter().zip(&mut tallies) {
            let began = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| parse(&bytes)));
            let took = began.elapsed();
            tally.spent += took;
            if took > tally.slowest {
                (tally.slowest, tally.which) = (took, name.clone());
            }
            match outcome {
                Ok(Ok(text)) => {
                    tally.read += 1;
                    let page = path.extension().is_some_and(|e| e == "html");
                    if *parser == "page" && page && CANARIES.iter().any(|canary| text.contains(canary)) {
                        canaries += 1;
                        let note = "what it hides is in its text".to_owned();
                        report.cases.push(Case { name: name.clone(), score: None, note });
                    }
                }
                Ok(Err(_)) => tally.refused += 1,
                Err(_) => {
                    tally.panics += 1;
                    let note = format!("the {parser} parser panicked");
                    report.cases.push(Case { name: name.clone(), score: None, note });
                }
            }
        }
    }
    let panics: usize = tallies.iter().map(|tally| tally.panics).sum();
    let spent: Duration = tallies.iter().map(|tally| tally.spent).sum();
    report.measure("files", files.len() as f64, 0);
    report.measure("panics", panics as f64, 0).goal("0", panics == 0);
    report.measure("hidden texts found", canaries as f64, 0).goal("0", canaries == 0);
    report.measure("seconds in all", spent.as_secs_f64(), 1).goal("≤ 60", spent.as_secs() < 60);
    urls(dir, &mut report)?;
    let head = ["parser", "read", "refused", "panics", "seconds", "slowest, ms", "which"].map(str::to_owned).to_vec();
    let rows = PARSERS.iter().zip(&tallies).map(|((name, _), tally)| {
        vec![
            (*name).to_owned(),
            tally.read.to_string(),
            tally.refused.to_string(),
            tally.panics.to_string(),
            format!("{:.2}", tally.spent.as_secs_f64()),
            format!("{:.0}", tally.slowest.as_secs_f64() * 1000.0),
            tally.which.clone(),
        ]
    });
    let rows = std::iter::once(head).chain(rows).collect();
    report.tables.push(Table { title: "By parser".to_owned(), rows });
    Ok(report)
}

/// Past the door's check go only those that may.
fn urls(dir: &Path, report: &mut Report) -> anyhow::Result<()> {
    let path = dir.join("generated/ssrf-urls.jsonl");
    if !path.exists() {
        return Ok(());
    }
    let door = Door::new(DoorOptions::default())?;
    let (mut block, mut blocked, mut allow, mut allowed) = (0usize, 0usize, 0usize, 0usize);
    for line in fs::read_to_string(&path)?.lines().filter(|line| !line.trim().is_empty()) {
        let case: UrlCase = serde_json::from_str(line).with_context(|| path.display().to_string())?;
        let passes = door.check(&case.url, &[]).is_ok();
        let right = match case.expect.as_str() {
            "block" => {
                (block, blocked) = (block + 1, blocked + usize::from(!passes));
                !passes
            }
            "allow" => {
                (allow, allowed) = (allow + 1, allowed + usize::from(passes));
                passes
            }
            // What shows only after a lookup or a redirect is tested with servers, not here.
            _ => true,
        };
        if !right {
            let note = format!("{} ({})", if passes { "passes the check" } else { "is refused" }, case.why);
            report.cases.push(Case { name: case.url, score: None, note });
        }
    }
    let share = |part: usize, of: usize| if of == 0 { 1.0 } else { part as f64 / of as f64 };
    let name = format!("URLs refused, of {block} that must be");
    report.measure(name, share(blocked, block), 4).goal("1", blocked == block);
    let name = format!("URLs let through, of {allow} that may be");
    report.measure(name, share(allowed, allow), 4).goal("1", allowed == allow);
    Ok(())
}

/// The bytes of a file, unpacked where its name says that it is packed.
fn unpacked(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_none_or(|e| e != "gz") {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    // Some are broken on purpose: what came out before counts.
    let _ = flate2::read::MultiGzDecoder::new(&bytes[..]).take(MOST).read_to_end(&mut plain);
    Ok(plain)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

//! Feeds: every file below a folder is read, beside feedparser in the same run.
//!
//! *Well-formed* is what feedparser itself calls so, run with a strict parser: `bozo` is false, or says only that the declared
//! encoding is not the real one; and it is a feed: feedparser names its version or finds entries. feedparser reads no JSON
//! Feed: a JSON file is well-formed where it is valid JSON with a list of `items`, whose length is then its number of entries.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use sources::FeedRead;

use crate::peers::Peers;
use crate::report::{Case, Report};

/// Where the feeds are said to come from: relative links are relative to it. feedparser is told the same.
const FEED_URL: &str = "https://feed.example/feed";

/// What feedparser found.
#[derive(Deserialize)]
struct Peer {
    seconds: f64,
    version: String,
    files: BTreeMap<String, PeerFile>,
}

#[derive(Deserialize)]
struct PeerFile {
    n: usize,
    bozo: bool,
    why: Option<String>,
    version: String,
    entries: Vec<PeerEntry>,
}

#[derive(Deserialize)]
struct PeerEntry {
    link: Option<String>,
    title: Option<String>,
    published: Option<i64>,
    updated: Option<i64>,
}

/// How often what feedparser found is found here too.
#[derive(Default)]
struct Agreement {
    links: [usize; 2],
    titles: [usize; 2],
    dates: [usize; 2],
}

#[derive(Default)]
struct Tally {
    read: usize,
    refused: usize,
    silent: usize,
    panics: usize,
    well_formed: usize,
    same: usize,
    malformed: usize,
    malformed_read: usize,
    malformed_refused: usize,
    fewer: usize,
    agreement: Agreement,
}

/// Scores the feeds below a folder.
pub(crate) fn score(dir: &Path, peers: &Peers) -> anyhow::Result<Report> {
    let mut files = Vec::new();
    walk(dir, &mut files)?;
    files.sort();
    let bodies: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|path| Ok((path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned(), fs::read(path)?)))
        .collect::<anyhow::Result<_>>()?;
    let peer: Option<Peer> = peers.ask("feeds", &[dir.to_string_lossy().into_owned()])?;
    let types: Vec<Option<String>> = bodies.iter().map(|(_, body)| content_type(body)).collect();
    let start = Instant::now();
    let outcomes: Vec<_> = bodies
        .iter()
        .zip(&types)
        .map(|((_, body), kind)| {
            catch_unwind(AssertUnwindSafe(|| sources::read_feed(body, kind.as_deref(), FEED_URL, Timestamp::MAX)))
        })
        .collect();
    let seconds = start.elapsed().as_secs_f64();
    let mut report = Report::new(
        "feeds",
        "Every feed file below the folder, read by `sources::read_feed`. Well-formed is what feedparser calls so (for JSON: \
         valid, with a list of items); entries are counted before any is left out.",
    );
    let mut tally = Tally::default();
    for ((name, body), outcome) in bodies.iter().zip(outcomes) {
        let Ok(outcome) = outcome else {
            tally.panics += 1;
            report.cases.push(Case { name: name.clone(), score: None, note: "panics".to_owned() });
            continue;
        };
        let found = match outcome {
            Ok(found) => Ok(found),
            Err(error) => Err(error.to_string()),
        };
        let other = peer.as_ref().and_then(|peer| peer.files.get(name));
        for note in tally.take(found, body, other) {
            report.cases.push(Case { name: name.clone(), score: None, note });
        }
    }
    tally.write(&mut report, bodies.len(), seconds, peer.as_ref());
    Ok(report)
}

impl Tally {
    /// Counts one file, and gives what is to be said of it.
    fn take(&mut self, found: Result<FeedRead, String>, body: &[u8], other: Option<&PeerFile>) -> Vec<String> {
        match &found {
            Ok(_) => self.read += 1,
            Err(why) if why.len() > FEED_URL.len() + 20 => self.refused += 1,
            Err(_) => self.silent += 1,
        }
        let mut notes = Vec::new();
        let shown = found.as_ref().map_or_else(|why| why.clone(), |found| format!("{} entries", found.found));
        if let Some(wanted) = well_formed(body, other) {
            self.well_formed += 1;
            if found.as_ref().is_ok_and(|found| found.found == wanted) {
                self.same += 1;
            } else {
                notes.push(format!("well-formed, with {wanted} entries: {shown}"));
            }
        } else if other.is_some() {
            self.malformed += 1;
            match &found {
                Ok(_) => self.malformed_read += 1,
                Err(_) => self.malformed_refused += 1,
            }
            if let Some(more) = other.map(|other| other.n).filter(|n| found.as_ref().map_or(0, |f| f.found) < *n) {
                self.fewer += 1;
                notes.push(format!("malformed, feedparser finds {more} entries: {shown}"));
            }
        }
        if let (Ok(found), Some(other)) = (&found, other) {
            notes.extend(self.agreement.take(found, other));
        }
        notes
    }

    fn write(&self, report: &mut Report, files: usize, seconds: f64, peer: Option<&Peer>) {
        let share = |[found, of]: [usize; 2]| if of == 0 { 1.0 } else { found as f64 / of as f64 };
        let accounted = self.read + self.refused == files;
        report.measure("files", files as f64, 0);
        report.measure("read", self.read as f64, 0);
        report.measure("refused with a reason", self.refused as f64, 0).goal("all others", accounted);
        report.measure("panics", self.panics as f64, 0).goal("0", self.panics == 0);
        let Some(peer) = peer else { return };
        let who = format!("feedparser {}", peer.version);
        report.measure("well-formed feeds", self.well_formed as f64, 0);
        report
            .measure("of these, read with the same number of entries", self.same as f64, 0)
            .peer(&who, self.well_formed as f64)
            .goal("all", self.same == self.well_formed);
        let settled = self.malformed_read + self.malformed_refused;
        report.measure("malformed or no feed", self.malformed as f64, 0);
        report.measure("of these, read", self.malformed_read as f64, 0);
        report
            .measure("of these, refused with a reason", self.malformed_refused as f64, 0)
            .goal("all others", self.silent == 0 && settled == self.malformed);
        report.measure("of these, fewer entries than feedparser finds", self.fewer as f64, 0);
        report.measure("links as feedparser has them", share(self.agreement.links), 4);
        report.measure("titles as feedparser has them", share(self.agreement.titles), 4);
        report.measure("dates as feedparser has them", share(self.agreement.dates), 4);
        report
            .measure("files per second, one thread", files as f64 / seconds, 0)
            .peer(&who, files as f64 / peer.seconds);
    }
}

impl Agreement {
    /// Compares entries by their canonical URLs. Gives what differs.
    fn take(&mut self, found: &FeedRead, other: &PeerFile) -> Vec<String> {
        let ours: BTreeMap<&str, &sources::Entry> =
            found.entries.iter().map(|entry| (entry.canonical.as_str(), entry)).collect();
        let (mut seen, mut notes) = (BTreeSet::new(), Vec::new());
        for entry in &other.entries {
            let Some(canonical) = entry.link.as_deref().and_then(|link| sources::canonical(link).ok()) else {
                continue;
            };
            if !canonical.starts_with("http") || !seen.insert(canonical.clone()) {
                continue;
            }
            self.links[1] += 1;
            let Some(own) = ours.get(canonical.as_str()) else {
                notes.push(format!("feedparser has the link {canonical}"));
                continue;
            };
            self.links[0] += 1;
            if let Some(title) = entry.title.as_deref().filter(|title| !plain(title).is_empty()) {
                self.titles[1] += 1;
                let equal = own.title.as_deref().is_some_and(|own| plain(own) == plain(title));
                self.titles[0] += usize::from(equal);
                if !equal {
                    notes.push(format!("the title is {:?}, feedparser has {title:?}", own.title));
                }
            }
            // Readers differ in which of the two they call what.
            let times = [own.published, own.updated].map(|at| at.map(Timestamp::as_second));
            if let Some(at) = entry.published.or(entry.updated).filter(|at| *at > 631_152_000) {
                self.dates[1] += 1;
                let equal = times.contains(&Some(at));
                self.dates[0] += usize::from(equal);
                if !equal {
                    notes.push(format!("the times are {times:?}, feedparser has {at}"));
                }
            }
        }
        notes
    }
}

/// How many entries a well-formed feed has; `None` for what is malformed or no feed.
fn well_formed(body: &[u8], other: Option<&PeerFile>) -> Option<usize> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        return Some(value.get("items")?.as_array()?.len());
    }
    let other = other?;
    let strict = !other.bozo || other.why.as_deref() == Some("CharacterEncodingOverride");
    (strict && (!other.version.is_empty() || other.n > 0)).then_some(other.n)
}

/// The type that a file of feedparser's tests asks to be served with, from its first comment.
fn content_type(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&body[..body.len().min(4096)]).into_owned();
    let comment = head.split("-->").next()?.split_once("<!--")?.1;
    let line = comment.lines().find_map(|line| line.trim().strip_prefix("Header:"))?;
    let (name, value) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
}

/// Letters and digits only, without markup: readers differ in what they do to both and to spaces.
fn plain(text: &str) -> String {
    let mut inside = false;
    let shown = text.chars().filter(|c| {
        inside = (inside || *c == '<') && *c != '>';
        !inside
    });
    shown.filter(|c| c.is_alphanumeric()).take(60).collect()
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if path.is_dir() {
            walk(&path, files)?;
        } else if ["xml", "rss", "atom", "rdf", "json", "feed"].contains(&extension.as_str()) && !is_expectation(&path)
        {
            files.push(path);
        }
    }
    Ok(())
}

/// True for files that say what another file should be read as.
fn is_expectation(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".serde.json")
        || name.ends_with("_expected.json")
        || (name.ends_with(".json") && ["xml", "rss"].iter().any(|feed| path.with_extension(feed).exists()))
}

//! The gate over real Hugo sites: that it gets to the end of every page, and whether what it finds there is true.
//!
//! Findings are read by people: each reading names a finding and says whether it is true. A reading whose finding is no longer
//! made is told as well, so that readings do not outlive the rules that they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gates::inventory::Inventory;
use gates::lint::{self, Against, Checked, Look, MarkdownFile, Sarif};
use gates::settings::Settings;
use jiff::Timestamp;
use pipeline::config::hugo_path;
use pipeline::engine::remembered::inventory_of;
use pipeline::hugo::Hugo;
use serde::{Deserialize, Serialize};

use crate::report::{Case, Report, Table};

/// What people read, one a line.
const READINGS: &str = include_str!("../readings.jsonl");
/// How many readings are wanted.
const WANTED: usize = 50;
/// At which time the pages are judged: long after all of them were written.
const NOW: &str = "2026-11-21T12:00:00Z";
/// The most that one page may take.
const SLOW: Duration = Duration::from_secs(2);

/// Layouts for sites whose theme is not there.
const LAYOUT: &str = "<!doctype html><html><head><title>{{ .Title }}</title></head><body><h1>{{ .Title }}</h1>{{ .Content }}</body></html>";

/// One finding on one page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Found {
    /// The folder of the site.
    site: String,
    /// The page, inside it.
    file: String,
    /// Where in the page.
    place: String,
    /// The rule.
    code: String,
    /// What it said.
    message: String,
}

/// What a person thought of a finding.
#[derive(Debug, Deserialize)]
struct Reading {
    #[serde(flatten)]
    found: Found,
    /// It is as the finding says.
    holds: bool,
    /// What stands there.
    why: String,
}

/// Judges every page of the sites below a folder.
pub(crate) fn score(dir: &Path, list: bool) -> anyhow::Result<Report> {
    let about = "Every page of real Hugo sites through the gate as `pipeline gate --site` runs it (themes left out, stub layouts in \
                 their place), and findings that people read beside the page.";
    let mut report = Report::new("sites", about);
    let mut found = BTreeSet::new();
    let (mut pages, mut panics, mut slow) = (0usize, 0usize, Duration::ZERO);
    let mut unbuilt = Vec::new();
    for site in folders(dir)? {
        let name = site.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = tempfile::tempdir()?;
        stand_in(&site, copy.path()).with_context(|| format!("cannot copy {}", site.display()))?;
        let inventory = match inventory(copy.path()) {
            Ok(inventory) => inventory,
            Err(why) => {
                unbuilt.push((name.clone(), why));
                Inventory::default()
            }
        };
        for file in markdown_below(&site.join("content"))? {
            pages += 1;
            let inside = file.strip_prefix(&site).unwrap_or(&file).to_string_lossy().into_owned();
            let bytes = fs::read(&file)?;
            let mut others = inventory.clone();
            others.posts.retain(|post| post.path != inside);
            let began = Instant::now();
            let now: Timestamp = NOW.parse()?;
            let judged = catch_unwind(AssertUnwindSafe(|| checked(&inside, &bytes, &others, now)));
            slow = slow.max(began.elapsed());
            let Ok(checked) = judged else {
                panics += 1;
                report.cases.push(Case { name: format!("{name}/{inside}"), score: None, note: "a panic".into() });
                continue;
            };
            found.extend(checked.layers.into_iter().flat_map(|layer| layer.findings).map(|finding| Found {
                site: name.clone(),
                file: inside.clone(),
                place: finding.place.to_string(),
                code: finding.code,
                message: finding.message,
            }));
        }
    }
    if list {
        report.cases.extend(found.iter().map(|found| Case {
            name: format!("{}/{}", found.site, found.file),
            score: None,
            note: serde_json::to_string(found).unwrap_or_default(),
        }));
    }
    for (name, why) in unbuilt {
        report.cases.push(Case { name, score: None, note: format!("links and tags were not checked: {why}") });
    }
    report.measure("pages judged", pages as f64, 0).goal("≥ 1", pages > 0);
    report.measure("panics", panics as f64, 0).goal("0", panics == 0);
    report.measure("slowest page, milliseconds", slow.as_secs_f64() * 1_000.0, 1).goal("≤ 2000", slow <= SLOW);
    report.measure("findings", found.len() as f64, 0);
    readings(&mut report, &found)?;
    Ok(report)
}

/// A page as the command checks it: every finding is given its place, and told in each form.
fn checked(name: &str, bytes: &[u8], inventory: &Inventory, now: Timestamp) -> Checked {
    let settings = Settings::default();
    let file = MarkdownFile { name, path: name, bytes };
    let checked = lint::check(file, Against { inventory, sources: &[], settings: &settings, now });
    let about = Sarif { root: "file:///site/", project: None, version: "0", settings: &settings };
    black_box(lint::sarif(std::slice::from_ref(&checked), &BTreeMap::new(), about));
    black_box((lint::line(&checked), lint::excerpts(&checked, Look { colours: false, columns: 80 })));
    checked
}

fn readings(report: &mut Report, found: &BTreeSet<Found>) -> anyhow::Result<()> {
    let mut read = Vec::new();
    for (n, line) in READINGS.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let reading: Reading =
            serde_json::from_str(line).with_context(|| format!("evals/readings.jsonl, line {}", n + 1))?;
        read.push(reading);
    }
    let gone = read.iter().filter(|reading| !found.contains(&reading.found)).count();
    let hold = read.iter().filter(|reading| reading.holds).count();
    report.measure("findings read by a person", read.len() as f64, 0).goal("≥ 50", read.len() >= WANTED);
    report.measure("of these, true", hold as f64, 0).goal("all", hold == read.len());
    report.measure("of these, no longer made", gone as f64, 0).goal("0", gone == 0);
    for reading in read.iter().filter(|reading| !found.contains(&reading.found)) {
        let name = format!("{}/{}", reading.found.site, reading.found.file);
        report.cases.push(Case { name, score: None, note: format!("no longer made: {}", reading.found.message) });
    }

    let mut by_code: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for finding in found {
        by_code.entry(&finding.code).or_default().0 += 1;
    }
    for reading in &read {
        by_code.entry(&reading.found.code).or_default().1 += 1;
    }
    let head = ["rule", "findings", "read"].map(str::to_owned).to_vec();
    let rows = by_code.iter().map(|(code, (made, read))| vec![format!("`{code}`"), made.to_string(), read.to_string()]);
    report.tables.push(Table { title: "Findings by rule".into(), rows: std::iter::once(head).chain(rows).collect() });
    let head = ["page", "place", "rule", "it says", "true", "what stands there"].map(str::to_owned).to_vec();
    let rows = read.iter().map(|Reading { found, holds, why }| {
        let page = format!("{}/{}", found.site, found.file.strip_prefix("content/").unwrap_or(&found.file));
        let holds = if *holds { "yes" } else { "NO" };
        [&page, &found.place, &format!("`{}`", found.code), &found.message, holds, why].map(bare).to_vec()
    });
    report.tables.push(Table { title: "The readings".into(), rows: std::iter::once(head).chain(rows).collect() });
    Ok(())
}

/// Text as a cell of a Markdown table: nothing in it is taken for markup.
fn bare(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn inventory(site: &Path) -> Result<Inventory, String> {
    let hugo = Hugo::find(hugo_path(None, Path::new(".")).as_deref()).map_err(|e| e.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let now: Timestamp = NOW.parse().map_err(|e: jiff::Error| e.to_string())?;
    let built = inventory_of(&hugo, site, Duration::from_secs(120), now, "tags", None);
    runtime.block_on(built).map_err(|e| e.to_string())
}

/// A copy of a site that builds without its theme: layouts that show the content, shortcodes that show what is inside.
fn stand_in(site: &Path, copy: &Path) -> anyhow::Result<()> {
    let (mut shortcodes, mut closed) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![site.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let target = copy.join(path.strip_prefix(site)?);
            if path.is_dir() {
                fs::create_dir_all(&target)?;
                open.push(path);
            } else if folder == site && path.extension().is_some_and(|e| e == "toml" || e == "yaml" || e == "yml") {
                fs::write(target, without_theme(&fs::read_to_string(&path)?))?;
            } else {
                fs::copy(&path, target)?;
                let text = fs::read_to_string(&path).unwrap_or_default();
                let all = shortcodes_of(&text);
                closed.extend(all.iter().filter(|name| text.contains(&format!("/{name} "))).cloned());
                shortcodes.extend(all);
            }
        }
    }
    let layouts = copy.join("layouts/_default");
    fs::create_dir_all(&layouts)?;
    fs::write(layouts.join("single.html"), LAYOUT)?;
    fs::write(layouts.join("list.html"), LAYOUT)?;
    fs::create_dir_all(copy.join("layouts/shortcodes"))?;
    for name in shortcodes.iter().filter(|name| !["ref", "relref", "highlight", "figure"].contains(&name.as_str())) {
        // One that is never closed must not ask for what is inside.
        let inner = if closed.contains(name) { "{{ .Inner }}" } else { "" };
        fs::write(copy.join(format!("layouts/shortcodes/{name}.html")), inner)?;
    }
    Ok(())
}

/// A configuration without its theme, and without the caches that later versions of Hugo do not know.
fn without_theme(config: &str) -> String {
    let mut caches = false;
    let kept = config.lines().filter(|line| {
        let line = line.trim();
        if line.starts_with('[') {
            caches = line.starts_with("[caches");
        }
        !caches && !line.starts_with("theme =") && !line.starts_with("theme:")
    });
    kept.fold(String::new(), |text, line| text + line + "\n")
}

fn shortcodes_of(text: &str) -> BTreeSet<String> {
    let opened = text.split("{{<").skip(1).chain(text.split("{{%").skip(1));
    let names = opened.map(|rest| rest.trim_start().trim_start_matches('/').trim_start());
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>();
    names.map(name).filter(|name| !name.is_empty()).collect()
}

fn folders(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut all: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.join("content").is_dir()).collect();
    all.sort();
    Ok(all)
}

fn markdown_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|e| e == "md") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_stands_without_its_theme() {
        let toml = "title = \"a\"\ntheme = \"b\"\n[caches]\n  [caches.getjson]\n  maxAge = \"1h\"\n[params]\nx = 1\n";
        assert_eq!(without_theme(toml), "title = \"a\"\n[params]\nx = 1\n");
        let text = "a {{< info >}} b {{< /info >}} {{% note-box \"x\" %}} {{<latest>}}";
        let names: Vec<String> = shortcodes_of(text).into_iter().collect();
        assert_eq!(names, ["info", "latest", "note-box"]);
    }

    #[test]
    fn every_reading_can_be_read_and_stands_once() {
        let read: Vec<Found> =
            READINGS.lines().map(|line| serde_json::from_str::<Reading>(line).unwrap().found).collect();
        assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), read.len());
    }
}

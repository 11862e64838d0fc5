//! A page's sentences against texts of a folder: each is looked up in them, as nobody has cited them.

use std::ops::Range;

use serde::Serialize;
use states::words::{Cite, Finding, Layer, LayerReport, Place, Severity, Snapshot, Timestamp, Verdict};

use super::region::Lines;
use super::{Region, Snippet, SourcePlace};
use crate::evidence::{against, plain};
use crate::page::Page;
use crate::rules;
use crate::settings::Settings;

/// The most text of a source that is told beside a claim, in characters.
const TOLD: usize = 300;

/// A text that claims are looked up in.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    snapshot: Snapshot,
    /// The file's text and where the snapshot's body begins in it; `None` where the body was taken out of a page.
    file: Option<(String, usize)>,
}

impl Source {
    /// A plain text.
    pub fn text(name: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lead = text.len() - text.trim_start().len();
        Self { name: name.to_owned(), snapshot: plain(text, name), file: Some((text.to_owned(), lead)) }
    }

    /// Markdown. Front matter, where it has one, gives the title and the day.
    pub fn markdown(name: &str, text: &str) -> Self {
        let Ok(page) = Page::parse(name, text) else { return Self::text(name, text) };
        let body = page.body();
        let lead = page.body_start + (body.len() - body.trim_start().len());
        let title = page.front_text("title").map(str::to_owned);
        let date = page.front_text("date").and_then(|date| day(date.trim()));
        let snapshot = Snapshot::compose(body, 0, name, title, None, date, None, None, Timestamp::MAX, false);
        Self { name: name.to_owned(), snapshot, file: Some((page.text, lead)) }
    }

    /// What was taken out of a page.
    pub fn extracted(name: &str, snapshot: Snapshot) -> Self {
        Self { name: name.to_owned(), snapshot, file: None }
    }

    /// The place of a citation: in the file where its text stands there as it is, else in the text that was taken out of it.
    fn place(&self, cite: &Cite) -> SourcePlace {
        let body_start = self.snapshot.body_start;
        let text = self.snapshot.text.get(cite.start..cite.end).unwrap_or_default();
        let verbatim = self.file.as_ref().filter(|_| cite.start >= body_start);
        let (whole, range) = match verbatim {
            Some((file, lead)) => (file.as_str(), cite.start - body_start + lead..cite.end - body_start + lead),
            None => (self.snapshot.text.as_str(), cite.start..cite.end),
        };
        let region = Lines::of(whole).region(range);
        SourcePlace {
            file: self.name.clone(),
            verbatim: verbatim.is_some(),
            text: text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TOLD).collect(),
            snippet: Snippet::of(whole, &region),
            region,
        }
    }
}

/// The time that a page's front matter gives; one without an offset is taken for UTC.
fn day(written: &str) -> Option<Timestamp> {
    let local = || written.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    written.parse().ok().or_else(|| local().map(|at| at.timestamp()))
}

/// A claim of the page and what proves it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Claimed {
    /// The claim as it is written.
    pub claim: String,
    /// What kind of claim it is; `sentence` for a sentence as a whole.
    pub kind: String,
    /// Where in the file.
    #[serde(flatten)]
    pub region: Region,
    /// What proves it; `None` where nothing was found.
    pub source: Option<SourcePlace>,
}

/// What the sources say of a page: the layer, the ranges of its findings in the page with what they were compared with, in
/// the same order, and the claims.
pub(super) struct Said {
    pub(super) layer: LayerReport,
    pub(super) ranges: Vec<(Range<usize>, Option<SourcePlace>)>,
    pub(super) claims: Vec<Claimed>,
}

/// A piece of the page that is looked up.
pub(super) struct Sentence {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    /// True for titles and headings, which name their subject and say nothing of it.
    pub(super) heading: bool,
}

/// Looks every sentence up.
pub(super) fn prove(lines: &Lines<'_>, sentences: &[Sentence], sources: &[Source], settings: &Settings) -> Said {
    let snapshots: Vec<Snapshot> = sources.iter().map(|source| source.snapshot.clone()).collect();
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let judged = against(&snapshots, &texts, settings);
    let placed = |cite: &Cite| {
        let source = sources.iter().find(|source| source.snapshot.id == cite.snapshot)?;
        Some(source.place(cite))
    };
    let mut said = Said { layer: empty(), ranges: Vec::new(), claims: Vec::new() };
    let mut supports = Vec::new();
    for (sentence, judged) in sentences.iter().zip(judged) {
        supports.extend(judged.support.filter(|_| !sentence.heading).map(usize::from));
        let claims_something = judged.rows.iter().any(|row| row.kind != "sentence");
        for mut finding in judged.findings {
            // What claims no fact may be the writer's own thought.
            if finding.code == rules::evidence::SUPPORT.code && !claims_something {
                finding.severity = finding.severity.min(Severity::Warning);
            }
            if sentence.heading && finding.code == rules::evidence::SUPPORT.code {
                continue;
            }
            said.ranges.push((sentence.range.clone(), finding.evidence.as_ref().and_then(placed)));
            said.layer.findings.push(of_person(finding, lines.region(sentence.range.clone())));
        }
        for row in judged.rows {
            let range = lines.find(&sentence.range, &row.claim).unwrap_or_else(|| sentence.range.clone());
            let source = row.cite.as_ref().and_then(placed);
            said.claims.push(Claimed { claim: row.claim, kind: row.kind, region: lines.region(range), source });
        }
    }
    let claims = said.claims.iter().filter(|claimed| claimed.kind != "sentence");
    let (all, proven) = claims.fold((0, 0), |(all, yes), claimed| (all + 1, yes + i64::from(claimed.source.is_some())));
    let figures = &mut said.layer.figures;
    figures.insert("claims".into(), all);
    figures.insert("proven".into(), proven);
    figures.insert("sentences".into(), i64::try_from(sentences.len()).unwrap_or(i64::MAX));
    if !supports.is_empty() {
        let mean = supports.iter().sum::<usize>() / supports.len() / 10;
        figures.insert("support_percent".into(), i64::try_from(mean).unwrap_or(100));
    }
    if said.layer.findings.iter().any(|f| f.severity == Severity::Error) {
        said.layer.verdict = Verdict::Revise;
    }
    said
}

fn empty() -> LayerReport {
    LayerReport { layer: Layer::Evidence, verdict: Verdict::Pass, findings: Vec::new(), figures: Default::default() }
}

/// The finding in words for a page that cites nothing, at its line.
fn of_person(mut finding: Finding, region: Region) -> Finding {
    let found = if finding.evidence.is_some() { "the text that fits best" } else { "the sources" };
    finding.message = finding.message.replace("the cited text", found);
    finding.place = Place::Line { line: region.line, column: region.column };
    // Numbers of sentences are a writer's, and there is nothing to cite.
    finding.suggestion = rules::find(&finding.code).map(|rule| match rule.mend.split_once(", or cite ") {
        Some((mend, _)) => format!("{mend}."),
        None => rule.mend.to_owned(),
    });
    finding.suggestion = finding.suggestion.filter(|mend| !mend.is_empty());
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_a_time_is_a_day() {
        let published = |front: &str| {
            Source::markdown("a.md", &format!("---\ntitle: A\n{front}\n---\n\nIt came today.\n")).snapshot.published
        };
        let day = Some("2026-03-10T00:00:00Z".parse().unwrap());
        assert_eq!(published("date: 2026-03-10"), day);
        assert_eq!(published("date: 2026-03-10T00:00:00"), day);
        assert_eq!(published("date: 2026-03-10T01:00:00+01:00"), day);
        assert_eq!(published("date: soon"), None);
    }
}

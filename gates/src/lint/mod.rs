//! The gate as a linter: what it finds in people's Markdown, each finding with its place in the file, as text, lines and SARIF.

mod region;
mod locate;
mod snippet;
mod evidence;
mod told;
mod sarif;

use std::ops::Range;

use serde::Serialize;
use states::words::text::sentences;
use states::words::{Finding, Layer, LayerReport, Place, Severity, Timestamp, Verdict};

pub use evidence::{Claimed, Source};
pub use region::Region;
pub use sarif::{Sarif, sarif};
pub use snippet::Snippet;
pub use told::{Look, excerpts, line, summary};

use crate::inventory::Inventory;
use crate::markdown::{layers_of, sentences_of};
use crate::page::Page;
use crate::rules::{Gathered, form};
use crate::settings::Settings;
use locate::Located;
use region::Lines;

/// The most findings of one file that are told one by one; more are counted.
pub const MOST_FOUND: usize = 1_000;

/// A Markdown file to be checked.
#[derive(Debug, Clone, Copy)]
pub struct MarkdownFile<'a> {
    /// What it is called where it is told of.
    pub name: &'a str,
    /// Its path in the site's repository, which says its slug and its address; the name where it lies in none.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A finding with its place in the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The rule's code.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where in the file.
    #[serde(flatten)]
    pub region: Region,
    /// What would mend it.
    pub suggestion: Option<String>,
    /// The page of documentation of its rule, from the project's folder.
    pub help: String,
    /// The place in a source that it was compared with.
    pub source: Option<SourcePlace>,
    /// The marked text and what stands around it.
    #[serde(skip)]
    pub snippet: Snippet,
}

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourcePlace {
    /// The source's name.
    pub file: String,
    /// Where in its text.
    #[serde(flatten)]
    pub region: Region,
    /// False where the text was taken out of a page, so that the file itself has other lines.
    pub verbatim: bool,
    /// The text there.
    pub text: String,
    /// The same with what stands around it.
    #[serde(skip)]
    pub snippet: Snippet,
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The file's name.
    pub name: String,
    /// Its findings in the order of their places, [`MOST_FOUND`] at most.
    pub found: Vec<Found>,
    /// How many more there are.
    pub more: usize,
    /// What each layer says.
    pub layers: Vec<LayerReport>,
    /// Every claim with its proof, where there are sources to look it up in.
    pub claims: Vec<Claimed>,
}

impl Checked {
    /// How many findings weigh so much, told or not.
    pub fn count(&self, severity: Severity) -> usize {
        self.layers.iter().flat_map(|l| &l.findings).filter(|f| f.severity == severity).count()
    }

    /// The layers that ran.
    pub fn ran(&self) -> impl Iterator<Item = Layer> {
        self.layers.iter().filter(|l| !matches!(l.verdict, Verdict::NotRun { .. })).map(|l| l.layer)
    }
}

/// The page of documentation of a rule, from the project's folder.
pub fn help_page(code: &str) -> String {
    format!("docs/rules/{code}.md")
}

/// What files are checked by.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// What the site has.
    pub inventory: &'a Inventory,
    /// The texts that claims are looked up in; where there are none, claims are not checked.
    pub sources: &'a [Source],
    /// The site's settings for the gate.
    pub settings: &'a Settings,
    /// The time at which it is checked.
    pub now: Timestamp,
}

/// Checks a file as [`markdown`](crate::markdown()) does, its claims as well where there are sources, and finds the place of
/// each finding. Bytes that are no text are a finding.
pub fn check(file: MarkdownFile<'_>, against: Against<'_>) -> Checked {
    let text = String::from_utf8_lossy(file.bytes);
    // A byte order mark is no part of the first line, nor of the page.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let page = Page::parse(file.path, text);
    let mut layers = layers_of(&page, against.inventory, against.settings, against.now);
    if let Err(error) = std::str::from_utf8(file.bytes) {
        not_text(&mut layers, &error, text, against.settings);
    }
    let all = page.as_ref().map(sentences_of).unwrap_or_default();
    let located = Located { text, lines: Lines::of(text), page: page.as_ref().ok(), sentences: &all };
    let said = (page.is_ok() && !against.sources.is_empty())
        .then(|| evidence::prove(&located.lines, &to_prove(&located), against.sources, against.settings));
    let of_rules = layers.iter().flat_map(|l| &l.findings).map(|finding| (finding, None));
    let of_sources = said.iter().flat_map(|said| said.layer.findings.iter().zip(said.ranges.iter().map(Some)));
    let (found, more) = locate_all(of_rules.chain(of_sources).collect(), &located);
    let mut claims = Vec::new();
    if let (Some(said), Some(layer)) = (said, layers.iter_mut().find(|layer| layer.layer == Layer::Evidence)) {
        claims = said.claims;
        *layer = said.layer;
    }
    Checked { name: file.name.to_owned(), found, more, layers, claims }
}

/// A finding, and where sources found it: its range in the file, and what it was compared with.
type Placed<'a> = (&'a Finding, Option<&'a (Range<usize>, Option<SourcePlace>)>);

/// What a page says: its title, its description and its sentences.
fn to_prove(located: &Located<'_>) -> Vec<evidence::Sentence> {
    let mut all = Vec::new();
    for (key, heading) in [("title", true), ("description", false), ("summary", false)] {
        let Some((text, range)) = located.text_of(key) else { continue };
        // What is written otherwise than it reads is one place.
        let verbatim = range.len() == text.len();
        all.extend(sentences(text).into_iter().map(|span| evidence::Sentence {
            text: span.of(text).to_owned(),
            range: if verbatim { range.start + span.start..range.start + span.end } else { range.clone() },
            heading,
        }));
    }
    // A shortcode that stands alone says nothing by itself; what it shows is not known here.
    let shortcode = |text: &str| {
        let text = text.trim();
        ["{{<", "{{%"].iter().any(|open| text.starts_with(open)) && text.ends_with("}}")
    };
    let sentences = located.sentences.iter().filter(|sentence| !shortcode(&sentence.text));
    all.extend(sentences.map(|sentence| evidence::Sentence {
        text: sentence.text.clone(),
        range: sentence.range.clone(),
        heading: sentence.heading,
    }));
    all
}

fn not_text(layers: &mut [LayerReport], error: &std::str::Utf8Error, text: &str, settings: &Settings) {
    let at = error.valid_up_to();
    let region = Lines::of(text).region(at..at + 1);
    let mut gathered = Gathered::new(Layer::Form, settings);
    let place = Place::Line { line: region.line, column: region.column };
    gathered.find(&form::UNREADABLE, place, "the file is not UTF-8").mend("Save it as UTF-8.");
    let said = gathered.report();
    if let Some(layer) = layers.iter_mut().find(|layer| layer.layer == Layer::Form) {
        layer.verdict = Verdict::fold([layer.verdict.clone(), said.verdict]);
        layer.findings.splice(0..0, said.findings);
    }
}

fn locate_all(mut all: Vec<Placed<'_>>, located: &Located<'_>) -> (Vec<Found>, usize) {
    // Where not all are told, the heaviest are.
    all.sort_by_key(|(finding, ..)| std::cmp::Reverse(finding.severity));
    let more = all.len().saturating_sub(MOST_FOUND);
    let mut found: Vec<Found> = all.into_iter().take(MOST_FOUND).map(|placed| found_of(placed, located)).collect();
    found.sort_by_key(|f| (f.region.start, f.region.end));
    (found, more)
}

fn found_of((finding, by_sources): Placed<'_>, located: &Located<'_>) -> Found {
    let range = match by_sources {
        Some((range, _)) => located.narrowed(range.clone(), &finding.message, ""),
        None => located.range(finding),
    };
    let region = located.lines.region(range);
    Found {
        code: finding.code.clone(),
        severity: finding.severity,
        message: finding.message.clone(),
        suggestion: finding.suggestion.clone(),
        help: help_page(&finding.code),
        source: by_sources.and_then(|(_, source)| source.clone()),
        snippet: Snippet::of(located.text, &region),
        region,
    }
}

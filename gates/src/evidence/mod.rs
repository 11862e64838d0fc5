//! Layer 2½: every claim of a draft against the bytes that it cites.
//!
//! A claim is looked up in the cited range and nothing else, in whatever form it is written, and must belong to the words
//! it belongs to there. What is proven becomes a row with its exact bytes; what is not becomes a finding.
//!
//! What this cannot see: a paraphrase that keeps the words and turns the sense without a denial or one of the known
//! opposites; an invented relation between two names that both stand there; irony. The judge and a person look for those.

mod against;
mod cited;
mod uncited;
mod sections;
mod library;
mod passages;
mod lookup;
mod context;
mod slots;
mod dates;
mod score;
mod support;
mod claims;
mod names;
mod values;
mod bases;
mod clocks;
mod money;
mod numerals;
mod days;
mod anchors;
mod tokens;
mod units;
mod normalise;
mod keys;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use states::words::{
    Brief, Cite, Draft, EvidenceRow, Finding, Layer, LayerReport, Place, RelatedPost, Sentence, Snapshots, text,
};

use crate::rules::evidence as rules;
use crate::rules::{Gathered, excerpt};
use crate::settings::Settings;
pub use against::{Judged, against, plain};
use claims::{Claim, Kind, NameSense, Reading, Value};
use library::Library;
pub(crate) use normalise::stem;

/// The longest sentence that is read, in bytes: the work grows with the square of its claims.
const MAX_SENTENCE: usize = 4_000;

/// Proves a draft. The rows are in reading order: the claims of a sentence, then the sentence itself under the ranges that it
/// cites. A row without a range has a finding that says why.
pub fn evidence(
    draft: &Draft,
    brief: &Brief,
    snapshots: &Snapshots,
    settings: &Settings,
) -> (LayerReport, Vec<EvidenceRow>) {
    let library = Library::of_brief(brief, snapshots);
    let subject = format!("{} {}", brief.keyword, brief.topic);
    let capitals = !brief.language.starts_with("de");
    let mut desk = Desk::new(&library, &brief.related, &subject, capitals, settings);
    let sentences = draft.sentences();
    // Cited sentences first: what they prove may be named by headings that cite nothing.
    let readable = |s: &Sentence| s.text.len() <= MAX_SENTENCE;
    for (order, (place, sentence)) in sentences.iter().enumerate() {
        if !readable(sentence) {
            desk.too_long(order, place, sentence);
        } else if !sentence.cites.is_empty() {
            desk.cited(order, place, sentence);
        }
    }
    for (order, (place, sentence)) in sentences.iter().enumerate() {
        if readable(sentence) && sentence.cites.is_empty() {
            desk.uncited(order, place, sentence);
        }
    }
    for (section, part) in draft.sections.iter().enumerate() {
        desk.section(section, part, sentences.len());
    }
    desk.report(draft)
}

/// An address in the form in which addresses are compared: without scheme, `www.`, fragment and closing slash.
pub(crate) fn address_key(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default().trim();
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let bare = bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/');
    let (host, path) = bare.split_once('/').map_or((bare, None), |(host, path)| (host, Some(path)));
    path.map_or_else(|| host.to_lowercase(), |path| format!("{}/{path}", host.to_lowercase()))
}

struct Desk<'a> {
    library: &'a Library<'a>,
    /// Posts of the site that the brief offers for links.
    related: &'a [RelatedPost],
    settings: &'a Settings,
    gathered: Gathered<'a>,
    /// Rows by the order of their sentence.
    rows: Vec<(usize, EvidenceRow)>,
    capitals: bool,
    neutral: BTreeSet<String>,
    /// Names that were proven, by their parts.
    proven_names: BTreeMap<Vec<String>, Cite>,
    copies: OnceCell<support::Copies<'a>>,
    claims: usize,
    supports: Vec<usize>,
    cited_sources: BTreeSet<states::words::SnapshotId>,
}

impl<'a> Desk<'a> {
    fn new(
        library: &'a Library<'a>,
        related: &'a [RelatedPost],
        subject: &str,
        capitals: bool,
        settings: &'a Settings,
    ) -> Self {
        Self {
            library,
            related,
            settings,
            gathered: Gathered::new(Layer::Evidence, settings),
            rows: Vec::new(),
            capitals,
            neutral: text::content_words(subject).iter().map(|word| stem(word)).collect(),
            proven_names: BTreeMap::new(),
            copies: OnceCell::new(),
            claims: 0,
            supports: Vec::new(),
            cited_sources: BTreeSet::new(),
        }
    }

    fn read(&self, text: &str) -> Reading {
        Reading::of_draft(text, NameSense { plain: &self.library.plain, capitals: self.capitals })
    }

    fn row(&mut self, order: usize, place: &Place, kind: &str, claim: &str, cite: Option<Cite>) {
        let row = EvidenceRow { place: place.clone(), kind: kind.to_owned(), claim: claim.to_owned(), cite };
        self.rows.push((order, row));
    }

    fn too_long(&mut self, order: usize, place: &Place, sentence: &Sentence) {
        self.claims += 1;
        let message = format!("the sentence has {} bytes; at most {MAX_SENTENCE} are read", sentence.text.len());
        self.gathered.insist(&rules::SENTENCE_LONG, place.clone(), message).of(&sentence.text);
        self.row(order, place, "sentence", &excerpt(&sentence.text), None);
    }

    fn open_quotation(&mut self, place: &Place, sentence: &Sentence, reading: &Reading) {
        if reading.open_quotation.is_some() {
            self.gathered
                .find(&rules::QUOTATION_OPEN, place.clone(), "a quotation mark has no partner")
                .of(&sentence.text);
        }
    }

    /// The number of the brief's sentence that has the claim.
    fn elsewhere(&self, claim: &Claim) -> Option<usize> {
        let has = |line: &library::Line<'_>| match (&claim.kind, &claim.value) {
            (Kind::Quotation, Value::Text(folded)) => {
                let window = lookup::Window::new(self.library.sources[line.source].snapshot, line.span);
                lookup::quotation(folded, std::slice::from_ref(&window)).is_some()
            }
            (_, Value::Name(parts)) => lookup::name_in(parts, &line.passage()).is_some(),
            (_, value) => line.passage().has(value),
        };
        self.library.lines.iter().find(|l| has(l)).map(|l| l.number)
    }

    fn is_own(&self, key: &str) -> bool {
        self.related.iter().any(|post| address_key(&post.url) == key)
    }

    /// The findings and rows alone.
    fn found(mut self) -> (Vec<Finding>, Vec<EvidenceRow>) {
        let rows = self.sorted_rows();
        (self.gathered.report().findings, rows)
    }

    fn sorted_rows(&mut self) -> Vec<EvidenceRow> {
        self.rows.sort_by_key(|(order, _)| *order);
        std::mem::take(&mut self.rows).into_iter().map(|(_, row)| row).collect()
    }

    fn report(mut self, draft: &Draft) -> (LayerReport, Vec<EvidenceRow>) {
        let rows = self.sorted_rows();
        let proven = rows.iter().filter(|r| r.kind != "sentence" && r.cite.is_some()).count();
        let sentences = draft.sentences();
        self.gathered.figure("claims", self.claims);
        self.gathered.figure("proven", proven);
        self.gathered.figure("sentences", sentences.len());
        self.gathered.figure("sentences_cited", sentences.iter().filter(|(_, s)| !s.cites.is_empty()).count());
        self.gathered.figure("sources_cited", self.cited_sources.len());
        if !self.supports.is_empty() {
            self.gathered.figure("support_percent", self.supports.iter().sum::<usize>() / self.supports.len());
        }
        (self.gathered.report(), rows)
    }
}

#[cfg(test)]
#[path = "truths_tests.rs"]
mod tests;

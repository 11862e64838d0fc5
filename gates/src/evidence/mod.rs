//! Layer 2½: every claim of a draft against the bytes that it cites.
//!
//! A claim is looked up in the cited range and nothing else, in whatever form it is written, and must belong to the words
//! it belongs to there. What is proven becomes a row with its exact bytes; what is not becomes a finding.
//!
//! What this cannot see: a paraphrase that keeps the words and turns the sense without a denial or one of the known
//! opposites; an invented relation between two names that both stand there; irony. The judge and a person look for those.

mod anchors;
mod claims;
mod dates;
mod lookup;
mod names;
mod normalise;
mod sections;
mod support;
mod tokens;
mod values;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use states::words::text::Span;
use states::words::{Brief, Cite, Draft, EvidenceRow, Layer, LayerReport, Place, Sentence, Snapshot, Snapshots, text};

use crate::rules::evidence as rules;
use crate::rules::{Gathered, Rule, excerpt};
use crate::settings::Settings;
use claims::{Claim, Kind, NameSense, Reading, Value};
use lookup::{Proof, Window};
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
    let mut desk = Desk::new(brief, snapshots, settings);
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

/// One sentence of the brief, read, for hints at what should have been cited.
struct Listed<'a> {
    number: usize,
    window: Window<'a>,
}

struct Desk<'a> {
    brief: &'a Brief,
    snapshots: &'a Snapshots,
    settings: &'a Settings,
    gathered: Gathered<'a>,
    /// Rows by the order of their sentence.
    rows: Vec<(usize, EvidenceRow)>,
    plain: HashSet<String>,
    capitals: bool,
    neutral: BTreeSet<String>,
    /// Names that were proven, by their parts.
    proven_names: BTreeMap<Vec<String>, Cite>,
    listed: OnceCell<Vec<Listed<'a>>>,
    copies: OnceCell<support::Copies<'a>>,
    claims: usize,
    supports: Vec<usize>,
    cited_sources: BTreeSet<states::words::SnapshotId>,
}

impl<'a> Desk<'a> {
    fn new(brief: &'a Brief, snapshots: &'a Snapshots, settings: &'a Settings) -> Self {
        let subject = format!("{} {}", brief.keyword, brief.topic);
        Self {
            brief,
            snapshots,
            settings,
            gathered: Gathered::new(Layer::Evidence, settings),
            rows: Vec::new(),
            plain: plain_words(brief, snapshots),
            capitals: !brief.language.starts_with("de"),
            neutral: text::content_words(&subject).iter().map(|word| stem(word)).collect(),
            proven_names: BTreeMap::new(),
            listed: OnceCell::new(),
            copies: OnceCell::new(),
            claims: 0,
            supports: Vec::new(),
            cited_sources: BTreeSet::new(),
        }
    }

    fn read(&self, text: &str) -> Reading {
        Reading::of_draft(text, NameSense { plain: &self.plain, capitals: self.capitals })
    }

    fn row(&mut self, order: usize, place: &Place, kind: &str, claim: &str, cite: Option<Cite>) {
        let row = EvidenceRow { place: place.clone(), kind: kind.to_owned(), claim: claim.to_owned(), cite };
        self.rows.push((order, row));
    }

    /// The citations that name a range of a snapshot of the brief; the others become findings.
    fn good_cites<'c>(&mut self, place: &Place, text: &str, cites: &'c [Cite]) -> Vec<&'c Cite> {
        let mut good = Vec::new();
        for cite in cites {
            let of_brief = self.brief.sources.iter().any(|s| s.snapshot == cite.snapshot);
            let cited = self.snapshots.cited(cite).filter(|_| of_brief);
            let problem = match cited {
                None if !of_brief => {
                    Some((&rules::CITE_BROKEN, "the citation names a snapshot that is not in the brief".to_owned()))
                }
                None => Some((
                    &rules::CITE_BROKEN,
                    format!("bytes {} to {} are no range of the cited snapshot", cite.start, cite.end),
                )),
                Some(cited) if cited.trim().is_empty() => {
                    Some((&rules::CITE_BROKEN, "the citation names an empty range".to_owned()))
                }
                Some(cited) if cited.len() > self.settings.max_cited_bytes => {
                    let message = format!(
                        "the citation names {} bytes; at most {} are one",
                        cited.len(),
                        self.settings.max_cited_bytes
                    );
                    Some((&rules::CITE_LONG, message))
                }
                Some(_) => None,
            };
            match problem {
                Some((rule, message)) => {
                    self.gathered.find(rule, place.clone(), message).of(text).against(Some(cite.clone())).done()
                }
                None => {
                    self.cited_sources.insert(cite.snapshot.clone());
                    good.push(cite);
                }
            }
        }
        good
    }

    /// A sentence with citations: each claim must stand in them.
    fn cited(&mut self, order: usize, place: &Place, sentence: &Sentence) {
        let cites = self.good_cites(place, &sentence.text, &sentence.cites);
        let windows = lookup::windows(&cites, self.snapshots);
        let reading = self.read(&sentence.text);
        self.open_quotation(place, sentence, &reading);
        let mut proven: Vec<(Value, Cite)> = Vec::new();
        let mut missing: Vec<&Claim> = Vec::new();
        for claim in &reading.claims {
            self.claims += 1;
            let cite = self.look_up(order, place, sentence, &reading, claim, &windows);
            match cite {
                Some(cite) => proven.push((claim.value.clone(), cite)),
                None if matches!(claim.kind, Kind::Number | Kind::Percent) => missing.push(claim),
                None => {}
            }
        }
        for claim in missing {
            self.computed(order, place, sentence, claim, &proven, &windows);
        }
        if !windows.is_empty() {
            self.carried(place, sentence, &reading, &windows);
            self.dated(place, sentence, &reading, &windows);
        }
        for cite in cites {
            self.row(order, place, "sentence", &sentence.text, Some(cite.clone()));
        }
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

    /// Looks one claim up and gives its proof. Numbers that are missing are left for [`Self::computed`].
    fn look_up(
        &mut self,
        order: usize,
        place: &Place,
        sentence: &Sentence,
        reading: &Reading,
        claim: &Claim,
        windows: &[Window<'_>],
    ) -> Option<Cite> {
        let written = &sentence.text[claim.span.clone()];
        let (cite, problem) = match (&claim.kind, &claim.value) {
            (Kind::Quotation, Value::Text(folded)) => (lookup::quotation(folded, windows), None),
            (Kind::Url, Value::Text(key)) => match self.is_own(key) {
                // A page of the site: the inventory proves it, not a source.
                true => return None,
                false => (lookup::address(key, windows, self.brief, self.snapshots), None),
            },
            (_, Value::Name(parts)) => {
                let cite = lookup::name(parts, windows);
                if let Some(cite) = &cite {
                    self.proven_names.entry(parts.clone()).or_insert_with(|| cite.clone());
                }
                (cite, None)
            }
            _ => match lookup::value(claim, reading, windows) {
                Proof::Found(cite) => (Some(cite), None),
                Proof::FoundUnbounded(cite) => {
                    let message = format!("`{written}` has a bound (`up to`, `at least`) on one side only");
                    self.gathered
                        .find(&rules::BOUND_LOST, place.clone(), message)
                        .of(&sentence.text)
                        .against(Some(cite.clone()));
                    (Some(cite), None)
                }
                Proof::Missing => (None, None),
                Proof::Context(cite) => {
                    let message =
                        format!("`{written}` stands in the cited text, about something else: {}", self.shown(&cite));
                    (None, Some((&rules::CONTEXT, message, cite)))
                }
                Proof::Attached(cite, other) => {
                    let message = format!(
                        "`{written}` belongs to something else in the source, where `{}` stands for this: {}",
                        excerpt(&other),
                        self.shown(&cite)
                    );
                    (None, Some((&rules::ATTACHED, message, cite)))
                }
                Proof::Bound(cite) => {
                    let message = format!("`{written}` has the opposite bound in the source: {}", self.shown(&cite));
                    (None, Some((&rules::BOUND, message, cite)))
                }
            },
        };
        if let Some((rule, message, against)) = problem {
            self.gathered.find(rule, place.clone(), message).of(&sentence.text).against(Some(against));
            // It has its finding; it must not be computed instead.
            self.row(order, place, claim.kind.as_str(), written, None);
            return None;
        }
        match &cite {
            Some(cite) => self.row(order, place, claim.kind.as_str(), written, Some(cite.clone())),
            None if matches!(claim.kind, Kind::Number | Kind::Percent) => {}
            None => self.unproven(order, place, sentence, claim, windows),
        }
        cite
    }

    /// A number that is in no source may follow from two that are.
    fn computed(
        &mut self,
        order: usize,
        place: &Place,
        sentence: &Sentence,
        claim: &Claim,
        proven: &[(Value, Cite)],
        windows: &[Window<'_>],
    ) {
        let written = &sentence.text[claim.span.clone()];
        let has_row = self.rows.iter().any(|(o, row)| *o == order && row.cite.is_none() && row.claim == written);
        if has_row {
            return;
        }
        match lookup::computed(claim, proven) {
            Some(cite) => self.row(order, place, claim.kind.as_str(), written, Some(cite)),
            None => self.unproven(order, place, sentence, claim, windows),
        }
    }

    /// A finding, and a row without proof.
    fn unproven(&mut self, order: usize, place: &Place, sentence: &Sentence, claim: &Claim, windows: &[Window<'_>]) {
        let written = &sentence.text[claim.span.clone()];
        let rule = rule_of(claim);
        let there = self.values_there(claim, windows);
        let hint = self
            .elsewhere(claim)
            .map(|number| format!("Sentence {number} of the sources has it: cite that one too, or leave it out."));
        let message =
            format!("the {} `{}` does not stand in the cited text{there}", claim.kind.in_words(), excerpt(written));
        let noted = self
            .gathered
            .find(rule, place.clone(), message)
            .of(&sentence.text)
            .against(windows.first().map(Window::cite));
        if let Some(hint) = hint {
            noted.mend(hint);
        }
        self.row(order, place, claim.kind.as_str(), written, None);
    }

    /// What the cited text has of the same kind.
    fn values_there(&self, claim: &Claim, windows: &[Window<'_>]) -> String {
        let mut there: Vec<&str> = Vec::new();
        for passage in windows.iter().flat_map(|w| &w.passages) {
            let same = passage.reading.claims.iter().filter(|c| c.kind == claim.kind);
            there.extend(same.map(|c| &passage.text[c.span.clone()]));
        }
        there.dedup();
        if there.is_empty() { String::new() } else { format!(", which has {}", excerpt(&there.join(", "))) }
    }

    /// The number of the brief's sentence that has the claim.
    fn elsewhere(&self, claim: &Claim) -> Option<usize> {
        let listed = self.listed.get_or_init(|| {
            let short = self.brief.numbered().filter(|n| n.span.end.saturating_sub(n.span.start) <= MAX_SENTENCE);
            let numbered = short.filter_map(|n| {
                let snapshot = self.snapshots.get(&self.brief.sources[n.source].snapshot)?;
                Some(Listed { number: n.number, window: Window::new(snapshot, n.span) })
            });
            numbered.collect()
        });
        let has = |window: &Window<'_>| match (&claim.kind, &claim.value) {
            (Kind::Quotation, Value::Text(folded)) => lookup::quotation(folded, std::slice::from_ref(window)).is_some(),
            (_, Value::Name(parts)) => window.passages.iter().any(|p| lookup::name_in(parts, p).is_some()),
            (_, value) => window.passages.iter().any(|p| p.reading.claims.iter().any(|c| value.proven_by(&c.value))),
        };
        listed.iter().find(|l| has(&l.window)).map(|l| l.number)
    }

    fn is_own(&self, key: &str) -> bool {
        self.brief.related.iter().any(|post| address_key(&post.url) == key)
    }

    fn shown(&self, cite: &Cite) -> String {
        let snapshot = self.snapshots.get(&cite.snapshot);
        let around = snapshot.map(|s| sentence_around(s, cite)).unwrap_or_default();
        format!("“{}”", excerpt(around))
    }

    /// Words, denials and opposites of the sentence as a whole.
    fn carried(&mut self, place: &Place, sentence: &Sentence, reading: &Reading, windows: &[Window<'_>]) {
        let first = windows.first().map(Window::cite);
        if let Some(percent) = support::percent(reading, windows, &self.neutral) {
            self.supports.push(percent);
            let least = usize::from(self.settings.support_min_percent);
            if percent < least {
                let message = format!(
                    "{percent} % of the sentence's words stand in the cited text; at least {least} % are asked for"
                );
                self.gathered.find(&rules::SUPPORT, place.clone(), message).of(&sentence.text).against(first.clone());
            }
        }
        if let Some((word, cite)) = support::negation(reading, windows) {
            let message =
                format!("one of source and sentence denies `{word}…`, the other does not: {}", self.shown(&cite));
            self.gathered.find(&rules::NEGATION, place.clone(), message).of(&sentence.text).against(Some(cite));
        }
        if let Some((ours, theirs)) = support::opposite(reading, windows) {
            let message = format!("the sentence says `{ours}` where the cited text says `{theirs}`");
            self.gathered.find(&rules::OPPOSITE, place.clone(), message).of(&sentence.text).against(first);
        }
    }

    /// A sentence without citations may claim nothing but names that are proven elsewhere.
    fn uncited(&mut self, order: usize, place: &Place, sentence: &Sentence) {
        let reading = self.read(&sentence.text);
        self.open_quotation(place, sentence, &reading);
        for claim in &reading.claims {
            let written = &sentence.text[claim.span.clone()];
            let proof = match &claim.value {
                Value::Name(parts) => self.known_name(parts),
                Value::Text(key) if claim.kind == Kind::Url && self.is_own(key) => continue,
                Value::Text(key) if claim.kind == Kind::Url => lookup::address(key, &[], self.brief, self.snapshots),
                _ => None,
            };
            if proof.is_none() && claim.opening {
                continue;
            }
            self.claims += 1;
            if proof.is_none() {
                let hint = self.elsewhere(claim).map(|n| format!("Sentence {n} of the sources has it: cite it."));
                let message = format!("the {} `{}` has no citation", claim.kind.in_words(), excerpt(written));
                let noted = self.gathered.find(&rules::UNCITED, place.clone(), message).of(&sentence.text);
                if let Some(hint) = hint {
                    noted.mend(hint);
                }
            }
            self.row(order, place, claim.kind.as_str(), written, proof);
        }
    }

    /// A name that a cited sentence has proven, alone or as a part of it, or that says whose text a source is.
    fn known_name(&self, parts: &[String]) -> Option<Cite> {
        let proven = self.proven_names.get(parts).or_else(|| {
            let within = self.proven_names.iter().find(|(name, _)| name.windows(parts.len()).any(|w| w == parts));
            within.map(|(_, cite)| cite)
        });
        proven.cloned().or_else(|| {
            let sources = self.brief.sources.iter().filter_map(|s| self.snapshots.get(&s.snapshot));
            sources.into_iter().find_map(|snapshot| lookup::identity(parts, snapshot))
        })
    }

    fn report(mut self, draft: &Draft) -> (LayerReport, Vec<EvidenceRow>) {
        self.rows.sort_by_key(|(order, _)| *order);
        let rows: Vec<EvidenceRow> = self.rows.into_iter().map(|(_, row)| row).collect();
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

/// Words that the sources' prose writes in lower case at least as often as with a capital letter inside a sentence, and
/// their stems. Code is not prose: there every name is in lower case.
fn plain_words(brief: &Brief, snapshots: &Snapshots) -> HashSet<String> {
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    for source in &brief.sources {
        let Some(snapshot) = snapshots.get(&source.snapshot) else { continue };
        for span in source.body_sentences(snapshot) {
            let words = span.of(&snapshot.text).split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-');
            for (n, word) in words.filter(|w| !w.is_empty()).enumerate() {
                if word.starts_with(char::is_lowercase) {
                    counts.entry(word.to_owned()).or_default().0 += 1;
                } else if n > 0 {
                    counts.entry(word.to_lowercase()).or_default().1 += 1;
                }
            }
        }
    }
    let plain = counts.into_iter().filter(|(_, (lower, capital))| lower >= capital).map(|(word, _)| word);
    plain.flat_map(|word| [stem(&word), word]).collect()
}

fn rule_of(claim: &Claim) -> &'static Rule {
    match claim.kind {
        Kind::Number => &rules::NUMBER,
        Kind::Version => &rules::VERSION,
        Kind::Date => &rules::DATE,
        Kind::Money => &rules::MONEY,
        Kind::Percent => &rules::PERCENT,
        Kind::Quotation => &rules::QUOTATION,
        Kind::Url => &rules::URL,
        Kind::Name if claim.opening => &rules::NAME_OPENING,
        Kind::Name => &rules::NAME,
    }
}

fn sentence_around<'s>(snapshot: &'s Snapshot, cite: &Cite) -> &'s str {
    let text = &snapshot.text;
    let start = text.get(..cite.start).and_then(|t| t.rfind(['\n', '.'])).map_or(0, |n| n + 1);
    let end = text.get(cite.end..).and_then(|t| t.find(['\n', '.'])).map_or(text.len(), |n| cite.end + n + 1);
    Span { start, end }.of(text).trim()
}

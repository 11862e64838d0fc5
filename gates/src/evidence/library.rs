//! The texts that may be cited: cut into sentences, read once, and found again by their words.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use jiff::civil::Date;
use states::words::text::{Span, sentences};
use states::words::{Brief, Cite, Snapshot, SnapshotId, Snapshots};

use super::MAX_SENTENCE;
use super::claims::Reading;
use super::keys::{Keyed, key};
use super::lookup::{Passage, Window, told};
use super::normalise::{Folded, stem};
use super::tokens::tokens;

/// A text that may be cited.
pub(crate) struct Source<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// Where a reader finds it; the snapshot has where it was read.
    pub(crate) url: &'a str,
    /// The number of its first sentence, through all sources.
    first: usize,
    /// Its sentences: the fixed lines' values, then the body's.
    spans: Cow<'a, [Span]>,
    folded: OnceCell<Folded>,
}

impl Source<'_> {
    /// Its text, folded for quotations.
    pub(crate) fn folded(&self) -> &Folded {
        self.folded.get_or_init(|| Folded::of(&self.snapshot.text))
    }
}

/// One sentence of a source.
pub(crate) struct Line<'a> {
    /// Its number, from 1, through all sources.
    pub(crate) number: usize,
    /// Index of its source.
    pub(crate) source: usize,
    pub(crate) span: Span,
    snapshot: &'a Snapshot,
    told: Option<Date>,
    reading: OnceCell<Rc<Reading>>,
    pairs: OnceCell<Vec<u64>>,
}

impl<'a> Line<'a> {
    /// What it says; read when it is asked for the first time.
    pub(crate) fn passage(&self) -> Passage<'a> {
        let read = || Rc::new(Reading::of_source(self.span.of(&self.snapshot.text)));
        Passage::of(self.snapshot, self.span, self.told, Rc::clone(self.reading.get_or_init(read)))
    }

    /// Its words that stand side by side, as keys.
    pub(crate) fn pairs(&self) -> &[u64] {
        self.pairs.get_or_init(|| self.passage().reading.pairs())
    }
}

/// Everything that may be cited.
pub(crate) struct Library<'a> {
    pub(crate) sources: Vec<Source<'a>>,
    pub(crate) lines: Vec<Line<'a>>,
    /// Words that are no names at the beginning of a sentence.
    pub(crate) plain: HashSet<String>,
    by_id: BTreeMap<&'a SnapshotId, usize>,
    /// The lines that a stem stands in, in order, by its key.
    index: HashMap<u64, Vec<usize>, Keyed>,
}

impl<'a> Library<'a> {
    pub(crate) fn of_brief(brief: &'a Brief, snapshots: &'a Snapshots) -> Self {
        let mut first = 1;
        let mut sources = Vec::new();
        for source in &brief.sources {
            if let Some(snapshot) = snapshots.get(&source.snapshot) {
                sources.push(Source {
                    snapshot,
                    url: &source.url,
                    first,
                    spans: Cow::Borrowed(&source.sentences),
                    folded: OnceCell::new(),
                });
            }
            first += source.sentences.len();
        }
        Self::of(sources)
    }

    /// The library of texts that no brief has cut; code is cut as well, line by line.
    pub(crate) fn of_texts(texts: &'a [Snapshot], most: usize) -> Self {
        let mut first = 1;
        let mut sources = Vec::new();
        for snapshot in texts {
            let spans = spans(snapshot, most);
            let count = spans.len();
            sources.push(Source {
                snapshot,
                url: &snapshot.url,
                first,
                spans: Cow::Owned(spans),
                folded: OnceCell::new(),
            });
            first += count;
        }
        Self::of(sources)
    }

    fn of(sources: Vec<Source<'a>>) -> Self {
        let mut lines: Vec<Line<'a>> = Vec::new();
        for (source, text) in sources.iter().enumerate() {
            let told = told(text.snapshot);
            let short = text.spans.iter().enumerate().filter(|(_, s)| s.end.saturating_sub(s.start) <= MAX_SENTENCE);
            lines.extend(short.map(|(n, span)| Line {
                number: text.first + n,
                source,
                span: *span,
                snapshot: text.snapshot,
                told,
                reading: OnceCell::new(),
                pairs: OnceCell::new(),
            }));
        }
        let mut index: HashMap<u64, Vec<usize>, Keyed> = HashMap::default();
        for (n, line) in lines.iter().enumerate() {
            for stem in tokens(line.span.of(&line.snapshot.text)).iter().flat_map(|t| &t.stems) {
                let places = index.entry(key(stem)).or_default();
                if places.last() != Some(&n) {
                    places.push(n);
                }
            }
        }
        let by_id = sources.iter().enumerate().map(|(n, s)| (&s.snapshot.id, n)).collect();
        Self { plain: plain_words(&sources), sources, lines, by_id, index }
    }

    pub(crate) fn get(&self, id: &SnapshotId) -> Option<&'a Snapshot> {
        self.by_id.get(id).map(|n| self.sources[*n].snapshot)
    }

    /// The cited text, or `None` where the range does not lie in a source.
    pub(crate) fn cited(&self, cite: &Cite) -> Option<&'a str> {
        self.get(&cite.snapshot)?.text.get(cite.start..cite.end)
    }

    /// A range as a window. What has been read already is not read again.
    pub(crate) fn window(&self, id: &SnapshotId, span: Span) -> Option<Window<'a>> {
        let source = *self.by_id.get(id)?;
        let snapshot = self.sources[source].snapshot;
        let first = self.lines.partition_point(|l| (l.source, l.span.start) < (source, span.start));
        let inside = self.lines[first..].iter().take_while(|l| l.source == source && l.span.end <= span.end);
        let passages: Vec<Passage<'a>> = inside.map(Line::passage).collect();
        let covers = passages.last().is_some_and(|last| last.ends_at(span.end)) && passages[0].starts_at(span.start);
        Some(if covers { Window { snapshot, span, passages } } else { Window::new(snapshot, span) })
    }

    /// The lines that a stem stands in.
    pub(crate) fn places(&self, stem: &str) -> &[usize] {
        self.index.get(&key(stem)).map_or(&[], Vec::as_slice)
    }

    /// How much a stem says: what stands in few lines says more (the logarithm of the share of lines without it).
    pub(crate) fn weight(&self, stem: &str) -> f64 {
        let (all, with) = (self.lines.len() as f64, self.places(stem).len() as f64);
        ((all + 1.0) / (with + 0.5)).ln().max(0.2)
    }
}

/// Words that the sources' prose writes in lower case at least as often as with a capital letter inside a sentence, and
/// their stems. Code is not prose: there every name is in lower case.
fn plain_words(sources: &[Source<'_>]) -> HashSet<String> {
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    for source in sources {
        for span in source.spans.iter().filter(|s| s.start >= source.snapshot.body_start) {
            let text = span.of(&source.snapshot.text);
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-');
            for (n, word) in words.filter(|w| !w.is_empty()).enumerate() {
                if word.starts_with(char::is_lowercase) {
                    match counts.get_mut(word) {
                        Some(count) => count.0 += 1,
                        None => drop(counts.insert(word.to_owned(), (1, 0))),
                    }
                } else if n > 0 {
                    counts.entry(word.to_lowercase()).or_default().1 += 1;
                }
            }
        }
    }
    let plain = counts.into_iter().filter(|(_, (lower, capital))| lower >= capital).map(|(word, _)| word);
    plain.flat_map(|word| [stem(&word), word]).collect()
}

/// The citable ranges of a snapshot: fixed lines, sentences, and lines of code, none longer than `most` bytes.
fn spans(snapshot: &Snapshot, most: usize) -> Vec<Span> {
    let fixed = ["Title", "Author", "Date", "URL"].into_iter().filter_map(|name| snapshot.fixed_line(name));
    let fixed = fixed.map(|(start, end)| Span { start, end }).filter(|s| s.end > s.start);
    let at = |s: Span| Span { start: s.start + snapshot.body_start, end: s.end + snapshot.body_start };
    let body = snapshot.body();
    let mut all: Vec<Span> = sentences(body);
    let mut fenced = false;
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        let text = line.trim();
        if text.starts_with("```") || text.starts_with("~~~") {
            fenced = !fenced;
        } else if fenced && !text.is_empty() {
            let lead = line.len() - line.trim_start().len();
            all.push(Span { start: start + lead, end: start + lead + text.len() });
        }
        start += line.len();
    }
    all.sort();
    fixed.chain(all.into_iter().map(at)).flat_map(|span| cut(&snapshot.text, span, most)).collect()
}

/// A span in pieces of at most `most` bytes, cut between words where there are any.
fn cut(text: &str, span: Span, most: usize) -> Vec<Span> {
    let most = most.clamp(16, MAX_SENTENCE);
    let (mut pieces, mut at) = (Vec::new(), span.start);
    while span.end - at > most {
        let mut end = at + most;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let between = text[at..end].rfind(char::is_whitespace).filter(|n| *n > 0);
        let end = between.map_or(end, |n| at + n);
        pieces.push(Span { start: at, end });
        at = end + text[end..span.end].len() - text[end..span.end].trim_start().len();
    }
    if at < span.end {
        pieces.push(Span { start: at, end: span.end });
    }
    pieces
}

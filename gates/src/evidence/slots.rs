//! Slots: what stands between the same words. A value or name that stands in the cited text, but where the draft puts it the
//! source has another, was exchanged.

use std::ops::Range;

use states::words::Cite;
use states::words::text::is_stop_word;

use super::claims::{Claim, Kind, Reading, Value};
use super::lookup::{Passage, Window};
use super::names;
use super::tokens::{Class, Token};

/// So many words to each side are compared.
const DEPTH: usize = 4;
/// The least likeness of a slot to count: two words that say something, or as much. A word that says nothing counts half.
const LIKE: u32 = 4;
/// By so much another's slot must be more like the draft's than the claim's own.
const AHEAD: u32 = 2;
/// The longest name that can stand in a slot, in words.
const NAME_WORDS: usize = 4;

/// What the source has in the place that the draft gives to a claim: its range, and what stands there.
pub(super) fn taken<'a>(claim: &Claim, draft: &Reading, windows: &[Window<'a>]) -> Option<(Cite, &'a str)> {
    let ours = Words::of(draft);
    let place = ours.place(&claim.tokens)?;
    let mut own = 0;
    let mut best: Option<(u32, Cite, &'a str)> = None;
    for passage in windows.iter().flat_map(|w| &w.passages) {
        let theirs = Words::of(&passage.reading);
        let mine = occurrences(claim, passage);
        for tokens in &mine {
            let sides = theirs.place(tokens).map(|at| likeness(&ours, &place, &theirs, &at));
            own = own.max(sides.map_or(0, |(left, right)| left + right));
        }
        for tokens in others(claim, passage, &theirs) {
            let clear = mine.iter().all(|m| m.end <= tokens.start || tokens.end <= m.start);
            let Some(at) = theirs.place(&tokens).filter(|_| clear) else { continue };
            let (left, right) = likeness(&ours, &place, &theirs, &at);
            // Like on one side only, something was left out between them, not exchanged.
            let like = if left == 0 || right == 0 { 0 } else { left + right };
            if like >= LIKE && best.as_ref().is_none_or(|(most, ..)| like > *most) {
                let span =
                    passage.reading.tokens[tokens.start].span.start..passage.reading.tokens[tokens.end - 1].span.end;
                best = Some((like, passage.cite(&span), &passage.text[span]));
            }
        }
    }
    best.filter(|(like, ..)| *like >= own + AHEAD).map(|(_, cite, text)| (cite, text))
}

/// The tokens that are no marks.
struct Words<'t> {
    tokens: &'t [Token],
    words: &'t [usize],
}

impl<'t> Words<'t> {
    fn of(reading: &'t Reading) -> Self {
        Self { tokens: &reading.tokens, words: &reading.words }
    }

    /// The words that a range of tokens covers.
    fn place(&self, tokens: &Range<usize>) -> Option<Range<usize>> {
        let start = self.words.partition_point(|w| *w < tokens.start);
        let end = self.words.partition_point(|w| *w < tokens.end);
        (start < end).then_some(start..end)
    }

    fn get(&self, at: Option<usize>) -> Option<&'t Token> {
        self.words.get(at?).map(|i| &self.tokens[*i])
    }
}

/// How alike the words around two places are, to the left and to the right, as far as they agree.
fn likeness(ours: &Words<'_>, a: &Range<usize>, theirs: &Words<'_>, b: &Range<usize>) -> (u32, u32) {
    let side = |step: &dyn Fn(&Range<usize>, usize) -> Option<usize>| {
        let mut like = 0;
        for n in 0..DEPTH {
            match (ours.get(step(a, n)), theirs.get(step(b, n))) {
                (Some(x), Some(y)) if same(x, y) => {
                    like += if x.stems.is_empty() && x.class == Class::Word { 1 } else { 2 };
                }
                (None, None) => return like + 1,
                _ => break,
            }
        }
        like
    };
    (side(&|place, n| place.start.checked_sub(n + 1)), side(&|place, n| Some(place.end + n)))
}

fn same(x: &Token, y: &Token) -> bool {
    let digits = |t: &Token| t.lower.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
    let number = x.class == Class::Number && y.class == Class::Number;
    x.lower == y.lower || (!x.stems.is_empty() && x.stems == y.stems) || (number && digits(x) == digits(y))
}

/// Where a passage has the claim, in tokens.
fn occurrences(claim: &Claim, passage: &Passage<'_>) -> Vec<Range<usize>> {
    let claims = passage.reading.claims.iter();
    match &claim.value {
        Value::Name(parts) => super::lookup::names_in(parts, passage),
        value => claims.filter(|c| passage.proves(value, &c.value)).map(|c| c.tokens.clone()).collect(),
    }
}

/// What else stands in a passage that could be in the claim's place.
fn others(claim: &Claim, passage: &Passage<'_>, words: &Words<'_>) -> Vec<Range<usize>> {
    let reading = &passage.reading;
    let Value::Name(parts) = &claim.value else {
        let address = claim.kind == Kind::Url;
        let values = reading
            .claims
            .iter()
            .filter(|c| (c.kind == Kind::Url) == address && !passage.proves(&claim.value, &c.value));
        let numeric = |class: Class| matches!(class, Class::Number | Class::Version | Class::Iso | Class::Clock);
        // A number within a date stands for itself as well: `October 9` against `October 0`.
        let within = values.clone().filter(|c| c.tokens.len() > 1).flat_map(|c| c.tokens.clone());
        let single = within.filter(|i| numeric(reading.tokens[*i].class)).map(|i| i..i + 1);
        return values.map(|c| c.tokens.clone()).chain(single).collect();
    };
    let capital = |i: usize| {
        let raw = reading.tokens[i].raw(passage.text);
        raw.starts_with(char::is_uppercase) && reading.tokens[i].class == Class::Word
    };
    let starts = words.words.iter().enumerate().filter(|(_, i)| capital(**i));
    let runs = starts.flat_map(|(n, first)| {
        let ends = words.words[n..].iter().take(NAME_WORDS).filter(|i| capital(**i));
        ends.map(move |last| *first..last + 1)
    });
    runs.filter(|run| {
        let tokens = &reading.tokens[run.clone()];
        let said = tokens.iter().any(|t| !is_stop_word(&t.lower));
        let same = |t: &Token| names::parts(t.raw(passage.text), false).iter().any(|part| parts.contains(part));
        said && !tokens.iter().any(|t| t.class == Class::Mark || same(t))
    })
    .collect()
}

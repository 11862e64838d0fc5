//! Cases of a seed, made from the gold texts of pages: sentences that are true, and the same with one value changed.

use std::collections::HashSet;
use std::path::Path;

use states::words::text;

use super::cases::{Case, Claimed};
use super::planting::{self, Pool};
use super::texts::{self, Text};
use super::values::{self, Kind};
use super::wording::{self, How};
use crate::random::Random;

/// So many cases are made.
const CASES: usize = 2_500;

/// How many of a hundred sentences are made wrong.
const PLANTED: usize = 45;

/// How many of a hundred cases have further pages beside the one that they are about.
const DISTRACTED: usize = 40;

/// How often a sentence is tried that was told before.
const TRIES: usize = 4;

/// A page with what can be made of it.
pub(super) struct Sheet {
    name: String,
    text: String,
    letters: String,
    english: bool,
    /// Each with the one that follows it directly.
    sentences: Vec<(String, Option<String>)>,
    written: Vec<(Kind, String)>,
    words: Vec<String>,
    kinds: HashSet<Kind>,
}

/// The cases of a seed, from the pages below a folder; `None` where there are no pages.
///
/// # Errors
/// Pages that are there and cannot be read.
pub(crate) fn generate(dir: &Path, seed: u64) -> anyhow::Result<Option<Vec<Case>>> {
    Ok(texts::texts(dir, seed)?.map(|pages| cases(&sheets(pages), seed, CASES)))
}

pub(super) fn sheets(pages: Vec<Text>) -> Vec<Sheet> {
    pages.into_iter().map(Sheet::of).filter(|sheet| sheet.sentences.len() >= 5).collect()
}

pub(super) fn cases(sheets: &[Sheet], seed: u64, count: usize) -> Vec<Case> {
    let mut random = Random::of(seed);
    let mut told = HashSet::new();
    let mut found = Vec::new();
    if sheets.is_empty() {
        return found;
    }
    for number in 0..count {
        // The kind first, so that those which few pages have are not rare.
        let kind = Kind::ALL[number % Kind::ALL.len()];
        let with: Vec<&Sheet> = sheets.iter().filter(|sheet| sheet.kinds.contains(&kind)).collect();
        let Some(main) = random.pick(&with).copied() else { continue };
        let mut sources = vec![main];
        if random.chance(DISTRACTED) {
            for _ in 0..random.between(1, 4) {
                let other = random.pick(sheets).filter(|other| sources.iter().all(|sheet| sheet.name != other.name));
                sources.extend(other);
            }
        }
        let mut sentences = Vec::new();
        for n in 0..random.between(1, 12) {
            // Most are about the first page; a digest is about several.
            let about = if random.chance(80) { main } else { random.pick(&sources).copied().unwrap_or(main) };
            let planted = n == 0 || random.chance(PLANTED);
            // What was told before is told no second time.
            for _ in 0..TRIES {
                let made = if planted {
                    let own: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| about.kinds.contains(kind)).collect();
                    let kind = if n == 0 { Some(kind) } else { random.pick(&own).copied() };
                    kind.and_then(|kind| about.wrong(kind, &mut random))
                } else {
                    about.right(&mut random).map(|(text, how)| claimed(text, how, None))
                };
                if let Some(made) = made.filter(|made| told.insert(made.text.clone())) {
                    sentences.push(made);
                    break;
                }
            }
        }
        random.shuffle(&mut sources);
        random.shuffle(&mut sentences);
        if !sentences.is_empty() {
            let sources = sources.iter().map(|sheet| sheet.text.clone()).collect();
            found.push(Case { id: format!("{number}-{}", main.name), sources, sentences });
        }
    }
    found
}

fn claimed(text: String, how: How, planted: Option<Kind>) -> Claimed {
    let planted = planted.map(|kind| kind.as_str().to_owned());
    Claimed { text, label: None, planted, how: Some(how.as_str().to_owned()) }
}

impl Sheet {
    fn of(page: Text) -> Self {
        let mut seen = HashSet::new();
        let spans = text::sentences(&page.text);
        let mut sentences = Vec::new();
        for (n, span) in spans.iter().enumerate() {
            let sentence = span.of(&page.text);
            let follows = spans.get(n + 1).filter(|next| next.start <= span.end + 1).map(|next| next.of(&page.text));
            if usable(sentence) && seen.insert(values::letters(sentence)) {
                sentences.push((sentence.to_owned(), follows.filter(|next| usable(next)).map(str::to_owned)));
            }
        }
        let letters = values::letters(&page.text);
        let words: Vec<&str> = page.text.split_whitespace().collect();
        let the = words.iter().filter(|word| ["the", "and", "of", "to", "is"].contains(word)).count();
        let english = the * 12 > words.len();
        let mut written: Vec<(Kind, String)> = sentences
            .iter()
            .flat_map(|(sentence, _)| {
                values::values(sentence).into_iter().map(|value| (value.kind, sentence[value.span].to_owned()))
            })
            .collect();
        written.sort();
        written.dedup();
        // German nouns are no names.
        written.retain(|(kind, _)| english || *kind != Kind::Name);
        let kinds = written.iter().map(|(kind, _)| *kind).collect();
        let mut plain: Vec<String> = words
            .iter()
            .filter(|word| word.len() > 3 && word.chars().all(char::is_lowercase))
            .map(|word| (*word).to_owned())
            .collect();
        plain.sort();
        plain.dedup();
        Self { name: page.name, letters, english, sentences, written, kinds, words: plain, text: page.text }
    }

    /// A true sentence. The way it is made comes first, so that those which few sentences lend themselves to are not rare.
    fn right(&self, random: &mut Random) -> Option<(String, How)> {
        let ways = [How::TakenOver, How::Shortened, How::Merged, How::Reworded, How::Respelled];
        let how = *random.pick(&ways)?;
        for _ in 0..30 {
            let (sentence, next) = random.pick(&self.sentences)?;
            if let Some(made) = self.made(how, sentence, next.as_deref(), random) {
                return Some((made, how));
            }
        }
        random.pick(&self.sentences).map(|(sentence, _)| (sentence.clone(), How::TakenOver))
    }

    fn made(&self, how: How, sentence: &str, next: Option<&str>, random: &mut Random) -> Option<String> {
        match how {
            How::TakenOver => Some(sentence.to_owned()),
            // The ways are those of English.
            _ if !self.english => None,
            How::Shortened => wording::shortened(sentence, random),
            How::Merged => next.and_then(|next| wording::merged(sentence, next, random)),
            How::Reworded => wording::reworded(sentence, random),
            How::Respelled => wording::respelled(sentence, random),
        }
    }

    /// A sentence in which a value of the kind is another one.
    fn wrong(&self, kind: Kind, random: &mut Random) -> Option<Claimed> {
        let pool = Pool { letters: &self.letters, written: &self.written, words: &self.words };
        let has = |sentence: &str| values::values(sentence).iter().any(|value| value.kind == kind);
        let with: Vec<&(String, Option<String>)> =
            self.sentences.iter().filter(|(sentence, _)| has(sentence)).collect();
        for _ in 0..4 {
            let (sentence, next) = *random.pick(&with)?;
            let mut ways = [How::Shortened, How::Merged, How::Reworded, How::Respelled];
            random.shuffle(&mut ways);
            // Most are changed in the value alone.
            let ways = if random.chance(40) { &ways[..] } else { &[] };
            let made = ways.iter().find_map(|how| Some((self.made(*how, sentence, next.as_deref(), random)?, *how)));
            let (base, how) = made.unwrap_or_else(|| (sentence.clone(), How::TakenOver));
            let found: Vec<_> = values::values(&base).into_iter().filter(|value| value.kind == kind).collect();
            let Some(value) = random.pick(&found) else { continue };
            let text = planting::planted(&base, value, &pool, random);
            if let Some(text) = text.filter(|text| !self.says(text, sentence)) {
                return Some(claimed(text, how, Some(kind)));
            }
        }
        None
    }

    /// True where another sentence of the page, much like this one, has the same values: it may be true after all.
    fn says(&self, text: &str, origin: &str) -> bool {
        let (keys, words) = (values::keys(text), text::content_words(text));
        let others = self.sentences.iter().map(|(sentence, _)| sentence).filter(|sentence| *sentence != origin);
        others.into_iter().any(|other| {
            let there = text::content_words(other);
            let shared = words.iter().filter(|word| there.contains(word)).count();
            shared * 10 > words.len() * 7 && values::keys(other) == keys
        })
    }
}

/// Sentences that can stand alone: whole, of a usual length, with their marks in pairs.
fn usable(sentence: &str) -> bool {
    let words = sentence.split_whitespace().count();
    let begins = sentence.trim_start_matches(['“', '"']).starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let last = sentence.trim_end_matches(['”', '"', ')']);
    let ends = last.ends_with(['.', '!']) && !last.ends_with("...");
    let pairs = sentence.matches('“').count() == sentence.matches('”').count()
        && sentence.matches('"').count().is_multiple_of(2)
        && sentence.matches('(').count() == sentence.matches(')').count()
        && sentence.matches('«').count() == sentence.matches('»').count();
    let plain = !sentence.contains(['[', ']', '{', '}', '|', '<', '>', '\\', '*', '_', '=', '\n', '\t', '`', '#', '…'])
        && !sentence.contains("  ");
    (5..=45).contains(&words) && begins && ends && pairs && plain
}

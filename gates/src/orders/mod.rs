//! Orders to a model: words that speak to a program which reads them, not to a reader.
//!
//! A page can say "ignore all previous instructions". Such a sentence stands in its source, so that every other rule would take
//! it for proven. What is found here is shown to no writer and published by nobody. This is a sieve and no wall: it knows
//! turns of phrase, in several languages, and what says the same in other words passes it. What a model can do then is bounded
//! by the rest: typed answers, escaped text, evidence for each claim.
//!
//! It errs towards finding too much. A sentence that is left out for nothing costs an article little.

mod fold;
mod phrases;

use std::ops::Range;

use fold::{Token, folded, tokens};
use phrases::{
    ABOUT, ADDRESS, FILLERS, MARKS, MOST_FILLERS, OUTPUT, PAIRS, PEOPLE, PHRASES, Phrase, SCORE, SPELLED, Stand, TURN,
};

/// What an order is about, in words for a finding; `None` for text that gives none. Meant for a sentence, a title or a
/// paragraph; time and memory grow with its length and nothing else.
pub fn found(text: &str) -> Option<&'static str> {
    Search::default().run(text)
}

/// As [`found`], for a line of code, where `system:` is a key and plays no turn.
pub fn found_in_code(line: &str) -> Option<&'static str> {
    Search { code: true, ..Search::default() }.run(line)
}

/// So many bytes before a sentence are read for an order that it may go on with.
const BEFORE: usize = 2_000;

/// As [`found`], for a range of a text: what stands before it in its paragraph counts, because an order can go on for
/// several sentences of which one alone gives none.
pub fn found_at(text: &str, start: usize, end: usize) -> Option<&'static str> {
    let paragraph = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let from = text.floor_char_boundary(paragraph.max(start.saturating_sub(BEFORE)));
    found(text.get(from..end)?)
}

/// The parts of a text that give orders: each sentence that does, with the rest of its paragraph.
pub fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for span in states::words::text::sentences(text) {
        let told = all.last().is_some_and(|range| range.contains(&span.start));
        if !told && found(span.of(text)).is_some() {
            let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
            all.push(span.start..end);
        }
    }
    all
}

/// The text without what gives orders; `None` where nothing does.
pub fn without(text: &str) -> Option<String> {
    let ranges = ranges(text);
    let last = ranges.last()?.end;
    let mut out = String::new();
    let mut kept = 0;
    for range in ranges {
        out.push_str(&text[kept..range.start]);
        kept = range.end;
    }
    Some(out + &text[last..])
}

/// A search, with the work that it was.
#[derive(Debug, Default)]
struct Search {
    code: bool,
    /// How many words were compared with the inner ones of a phrase.
    looked: usize,
}

impl Search {
    fn run(&mut self, text: &str) -> Option<&'static str> {
        let folded = folded(text);
        let tight: String = folded.chars().filter(|c| !c.is_whitespace()).collect();
        if MARKS.iter().any(|mark| tight.contains(mark)) {
            return Some("it has the marks of a prompt");
        }
        if PAIRS.iter().any(|(verbs, nouns)| {
            verbs.iter().any(|verb| tight.contains(verb)) && nouns.iter().any(|noun| tight.contains(noun))
        }) {
            return Some("it asks for instructions to be ignored");
        }
        let tokens = tokens(&folded);
        if tokens.iter().any(|token| token.spelled && SPELLED.iter().any(|word| token.text.contains(word))) {
            return Some("it spells an order letter by letter");
        }
        // `The "ignore previous instructions" attack` is about an order and gives none.
        let about = tokens.iter().any(|token| !token.quoted && ABOUT.iter().any(|word| matches(word, &token.text)));
        let code = self.code;
        (0..tokens.len()).find_map(|at| {
            let opening = phrases::opening(&tokens[at].text)?;
            opening.iter().map(|n| &PHRASES[*n]).filter(|phrase| !(code && phrase.what == TURN)).find_map(|phrase| {
                let end = self.match_at(phrase, &tokens, at)?;
                let shown = about && tokens[at..end].iter().all(|token| token.quoted);
                (!shown).then_some(phrase.what)
            })
        })
    }

    /// Where the phrase that begins at a token ends; `None` where it does not stand there.
    fn match_at(&mut self, phrase: &Phrase, tokens: &[Token], at: usize) -> Option<usize> {
        if !stands(phrase.stand, tokens, at)
            || !phrase.parts[0].words.iter().any(|word| matches(word, &tokens[at].text))
        {
            return None;
        }
        let mut end = at + 1;
        let mut named = tokens[at].named;
        for part in &phrase.parts[1..] {
            let (mut skipped, mut fillers) = (0, 0);
            loop {
                let token = tokens.get(end)?;
                end += 1;
                self.looked += 1;
                if part.words.iter().any(|word| matches(word, &token.text)) {
                    named |= token.named;
                    break;
                }
                match token.text.as_str() {
                    "." => return None,
                    ":" | "," => fillers += 1,
                    filler if FILLERS.contains(&filler) => fillers += 1,
                    _ => skipped += 1,
                }
                if skipped > part.gap || fillers > MOST_FILLERS {
                    return None;
                }
            }
        }
        let people = |token: &Token| PEOPLE.iter().any(|word| matches(word, &token.text));
        let to_people =
            phrase.what == ADDRESS && (tokens.get(end).is_some_and(people) || tokens[at..end].iter().any(people));
        // `append_html` and `set_score` are names of functions.
        let named = named && [OUTPUT, SCORE].contains(&phrase.what);
        (!to_people && !named).then_some(end)
    }
}

/// Whether a phrase may begin here.
fn stands(stand: Stand, tokens: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| tokens[at].text.as_str()) else { return true };
    match stand {
        Stand::Anywhere => true,
        Stand::Opens => matches!(before, "." | ":"),
        Stand::Asks => {
            matches!(before, "." | ":" | ",")
                || [
                    "and", "then", "please", "must", "should", "shall", "always", "now", "just", "also", "you", "but",
                    "so",
                ]
                .contains(&before)
        }
    }
}

/// A word against one of a phrase, where `*` stands for any ending.
fn matches(wanted: &str, word: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == word, |stem| word.starts_with(stem))
}

#[cfg(test)]
mod tests;

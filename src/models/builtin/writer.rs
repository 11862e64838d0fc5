//! The extractive writer: salient sentences, quoted and cited. It adds nothing to its sources and says so.
//!
//! Whatever it says beside quotations is either the value of a fixed line (a title, a date, an author), which it cites,
//! or claims nothing. So its drafts hold under the evidence rules by construction.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use states::words::text::{content_words, count_words};
use states::words::{Brief, Template};

use super::avoid::Avoid;
use super::quotes::{choose, holds, introduced, quotable, quoted, weight};
use super::sections::{Plan, plan};
use crate::models::answer::problem_of;
use crate::models::salience::{Line, Scored, rank, salient_words};
use crate::models::task::DraftInput;

/// A title borrowed from a source is cut to this many characters, at a word's end.
const TITLE_CHARS: usize = 80;
/// A heading borrowed from a source may be longer: it is better whole.
const HEADING_CHARS: usize = 150;
/// The summary has no more words than this.
const SUMMARY_WORDS: usize = 55;
/// The description's quotation has no more characters than this, where one so short can be had.
const DESCRIPTION_CHARS: usize = 150;

/// The answer to a draft question.
pub(super) fn answer(input: &DraftInput) -> Value {
    let ranked = rank(&input.brief, &input.snapshots);
    let avoid = Avoid::of(input, &ranked);
    Desk::new(&input.brief, &ranked, &avoid).write()
}

struct Desk<'r, 'a> {
    brief: &'r Brief,
    ranked: &'r [Scored<'a>],
    avoid: &'r Avoid,
    quotable: Vec<&'r Scored<'a>>,
    english: bool,
    /// What the page says already.
    said: Vec<BTreeSet<String>>,
    headings: BTreeSet<String>,
}

impl<'r, 'a> Desk<'r, 'a> {
    fn new(brief: &'r Brief, ranked: &'r [Scored<'a>], avoid: &'r Avoid) -> Self {
        let all: Vec<&Scored<'_>> = ranked.iter().filter(|s| quotable(s)).collect();
        let allowed: Vec<&Scored<'_>> = all.iter().copied().filter(|s| avoid.allows(s)).collect();
        let quotable = if allowed.is_empty() { all } else { allowed };
        let english = brief.language.is_empty() || brief.language.to_lowercase().starts_with("en");
        Self { brief, ranked, avoid, quotable, english, said: Vec::new(), headings: BTreeSet::new() }
    }

    fn write(mut self) -> Value {
        let title = self.title();
        let description = self.description();
        let summary = self.summary();
        let plans = plan(self.brief, self.ranked, &self.quotable);
        let wanted = self.quotes_per_section(plans.len());
        let mut sections: Vec<Value> = Vec::new();
        for plan in &plans {
            if let Some(section) = self.section(plan, wanted, sections.is_empty()) {
                sections.push(section);
            }
        }
        if sections.is_empty() {
            let nothing = sentence("No sentence of the sources can be quoted as it stands.", &[]);
            sections
                .push(json!({"heading": sentence("From the sources", &[]), "paragraphs": [[nothing]], "points": []}));
        }
        json!({"title": title, "description": description, "summary": summary, "sections": sections, "tags": self.tags()})
    }

    fn quotes_per_section(&self, sections: usize) -> usize {
        let usual = match (self.brief.template, sections) {
            (Template::Story, _) => 7,
            (_, 0..=2) => 5,
            (_, 3..=5) => 4,
            _ => 3,
        };
        if self.avoid.longer { usual + 3 } else { usual }
    }

    fn fixed(&self, source: usize, name: &'static str) -> Option<&'r Scored<'a>> {
        self.ranked.iter().find(|s| s.source == source && s.line == Line::Fixed(name))
    }

    /// A source's title, cut to so many characters, with its number.
    fn source_title(&self, source: usize, most: usize) -> Option<(String, usize)> {
        let line = self.fixed(source, "Title")?;
        let text = cut(line.text, most);
        (problem_of(&text, most + 1).is_none() && text.chars().any(char::is_alphabetic)).then_some((text, line.number))
    }

    /// A sentence that holds the keyword, for a title that says it in words of its own.
    fn keyword_proof(&self) -> Option<usize> {
        self.ranked.iter().find(|s| holds(s.text, &self.brief.keyword)).map(|s| s.number)
    }

    fn title(&self) -> Value {
        let keyword = self.brief.keyword.trim();
        let (plain, on) = match self.brief.template {
            Template::Digest => ("Digest: ", "Digest on "),
            Template::Radar => ("Radar: ", "Radar: "),
            Template::Release => ("Release: ", "Release of "),
            Template::Story => ("In its own words: ", "In its own words: "),
        };
        let proof = self.keyword_proof().filter(|_| problem_of(keyword, 60).is_none());
        let titles: Vec<(String, usize)> =
            (0..self.brief.sources.len()).filter_map(|s| self.source_title(s, TITLE_CHARS)).collect();
        let with_keyword = titles.iter().find(|(text, _)| holds(text, keyword));
        match (with_keyword, titles.first(), proof) {
            (Some((text, number)), _, _) if !self.avoid.title => sentence(&format!("{plain}{text}"), &[*number]),
            (_, Some((text, number)), Some(proof)) if !self.avoid.title => {
                sentence(&format!("{on}{keyword}: {text}"), &[proof, *number])
            }
            (_, Some((text, number)), None) if !self.avoid.title => sentence(&format!("{plain}{text}"), &[*number]),
            (_, _, Some(proof)) => sentence(&format!("{on}{keyword}, in quotations"), &[proof]),
            _ => sentence("Quotations from the sources", &[]),
        }
    }

    /// The weightiest sentence that fits, one with the keyword first.
    fn key_sentence(&self, fits: impl Fn(&Scored<'_>) -> bool) -> Option<&'r Scored<'a>> {
        let best = |with_keyword: bool| {
            self.quotable
                .iter()
                .copied()
                .filter(|s| fits(s) && (!with_keyword || holds(s.text, &self.brief.keyword)))
                .max_by(|a, b| weight(a).cmp(&weight(b)).then_with(|| b.number.cmp(&a.number)))
        };
        best(true).or_else(|| best(false))
    }

    fn description(&self) -> Value {
        let short = |s: &Scored<'_>| s.text.chars().count() <= DESCRIPTION_CHARS;
        let keyword = self.brief.keyword.trim();
        let Some(key) =
            self.key_sentence(short).filter(|s| holds(s.text, keyword)).or_else(|| self.key_sentence(|_| true))
        else {
            return self.borrowed();
        };
        match self.keyword_proof() {
            Some(proof) if !holds(key.text, keyword) && problem_of(keyword, 60).is_none() => {
                sentence(&format!("{}: {}", capitalised(keyword), quoted(key)), &[proof, key.number])
            }
            _ => sentence(&quoted(key), &[key.number]),
        }
    }

    /// Where nothing can be quoted: the first title that can.
    fn borrowed(&self) -> Value {
        match (0..self.brief.sources.len()).find_map(|source| self.source_title(source, HEADING_CHARS)) {
            Some((text, number)) if !text.contains(['"', '“', '”']) => sentence(&format!("“{text}”"), &[number]),
            _ => sentence("The sources hold no sentence that can be quoted as it stands.", &[]),
        }
    }

    fn summary(&mut self) -> Vec<Value> {
        // The keyword counts for half as much again, but the answer is what weighs most.
        let counted = |s: &Scored<'_>| weight(s) * if holds(s.text, &self.brief.keyword) { 3 } else { 2 };
        let key = self.quotable.iter().copied().filter(|s| s.words <= SUMMARY_WORDS);
        let key = key.max_by_key(|s| (counted(s), std::cmp::Reverse(s.number)));
        let Some(key) = key else { return vec![self.borrowed()] };
        self.said.push(key.terms.clone());
        let mut summary = vec![sentence(&quoted(key), &[key.number])];
        // A second sentence from elsewhere, where there is room and something else to say.
        let room = SUMMARY_WORDS - count_words(key.text).min(SUMMARY_WORDS);
        let others: Vec<&Scored<'_>> =
            self.quotable.iter().copied().filter(|s| s.words <= room && s.number != key.number).collect();
        let elsewhere: Vec<&Scored<'_>> = others.iter().copied().filter(|s| s.source != key.source).collect();
        let pool = if elsewhere.is_empty() { others } else { elsewhere };
        summary.extend(choose(&pool, 1, &mut self.said).into_iter().map(|s| sentence(&quoted(s), &[s.number])));
        summary
    }

    fn section(&mut self, plan: &Plan<'r, 'a>, wanted: usize, first: bool) -> Option<Value> {
        // Half of what can be quoted, or three quarters where that is too short: an article is no copy.
        let share = if self.avoid.longer { plan.pool.len() * 3 / 4 } else { plan.pool.len() / 2 };
        let most = wanted.min(share.max(3));
        let mut chosen = choose(&plan.pool, most, &mut self.said);
        if chosen.len() < 2 {
            // What the summary said may be said again where there is little else.
            chosen = choose(&plan.pool, most.min(3), &mut Vec::new());
        }
        let mut lines: Vec<Value> = Vec::new();
        if first {
            lines.extend(self.opening());
            // The first paragraph holds the keyword.
            let with_keyword = |s: &&Scored<'_>| holds(s.text, &self.brief.keyword);
            if let Some(at) = chosen.iter().position(with_keyword) {
                let key = chosen.remove(at);
                chosen.insert(0, key);
            } else if !lines.iter().any(|line| holds(line["text"].as_str().unwrap_or_default(), &self.brief.keyword)) {
                let heaviest = plan.pool.iter().copied().filter(with_keyword).max_by_key(|s| weight(s));
                chosen.splice(0..0, heaviest);
            }
        }
        if chosen.is_empty() {
            let source = plan.source?;
            let (text, number) =
                self.source_title(source, HEADING_CHARS).filter(|(t, _)| !t.contains(['"', '“', '”']))?;
            lines.push(sentence(&format!("“{text}”"), &[number]));
        }
        let heading = self.heading(plan);
        let half = chosen.len().div_ceil(2).max(2);
        for (i, s) in chosen.iter().enumerate().take(half) {
            lines.push(sentence(&introduced(s, self.english, i == 0), &[s.number]));
        }
        let mut paragraphs = vec![lines];
        let rest: Vec<Value> = chosen
            .iter()
            .skip(half)
            .enumerate()
            .map(|(i, s)| sentence(&introduced(s, self.english, i == 0), &[s.number]))
            .collect();
        paragraphs.push(rest);
        if let Some(line) = plan.source.and_then(|source| self.byline(source)) {
            paragraphs.last_mut().into_iter().for_each(|p| p.push(line.clone()));
        }
        paragraphs.retain(|p| !p.is_empty());
        Some(json!({"heading": heading, "paragraphs": paragraphs, "points": []}))
    }

    /// Says what the article is. Without the keyword where that would be a claim.
    fn opening(&self) -> Option<Value> {
        let keyword = self.brief.keyword.trim();
        let plain =
            problem_of(keyword, 60).is_none() && keyword.chars().all(|c| c.is_lowercase() || matches!(c, ' ' | '-'));
        let text = if plain {
            format!("On {keyword}: what follows is quoted from the sources, word for word.")
        } else {
            "What follows is quoted from the sources, word for word.".to_owned()
        };
        self.english.then(|| sentence(&text, &[]))
    }

    /// Author and date, as the fixed lines give them.
    fn byline(&self, source: usize) -> Option<Value> {
        let date = self.fixed(source, "Date").filter(|_| self.english)?;
        let author = self.fixed(source, "Author").filter(|a| {
            let plain = |c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | '-' | '’' | '\'');
            a.text.chars().count() <= 60 && a.text.chars().all(plain)
        });
        Some(match author {
            Some(author) => {
                sentence(&format!("By {}, dated {}.", author.text, date.text), &[author.number, date.number])
            }
            None => sentence(&format!("Dated {}.", date.text), &[date.number]),
        })
    }

    /// A heading that no section has yet.
    fn heading(&mut self, plan: &Plan<'_, '_>) -> Value {
        let borrowed = plan
            .heading
            .as_ref()
            .map(|(text, number)| (cut(text, HEADING_CHARS), vec![*number]))
            .filter(|(text, _)| problem_of(text, HEADING_CHARS + 1).is_none());
        let theme = plan.theme.as_deref().filter(|t| problem_of(t, 60).is_none());
        let own = theme.map(|theme| {
            let text = if self.english { format!("About {theme}") } else { capitalised(theme) };
            (text, Vec::new())
        });
        let numbered = (1..).map(|n| ("From the sources".to_owned() + &", further".repeat(n - 1), Vec::new()));
        let free =
            |(text, _): &(String, Vec<usize>)| !self.headings.contains(text) && !self.avoid.headings.contains(text);
        let (text, cites) = borrowed.into_iter().chain(own).chain(numbered.take(50)).find(free).unwrap_or_default();
        self.headings.insert(text.clone());
        sentence(if text.is_empty() { "From the sources" } else { &text }, &cites)
    }

    /// The site's tags that the sources speak of, the most spoken of first; plain words where the site has none.
    fn tags(&self) -> Vec<String> {
        let text: String = self.quotable.iter().map(|s| s.text).collect::<Vec<_>>().join(" ");
        if self.brief.vocabulary.is_empty() {
            let secondary = self.brief.secondary.iter().filter(|k| problem_of(k, 40).is_none()).cloned();
            return secondary.chain(salient_words("", &text, 3)).take(3).collect();
        }
        let said: Vec<String> = content_words(&text);
        let mut tags: Vec<(usize, &String)> = self
            .brief
            .vocabulary
            .iter()
            .map(|tag| {
                let wanted = content_words(&tag.replace(['-', '_'], " "));
                let uses = |w: &String| {
                    said.iter()
                        .filter(|s| *s == w || s.strip_suffix('s') == Some(w) || w.strip_suffix('s') == Some(s))
                        .count()
                };
                (wanted.iter().map(uses).min().unwrap_or(0), tag)
            })
            .filter(|(uses, _)| *uses > 0)
            .collect();
        tags.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        tags.into_iter().take(4).map(|(_, tag)| tag.clone()).collect()
    }
}

fn sentence(text: &str, cites: &[usize]) -> Value {
    json!({"text": text, "cites": cites})
}

/// The longest beginning of a text within so many characters that ends with a word.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    let head = &text[..end];
    let head = head.rfind(' ').map_or(head, |at| &head[..at]);
    head.trim_end_matches([' ', ',', ':', ';', '-', '–', '—', '(']).to_owned()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

//! What the sections of an extractive draft are: one for each source, or one for each theme of a single source.

use std::collections::BTreeSet;

use states::words::{Brief, Template};

use super::quotes::holds;
use crate::models::salience::{Line, Scored, salient_words};

/// One section before its sentences are chosen.
pub(super) struct Plan<'r, 'a> {
    /// The heading's text and the number it cites; `None` where the section needs a heading of its own words.
    pub(super) heading: Option<(String, usize)>,
    /// What it is about, for a heading of its own words.
    pub(super) theme: Option<String>,
    /// The sentences to choose from, in the order of their numbers.
    pub(super) pool: Vec<&'r Scored<'a>>,
    /// The source that its date and author are taken from, where it is about one source alone.
    pub(super) source: Option<usize>,
}

/// At most this many sections by theme.
const THEMES: usize = 5;

/// Divides what can be quoted into sections.
pub(super) fn plan<'r, 'a>(brief: &Brief, ranked: &'r [Scored<'a>], quotable: &[&'r Scored<'a>]) -> Vec<Plan<'r, 'a>> {
    if brief.template == Template::Digest || brief.sources.len() > 1 {
        return by_source(brief, ranked, quotable);
    }
    let title = brief.sources.first().map_or("", |s| s.title.as_str());
    let headings = by_heading(title, ranked, quotable);
    if headings.len() >= 2 { headings } else { by_theme(brief, quotable) }
}

fn by_source<'r, 'a>(brief: &Brief, ranked: &'r [Scored<'a>], quotable: &[&'r Scored<'a>]) -> Vec<Plan<'r, 'a>> {
    (0..brief.sources.len())
        .map(|source| {
            let title = ranked.iter().find(|s| s.source == source && s.line == Line::Fixed("Title"));
            let pool: Vec<_> = quotable.iter().copied().filter(|s| s.source == source).collect();
            let text: String = pool.iter().map(|s| s.text).collect::<Vec<_>>().join(" ");
            Plan {
                heading: title.map(|t| (t.text.to_owned(), t.number)),
                theme: salient_words("", &text, 1).into_iter().next(),
                pool,
                source: Some(source),
            }
        })
        .collect()
}

/// The source's own headings, where they have something to quote under them. The one that repeats its title divides
/// nothing.
fn by_heading<'r, 'a>(title: &str, ranked: &'r [Scored<'a>], quotable: &[&'r Scored<'a>]) -> Vec<Plan<'r, 'a>> {
    let mut plans: Vec<Plan<'r, 'a>> = Vec::new();
    let headings: Vec<&Scored<'_>> = ranked.iter().filter(|s| s.line == Line::Heading && s.text != title).collect();
    for (i, heading) in headings.iter().enumerate() {
        let end = headings.get(i + 1).map_or(usize::MAX, |next| next.number);
        let pool: Vec<_> = quotable.iter().copied().filter(|s| (heading.number..end).contains(&s.number)).collect();
        // A heading of one word or of a version alone says too little, and the gates want more than one sentence.
        if pool.len() >= 2 && heading.text.chars().any(char::is_alphabetic) {
            let heading = Some((heading.text.to_owned(), heading.number));
            plans.push(Plan { heading, theme: None, pool, source: None });
        }
    }
    // The opening stands before the first heading and belongs to the first section.
    if let (Some(first), Some(at)) = (plans.first_mut(), headings.first()) {
        let mut opening: Vec<_> = quotable.iter().copied().filter(|s| s.number < at.number).collect();
        opening.append(&mut first.pool);
        first.pool = opening;
    }
    plans
}

/// The words that say most, each with the sentences that hold it.
fn by_theme<'r, 'a>(brief: &Brief, quotable: &[&'r Scored<'a>]) -> Vec<Plan<'r, 'a>> {
    let text: String = quotable.iter().map(|s| s.text).collect::<Vec<_>>().join(" ");
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut plans: Vec<Plan<'r, 'a>> = Vec::new();
    for word in salient_words("", &text, 40) {
        if plans.len() == THEMES {
            break;
        }
        // Every sentence is about the keyword; it divides nothing.
        if holds(&brief.keyword, &word) {
            continue;
        }
        let pool: Vec<_> =
            quotable.iter().copied().filter(|s| !taken.contains(&s.number) && s.terms.contains(&word)).collect();
        if pool.len() >= 2 {
            taken.extend(pool.iter().map(|s| s.number));
            plans.push(Plan { heading: None, theme: Some(word), pool, source: None });
        }
    }
    // Reading order is the order of the source.
    plans.sort_by_key(|p| p.pool.first().map_or(usize::MAX, |s| s.number));
    if plans.is_empty() {
        plans.push(Plan { heading: None, theme: None, pool: quotable.to_vec(), source: Some(0) });
    }
    plans
}

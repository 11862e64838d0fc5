//! What is proven of a section as a whole: that it has a source, that nothing long was copied, that code is the source's.

use std::collections::BTreeSet;

use states::words::{Block, Cite, Place, Section, Sentence};

use super::{Desk, support};
use crate::rules::{evidence as rules, excerpt};

impl Desk<'_> {
    /// Sources, code and copied runs of one section.
    pub(super) fn section(&mut self, index: usize, section: &Section, last: usize) {
        let mut sourced = section.heading.cites.iter().any(|c| self.library.cited(c).is_some());
        for (block, content) in section.blocks.iter().enumerate() {
            let at = |sentence: usize| Place::Sentence { section: index, block, sentence };
            match content {
                Block::Paragraph(sentences) => {
                    sourced |= self.any_source(sentences);
                    self.copied(sentences, &at);
                }
                Block::List(points) => {
                    let all: Vec<Sentence> = points.iter().flatten().cloned().collect();
                    sourced |= self.any_source(&all);
                    self.copied(&all, &at);
                }
                Block::Code { text, cite, .. } => {
                    sourced |= cite.as_ref().is_some_and(|c| self.library.cited(c).is_some());
                    self.code(&at(0), text, cite.as_ref(), last);
                }
            }
        }
        if !sourced {
            let place = Place::Heading { section: index };
            self.gathered
                .find(&rules::SECTION_UNSOURCED, place, "no sentence of the section cites a source")
                .of(&section.heading.text);
        }
    }

    fn any_source(&self, sentences: &[Sentence]) -> bool {
        sentences.iter().flat_map(|s| &s.cites).any(|c| self.library.cited(c).is_some())
    }

    /// The longest run of words that stands in a source, over the sentences of one block.
    fn copied(&mut self, sentences: &[Sentence], at: &dyn Fn(usize) -> Place) {
        let words: Vec<(Option<u64>, usize)> = sentences
            .iter()
            .enumerate()
            .flat_map(|(n, s)| support::unquoted(&s.text).into_iter().map(move |(key, _)| (key, n)))
            .collect();
        if words.len() <= self.settings.max_copied_words {
            return;
        }
        let keys: Vec<Option<u64>> = words.iter().map(|(key, _)| *key).collect();
        let Some(copied) = self.copies.get_or_init(|| support::Copies::of(self.library)).longest(&keys) else {
            return;
        };
        if copied.words > self.settings.max_copied_words {
            let sentence = words[copied.first].1;
            let message = format!(
                "{} words in a row stand as in the source; at most {} may without quotation marks",
                copied.words, self.settings.max_copied_words
            );
            self.gathered
                .find(&rules::COPIED, at(sentence), message)
                .of(&sentences[sentence].text)
                .against(Some(copied.cite));
        }
    }

    /// Code must stand in its source line by line; indentation and empty lines do not count.
    fn code(&mut self, place: &Place, code: &str, cite: Option<&Cite>, order: usize) {
        self.claims += 1;
        let good = cite.map(|cite| self.good_cites(place, code, std::slice::from_ref(cite))).unwrap_or_default();
        let Some(cite) = good.first().map(|c| (*c).clone()) else {
            if cite.is_none() {
                self.gathered.find(&rules::UNCITED, place.clone(), "the code has no citation").of(code);
            }
            return self.row(order, place, "quotation", code, None);
        };
        let source: BTreeSet<&str> = self.library.cited(&cite).unwrap_or_default().lines().map(str::trim).collect();
        let altered = code.lines().map(str::trim).find(|line| !line.is_empty() && !source.contains(line));
        if let Some(line) = altered {
            let message = format!("the line `{}` does not stand in the cited code", excerpt(line));
            self.gathered.find(&rules::CODE, place.clone(), message).of(code).against(Some(cite));
            return self.row(order, place, "quotation", code, None);
        }
        self.row(order, place, "quotation", code, Some(cite));
    }
}

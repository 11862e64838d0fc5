//! The bytes of a file that a finding is about.

use std::ops::Range;

use states::words::{Finding, Place};

use super::region::Lines;
use crate::markdown::PageSentence;
use crate::page::{FrontFormat, Page};
use crate::rules::safety::is_hidden;

/// No more of a sentence or value is searched for the word that a message names.
const SEARCHED: usize = 4_000;

/// A file with what is known of its parts, to find places in.
pub(super) struct Located<'a> {
    pub(super) text: &'a str,
    pub(super) lines: Lines<'a>,
    /// `None` where it cannot be read.
    pub(super) page: Option<&'a Page>,
    pub(super) sentences: &'a [PageSentence],
}

impl Located<'_> {
    /// The bytes that a finding is about: as little as says it, at least a line of the file.
    pub(super) fn range(&self, finding: &Finding) -> Range<usize> {
        let range = match &finding.place {
            Place::Line { line, column } => {
                let at = self.lines.byte(*line, *column);
                self.narrowed(self.part(&finding.code, at), &finding.message, "")
            }
            Place::FrontMatter { key } => self.value(key, &finding.message),
            Place::Title => self.value("title", &finding.message),
            Place::Description => self.value("description", &finding.message),
            Place::Summary { .. } => self.value("summary", &finding.message),
            Place::Page if finding.code.starts_with("form/slug-") => self.value("slug", &finding.message),
            Place::Page | Place::Heading { .. } | Place::Sentence { .. } | Place::Html => self.lines.range(1),
        };
        let line = self.lines.range(self.lines.line(range.start));
        // What is empty cannot be marked; behind a line's end, the line is meant.
        match range.is_empty() {
            true if range.start < line.end => range.start..line.end,
            true => line,
            false => range,
        }
    }

    /// The part of the page that begins at a byte and that a rule of this code speaks of.
    fn part(&self, code: &str, at: usize) -> Range<usize> {
        let line_end = self.lines.range(self.lines.line(at)).end.max(at);
        let Some(page) = self.page else { return at..line_end };
        let rule = code.split_once('/').map_or(code, |(_, rule)| rule);
        let found = match rule {
            "link-missing" | "link-unsafe" | "anchor-missing" | "image-elsewhere" => {
                starting(&page.links, at, |link| &link.range)
            }
            "second-title" | "skipped-level" | "empty-heading" | "attributes" => {
                starting(&page.headings, at, |heading| &heading.range).map(|range| range.start..range.end.min(line_end))
            }
            "raw-html" => starting(&page.html, at, |range| range).map(|range| range.start..range.end.min(line_end)),
            "fence-open" | "fence-label" => Some(at..line_end),
            "shortcode" | "template-syntax" => {
                let rest = &self.text[at..self.text.floor_char_boundary(line_end.min(at + SEARCHED))];
                let close = if rest.starts_with("{{") { "}}" } else { "%}" };
                rest.find(close).map(|end| at..at + end + 2)
            }
            "hidden-character" => {
                let hidden = self.text[at..].chars().next().filter(|c| is_hidden(*c) || c.is_control());
                hidden.map(|c| at..at + c.len_utf8())
            }
            _ => starting(self.sentences, at, |sentence| &sentence.range),
        };
        found.unwrap_or(at..line_end)
    }

    /// The first word in backticks of a message that stands in the range, else the whole range.
    pub(super) fn narrowed(&self, range: Range<usize>, message: &str, besides: &str) -> Range<usize> {
        let end = self.text.floor_char_boundary(range.end.min(range.start + SEARCHED));
        let Some(inside) = self.text.get(range.start..end) else { return range };
        let lower = inside.to_ascii_lowercase();
        let named = message.split('`').skip(1).step_by(2).filter(|word| !word.is_empty() && *word != besides);
        let found = named.filter_map(|word| {
            let at = inside.find(word).or_else(|| lower.find(&word.to_ascii_lowercase()))?;
            Some(range.start + at..range.start + at + word.len())
        });
        found.into_iter().next().unwrap_or(range)
    }

    /// The value of a front matter key that stands there as it reads.
    pub(super) fn text_of(&self, key: &str) -> Option<(&str, Range<usize>)> {
        let page = self.page?;
        let text = page.front_text(key)?;
        let (_, value, end) = key_in(page, key)?;
        Some((text, self.lines.find(&(value..end), text).unwrap_or(value..end)))
    }

    /// A key of the front matter with its value, or what of the value a message names; where there is no such key, the mark
    /// that the front matter begins with.
    fn value(&self, key: &str, message: &str) -> Range<usize> {
        let Some((start, value, end)) = self.page.and_then(|page| key_in(page, key)) else {
            return self.lines.range(1);
        };
        let narrowed = self.narrowed(value..end, message, key);
        if narrowed != (value..end) {
            return narrowed;
        }
        start..self.lines.range(self.lines.line(start)).end.min(end)
    }
}

/// The range of the first part that begins at a byte; the parts are in order.
fn starting<T>(parts: &[T], at: usize, range: impl Fn(&T) -> &Range<usize>) -> Option<Range<usize>> {
    let first = parts.partition_point(|part| range(part).start < at);
    parts.get(first).map(range).filter(|range| range.start == at).cloned()
}

/// Where a key of the front matter begins, where its value does, and where that ends.
fn key_in(page: &Page, key: &str) -> Option<(usize, usize, usize)> {
    let head = &page.text[..page.body_start.min(page.text.len())];
    if page.format == FrontFormat::Json {
        let quoted = serde_json::to_string(key).ok()?;
        let found = head.match_indices(&quoted).map(|(at, _)| (at, at + quoted.len()));
        let (start, behind) = found.into_iter().find(|(_, behind)| head[*behind..].trim_start().starts_with(':'))?;
        let line_end = head[behind..].find('\n').map_or(head.len(), |n| behind + n);
        return Some((start, behind, head[..line_end].trim_end().len()));
    }
    let separator = if page.format == FrontFormat::Yaml { ':' } else { '=' };
    let mut at = 0;
    let mut found: Option<(usize, usize, usize)> = None;
    for line in head.split_inclusive('\n') {
        let (start, content) = (at, line.trim_end());
        at += line.len();
        if let Some((_, _, end)) = &mut found {
            // A value goes on in lines that begin no other key.
            if content.starts_with([' ', '\t', '-', ']', '}']) && !matches!(content, "---" | "...") {
                *end = start + content.len();
                continue;
            }
            break;
        }
        let name = content.split(separator).next().unwrap_or_default();
        if name.len() < content.len() && name.trim_end().trim_matches(['"', '\'']) == key {
            found = Some((start, start + name.len() + 1, start + content.len()));
        }
    }
    found
}

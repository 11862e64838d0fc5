//! Running text without its markup, and where in the file each part of it stands.

use std::ops::Range;

/// A piece of running text: a paragraph, a list item, a cell. Markup is gone, code spans are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The text.
    pub text: String,
    /// Its bytes in the page.
    pub range: Range<usize>,
    /// True for a heading.
    pub heading: bool,
    /// Where each piece begins in `text`, and its bytes in the page.
    pieces: Vec<(usize, Range<usize>)>,
}

impl Passage {
    pub(super) fn beginning(range: Range<usize>, heading: bool) -> Self {
        Self { text: String::new(), range, heading, pieces: Vec::new() }
    }

    pub(super) fn append(&mut self, text: &str, source: Range<usize>) {
        self.pieces.push((self.text.len(), source.clone()));
        self.text.push_str(text);
        self.range.end = self.range.end.max(source.end);
    }

    /// The bytes of the page that a range of the text was read from, marks between its pieces included.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = self.byte(range.start);
        let end = match range.end.checked_sub(1) {
            Some(last) if range.end > range.start => self.end_of(last),
            _ => start,
        };
        start..end.max(start)
    }

    fn piece(&self, at: usize) -> Option<(usize, usize, &Range<usize>)> {
        let n = self.pieces.partition_point(|(start, _)| *start <= at).checked_sub(1)?;
        let (start, source) = &self.pieces[n];
        let length = self.pieces.get(n + 1).map_or(self.text.len(), |(next, _)| *next) - start;
        Some((*start, length, source))
    }

    /// Where a byte of the text stands. What is written otherwise than it reads (`&amp;`) is one place.
    fn byte(&self, at: usize) -> usize {
        match self.piece(at) {
            Some((start, length, source)) if length == source.len() => source.start + (at - start).min(length),
            Some((.., source)) => source.start,
            None => self.range.start,
        }
    }

    fn end_of(&self, last: usize) -> usize {
        match self.piece(last) {
            Some((start, length, source)) if length == source.len() => source.start + (last - start + 1).min(length),
            Some((.., source)) => source.end,
            None => self.range.end,
        }
    }
}

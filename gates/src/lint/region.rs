//! Places in a text: bytes, and the lines and columns that people and editors count.

use std::ops::Range;

use serde::Serialize;

use crate::page::{BLOCK, begins, counted};

/// A byte range of a text, and where it begins and ends. Lines and columns count from 1, columns in characters; the end is
/// one past the last character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The line it begins in.
    pub line: usize,
    /// The column it begins at.
    pub column: usize,
    /// The line it ends in.
    pub end_line: usize,
    /// The column behind its last character.
    pub end_column: usize,
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// How many characters begin before each block, so that a column in a long line is found quickly.
    counted: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let behind = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(behind).collect(), counted: counted(text) }
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    /// The bytes of a line without its end; empty behind the last one.
    pub(crate) fn range(&self, line: usize) -> Range<usize> {
        let end = self.text.len();
        let Some(start) = self.starts.get(line.saturating_sub(1)).copied() else { return end..end };
        let next = self.starts.get(line).map_or(end, |next| next - 1);
        let line = &self.text[start..next.max(start)];
        start..start + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The byte at a line and column.
    pub(crate) fn byte(&self, line: usize, column: usize) -> usize {
        let range = self.range(line);
        let wanted = self.chars_to(range.start) + column.saturating_sub(1);
        // The block that the character begins in, then the character.
        let block = self.counted.partition_point(|before| *before <= wanted).saturating_sub(1);
        let from = self.text.floor_char_boundary(block * BLOCK);
        let inside = self.text[from..].char_indices().nth(wanted.saturating_sub(self.chars_to(from)));
        inside.map_or(range.end, |(at, _)| (from + at).min(range.end))
    }

    /// How many characters begin before a byte.
    fn chars_to(&self, at: usize) -> usize {
        let block = (at / BLOCK).min(self.counted.len() - 1);
        self.counted[block] + begins(&self.text.as_bytes()[block * BLOCK..at])
    }

    /// The region of a byte range; ends that cut a character or lie behind the text are moved to where it is whole.
    pub(crate) fn region(&self, range: Range<usize>) -> Region {
        let start = self.text.floor_char_boundary(range.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(range.end.clamp(start, self.text.len()));
        let (line, column) = self.position(start);
        let (end_line, end_column) = self.position(end);
        Region { start, end, line, column, end_line, end_column }
    }

    /// Where words stand within a range of the text.
    pub(crate) fn find(&self, within: &Range<usize>, words: &str) -> Option<Range<usize>> {
        let at = within.start + self.text.get(within.clone())?.find(words)?;
        Some(at..at + words.len())
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line(at);
        (line, self.chars_to(at) - self.chars_to(self.starts[line - 1]) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_as_editors_do() {
        let text = "ä b\r\n\nlast — line";
        let lines = Lines::of(text);
        let at = text.find("line").unwrap();
        let region = lines.region(at..at + 4);
        assert_eq!((region.line, region.column, region.end_line, region.end_column), (3, 8, 3, 12));
        assert_eq!(&text[lines.range(1)], "ä b");
        assert_eq!((lines.byte(1, 3), lines.byte(1, 99), lines.byte(9, 1)), (3, 4, text.len()));
        assert_eq!(lines.region(1..1).start, 0, "the second byte of ä is no place");
        assert_eq!(lines.region(500..900).start, text.len());
        let long = format!("x\n{}", "äb—".repeat(900));
        let lines = Lines::of(&long);
        for (column, (at, _)) in long[2..].char_indices().enumerate() {
            assert_eq!(lines.byte(2, column + 1), at + 2);
            assert_eq!(lines.region(at + 2..at + 3).column, column + 1);
        }
    }
}

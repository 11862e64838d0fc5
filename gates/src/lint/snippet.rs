//! A marked piece of one line with what stands around it, never more than is shown.

use unicode_width::UnicodeWidthChar as _;

use super::region::Region;
use crate::rules::safety::is_hidden;

/// The most characters that are kept on each side of the mark, and of the mark.
const SIDE: usize = 240;

/// The line a region begins in: the marked text, and what stands before and behind it. No control characters, no hidden ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    before: String,
    marked: String,
    behind: String,
    /// True where the line begins with `before`, and where it ends with `behind`.
    whole: (bool, bool),
    /// True where more is marked than `marked`.
    cut: bool,
}

impl Snippet {
    pub(crate) fn of(text: &str, region: &Region) -> Self {
        let (start, end) = (region.start.min(text.len()), region.end.min(text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line_end = line_start + text[line_start..line_end].trim_end().len();
        let end = end.clamp(start, line_end.max(start));
        let line_end = line_end.max(end);
        let left: Vec<char> = text[line_start..start].chars().rev().take(SIDE).collect();
        let behind = &text[end..line_end];
        Self {
            cut: text[start..end].chars().nth(SIDE).is_some(),
            whole: (text[line_start..start].chars().nth(SIDE).is_none(), behind.chars().nth(SIDE).is_none()),
            before: left.iter().rev().map(|c| shown(*c)).collect(),
            marked: text[start..end].chars().take(SIDE).map(shown).collect(),
            behind: behind.chars().take(SIDE).map(shown).collect(),
        }
    }

    /// What is marked.
    pub fn marked(&self) -> &str {
        &self.marked
    }

    /// The line as it is kept, for a fingerprint that does not change with what stands in other lines.
    pub(crate) fn around(&self) -> String {
        let line = format!("{}\0{}\0{}", self.before, self.marked, self.behind);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// One line of at most so many columns, and the bytes of it that are marked.
    pub(crate) fn fitted(&self, columns: usize) -> (String, std::ops::Range<usize>) {
        let [lead, tail] = [&self.before, &self.behind].map(|side| usize::from(!side.is_empty()));
        let cut = self.cut || width(&self.marked) + lead + tail > columns;
        let most = if cut { columns.saturating_sub(lead + 1) } else { columns };
        let (marked, marked_width) = fitting(self.marked.chars(), most);
        let free = columns.saturating_sub(marked_width + usize::from(cut));
        let behind_all = if cut { 0 } else { width(&self.behind) };
        // A third stands before the mark; what one side does not need is the other's.
        let left = (free / 3).max(free.saturating_sub(behind_all)).max(lead);
        let (mut line, before_cut) = self.before_fitting(left);
        let room = free.saturating_sub(width(&line) + usize::from(before_cut));
        if before_cut {
            line.insert(0, '…');
        }
        let start = line.len();
        line.push_str(&marked);
        if cut {
            line.push('…');
            let end = line.len();
            return (line, start..end);
        }
        let end = line.len();
        if behind_all <= room && self.whole.1 {
            line.push_str(&self.behind);
        } else {
            let (behind, _) = fitting(self.behind.chars(), room.saturating_sub(1));
            line.push_str(behind.trim_end());
            line.push('…');
        }
        (line, start..end)
    }

    /// The end of what stands before the mark, and whether something is left out.
    fn before_fitting(&self, columns: usize) -> (String, bool) {
        if self.whole.0 && width(&self.before) <= columns {
            return (self.before.clone(), false);
        }
        let (back, _) = fitting(self.before.chars().rev(), columns.saturating_sub(1));
        let kept: String = back.chars().rev().collect();
        // A word that is cut in two is left out, where another is left.
        let whole_words = kept.split_once(' ').map(|(_, rest)| rest.to_owned());
        (whole_words.filter(|words| !words.is_empty()).unwrap_or(kept), true)
    }
}

fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_hidden(c) || c.is_control() => '\u{fffd}',
        c => c,
    }
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// As many characters as fit into so many columns, and the columns they take.
fn fitting(chars: impl Iterator<Item = char>, columns: usize) -> (String, usize) {
    let (mut kept, mut taken) = (String::new(), 0);
    for c in chars {
        let next = taken + c.width().unwrap_or(0);
        if next > columns {
            break;
        }
        taken = next;
        kept.push(c);
    }
    (kept, taken)
}

#[cfg(test)]
mod tests {
    use super::super::region::Lines;
    use super::*;

    fn fitted(text: &str, mark: &str, columns: usize) -> (String, String) {
        let at = text.find(mark).unwrap();
        let region = Lines::of(text).region(at..at + mark.len());
        let (line, range) = Snippet::of(text, &region).fitted(columns);
        assert!(width(&line) <= columns, "{line}");
        (line[range].to_owned(), line)
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let text =
            format!("{}the 40 ms that it took{}\nnext", "many words before it ".repeat(90), " and more".repeat(90));
        let (marked, line) = fitted(&text, "40 ms", 60);
        assert_eq!(marked, "40 ms");
        assert!(line.starts_with('…') && line.ends_with('…'), "{line}");
        assert_eq!(fitted("short 40 ms line\r\nnext", "40 ms", 60).1, "short 40 ms line");
        assert_eq!(fitted("日本語の文章は四十と書く", "四十", 12).0, "四十");
        assert_eq!(fitted(&"x".repeat(500), &"x".repeat(300), 40).1.chars().count(), 40);
    }

    #[test]
    fn nothing_that_moves_a_terminal_is_shown() {
        assert_eq!(fitted("a\u{1b}[31m\tb\u{202e}c", "b", 40).1, "a\u{fffd}[31m b\u{fffd}c");
    }
}

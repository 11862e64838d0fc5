//! Findings as people read them: excerpts with the place marked, and one line each.

use std::fmt::{self, Write as _};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    Severity as Weight, SourceCode, SourceSpan, SpanContents,
};
use states::words::{Severity, Verdict};

use super::{Checked, Found, SourcePlace};
use crate::lint::Snippet;
use crate::rules::excerpt;

/// How excerpts are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// In colours.
    pub colours: bool,
    /// The most columns that are used.
    pub columns: usize,
}

/// What a line's number and the frame beside it take.
const FRAME: usize = 12;

/// A file's findings, each with the line it is about and the place marked. Empty where there are none.
pub fn excerpts(checked: &Checked, look: Look) -> String {
    let theme = if look.colours { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(look.columns.max(40))
        .with_links(false)
        .with_context_lines(0)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .with_show_related_as_nested(true);
    let room = look.columns.max(40).saturating_sub(FRAME);
    let mut out = String::new();
    for found in &checked.found {
        let shown = Shown::finding(&checked.name, found, room);
        if handler.render_report(&mut out, &shown).is_err() {
            // A drawing that fails must not swallow what was found.
            let _ = writeln!(out, "{}", line_of(&checked.name, found));
        }
        out.push('\n');
    }
    out
}

/// One line per finding: `file:line:column: severity[code] message`.
pub fn line(checked: &Checked) -> String {
    checked.found.iter().fold(String::new(), |mut out, found| {
        let _ = writeln!(out, "{}", line_of(&checked.name, found));
        out
    })
}

fn line_of(name: &str, found: &Found) -> String {
    let Found { code, message, region, .. } = found;
    let place = format!("{}:{}:{}", excerpt(name), region.line, region.column);
    format!("{place}: {}[{code}] {message}", word(found.severity))
}

/// What all files come to, and in a second line what was not looked at.
pub fn summary(all: &[Checked], not_checked: &[&str]) -> String {
    let count = |severity| all.iter().map(|checked| checked.count(severity)).sum::<usize>();
    let parts = [
        (count(Severity::Error), "error", "errors"),
        (count(Severity::Warning), "warning", "warnings"),
        (count(Severity::Info), "note", "notes"),
    ];
    let told: Vec<String> =
        parts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, more)| many(n, one, more)).collect();
    let told = if told.is_empty() { "nothing found".to_owned() } else { told.join(", ") };
    let mut out = format!("{} checked: {told}", many(all.len(), "file", "files"));
    let left: usize = all.iter().map(|checked| checked.more).sum();
    if left > 0 {
        let _ = write!(out, " ({left} of them not shown)");
    }
    out.push('\n');
    if all.iter().any(|checked| !checked.found.is_empty()) {
        out.push_str("What a rule is for: pipeline gate --explain CODE\n");
    }
    if !not_checked.is_empty() {
        let _ = writeln!(out, "Not checked: {}.", not_checked.join("; "));
    }
    out
}

fn many(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The verdict of a layer with its cause, as one line.
pub(super) fn layer_line(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NotRun { cause } => format!("not run: {cause}"),
        other => other.word().to_owned(),
    }
}

/// A finding, or the source's place beside it, as the drawing wants it: one line that fits, and what of it is marked.
#[derive(Debug)]
struct Shown {
    said: String,
    weight: Weight,
    help: Option<String>,
    name: String,
    line: usize,
    column: usize,
    text: String,
    marked: std::ops::Range<usize>,
    source: Vec<Shown>,
}

impl Shown {
    fn finding(name: &str, found: &Found, room: usize) -> Self {
        let weight = match found.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
            Severity::Info => Weight::Advice,
        };
        let said = format!("{}: {}", found.code, found.message);
        let place = (found.region.line, found.region.column);
        let source = found.source.iter().map(|source| Self::source(source, room.saturating_sub(4))).collect();
        Self { help: found.suggestion.clone(), source, ..Self::place(said, weight, name, place, &found.snippet, room) }
    }

    fn source(source: &SourcePlace, room: usize) -> Self {
        let place = (source.region.line, source.region.column);
        let said = if source.verbatim { "compared with" } else { "compared with the text of" };
        Self::place(said.to_owned(), Weight::Advice, &source.file, place, &source.snippet, room)
    }

    fn place(said: String, weight: Weight, name: &str, at: (usize, usize), snippet: &Snippet, room: usize) -> Self {
        let (text, marked) = snippet.fitted(room);
        let (name, source) = (excerpt(name), Vec::new());
        Self { said, weight, help: None, name, line: at.0, column: at.1, text, marked, source }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn severity(&self) -> Option<Weight> {
        Some(self.weight)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(None, (self.marked.start, self.marked.len()));
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let source = self.source.iter().map(|shown| shown as &dyn Diagnostic);
        (!self.source.is_empty()).then(|| Box::new(source) as Box<dyn Iterator<Item = &dyn Diagnostic>>)
    }
}

impl SourceCode for Shown {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from((0, self.text.len()));
        let (line, column) = (self.line.saturating_sub(1), self.column.saturating_sub(1));
        let (data, name) = (self.text.as_bytes(), self.name.clone());
        Ok(Box::new(MietteSpanContents::new_named(name, data, whole, line, column, 1)))
    }
}

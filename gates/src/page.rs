//! A page as it will lie in the site's repository: front matter and Markdown, read once, with every place known.

mod error;
mod passage;

use std::collections::BTreeMap;
use std::ops::Range;

pub use error::PageError;
pub use passage::Passage;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use serde_json::Value;
use states::words::{Place, text};

/// The largest page that is read, in bytes.
pub const MAX_PAGE_BYTES: usize = 1 << 20;
/// The largest front matter that is read, in bytes.
pub const MAX_FRONT_BYTES: usize = 64 << 10;
/// The deepest nesting of quotations, lists and emphasis, and of front matter values.
pub const MAX_NESTING: usize = 64;

/// How front matter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontFormat {
    /// Between lines `---`.
    Yaml,
    /// Between lines `+++`.
    Toml,
    /// One JSON object.
    Json,
}

/// A heading of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its text.
    pub text: String,
    /// Its bytes in the page.
    pub range: Range<usize>,
}

/// A link or image of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// True for an image.
    pub image: bool,
    /// Its destination.
    pub url: String,
    /// Its bytes in the page.
    pub range: Range<usize>,
}

/// A block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBlock {
    /// The language label; `None` for a block made by indentation.
    pub label: Option<String>,
    /// False for a fence without an end.
    pub closed: bool,
    /// Its bytes in the page.
    pub range: Range<usize>,
}

/// A page, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its path in the repository.
    pub path: String,
    /// How its front matter is written.
    pub format: FrontFormat,
    /// The front matter.
    pub front: BTreeMap<String, Value>,
    /// The whole text.
    pub text: String,
    /// Where the Markdown begins in `text`.
    pub body_start: usize,
    /// Its headings.
    pub headings: Vec<Heading>,
    /// Its links and images, bare addresses included.
    pub links: Vec<PageLink>,
    /// Its code blocks.
    pub code: Vec<CodeBlock>,
    /// Its code spans and code blocks, as byte ranges.
    pub verbatim: Vec<Range<usize>>,
    /// Raw HTML, as byte ranges.
    pub html: Vec<Range<usize>>,
    /// Its running text, in order.
    pub passages: Vec<Passage>,
    lines: Vec<usize>,
    /// How many characters stand before each block of [`BLOCK`] bytes, so that a column in a long line is found quickly.
    counted: Vec<usize>,
}

impl Page {
    /// Reads a page. The path is only a name here; no file is opened.
    pub fn parse(path: &str, text: &str) -> Result<Self, PageError> {
        if text.len() > MAX_PAGE_BYTES {
            return Err(PageError::TooLarge { bytes: text.len(), most: MAX_PAGE_BYTES });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (format, front, body_start) = front_matter(text)?;
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .collect();
        let mut page = Self {
            path: path.to_owned(),
            format,
            front,
            text: text.to_owned(),
            body_start,
            headings: Vec::new(),
            links: Vec::new(),
            code: Vec::new(),
            verbatim: Vec::new(),
            html: Vec::new(),
            passages: Vec::new(),
            lines,
            counted: counted(text),
        };
        page.read_body()?;
        Ok(page)
    }

    /// The Markdown, without front matter.
    pub fn body(&self) -> &str {
        &self.text[self.body_start..]
    }

    /// A front matter value that is text.
    pub fn front_text(&self, key: &str) -> Option<&str> {
        self.front.get(key)?.as_str()
    }

    /// The words of the running text; code blocks are not counted.
    pub fn count_words(&self) -> usize {
        self.passages.iter().map(|p| text::count_words(&p.text)).sum()
    }

    /// The line and column of a byte of the page.
    pub fn place(&self, offset: usize) -> Place {
        let (line, start) = self.line_start(offset);
        let column = if self.text.is_char_boundary(offset) { self.chars_to(offset) - self.chars_to(start) } else { 0 };
        Place::Line { line, column: column + 1 }
    }

    /// The line that a byte stands in; in a long line only a piece, which begins at the byte.
    pub(crate) fn line_at(&self, offset: usize) -> &str {
        const LONG: usize = 1_000;
        let (line, start) = self.line_start(offset);
        let end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        let start = if offset.saturating_sub(start) > LONG { offset } else { start };
        let end = self.text.floor_char_boundary(end.min(start + LONG));
        self.text.get(start..end).unwrap_or_default()
    }

    /// The line of a byte, from 1, and where it starts.
    fn line_start(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        (line, self.lines[line - 1])
    }

    /// How many characters begin before a byte.
    fn chars_to(&self, offset: usize) -> usize {
        let block = (offset / BLOCK).min(self.counted.len() - 1);
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.counted[block] + begins(rest)
    }

    /// True where the byte stands in a code span or code block.
    pub fn is_verbatim(&self, offset: usize) -> bool {
        let at = self.verbatim.partition_point(|range| range.start <= offset);
        at > 0 && self.verbatim[at - 1].end > offset
    }

    /// The last part of the address that Hugo makes of this page: its `slug`, else the name of its file or bundle.
    pub fn slug(&self) -> String {
        let stem = self.path.strip_suffix("/index.md").or_else(|| self.path.strip_suffix(".md")).unwrap_or(&self.path);
        let name = stem.rsplit('/').next().unwrap_or(stem);
        self.front_text("slug").filter(|slug| !slug.is_empty()).unwrap_or(name).to_owned()
    }

    fn read_body(&mut self) -> Result<(), PageError> {
        let base = self.body_start;
        let body = self.text[base..].to_owned();
        self.refuse_deep_lines(&body)?;
        let mut depth = 0usize;
        let mut reader = BodyReader { body: &body, base, page: self, open: None, heading: None, in_code: false };
        for (event, range) in Parser::new_ext(&body, dialect()).into_offset_iter() {
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_NESTING {
                return Err(PageError::TooDeep { line: reader.page.line_of(base + range.start) });
            }
            reader.take(event, range);
        }
        reader.close();
        Ok(())
    }

    /// Container marks are counted before the parser sees them: its work grows with lines times depth.
    fn refuse_deep_lines(&self, body: &str) -> Result<(), PageError> {
        let mut at = self.body_start;
        for line in body.split_inclusive('\n') {
            let bytes = line.as_bytes();
            let lead = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'>' | b'-' | b'*' | b'+')).count();
            // A list's mark has a space behind it; a row of dashes is no nesting.
            let is_mark = |n: usize| match bytes[n] {
                b'>' => true,
                b'-' | b'*' | b'+' => matches!(bytes.get(n + 1), Some(b' ' | b'\t')),
                _ => false,
            };
            // `* * *` is a thematic break, however long.
            let is_break = line.trim().bytes().all(|b| matches!(b, b' ' | b'\t' | b'-' | b'*' | b'+'));
            if !is_break && (0..lead).filter(|n| is_mark(*n)).count() > MAX_NESTING {
                return Err(PageError::TooDeep { line: self.line_of(at) });
            }
            at += line.len();
        }
        Ok(())
    }

    fn line_of(&self, offset: usize) -> usize {
        match self.place(offset) {
            Place::Line { line, .. } => line,
            _ => 1,
        }
    }
}

/// Bytes of a block of [`counted`].
pub(crate) const BLOCK: usize = 256;

/// How many characters begin before each block of a text.
pub(crate) fn counted(text: &str) -> Vec<usize> {
    let blocks = text.as_bytes().chunks(BLOCK).scan(0, |sum, block| {
        *sum += begins(block);
        Some(*sum)
    });
    std::iter::once(0).chain(blocks).collect()
}

/// How many characters begin in these bytes of UTF-8.
pub(crate) fn begins(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| (**b as i8) >= -0x40).count()
}

/// What Hugo's Markdown understands by default, as far as the parser has it.
fn dialect() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

struct BodyReader<'a> {
    body: &'a str,
    base: usize,
    page: &'a mut Page,
    open: Option<Passage>,
    heading: Option<u8>,
    in_code: bool,
}

impl BodyReader<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        let whole = self.base + range.start..self.base + range.end;
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.close();
                self.heading = Some(level_of(level));
                self.open = Some(Passage::beginning(whole, true));
            }
            Event::End(TagEnd::Heading(_)) => {
                if let (Some(level), Some(open)) = (self.heading.take(), &self.open) {
                    let text = open.text.trim().to_owned();
                    self.page.headings.push(Heading { level, text, range: open.range.clone() });
                }
                self.close();
            }
            Event::Start(Tag::Paragraph | Tag::Item | Tag::TableCell | Tag::FootnoteDefinition(_)) => self.close(),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell | TagEnd::FootnoteDefinition) => {
                self.close()
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                self.close();
                self.in_code = true;
                let (label, closed) = match kind {
                    CodeBlockKind::Fenced(info) => (Some(label_of(&info)), fence_closes(&self.body[range.clone()])),
                    CodeBlockKind::Indented => (None, true),
                };
                self.page.verbatim.push(whole.clone());
                self.page.code.push(CodeBlock { label, closed, range: whole });
            }
            Event::End(TagEnd::CodeBlock) => self.in_code = false,
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let url = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}"),
                    _ => dest_url.to_string(),
                };
                self.page.links.push(PageLink { image: false, url, range: whole });
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                self.page.links.push(PageLink { image: true, url: dest_url.to_string(), range: whole });
            }
            Event::Start(Tag::HtmlBlock) => self.close(),
            Event::Html(_) | Event::InlineHtml(_) => self.page.html.push(whole),
            Event::Code(code) => {
                self.page.verbatim.push(whole.clone());
                // The marks around a span are not its text.
                let inside = self.body[range.clone()].find(code.as_ref()).map_or(0, |at| at);
                let start = whole.start + inside;
                self.append(&code, if inside > 0 { start..start + code.len() } else { whole });
            }
            Event::Text(text) if !self.in_code => {
                self.bare_addresses(&text, &whole);
                self.append(&text, whole);
            }
            Event::SoftBreak | Event::HardBreak => self.append(" ", whole),
            _ => {}
        }
    }

    fn append(&mut self, text: &str, whole: Range<usize>) {
        let open = self.open.get_or_insert_with(|| Passage::beginning(whole.clone(), false));
        open.append(text, whole);
    }

    /// Hugo makes links of bare addresses, this parser does not.
    fn bare_addresses(&mut self, text: &str, whole: &Range<usize>) {
        for found in ["http://", "https://", "www."] {
            for (at, _) in text.match_indices(found) {
                if found == "www." && text[..at].ends_with(['/', '.']) {
                    continue;
                }
                let end = text[at..].find(|c: char| c.is_whitespace() || c == '<').map_or(text.len(), |n| at + n);
                let url = text[at..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'']);
                let url = if found == "www." { format!("http://{url}") } else { url.to_owned() };
                let known = self.page.links.last().is_some_and(|l| l.url == url && l.range.end >= whole.end);
                if !known {
                    self.page.links.push(PageLink { image: false, url, range: whole.clone() });
                }
            }
        }
    }

    fn close(&mut self) {
        if let Some(passage) = self.open.take().filter(|p| !p.text.trim().is_empty()) {
            self.page.passages.push(passage);
        }
    }
}

fn level_of(level: HeadingLevel) -> u8 {
    level as u8
}

/// The first word of a fence's info string.
fn label_of(info: &str) -> String {
    info.split(|c: char| c.is_whitespace() || c == '{' || c == ',').next().unwrap_or_default().to_owned()
}

/// True where the last line of a fenced block is its closing fence.
fn fence_closes(block: &str) -> bool {
    let bare = |line: &str| line.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end().to_owned();
    let mut lines = block.lines();
    let open = bare(lines.next().unwrap_or_default());
    let Some(mark) = open.chars().next() else { return false };
    let length = open.chars().take_while(|c| *c == mark).count();
    let last = bare(lines.next_back().unwrap_or_default());
    last.chars().all(|c| c == mark) && last.chars().count() >= length
}

type Front = BTreeMap<String, Value>;

fn front_matter(text: &str) -> Result<(FrontFormat, Front, usize), PageError> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    match first {
        "---" => {
            let (inside, body) = between(text, "---")?;
            Ok((FrontFormat::Yaml, yaml(inside)?, body))
        }
        "+++" => {
            let (inside, body) = between(text, "+++")?;
            Ok((FrontFormat::Toml, toml_front(inside)?, body))
        }
        _ if first.starts_with('{') && !first.starts_with("{{") => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<Front>();
            let front = values.next().unwrap_or(Ok(Front::new())).map_err(|e| PageError::BadFrontMatter {
                format: "JSON",
                message: said(&e.to_string()),
                at: Some((e.line(), e.column().max(1))),
            })?;
            Ok((FrontFormat::Json, front, values.byte_offset()))
        }
        _ => Err(PageError::NoFrontMatter),
    }
}

/// The text between two lines that hold only `mark`, and where the body begins.
fn between<'a>(text: &'a str, mark: &'static str) -> Result<(&'a str, usize), PageError> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let here = at;
        at += line.len();
        if line.trim_end() == mark {
            match start {
                None => start = Some(at),
                Some(from) => return Ok((&text[from..here], at)),
            }
        } else if at > MAX_FRONT_BYTES {
            return Err(PageError::TooLarge { bytes: at, most: MAX_FRONT_BYTES });
        }
    }
    Err(PageError::Unclosed(mark))
}

fn yaml(inside: &str) -> Result<Front, PageError> {
    if inside.trim().is_empty() {
        return Ok(Front::new());
    }
    let budget =
        serde_saphyr::budget! { max_depth: MAX_NESTING, max_nodes: 10_000, max_aliases: 100, max_documents: 1 };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(inside, options).map_err(|e| {
        let small = |n: u64| usize::try_from(n).unwrap_or(1).max(1);
        // The first line of the file is the mark.
        let at = e.location().map(|at| (small(at.line()) + 1, small(at.column())));
        PageError::BadFrontMatter { format: "YAML", message: said(&e.to_string()), at }
    })
}

fn toml_front(inside: &str) -> Result<Front, PageError> {
    let bad = |message: &str, at| PageError::BadFrontMatter { format: "TOML", message: said(message), at };
    if let Some(line) = crate::nesting::too_deep_toml(inside) {
        let message = format!("it nests deeper than {} levels", crate::nesting::MAX_TOML_NESTING);
        return Err(bad(&message, Some((line + 1, 1))));
    }
    let table: toml::Table = inside.parse().map_err(|e: toml::de::Error| {
        let before = e.span().and_then(|span| inside.get(..span.start));
        let line_start = before.map(|text| text.rfind('\n').map_or(0, |at| at + 1));
        let at = before
            .zip(line_start)
            .map(|(text, start)| (text.matches('\n').count() + 2, text[start..].chars().count() + 1));
        bad(e.message(), at)
    })?;
    Ok(table.into_iter().map(|(key, value)| (key, json_of(value))).collect())
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(all) => Value::Array(all.into_iter().map(json_of).collect()),
        toml::Value::Table(all) => Value::Object(all.into_iter().map(|(key, value)| (key, json_of(value))).collect()),
    }
}

/// What a parser says, without the place, which it counts from the front matter's own beginning, and without advice to
/// programmers.
fn said(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let end = [" at line ", ", set DuplicateKeyPolicy"].iter().filter_map(|mark| line.find(mark)).min();
    line[..end.unwrap_or(line.len())].trim_end_matches([':', ',']).to_owned()
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

//! The text form of a snapshot's body, from HTML.
//!
//! Paragraphs stand on one line each with an empty line between them, headings after `#` marks, list items after `- ` or
//! `1. `, code between fences with its language where the page names it, tables as rows of cells between `|`. Inline marks
//! (emphasis, links, inline code) leave their text only: evidence quotes text, not marks.

use scraper::{ElementRef, Html, Node};

use super::hidden::is_hidden;

/// Most bytes of text that one page gives.
const MAX_TEXT: usize = 2 * 1024 * 1024;

/// Deepest list indentation that is written; deeper items stand at this depth.
const MAX_INDENT: usize = 6;

/// Renders a parsed document or fragment. The tree has passed the bounds of [`super::measure`], which bound the recursion.
pub(super) fn text_of(html: &Html) -> String {
    let mut out = Out::default();
    out.children(html.root_element());
    out.finish()
}

/// What an element is to the text.
enum Kind {
    /// Not text at all.
    Skip,
    /// Part of a line.
    Inline,
    /// A block of its own.
    Block,
    /// A heading of this rank.
    Heading(usize),
    /// A list; true where its items are numbered.
    List(bool),
    /// A list item.
    Item,
    /// Preformatted text.
    Code,
    /// A table.
    Table,
    /// A line break.
    Break,
    /// A quotation.
    Quote,
    /// A formula.
    Formula,
}

fn kind(name: &str) -> Kind {
    match name {
        "script" | "style" | "template" | "noscript" | "head" | "title" | "svg" | "iframe" | "object" | "embed"
        | "canvas" | "audio" | "video" | "img" | "picture" | "button" | "input" | "select" | "textarea" | "dialog"
        | "datalist" | "meter" | "progress" | "map" => Kind::Skip,
        "h1" => Kind::Heading(1),
        "h2" => Kind::Heading(2),
        "h3" => Kind::Heading(3),
        "h4" => Kind::Heading(4),
        "h5" => Kind::Heading(5),
        "h6" => Kind::Heading(6),
        "ul" | "menu" => Kind::List(false),
        "ol" => Kind::List(true),
        "li" => Kind::Item,
        "pre" | "listing" | "xmp" => Kind::Code,
        "table" => Kind::Table,
        "br" => Kind::Break,
        "blockquote" => Kind::Quote,
        "math" => Kind::Formula,
        "p" | "div" | "section" | "article" | "main" | "header" | "footer" | "aside" | "nav" | "address" | "figure"
        | "figcaption" | "details" | "summary" | "dl" | "dt" | "dd" | "form" | "fieldset" | "legend" | "hr"
        | "center" | "body" | "html" | "hgroup" | "caption" | "tr" | "td" | "th" | "thead" | "tbody" | "tfoot"
        | "search" => Kind::Block,
        _ => Kind::Inline,
    }
}

#[derive(Default)]
struct Out {
    /// Finished blocks.
    text: String,
    /// The line that is being written, with whitespace as it came.
    line: String,
    /// The marks that the next line begins with.
    mark: String,
    /// Open lists: the number of the next item where it has one.
    lists: Vec<Option<usize>>,
    /// True while the last finished line was a list item, so that items stand together.
    in_items: bool,
}

impl Out {
    fn full(&self) -> bool {
        self.text.len() > MAX_TEXT
    }

    fn children(&mut self, element: ElementRef<'_>) {
        for child in element.children() {
            if self.full() {
                return;
            }
            match child.value() {
                Node::Text(text) => self.line.push_str(text),
                Node::Element(_) => {
                    if let Some(child) = ElementRef::wrap(child) {
                        self.element(child);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>) {
        if is_hidden(element) {
            return;
        }
        match kind(element.value().name()) {
            Kind::Skip => {}
            Kind::Inline if is_permalink(element) => {}
            Kind::Inline if is_drawn_formula(element) => {}
            Kind::Formula => {
                if let Some(formula) = formula(element) {
                    self.line.push_str(&formula);
                }
            }
            Kind::Inline => self.children(element),
            // A line break inside a paragraph is layout; two in a row are how old pages write paragraphs, and extraction
            // has made paragraphs of those.
            Kind::Break => self.line.push(' '),
            Kind::Block => {
                self.end_line();
                self.children(element);
                self.end_line();
            }
            Kind::Heading(rank) => {
                self.end_line();
                let mark = format!("{} ", "#".repeat(rank));
                self.marked(&mark, element);
            }
            Kind::Quote => {
                self.end_line();
                // Marks of a list item that the quotation opens stay before its own.
                self.marked("> ", element);
            }
            Kind::List(numbered) => {
                self.end_line();
                self.lists.push(numbered.then_some(1));
                self.children(element);
                self.end_line();
                self.lists.pop();
                if self.lists.is_empty() {
                    self.in_items = false;
                }
            }
            Kind::Item => self.item(element),
            Kind::Code => self.code(element),
            Kind::Table => self.table(element),
        }
    }

    /// Writes an element of which the first line gets a mark.
    fn marked(&mut self, mark: &str, element: ElementRef<'_>) {
        let before = std::mem::replace(&mut self.mark, mark.to_owned());
        self.children(element);
        self.end_line();
        self.mark = before;
    }

    fn item(&mut self, element: ElementRef<'_>) {
        self.end_line();
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(MAX_INDENT));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{indent}{number}. ");
                *number += 1;
                mark
            }
            _ => format!("{indent}- "),
        };
        self.mark = mark;
        self.children(element);
        self.end_line();
        self.mark.clear();
    }

    /// Ends the line that is being written, if there is anything on it.
    fn end_line(&mut self) {
        let line = one_line(&self.line);
        self.line.clear();
        if line.is_empty() {
            return;
        }
        // A quotation's mark stands on each of its paragraphs; all others on the first line only.
        let line = unmarked(&line, &self.mark);
        if line.is_empty() {
            return;
        }
        let mark = if self.mark == "> " { self.mark.clone() } else { std::mem::take(&mut self.mark) };
        let item = mark.trim_start().starts_with(|c: char| c == '-' || c.is_ascii_digit());
        self.block(&format!("{mark}{line}"), item);
    }

    fn block(&mut self, text: &str, item: bool) {
        if !self.text.is_empty() {
            self.text.push_str(if item && self.in_items { "\n" } else { "\n\n" });
        }
        self.text.push_str(text);
        self.in_items = item;
    }

    fn code(&mut self, element: ElementRef<'_>) {
        self.end_line();
        self.mark.clear();
        let Some((code, language)) = code_of(element) else { return };
        let mut text = format!("```{}\n", language.unwrap_or_default());
        for line in code.lines() {
            // A fence inside the code would end it for everyone who reads the text line by line.
            if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
                text.push('\\');
            }
            text.push_str(line.trim_end_matches('\r'));
            text.push('\n');
        }
        text.push_str("```");
        self.block(&text, false);
    }

    fn table(&mut self, table: ElementRef<'_>) {
        self.end_line();
        let mut rows = Vec::new();
        let mut layout = false;
        collect_rows(table, &mut rows, &mut layout);
        let widest = rows.iter().map(Vec::len).max().unwrap_or_default();
        // A table of one column, or with blocks inside its cells, is there for the layout.
        if layout || widest < 2 {
            self.children(table);
            self.end_line();
            return;
        }
        let mut text = String::new();
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                text.push('\n');
            }
            text.push_str("| ");
            text.push_str(&row.join(" | "));
            text.push_str(" |");
        }
        self.mark.clear();
        self.block(&text, false);
    }

    fn finish(mut self) -> String {
        self.end_line();
        if self.text.len() > MAX_TEXT {
            let cut = self.text.floor_char_boundary(MAX_TEXT);
            self.text.truncate(cut);
        }
        self.text
    }
}

/// True for the mark beside a heading that links to it.
fn is_permalink(element: ElementRef<'_>) -> bool {
    let within = element.value().attr("href").is_some_and(|href| href.contains('#'));
    within && matches!(element.text().collect::<String>().trim(), "#" | "¶" | "§" | "🔗" | "⚓")
}

/// A formula as its author wrote it, in TeX: from its annotation, or from its alternative text.
fn formula(math: ElementRef<'_>) -> Option<String> {
    let annotated = math.descendants().filter_map(ElementRef::wrap).find(|e| {
        e.value().name() == "annotation" && e.value().attr("encoding").is_none_or(|encoding| encoding.contains("tex"))
    });
    let tex = annotated
        .map(|e| e.text().collect::<String>())
        .or_else(|| math.value().attr("alttext").map(str::to_owned))
        .unwrap_or_else(|| math.text().collect());
    let tex = one_line(&tex);
    (!tex.is_empty()).then(|| format!("${tex}$"))
}

/// True for the drawing of a formula that is there as text too.
fn is_drawn_formula(element: ElementRef<'_>) -> bool {
    element.value().classes().any(|class| matches!(class, "katex-html" | "mwe-math-fallback-image-inline"))
}

/// Whitespace folded to single spaces; control characters and characters that only mark layout taken out.
pub(crate) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut start = true;
        for c in word.chars().filter(|c| !is_layout(*c)) {
            if start && !out.is_empty() {
                out.push(' ');
            }
            start = false;
            out.push(c);
        }
    }
    out
}

/// Characters that nobody sees: soft hyphen, zero-width space, word joiner, byte order mark, directional overrides, tags.
/// Joiners that shape letters (U+200C, U+200D) stay.
fn is_layout(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// Takes marks of the text form off a line of running text: `# no heading` is a paragraph that looks like one.
fn unmarked<'a>(line: &'a str, mark: &str) -> &'a str {
    let mut rest = line;
    loop {
        let fence = rest.starts_with("```") || rest.starts_with("~~~");
        let heading = mark.is_empty() && rest.trim_start_matches('#').starts_with(' ') && rest.starts_with('#');
        if fence {
            rest = rest.trim_start_matches(['`', '~']).trim_start();
        } else if heading {
            rest = rest.trim_start_matches('#').trim_start();
        } else {
            return rest;
        }
    }
}

/// The lines of a preformatted block and the language that the page names for it. `None` where there is nothing in it but the
/// numbers of lines.
pub(super) fn code_of(pre: ElementRef<'_>) -> Option<(String, Option<String>)> {
    let mut code = String::new();
    preformatted(pre, &mut code);
    let code = code.trim_matches('\n').trim_end();
    let numbers = code.split_whitespace().enumerate().all(|(n, word)| word.parse() == Ok(n + 1));
    (!numbers).then(|| (code.to_owned(), language(pre)))
}

fn preformatted(element: ElementRef<'_>, code: &mut String) {
    for child in element.children() {
        match child.value() {
            Node::Text(text) => code.extend(text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))),
            Node::Element(e) if e.name() == "br" => code.push('\n'),
            Node::Element(_) => {
                let Some(child) = ElementRef::wrap(child) else { continue };
                // Line numbers and copy buttons are no code.
                let class = child.value().attr("class").unwrap_or_default();
                let beside = ["line-number", "lineno", "linenumber", "gutter", "lnt", "header", "toolbar", "copy"]
                    .iter()
                    .any(|c| class.contains(c));
                if !beside && child.value().name() != "button" && !is_hidden(child) {
                    preformatted(child, code);
                    let line = matches!(child.value().name(), "div" | "p" | "li" | "tr");
                    if line && !code.ends_with('\n') {
                        code.push('\n');
                    }
                }
            }
            _ => {}
        }
    }
}

/// The language a page names for a code block: on the block, on the `code` inside it, or on what stands right around it.
fn language(pre: ElementRef<'_>) -> Option<String> {
    let inner = pre.children().filter_map(ElementRef::wrap).find(|c| c.value().name() == "code");
    let around = pre.ancestors().filter_map(ElementRef::wrap).take(3);
    [inner, Some(pre)].into_iter().flatten().chain(around).find_map(|element| {
        let value = element.value();
        let by_attribute = ["data-lang", "data-language", "lang-name"].iter().find_map(|name| value.attr(name));
        let by_class = value.classes().find_map(|class| {
            ["language-", "lang-", "highlight-source-", "brush:", "sourceCode-"]
                .iter()
                .find_map(|p| class.strip_prefix(p))
        });
        by_attribute.or(by_class).map(str::to_ascii_lowercase).filter(|name| is_language(name))
    })
}

fn is_language(name: &str) -> bool {
    (1..=20).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'#' | b'-' | b'_' | b'.'))
}

fn collect_rows(element: ElementRef<'_>, rows: &mut Vec<Vec<String>>, layout: &mut bool) {
    for child in element.children().filter_map(ElementRef::wrap) {
        match child.value().name() {
            "tr" => {
                let mut row = Vec::new();
                for cell in child.children().filter_map(ElementRef::wrap) {
                    if !matches!(cell.value().name(), "td" | "th") || is_hidden(cell) {
                        continue;
                    }
                    let mut text = String::new();
                    cell_text(cell, &mut text, layout);
                    row.push(one_line(&text).replace('|', "/"));
                }
                if row.iter().any(|cell| !cell.is_empty()) {
                    rows.push(row);
                }
            }
            "thead" | "tbody" | "tfoot" => collect_rows(child, rows, layout),
            _ => {}
        }
    }
}

fn cell_text(element: ElementRef<'_>, text: &mut String, layout: &mut bool) {
    for child in element.children() {
        match child.value() {
            Node::Text(piece) => text.push_str(piece),
            Node::Element(_) => {
                let Some(child) = ElementRef::wrap(child) else { continue };
                match kind(child.value().name()) {
                    _ if is_hidden(child) => {}
                    Kind::Skip => {}
                    Kind::Heading(_) | Kind::Code | Kind::Table | Kind::Quote => *layout = true,
                    Kind::Formula => text.push_str(&formula(child).unwrap_or_default()),
                    Kind::Inline if is_drawn_formula(child) => {}
                    Kind::Inline => cell_text(child, text, layout),
                    Kind::Block | Kind::Break | Kind::List(_) | Kind::Item => {
                        text.push(' ');
                        cell_text(child, text, layout);
                        text.push(' ');
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(html: &str) -> String {
        text_of(&Html::parse_fragment(html))
    }

    #[test]
    fn every_kind_of_block_has_its_form() {
        let html = "<h2>A  title</h2><p>One <b>bold</b>\n line<br>and <a href=x>more</a>.</p><ul><li>First<ul><li>Inner</ul>\
                    <li><p>Second</p></ul><ol><li>a<li>b</ol><pre><code class='language-Rust'>let a = 1;\n\nlet b;\n</code></pre>\
                    <table><tr><th>k<th>v<tr><td>a|b<td>2</table><blockquote><p>Said.</p><p>Again.</p></blockquote>";
        assert_eq!(
            render(html),
            "## A title\n\nOne bold line and more.\n\n- First\n  - Inner\n- Second\n\n1. a\n2. b\n\n\
             ```rust\nlet a = 1;\n\nlet b;\n```\n\n| k | v |\n| a/b | 2 |\n\n> Said.\n\n> Again."
        );
    }

    #[test]
    fn running_text_cannot_pose_as_a_mark() {
        assert_eq!(render("<p>``` not code</p><p># no heading</p><p>~~~</p>x"), "not code\n\nno heading\n\nx");
        assert_eq!(render("<pre>a\n```\nb</pre>"), "```\na\n\\```\nb\n```");
    }

    #[test]
    fn what_nobody_sees_is_not_text() {
        let html = "<p>Seen<span style='display: none'>CANARY</span><!-- CANARY --></p><p hidden>CANARY</p>\
                    <div style='font-size:0'>CANARY</div><script>CANARY</script><p>zero\u{200b}width\u{202e}</p>";
        assert_eq!(render(html), "Seen\n\nzerowidth");
    }

    #[test]
    fn marks_beside_headings_are_left_out() {
        assert_eq!(render("<h2>Part <a href='#part'>#</a></h2><p><a href='/x'>#</a>hash</p>"), "## Part\n\n#hash");
    }

    #[test]
    fn tables_for_layout_are_read_as_text() {
        assert_eq!(render("<table><tr><td><h1>T</h1><p>Body</p><td>side</table>"), "# T\n\nBody\n\nside");
    }
}

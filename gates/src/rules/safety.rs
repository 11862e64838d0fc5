//! Form: nothing in the page is more than text. Raw HTML, shortcodes, template syntax, attributes, hidden characters.

use std::ops::Range;

use pulldown_cmark::{Event, Tag};
use serde_json::Value;
use states::words::{Block, PageFile, Place};

use super::Gathered;
use super::form::{
    ATTRIBUTES, FENCE_LABEL, FENCE_OPEN, FRONT_MARKUP, HIDDEN_CHARACTER, ORDERS, RAW_HTML, SHORTCODE, TEMPLATE_SYNTAX,
};
use crate::page::Page;
use crate::{Subject, orders};

/// Hugo's divider between summary and rest: the one comment with a meaning of its own, and harmless.
const DIVIDER: &str = "<!--more-->";

pub(crate) fn check(gathered: &mut Gathered<'_>, page: &Page) {
    html(gathered, page);
    fences(gathered, page);
    shortcodes(gathered, page);
    template_syntax(gathered, page);
    attributes(gathered, page);
    hidden(gathered, page);
}

fn html(gathered: &mut Gathered<'_>, page: &Page) {
    let shown = highlighted(&page.text);
    let mut end = 0;
    for range in &page.html {
        // A block comes as one event per line: one finding is enough.
        let follows = range.start <= end;
        end = range.end;
        let raw = page.text[range.clone()].trim();
        let as_code = shown.iter().any(|code| code.start <= range.start && range.end <= code.end);
        if !follows && raw != DIVIDER && !raw.is_empty() && !as_code {
            gathered.find(&RAW_HTML, page.place(range.start), "raw HTML stands in the body").of(raw);
        }
    }
}

/// What stands between Hugo's `highlight` shortcodes, with their lines: it is shown as code. The shortcodes themselves are findings.
fn highlighted(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find("{{< highlight ").map(|at| from + at) {
        let Some(close) = text[open..].find("{{< /highlight >}}").map(|at| open + at) else { break };
        from = close + "{{< /highlight >}}".len();
        // The closing line belongs to the HTML block that it ends.
        let end = text[from..].find('\n').map_or(text.len(), |at| from + at + 1);
        all.push(open..end);
    }
    all
}

fn fences(gathered: &mut Gathered<'_>, page: &Page) {
    for block in &page.code {
        let place = page.place(block.range.start);
        if !block.closed {
            gathered.find(&FENCE_OPEN, place, "a code fence opens here and is not closed");
        } else if block.label.as_deref() == Some("") {
            gathered.find(&FENCE_LABEL, place, "a code fence names no language");
        }
    }
}

/// Byte offsets of shortcodes in the whole text. `{{</* … */>}}` is Hugo's own way to show one, and no finding.
fn shortcodes_in(text: &str) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for (open, close) in [("{{<", "*/>}}"), ("{{%", "*/%}}")] {
        for (at, _) in text.match_indices(open) {
            let rest = &text[at + open.len()..];
            if !rest.strip_prefix("/*").is_some_and(|inside| ends_shown(inside, close)) {
                found.push(at);
            }
        }
    }
    found.sort_unstable();
    found
}

/// Whether `close` comes before any other mark. Nothing is read beyond the next mark, so that many openings in a row cost no
/// more than the text is long.
fn ends_shown(inside: &str, close: &str) -> bool {
    inside
        .match_indices(['{', '*'])
        .map(|(at, _)| &inside[at..])
        .find(|rest| ["{{<", "{{%", "*/"].iter().any(|mark| rest.starts_with(mark)))
        .is_some_and(|rest| rest.starts_with(close))
}

fn shortcodes(gathered: &mut Gathered<'_>, page: &Page) {
    for at in shortcodes_in(&page.text) {
        gathered.find(&SHORTCODE, page.place(at), "a shortcode stands here").of(page.line_at(at));
    }
}

fn template_syntax(gathered: &mut Gathered<'_>, page: &Page) {
    for mark in ["{{", "{%"] {
        for (at, _) in page.text.match_indices(mark) {
            let shortcode = page.text[at..].starts_with("{{<") || page.text[at..].starts_with("{{%");
            // The `{%` inside of `{{%` is the shortcode's.
            let inside = mark == "{%" && page.text[..at].ends_with('{');
            if !shortcode && !inside && !page.is_verbatim(at) {
                let message = format!("`{mark}` stands in the text");
                gathered.find(&TEMPLATE_SYNTAX, page.place(at), message).of(page.line_at(at));
            }
        }
    }
}

/// `## Text {#id .class onclick=…}`: Hugo makes HTML attributes of it.
fn attributes(gathered: &mut Gathered<'_>, page: &Page) {
    for heading in &page.headings {
        let raw = page.text[heading.range.clone()].lines().next().unwrap_or_default().trim_end();
        let raw = raw.trim_end_matches(['#', ' ']);
        if raw.ends_with('}') && raw.contains('{') && !heading.text.ends_with('`') {
            gathered.find(&ATTRIBUTES, page.place(heading.range.start), "the heading ends in braces").of(raw);
        }
    }
}

fn hidden(gathered: &mut Gathered<'_>, page: &Page) {
    let mut shown = 0;
    for (at, c) in hidden_in(&page.text) {
        shown += 1;
        if shown > 20 {
            break;
        }
        let message = format!("the character U+{:04X} cannot be seen", u32::from(c));
        gathered.find(&HIDDEN_CHARACTER, page.place(at), message).of(page.line_at(at));
    }
    let head = &page.text[..page.body_start];
    // What shows in the raw text has a finding with its line already.
    let (hidden_shows, shortcode_shows) = (hidden_in(head).next().is_some(), !shortcodes_in(head).is_empty());
    for (key, value) in &page.front {
        // In YAML and JSON a character can be written as an escape, which the raw text does not show.
        if !hidden_shows && (escaped_hidden(value) || hidden_in(key).next().is_some()) {
            let place = Place::FrontMatter { key: super::excerpt(key) };
            gathered.find(&HIDDEN_CHARACTER, place, "the value has a character that cannot be seen");
        }
        if !shortcode_shows && front_shortcode(value) {
            gathered.find(&SHORTCODE, Place::FrontMatter { key: super::excerpt(key) }, "the value has a shortcode");
        }
    }
}

/// What came from outside and stands in the page, beside it, or in its proposal: the draft, what it cites, and what its
/// sources are called.
pub(crate) fn orders(gathered: &mut Gathered<'_>, subject: &Subject<'_>) {
    let (draft, brief) = (subject.draft, subject.brief);
    for (place, sentence) in draft.sentences() {
        let cited = sentence.cites.iter().find_map(|cite| {
            let snapshot = subject.snapshots.get(&cite.snapshot)?;
            Some((cite, orders::found_at(&snapshot.text, cite.start, cite.end)?))
        });
        if let Some(why) = orders::found(&sentence.text) {
            let message = format!("the sentence gives orders to a model: {why}");
            gathered.find(&ORDERS, place, message).of(&sentence.text);
        } else if let Some((cite, why)) = cited {
            let message = format!("what the sentence cites gives orders to a model: {why}");
            gathered.find(&ORDERS, place, message).of(&sentence.text).against(Some(cite.clone()));
        }
    }
    for block in draft.sections.iter().flat_map(|section| &section.blocks) {
        if let Block::Code { text, .. } = block
            && let Some(why) = text.lines().find_map(orders::found_in_code)
        {
            gathered.find(&ORDERS, Place::Page, format!("a block of code gives orders to a model: {why}")).of(text);
        }
    }
    for source in &brief.sources {
        let author = subject.snapshots.get(&source.snapshot).and_then(|snapshot| snapshot.author.as_ref());
        let names = [Some(&source.title), source.publisher.as_ref(), author];
        if let Some(why) = names.into_iter().flatten().find_map(|name| orders::found(name)) {
            let message = format!("the name of a source gives orders to a model: {why}");
            gathered.find(&ORDERS, Place::Page, message).of(&source.title);
        }
    }
    let names = [&brief.topic, &brief.keyword, &draft.keyword].into_iter().chain(&draft.tags);
    if let Some((name, why)) = names.filter_map(|name| Some((name, orders::found(name)?))).next() {
        let message = format!("the subject or a tag gives orders to a model: {why}");
        gathered.find(&ORDERS, Place::Page, message).of(name);
    }
}

/// A value of the front matter that is text: sites show it in lists and feeds as well, some of them as Markdown or HTML.
pub(crate) fn plain_words(gathered: &mut Gathered<'_>, page: &Page, key: &str, tags: &str) {
    let Some(value) = page.front.get(key) else { return };
    let texts: Vec<&str> = match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    // Hugo makes a folder of each tag.
    let path = |text: &str| (key == tags && leads_up(text)).then_some("a path");
    let found = texts.into_iter().find_map(|text| Some((text, markup_in(text).or_else(|| path(text))?)));
    if let Some((text, what)) = found {
        let place = Place::FrontMatter { key: super::excerpt(key) };
        gathered.find(&FRONT_MARKUP, place, format!("`{}` has {what}", super::excerpt(key))).of(text);
    }
}

/// True for a text of which a path is made that leads to the folder it lies in, or above.
pub fn leads_up(text: &str) -> bool {
    text.split(['/', '\\']).any(|part| part.trim().chars().all(|c| c == '.'))
}

/// Elements of HTML that fetch, lead, run or take over the page. `<T>` and `<string>` are types.
const ELEMENTS: [&str; 46] = [
    "a",
    "applet",
    "area",
    "audio",
    "base",
    "body",
    "button",
    "details",
    "dialog",
    "div",
    "embed",
    "form",
    "frame",
    "frameset",
    "head",
    "html",
    "iframe",
    "image",
    "img",
    "input",
    "isindex",
    "link",
    "marquee",
    "math",
    "menu",
    "meta",
    "noscript",
    "object",
    "option",
    "p",
    "picture",
    "plaintext",
    "portal",
    "script",
    "select",
    "source",
    "span",
    "style",
    "svg",
    "table",
    "template",
    "textarea",
    "title",
    "track",
    "video",
    "xmp",
];

fn markup_in(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let element = lower.match_indices('<').any(|(at, _)| {
        let rest = lower[at + 1..].trim_start_matches('/');
        let name = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        rest.starts_with(['!', '?']) || ELEMENTS.contains(&&rest[..name])
    });
    if element {
        return Some("HTML");
    }
    if lower.contains("```") || lower.contains("~~~") {
        return Some("a code fence");
    }
    if pulldown_cmark::Parser::new(text)
        .any(|event| matches!(event, Event::Start(Tag::Link { .. } | Tag::Image { .. })))
    {
        return Some("a link");
    }
    let begins = |at: usize, mark: &str| lower[at + mark.len()..].starts_with(|c: char| c.is_alphanumeric());
    let address = ["://", "www."].iter().any(|mark| lower.match_indices(mark).any(|(at, _)| begins(at, mark)));
    let mail = lower.split_whitespace().filter_map(|word| word.split_once('@')).any(|(name, host)| {
        let ending = host.rsplit_once('.').map_or("", |(_, ending)| ending);
        name.ends_with(|c: char| c.is_alphanumeric()) && ending.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    (address || mail).then_some("an address")
}

/// The files beside the page have no lines of a page to name.
pub(crate) fn hidden_in_file(gathered: &mut Gathered<'_>, file: &PageFile) {
    if let Some((_, c)) = hidden_in(&file.path).next() {
        gathered.find(
            &HIDDEN_CHARACTER,
            Place::Page,
            format!("a file's path has the character U+{:04X}", u32::from(c)),
        );
    }
    if !file.path.ends_with(".md") && hidden_in(&file.text).next().is_some() {
        let message = format!("`{}` has characters that cannot be seen", super::excerpt(&file.path));
        gathered.find(&HIDDEN_CHARACTER, Place::Page, message);
    }
}

fn any_text(value: &Value, test: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => test(text),
        Value::Array(all) => all.iter().any(|v| any_text(v, test)),
        Value::Object(all) => all.iter().any(|(key, v)| test(key) || any_text(v, test)),
        _ => false,
    }
}

fn escaped_hidden(value: &Value) -> bool {
    any_text(value, &|text| hidden_in(text).next().is_some())
}

fn front_shortcode(value: &Value) -> bool {
    any_text(value, &|text| !shortcodes_in(text).is_empty())
}

/// Characters that a reader does not see, with their offsets. Joiners are kept where a script or an emoji needs them.
pub(crate) fn hidden_in(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let ascii_beside = |at: usize, c: char| {
        let before = text[..at].chars().next_back();
        let after = text[at + c.len_utf8()..].chars().next();
        before.is_none_or(|b| b.is_ascii()) || after.is_none_or(|a| a.is_ascii())
    };
    text.char_indices().filter(move |(at, c)| match c {
        '\u{200c}' | '\u{200d}' => ascii_beside(*at, *c),
        '\r' => !text[at + 1..].starts_with('\n'),
        _ => is_hidden(*c),
    })
}

/// Control characters (but tab and line feed), bidirectional formatting (UAX #9), zero-width, filler, tag and variation
/// characters; the two variation selectors that emoji need are kept.
pub fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}' | '\u{200b}'
            | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcodes_are_seen_everywhere_but_where_they_are_only_shown() {
        assert_eq!(shortcodes_in("a {{< x >}} b").len(), 1);
        assert_eq!(shortcodes_in("```\n{{% x %}}\n```").len(), 1);
        assert_eq!(shortcodes_in("{{</* x */>}}").len(), 0);
        assert_eq!(shortcodes_in("{{%/* x */%}}").len(), 0);
        assert_eq!(shortcodes_in("{{</* {{< x >}} */>}}").len(), 2);
        assert_eq!(shortcodes_in("{{</* never closed").len(), 1);
        assert_eq!(shortcodes_in("{{</* a */ {{x}} */>}}").len(), 1);
        assert_eq!(shortcodes_in("{{</* {a} * {{b}} **/>}}").len(), 0);
        assert_eq!(shortcodes_in("{{</* a */%}} */>}}").len(), 1);
    }

    #[test]
    fn joiners_are_kept_in_emoji_and_refused_in_plain_words() {
        assert_eq!(hidden_in("👩\u{200d}💻").count(), 0);
        assert_eq!(hidden_in("pass\u{200d}word").count(), 1);
        assert_eq!(hidden_in("a\u{202e}b\u{7}c\td\r\n").count(), 2);
    }

    #[test]
    fn plain_words_are_told_from_what_a_site_might_make_a_link_of() {
        for text in [
            "How Vec<T> grows",
            "a < b",
            "left-pad@1.3.0 is out",
            "Node.js 30: what changed",
            "[RFC] 2 & 3",
            "<string>",
        ] {
            assert_eq!(markup_in(text), None, "{text}");
        }
        for text in [
            "~~~ {x} ~~~",
            "<img/src=x>",
            "</SCRIPT>",
            "<!-- x -->",
            "[x](y)",
            "![x](y)",
            "<https://e.example>",
            "https://e.example",
            "www.e.example",
            "x@e.example",
            "<a",
        ] {
            assert!(markup_in(text).is_some(), "{text}");
        }
    }
}

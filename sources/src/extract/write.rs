//! A pruned page written out again, for the search for its main text: with the attributes that matter to it, and in time
//! that grows with the page's length only (the parser's own writer looks through the rest of a text at each special
//! character).

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::ExtractError;
use super::render::code_of;

/// Attributes that are kept. Links stay short of what they are for: their targets are no text.
const KEPT: [&str; 14] = [
    "alt",
    "class",
    "content",
    "data-lang",
    "data-language",
    "dir",
    "href",
    "id",
    "itemprop",
    "lang",
    "name",
    "rel",
    "role",
    "src",
];

/// Elements that have no end tag.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// Most work that writing what was found may cost, in bytes looked at: a megabyte of `&` would keep it busy for minutes.
const MAX_ESCAPING: usize = 500_000_000;

/// Writes an element out.
///
/// # Errors
/// [`ExtractError::TooComplex`] where the search could not write it again in bounded time.
pub(super) fn html_of(root: ElementRef<'_>) -> Result<String, ExtractError> {
    let mut cost = 0usize;
    let mut out = String::with_capacity(64 * 1024);
    out.push_str("<!DOCTYPE html>");
    let mut inside_code = None;
    for edge in root.traverse() {
        match edge {
            // Code is written as one text: the search would make paragraphs of what stands inside it.
            Edge::Open(_) if inside_code.is_some() => {}
            Edge::Close(node) if inside_code.is_some() => {
                if inside_code == Some(node.id()) {
                    inside_code = None;
                }
            }
            Edge::Open(node) if node.value().as_element().is_some_and(|e| e.name() == "pre") => {
                inside_code = Some(node.id());
                if let Some((code, language)) = ElementRef::wrap(node).and_then(code_of) {
                    out.push_str("<pre><code class=\"language-");
                    escape(&language.unwrap_or_default(), &mut out);
                    out.push_str("\">");
                    cost = cost.saturating_add(cost_of(&code));
                    escape(&code, &mut out);
                    out.push_str("</code></pre>");
                }
            }
            Edge::Open(node) => match node.value() {
                Node::Text(text) => {
                    cost = cost.saturating_add(cost_of(text));
                    escape(text, &mut out);
                }
                Node::Element(element) => {
                    out.push('<');
                    out.push_str(element.name());
                    for (name, value) in element.attrs().filter(|(name, _)| KEPT.contains(name)) {
                        out.push(' ');
                        out.push_str(name);
                        out.push_str("=\"");
                        cost = cost.saturating_add(cost_of(value));
                        escape(value, &mut out);
                        out.push('"');
                    }
                    out.push('>');
                }
                _ => {}
            },
            Edge::Close(node) => {
                if let Some(element) = node.value().as_element().filter(|e| !VOID.contains(&e.name())) {
                    out.push_str("</");
                    out.push_str(element.name());
                    out.push('>');
                }
            }
        }
    }
    if cost > MAX_ESCAPING {
        return Err(ExtractError::TooComplex { why: "too many special characters in one text".to_owned() });
    }
    Ok(out)
}

/// What it costs to write a text in the search: it looks, from each character that it may have to escape, through the rest.
fn cost_of(text: &str) -> usize {
    text.len().saturating_mul(text.bytes().filter(|b| matches!(b, b'&' | 0xC2)).count())
}

fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

//! Pages with the text that should be read from them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use scraper::{Html, Node};
use serde::Deserialize;

/// One page.
pub(crate) struct Page {
    /// Its name in its set.
    pub(crate) id: String,
    /// Its HTML, decoded.
    pub(crate) html: String,
    /// The text that people, or a trusted reader, took from it.
    pub(crate) gold: String,
    /// Where it was.
    pub(crate) url: String,
}

#[derive(Deserialize)]
struct Gold {
    #[serde(rename = "articleBody")]
    body: String,
    url: Option<String>,
}

/// The article extraction benchmark: `ground-truth.json` with `html/ID.html[.gz]`.
pub(crate) fn benchmark(dir: &Path) -> anyhow::Result<Vec<Page>> {
    let truth = dir.join("ground-truth.json");
    let text = fs::read_to_string(&truth).with_context(|| format!("cannot read {}", truth.display()))?;
    let gold: BTreeMap<String, Gold> = serde_json::from_str(&text)?;
    anyhow::ensure!(!gold.is_empty(), "{} names no page", truth.display());
    gold.into_iter()
        .map(|(id, gold)| {
            let html = packed(&dir.join("html"), &id)?;
            Ok(Page { id, html, gold: gold.body, url: gold.url.unwrap_or_else(|| "https://example.org/".to_owned()) })
        })
        .collect()
}

/// Readability's pages: `NAME/source.html` with `NAME/expected.html`. Empty where the folder is missing.
pub(crate) fn readability(dir: &Path) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for folder in listed(dir)? {
        let (source, expected) = (folder.join("source.html"), folder.join("expected.html"));
        if source.exists() && expected.exists() {
            let gold = shown(&Html::parse_document(&text(&expected)?));
            pages.push(Page {
                id: name(&folder),
                html: text(&source)?,
                gold,
                url: "http://fakehost/test/page.html".to_owned(),
            });
        }
    }
    Ok(pages)
}

/// Defuddle's pages: `fixtures/X.html` with `expected/X.md`. Empty where the folder is missing.
pub(crate) fn defuddle(dir: &Path) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for source in listed(&dir.join("fixtures"))? {
        let id = name(&source).trim_end_matches(".html").to_owned();
        let expected = dir.join("expected").join(format!("{id}.md"));
        if expected.exists() {
            let gold = unmarked(&text(&expected)?);
            pages.push(Page { id, html: text(&source)?, gold, url: "https://example.org/".to_owned() });
        }
    }
    Ok(pages)
}

fn listed(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn packed(folder: &Path, id: &str) -> anyhow::Result<String> {
    let plain = folder.join(format!("{id}.html"));
    if plain.exists() {
        return text(&plain);
    }
    let packed = folder.join(format!("{id}.html.gz"));
    let file = fs::File::open(&packed).with_context(|| format!("cannot read {}", packed.display()))?;
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// All text of a page that is nothing but its main text, a block a line.
fn shown(html: &Html) -> String {
    const INLINE: [&str; 14] =
        ["a", "abbr", "b", "cite", "code", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup"];
    let mut out = String::new();
    for node in html.root_element().descendants() {
        match node.value() {
            Node::Text(text) => {
                let raw = node
                    .parent()
                    .and_then(|up| up.value().as_element().map(|e| matches!(e.name(), "script" | "style")));
                if raw != Some(true) {
                    out.push_str(&text.replace('\n', " "));
                }
            }
            Node::Element(element) if !INLINE.contains(&element.name()) => out.push_str("\n\n"),
            _ => {}
        }
    }
    out
}

/// Markdown without the block of metadata it opens with and without the targets of its links: neither is text of the page.
fn unmarked(markdown: &str) -> String {
    let rest = markdown.trim_start();
    let body = match rest.strip_prefix("```json") {
        Some(block) => block.split_once("```").map_or("", |(_, after)| after),
        None => rest,
    };
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        out.push(']');
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

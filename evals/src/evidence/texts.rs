//! The gold texts of pages as sources: paragraphs on lines, with the addresses of some links, and versions in some.

use std::collections::HashSet;
use std::path::Path;

use scraper::{Html, Selector};

use crate::pages::{self, Page};
use crate::random::Random;

/// The longest text that is used, in bytes.
const MAX_TEXT: usize = 24_000;

/// So many links of a page are written out.
const LINKS: usize = 6;

/// A page's text.
pub(super) struct Text {
    pub(super) name: String,
    pub(super) text: String,
}

/// The texts of the sets `aeb`, `readability` and `defuddle` below a folder's `pages`; `None` where there are none.
///
/// # Errors
/// Pages that are there and cannot be read.
pub(super) fn texts(dir: &Path, seed: u64) -> anyhow::Result<Option<Vec<Text>>> {
    let folder = dir.join("pages");
    if !folder.join("aeb").is_dir() {
        return Ok(None);
    }
    let sets = [
        ("aeb", pages::benchmark(&folder.join("aeb"))?),
        ("readability", pages::readability(&folder.join("readability"))?),
        ("defuddle", pages::defuddle(&folder.join("defuddle"))?),
    ];
    let mut random = Random::of(seed);
    let mut found = Vec::new();
    for (set, pages) in sets {
        for page in pages {
            let mut text = lines(&page.gold);
            linked(&mut text, &page);
            // Pages that people read for news name few versions.
            if random.chance(40) {
                text = versioned(&text, &mut random);
            }
            let name: String = page.id.chars().take(24).collect();
            found.push(Text { name: format!("{set}-{name}"), text });
        }
    }
    Ok(Some(found))
}

/// A paragraph a line, spaces as single ones; what is no prose is left out.
fn lines(gold: &str) -> String {
    let mut out = String::new();
    let mut fenced = false;
    for paragraph in gold.split('\n') {
        let line: Vec<&str> = paragraph.split_whitespace().collect();
        let line = line.join(" ");
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let line = line.trim_start_matches(['#', '>', ' ']).replace("**", "");
        if fenced || line.is_empty() || out.len() + line.len() > MAX_TEXT {
            continue;
        }
        out.push_str(&line);
        out.push_str("\n\n");
    }
    out
}

/// Writes addresses behind the words that link to them, where those words stand once.
fn linked(text: &mut String, page: &Page) {
    let Ok(anchors) = Selector::parse("a[href^=http]") else { return };
    let html = Html::parse_document(&page.html);
    let mut known = HashSet::new();
    for anchor in html.select(&anchors) {
        let words: String = anchor.text().collect();
        let words: Vec<&str> = words.split_whitespace().collect();
        let words = words.join(" ");
        let href = anchor.value().attr("href").unwrap_or_default().trim();
        let plain = href.len() <= 120 && href.bytes().all(|b| b.is_ascii_alphanumeric() || b"/:.-_?=&%~+".contains(&b));
        let ends = href.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
        if words.len() < 8 || !words.contains(' ') || !plain || !ends || text.matches(&words).count() != 1 {
            continue;
        }
        let Some(at) = text.find(&words).map(|at| at + words.len()) else { continue };
        if text[at..].starts_with([' ', '.', ',']) && known.insert(href.to_owned()) {
            text.insert_str(at, &format!(" ({href})"));
        }
        if known.len() == LINKS {
            break;
        }
    }
}

/// The text with neighbouring versions of one thing in some of its sentences.
fn versioned(text: &str, random: &mut Random) -> String {
    let (major, minor) = (random.between(1, 18), random.between(0, 12));
    let mut patch = random.between(0, 3);
    let mut out = String::with_capacity(text.len() + 200);
    let mut left = 6;
    for line in text.split_inclusive('\n') {
        let sentence = line.trim_end();
        let simple = sentence.ends_with('.') && !sentence.contains(['“', '"', '«']) && sentence.split(' ').count() > 6;
        if left > 0 && simple && random.chance(50) {
            left -= 1;
            patch += random.between(1, 3);
            let version = format!("{major}.{minor}.{patch}");
            let told = match random.below(3) {
                0 => format!(" in version {version}"),
                1 => format!(" (v{version})"),
                _ => format!(" as of release {major}.{}", minor + patch),
            };
            out.push_str(&sentence[..sentence.len() - 1]);
            out.push_str(&told);
            out.push_str(".\n");
        } else {
            out.push_str(line);
        }
    }
    out
}

//! What is left around and between the paragraphs of a main text: datelines, calls to read other articles, credits, boxes of
//! links. What has a name was taken out before; here a block is judged by its words, its links and its place.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Node};

/// Longest block that can be a call, a credit or a dateline, in characters.
const NOTE: usize = 220;

/// Shortest running text, in characters.
const PROSE: usize = 90;

/// Openings of blocks that lead away from the article or speak about its publication. In lower case.
#[rustfmt::skip]
const OPENINGS: &[&str] = &[
    "read more", "read also", "read next", "read:", "also read", "also see", "see also:", "related:", "related stor",
    "related article", "related post", "related content", "related coverage", "more:", "more on this", "more from",
    "you may also", "you might also", "recommended", "don't miss", "don’t miss", "watch:", "listen:", "click here",
    "sign up", "subscribe", "follow us", "follow me", "follow @", "share this", "share on", "share:", "tweet this",
    "like us on", "join our", "download our", "get our", "advertisement", "sponsored", "story continues below",
    "article continues", "continue reading", "scroll to continue", "loading", "photo:", "photos:", "photo by",
    "photo credit", "image:", "image source", "image credit", "image copyright", "image 1 of", "image caption",
    "credit:", "copyright", "©", "(c)", "all rights reserved", "tags:", "tags ", "tagged", "filed under", "posted in",
    "posted on", "posted by", "published:", "published on", "updated:", "last updated", "first published",
    "last modified", "categories:", "category:", "topics:", "keywords:", "citation:", "contact the author",
    "contact us at", "reach the reporter", "this article originally appeared", "this story originally appeared",
    "this article was originally", "this story was originally", "this post originally appeared", "leave a comment",
    "leave a reply", "no comments", "view comments", "show comments", "post a comment", "comments are closed",
    "print this", "email this", "skip to", "back to top", "enter your email", "thank you for subscribing",
    "thanks for subscribing", "please enable javascript", "lesen sie auch", "mehr zum thema", "auch interessant",
    "lire aussi", "à lire aussi", "leggi anche", "(leggi anche", "leia também", "leia mais", "lea también",
    "lee también", "te puede interesar", "lees ook",
];

/// Headings that open a part which is no more of the article.
#[rustfmt::skip]
const ENDINGS: &[&str] = &[
    "related", "recommended", "more from", "more on", "more stories", "more news", "read more", "read next",
    "you may also", "you might also", "also on", "most popular", "most read", "most viewed", "popular", "trending",
    "recent posts", "recent articles", "latest news", "latest stories", "latest articles", "latest posts", "comments",
    "leave a", "share this", "about the author", "about author", "newsletter", "subscribe", "sign up",
    "what to read next", "editor's picks", "editors' picks", "up next", "sponsored", "next article",
    "previous article", "around the web", "from the web", "tags", "join the conversation", "join the discussion",
    "follow us", "click here to subscribe",
];

/// One block of text that holds no other.
struct Leaf {
    id: NodeId,
    /// Characters of text.
    length: usize,
    /// Characters of text inside links.
    linked: usize,
    heading: bool,
    item: bool,
    /// The text in lower case, on one line, cut.
    text: String,
}

impl Leaf {
    fn is_prose(&self) -> bool {
        !self.heading && self.length >= PROSE && self.linked * 2 < self.length
    }

    fn is_linked(&self) -> bool {
        self.length > 0 && self.linked * 10 >= self.length * 9
    }
}

/// Takes such blocks out of an article.
pub(super) fn trim(article: &mut Html) {
    let mut leaves = Vec::new();
    collect(article, &mut leaves);
    let going = judge(&leaves);
    for (leaf, _) in leaves.iter().zip(going).filter(|(_, goes)| *goes) {
        if let Some(mut node) = article.tree.get_mut(leaf.id) {
            node.detach();
        }
    }
}

fn judge(leaves: &[Leaf]) -> Vec<bool> {
    let first = leaves.iter().position(Leaf::is_prose).unwrap_or(0);
    let mut going: Vec<bool> = leaves
        .iter()
        .enumerate()
        .map(|(n, leaf)| {
            let note = leaf.length <= NOTE && OPENINGS.iter().any(|opening| leaf.text.starts_with(opening));
            // A title repeated, a kicker with a link, a line with a date: all before the first paragraph.
            let dateline = n < first && !leaf.heading && leaf.length <= 120 && is_dateline(&leaf.text);
            let away = leaf.is_linked() && !leaf.heading && !leaf.item && leaf.length <= NOTE;
            note || dateline || away
        })
        .collect();
    cut_end(leaves, &mut going);
    // A heading over nothing: at the end, or before one of the same kind.
    let mut over_nothing = true;
    for n in (0..leaves.len()).rev() {
        if going[n] {
            continue;
        }
        if leaves[n].heading && over_nothing {
            going[n] = true;
        } else {
            over_nothing = false;
        }
    }
    going
}

/// Cuts the article where a heading opens what is no more of it, if little text follows.
fn cut_end(leaves: &[Leaf], going: &mut [bool]) {
    let all: usize = leaves.iter().map(|leaf| leaf.length).sum();
    let mut before = 0;
    for n in 0..leaves.len() {
        let leaf = &leaves[n];
        let titled =
            leaf.length <= 60 && !leaf.is_prose() && ENDINGS.iter().any(|ending| leaf.text.starts_with(ending));
        if titled && !leaf.item && (all - before) * 3 < all {
            going[n..].fill(true);
            return;
        }
        before += leaf.length;
    }
}

/// True for a line that says when or by whom.
fn is_dateline(text: &str) -> bool {
    let year = text
        .split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")));
    let clock = text.split_whitespace().any(|word| {
        word.split_once(':').is_some_and(|(h, m)| {
            (1..=2).contains(&h.len())
                && h.bytes().all(|b| b.is_ascii_digit())
                && m.bytes().take(2).filter(u8::is_ascii_digit).count() == 2
        })
    });
    let by = ["by ", "von ", "par ", "por ", "di "].iter().any(|word| text.starts_with(word))
        && text.split_whitespace().count() <= 8;
    let sentence = text.ends_with(['.', '!', '?', '…', '"', '”']) && text.split_whitespace().count() > 8;
    (year || clock || by) && !sentence
}

#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
    "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
];

fn is_block(name: &str) -> bool {
    BLOCKS.binary_search(&name).is_ok()
}

/// The blocks of an article in their order. Tables and code are whole.
fn collect(article: &Html, leaves: &mut Vec<Leaf>) {
    let mut parents: HashSet<NodeId> = HashSet::new();
    let root = article.root_element();
    for node in root.descendants() {
        let Some(element) = node.value().as_element() else { continue };
        if is_block(element.name()) {
            parents.extend(
                node.ancestors().take_while(|up| !parents.contains(&up.id())).map(|up| up.id()).collect::<Vec<_>>(),
            );
        }
    }
    let mut open = vec![root];
    while let Some(element) = open.pop() {
        let name = element.value().name();
        if matches!(name, "pre" | "table") || (is_block(name) && !parents.contains(&element.id())) {
            let (mut text, mut linked) = (String::new(), 0);
            let mut length = 0;
            for node in element.descendants() {
                if let Node::Text(piece) = node.value() {
                    let count = piece.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>();
                    length += count;
                    if node
                        .ancestors()
                        .take_while(|up| up.id() != element.id())
                        .any(|up| up.value().as_element().is_some_and(|e| e.name() == "a"))
                    {
                        linked += count;
                    }
                    if text.len() < 400 {
                        text.push_str(piece);
                    }
                }
            }
            if length > 0 && !matches!(name, "pre" | "table") {
                leaves.push(Leaf {
                    id: element.id(),
                    length,
                    linked,
                    heading: matches!(name.as_bytes(), [b'h', b'1'..=b'6']),
                    item: element
                        .ancestors()
                        .filter_map(ElementRef::wrap)
                        .any(|up| matches!(up.value().name(), "ul" | "ol" | "dl" | "table")),
                    text: super::one_line(&text).to_lowercase(),
                });
            } else if length > 0 {
                leaves.push(Leaf {
                    id: element.id(),
                    length,
                    linked: 0,
                    heading: false,
                    item: true,
                    text: String::new(),
                });
            }
            continue;
        }
        let children: Vec<_> = element.child_elements().collect();
        open.extend(children.into_iter().rev());
    }
}

//! What the fake model says: computed from the question, so that the same question gets the same answer.
//!
//! A draft quotes the numbered source sentences of its prompt word for word and cites their numbers, so that it can be
//! proved. All it knows of a prompt are lines such as `[12] text`, `primary keyword: x` and `Tags on offer: x, y.`, and
//! the order to write a digest, a radar entry or a release. Where there is no such order it tells a story.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use states::words::text::{content_words, count_words};

/// One numbered source sentence of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// Its number.
    pub(crate) number: u64,
    /// Its text.
    pub(crate) text: String,
}

/// One source of a prompt: its title sentence and the sentences of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The title, with the number it is cited by.
    pub(crate) title: Numbered,
    /// What can be quoted.
    pub(crate) body: Vec<Numbered>,
}

/// The answer to a triage question. `relevance` and `confidence` are percentages.
pub(crate) fn triage(prompt: &str, relevance: u64, confidence: u64) -> Value {
    let title = labelled(prompt, "title").unwrap_or_else(|| longest_line(prompt));
    let lower = title.to_lowercase();
    let kind = if ["released", "release", "version"].iter().any(|word| lower.contains(word)) {
        "release"
    } else if lower.starts_with("how ") {
        "tutorial"
    } else if lower.contains("announc") {
        "announcement"
    } else {
        "other"
    };
    let mut keywords: Vec<String> = Vec::new();
    for word in content_words(&title) {
        // Figures change with every edit of a title; they are no subject.
        if word.chars().all(char::is_alphabetic) && !keywords.contains(&word) {
            keywords.push(word);
        }
    }
    keywords.truncate(4);
    json!({
        "relevance": relevance,
        "kind": kind,
        "topic": keywords.join(" "),
        "keywords": keywords,
        "confidence_percent": confidence,
        "why": "The words of its title are what this desk writes about.",
    })
}

/// The answer to a drafting question; `None` when the prompt holds no numbered sentences.
pub(crate) fn draft(prompt: &str) -> Option<Value> {
    let sources = sources(prompt);
    let first = sources.first()?;
    let short_form = ["Write a radar entry", "Write about one release"].iter().any(|order| prompt.contains(order));
    let digest = prompt.contains("Write a digest");
    let keyword = labelled(prompt, "primary keyword")
        .or_else(|| labelled(prompt, "keyword"))
        .unwrap_or_else(|| content_words(&first.title.text).into_iter().next().unwrap_or_default());
    let has_keyword = |text: &str| text.to_lowercase().contains(&keyword.to_lowercase());

    let title = if has_keyword(&first.title.text) {
        first.title.text.clone()
    } else {
        format!("{}: {}", capital(&keyword), first.title.text)
    };
    // Search results and summaries are short; what holds the keyword comes first.
    let mut short: Vec<&Numbered> =
        sources.iter().flat_map(|s| &s.body).filter(|s| count_words(&s.text) <= 24 && s.text.len() <= 140).collect();
    short.sort_by_key(|s| !has_keyword(&s.text));
    let opening = *short.first().or(first.body.first().as_ref())?;
    let lead = if has_keyword(&opening.text) { String::new() } else { format!("On {keyword}: ") };
    let summary: Vec<Value> = short.iter().take(2).map(|s| quoted(s)).collect();

    let offered = labelled(prompt, "tags on offer").unwrap_or_default();
    let tags: Vec<&str> = offered.trim_end_matches('.').split(", ").filter(|tag| !tag.is_empty()).take(2).collect();

    let words_each = match (digest, short_form) {
        (true, _) => 110,
        (false, true) => 400 / sources.len(),
        (false, false) => 1_800 / sources.len(),
    };
    let mut told = BTreeSet::new();
    let mut sections = Vec::new();
    for source in &sources {
        let mut words = 0;
        let mut sentences: Vec<Value> = Vec::new();
        for sentence in &source.body {
            if words >= words_each || !told.insert(sentence.text.clone()) {
                continue;
            }
            words += count_words(&sentence.text);
            sentences.push(quoted(sentence));
        }
        if sentences.is_empty() {
            sentences.push(quoted(&source.title));
        }
        if digest || sources.len() > 1 {
            sections.push(section(&source.title.text, &[source.title.number], &sentences));
            continue;
        }
        let part = sentences.len().div_ceil(PLAIN_HEADINGS.len()).max(1);
        for (heading, part) in PLAIN_HEADINGS.iter().zip(sentences.chunks(part)) {
            sections.push(section(heading, &[], part));
        }
    }
    if !lead.is_empty() {
        let plain = json!({"text": format!("This is about {keyword}."), "cites": []});
        if let Some(paragraph) = sections[0]["paragraphs"][0].as_array_mut() {
            paragraph.insert(0, plain);
        }
    }
    Some(json!({
        "title": {"text": title, "cites": [first.title.number]},
        "description": {"text": format!("{lead}“{}”", opening.text), "cites": [opening.number]},
        "summary": if summary.is_empty() { vec![quoted(opening)] } else { summary },
        "sections": sections,
        "tags": tags,
    }))
}

/// The answer to a judging question: `total` of 100 points, spread over the rubric 30 : 25 : 25 : 20.
pub(crate) fn judge(total: u64) -> Value {
    let total = total.min(100);
    let (structure, intent, voice) = (total * 25 / 100, total * 25 / 100, total * 20 / 100);
    json!({
        "grounding": total - structure - intent - voice,
        "structure": structure,
        "intent": intent,
        "voice": voice,
        "why": "Each sentence is a quotation that stands in its source.",
    })
}

const PLAIN_HEADINGS: [&str; 4] =
    ["What the source says", "The details", "What else is known", "What it means in practice"];

fn section(heading: &str, cites: &[u64], sentences: &[Value]) -> Value {
    let paragraphs: Vec<&[Value]> = sentences.chunks(3).collect();
    json!({"heading": {"text": heading, "cites": cites}, "paragraphs": paragraphs, "points": []})
}

fn quoted(sentence: &Numbered) -> Value {
    json!({"text": format!("“{}”", sentence.text), "cites": [sentence.number]})
}

/// The sources of a prompt. A source begins where numbered lines begin after other text, and its fixed lines (title,
/// author, date, address) come first.
pub(crate) fn sources(prompt: &str) -> Vec<Source> {
    let mut runs: Vec<Vec<Numbered>> = Vec::new();
    let mut seen = BTreeMap::new();
    let mut broken = true;
    for line in prompt.lines() {
        match numbered(line) {
            Some(sentence) => {
                if seen.insert(sentence.number, ()).is_some() {
                    continue;
                }
                if broken {
                    runs.push(Vec::new());
                    broken = false;
                }
                runs.last_mut().expect("a run was just begun").push(sentence);
            }
            None => broken |= !line.trim().is_empty(),
        }
    }
    let fixed_end = |run: &[Numbered]| run.iter().take(4).rposition(|s| is_fixed(&s.text));
    // Where fixed lines are shown, a run without them goes on with the source before it.
    let fixed_lines = runs.iter().any(|run| fixed_end(run).is_some());
    let mut sources: Vec<Source> = Vec::new();
    for run in runs {
        let fixed = fixed_end(&run);
        let quotable = |s: &&Numbered| {
            // Headings are shown with their mark; quotation marks inside a quotation would end it.
            let plain = !s.text.starts_with('#') && !s.text.contains(['"', '“', '”', '`', '<', '>']);
            plain && count_words(&s.text) >= 5 && !s.text.contains("://")
        };
        match (fixed, sources.last_mut()) {
            (None, Some(source)) if fixed_lines => source.body.extend(run.iter().filter(quotable).cloned()),
            _ => sources.push(Source {
                title: title_of(&run[0]),
                body: run[fixed.unwrap_or(0) + 1..].iter().filter(quotable).cloned().collect(),
            }),
        }
    }
    sources
}

fn numbered(line: &str) -> Option<Numbered> {
    let (number, text) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let text = text.trim();
    (!text.is_empty()).then_some(())?;
    Some(Numbered { number: number.parse().ok()?, text: text.to_owned() })
}

/// True for a fixed line of a snapshot: with its name before it, or the bare address that ends them.
fn is_fixed(text: &str) -> bool {
    let named = ["Title: ", "Author: ", "Date: ", "URL: "].iter().any(|name| text.starts_with(name));
    named || !text.contains(' ') && ["http://", "https://", "file:"].iter().any(|scheme| text.starts_with(scheme))
}

fn title_of(line: &Numbered) -> Numbered {
    let text = line.text.strip_prefix("Title: ").unwrap_or(&line.text);
    Numbered { number: line.number, text: text.to_owned() }
}

/// The value of the first line such as `Label: value`, without marks around it.
fn labelled(prompt: &str, label: &str) -> Option<String> {
    // Not list marks or backquotes: the rules of a prompt name the same labels.
    const MARKS: [char; 3] = ['*', '"', ' '];
    prompt.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = value.trim_matches(MARKS);
        (name.trim_matches(MARKS).eq_ignore_ascii_case(label) && !value.is_empty()).then(|| value.to_owned())
    })
}

fn longest_line(prompt: &str) -> String {
    prompt.lines().max_by_key(|line| line.len()).unwrap_or_default().chars().take(80).collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

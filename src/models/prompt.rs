//! From inputs to the two messages of a prompt.
//!
//! A prompt template has two parts, cut before anything is rendered: the rules (static, so that providers can cache
//! them) and the question. Text from outside enters only between boundaries. The same inputs, without any boundary, are
//! what the request key is made from.
//!
//! The version in a template's first line is raised with every change to how its values are made here: the key holds the
//! template's text and version, but not this code.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use states::words::SourceKind;
use states::words::hash::sha256_hex;
use states::words::text::content_words;

use super::boundary::without_marks;
use super::classify::ClassifyInput;
use super::cost::tokens_of_bytes;
use super::question::Asking;
use super::revise;
use super::salience::{Line, Scored, rank, rank_text};
use super::task::{DraftInput, JudgeInput, TriageInput};
use crate::templates::{TemplateError, render_text};

/// The line between the rules and the question in a prompt template.
const USER_MARK: &str = "=== user ===\n";
/// Triage needs no more of a text than this many bytes.
const TRIAGE_BYTES: usize = 12_000;
/// Kept free of every context for schema, roles and the error of the estimate.
const RESERVE_TOKENS: u64 = 600;

/// A rendered prompt.
pub(super) struct Rendered {
    pub(super) version: u32,
    pub(super) template_hash: String,
    pub(super) system: String,
    pub(super) user: String,
    pub(super) inputs: Value,
    pub(super) left_out: usize,
    /// Bytes at the beginning of `user` that a revision repeats.
    pub(super) repeats: usize,
}

/// A prompt template, cut in two.
struct PromptTemplate {
    name: &'static str,
    version: u32,
    hash: String,
    system: String,
    user: String,
}

impl PromptTemplate {
    fn load(name: &'static str, asking: &Asking<'_>) -> Result<Self, TemplateError> {
        let source = asking.templates.source(name)?;
        let broken = |why: &str| TemplateError::Broken { name: name.to_owned(), why: why.to_owned() };
        let version = source
            .lines()
            .next()
            .and_then(|line| line.split_once("version "))
            .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| broken("its first line must be `{# version N -#}`"))?;
        let (system, user) =
            source.split_once(USER_MARK).ok_or_else(|| broken("it needs a line `=== user ===` after the rules"))?;
        let hash = sha256_hex(source.as_bytes());
        Ok(Self { name, version, hash, system: system.to_owned(), user: user.to_owned() })
    }

    fn render(&self, values: Value, inputs: Value, left_out: usize) -> Result<Rendered, TemplateError> {
        let system = render_text(self.name, &self.system, json!({}))?;
        let user = render_text(self.name, &self.user, values)?;
        Ok(Rendered {
            version: self.version,
            template_hash: self.hash.clone(),
            system: system.trim().to_owned(),
            user: user.trim().to_owned(),
            inputs,
            left_out,
            repeats: 0,
        })
    }
}

/// Bytes that material may fill, when this much of the context is taken.
fn budget(asking: &Asking<'_>, max_tokens: u32, taken_bytes: usize) -> usize {
    let free = u64::from(asking.context_tokens)
        .saturating_sub(u64::from(max_tokens) + RESERVE_TOKENS + tokens_of_bytes(taken_bytes));
    (free * 7 / 2) as usize
}

pub(super) fn triage(input: &TriageInput, asking: &Asking<'_>, max_tokens: u32) -> Result<Rendered, TemplateError> {
    let template = PromptTemplate::load("prompts/triage.md", asking)?;
    let topics = input.site_topics.join("\n");
    // What gives orders to a model is shown to none.
    let title = if gates::orders::found(&input.title).is_some() { "" } else { &input.title };
    let harmless = gates::orders::without(&input.text);
    let text = harmless.as_deref().unwrap_or(&input.text);
    let taken = template.system.len() + template.user.len() + topics.len() + title.len() + input.url.len();
    let topical = input.site_topics.iter().flat_map(|t| content_words(t)).collect();
    let most = budget(asking, max_tokens, taken).min(TRIAGE_BYTES);
    let (text, left_out) = shortened(title, text, &topical, most);
    let published = input.published.map_or_else(|| "unknown".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    let data = format!("Title: {}\nURL: {}\nDate: {published}\n\n{text}", one_line(title), one_line(&input.url));
    let primary = input.source_kind == SourceKind::Primary;
    let values = json!({
        "topics": input.site_topics.iter().map(|t| one_line(t)).collect::<Vec<_>>(),
        "primary": primary,
        "left_out": left_out,
        "data": asking.secret.around(&data),
    });
    let inputs = json!({
        "title": input.title, "url": input.url, "primary": primary, "published": published, "text": input.text,
        "topics": input.site_topics,
    });
    template.render(values, inputs, left_out)
}

pub(super) fn draft(input: &DraftInput, asking: &Asking<'_>, max_tokens: u32) -> Result<Rendered, TemplateError> {
    let template = PromptTemplate::load("prompts/draft.md", asking)?;
    let brief = &input.brief;
    let ranked = rank(brief, &input.snapshots);
    let about = format!(
        "topic: {}\nprimary keyword: {}\nsecondary keywords: {}",
        one_line(&brief.topic),
        one_line(&brief.keyword),
        brief.secondary.iter().map(|k| one_line(k)).collect::<Vec<_>>().join(", ")
    );
    let related: Vec<String> =
        brief.related.iter().map(|r| format!("- {} ({})", one_line(&r.title), one_line(&r.url))).collect();
    let previous = input.previous.as_ref().map(|d| revise::draft_as_text(d, &ranked, input)).unwrap_or_default();
    let findings = revise::findings(input, &ranked);
    let history: Vec<String> = input.history.iter().map(|line| format!("- {}", one_line(line))).collect();
    let tags = brief.vocabulary.join(", ");
    let taken =
        [template.system.len(), template.user.len(), about.len(), previous.len(), input.voice.len(), tags.len()]
            .into_iter()
            .chain(related.iter().chain(&findings).chain(&history).map(|l| l.len() + 1))
            // Markers and lead-in of each source.
            .chain(brief.sources.iter().map(|_| 160))
            .sum();
    let (shown, left_out) = chosen(&ranked, brief.sources.len(), budget(asking, max_tokens, taken));

    let around = |text: &str| if text.is_empty() { String::new() } else { asking.secret.around(text) };
    let sources: Vec<Value> = brief
        .sources
        .iter()
        .enumerate()
        .map(|(at, source)| {
            let lines: Vec<String> = shown
                .iter()
                .filter(|s| s.source == at)
                .map(|s| match s.line {
                    // The label stands before the number: it is no part of what can be quoted.
                    Line::Fixed(name) => format!("{name}: [{}] {}", s.number, one_line(s.text)),
                    Line::Heading => format!("# [{}] {}", s.number, one_line(s.text)),
                    Line::Body => format!("[{}] {}", s.number, one_line(s.text)),
                })
                .collect();
            let kind = if source.kind == SourceKind::Primary { "primary" } else { "report" };
            json!({"kind": kind, "data": asking.secret.around(&lines.join("\n"))})
        })
        .collect();
    let last_source = sources.last().and_then(|source| source["data"].as_str()).map(str::to_owned);
    let values = json!({
        "template": brief.template.as_str(),
        "language": one_line(&brief.language),
        "voice": input.voice.trim(),
        "tags": tags,
        "note": input.note.as_deref().map(str::trim).unwrap_or_default(),
        "about": around(&about),
        "related": around(&related.join("\n")),
        "sources": sources,
        "left_out": left_out,
        "previous": around(&previous),
        "history": around(&history.join("\n")),
        "findings": if findings.is_empty() && !previous.is_empty() {
            "- nothing; only the editor's change is asked for".to_owned()
        } else {
            around(&findings.join("\n"))
        },
    });
    let inputs = json!({
        "template": brief.template.as_str(), "language": brief.language, "topic": brief.topic, "keyword": brief.keyword,
        "secondary": brief.secondary, "vocabulary": brief.vocabulary, "related": brief.related,
        "sources": brief.sources.iter().map(|s| json!({
            "snapshot": s.snapshot, "sentences": s.sentences, "kind": s.kind, "title": s.title,
        })).collect::<Vec<_>>(),
        "previous": previous, "findings": input.findings, "note": input.note, "voice": input.voice,
        "history": input.history,
    });
    let mut rendered = template.render(values, inputs, left_out)?;
    // Up to the end of the sources a revision asks the same.
    rendered.repeats =
        last_source.and_then(|last| rendered.user.find(&last).map(|at| at + last.len())).unwrap_or_default();
    Ok(rendered)
}

pub(super) fn judge(input: &JudgeInput, asking: &Asking<'_>) -> Result<Rendered, TemplateError> {
    let template = PromptTemplate::load("prompts/judge.md", asking)?;
    let mut question = input.question.clone();
    let rubric = question.as_object_mut().and_then(|members| members.remove("rubric"));
    let rubric = rubric.map(|r| lines_of(&r, 0)).unwrap_or_default();
    let values = json!({
        "rubric": rubric.trim(),
        "template": input.draft.template.as_str(),
        "data": asking.secret.around(&lines_of(&question, 0)),
    });
    let inputs = json!({"question": input.question, "template": input.draft.template.as_str()});
    template.render(values, inputs, 0)
}

pub(super) fn classify(input: &ClassifyInput, asking: &Asking<'_>) -> Result<Rendered, TemplateError> {
    let template = PromptTemplate::load("prompts/classify.md", asking)?;
    let mut data = format!("About: {}", one_line(&input.about));
    for (n, opening) in input.openings.iter().enumerate() {
        data.push_str(&format!("\n\nSource {}:\n{opening}", n + 1));
    }
    let values = json!({
        "task": input.task.as_str(), "sources": input.sources, "words": input.words, "code_percent": input.code_percent,
        "figures_percent": input.figures_percent, "findings": input.findings, "data": asking.secret.around(&data),
    });
    let inputs = serde_json::to_value(input).unwrap_or_default();
    template.render(values, inputs, 0)
}

/// JSON as indented lines that a model reads easily. Depth is bounded by how the value was made: by this program.
fn lines_of(value: &Value, depth: usize) -> String {
    let pad = "  ".repeat(depth);
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, inside)| match inside {
                Value::Object(_) | Value::Array(_) => format!("{pad}{name}:\n{}", lines_of(inside, depth + 1)),
                plain => format!("{pad}{name}: {}", plain_text(plain)),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::Object(_) | Value::Array(_) => format!("{pad}-\n{}", lines_of(item, depth + 1)),
                plain => format!("{pad}- {}", plain_text(plain)),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        plain => format!("{pad}{}", plain_text(plain)),
    }
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), one_line)
}

/// One line, without marks: a numbered line can neither be forged by a line break nor close its boundary.
pub(super) fn one_line(text: &str) -> String {
    without_marks(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text's weightiest sentences that fit, in their order, gaps marked; and how many do not fit.
fn shortened<'t>(title: &str, text: &'t str, wanted: &BTreeSet<String>, bytes: usize) -> (Cow<'t, str>, usize) {
    if text.len() <= bytes {
        return (Cow::Borrowed(text), 0);
    }
    let ranked = rank_text(title, text, wanted);
    let (kept, left_out) = chosen(&ranked, 1, bytes);
    let mut out = String::new();
    let mut last: Option<&Scored<'_>> = None;
    for s in kept {
        match last {
            Some(before) if before.number + 1 == s.number => out.push_str(&text[before.span.end..s.span.start]),
            Some(_) => out.push_str(" […]\n"),
            None if s.number > 0 => out.push_str("[…] "),
            None => {}
        }
        out.push_str(s.text);
        last = Some(s);
    }
    (Cow::Owned(out), left_out)
}

/// The sentences that fit into `bytes`, in the order of their numbers: fixed lines first, then the weightiest of each
/// source in turn, so that a long source does not crowd out a short one. With how many do not fit.
fn chosen<'r, 'a>(ranked: &'r [Scored<'a>], sources: usize, bytes: usize) -> (Vec<&'r Scored<'a>>, usize) {
    let size = |s: &Scored<'_>| s.text.len() + 12;
    let mut left = bytes;
    let mut keep: Vec<&Scored<'_>> = Vec::new();
    let mut queues: Vec<Vec<&Scored<'_>>> = vec![Vec::new(); sources];
    for s in ranked {
        if matches!(s.line, Line::Fixed(_)) && size(s) <= left {
            left -= size(s);
            keep.push(s);
        } else if !matches!(s.line, Line::Fixed(_)) {
            queues[s.source].push(s);
        }
    }
    for queue in &mut queues {
        // The last is taken first. Headings give the order of a text, and cost little.
        let weight = |s: &Scored<'_>| if s.line == Line::Heading { u64::MAX } else { s.score };
        queue.sort_by(|a, b| weight(a).cmp(&weight(b)).then_with(|| b.number.cmp(&a.number)));
    }
    while queues.iter().any(|q| !q.is_empty()) {
        for queue in &mut queues {
            if let Some(s) = queue.pop() {
                if size(s) <= left {
                    left -= size(s);
                    keep.push(s);
                } else {
                    // What is lighter may be shorter, but a text with its best sentences missing misleads.
                    queue.clear();
                }
            }
        }
    }
    keep.sort_by_key(|s| s.number);
    let left_out = ranked.len() - keep.len();
    (keep, left_out)
}

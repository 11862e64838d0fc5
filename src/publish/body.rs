//! The text of a pull request: what it is, what proves it, what the gate said, what it cost.

use minijinja::{Environment, context};
use states::words::{ArticleId, Draft, MilliWattHours, NanoUsd, Place, Report, Snapshots, StoryId, Verdict, Writer};

use super::PublishError;
use super::neutral::{cell, code, link, neutral, plain_line};

/// The text's own form. What is filled in is neutral already; nothing in it is read as Markdown.
const TEMPLATE: &str = include_str!("../../templates/pull_request.md");

/// The longest text that forges take, in characters, with room to spare.
const LONGEST: usize = 60_000;

/// How many rows a table may have; the rest is counted.
const MOST_ROWS: usize = 80;

/// What an article cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Paid to models.
    pub usd: NanoUsd,
    /// Drawn by the worker.
    pub energy: MilliWattHours,
}

/// What a pull request tells.
#[derive(Debug, Clone, Copy)]
pub struct PullRequest<'a> {
    /// The article.
    pub article: &'a ArticleId,
    /// Its story.
    pub story: &'a StoryId,
    /// The draft that passed.
    pub draft: &'a Draft,
    /// What the gate said of it.
    pub report: &'a Report,
    /// What it was written from.
    pub snapshots: &'a Snapshots,
    /// The paths of its files.
    pub paths: &'a [String],
    /// What its revisions came to, a line each.
    pub revisions: &'a [String],
    /// How its judge agreed with people before, where that is known.
    pub judge_record: Option<&'a str>,
    /// What it cost.
    pub cost: Cost,
}

/// The title of a pull request: one line, nothing live, at most 120 characters.
pub fn pull_request_title(title: &str) -> String {
    let title: String = neutral(title).replace('[', "(").replace(']', ")").chars().take(120).collect();
    if title.trim().is_empty() { "Article".to_owned() } else { title.trim().to_owned() }
}

/// The text of a pull request. `template` replaces the built-in one.
///
/// # Errors
/// [`PublishError::Refused`] where a template of the owner's own cannot be filled.
pub fn pull_request_body(pull: &PullRequest<'_>, template: Option<&str>) -> Result<String, PublishError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let mut rows = MOST_ROWS;
    loop {
        let text = environment
            .render_str(template.unwrap_or(TEMPLATE), values(pull, rows))
            .map_err(|why| PublishError::Refused(format!("templates/pull_request.md: {why}")))?;
        // Long quotations: fewer rows rather than a text that the forge cuts or refuses.
        if text.chars().count() <= LONGEST || rows == 0 {
            return Ok(text.chars().take(LONGEST).collect());
        }
        rows /= 2;
    }
}

fn values(pull: &PullRequest<'_>, most: usize) -> minijinja::Value {
    let report = pull.report;
    let layers: Vec<minijinja::Value> = report
        .layers
        .iter()
        .map(|layer| {
            let errors = layer.findings.len();
            let note = match &layer.verdict {
                Verdict::NotRun { cause } => cell(cause, 200),
                _ if errors == 0 => String::new(),
                _ => layer.findings.iter().take(3).map(|f| cell(&f.code, 60)).collect::<Vec<_>>().join(" "),
            };
            context! { name => layer.layer.as_str(), verdict => layer.verdict.word(), findings => errors, note => note }
        })
        .collect();
    let proven: Vec<&states::words::EvidenceRow> = report.evidence.iter().filter(|row| row.cite.is_some()).collect();
    let evidence: Vec<minijinja::Value> = proven
        .iter()
        .take(most)
        .map(|row| {
            let cite = row.cite.as_ref();
            let snapshot = cite.and_then(|c| pull.snapshots.get(&c.snapshot));
            let source = snapshot.map_or_else(|| "unknown".to_owned(), |s| link(s.title.as_deref().unwrap_or(&s.url), &s.url));
            let quote = cite.and_then(|c| pull.snapshots.cited(c)).map(|text| cell(text, 280)).unwrap_or_default();
            context! { place => place(&row.place), kind => cell(&row.kind, 20), claim => cell(&row.claim, 200), source => source, quote => quote }
        })
        .collect();
    let findings: Vec<minijinja::Value> = report
        .findings()
        .take(most.min(30))
        .map(|f| context! { code => cell(&f.code, 60), place => place(&f.place), message => cell(&f.message, 300) })
        .collect();
    let score = report.score.as_ref().map(|score| {
        context! {
            total => score.total(),
            grounding => score.grounding, structure => score.structure, intent => score.intent, voice => score.voice,
            judge => who(&score.judge), stand_in => score.stand_in, why => code(&score.why),
        }
    });
    context! {
        title => code(&pull.draft.title.text),
        description => code(&pull.draft.description.text),
        template => pull.draft.template.as_str(),
        writer => who(&pull.draft.writer),
        verdict => report.verdict().word(),
        layers => layers,
        score => score,
        evidence => evidence,
        evidence_total => proven.len(),
        findings => findings,
        findings_total => report.findings().count(),
        revisions => pull.revisions.iter().map(|line| neutral(&plain_line(line, 500))).collect::<Vec<_>>(),
        judge_record => pull.judge_record.map(|line| neutral(&plain_line(line, 200))),
        cost => pull.cost.usd.to_string(),
        energy => (pull.cost.energy != MilliWattHours::ZERO).then(|| pull.cost.energy.to_string()),
        paths => pull.paths.iter().map(|p| code(p)).collect::<Vec<_>>(),
        article => pull.article.as_str(),
        story => pull.story.as_str(),
        bytes => report.bytes.short(),
    }
}

fn who(writer: &Writer) -> String {
    code(&format!("{}/{}", writer.provider, writer.model))
}

fn place(place: &Place) -> String {
    match place {
        // A front matter key may be anything that a site uses.
        Place::FrontMatter { key } => cell(key, 60),
        other => other.to_string(),
    }
}

//! What a writer is shown of the draft that it is to revise: the draft with its citations, and each finding with its sentence, what
//! the source says there, and what would mend it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use states::words::{Cite, Draft, Finding, Severity};

use super::prompt::one_line;
use super::salience::Scored;
use super::task::DraftInput;

/// No more findings are shown; the rest is counted.
const MOST: usize = 60;
/// The longest quotation of a sentence or a source, in characters.
const LONGEST: usize = 300;

/// A draft as lines, each with its place and the numbers that it cites.
pub(super) fn draft_as_text(draft: &Draft, ranked: &[Scored<'_>], input: &DraftInput) -> String {
    let numbers: BTreeMap<Cite, usize> = ranked
        .iter()
        .map(|s| {
            let snapshot = input.brief.sources[s.source].snapshot.clone();
            (Cite { snapshot, start: s.span.start, end: s.span.end }, s.number)
        })
        .collect();
    let lines: Vec<String> = draft
        .sentences()
        .into_iter()
        .map(|(place, sentence)| {
            let cited: Vec<String> =
                sentence.cites.iter().filter_map(|c| numbers.get(c)).map(usize::to_string).collect();
            let cited = if cited.is_empty() { String::new() } else { format!(" [{}]", cited.join(", ")) };
            format!("{place}: {}{cited}", one_line(&sentence.text))
        })
        .collect();
    lines.join("\n")
}

/// The findings as a list: what must be mended first, then what should be. What changes nothing is left out.
pub(super) fn findings(input: &DraftInput, ranked: &[Scored<'_>]) -> Vec<String> {
    let of = |severity: Severity| input.findings.iter().filter(move |f| f.severity == severity);
    let (errors, warnings): (Vec<_>, Vec<_>) = (of(Severity::Error).collect(), of(Severity::Warning).collect());
    let all = errors.len() + warnings.len();
    let mut lines = Vec::new();
    let mut left = MOST;
    for (head, findings) in [("These must be mended:", errors), ("These should be mended:", warnings)] {
        let shown = findings.len().min(left);
        if shown > 0 {
            lines.push(head.to_owned());
            lines.extend(findings.into_iter().take(shown).map(|f| told(f, input, ranked)));
            left -= shown;
        }
    }
    if all > MOST {
        lines.push(format!("and {} more of these kinds.", all - MOST));
    }
    lines
}

fn told(finding: &Finding, input: &DraftInput, ranked: &[Scored<'_>]) -> String {
    let mut text = format!("- {}: {} [{}]", finding.place, one_line(&finding.message), finding.code);
    let draft = input.previous.as_ref();
    let sentence = draft.and_then(|draft| {
        draft.sentences().into_iter().find(|(place, _)| *place == finding.place).map(|(_, s)| one_line(&s.text))
    });
    if let Some(sentence) = sentence.as_deref().filter(|s| !s.is_empty()) {
        let _ = write!(text, "\n  the sentence: {}", quoted(sentence));
    }
    // What the finding saw, where that is not the sentence or its beginning.
    let seen = finding.excerpt.as_deref().map(one_line);
    let shown = |seen: &str| sentence.as_deref().is_some_and(|s| s.starts_with(seen.trim_end_matches('…').trim_end()));
    if let Some(seen) = seen.filter(|seen| !shown(seen)) {
        let _ = write!(text, "\n  seen there: {}", quoted(&seen));
    }
    if let Some(cite) = &finding.evidence
        && let Some(said) = input.snapshots.cited(cite).map(one_line).filter(|s| !s.is_empty())
    {
        let number = number(cite, input, ranked).map(|n| format!(" [{n}]")).unwrap_or_default();
        let _ = write!(text, "\n  the source says{number}: {}", quoted(&said));
    }
    if let Some(mend) = finding.suggestion.as_deref().map(one_line).filter(|m| !m.is_empty()) {
        let _ = write!(text, "\n  what mends it: {mend}");
    }
    text
}

/// The number of the source sentence at a place of the evidence: the one that holds its beginning.
fn number(cite: &Cite, input: &DraftInput, ranked: &[Scored<'_>]) -> Option<usize> {
    let here = |s: &&Scored<'_>| {
        let source = input.brief.sources.get(s.source);
        source.is_some_and(|source| source.snapshot == cite.snapshot)
            && (s.span.start..s.span.end).contains(&cite.start)
    };
    ranked.iter().find(here).map(|s| s.number)
}

fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{}…", cut.trim_end()) } else { cut }
}

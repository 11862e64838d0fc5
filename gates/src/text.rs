//! Reports as text that can be read without knowing the code.

use std::fmt::Write as _;

use states::words::{EvidenceRow, Finding, LayerReport, Report, Severity, Snapshots, Verdict};

use crate::rules::excerpt;

/// A whole report: the verdict, a line per layer, the judge's words, and every finding.
pub fn report(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "Verdict: {}", verdict(&report.verdict()));
    let _ =
        writeln!(out, "Page {}, rules {}\n", report.bytes.short(), report.ruleset.get(..8).unwrap_or(&report.ruleset));
    table(&mut out, &report.layers);
    if let Some(score) = &report.score {
        let stand_in = if score.stand_in { ", standing in" } else { "" };
        let _ = writeln!(
            out,
            "\nJudge {}/{}{stand_in}: {} of 100 (grounding {} of 30, structure {} of 25, search intent {} of 25, voice {} of 20)",
            excerpt(&score.judge.provider),
            excerpt(&score.judge.model),
            score.total(),
            score.grounding,
            score.structure,
            score.intent,
            score.voice
        );
        for line in score.why.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    findings(&mut out, &report.layers);
    let claims = report.evidence.iter().filter(|r| r.kind != "sentence");
    let (proven, all) = claims.fold((0, 0), |(proven, all), row| (proven + usize::from(row.cite.is_some()), all + 1));
    if all > 0 {
        let _ = writeln!(out, "\nEvidence: {proven} of {all} claims are tied to bytes of a source.");
    }
    out
}

/// The layers of one file, without the rest of a report.
pub fn layers(path: &str, layers: &[LayerReport]) -> String {
    let mut out = String::new();
    let folded = Verdict::fold(
        layers.iter().filter(|l| !matches!(l.verdict, Verdict::NotRun { .. })).map(|l| l.verdict.clone()),
    );
    let _ = writeln!(out, "{}: {} by the layers that ran\n", excerpt(path), folded.word());
    table(&mut out, layers);
    findings(&mut out, layers);
    out
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NotRun { cause } => format!("{} ({cause})", verdict.word()),
        other => other.word().to_owned(),
    }
}

fn table(out: &mut String, layers: &[LayerReport]) {
    let _ = writeln!(out, "{:<9} {:<8} {:>6} {:>8}  figures", "layer", "verdict", "errors", "warnings");
    for layer in layers {
        let count = |severity: Severity| layer.findings.iter().filter(|f| f.severity == severity).count();
        let figures: Vec<String> =
            layer.figures.iter().map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
        let last = match &layer.verdict {
            Verdict::NotRun { cause } => cause.clone(),
            _ => figures.join(", "),
        };
        let line = format!(
            "{:<9} {:<8} {:>6} {:>8}  {last}",
            layer.layer.as_str(),
            layer.verdict.word(),
            count(Severity::Error),
            count(Severity::Warning)
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn findings(out: &mut String, layers: &[LayerReport]) {
    let mut all: Vec<&Finding> = layers.iter().flat_map(|l| &l.findings).collect();
    // The heaviest first; within a weight as the layers found them.
    all.sort_by_key(|f| std::cmp::Reverse(f.severity));
    for finding in all {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let _ = writeln!(out, "\n{word} {} — {}", finding.code, finding.place);
        let _ = writeln!(out, "  {}", finding.message);
        if let Some(text) = &finding.excerpt {
            let _ = writeln!(out, "  text:   {text}");
        }
        if let Some(cite) = &finding.evidence {
            let _ = writeln!(out, "  source: snapshot {}, bytes {} to {}", cite.snapshot.short(), cite.start, cite.end);
        }
        if let Some(suggestion) = &finding.suggestion {
            let _ = writeln!(out, "  mend:   {suggestion}");
        }
    }
}

/// The evidence as a plain table: claim, kind, source, and the very bytes of the source that prove it. Rows of kind
/// `sentence` follow their claims.
pub fn evidence_table(rows: &[EvidenceRow], snapshots: &Snapshots) -> String {
    let mut out = String::from("claim | kind | source | in the source\n");
    for row in rows {
        let (source, quoted) = match &row.cite {
            Some(cite) => {
                let url = snapshots.get(&cite.snapshot).map_or("unknown snapshot", |s| s.url.as_str());
                let bytes = snapshots.cited(cite).unwrap_or("no such range");
                (format!("{} {}..{}", cell(url), cite.start, cite.end), cell(bytes))
            }
            None => ("—".to_owned(), "not proven".to_owned()),
        };
        let _ = writeln!(out, "{} | {} | {source} | {quoted}", cell(&row.claim), row.kind);
    }
    out
}

fn cell(text: &str) -> String {
    excerpt(text).replace('|', "¦")
}

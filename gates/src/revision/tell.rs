//! What is told of revisions: a line each to people, and what the writer is to know of its drafts before the next one.

use std::fmt::Write as _;

use states::words::Finding;

use super::Step;
use crate::rules::excerpt;

/// Of each kind, so many findings are named; the rest is counted.
const MOST_NAMED: usize = 8;

/// One line on a revision, for people.
pub fn step_line(step: &Step) -> String {
    let mut line = format!("draft {}, a revision of draft {}: ", step.draft, step.base);
    if step.same {
        line.push_str("the same again, word for word");
        return line;
    }
    let parts: Vec<String> = [
        (&step.fixed, "fixed"),
        (&step.still, "still there"),
        (&step.new, "new"),
        (&step.back, "back that had been fixed"),
    ]
    .into_iter()
    .filter(|(findings, _)| !findings.is_empty())
    .map(|(findings, word)| format!("{} {word} ({})", findings.len(), codes(findings)))
    .collect();
    line.push_str(&if parts.is_empty() { "no errors before or after".to_owned() } else { parts.join(", ") });
    let _ = write!(
        line,
        "; {} % of the sentences changed, {} % of those with nothing found in them",
        step.changed_percent, step.unasked_percent
    );
    if step.is_worse() {
        let _ = write!(line, "; worse, {} errors after {}", step.errors.1, step.errors.0);
    }
    line
}

/// All revisions, a line each.
pub fn steps_lines(steps: &[Step]) -> Vec<String> {
    steps.iter().map(step_line).collect()
}

/// The codes of findings, each once with how often.
fn codes(findings: &[Finding]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for finding in findings {
        match counted.iter_mut().find(|(code, _)| *code == finding.code) {
            Some((_, n)) => *n += 1,
            None => counted.push((&finding.code, 1)),
        }
    }
    let named: Vec<String> = counted
        .iter()
        .take(MOST_NAMED)
        .map(|(code, n)| if *n == 1 { excerpt(code) } else { format!("{n} × {}", excerpt(code)) })
        .collect();
    let more = if counted.len() > MOST_NAMED { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

/// What the writer is to know before it revises the draft number `base`, from 1: what its revisions fixed and is to stay so,
/// what they broke, what comes and goes, and why it is given an earlier draft. A line each; findings quote text from outside.
pub fn orders(steps: &[Step], base: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(last) = steps.last() else { return lines };
    if last.same {
        lines.push(format!(
            "Draft {} repeated draft {} word for word: nothing was mended. Change what the list below names.",
            last.draft, last.base
        ));
    }
    let keep = |lines: &mut Vec<String>, step: &Step, but: &Step| {
        let there = |f: &&Finding| !is_there(f, &but.new) && !is_there(f, &but.back);
        let fixed: Vec<Finding> = step.fixed.iter().filter(there).cloned().collect();
        named(lines, &format!("Draft {} fixed this; keep it fixed", step.draft), &fixed);
    };
    if base != last.draft {
        lines.push(format!(
            "Draft {} came out worse than draft {base} ({} errors), so you are given draft {base} again.",
            last.draft, last.errors.1
        ));
        steps.iter().filter(|step| step.draft <= base).for_each(|step| keep(&mut lines, step, step));
        named(&mut lines, &format!("Draft {} broke this; do not do that again", last.draft), &last.new);
        named(&mut lines, &format!("Draft {} broke again what had been mended", last.draft), &last.back);
        return lines;
    }
    steps.iter().for_each(|step| keep(&mut lines, step, last));
    named(&mut lines, &format!("Draft {} broke this, which was right before", last.draft), &last.new);
    let comes_and_goes = "This had been mended and is wrong again; mend it without undoing the rest";
    named(&mut lines, comes_and_goes, &last.back);
    lines
}

fn is_there(finding: &Finding, among: &[Finding]) -> bool {
    among.iter().any(|f| f.code == finding.code && (f.place == finding.place || f.excerpt == finding.excerpt))
}

fn named(lines: &mut Vec<String>, what: &str, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let named: Vec<String> = findings
        .iter()
        .take(MOST_NAMED)
        .map(|f| format!("{}: {} [{}]", f.place, excerpt(&f.message), excerpt(&f.code)))
        .collect();
    let more = findings.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    lines.push(format!("{what}: {}{more}.", named.join("; ")));
}

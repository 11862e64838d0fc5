//! What the page of a rule says. Each rule's own text lies beside the rules, in `docs/`, with always the same headings; what the
//! table and the settings know (severity, defaults, what mends it) is added here, so that no page can contradict them.

use std::fmt::Write as _;

use serde_json::Value;
use states::words::{Layer, Severity};

use super::{RULES, Rule};
use crate::settings::Settings;

/// The headings of a rule's text, in their order. The last may be missing.
pub const HEADINGS: [&str; 5] = ["Why", "What is looked at", "Fails", "Passes", "Settings"];

/// What a rule's findings can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LooksAt {
    /// Drafts, and people's own Markdown files.
    All,
    /// Drafts, with their brief and their sources.
    Drafts,
    /// Markdown files that people wrote.
    Files,
}

/// A fenced block of a rule's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The words behind the opening marks.
    pub label: &'static str,
    /// What stands between the marks.
    pub text: &'static str,
}

/// The part of a rule's text under `heading`; empty where it has none.
pub fn part(rule: &Rule, heading: &str) -> &'static str {
    parts(rule.text).into_iter().find(|(name, _)| *name == heading).map(|(_, text)| text).unwrap_or_default()
}

/// A rule's text by its headings, in order. What stands before the first heading has an empty name.
pub fn parts(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut cuts: Vec<(&str, usize, usize)> = vec![("", 0, 0)];
    let mut fence = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marks = line.bytes().take_while(|b| *b == b'`').count();
        if fence == 0 && marks >= 3 {
            fence = marks;
        } else if fence > 0 && marks >= fence && line.trim_end().len() == marks {
            fence = 0;
        } else if let Some(name) = line.strip_prefix("## ").filter(|_| fence == 0) {
            cuts.push((name.trim_end(), at, at + line.len()));
        }
        at += line.len();
    }
    let ends = cuts.iter().skip(1).map(|cut| cut.1).chain([text.len()]);
    let all = cuts.iter().zip(ends).map(|((name, _, start), end)| (*name, text[*start..end].trim_matches('\n')));
    all.filter(|(name, text)| !name.is_empty() || !text.is_empty()).collect()
}

/// The fenced blocks of a part, in order.
pub fn blocks(part: &'static str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, usize)> = None;
    let mut at = 0;
    for line in part.split_inclusive('\n') {
        let marks = line.bytes().take_while(|b| *b == b'`').count();
        match open {
            None if marks >= 3 => open = Some((marks, line[marks..].trim(), at + line.len())),
            Some((fence, label, start)) if marks >= fence && line.trim_end().len() == marks => {
                found.push(Block { label, text: &part[start..at] });
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    found
}

/// What the rule looks at: its examples are of that kind.
pub fn looks_at(rule: &Rule) -> LooksAt {
    match blocks(part(rule, "Fails")).iter().map(|b| b.label).find(|label| *label != "toml") {
        Some("markdown") => LooksAt::All,
        Some("markdown file") => LooksAt::Files,
        _ => LooksAt::Drafts,
    }
}

/// Where the rule's page lies, from the root of this project.
pub fn path(rule: &Rule) -> String {
    format!("docs/rules/{}.md", rule.code)
}

/// The rule's page, as Markdown.
pub fn page(rule: &Rule) -> String {
    let mut out = format!("# {}\n\n{}\n\n", rule.code, rule.summary);
    let what = match looks_at(rule) {
        LooksAt::All => "drafts, and Markdown files (`pipeline gate FILE`)",
        LooksAt::Drafts => "drafts",
        LooksAt::Files => "Markdown files (`pipeline gate FILE`)",
    };
    let _ = writeln!(out, "- Severity: {}", severity_in_words(rule));
    let _ = writeln!(out, "- Looks at: {what}");
    if !rule.mend.is_empty() {
        let _ = writeln!(out, "- To mend it: {}", rule.mend);
    }
    for (heading, text) in parts(rule.text).into_iter().filter(|(heading, _)| *heading != "Settings") {
        let _ = write!(out, "\n## {heading}\n\n{text}\n");
    }
    out.push_str("\n## Settings\n\n");
    let settings = with_defaults(part(rule, "Settings"));
    if !settings.is_empty() {
        let _ = write!(out, "{settings}\n\n");
    }
    out.push_str(&severity_settings(rule));
    out
}

/// The rule's page for a terminal: as [`page`], with links to other rules' pages as their codes.
pub fn told(rule: &Rule) -> String {
    let page = page(rule);
    let mut out = String::with_capacity(page.len());
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        let target = after.split_once(')').filter(|(target, _)| target.ends_with(".md"));
        match (before.rsplit_once('['), target) {
            (Some((text, name)), Some((_, behind))) => {
                let _ = write!(out, "{text}`{name}`");
                rest = behind;
            }
            _ => {
                let _ = write!(out, "{before}](");
                rest = after;
            }
        }
    }
    out + rest
}

fn severity_in_words(rule: &Rule) -> String {
    let means = match (rule.layer, rule.severity) {
        (Layer::Judge, _) => "; the verdict follows from the score",
        (Layer::Once, Severity::Error) => "; the page does not go out as it is",
        (_, Severity::Error) => match looks_at(rule) {
            LooksAt::All => "; a draft has to be revised, and `pipeline gate` ends with 1",
            LooksAt::Drafts => "; the draft has to be revised",
            LooksAt::Files => "; `pipeline gate` ends with 1",
        },
        _ => "; shown, and changes no verdict",
    };
    format!("{}{means}", word(rule.severity))
}

/// A severity as the settings name it.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// How the severity is changed, or that it cannot be.
fn severity_settings(rule: &Rule) -> String {
    if rule.always {
        let why = match rule.layer {
            Layer::Once => "publishing twice is not a matter of taste",
            _ => "without the rule a page would pass unread",
        };
        return format!("The severity cannot be changed, and the rule cannot be switched off: {why}.\n");
    }
    let other = if rule.severity == Severity::Error { "warning" } else { "error" };
    let all = ["error", "warning", "info", "off"].into_iter().filter(|level| *level != other);
    let others = all.map(|level| format!("\"{level}\"")).collect::<Vec<_>>().join(", ");
    let note =
        if rule.layer == Layer::Judge { ", which changes how the finding is shown, not the verdict" } else { "" };
    let code = rule.code;
    format!(
        "Another severity, in `pipeline.toml`{note}:\n\n```toml\n[site.gate.severities]\n\"{code}\" = \"{other}\"   # or {others}\n```\n"
    )
}

/// Lines that begin with the name of a setting of the gate, with its default at their end.
fn with_defaults(text: &str) -> String {
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let lines = text.lines().map(|line| match setting_of(line).and_then(|name| default_of(&defaults, name)) {
        Some(value) => format!("{line} Default: {}.", in_words(value)),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The setting that a line of the part `Settings` is about.
pub fn setting_of(line: &str) -> Option<&str> {
    line.strip_prefix("- `")?.split_once('`').map(|(name, _)| name)
}

/// The default of a setting of `[site.gate]`, by its name with dots.
pub fn default_of<'v>(defaults: &'v Value, name: &str) -> Option<&'v Value> {
    name.split('.').try_fold(defaults, |value, key| value.get(key))
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Object(all) => all.iter().map(|(key, v)| format!("{key} {v}")).collect::<Vec<_>>().join(", "),
        Value::Array(all) => {
            all.iter().map(|v| format!("`{}`", v.as_str().unwrap_or_default())).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What each layer looks at, in one line.
fn family(layer: Layer) -> (&'static str, &'static str) {
    match layer {
        Layer::Form => {
            ("Form", "The page as a file: front matter, headings, links, and nothing in it that is more than text.")
        }
        Layer::Hugo => ("Hugo", "The page as Hugo builds it into the site."),
        Layer::Coverage => ("Coverage", "Whether the page says what its brief asks for, and says it itself."),
        Layer::Evidence => ("Evidence", "Every claim against the bytes of the source that it cites."),
        Layer::Judge => ("Judge", "What the score of a model, or of the built-in judge, comes to."),
        Layer::Once => ("Once", "Whether the same thing was published before."),
    }
}

/// The index of all rules, as Markdown.
pub fn index() -> String {
    let mut out = String::from(INTRODUCTION);
    for layer in Layer::ALL {
        let (name, what) = family(layer);
        let _ = write!(out, "\n## {name}\n\n{what}\n\n| rule | severity | asks for |\n|---|---|---|\n");
        for rule in RULES.iter().filter(|rule| rule.layer == layer) {
            let always = if rule.always { ", always" } else { "" };
            let code = rule.code;
            let summary = rule.summary.replace('|', "\\|");
            let _ = writeln!(out, "| [`{code}`]({code}.md) | {}{always} | {summary} |", word(rule.severity));
        }
    }
    out
}

const INTRODUCTION: &str = "\
# The rules of the gate

Every draft has to pass these rules before it is proposed, and `pipeline gate FILE…` runs those that need no draft on any Markdown
with front matter. `pipeline gate --rules` lists them, `pipeline gate --explain CODE` prints a page of this folder. The
pages are made from the texts beside the rules (`gates/src/rules/docs`) and the rules' own tables.

An error asks for a revision of a draft, and lets `pipeline gate` end with 1; a warning is shown to the reviewer. Which layers must
run is `required` of `[site.gate]`; one that did not is never a pass. Severities are changed under `[site.gate.severities]`; those
marked `always` cannot be:

```toml
[site.gate.severities]
\"form/fence-label\" = \"error\"
\"coverage/secondary\" = \"off\"
```

Every example is run by a test: the failing one gives its rule's code, the passing one gives nothing. Markdown without front matter
is the body of a page whose front matter is in order. The site of the examples is `https://desk.example/`; it has the tags `parsers`
and `logging`, one post, `/posts/logs/`, and one image, `/img/chart.png`; it is 2 March 2026. Drafts are asked for words and
headings only where settings are shown.

Other examples are lines `key: text`, where `(N times)` at the end stands for the text so many times over. In those of the evidence
rules, `source` is a sentence of a source that the draft's `sentence` cites, `aside` one that stands in the same source and is not
cited, and `uncited` a sentence of the draft that cites nothing.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_inside_of_examples_are_no_headings() {
        let text = "## Why\n\nSo.\n\n## Fails\n\n````markdown\n## Why\n```\n````\n\n## Passes\n";
        assert_eq!(parts(text).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["Why", "Fails", "Passes"]);
        assert_eq!(blocks(parts(text)[1].1), [Block { label: "markdown", text: "## Why\n```\n" }]);
    }

    #[test]
    fn a_terminal_shows_codes_in_place_of_links_to_pages() {
        let unsafe_link = crate::rules::find("form/link-unsafe").unwrap();
        assert!(told(unsafe_link).contains("[Read more](javascript:alert(1))"));
        let html = told(crate::rules::find("form/raw-html").unwrap());
        assert!(html.contains("(`hugo/undeclared`)") && !html.contains(".md)"), "{html}");
        assert!(RULES.iter().all(|rule| !told(rule).contains(".md)")));
    }

    #[test]
    fn a_setting_is_told_with_its_default() {
        assert_eq!(
            with_defaults("- `max_copied_words`: the longest run."),
            "- `max_copied_words`: the longest run. Default: 25."
        );
        assert_eq!(with_defaults("- `words.radar`: x."), "- `words.radar`: x. Default: 120.");
        assert_eq!(with_defaults("- `site.page.keys`: x."), "- `site.page.keys`: x.");
    }
}

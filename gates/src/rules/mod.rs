//! The rules: like a linter's, each with a code, a default severity, one line that says what it asks for, and a text that
//! explains it.

pub mod docs;
pub mod coverage;
pub mod evidence;
pub mod form;
pub(crate) mod front;
pub mod hugo;
pub mod judge;
pub(crate) mod links;
pub mod once;
pub(crate) mod safety;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use states::words::{Cite, Finding, Layer, LayerReport, Place, Severity, Verdict};

use crate::settings::Settings;

/// Counted up when a rule decides differently on the same input, so that stored reports are made anew.
pub const VERSION: u32 = 2;

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its code: the layer, a slash, and what is wrong.
    pub code: &'static str,
    /// The layer it belongs to.
    pub layer: Layer,
    /// How much its findings weigh unless the settings say otherwise.
    pub severity: Severity,
    /// What it asks for, in one line.
    pub summary: &'static str,
    /// What mends a finding.
    pub mend: &'static str,
    /// True where settings cannot change the severity: without the rule something would pass unread, or go out twice.
    pub always: bool,
    /// Why it exists, what it looks at, an example that fails and one that passes: read by [`docs`].
    pub text: &'static str,
}

/// Declares the rules of a family as constants and lists them as `TABLE`. A severity followed by `always` cannot be changed.
/// Each rule has its text in `docs/`, under its code.
macro_rules! family {
    (@always) => { false };
    (@always always) => { true };
    ($layer:ident: $($name:ident = $code:literal, $severity:ident $($always:ident)?, $summary:literal, $mend:literal;)*) => {
        $(#[doc = $summary] pub(crate) const $name: $crate::rules::Rule = $crate::rules::Rule {
            code: $code,
            layer: states::words::Layer::$layer,
            severity: states::words::Severity::$severity,
            summary: $summary,
            mend: $mend,
            always: $crate::rules::family!(@always $($always)?),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules/docs/", $code, ".md")),
        };)*
        /// The rules of this family.
        pub const TABLE: &[$crate::rules::Rule] = &[$($name),*];
    };
}
pub(crate) use family;

/// Every rule, cheapest layer first.
pub static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| [form::TABLE, hugo::TABLE, coverage::TABLE, evidence::TABLE, judge::TABLE, once::TABLE].concat());

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// The table as bytes, for the hash of the ruleset.
pub(crate) fn table_bytes() -> Vec<u8> {
    RULES.iter().flat_map(|r| format!("{}\0{:?}\0", r.code, r.severity).into_bytes()).collect()
}

/// The longest excerpt of a finding, in characters.
const EXCERPT: usize = 140;

/// Text for a finding: one line, no control characters, shortened.
pub(crate) fn excerpt(text: &str) -> String {
    // No more is looked at than is shown, however long the text is.
    let words = text.split_whitespace().enumerate();
    let all = words.flat_map(|(n, word)| (n > 0).then_some(' ').into_iter().chain(word.chars().map(shown)));
    let mut clean: String = all.take(EXCERPT + 1).collect();
    if let Some((last, _)) = clean.char_indices().nth(EXCERPT) {
        clean.truncate(clean[..last].char_indices().next_back().map_or(0, |(at, _)| at));
        clean.push('…');
    }
    clean
}

fn shown(c: char) -> char {
    if safety::is_hidden(c) { '\u{fffd}' } else { c }
}

/// Gathers the findings of one layer.
pub(crate) struct Gathered<'a> {
    settings: &'a Settings,
    layer: Layer,
    findings: Vec<Finding>,
    figures: BTreeMap<String, i64>,
}

impl<'a> Gathered<'a> {
    pub(crate) fn new(layer: Layer, settings: &'a Settings) -> Self {
        Self { settings, layer, findings: Vec::new(), figures: BTreeMap::new() }
    }

    /// Adds a finding of `rule`, unless the rule is off.
    pub(crate) fn find(&mut self, rule: &Rule, place: Place, message: impl Into<String>) -> Noted<'_> {
        match self.settings.severity(rule) {
            Some(severity) => self.push(rule, severity, place, message.into()),
            None => Noted(None),
        }
    }

    /// As [`find`](Self::find), where the case weighs less than the rule, unless the settings say what it weighs.
    pub(crate) fn find_lighter(
        &mut self,
        rule: &Rule,
        severity: Severity,
        place: Place,
        message: impl Into<String>,
    ) -> Noted<'_> {
        match self.settings.severities.contains_key(rule.code) {
            true => self.find(rule, place, message),
            false => self.push(rule, severity, place, message.into()),
        }
    }

    fn push(&mut self, rule: &Rule, severity: Severity, place: Place, message: String) -> Noted<'_> {
        self.findings.push(Finding {
            code: rule.code.to_owned(),
            severity,
            message,
            place,
            excerpt: None,
            evidence: None,
            suggestion: (!rule.mend.is_empty()).then(|| rule.mend.to_owned()),
        });
        Noted(self.findings.last_mut())
    }

    /// Adds a finding of a rule that settings cannot soften: without it something would pass unread.
    pub(crate) fn insist(&mut self, rule: &Rule, place: Place, message: impl Into<String>) -> Noted<'_> {
        debug_assert!(rule.always, "{} is insisted on: its table has to say `always` behind its severity", rule.code);
        self.push(rule, rule.severity, place, message.into())
    }

    pub(crate) fn figure(&mut self, name: &str, value: usize) {
        self.figures.insert(name.to_owned(), i64::try_from(value).unwrap_or(i64::MAX));
    }

    pub(crate) fn has_error(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }

    /// An error asks for a revision; warnings change nothing.
    pub(crate) fn report(self) -> LayerReport {
        let verdict = if self.has_error() { Verdict::Revise } else { Verdict::Pass };
        self.report_as(verdict)
    }

    pub(crate) fn report_as(self, verdict: Verdict) -> LayerReport {
        LayerReport { layer: self.layer, verdict, findings: self.findings, figures: self.figures }
    }
}

/// A finding that was just added, to be filled in.
pub(crate) struct Noted<'a>(Option<&'a mut Finding>);

impl Noted<'_> {
    /// Nothing more to say.
    pub(crate) fn done(self) {}

    pub(crate) fn of(mut self, text: &str) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.excerpt = Some(excerpt(text));
        }
        self
    }

    pub(crate) fn against(mut self, cite: Option<Cite>) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.evidence = cite;
        }
        self
    }

    pub(crate) fn mend(mut self, suggestion: impl Into<String>) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.suggestion = Some(suggestion.into());
        }
        self
    }
}

/// A layer that could not run.
pub(crate) fn not_run(layer: Layer, cause: &str) -> LayerReport {
    LayerReport {
        layer,
        verdict: Verdict::NotRun { cause: excerpt(cause) },
        findings: Vec::new(),
        figures: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_its_own_code_that_names_its_layer() {
        let codes: BTreeSet<&str> = RULES.iter().map(|r| r.code).collect();
        assert_eq!(codes.len(), RULES.len());
        for rule in RULES.iter() {
            assert!(rule.code.starts_with(&format!("{}/", rule.layer)), "{}", rule.code);
            assert!(!rule.summary.is_empty() && rule.summary.len() < 120, "{}", rule.code);
        }
    }

    #[test]
    fn an_excerpt_is_short_and_shows_no_hidden_characters() {
        assert_eq!(excerpt("a\n b\u{202e}c"), "a b\u{fffd}c");
        assert_eq!(excerpt(&"é".repeat(500)).chars().count(), EXCERPT);
    }
}

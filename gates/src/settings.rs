//! What people change about the gate: the `[gate]` section of a site.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use states::words::{Layer, Severity, Template};

use crate::rules;

/// A number per template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerTemplate {
    /// For stories.
    pub story: usize,
    /// For digests.
    pub digest: usize,
    /// For radar entries.
    pub radar: usize,
    /// For release notes.
    pub release: usize,
}

impl PerTemplate {
    /// The number for `template`.
    pub fn of(&self, template: Template) -> usize {
        match template {
            Template::Story => self.story,
            Template::Digest => self.digest,
            Template::Radar => self.radar,
            Template::Release => self.release,
        }
    }
}

/// What a rule's severity is changed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The rule makes no findings.
    Off,
    /// Worth knowing.
    Info,
    /// Shown to the reviewer.
    Warning,
    /// Asks for a revision.
    Error,
}

/// Where the judge's score, 0 to 100, turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeBounds {
    /// From here on it passes.
    pub pass: u8,
    /// From here on a person decides; below, it is rejected.
    pub review: u8,
    /// A score this near to a bound asks for more samples.
    pub near: u8,
    /// So many samples are asked for at most.
    pub samples: usize,
}

impl Default for JudgeBounds {
    fn default() -> Self {
        Self { pass: 75, review: 60, near: 10, samples: 5 }
    }
}

/// The gate's settings. Every field has a default, so that an empty section is a working one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The fewest words of a page, code not counted.
    pub words: PerTemplate,
    /// The fewest second-level headings. A digest must also have one per member.
    pub headings: PerTemplate,
    /// Phrases that no page may contain, in any case.
    pub forbidden_phrases: Vec<String>,
    /// The longest title, in characters.
    pub title_max_chars: usize,
    /// The longest description, in characters.
    pub description_max_chars: usize,
    /// The longest answer-first summary, in words.
    pub summary_max_words: usize,
    /// The smallest share of the brief's salient words, by weight, that a page must use, in percent.
    pub coverage_min_percent: u8,
    /// The largest share of a page's sentences that other posts of the site also have, in percent.
    pub boilerplate_max_percent: u8,
    /// The longest run of words that may stand as in a source without quotation marks.
    pub max_copied_words: usize,
    /// The smallest share of a sentence's content words that the cited text must have, in percent.
    pub support_min_percent: u8,
    /// The longest range that one citation may name, in bytes: a citation of a whole page proves nothing.
    pub max_cited_bytes: usize,
    /// The judge's bounds.
    pub judge: JudgeBounds,
    /// The layers that must run. One that is missing here is not asked; one that is here and did not run is never a pass.
    pub required: BTreeSet<Layer>,
    /// Severities by rule code, in place of the rule's own.
    pub severities: BTreeMap<String, Level>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            words: PerTemplate { story: 1_400, digest: 150, radar: 120, release: 200 },
            headings: PerTemplate { story: 2, digest: 1, radar: 0, release: 1 },
            forbidden_phrases: FORBIDDEN.iter().map(|p| (*p).to_owned()).collect(),
            title_max_chars: 90,
            description_max_chars: 200,
            summary_max_words: 60,
            coverage_min_percent: 35,
            boilerplate_max_percent: 10,
            max_copied_words: 25,
            support_min_percent: 45,
            max_cited_bytes: 2_000,
            judge: JudgeBounds::default(),
            required: Layer::ALL.into_iter().collect(),
            severities: BTreeMap::new(),
        }
    }
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A severity is set for a rule that does not exist.
    #[error("`severities` names `{0}`, which is no rule; `pipeline gate --rules` lists them")]
    UnknownRule(String),
    /// A severity is set for a rule that always has its own.
    #[error("`severities` names `{0}`, which cannot be changed; `pipeline gate --explain {0}` says why")]
    FixedRule(String),
    /// A percentage above 100, or bounds in the wrong order.
    #[error("`{0}` is {1}, but at most {2} makes sense")]
    TooLarge(&'static str, u64, u64),
}

impl Settings {
    /// Checks what types cannot: that severities name rules that can be changed, that percentages are at most 100 and bounds in order.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if let Some(code) = self.severities.keys().find(|code| rules::find(code).is_none()) {
            return Err(SettingsError::UnknownRule(code.clone()));
        }
        if let Some(code) = self.severities.keys().find(|code| rules::find(code).is_some_and(|rule| rule.always)) {
            return Err(SettingsError::FixedRule(code.clone()));
        }
        for (name, value, most) in [
            ("coverage_min_percent", self.coverage_min_percent, 100),
            ("boilerplate_max_percent", self.boilerplate_max_percent, 100),
            ("support_min_percent", self.support_min_percent, 100),
            ("judge.pass", self.judge.pass, 100),
            ("judge.review", self.judge.review, self.judge.pass),
        ] {
            if value > most {
                return Err(SettingsError::TooLarge(name, value.into(), most.into()));
            }
        }
        Ok(())
    }

    /// The severity of a rule under these settings; `None` where it is off.
    pub fn severity(&self, rule: &rules::Rule) -> Option<Severity> {
        match self.severities.get(rule.code).filter(|_| !rule.always) {
            None => Some(rule.severity),
            Some(Level::Off) => None,
            Some(Level::Info) => Some(Severity::Info),
            Some(Level::Warning) => Some(Severity::Warning),
            Some(Level::Error) => Some(Severity::Error),
        }
    }

    /// True where the site asks for this layer.
    pub fn requires(&self, layer: Layer) -> bool {
        self.required.contains(&layer)
    }

    /// The hash of these settings and of the rules' table: a stored report is good for the same page under the same
    /// hash only.
    pub fn ruleset_hash(&self) -> String {
        let settings = serde_json::to_vec(self).unwrap_or_default();
        let table = rules::table_bytes();
        states::words::hash::sha256_of("ruleset", &[&rules::VERSION.to_le_bytes(), &settings, &table])
    }
}

/// Phrases that say nothing, or that say who wrote them.
const FORBIDDEN: &[&str] = &[
    "in today's fast-paced world",
    "in today's digital landscape",
    "in the ever-evolving",
    "ever-changing landscape",
    "delve into",
    "delves into",
    "delving into",
    "game-changer",
    "game changer",
    "game-changing",
    "a testament to",
    "it is important to note that",
    "it's important to note that",
    "it is worth noting that",
    "in conclusion,",
    "at the end of the day",
    "unlock the power",
    "unlock the potential",
    "unleash the power",
    "take it to the next level",
    "look no further",
    "revolutionize the way",
    "seamlessly integrates",
    "cutting-edge",
    "rich tapestry",
    "navigate the complexities",
    "as an ai language model",
    "as a large language model",
    "i cannot fulfill",
    "i hope this helps",
    "ignore previous instructions",
    "ignore all previous instructions",
    "lorem ipsum",
    "[insert",
    "todo:",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_a_working_one() {
        let empty: Settings = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, Settings::default());
        assert_eq!(empty.validate(), Ok(()));
        assert!(serde_json::from_str::<Settings>(r#"{"wrods": 3}"#).is_err());
    }

    #[test]
    fn a_changed_setting_changes_the_hash_of_the_ruleset() {
        let other = Settings { max_copied_words: 24, ..Settings::default() };
        assert_ne!(other.ruleset_hash(), Settings::default().ruleset_hash());
        assert_eq!(Settings::default().ruleset_hash(), Settings::default().ruleset_hash());
    }

    #[test]
    fn a_severity_for_a_rule_that_does_not_exist_is_refused() {
        let mut settings = Settings::default();
        settings.severities.insert("form/too-shrot".into(), Level::Off);
        assert_eq!(settings.validate(), Err(SettingsError::UnknownRule("form/too-shrot".into())));
    }

    #[test]
    fn a_rule_without_which_a_page_would_pass_unread_cannot_be_softened() {
        for rule in rules::RULES.iter().filter(|rule| rule.always) {
            let mut settings = Settings::default();
            settings.severities.insert(rule.code.into(), Level::Off);
            assert_eq!(settings.validate(), Err(SettingsError::FixedRule(rule.code.into())));
            assert_eq!(settings.severity(rule), Some(rule.severity), "{}", rule.code);
        }
    }
}

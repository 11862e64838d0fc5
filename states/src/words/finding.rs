//! What gates say: findings, verdicts per layer, and the report that folds them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::draft::Cite;
use super::ids::{BytesHash, ReportId};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Info,
    /// Shown to the reviewer; changes nothing by itself.
    Warning,
    /// The draft cannot go out like this.
    Error,
}

/// The layers of the gate, in the order of their cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Layer 1: the page's form.
    Form,
    /// Layer 1, the part that needs Hugo: the built page.
    Hugo,
    /// Layer 2: keywords and what the brief asks for.
    Coverage,
    /// Layer 2½: every claim against its source.
    Evidence,
    /// Layer 3: the rubric.
    Judge,
    /// Layer 4: not published before.
    Once,
}

impl Layer {
    /// All layers, cheapest first.
    pub const ALL: [Self; 6] = [Self::Form, Self::Hugo, Self::Coverage, Self::Evidence, Self::Judge, Self::Once];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Hugo => "hugo",
            Self::Coverage => "coverage",
            Self::Evidence => "evidence",
            Self::Judge => "judge",
            Self::Once => "once",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in a draft or page a finding was made. Indices count from 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The whole page.
    Page,
    /// The title.
    Title,
    /// The description.
    Description,
    /// A sentence of the summary.
    Summary {
        /// Index of the sentence.
        sentence: usize,
    },
    /// A section's heading.
    Heading {
        /// Index of the section.
        section: usize,
    },
    /// A sentence of a section.
    Sentence {
        /// Index of the section.
        section: usize,
        /// Index of the block in the section.
        block: usize,
        /// Index of the sentence in the block.
        sentence: usize,
    },
    /// A key of the front matter.
    FrontMatter {
        /// The key.
        key: String,
    },
    /// A place in a Markdown file, counted from 1.
    Line {
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// The page that Hugo built.
    Html,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page => f.write_str("page"),
            Self::Title => f.write_str("title"),
            Self::Description => f.write_str("description"),
            Self::Summary { sentence } => write!(f, "summary, sentence {}", sentence + 1),
            Self::Heading { section } => write!(f, "section {}, heading", section + 1),
            Self::Sentence { section, block, sentence } => {
                write!(f, "section {}, block {}, sentence {}", section + 1, block + 1, sentence + 1)
            }
            Self::FrontMatter { key } => write!(f, "front matter, `{key}`"),
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
            Self::Html => f.write_str("built page"),
        }
    }
}

/// One thing a gate saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's code, for example `form/too-short`.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, with the value seen and the value expected.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The text it was seen in, shortened.
    pub excerpt: Option<String>,
    /// The place in the evidence it was compared with.
    pub evidence: Option<Cite>,
    /// What would mend it.
    pub suggestion: Option<String>,
}

/// What a layer says, or all of them folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing stands in the way.
    Pass,
    /// A person should look.
    Review,
    /// The check did not run. Never a pass: it folds as a review.
    NotRun {
        /// Why it did not.
        cause: String,
    },
    /// The writer should try again with the findings.
    Revise,
    /// It cannot go out.
    Reject,
}

impl Verdict {
    fn rank(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Review => 1,
            Self::NotRun { .. } => 2,
            Self::Revise => 3,
            Self::Reject => 4,
        }
    }

    /// Reject over revise over not run over review over pass; the first of equals stays.
    pub fn fold(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().fold(Self::Pass, |worst, next| if next.rank() > worst.rank() { next } else { worst })
    }

    /// The word for tables and reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::NotRun { .. } => "not run",
            Self::Revise => "revise",
            Self::Reject => "reject",
        }
    }
}

/// What one layer saw and says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The layer.
    pub layer: Layer,
    /// What it says.
    pub verdict: Verdict,
    /// What it saw.
    pub findings: Vec<Finding>,
    /// Counts and measures for the reader (`words`, `claims`, `support_percent`, …).
    pub figures: BTreeMap<String, i64>,
}

/// A judge's answer to the rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeScore {
    /// 0 to 30: is everything grounded in the sources.
    pub grounding: u8,
    /// 0 to 25: does it read in order.
    pub structure: u8,
    /// 0 to 25: does it answer what a reader searches for.
    pub intent: u8,
    /// 0 to 20: does it sound like the site.
    pub voice: u8,
    /// Why, in a few sentences.
    pub why: String,
    /// Who judged.
    pub judge: super::draft::Writer,
    /// True when the built-in judge stood in for a configured model.
    pub stand_in: bool,
}

impl JudgeScore {
    /// 0 to 100.
    pub fn total(&self) -> u8 {
        self.grounding.min(30) + self.structure.min(25) + self.intent.min(25) + self.voice.min(20)
    }
}

/// One claim of a draft and the bytes that prove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRow {
    /// Where the claim stands.
    pub place: Place,
    /// What kind of claim: `number`, `version`, `date`, `money`, `percent`, `quotation`, `url`, `name`, `sentence`.
    pub kind: String,
    /// The claim as it is written.
    pub claim: String,
    /// The bytes that prove it; `None` where nothing was found (then there is a finding too).
    pub cite: Option<Cite>,
}

/// What the gate says of one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The exact bytes it speaks of.
    pub bytes: BytesHash,
    /// The rules and settings it was made with.
    pub ruleset: String,
    /// One report per layer, cheapest first.
    pub layers: Vec<LayerReport>,
    /// The judge's answer, where one was given.
    pub score: Option<JudgeScore>,
    /// Every claim with its proof.
    pub evidence: Vec<EvidenceRow>,
}

impl Report {
    /// The report's id: hash of its content.
    pub fn id(&self) -> ReportId {
        ReportId::of_content(self)
    }

    /// All layers folded.
    pub fn verdict(&self) -> Verdict {
        Verdict::fold(self.layers.iter().map(|l| l.verdict.clone()))
    }

    /// All findings, cheapest layer first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.layers.iter().flat_map(|l| l.findings.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_did_not_run_is_never_a_pass() {
        let not_run = Verdict::NotRun { cause: "no hugo".into() };
        assert_eq!(Verdict::fold([Verdict::Pass, not_run.clone(), Verdict::Review]), not_run);
        assert_eq!(Verdict::fold([not_run, Verdict::Revise]), Verdict::Revise);
        assert_eq!(Verdict::fold([Verdict::Reject, Verdict::Revise]), Verdict::Reject);
        assert_eq!(Verdict::fold([]), Verdict::Pass);
    }
}

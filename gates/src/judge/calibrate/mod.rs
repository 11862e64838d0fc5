//! How a judge agrees with people: past verdicts beside what people did with the pages.
//!
//! It informs. No bound is ever moved by it.

mod measure;
mod file;
mod tell;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use states::words::{SiteName, Timestamp};

pub use file::{BadFile, LARGEST, read, write};
pub use measure::calibrate;
pub use tell::{record_line, text};

/// With fewer decided verdicts nothing is measured but counts and means.
pub const FEW: usize = 10;

/// The form of the file that is written now.
pub const VERSION: u32 = 1;

/// What a person did with a page that the judge had scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Merged as it was.
    Merged,
    /// Merged with other bytes than were proposed.
    MergedAfterEdits,
    /// Approved in review; nobody has merged or closed it yet.
    Approved,
    /// Sent back for changes.
    ChangesAsked,
    /// Rejected in review, or its proposal closed.
    TurnedDown,
}

impl Decision {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] =
        [Self::Merged, Self::MergedAfterEdits, Self::Approved, Self::ChangesAsked, Self::TurnedDown];

    /// True where the page was good enough for a person.
    pub fn is_yes(self) -> bool {
        matches!(self, Self::Merged | Self::MergedAfterEdits | Self::Approved)
    }
}

/// Who judged: the provider, the model, and the version of its prompt where one was used and is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judge {
    /// As it is named in the configuration, or `builtin`.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// The version of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<u32>,
}

/// The points of one sample, by part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Points {
    /// Of 30.
    pub grounding: u8,
    /// Of 25.
    pub structure: u8,
    /// Of 25.
    pub intent: u8,
    /// Of 20.
    pub voice: u8,
}

impl Points {
    /// The parts by name, in the order of the rubric.
    pub fn parts(self) -> [(&'static str, u8); 4] {
        [("grounding", self.grounding), ("structure", self.structure), ("intent", self.intent), ("voice", self.voice)]
    }

    /// 0 to 100.
    pub fn total(self) -> u8 {
        self.parts().into_iter().fold(0u8, |sum, (_, points)| sum.saturating_add(points)).min(100)
    }
}

/// Where a score turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// From here on it passes.
    pub pass: u8,
    /// From here on a person decides; below, it is rejected.
    pub review: u8,
}

/// One verdict that a person has decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Who judged; `None` where the samples are of several judges.
    pub judge: Option<Judge>,
    /// The samples, at least one.
    pub samples: Vec<Points>,
    /// The bounds of the site now.
    pub bounds: Bounds,
    /// What the person did.
    pub decision: Decision,
}

/// Verdicts that nobody has decided on: of these nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undecided {
    /// Rejected by the judge, so that no person ever saw the page.
    pub unseen: usize,
    /// Waiting for a person, or passed over by one.
    pub waiting: usize,
}

/// How often each decision was taken, for one side of the bounds.
pub type Row = BTreeMap<Decision, usize>;

/// What the judge says, beside what people did: the verdict is that of the bounds of now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Confusion {
    /// At the upper bound or above.
    pub pass: Row,
    /// Between the bounds.
    pub review: Row,
    /// Below the lower bound.
    pub reject: Row,
}

/// Bounds that would have agreed best with the past. For information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// The upper bound.
    pub pass: u8,
    /// In so many cases it would have agreed.
    pub agreed: usize,
    /// The lowest score of what people accepted: a lower bound above it would have rejected that.
    pub lowest_accepted: u8,
}

/// Measures of agreement. Those that need both a yes and a no, and [`FEW`] cases, are missing where there are not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agreement {
    /// Verdicts that a person has decided on.
    pub decided: usize,
    /// Those that people accepted.
    pub accepted: usize,
    /// Those where the judge lets pass what people accepted, or does not what they did not.
    pub agreed: usize,
    /// Verdict by decision.
    pub confusion: Confusion,
    /// The mean score of what people accepted, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_accepted: Option<f64>,
    /// The mean score of what they did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_refused: Option<f64>,
    /// Cohen's kappa of "passes" and "accepted": 1 for full agreement, 0 for as much as chance gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kappa: Option<f64>,
    /// How often something accepted has a higher score than something that was not, ties counted half (the area under the
    /// ROC curve; Mann and Whitney's U divided by the pairs): 0.5 says nothing, 1 tells all apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// The same of each part of the rubric.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, f64>,
    /// Verdicts with more than one sample, and the mean distance of their lowest from their highest.
    pub sampled: usize,
    /// See `sampled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_spread: Option<f64>,
    /// The bounds that would have agreed best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
}

/// The agreement of one judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfJudge {
    /// Who.
    pub judge: Judge,
    /// How it agrees.
    pub agreement: Agreement,
}

/// Which verdicts are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Those of one site; `None` for all.
    pub site: Option<SiteName>,
    /// Those decided since; `None` for all.
    pub since: Option<Timestamp>,
}

/// A calibration: also the form of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The version of this form.
    pub version: u32,
    /// When it was made.
    pub made: Timestamp,
    /// Of one site; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    /// Decisions since; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The bounds of now; `None` where sites differ (each case is held against its own site's).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// Verdicts that nobody has decided on.
    #[serde(default)]
    pub undecided: Undecided,
    /// Decided verdicts with samples of several judges: they are among all, and nobody's own.
    #[serde(default)]
    pub mixed: usize,
    /// All judges together.
    pub all: Agreement,
    /// Each judge by itself, the most decided first.
    #[serde(default)]
    pub judges: Vec<OfJudge>,
}

#[cfg(test)]
mod tests;

//! The tasks a model is asked to do, and what each is asked about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use states::words::{Brief, Draft, Finding, JudgeScore, Snapshots, SourceKind, Timestamp};

use super::classify::ClassifyInput;

/// What a model is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Is a text worth writing about.
    Triage,
    /// What does a text mean: a vector.
    Embed,
    /// Write a draft from a brief.
    Draft,
    /// Write a draft again, with what was found in the one before.
    Revise,
    /// Score a draft by the rubric.
    Judge,
    /// Is one of the other tasks complex work: asked before it, where a classifier is configured.
    Classify,
}

impl Task {
    /// All tasks, in the order of an article's way.
    pub const ALL: [Self; 6] = [Self::Embed, Self::Triage, Self::Draft, Self::Judge, Self::Revise, Self::Classify];

    /// The stored name; also the name of the answer's schema, but for a revision, which is a draft.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Embed => "embed",
            Self::Draft => "draft",
            Self::Revise => "revise",
            Self::Judge => "judge",
            Self::Classify => "classify",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Task {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|t| t.as_str() == text).ok_or_else(|| {
            format!("`{text}` is not a task: embed, triage, draft, revise, judge or classify is expected")
        })
    }
}

/// What triage looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageInput {
    /// The text's title.
    pub title: String,
    /// Where it was found.
    pub url: String,
    /// Who speaks there.
    pub source_kind: SourceKind,
    /// When its publisher says it was published.
    pub published: Option<Timestamp>,
    /// The main text.
    pub text: String,
    /// What the site writes about, in its owner's words.
    pub site_topics: Vec<String>,
    /// The time of the run. Only the built-in triage looks at it (for freshness); it is in no prompt and in no request
    /// key, so that an answer bought before a crash is still found after it.
    pub now: Timestamp,
}

/// What an embedding model looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedInput {
    /// The text's title.
    pub title: String,
    /// The main text.
    pub text: String,
}

/// What a draft is written from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftInput {
    /// The brief.
    pub brief: Brief,
    /// Its snapshots.
    pub snapshots: Snapshots,
    /// The draft to revise, where this is a revision.
    pub previous: Option<Draft>,
    /// What the gates found in it.
    pub findings: Vec<Finding>,
    /// What a person asked for.
    pub note: Option<String>,
    /// What became of the drafts before: a line each, which quote text from outside.
    #[serde(default)]
    pub history: Vec<String>,
    /// How the site sounds, in its owner's words; may be empty.
    pub voice: String,
}

/// What a judge looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeInput {
    /// The draft.
    pub draft: Draft,
    /// What it was written from.
    pub brief: Brief,
    /// The snapshots of the brief.
    pub snapshots: Snapshots,
    /// The gate's typed question. Its member `rubric`, where there is one, comes from the site's owner; all the rest is
    /// treated as text from outside.
    pub question: Value,
    /// What the deterministic judge says. In no prompt and in no request key: the built-in provider answers with it.
    pub built_in: JudgeScore,
}

/// What one question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskInput {
    /// For triage.
    Triage(Box<TriageInput>),
    /// For a vector.
    Embed(Box<EmbedInput>),
    /// For a draft.
    Draft(Box<DraftInput>),
    /// For a judge.
    Judge(Box<JudgeInput>),
    /// For a classifier.
    Classify(Box<ClassifyInput>),
}

//! A draft: typed data, never Markdown from a model. Markdown and front matter are rendered from it.

use serde::{Deserialize, Serialize};

use super::brief::Template;
use super::ids::{DraftId, SnapshotId};

/// A byte range of a snapshot that a sentence stands on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cite {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// First byte of the range in the snapshot's text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A sentence as plain text (no Markdown, no HTML) with what it stands on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Plain text.
    pub text: String,
    /// The ranges that prove it. Empty for a sentence that claims nothing.
    pub cites: Vec<Cite>,
}

impl Sentence {
    /// A sentence that claims nothing.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), cites: Vec::new() }
    }
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Sentences that stand together.
    Paragraph(Vec<Sentence>),
    /// A list of points, one or more sentences each.
    List(Vec<Vec<Sentence>>),
    /// Code, taken from a source.
    Code {
        /// The language label of the fence, lower case.
        language: String,
        /// The code.
        text: String,
        /// Where it stands.
        cite: Option<Cite>,
    },
}

/// A section under its own heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The heading: plain text, cited where it claims something.
    pub heading: Sentence,
    /// Its parts.
    pub blocks: Vec<Block>,
}

/// Who wrote a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// The provider as it is named in the configuration, or `builtin`.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// The model's family (`llama`, `qwen`, …, `builtin`): a judge is never of the writer's family when another answers.
    pub family: String,
}

impl Writer {
    /// True for the built-in extractive writer.
    pub fn is_builtin(&self) -> bool {
        self.family == "builtin"
    }
}

/// An article as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The form it is written in.
    pub template: Template,
    /// The title.
    pub title: Sentence,
    /// One or two sentences for search results and lists.
    pub description: Sentence,
    /// The answer first: what a reader who stops here should know.
    pub summary: Vec<Sentence>,
    /// The sections.
    pub sections: Vec<Section>,
    /// The primary keyword.
    pub keyword: String,
    /// Tags, from the site's vocabulary.
    pub tags: Vec<String>,
    /// Who wrote it.
    pub writer: Writer,
}

impl Draft {
    /// The draft's id: hash of its content.
    pub fn id(&self) -> DraftId {
        DraftId::of_content(self)
    }

    /// Every sentence of the draft with its place, in reading order: title, description, summary, then each section's
    /// heading and blocks.
    pub fn sentences(&self) -> Vec<(super::finding::Place, &Sentence)> {
        use super::finding::Place;
        let mut all = vec![(Place::Title, &self.title), (Place::Description, &self.description)];
        all.extend(self.summary.iter().enumerate().map(|(sentence, s)| (Place::Summary { sentence }, s)));
        for (section, part) in self.sections.iter().enumerate() {
            all.push((Place::Heading { section }, &part.heading));
            for (block, content) in part.blocks.iter().enumerate() {
                let inside: Vec<&Sentence> = match content {
                    Block::Paragraph(sentences) => sentences.iter().collect(),
                    Block::List(points) => points.iter().flatten().collect(),
                    Block::Code { .. } => Vec::new(),
                };
                all.extend(
                    inside
                        .into_iter()
                        .enumerate()
                        .map(|(sentence, s)| (Place::Sentence { section, block, sentence }, s)),
                );
            }
        }
        all
    }
}

//! A brief: what an article is to be written from, frozen when drafting starts.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ArticleId, BriefId, SnapshotId};
use super::lead::SourceKind;
use super::snapshot::Snapshot;
use super::text::{Span, sentences};

/// The form an article is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// One story, told in full.
    Story,
    /// Several leads of one run, one section each.
    Digest,
    /// One technology with a ring (adopt, trial, assess, hold).
    Radar,
    /// One release: what changed and whom it concerns.
    Release,
}

impl Template {
    /// All templates, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Story, Self::Digest, Self::Radar, Self::Release];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Story => "story",
            Self::Digest => "digest",
            Self::Radar => "radar",
            Self::Release => "release",
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Template {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|t| t.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a template: story, digest, radar or release is expected"))
    }
}

/// One snapshot of a brief, cut into sentences that a writer can cite by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BriefSource {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// The article that brought it.
    pub article: ArticleId,
    /// Its title, as plain text.
    pub title: String,
    /// Where a reader finds it.
    pub url: String,
    /// Who speaks there.
    pub kind: SourceKind,
    /// The publication's name, where known.
    pub publisher: Option<String>,
    /// When its publisher says it was published.
    pub published: Option<Timestamp>,
    /// Byte ranges of its sentences: the values of the fixed lines first, then the body's.
    pub sentences: Vec<Span>,
}

impl BriefSource {
    /// Cuts a snapshot into its citable sentences.
    pub fn of(snapshot: &Snapshot, article: ArticleId, kind: SourceKind) -> Self {
        let fixed = ["Title", "Author", "Date", "URL"]
            .into_iter()
            .filter_map(|name| snapshot.fixed_line(name))
            .map(|(start, end)| Span { start, end });
        let body = sentences(snapshot.body())
            .into_iter()
            .map(|s| Span { start: s.start + snapshot.body_start, end: s.end + snapshot.body_start });
        Self {
            snapshot: snapshot.id.clone(),
            article,
            title: snapshot.title.clone().unwrap_or_else(|| snapshot.url.clone()),
            url: snapshot.url.clone(),
            kind,
            publisher: snapshot.publisher.clone(),
            published: snapshot.published,
            sentences: fixed.chain(body).collect(),
        }
    }

    /// The byte ranges of the body's sentences, without the fixed lines.
    pub fn body_sentences<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = Span> + 'a {
        self.sentences.iter().copied().filter(|s| s.start >= snapshot.body_start)
    }
}

/// A post of the site that an article may link to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedPost {
    /// Its title.
    pub title: String,
    /// Its path on the site, as Hugo gives it (`/posts/x/`).
    pub url: String,
    /// Its description, where it has one.
    pub description: Option<String>,
}

/// What an article is to be written from. Its id is a hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The article it is for.
    pub article: ArticleId,
    /// The form to write in.
    pub template: Template,
    /// What it is about, in a few words.
    pub topic: String,
    /// The primary keyword, lower case.
    pub keyword: String,
    /// Secondary keywords, lower case.
    pub secondary: Vec<String>,
    /// BCP 47 language to write in.
    pub language: String,
    /// The snapshots, best first; one section each in a digest.
    pub sources: Vec<BriefSource>,
    /// Posts of the site that fit.
    pub related: Vec<RelatedPost>,
    /// The site's tags, from which the draft's are taken; empty means that any plain word will do.
    pub vocabulary: Vec<String>,
    /// The articles absorbed, for a digest.
    pub members: Vec<ArticleId>,
}

/// One sentence of a brief under the number a writer cites it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// Its number, from 1, through all sources.
    pub number: usize,
    /// Index of its source in [`Brief::sources`].
    pub source: usize,
    /// Its bytes in the source's snapshot.
    pub span: Span,
}

impl Brief {
    /// The brief's id.
    pub fn id(&self) -> BriefId {
        BriefId::of_content(self)
    }

    /// All citable sentences, numbered from 1 through all sources.
    pub fn numbered(&self) -> impl Iterator<Item = Numbered> + '_ {
        self.sources
            .iter()
            .enumerate()
            .flat_map(|(source, s)| s.sentences.iter().map(move |span| (source, *span)))
            .enumerate()
            .map(|(i, (source, span))| Numbered { number: i + 1, source, span })
    }
}

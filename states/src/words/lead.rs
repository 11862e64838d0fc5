//! A lead: one URL, at one generation, found at a source.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ArticleId, SiteName, SnapshotId, SourceName};

/// Who speaks at a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Who did it: the project's own releases or blog.
    Primary,
    /// Who wrote about it.
    #[default]
    Report,
}

/// Where an article begins: what its id is a hash of, together with the site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A URL at one generation; the next generation is the same URL, changed.
    Url {
        /// The lexically canonical URL.
        canonical: String,
        /// 0 for the first sight, counted up when the entry changes.
        generation: u32,
    },
    /// A post that the site has, which no article here made: known, so that what retells it is.
    Post {
        /// Its path in the repository.
        path: String,
    },
    /// A digest made for one slot of a site's schedule.
    Digest {
        /// The template it is written to.
        template: super::brief::Template,
        /// The schedule slot, as an RFC 3339 time.
        slot: Timestamp,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { canonical, generation } => write!(f, "url:{canonical}#{generation}"),
            Self::Post { path } => write!(f, "post:{path}"),
            Self::Digest { template, slot } => write!(f, "digest:{template}:{slot}"),
        }
    }
}

/// One URL, at one generation, found at a source, for one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// The site it is for.
    pub site: SiteName,
    /// Where it was found.
    pub source: SourceName,
    /// Who speaks there.
    pub kind: SourceKind,
    /// The URL as it was found: `http`, `https`, or `file` for a folder of files.
    pub url: String,
    /// The lexically canonical URL.
    pub canonical: String,
    /// 0 for the first sight.
    pub generation: u32,
    /// The title the source gave, as plain text.
    pub title: Option<String>,
    /// When the source says it was published.
    pub published: Option<Timestamp>,
    /// When it was found.
    pub found_at: Timestamp,
    /// Added by a person: skips the threshold, not the gate.
    pub forced: bool,
    /// The full text where the source carried it; used when the page cannot be had.
    pub carried: Option<SnapshotId>,
}

impl Lead {
    /// What the article's id is a hash of.
    pub fn origin(&self) -> Origin {
        Origin::Url { canonical: self.canonical.clone(), generation: self.generation }
    }

    /// The article this lead begins.
    pub fn article_id(&self) -> ArticleId {
        ArticleId::of(&self.site, &self.origin())
    }
}

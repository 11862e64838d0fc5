//! Names of things. Every id is a hash of what it names, so that the same input gives the same id everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hash::sha256_of;
use super::lead::Origin;

/// Why a name or id that came from outside cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// Not hexadecimal of the right length.
    #[error("`{0}` is not an id: {1} lower-case hexadecimal digits are expected")]
    NotHex(String, usize),
    /// Not a short lower-case name.
    #[error("`{0}` is not a name: 1 to 40 of a-z, 0-9, `-` and `_` are expected, a letter or digit first")]
    NotName(String),
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as hexadecimal.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The first eight digits: what people see and type.
            pub fn short(&self) -> &str {
                &self.0[..8]
            }

            #[allow(dead_code, reason = "not every id is made from a digest here")]
            fn cut(mut digest: String) -> Self {
                digest.truncate($len);
                Self(digest)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let good = text.len() == $len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if good { Ok(Self(text.to_owned())) } else { Err(BadId::NotHex(text.to_owned(), $len)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9');
                let good = (1..=40).contains(&text.len())
                    && plain(text.as_bytes()[0])
                    && text.bytes().all(|b| plain(b) || matches!(b, b'-' | b'_'));
                if good { Ok(Self(text.to_owned())) } else { Err(BadId::NotName(text.to_owned())) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

hex_id!(
    /// An article: the unit that the machine advances. Hash of site and origin.
    ArticleId, 32
);
hex_id!(
    /// A story: what articles are about. It has the id of its first article.
    StoryId, 32
);
hex_id!(
    /// A snapshot: hash of its text and of the extractor's version.
    SnapshotId, 32
);
hex_id!(
    /// A brief: hash of its content.
    BriefId, 32
);
hex_id!(
    /// A draft: hash of its content.
    DraftId, 32
);
hex_id!(
    /// A gate report: hash of its content.
    ReportId, 32
);
hex_id!(
    /// A run: hash of its slot and of the sites it serves.
    RunId, 32
);
hex_id!(
    /// What a model is asked, before it is known whom to ask: hash of task, prompt version, inputs, schema and parameters.
    RequestKey, 64
);
hex_id!(
    /// The exact bytes of a page: hash over the paths and contents of all its files.
    BytesHash, 64
);
name!(
    /// A site as it is named in the configuration.
    SiteName
);
name!(
    /// A source as it is named in the configuration.
    SourceName
);
name!(
    /// A worker as it is named in the configuration.
    WorkerName
);

impl ArticleId {
    /// The article that tells `origin` on `site`.
    pub fn of(site: &SiteName, origin: &Origin) -> Self {
        Self::cut(sha256_of("article", &[site.as_str().as_bytes(), origin.to_string().as_bytes()]))
    }
}

impl StoryId {
    /// The story that begins with `first`.
    pub fn of(first: &ArticleId) -> Self {
        Self(first.as_str().to_owned())
    }

    /// The article the story began with.
    pub fn first_article(&self) -> ArticleId {
        ArticleId(self.0.clone())
    }
}

impl SnapshotId {
    /// The snapshot with this text, made by this version of the extractor.
    pub fn of(text: &str, extractor: u32) -> Self {
        Self::cut(sha256_of("snapshot", &[text.as_bytes(), &extractor.to_le_bytes()]))
    }
}

impl RunId {
    /// The run of `slot` (a time, as text) for these sites.
    pub fn of(slot: &str, sites: &[SiteName]) -> Self {
        let mut parts = vec![slot.as_bytes()];
        parts.extend(sites.iter().map(|site| site.as_str().as_bytes()));
        Self::cut(sha256_of("run", &parts))
    }
}

impl RequestKey {
    /// The key of a request: every part that makes another question of it.
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(sha256_of("request", parts))
    }
}

impl BytesHash {
    /// The hash of a page's files, in the order of their paths.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut sorted: Vec<_> = files.into_iter().collect();
        sorted.sort_unstable();
        let parts: Vec<&[u8]> = sorted.iter().flat_map(|(path, bytes)| [path.as_bytes(), bytes]).collect();
        Self(sha256_of("page", &parts))
    }
}

/// Makes an id of anything that has one canonical JSON form. Struct fields keep their order and maps are sorted, so
/// equal values have equal ids.
macro_rules! content_id {
    ($id:ident, $kind:literal) => {
        impl $id {
            /// The id of this content.
            pub fn of_content<T: Serialize>(content: &T) -> Self {
                let json = serde_json::to_vec(content).unwrap_or_default();
                Self::cut(sha256_of($kind, &[&json]))
            }
        }
    };
}
content_id!(BriefId, "brief");
content_id!(DraftId, "draft");
content_id!(ReportId, "report");

/// One state machine: an article or a worker. Journal and outbox rows belong to one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MachineId {
    /// An article's machine.
    Article(ArticleId),
    /// A worker's machine.
    Worker(WorkerName),
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Article(id) => write!(f, "article:{id}"),
            Self::Worker(name) => write!(f, "worker:{name}"),
        }
    }
}

impl TryFrom<String> for MachineId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        match text.split_once(':') {
            Some(("article", id)) => Ok(Self::Article(id.parse()?)),
            Some(("worker", name)) => Ok(Self::Worker(name.parse()?)),
            _ => Err(BadId::NotName(text)),
        }
    }
}

impl From<MachineId> for String {
    fn from(id: MachineId) -> String {
        id.to_string()
    }
}

impl FromStr for MachineId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        text.to_owned().try_into()
    }
}

/// One effect of one transition: `machine/sequence/n`. The key under which the effect runs at least once and counts once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectKey(String);

impl EffectKey {
    /// The key of the `n`-th effect of the transition `seq` of `machine`.
    pub fn new(machine: &MachineId, seq: u64, n: usize) -> Self {
        Self(format!("{machine}/{seq}/{n}"))
    }

    /// A key as it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_from_outside_are_checked() {
        assert!("../etc".parse::<ArticleId>().is_err());
        assert!("Site".parse::<SiteName>().is_err());
        assert!("-x".parse::<SiteName>().is_err());
        assert_eq!("my-site_2".parse::<SiteName>().map(|s| s.to_string()), Ok("my-site_2".to_owned()));
    }

    #[test]
    fn a_page_hash_does_not_depend_on_the_order_of_files() {
        let a = BytesHash::of([("a", b"1".as_slice()), ("b", b"2".as_slice())]);
        let b = BytesHash::of([("b", b"2".as_slice()), ("a", b"1".as_slice())]);
        assert_eq!(a, b);
        assert_ne!(a, BytesHash::of([("a", b"2".as_slice()), ("b", b"1".as_slice())]));
    }

    #[test]
    fn machine_ids_survive_being_text() {
        let id = MachineId::Worker("box".parse().unwrap());
        assert_eq!(id.to_string().parse::<MachineId>(), Ok(id));
    }
}

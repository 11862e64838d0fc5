//! What a source is: its kind, and where it is.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::github::GithubSource;
use crate::hackernews::HackernewsSource;
use crate::polite::Asked;
use crate::reddit::RedditSource;
use crate::sitemap::SitemapSource;

/// Where leads come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceSpec {
    /// An RSS, Atom or JSON feed.
    Feed {
        /// Its address.
        url: String,
    },
    /// A folder of `.md`, `.txt` and `.html` files.
    Files {
        /// Its path, relative to the configuration's folder.
        path: PathBuf,
    },
    /// A page with links. All selectors are CSS selectors; those beside `item` look inside an item.
    Listing {
        /// Its address.
        url: String,
        /// What matches one item.
        item: String,
        /// What matches the item's link; the first link where it is not given.
        #[serde(default)]
        link: Option<String>,
        /// What matches the item's title; the link's text where it is not given.
        #[serde(default)]
        title: Option<String>,
        /// What matches the item's date.
        #[serde(default)]
        date: Option<String>,
    },
    /// The releases of a repository at GitHub.
    Github(GithubSource),
    /// Stories of Hacker News.
    Hackernews(HackernewsSource),
    /// Posts of a subreddit.
    Reddit(RedditSource),
    /// The pages that a site names in its sitemap.
    Sitemap(SitemapSource),
}

impl SourceSpec {
    /// What its address is to the host.
    pub(crate) fn asked_as(&self) -> Asked {
        match self {
            Self::Github(_) | Self::Hackernews(_) | Self::Reddit(_) => Asked::Interface,
            Self::Feed { .. } | Self::Files { .. } | Self::Listing { .. } | Self::Sitemap(_) => Asked::Page,
        }
    }

    /// Checks what can be checked without asking anyone.
    ///
    /// # Errors
    /// What is wrong, with what is expected.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Github(source) => source.check(),
            Self::Hackernews(source) => source.check(),
            Self::Reddit(source) => source.check(),
            Self::Sitemap(source) => source.check(),
            Self::Feed { .. } | Self::Files { .. } | Self::Listing { .. } => Ok(()),
        }
    }
}

/// A token and the name of the environment variable that it was read from. Its `Debug` shows the name only.
#[derive(Debug, Clone)]
pub struct Token {
    variable: String,
    secret: SecretString,
}

impl Token {
    /// A token that was read from a variable.
    pub fn new(variable: &str, secret: String) -> Self {
        Self { variable: variable.to_owned(), secret: SecretString::from(secret) }
    }

    /// The variable that it was read from.
    pub(crate) fn variable(&self) -> &str {
        &self.variable
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.secret
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.variable == other.variable && self.secret.expose_secret() == other.secret.expose_secret()
    }
}

impl Eq for Token {}

//! What a source is: its kind, and where it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
}

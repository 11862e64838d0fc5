//! Pure verdicts over a draft, its brief, the site's inventory and Hugo's output.
//!
//! This crate knows no clock, network, file or SQL: everything it judges by is an argument. Each layer gives a
//! [`LayerReport`](states::words::LayerReport); [`states::words::Report`] folds them. Form, coverage, evidence and Hugo ask
//! for a revision; only the judge, and a page that was published before, reject. A layer that could not run says so.

pub mod settings;

pub mod inventory;

pub mod page;

pub mod rules;

pub mod evidence;

pub mod judge;

pub mod revision;

mod markdown;

pub mod text;

pub mod lint;

pub mod nesting;

pub mod orders;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use states::words::{Brief, Draft, PageFile, Snapshots, Timestamp};

pub use evidence::evidence;
pub use markdown::markdown;
pub use rules::coverage::coverage;
pub use rules::form::form;
pub use rules::hugo::{BuiltPage, HugoOutcome, hugo, references};
pub use rules::once::{PublishedBefore, once};
pub use rules::safety::{is_hidden, leads_up};

use inventory::Inventory;
use settings::Settings;

/// The names of the site's front matter keys, and what else its pages may carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FrontKeys {
    /// The key of the title.
    pub title: String,
    /// The key of the description; empty where the site has none.
    pub description: String,
    /// The key of the summary; it may be missing. Empty where the site has none.
    pub summary: String,
    /// The key of the date.
    pub date: String,
    /// The key of the tags; empty where the site has none.
    pub tags: String,
    /// Other keys that a page may carry, with any value. Everything else is refused.
    pub allowed: Vec<String>,
    /// Keys that every page carries with exactly this value.
    pub constants: BTreeMap<String, Value>,
}

impl Default for FrontKeys {
    fn default() -> Self {
        Self {
            title: "title".into(),
            description: "description".into(),
            summary: "summary".into(),
            date: "date".into(),
            tags: "tags".into(),
            allowed: ["slug", "draft", "lastmod", "author", "categories", "keywords"].map(str::to_owned).to_vec(),
            constants: BTreeMap::new(),
        }
    }
}

/// What is judged, and everything it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The article as data.
    pub draft: &'a Draft,
    /// What it was written from.
    pub brief: &'a Brief,
    /// The texts it was written from.
    pub snapshots: &'a Snapshots,
    /// The page as it would lie in the repository; the first `.md` is the page itself.
    pub files: &'a [PageFile],
    /// What the site has.
    pub inventory: &'a Inventory,
    /// The site's settings for the gate.
    pub settings: &'a Settings,
    /// The site's front matter keys.
    pub keys: &'a FrontKeys,
    /// The time at which it is judged.
    pub now: Timestamp,
}

impl Subject<'_> {
    /// The file that is the page: the first `.md`.
    pub fn page_file(&self) -> Option<&PageFile> {
        self.files.iter().find(|file| file.path.ends_with(".md"))
    }
}

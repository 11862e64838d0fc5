//! How a draft becomes the files of a page on a site, and how a site's own way of writing pages is found out.
//!
//! Everything here is pure over its arguments but [`detect()`], which reads a checked-out site. Text that came from
//! outside enters a page as escaped text or as a serialised value, never as Markdown, HTML, a shortcode, a path or a key.

mod settings;
pub use settings::{DateForm, FrontFormat, FrontKeys, SitePage};

mod slug;
pub use slug::slug_for;

mod render;
pub use render::render;

pub mod detect;
pub use detect::{Detected, HugoInfo, detect, is_same_hugo, wanted_hugo};

pub mod front;
pub mod path;
pub mod text;

mod evidence;

#[cfg(test)]
mod tests;

/// Why a page cannot be rendered. None of these passes by trying again: the settings or the draft must change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// A setting of `[site.page]` cannot be used.
    #[error("site.page.{key}: {problem}")]
    Setting {
        /// The key below `[site.page]`.
        key: String,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// The page's slug is not one that the program makes.
    #[error("`{0}` is not a slug: 1 to 80 of a-z, 0-9 and `-` are expected, a letter or digit first and last")]
    Slug(String),
    /// The path would leave the content folder.
    #[error("the page would be written to `{0}`, which is not inside the content folder: change site.page.path")]
    Outside(String),
    /// A sentence cites a snapshot that was not given.
    #[error("the draft cites the snapshot {0}, which is neither in the brief nor among the snapshots")]
    UnknownSource(String),
    /// The front matter does not read back as it was meant.
    #[error("the front matter cannot be written as {format}: {problem}")]
    FrontMatter {
        /// The format that was asked for.
        format: FrontFormat,
        /// What went wrong.
        problem: String,
    },
}

impl PageError {
    fn setting(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting { key: key.into(), problem: problem.into() }
    }
}

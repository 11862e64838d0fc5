//! A page: the exact files that a draft becomes on a site.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What names a page on its site. Decided with the draft and stored, so that rendering again gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageIdentity {
    /// Lower-case words joined by `-`, at most 60 characters.
    pub slug: String,
    /// The date that enters the page, the branch and the commit.
    pub dated: Timestamp,
}

/// One file of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFile {
    /// Path inside the repository, `/`-separated, without `.` or `..`.
    pub path: String,
    /// Its content. Pages are text.
    pub text: String,
}

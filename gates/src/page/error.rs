//! Why a page cannot be read, and where.

use super::MAX_NESTING;

/// Why a page cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Larger than a page may be.
    #[error("the page has {bytes} bytes; at most {most} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        most: usize,
    },
    /// No `---`, `+++` or `{` on the first line.
    #[error("there is no front matter; a page begins with `---` (YAML), `+++` (TOML) or `{{` (JSON)")]
    NoFrontMatter,
    /// The front matter does not end.
    #[error("the front matter that `{0}` begins does not end; close it with a line `{0}`")]
    Unclosed(&'static str),
    /// The front matter is not what its delimiters say.
    #[error("the front matter is not valid {format}: {message}")]
    BadFrontMatter {
        /// `YAML`, `TOML` or `JSON`.
        format: &'static str,
        /// What the parser says.
        message: String,
        /// The line and column in the page, from 1, where the parser names one.
        at: Option<(usize, usize)>,
    },
    /// Nested deeper than any page needs.
    #[error("line {line} is nested more than {MAX_NESTING} levels deep")]
    TooDeep {
        /// The line, from 1.
        line: usize,
    },
}

impl PageError {
    /// The line and column where it can be mended, from 1.
    pub fn line_column(&self) -> (usize, usize) {
        match self {
            Self::BadFrontMatter { at: Some(at), .. } => *at,
            Self::TooDeep { line } => (*line, 1),
            Self::TooLarge { .. } | Self::NoFrontMatter | Self::Unclosed(_) | Self::BadFrontMatter { at: None, .. } => {
                (1, 1)
            }
        }
    }
}

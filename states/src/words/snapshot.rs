//! A snapshot: the archived text of one page, feed entry, API answer or file. Evidence points into it by byte range.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::draft::Cite;
use super::ids::SnapshotId;

/// Immutable text with what was read beside it.
///
/// The text opens with fixed lines (`Title: `, `Author: `, `Date: `, `URL: `, each only where known, then an empty line),
/// so that a title, an author, a date and an address can be cited like any other sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Hash of `text` and `extractor`.
    pub id: SnapshotId,
    /// Fixed lines, an empty line, and the main text: paragraphs separated by empty lines, Markdown-like headings, lists
    /// and fenced code.
    pub text: String,
    /// The version of the extractor that made it.
    pub extractor: u32,
    /// Byte offset in `text` where the main text begins.
    pub body_start: usize,
    /// Where it was read from, after redirects.
    pub url: String,
    /// Its title, as plain text on one line.
    pub title: Option<String>,
    /// Its author, as plain text on one line.
    pub author: Option<String>,
    /// When its publisher says it was published.
    pub published: Option<Timestamp>,
    /// The name of the publication.
    pub publisher: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// True when the text is what a feed carried, because the page could not be had.
    pub from_feed: bool,
}

impl Snapshot {
    /// Puts the fixed lines before the body and names the result.
    #[allow(clippy::too_many_arguments, reason = "one value per fixed line; a builder would only repeat the struct")]
    pub fn compose(
        body: &str,
        extractor: u32,
        url: &str,
        title: Option<String>,
        author: Option<String>,
        published: Option<Timestamp>,
        publisher: Option<String>,
        language: Option<String>,
        fetched_at: Timestamp,
        from_feed: bool,
    ) -> Self {
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = title.map(one_line).filter(|t| !t.is_empty());
        let author = author.map(one_line).filter(|a| !a.is_empty());
        let mut text = String::with_capacity(body.len() + 256);
        for (name, value) in [
            ("Title", title.clone()),
            ("Author", author.clone()),
            ("Date", published.map(|at| at.strftime("%Y-%m-%d").to_string())),
            ("URL", Some(url.to_owned())),
        ] {
            if let Some(value) = value {
                text.push_str(name);
                text.push_str(": ");
                text.push_str(&value);
                text.push('\n');
            }
        }
        text.push('\n');
        let body_start = text.len();
        text.push_str(body.trim());
        text.push('\n');
        Self {
            id: SnapshotId::of(&text, extractor),
            text,
            extractor,
            body_start,
            url: url.to_owned(),
            title,
            author,
            published,
            publisher,
            language,
            fetched_at,
            from_feed,
        }
    }

    /// The main text, without the fixed lines.
    pub fn body(&self) -> &str {
        self.text.get(self.body_start..).unwrap_or_default()
    }

    /// The bytes of the value of a fixed line (`Title`, `Author`, `Date`, `URL`).
    pub fn fixed_line(&self, name: &str) -> Option<(usize, usize)> {
        let mut at = 0;
        for line in self.text.get(..self.body_start)?.split_inclusive('\n') {
            if let Some(value) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")) {
                let start = at + line.len() - value.len();
                return Some((start, start + value.trim_end().len()));
            }
            at += line.len();
        }
        None
    }
}

/// The snapshots a brief is made from, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Snapshots(pub BTreeMap<SnapshotId, Snapshot>);

impl Snapshots {
    /// The snapshot with this id.
    pub fn get(&self, id: &SnapshotId) -> Option<&Snapshot> {
        self.0.get(id)
    }

    /// The cited text, or `None` where the range does not lie in the snapshot.
    pub fn cited(&self, cite: &Cite) -> Option<&str> {
        self.get(&cite.snapshot)?.text.get(cite.start..cite.end)
    }

    /// Adds one.
    pub fn insert(&mut self, snapshot: Snapshot) {
        self.0.insert(snapshot.id.clone(), snapshot);
    }
}

impl FromIterator<Snapshot> for Snapshots {
    fn from_iter<I: IntoIterator<Item = Snapshot>>(iter: I) -> Self {
        Self(iter.into_iter().map(|s| (s.id.clone(), s)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_lines_can_be_cited() {
        let snapshot = Snapshot::compose(
            "Body text.",
            1,
            "https://example.org/a",
            Some("A  title\nin two lines".into()),
            None,
            Some("2026-03-01T10:00:00Z".parse().unwrap()),
            None,
            None,
            Timestamp::UNIX_EPOCH,
            false,
        );
        assert_eq!(
            snapshot.text,
            "Title: A title in two lines\nDate: 2026-03-01\nURL: https://example.org/a\n\nBody text.\n"
        );
        assert_eq!(snapshot.body(), "Body text.\n");
        let (start, end) = snapshot.fixed_line("Date").unwrap();
        assert_eq!(&snapshot.text[start..end], "2026-03-01");
        assert_eq!(snapshot.fixed_line("Author"), None);
    }
}

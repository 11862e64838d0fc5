//! A folder of files as a source: what a person drops in, and the built-in samples.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use crate::extract::{ExtractError, Extracted, extract, fragment_text, one_line};
use crate::source::{Entry, SourceError};
use crate::{dates, plain};

/// Largest file that is read.
const MAX_FILE: u64 = 2 * 1024 * 1024;

/// Most files of one folder.
const MAX_FILES: usize = 2_000;

/// Deepest folder below the source's own.
const MAX_DEPTH: usize = 8;

/// Longest front matter.
const MAX_FRONT: usize = 16 * 1024;

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileError {
    /// Nothing is there.
    #[error("there is no such file")]
    Gone,
    /// It is not one that may be read.
    #[error("{0}")]
    Refused(String),
    /// The disk says no.
    #[error("{0}")]
    Failed(String),
}

/// Reads the entries of a folder, in the order of their paths, and notes about what was left out.
///
/// # Errors
/// [`SourceError::Folder`] where the folder cannot be read.
pub(crate) fn read_folder(
    base_dir: &Path,
    path: &Path,
    now: Timestamp,
) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let folder = base_dir.join(path);
    let failed = |why: String| SourceError::Folder { path: folder.clone(), why };
    let root = folder.canonicalize().map_err(|error| failed(format!("{error}; create it, or correct `path`")))?;
    if !root.is_dir() {
        return Err(failed("this is a file; name the folder it stands in".to_owned()));
    }
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    walk(&root, &root, 0, &mut found, &mut notes).map_err(|error| failed(error.to_string()))?;
    found.sort();
    if found.len() > MAX_FILES {
        notes.push(format!("{} files beyond the first {MAX_FILES} are left out.", found.len() - MAX_FILES));
        found.truncate(MAX_FILES);
    }
    let mut entries = Vec::new();
    for file in found {
        let Some(name) = url_path(path, file.strip_prefix(&root).unwrap_or(&file)) else {
            notes.push(format!("{} is left out: its name is not UTF-8 text.", file.display()));
            continue;
        };
        match read_file(&file) {
            Ok(read) => entries.extend(read.entry(&format!("file:{name}"), now)),
            Err(error) => notes.push(format!("{name} is left out: {error}.")),
        }
    }
    Ok((entries, notes))
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    found: &mut Vec<PathBuf>,
    notes: &mut Vec<String>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        // A link may point anywhere; what it points to counts, and must lie inside.
        let Ok(real) = path.canonicalize() else { continue };
        if !real.starts_with(root) {
            notes.push(format!("{} is left out: it is a link out of the folder.", path.display()));
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < MAX_DEPTH {
            walk(root, &path, depth + 1, found, notes)?;
        } else if real.is_file() && format_of(&path).is_some() && found.len() <= MAX_FILES {
            found.push(path);
        }
    }
    Ok(())
}

/// The path of a file as it stands in its URL: `/`-separated, from the configuration's folder.
fn url_path(source: &Path, file: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for component in source.components().chain(file.components()) {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::RootDir => parts.push(""),
            Component::ParentDir => parts.push(".."),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Some(parts.join("/"))
}

/// What kind of text a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Markdown,
    Text,
    Html,
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "md" | "markdown" => Some(Format::Markdown),
        "txt" => Some(Format::Text),
        "html" | "htm" => Some(Format::Html),
        _ => None,
    }
}

/// What was read from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReadFile {
    /// The address its front matter gives, where it is http or https.
    pub(crate) url: Option<String>,
    /// Text and metadata.
    pub(crate) page: Extracted,
    summary: Option<String>,
    updated: Option<Timestamp>,
}

impl ReadFile {
    fn entry(self, file_url: &str, now: Timestamp) -> Option<Entry> {
        Entry {
            url: self.url.unwrap_or_else(|| file_url.to_owned()),
            title: self.page.title,
            author: self.page.author,
            published: self.page.published.and_then(|at| dates::believable(at, now)),
            updated: self.updated.and_then(|at| dates::believable(at, now)),
            full_text: Some(self.page.body).filter(|body| !body.is_empty()),
            summary: self.summary,
            ..Entry::default()
        }
        .named()
    }
}

/// Reads the file of a `file:` URL. The path is relative to `base_dir` and must lead to a file inside it.
pub(crate) fn read_url(base_dir: &Path, url: &str) -> Result<ReadFile, FileError> {
    let path = url.strip_prefix("file:").ok_or_else(|| FileError::Refused("it is not a file: URL".to_owned()))?;
    let root =
        base_dir.canonicalize().map_err(|error| FileError::Failed(format!("{}: {error}", base_dir.display())))?;
    let real = match base_dir.join(path).canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FileError::Gone),
        Err(error) => return Err(FileError::Failed(error.to_string())),
    };
    if !real.starts_with(&root) {
        return Err(FileError::Refused("it lies outside the folder".to_owned()));
    }
    read_file(&real)
}

fn read_file(path: &Path) -> Result<ReadFile, FileError> {
    let format = format_of(path).ok_or_else(|| FileError::Refused("it is not a .md, .txt or .html file".to_owned()))?;
    let failed = |error: std::io::Error| FileError::Failed(error.to_string());
    let file = fs::File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(FileError::Refused("it is not a plain file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(FileError::Refused(format!("it is larger than {MAX_FILE} bytes")));
    }
    read_text(&crate::charset::decode(&bytes, None), format).map_err(|error| FileError::Refused(error.to_string()))
}

fn read_text(text: &str, format: Format) -> Result<ReadFile, ExtractError> {
    let (front, rest) = front_matter(text);
    let mut page = match format {
        Format::Html => extract(rest, "https://file.invalid/")?,
        Format::Markdown => Extracted { body: text_of_markdown(rest)?, ..Extracted::default() },
        Format::Text => Extracted { body: paragraphs(rest), ..Extracted::default() },
    };
    page.rel_canonical = None;
    let get = |key: &str| front.get(key).map(|value| plain::line_of(value, false)).filter(|value| !value.is_empty());
    let (heading, body) = split_heading(&page.body);
    if let Some(title) = get("title") {
        page.title = Some(title);
    } else if let Some(heading) = heading.filter(|_| page.title.is_none()) {
        page.title = Some(heading.to_owned());
        page.body = body.to_owned();
    }
    page.author = get("author").or(page.author);
    page.publisher = get("publisher").or(page.publisher);
    page.language = get("language").or(page.language);
    page.published = get("date").or_else(|| get("published")).and_then(|date| dates::parse(&date)).or(page.published);
    let url = get("url").filter(|url| {
        url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
    });
    let updated = get("updated").or_else(|| get("lastmod")).and_then(|date| dates::parse(&date));
    Ok(ReadFile { url, page, summary: get("summary").or_else(|| get("description")), updated })
}

/// The scalar values of YAML front matter, and what follows it. Front matter that cannot be read is left out of the text all
/// the same.
fn front_matter(text: &str) -> (BTreeMap<String, String>, &str) {
    let none = (BTreeMap::new(), text);
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else { return none };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if at > MAX_FRONT {
            return none;
        }
        if line.trim_end() == "---" {
            let values: BTreeMap<String, serde_json::Value> = serde_saphyr::from_str(&rest[..at]).unwrap_or_default();
            let scalars = values.into_iter().filter_map(|(key, value)| match value {
                serde_json::Value::String(text) => Some((key, text)),
                serde_json::Value::Number(number) => Some((key, number.to_string())),
                serde_json::Value::Array(list) => Some((key, list.first()?.as_str()?.to_owned())),
                _ => None,
            });
            return (scalars.collect(), &rest[at + line.len()..]);
        }
        at += line.len();
    }
    none
}

/// The text of Markdown in the snapshot's form.
///
/// # Errors
/// [`ExtractError::TooComplex`] for text that breaks a bound.
pub(crate) fn text_of_markdown(markdown: &str) -> Result<String, ExtractError> {
    fragment_text(&html_of(markdown))
}

fn html_of(markdown: &str) -> String {
    let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_STRIKETHROUGH;
    let mut html = String::with_capacity(markdown.len() * 3 / 2);
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new_ext(markdown, options));
    html
}

/// Paragraphs of plain text, each on one line.
pub(crate) fn paragraphs(text: &str) -> String {
    let mut out: Vec<String> = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(' ');
            last.push_str(line);
        }
    }
    let clean = out.iter().map(|p| one_line(p).trim_start_matches(['#', '`', '~']).trim_start().to_owned());
    clean.filter(|p| !p.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The text's first line where it is a heading, and what follows it.
fn split_heading(body: &str) -> (Option<&str>, &str) {
    let first = body.lines().next().unwrap_or_default();
    match first.strip_prefix("# ").or_else(|| first.strip_prefix("## ")) {
        Some(heading) => (Some(heading.trim()), body[first.len()..].trim_start()),
        None => (None, body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn files_give_entries_with_their_front_matter() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("leads/deep");
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            dir.path().join("leads/a.md"),
            "---\ntitle: \"A: first\"\nurl: https://example.org/a?utm_source=x\ndate: 2026-05-01\nauthor: [Ann, Ben]\n---\nSome\ntext with [a link](/x) and `code`.\n\n```rust\nlet a;\n```\n",
        )
        .unwrap();
        fs::write(folder.join("b.md"), "# Heading\n\n* one\n* two\n").unwrap();
        fs::write(dir.path().join("leads/c.txt"), "First line\nsame paragraph.\n\nSecond.").unwrap();
        fs::write(dir.path().join("leads/d.bin"), "no").unwrap();
        fs::write(dir.path().join("leads/.hidden.md"), "no").unwrap();
        let (entries, notes) = read_folder(dir.path(), Path::new("leads"), now()).unwrap();
        assert_eq!(notes, Vec::<String>::new());
        let seen: Vec<_> =
            entries.iter().map(|e| (e.url.as_str(), e.title.as_deref(), e.full_text.as_deref())).collect();
        assert_eq!(
            seen,
            [
                (
                    "https://example.org/a?utm_source=x",
                    Some("A: first"),
                    Some("Some text with a link and code.\n\n```rust\nlet a;\n```")
                ),
                ("file:leads/c.txt", None, Some("First line same paragraph.\n\nSecond.")),
                ("file:leads/deep/b.md", Some("Heading"), Some("- one\n- two")),
            ]
        );
        assert_eq!(entries[0].author.as_deref(), Some("Ann"));
        assert_eq!(entries[0].published.unwrap().to_string(), "2026-05-01T00:00:00Z");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_paths_do_not_lead_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        fs::write(dir.path().join("secret.txt"), "secret").unwrap();
        fs::write(dir.path().join("in/real.txt"), "real").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret.txt"), dir.path().join("in/link.txt")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("in/loop")).unwrap();
        let (entries, notes) = read_folder(dir.path(), Path::new("in"), now()).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(notes.len(), 2);
        let inside = dir.path().join("in");
        for url in ["file:../secret.txt", "file:link.txt", "file:/etc/passwd", "file:///etc/hostname"] {
            assert!(read_url(&inside, url).is_err(), "{url}");
        }
        assert_eq!(read_url(&inside, "file:none.txt"), Err(FileError::Gone));
        assert_eq!(read_url(&inside, "file:real.txt").unwrap().page.body, "real");
    }

    #[test]
    fn a_missing_folder_is_an_error_with_the_next_step() {
        let error = read_folder(Path::new("/nonexistent"), Path::new("x"), now()).unwrap_err();
        assert!(error.to_string().contains("create it"), "{error}");
    }
}

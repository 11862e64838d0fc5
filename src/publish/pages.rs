//! The pages that a commit's tree has: Markdown files of the content folder, read without a working copy.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ObjectType, Repository, Tree};

use super::PublishError;
use super::error::Trouble;
use super::export::is_file_name;

/// The most pages that are looked at of one site.
const MOST_PAGES: usize = 5_000;
/// A larger file is no page that people read.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Folders below folders.
const DEEPEST: usize = 24;

/// A page of a site as it stands in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePageText {
    /// Its path.
    pub path: String,
    /// The id of its bytes.
    pub blob: String,
    /// Its text, front matter included.
    pub text: String,
}

/// The Markdown pages below `folder` whose bytes are not those that `known` names, in the order of their paths.
pub(super) fn pages(
    repo: &Repository,
    tree: &Tree<'_>,
    folder: &str,
    known: &BTreeMap<String, String>,
) -> Result<Vec<SitePageText>, Trouble> {
    let mut found = Vec::new();
    let mut seen = 0;
    let Ok(entry) = tree.get_path(Path::new(folder)) else { return Ok(found) };
    let Ok(below) = entry.to_object(repo)?.into_tree() else { return Ok(found) };
    walk(repo, &below, folder, known, DEEPEST, &mut seen, &mut found)?;
    Ok(found)
}

fn walk(
    repo: &Repository,
    tree: &Tree<'_>,
    prefix: &str,
    known: &BTreeMap<String, String>,
    depth: usize,
    seen: &mut usize,
    found: &mut Vec<SitePageText>,
) -> Result<(), Trouble> {
    for entry in tree {
        let name = entry.name().unwrap_or_default();
        if !is_file_name(name) || *seen >= MOST_PAGES {
            continue;
        }
        let path = format!("{prefix}/{name}");
        match entry.kind() {
            Some(ObjectType::Tree) if depth > 0 => {
                let object = entry.to_object(repo)?;
                let Some(below) = object.as_tree() else { continue };
                walk(repo, below, &path, known, depth - 1, seen, found)?;
            }
            Some(ObjectType::Blob)
                if is_page(name) && matches!(entry.filemode(), 0o100_644 | 0o100_755 | 0o100_664) =>
            {
                *seen += 1;
                let blob = entry.id().to_string();
                if known.get(&path) == Some(&blob) {
                    continue;
                }
                let object = repo.find_blob(entry.id()).map_err(|why| PublishError::Bug(why.message().to_owned()))?;
                let text = std::str::from_utf8(object.content()).ok().filter(|text| text.len() <= MOST_BYTES);
                found.extend(text.map(|text| SitePageText { path, blob, text: text.to_owned() }));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A list page (`_index.md`) tells nothing of its own.
fn is_page(name: &str) -> bool {
    let name = name.to_lowercase();
    (name.ends_with(".md") || name.ends_with(".markdown")) && !name.starts_with("_index.")
}

/// The id of a file's bytes at a commit, as the clone in this folder has it: nothing is fetched. `None` where it does not.
pub fn blob_at(clone: &Path, commit: &str, path: &str) -> Option<String> {
    let repo = Repository::open_bare(clone).ok()?;
    let tree = repo.find_commit(git2::Oid::from_str(commit).ok()?).ok()?.tree().ok()?;
    Some(tree.get_path(Path::new(path)).ok()?.id().to_string())
}

/// The id that git gives a file's text.
pub fn blob_id(text: &str) -> Option<String> {
    git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).ok().map(|id| id.to_string())
}

//! Which files are checked: files, folders, standard input.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use gates::page::MAX_PAGE_BYTES;
use url::Url;

use super::super::Failure;

/// No folder is looked into deeper, and no more files are taken.
const MOST_DEPTH: usize = 64;
const MOST_FILES: usize = 100_000;
/// What of a file is read; a page that has more is refused by its size.
const PAGE: u64 = MAX_PAGE_BYTES as u64;

/// A file that was read.
pub(super) struct Text {
    /// What it is called where it is told of: as it was named.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its bytes, one more than a page may have at most.
    pub(super) bytes: Vec<u8>,
}

/// Reads what was named, each file once, in the order of the names; a folder's in the order of their paths. `stdin` is what
/// standard input is called.
pub(super) fn read(named: &[PathBuf], stdin: &Path) -> Result<Vec<Text>, Failure> {
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for path in named {
        if path.as_os_str() == "-" {
            if seen.insert(PathBuf::from("-")) {
                let bytes =
                    taken(std::io::stdin().lock(), PAGE).map_err(|e| unreadable(Path::new("standard input"), &e))?;
                texts.push(Text { name: stdin.to_string_lossy().into_owned(), path: stdin.to_owned(), bytes });
            }
            continue;
        }
        let files = if path.is_dir() { pages(path)? } else { vec![path.clone()] };
        // `./a.md` and `a.md` are one file.
        for file in files.into_iter().filter(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone()))) {
            let bytes = bounded(&file, PAGE).map_err(|e| unreadable(&file, &e))?;
            texts.push(Text { name: file.to_string_lossy().into_owned(), path: file, bytes });
        }
    }
    Ok(texts)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be read: {error}", path.display()))
}

/// A file's bytes, at most one more than `most`: that it is too large is all that is said of what is longer.
pub(super) fn bounded(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    taken(std::fs::File::open(path)?, most)
}

fn taken(from: impl std::io::Read, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The pages of a folder. `_index.md` is a list of pages, none itself.
fn pages(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = under(folder, &["md"])?;
    found.retain(|path| path.file_name().is_none_or(|name| name != "_index.md"));
    if found.is_empty() {
        return Err(Failure::usage(format!("no `.md` file lies in {}", folder.display())));
    }
    Ok(found)
}

/// The files with such endings in a folder and those in it, sorted. Links to folders are not followed, hidden ones and
/// `node_modules` not looked into.
pub(super) fn under(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|e| unreadable(&folder, &e))? {
            let entry = entry.map_err(|e| unreadable(&folder, &e))?;
            let (path, name) = (entry.path(), entry.file_name());
            let passed_over = name.to_string_lossy().starts_with('.') || name == "node_modules";
            let kind = entry.file_type().map_err(|e| unreadable(&path, &e))?;
            let ending = path.extension().and_then(|ending| ending.to_str());
            if kind.is_dir() && !passed_over && depth < MOST_DEPTH {
                open.push((path, depth + 1));
            } else if ending.is_some_and(|ending| endings.contains(&ending)) && path.is_file() {
                found.push(path);
            }
            if found.len() > MOST_FILES {
                return Err(Failure::usage(format!("more than {MOST_FILES} files; name fewer folders")));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The path of a file inside a folder, `/`-separated, as an inventory names it.
pub(super) fn inside(file: &Path, folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    // What comes from standard input may not exist as a file; it is called by its path in the site then.
    let Ok(file) = file.canonicalize() else { return file.is_relative().then(|| slashed(file)) };
    file.strip_prefix(folder).ok().map(slashed)
}

fn slashed(path: &Path) -> String {
    let parts = path.components().filter(|part| !matches!(part, std::path::Component::CurDir));
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The address of a folder, with a slash at its end.
pub(super) fn folder_uri(folder: &Path) -> Result<Url, Failure> {
    Url::from_directory_path(folder).map_err(|()| Failure::software(format!("{} has no address", folder.display())))
}

/// A file as an URI reference: relative to the folder at `root` where it lies in it, else absolute.
pub(super) fn uri(path: &Path, folder: &Path, root: &Url) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| folder.join(path));
    let Ok(file) = Url::from_file_path(&absolute) else { return slashed(path) };
    match root.make_relative(&file) {
        // A colon before the first slash would make a scheme of the name.
        Some(relative) if absolute.starts_with(folder) => relative.replace(':', "%3A"),
        _ => file.to_string(),
    }
}

//! Reading a folder that a stranger filled: bounded, and without following links.

use std::path::Path;

const MOST_ENTRIES: usize = 20_000;
const DEEPEST: usize = 10;
const LARGEST: u64 = 512 * 1024;

/// The files below a folder whose names satisfy `wanted`, as `/`-separated paths relative to `root`, sorted.
pub(super) fn files(root: &Path, below: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = MOST_ENTRIES;
    let mut open = vec![(below.trim_matches('/').to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if !is_plain_folder(root, &folder) {
            continue;
        }
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
        let mut names: Vec<(String, bool)> = entries
            .flatten()
            .filter_map(|entry| {
                let kind = entry.file_type().ok()?;
                let name = entry.file_name().into_string().ok()?;
                (kind.is_dir() || kind.is_file()).then_some((name, kind.is_dir()))
            })
            .collect();
        names.sort();
        for (name, is_dir) in names {
            if left == 0 {
                break;
            }
            left -= 1;
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if is_dir && depth < DEEPEST && !name.starts_with('.') {
                open.push((path, depth + 1));
            } else if !is_dir && wanted(&name) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a plain file, where it is one and not too large.
pub(super) fn text(root: &Path, path: &str) -> Option<String> {
    let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
    if !is_plain_folder(root, folder) {
        return None;
    }
    let full = root.join(path);
    let meta = std::fs::symlink_metadata(&full).ok()?;
    if !meta.is_file() || meta.len() > LARGEST {
        return None;
    }
    std::fs::read_to_string(full).ok()
}

/// True when every step from `root` to a folder is a folder itself and not a link.
fn is_plain_folder(root: &Path, folder: &str) -> bool {
    let mut at = root.to_owned();
    folder.split('/').filter(|piece| !piece.is_empty()).all(|piece| {
        at.push(piece);
        !matches!(piece, "." | "..") && std::fs::symlink_metadata(&at).is_ok_and(|meta| meta.is_dir())
    })
}

//! A commit's tree as a folder: plain files only, nothing followed, nothing run.

use std::io::Write as _;
use std::path::Path;

use git2::{ObjectType, Repository, Tree};
use states::words::PageFile;

use super::PublishError;
use super::error::Trouble;

/// The most files and bytes that a site may have.
const MOST_FILES: usize = 200_000;
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// What an export wrote, and what it left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// How many files were written.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
    /// Paths that were left out: symbolic links, submodules, names that are no plain file names.
    pub skipped: Vec<String>,
}

pub(super) fn export(repo: &Repository, tree: Tree<'_>, dir: &Path) -> Result<Exported, Trouble> {
    let disk = |why: std::io::Error| PublishError::Disk(format!("{}: {why}", dir.display()));
    std::fs::create_dir_all(dir).map_err(disk)?;
    if std::fs::read_dir(dir).map_err(disk)?.next().is_some() {
        return Err(PublishError::Refused(format!("{} is not empty: export into a new folder", dir.display())).into());
    }
    let mut done = Exported::default();
    walk(repo, &tree, dir, "", &mut done)?;
    Ok(done)
}

fn walk(repo: &Repository, tree: &Tree<'_>, dir: &Path, prefix: &str, done: &mut Exported) -> Result<(), Trouble> {
    for entry in tree {
        let name = entry.name().unwrap_or_default();
        let path = format!("{prefix}{name}");
        let target = dir.join(name);
        let link = entry.filemode() == 0o120_000;
        match entry.kind() {
            _ if !is_file_name(name) || link => {
                done.skipped.push(if name.is_empty() { format!("{prefix}?") } else { path });
            }
            Some(ObjectType::Tree) => {
                std::fs::create_dir(&target).map_err(|why| PublishError::Disk(format!("{path}: {why}")))?;
                let object = entry.to_object(repo)?;
                let Some(below) = object.as_tree() else { continue };
                walk(repo, below, &target, &format!("{path}/"), done)?;
            }
            Some(ObjectType::Blob) => {
                let object = entry.to_object(repo)?;
                let Some(blob) = object.as_blob() else { continue };
                done.files += 1;
                done.bytes += blob.size() as u64;
                if done.files > MOST_FILES || done.bytes > MOST_BYTES {
                    return Err(PublishError::Refused(format!("the site is too large: at `{path}`")).into());
                }
                create(&target, blob.content()).map_err(|why| PublishError::Disk(format!("{path}: {why}")))?;
            }
            _ => done.skipped.push(path),
        }
    }
    Ok(())
}

/// Writes files into an exported folder, over what stands there, without following a link.
///
/// # Errors
/// [`PublishError::Refused`] for a path that leads elsewhere, [`PublishError::Disk`].
pub fn write_beside(dir: &Path, files: &[PageFile]) -> Result<(), PublishError> {
    for file in files {
        let disk = |why: std::io::Error| PublishError::Disk(format!("{}: {why}", file.path));
        let refuse = || PublishError::Refused(format!("`{}` does not lead to a file of the site", file.path));
        let pieces: Vec<&str> = file.path.split('/').collect();
        if !pieces.iter().all(|piece| is_file_name(piece)) {
            return Err(refuse());
        }
        let mut target = dir.to_owned();
        let Some((name, folders)) = pieces.split_last() else { return Err(refuse()) };
        for folder in folders {
            target.push(folder);
            match std::fs::symlink_metadata(&target) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Err(refuse()),
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                    std::fs::create_dir(&target).map_err(disk)?;
                }
                Err(why) => return Err(disk(why)),
            }
        }
        target.push(name);
        match std::fs::symlink_metadata(&target) {
            Ok(meta) if !meta.is_file() => return Err(refuse()),
            Ok(_) => std::fs::remove_file(&target).map_err(disk)?,
            Err(_) => {}
        }
        create(&target, file.text.as_bytes()).map_err(disk)?;
    }
    Ok(())
}

/// Creates a file that is not there yet; a link that stands there instead is an error.
fn create(path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::File::options().write(true).create_new(true).open(path)?.write_all(content)
}

/// True for a name that names a file in its folder, and is not git's own in any spelling that a file system takes for it.
pub(super) fn is_file_name(name: &str) -> bool {
    // HFS+ ignores some invisible characters, Windows trailing dots, spaces and what follows a colon.
    let seen: String = name
        .chars()
        .filter(
            |c| !matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'),
        )
        .collect::<String>()
        .to_lowercase();
    let bare = seen.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    !bare.is_empty()
        && !matches!(bare, ".git" | "." | "..")
        && !bare.starts_with("git~")
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_own_folder_is_known_in_every_spelling() {
        for name in [
            ".git",
            ".GIT",
            ".git ",
            ".git.",
            ".git::$INDEX_ALLOCATION",
            "git~1",
            "GIT~2",
            ".g\u{200c}it",
            "..",
            ".",
            "",
            "a/b",
            "a\\b",
            "a\0",
            "...",
            " ",
        ] {
            assert!(!is_file_name(name), "{name:?}");
        }
        for name in [".github", ".gitignore", "index.md", "_index.md", "git", "a b.md", "ä.md"] {
            assert!(is_file_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_link_in_the_folder_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("content")).unwrap();
        let file = |path: &str| [PageFile { path: path.into(), text: "x".into() }];
        assert!(matches!(write_beside(folder.path(), &file("content/a.md")), Err(PublishError::Refused(_))));
        assert!(matches!(write_beside(folder.path(), &file("../a.md")), Err(PublishError::Refused(_))));
        assert!(matches!(write_beside(folder.path(), &file("/a.md")), Err(PublishError::Refused(_))));
        assert!(std::fs::read_dir(outside.path()).unwrap().next().is_none());
        write_beside(folder.path(), &file("posts/a.md")).unwrap();
        write_beside(folder.path(), &file("posts/a.md")).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("posts/a.md")).unwrap(), "x");
    }
}

//! Copies of exported trees.

use std::path::{Component, Path};

/// Copies a tree. Links stay links; those that lead out of the tree are left out.
///
/// # Errors
/// What the disk says.
pub(super) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    below(from, to, 0)
}

/// Copies a folder that lies so deep in its tree.
fn below(from: &Path, to: &Path, depth: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            below(&entry.path(), &target, depth + 1)?;
        } else if kind.is_symlink() {
            let leads = std::fs::read_link(entry.path())?;
            if stays(&leads, depth) {
                std::os::unix::fs::symlink(leads, target)?;
            }
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Whether a link in a folder of this depth leads into its tree.
fn stays(leads: &Path, depth: usize) -> bool {
    let mut depth = Some(depth);
    for part in leads.components() {
        depth = match (depth, part) {
            (Some(depth), Component::Normal(_)) => Some(depth + 1),
            (Some(depth), Component::CurDir) => Some(depth),
            (Some(depth), Component::ParentDir) => depth.checked_sub(1),
            _ => None,
        };
    }
    // A path that leaves the tree on its way leaves it.
    depth.is_some()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_copied_as_links_and_none_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("a/b")).unwrap();
        std::fs::write(from.join("a/b/file"), "x").unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        for (name, leads) in
            [("a/folder", "b"), ("a/up", "../a/b/file"), ("loop", "."), ("gone", "nowhere"), ("out", "../secret")]
        {
            symlink(leads, from.join(name)).unwrap();
        }
        symlink("../../secret", from.join("a/out")).unwrap();
        symlink(folder.path().join("secret"), from.join("full")).unwrap();
        copy(&from, &to).unwrap();
        let leads = |name: &str| std::fs::read_link(to.join(name)).ok();
        assert_eq!(leads("a/folder").as_deref(), Some(Path::new("b")));
        assert_eq!(std::fs::read_to_string(to.join("a/up")).unwrap(), "x");
        assert!(leads("loop").is_some() && leads("gone").is_some());
        for out in ["out", "a/out", "full"] {
            assert!(std::fs::symlink_metadata(to.join(out)).is_err(), "{out}");
        }
    }
}

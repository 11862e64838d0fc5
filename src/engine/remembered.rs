//! What a folder's site has, remembered for as long as nothing in the folder changes: a site of a thousand posts takes
//! seconds to build and a fraction of one to look over.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use gates::inventory::Inventory;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use states::words::hash;

use super::inventory::survey;
use crate::hugo::{Hugo, HugoError};

/// Counted up when an inventory holds other things, or is read differently.
const FORM: u32 = 2;
/// A folder with more files is built each time.
const MOST_FILES: usize = 200_000;
/// The largest memory that is read, in bytes.
const MOST_BYTES: u64 = 256 << 20;
/// How many sites are remembered; the oldest is forgotten.
const MOST_SITES: usize = 16;
/// What git, Hugo and node make in a site's folder: it follows from what is looked at, unless the site says that it is read.
const MADE: [&str; 5] = ["public", "resources", "node_modules", ".git", ".hugo_build.lock"];

#[derive(Serialize, Deserialize)]
struct Remembered {
    /// What the folder looked like.
    seen: String,
    /// When it was built.
    at: Timestamp,
    /// When a post appears or goes without anybody's doing.
    until: Option<Timestamp>,
    inventory: Inventory,
}

/// What the site in a folder has at this time, as Hugo sees it. `tags` is the front matter key of its tags, `memory` is a folder in which answers are kept.
///
/// # Errors
/// [`HugoError`]. A memory that cannot be read or written is no error.
pub async fn inventory_of(
    hugo: &Hugo,
    folder: &Path,
    limit: Duration,
    now: Timestamp,
    tags: &str,
    memory: Option<&Path>,
) -> Result<Inventory, HugoError> {
    let seen = memory.and_then(|memory| Some((place(memory, folder), looks(hugo, folder, tags)?)));
    if let Some((place, looks)) = &seen
        && let Some(known) = recall(place, looks, now)
    {
        return Ok(known);
    }
    let work = tempfile::tempdir().map_err(|e| HugoError::Failed { message: e.to_string() })?;
    let site = survey(hugo, folder, &work.path().join("public"), limit, now, tags).await?;
    if let Some((place, looks)) = seen
        && hugo.reads_only(folder, &MADE).await
    {
        let changes = site.listed.iter().filter(|l| !l.draft).flat_map(|l| [l.shown.0, l.shown.1]).flatten();
        let until = changes.filter(|at| *at > now).min();
        remember(&place, &Remembered { seen: looks, at: now, until, inventory: site.inventory.clone() });
    }
    Ok(site.inventory)
}

/// Where answers are kept for this user: `XDG_CACHE_HOME`, else `.cache` in the home.
pub fn memory() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let caches = of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))?;
    caches.is_absolute().then(|| caches.join("pipeline").join("sites"))
}

fn place(memory: &Path, folder: &Path) -> PathBuf {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    memory.join(format!("{}.json", &hash::sha256_hex(full.as_os_str().as_encoded_bytes())[..24]))
}

fn recall(place: &Path, looks: &str, now: Timestamp) -> Option<Inventory> {
    let meta = std::fs::symlink_metadata(place).ok()?;
    if !meta.is_file() || meta.len() > MOST_BYTES {
        return None;
    }
    let known: Remembered = serde_json::from_slice(&std::fs::read(place).ok()?).ok()?;
    let timely = known.at <= now && known.until.is_none_or(|until| now < until);
    (known.seen == looks && timely).then_some(known.inventory)
}

/// Keeps an answer. Where that fails, the next call builds again.
fn remember(place: &Path, known: &Remembered) {
    let Some(folder) = place.parent() else { return };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix("making-").tempfile_in(folder)?;
        serde_json::to_writer(std::io::BufWriter::new(&mut file), known)?;
        file.persist(place)?;
        Ok(())
    };
    if let Err(why) = write() {
        tracing::debug!(%why, place = %place.display(), "what the site has is not remembered");
    }
    let mut all: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .filter(|(_, path)| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    all.sort();
    let many = all.len().saturating_sub(MOST_SITES);
    for (_, oldest) in all.into_iter().take(many) {
        let _ = std::fs::remove_file(oldest);
    }
}

/// One hash of the program, of the Hugo, how it is told to build, and of the names, sizes and times of all files that a build reads.
/// `None` where that cannot be told: a command may read anything, and links to folders lead anywhere.
fn looks(hugo: &Hugo, folder: &Path, tags: &str) -> Option<String> {
    if !hugo.build.command.is_empty() {
        return None;
    }
    let mut lines = vec![format!("{FORM} {} {tags:?} {:?}", env!("CARGO_PKG_VERSION"), hugo.build)];
    lines.push(line(&hugo.binary, &std::fs::metadata(&hugo.binary).ok()?)?);
    let program = std::env::current_exe().ok()?;
    lines.push(line(&program, &std::fs::metadata(&program).ok()?)?);
    let mut folders = vec![folder.to_owned()];
    folders.extend(hugo.build.themes.clone());
    let roots = folders.len();
    for n in 0.. {
        let Some(at) = folders.get(n).cloned() else { break };
        for entry in std::fs::read_dir(&at).ok()? {
            let entry = entry.ok()?;
            let kind = entry.file_type().ok()?;
            let name = entry.file_name();
            if n < roots && MADE.iter().any(|made| name == *made) {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else {
                // Through links: Hugo reads what they lead to.
                let meta = std::fs::metadata(entry.path()).or_else(|_| entry.metadata()).ok()?;
                if meta.is_dir() || (is_config(&entry.path()) && names_node(&entry.path(), meta.len())) {
                    return None;
                }
                lines.push(line(&entry.path(), &meta)?);
            }
            if lines.len() + folders.len() > MOST_FILES {
                return None;
            }
        }
    }
    lines.sort();
    Some(hash::sha256_hex(lines.join("\n").as_bytes()))
}

/// Whether a file may be the configuration of a site or of a theme, by its name.
fn is_config(path: &Path) -> bool {
    let form = path.extension().is_some_and(|e| ["toml", "yaml", "yml", "json"].iter().any(|known| e == *known));
    let stem = path.file_stem().is_some_and(|s| ["hugo", "config", "theme", "module"].iter().any(|known| s == *known));
    form && stem
}

/// Whether a configuration names what node keeps: Hugo tells nothing of a mount while its folder is missing.
fn names_node(path: &Path, bytes: u64) -> bool {
    const LARGEST: u64 = 1 << 20;
    bytes > LARGEST || std::fs::read(path).is_ok_and(|text| String::from_utf8_lossy(&text).contains("node_modules"))
}

fn line(path: &Path, meta: &std::fs::Metadata) -> Option<String> {
    let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some(format!("{} {changed} {}", meta.len(), path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hugo::testing::{SITE, hugo, write_all};

    #[tokio::test]
    async fn a_memory_that_is_damaged_or_cannot_be_kept_is_built_again() {
        let Some(hugo) = hugo() else { return };
        let folder = tempfile::tempdir().unwrap();
        let (site, memory) = (folder.path().join("site"), folder.path().join("memory"));
        write_all(&site, SITE);
        write_all(&site, [("content/posts/a.md", "---\ntitle: A\ndate: 2026-03-02T08:00:00Z\n---\nText.\n")]);
        let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
        let ask = |memory: PathBuf| {
            let (hugo, site) = (Hugo { clock: Some(now), ..hugo.clone() }, site.clone());
            async move { inventory_of(&hugo, &site, Duration::from_secs(120), now, "tags", Some(&memory)).await }
        };
        let built = ask(memory.clone()).await.unwrap();
        assert!(built.has("/posts/a/"));
        let file = place(&memory, &site);
        let kept = std::fs::read_to_string(&file).unwrap();
        // What is kept is what is given: another title in it would be believed.
        std::fs::write(&file, kept.replace("\"title\":\"A\"", "\"title\":\"Kept\"")).unwrap();
        assert_eq!(ask(memory.clone()).await.unwrap().posts[0].title, "Kept");
        for damaged in ["", "{", "[]", "\0", &kept[..kept.len() / 2]] {
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(ask(memory.clone()).await.unwrap(), built, "{damaged}");
        }
        // A file stands where the folder would be.
        assert_eq!(ask(site.join("hugo.toml")).await.unwrap(), built);
    }

    #[tokio::test]
    async fn a_site_that_reads_what_is_not_looked_at_is_not_remembered() {
        let Some(hugo) = hugo() else { return };
        let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
        let mount = |of: &str, to: &str| format!("[[module.mounts]]\nsource = '{of}'\ntarget = '{to}'\n");
        let layouts = mount("layouts", "layouts");
        for (name, more, remembered) in [
            ("plain", String::new(), true),
            ("mounts of its own", format!("{}{layouts}", mount("content", "content")), true),
            ("above", format!("{}{layouts}", mount("../notes", "content")), false),
            ("of node", format!("{layouts}{}", mount("node_modules/x", "assets/x")), false),
            ("made", format!("{layouts}{}", mount("resources/x", "assets/x")), false),
            ("a linked folder", String::new(), false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (site, memory) = (folder.path().join("site"), folder.path().join("memory"));
            let config = format!("{}{more}", SITE[0].1);
            let a = ("content/posts/a.md", "---\ntitle: A\ndate: 2026-03-02T08:00:00Z\n---\nText.\n");
            write_all(&site, SITE);
            write_all(&site, [("hugo.toml", config.as_str()), a]);
            write_all(folder.path(), [("notes/n.md", a.1), ("site/resources/x/n.css", "")]);
            if name == "a linked folder" {
                std::os::unix::fs::symlink(folder.path().join("notes"), site.join("content/notes")).unwrap();
            }
            let hugo = Hugo { clock: Some(now), ..hugo.clone() };
            inventory_of(&hugo, &site, Duration::from_secs(120), now, "tags", Some(&memory)).await.unwrap();
            assert_eq!(place(&memory, &site).exists(), remembered, "{name}");
        }
    }

    #[test]
    fn the_oldest_sites_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let at = Timestamp::UNIX_EPOCH;
        for n in 0..MOST_SITES + 5 {
            let known = Remembered { seen: String::new(), at, until: None, inventory: Inventory::default() };
            remember(&folder.path().join(format!("{n}.json")), &known);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), MOST_SITES);
    }
}

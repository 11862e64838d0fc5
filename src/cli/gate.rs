//! `pipeline gate`: the gate's rules on any Markdown with front matter.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gates::inventory::{Inventory, OtherHugo};
use gates::settings::Settings;
use states::words::{Severity, Timestamp};

use super::open;
use super::out::{note, say, say_json};
use super::{Answer, Cli, Failure};
use crate::config::{Config, hugo_path};
use crate::engine::remembered::{inventory_of, memory};
use crate::hugo::Hugo;

/// Checks files. 1 when one of them has an error.
pub(super) async fn gate(cli: &Cli, files: &[PathBuf], site: Option<&Path>) -> Answer {
    // The rules work without a configuration; where there is one, its first site's settings count.
    let config = if cli.config.exists() { Some(open::config(cli)?) } else { None };
    let settings = config.as_ref().and_then(|c| c.sites.first()).map_or_else(Settings::default, |s| s.gate.clone());
    let now = open::clock(cli).now();
    let mut inventory = inventory(config.as_ref(), site, now).await?;
    let mut all = Vec::new();
    let mut bad = false;
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?;
        let name = file.to_string_lossy();
        // By its path on the site a post is known, and not compared with itself.
        let path = site.and_then(|folder| path_inside(file, folder)).unwrap_or_else(|| name.to_string());
        inventory.add_bundle(&path, &text, &names_beside(file));
        let layers = gates::markdown(&path, &text, &inventory, &settings, now);
        bad |= layers.iter().flat_map(|l| &l.findings).any(|f| f.severity == Severity::Error);
        if !cli.json {
            say(&gates::text::layers(&name, &layers));
        }
        all.push(serde_json::json!({"file": name, "layers": layers}));
    }
    if cli.json {
        say_json(&all);
    }
    Ok(u8::from(bad))
}

/// The path of a file inside a folder, `/`-separated, as an inventory names it.
fn path_inside(file: &Path, folder: &Path) -> Option<String> {
    let (file, folder) = (file.canonicalize().ok()?, folder.canonicalize().ok()?);
    let inside = file.strip_prefix(folder).ok()?;
    Some(inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// The names of the files in a bundle's folder (`x/index.md`), a bounded number.
fn names_beside(file: &Path) -> Vec<String> {
    let bundle = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index."));
    let folder = file.parent().filter(|folder| bundle && !folder.as_os_str().is_empty());
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.take(10_000).filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

async fn inventory(config: Option<&Config>, site: Option<&Path>, now: Timestamp) -> Result<Inventory, Failure> {
    let Some(folder) = site else { return Ok(Inventory::default()) };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", folder.display())));
    }
    let configured = config.map_or_else(|| hugo_path(None, Path::new(".")), Config::hugo);
    let limit = Duration::from_secs(config.map_or(120, |c| c.desk.hugo_seconds));
    let folder = std::path::absolute(folder).map_err(Failure::software)?;
    match Hugo::find(configured.as_deref()) {
        Err(missing) => {
            note(&format!("links, tags and slugs are not checked: {missing}"));
            Ok(Inventory::default())
        }
        Ok(hugo) => match inventory_of(&built(hugo, config), &folder, limit, now, memory().as_deref()).await {
            Ok(inventory) => {
                if let Some(OtherHugo { here, there }) = &inventory.other_hugo {
                    note(&format!("Hugo {here} builds here, and the site is built with {there}"));
                }
                Ok(inventory)
            }
            Err(error) => {
                note(&format!("links, tags and slugs are not checked, because the site does not build: {error}"));
                Ok(Inventory::default())
            }
        },
    }
}

/// Hugo as the first site of the configuration is built.
fn built(hugo: Hugo, config: Option<&Config>) -> Hugo {
    let build = config.and_then(|config| Some(config.build(config.sites.first()?)));
    hugo.building(build.unwrap_or_default())
}

//! `pipeline gate`: the gate's rules on any Markdown with front matter.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gates::inventory::Inventory;
use gates::settings::Settings;
use states::words::Severity;

use super::open;
use super::out::{note, say, say_json};
use super::{Answer, Cli, Failure};
use crate::config::{Config, hugo_path};
use crate::engine::ground::inventory_of;
use crate::hugo::Hugo;

/// Checks files. 1 when one of them has an error.
pub(super) async fn gate(cli: &Cli, files: &[PathBuf], site: Option<&Path>) -> Answer {
    // The rules work without a configuration; where there is one, its first site's settings count.
    let config = if cli.config.exists() { Some(open::config(cli)?) } else { None };
    let settings = config.as_ref().and_then(|c| c.sites.first()).map_or_else(Settings::default, |s| s.gate.clone());
    let inventory = inventory(config.as_ref(), site).await?;
    let now = open::clock(cli).now();
    let mut all = Vec::new();
    let mut bad = false;
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?;
        let name = file.to_string_lossy();
        // A post of the site is not compared with itself.
        let inside = site.and_then(|folder| path_inside(file, folder));
        let mut others = inventory.clone();
        others.posts.retain(|post| Some(&post.path) != inside.as_ref());
        let layers = gates::markdown(&name, &text, &others, &settings, now);
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

async fn inventory(config: Option<&Config>, site: Option<&Path>) -> Result<Inventory, Failure> {
    let Some(folder) = site else { return Ok(Inventory::default()) };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", folder.display())));
    }
    let configured = config.map_or_else(|| hugo_path(None, Path::new(".")), Config::hugo);
    let folder = std::path::absolute(folder).map_err(Failure::software)?;
    match Hugo::find(configured.as_deref()) {
        Err(missing) => {
            note(&format!("links, tags and slugs are not checked: {missing}"));
            Ok(Inventory::default())
        }
        Ok(hugo) => match inventory_of(&hugo, &folder, Duration::from_secs(120)).await {
            Ok(inventory) => Ok(inventory),
            Err(error) => {
                note(&format!("links, tags and slugs are not checked, because the site does not build: {error}"));
                Ok(Inventory::default())
            }
        },
    }
}

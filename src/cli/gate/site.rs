//! The site that files are checked against.

use std::path::Path;
use std::time::Duration;

use gates::inventory::{Inventory, OtherHugo};

use super::super::Failure;
use super::super::out::note;
use crate::config::{Config, hugo_path};
use crate::engine::Clock;
use crate::engine::remembered::{inventory_of, memory};
use crate::hugo::Hugo;

/// The names of the files in a bundle's folder (`x/index.md`), a bounded number.
pub(super) fn names_beside(file: &Path) -> Vec<String> {
    let bundle = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index."));
    let folder = file.parent().filter(|folder| bundle && !folder.as_os_str().is_empty());
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.take(10_000).filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// What the site in a folder has; nothing is known where there is no folder, or it cannot be told, which is said.
pub(super) async fn inventory(
    config: Option<&Config>,
    site: Option<&Path>,
    clock: &Clock,
) -> Result<Inventory, Failure> {
    let Some(folder) = site else { return Ok(Inventory::default()) };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", folder.display())));
    }
    let configured = config.map_or_else(|| hugo_path(None, Path::new(".")), Config::hugo);
    let limit = Duration::from_secs(config.map_or(120, |c| c.desk.hugo_seconds));
    let folder = std::path::absolute(folder).map_err(Failure::software)?;
    let now = clock.now();
    // A person's page has them under this name, whatever a draft's are called.
    let tags = "tags";
    match Hugo::find(configured.as_deref()) {
        Err(missing) => {
            note(&format!("links, tags and slugs are not checked: {missing}"));
            Ok(Inventory::default())
        }
        Ok(hugo) => {
            match inventory_of(&built(hugo, config, clock), &folder, limit, now, tags, memory().as_deref()).await {
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
            }
        }
    }
}

/// Hugo with the themes of the configuration's first site.
fn built(hugo: Hugo, config: Option<&Config>, clock: &Clock) -> Hugo {
    let clock = clock.is_given().then(|| clock.now());
    let mut build = config.and_then(|config| Some(config.build(config.sites.first()?))).unwrap_or_default();
    // It is written for an export, and a configuration that came with a branch may be anybody's.
    if !std::mem::take(&mut build.command).is_empty() {
        note("Hugo itself builds the site: `gate` does not run the command in [site.build]");
    }
    Hugo { clock, ..hugo.building(build) }
}

//! `pipeline gate`: the gate's rules on any Markdown with front matter.

use std::path::{Path, PathBuf};

use gates::settings::Settings;
use states::words::Severity;

use super::open;
use super::out::{say, say_json};
use super::{Answer, Cli, Failure};

mod site;

/// Checks files. 1 when one of them has an error.
pub(super) async fn gate(cli: &Cli, files: &[PathBuf], site: Option<&Path>) -> Answer {
    // The rules work without a configuration; where there is one, its first site's settings count.
    let config = if cli.config.exists() { Some(open::config(cli)?) } else { None };
    let settings = config.as_ref().and_then(|c| c.sites.first()).map_or_else(Settings::default, |s| s.gate.clone());
    let clock = open::clock(cli);
    let now = clock.now();
    let mut inventory = site::inventory(config.as_ref(), site, &clock).await?;
    let mut all = Vec::new();
    let mut bad = false;
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?;
        let name = file.to_string_lossy();
        // By its path on the site a post is known, and not compared with itself.
        let path = site.and_then(|folder| site::path_inside(file, folder)).unwrap_or_else(|| name.to_string());
        inventory.add_bundle(&path, &text, &site::names_beside(file));
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

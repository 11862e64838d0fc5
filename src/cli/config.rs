//! `pipeline config show`.

use super::open;
use super::out::{say, say_json};
use super::{Answer, Cli, Failure};
use crate::config::{Config, Site};

/// Prints the configuration with everything filled in, or the defaults.
pub(super) fn show(cli: &Cli, defaults: bool) -> Answer {
    let config =
        if defaults { Config { sites: vec![Site::default()], ..Config::default() } } else { open::config(cli)? };
    if cli.json {
        say_json(&config);
        return Ok(0);
    }
    let text = toml::to_string(&config).map_err(Failure::software)?;
    if defaults {
        say("# Every key with its default. A file needs only what differs, and one [[site]] with `name` and `repo`.\n");
    }
    say(&text);
    Ok(0)
}

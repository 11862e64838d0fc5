//! `pipeline config show`.

use serde::Serialize;

use super::open;
use super::out::{say, say_json};
use super::{Answer, Cli, Failure};
use crate::config::{Config, ProviderSection, Site};
use crate::power::WorkerOptions;

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
        say(
            "# Every key that has a default; docs/configuration.md says what each means. A file needs only what differs, and one\n\
             # [[site]] with `name` and `repo`.\n",
        );
    }
    say(&text);
    if defaults {
        // As comments: they cannot stand in a file without an address.
        let lines = toml::to_string(&tables()).map_err(Failure::software)?;
        let lines = lines.lines().filter(|line| !line.is_empty()).map(|line| format!("# {line}\n"));
        say(&format!("\n{}", lines.collect::<String>()));
    }
    Ok(0)
}

/// A provider and a worker of which nothing is said.
#[derive(Serialize)]
struct Tables {
    provider: [ProviderSection; 1],
    worker: [WorkerOptions; 1],
}

fn tables() -> Tables {
    Tables { provider: [ProviderSection::default()], worker: [WorkerOptions::default()] }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use toml::Value;

    use super::*;

    fn keys(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    into.insert(key.clone());
                    keys(value, into);
                }
            }
            Value::Array(all) => all.iter().for_each(|value| keys(value, into)),
            _ => {}
        }
    }

    #[test]
    fn every_key_that_has_a_default_is_described() {
        let mut named = BTreeSet::new();
        let config = Config { sites: vec![Site::default()], ..Config::default() };
        keys(&Value::try_from(config).unwrap(), &mut named);
        keys(&Value::try_from(tables()).unwrap(), &mut named);
        assert!(named.len() > 100, "{named:?}");
        let docs = ["configuration", "models", "money", "worker", "sources"]
            .map(|name| std::fs::read_to_string(format!("{}/docs/{name}.md", env!("CARGO_MANIFEST_DIR"))).unwrap())
            .concat();
        let words: BTreeSet<&str> = docs.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let missing: Vec<&String> = named.iter().filter(|key| !words.contains(key.as_str())).collect();
        assert_eq!(missing, Vec::<&String>::new(), "say in docs/ what they mean");
    }
}

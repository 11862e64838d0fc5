//! `pipeline sources import`: feeds of an OPML file become sources of the configuration.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;
use sources::{FoundFeed, OpmlFeed, canonical, read_opml};

use super::open;
use super::out::{note, say, say_json};
use super::{Answer, Cli, Failure};
use crate::config::Config;

/// Longest name of a source that is made here.
const LONGEST_NAME: usize = 40;

/// Largest file that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A source to be.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct Made {
    name: String,
    url: String,
    title: String,
}

/// Makes sources of the feeds in an OPML file: prints them, or appends them to the configuration.
pub(super) fn import(cli: &Cli, file: &Path, write: bool) -> Answer {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", file.display()));
    if file.metadata().map_err(unreadable)?.len() > LARGEST {
        return Err(Failure::usage(format!("{} is larger than {LARGEST} bytes: no list of feeds is", file.display())));
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let feeds = read_opml(&bytes).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let config = if cli.config.exists() || write { open::config(cli)? } else { Config::default() };
    let (made, known) = sources_of(&feeds, &config);
    let toml = sections(&made);
    if write && !made.is_empty() {
        append(cli, &toml)?;
    }
    if cli.json {
        say_json(&json!({"sources": made, "known": known, "written": write && !made.is_empty()}));
        return Ok(0);
    }
    for (url, name) in &known {
        note(&format!("left out: {url} is the source `{name}` already"));
    }
    let config_name = cli.config.display();
    match (write, made.len()) {
        (_, 0) => note("no source is new"),
        (true, n) => say(&format!("{n} sources are in {config_name} now; `pipeline sources` lists them.")),
        (false, n) => {
            say(&toml);
            note(&format!("{n} sources; `--write` appends them to {config_name}"));
        }
    }
    Ok(0)
}

/// The sources that feeds make, and the feeds that are sources already, each with the source's name.
fn sources_of(feeds: &[OpmlFeed], config: &Config) -> (Vec<Made>, Vec<(String, String)>) {
    let key = |url: &str| canonical(url).unwrap_or_else(|_| url.to_owned());
    let mut urls: std::collections::BTreeMap<String, String> =
        config.sources.iter().filter_map(|s| Some((key(s.url.as_deref()?), s.name.to_string()))).collect();
    let mut names: BTreeSet<String> = config.sources.iter().map(|s| s.name.to_string()).collect();
    let (mut made, mut known) = (Vec::new(), Vec::new());
    for feed in feeds {
        if let Some(name) = urls.get(&key(&feed.url)) {
            known.push((feed.url.clone(), name.clone()));
            continue;
        }
        let name = name_for(&feed.title, &feed.url, &names);
        names.insert(name.clone());
        urls.insert(key(&feed.url), name.clone());
        made.push(Made { name, url: feed.url.clone(), title: feed.title.clone() });
    }
    (made, known)
}

/// A name that is not taken: of the title, else of the host.
fn name_for(title: &str, url: &str, taken: &BTreeSet<String>) -> String {
    let host = url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
    let slugs = [title, &host, "feed"].map(slug::slugify);
    let base = slugs.iter().find(|slug| !slug.is_empty()).cloned().unwrap_or_default();
    let base = base.get(..base.len().min(LONGEST_NAME)).unwrap_or_default().trim_end_matches('-').to_owned();
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(base)
}

/// What to put into the configuration for the feeds that a page names; those that are sources already are left out.
pub(super) fn sections_of(feeds: &[FoundFeed], config: &Config) -> String {
    let feeds: Vec<OpmlFeed> = feeds
        .iter()
        .map(|feed| OpmlFeed {
            title: feed.title.clone().unwrap_or_default(),
            url: feed.url.clone(),
            site_url: None,
            folder: None,
        })
        .collect();
    sections(&sources_of(&feeds, config).0)
}

fn sections(made: &[Made]) -> String {
    let mut text = String::new();
    for source in made {
        // A string of TOML is written by its own library: titles and addresses are from outside.
        let [name, url] = [&source.name, &source.url].map(|value| toml::Value::from(value.as_str()));
        let _ = write!(text, "\n[[source]]\nname = {name}\nkind = \"feed\"\nurl = {url}\n");
    }
    text
}

/// Appends to the configuration, once it is certain that it can be read with what is appended.
fn append(cli: &Cli, toml: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{} cannot be written: {error}", cli.config.display()));
    let before = std::fs::read_to_string(&cli.config).map_err(failed)?;
    let gap = if before.ends_with('\n') { "" } else { "\n" };
    Config::parse(&format!("{before}{gap}{toml}"), &cli.config).map_err(Failure::usage)?;
    let mut file = std::fs::OpenOptions::new().append(true).open(&cli.config).map_err(failed)?;
    file.write_all(format!("{gap}{toml}").as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(title: &str, url: &str) -> OpmlFeed {
        OpmlFeed { title: title.to_owned(), url: url.to_owned(), site_url: None, folder: None }
    }

    #[test]
    fn feeds_become_sources_with_names_of_their_own_and_known_ones_are_said() {
        let text = "[[site]]\nname = \"a\"\nrepo = \"r\"\n[[source]]\nname = \"the-blog\"\nkind = \"feed\"\nurl = \"https://a.example/feed\"\n";
        let config = Config::parse(text, Path::new("x.toml")).unwrap();
        let feeds = [
            feed("The Blog", "https://b.example/feed"),
            feed("Anything", "https://a.example/feed?utm_source=x"),
            feed("", "https://c.example/\"]\n[desk]\nstate = \"/etc/passwd\"/feed"),
            feed("日本語", "https://b.example/feed"),
            feed(&"long ".repeat(40), "https://d.example/feed"),
        ];
        let (made, known) = sources_of(&feeds, &config);
        let names: Vec<&str> = made.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["the-blog-2", "c-example", "long-long-long-long-long-long-long-long"]);
        assert_eq!(known.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["the-blog", "the-blog-2"]);
        let config = Config::parse(&format!("{text}{}", sections(&made)), Path::new("x.toml")).unwrap();
        assert_eq!(config.sources.len(), 4);
        assert_eq!(config.sources[2].url.as_deref(), Some(feeds[2].url.as_str()));
        assert_eq!(config.desk.state, Path::new("var/pipeline.db"));
    }
}

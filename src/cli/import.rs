//! `pipeline sources import`: feeds of an OPML file become sources of the configuration.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;
use sources::{Door, DoorError, FoundFeed, OpmlFeed, canonical, read_opml};

use super::address::exception_for;
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
    /// Where the door would refuse it: what `allow_private` would have to say, and why.
    private: Option<Private>,
}

/// What keeps an address from being asked, and could be allowed.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct Private {
    allow: String,
    why: String,
}

/// Makes sources of the feeds in an OPML file: prints them, or appends them to the configuration.
pub(super) fn import(cli: &Cli, file: &Path, write: bool) -> Answer {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", file.display()));
    if file.metadata().map_err(unreadable)?.len() > LARGEST {
        return Err(Failure::usage(format!("{} is larger than {LARGEST} bytes: no list of feeds is", file.display())));
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let list = read_opml(&bytes).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let config = if cli.config.exists() || write { open::config(cli)? } else { Config::default() };
    let door = Door::new(config.desk.door.clone()).map_err(Failure::usage)?;
    let (made, known) = sources_of(&list.feeds, &config, &door);
    let toml = sections(&made);
    if write && !made.is_empty() {
        append(&cli.config, &toml)?;
    }
    if cli.json {
        say_json(&json!({
            "sources": made, "known": known, "left_out": list.left_out, "more_left_out": list.more_left_out,
            "written": write && !made.is_empty(),
        }));
        return Ok(0);
    }
    for (url, name) in &known {
        note(&format!("left out: {url} is the source `{name}` already"));
    }
    for left in &list.left_out {
        let named = if left.title.is_empty() { String::new() } else { format!("“{}” ", left.title) };
        note(&format!("left out: {named}{}: {}", left.url, left.why));
    }
    if list.more_left_out > 0 {
        note(&format!("left out: {} more", list.more_left_out));
    }
    for (source, private) in made.iter().filter_map(|source| Some((source, source.private.as_ref()?))) {
        note(&format!(
            "`{}` would be refused: {}; where it is meant, take the `#` off its `allow_private`",
            source.name, private.why
        ));
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
fn sources_of(feeds: &[OpmlFeed], config: &Config, door: &Door) -> (Vec<Made>, Vec<(String, String)>) {
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
        made.push(Made { name, url: feed.url.clone(), title: feed.title.clone(), private: private(door, &feed.url) });
    }
    (made, known)
}

/// What keeps the door from asking an address, where an exception would help.
fn private(door: &Door, url: &str) -> Option<Private> {
    match door.check(url, &[]) {
        Err(DoorError::Refused { why, .. }) => exception_for(door, url).map(|allow| Private { allow, why }),
        _ => None,
    }
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
pub(super) fn sections_of(feeds: &[FoundFeed], config: &Config, door: &Door) -> String {
    let feeds: Vec<OpmlFeed> = feeds
        .iter()
        .map(|feed| OpmlFeed {
            title: feed.title.clone().unwrap_or_default(),
            url: feed.url.clone(),
            site_url: None,
            folder: None,
        })
        .collect();
    sections(&sources_of(&feeds, config, door).0)
}

fn sections(made: &[Made]) -> String {
    let mut text = String::new();
    for source in made {
        // A string of TOML is written by its own library: titles and addresses are from outside.
        let [name, url] = [&source.name, &source.url].map(|value| toml::Value::from(value.as_str()));
        let _ = write!(text, "\n[[source]]\n");
        if let Some(Private { allow, why }) = &source.private {
            // Host and port of a parsed URL: neither ends the line.
            let allow = toml::Value::from(vec![allow.as_str()]);
            let _ = writeln!(text, "# {why}; where it is meant, take the # off:\n# allow_private = {allow}");
        }
        let _ = write!(text, "name = {name}\nkind = \"feed\"\nurl = {url}\n");
    }
    text
}

/// Appends to the configuration, once it is certain that it can be read with what is appended. It is written beside and takes the
/// place of what was there as a whole: whatever stops this leaves one of the two.
fn append(config: &Path, toml: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{} cannot be written: {error}", config.display()));
    // A link stays one.
    let path = config.canonicalize().map_err(failed)?;
    let before = std::fs::read_to_string(&path).map_err(failed)?;
    let gap = if before.ends_with('\n') { "" } else { "\n" };
    let after = format!("{before}{gap}{toml}");
    Config::parse(&after, config).map_err(Failure::usage)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(after.as_bytes()).map_err(failed)?;
    let permissions = path.metadata().map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
    }
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(title: &str, url: &str) -> OpmlFeed {
        OpmlFeed { title: title.to_owned(), url: url.to_owned(), site_url: None, folder: None }
    }

    fn door(config: &Config) -> Door {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Door::new(config.desk.door.clone()).unwrap()
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
        let door = door(&config);
        let (made, known) = sources_of(&feeds, &config, &door);
        let names: Vec<&str> = made.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["the-blog-2", "c-example", "long-long-long-long-long-long-long-long"]);
        assert_eq!(known.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["the-blog", "the-blog-2"]);
        let config = Config::parse(&format!("{text}{}", sections(&made)), Path::new("x.toml")).unwrap();
        assert_eq!(config.sources.len(), 4);
        assert_eq!(config.sources[2].url.as_deref(), Some(feeds[2].url.as_str()));
        assert_eq!(config.desk.state, Path::new("var/pipeline.db"));
    }

    #[test]
    fn a_private_host_comes_with_its_exception_as_a_comment_that_works() {
        let text = "[[site]]\nname = \"a\"\nrepo = \"r\"\n[desk.door]\nallow_private = [\"wiki.lan\"]\n";
        let config = Config::parse(text, Path::new("x.toml")).unwrap();
        let door = door(&config);
        let urls =
            ["http://127.0.0.1:8080/feed", "https://[::1]/feed", "https://a.example/feed", "http://wiki.lan/feed"];
        let (made, _) = sources_of(&urls.map(|url| feed("", url)), &config, &door);
        let toml = sections(&made);
        assert_eq!(toml.matches("# allow_private").count(), 2, "{toml}");
        let read = Config::parse(&format!("{text}{toml}"), Path::new("x.toml")).unwrap();
        assert!(read.sources.iter().all(|source| source.allow_private.is_empty()));
        let allowed = toml.replace("# allow_private", "allow_private");
        let read = Config::parse(&format!("{text}{allowed}"), Path::new("x.toml")).unwrap();
        for source in &read.sources {
            let url = source.url.as_deref().unwrap();
            assert!(door.check(url, &source.allow_private).is_ok(), "{url}: {:?}", source.allow_private);
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_is_written_takes_the_place_of_the_whole_and_keeps_links_and_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.toml"), folder.path().join("pipeline.toml"));
        std::fs::write(&real, "[[site]]\nname = \"a\"\nrepo = \"r\"").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real.toml", &link).unwrap();
        let before = std::fs::File::open(&real).unwrap();
        append(&link, "\n[[source]]\nname = \"b\"\nkind = \"feed\"\nurl = \"https://a.example/\"\n").unwrap();
        assert!(append(&link, "\n[[source]]\nname = \"b\"\n").is_err(), "what cannot be read is not written");
        let after = std::fs::read_to_string(&real).unwrap();
        assert_eq!(Config::parse(&after, &real).unwrap().sources.len(), 1);
        // Whoever had it open still reads the whole of what it was.
        assert_eq!(std::io::read_to_string(before).unwrap(), "[[site]]\nname = \"a\"\nrepo = \"r\"");
        assert!(link.is_symlink());
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(folder.path().read_dir().unwrap().count(), 2, "nothing is left beside");
    }
}

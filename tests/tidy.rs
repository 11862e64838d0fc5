//! The house's rules that the compiler does not check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

/// No file is longer than this.
const MOST_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the workspace with its text, by its path from the root.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = ["src", "states", "sources", "gates", "evals", "tests", "benches", "examples"]
        .iter()
        .map(|folder| root().join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 100, "{} files", found.len());
    found
}

/// The text without comments; strings stay.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The part of a file before its tests.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// The modules of the root crate that each may use. Performers take plain values and do not know each other; the
/// configuration is made of their option types.
fn allowed(module: &str) -> Option<&'static [&'static str]> {
    const PARTS: &[&str] =
        &["store", "models", "power", "page", "publish", "hugo", "record", "review", "notify", "telemetry"];
    const FOR_ENGINE: &[&str] = &[
        "config",
        "store",
        "models",
        "power",
        "page",
        "publish",
        "hugo",
        "record",
        "review",
        "notify",
        "telemetry",
        "templates",
    ];
    const FOR_CLI: &[&str] = &[
        "engine",
        "web",
        "config",
        "store",
        "models",
        "power",
        "page",
        "publish",
        "hugo",
        "record",
        "review",
        "notify",
        "telemetry",
        "templates",
        "http",
    ];
    const FOR_WEB: &[&str] = &["engine", "config", "store", "review", "page", "hugo", "templates", "telemetry"];
    const FOR_CONFIG: &[&str] =
        &["models", "power", "page", "publish", "hugo", "review", "notify", "telemetry", "engine"];
    const FOR_PERFORMER: &[&str] = &["templates", "http"];
    Some(match module {
        "main" => &["cli", "engine"],
        "cli" => FOR_CLI,
        "engine" => FOR_ENGINE,
        "web" => FOR_WEB,
        "config" => FOR_CONFIG,
        "templates" | "http" => &[],
        performer if PARTS.contains(&performer) => FOR_PERFORMER,
        _ => return None,
    })
}

#[test]
fn arrows_inside_the_root_crate_go_one_way() {
    // `crate::x` anywhere in code: in `use` lines, paths and braces.
    let named = Regex::new(r"\bcrate::(\{[^}]*\}|[a-z_]+)").unwrap();
    let word = Regex::new(r"(?:^|[{,\s])([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in sources().iter().filter(|(path, _)| path.starts_with("src/")) {
        // Tests may put parts together.
        if path.contains("/tests/") || path.ends_with("/tests.rs") {
            continue;
        }
        let module = path.trim_start_matches("src/").split('/').next().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let Some(may) = allowed(module) else {
            wrong.push(format!("{path}: the module `{module}` has no place in the order; give it one here"));
            continue;
        };
        for used in named.captures_iter(&code(without_tests(text))) {
            let inside = &used[1];
            let modules: Vec<String> = match inside.strip_prefix('{') {
                Some(list) => word.captures_iter(list).map(|m| m[1].to_owned()).collect(),
                None => vec![inside.to_owned()],
            };
            for other in modules.iter().filter(|m| m.as_str() != module && allowed(m).is_some()) {
                seen += 1;
                if !may.contains(&other.as_str()) {
                    wrong.push(format!("{path}: `{module}` must not use `{other}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 50, "only {seen} arrows were seen: is the expression still right?");
}

#[test]
fn the_machines_know_no_clock_network_file_sql_or_randomness() {
    let forbidden = Regex::new(
        r"\b(std::time|SystemTime|Instant|Timestamp::now|Zoned::now|std::env|std::fs|std::net|std::process|std::thread|tokio|reqwest|sqlx|rand|uuid|fastrand|getrandom|println|eprintln)\b",
    )
    .unwrap();
    let mut wrong = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| path.starts_with("states/src/")) {
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if let Some(found) = forbidden.find(line) {
                wrong.push(format!("{path}:{}: {}", n + 1, found.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The other libraries are as free of the clock: time is an argument.
    let clock = Regex::new(r"\b(SystemTime::now|Timestamp::now|Zoned::now)\b").unwrap();
    let may = ["src/engine/clock.rs"];
    for (path, text) in &sources() {
        let library = ["sources/src/", "gates/src/", "src/"].iter().any(|folder| path.starts_with(folder));
        if library && !may.contains(&path.as_str()) {
            let found = clock.find(without_tests(text)).map(|m| m.as_str().to_owned());
            assert!(
                found.is_none() || path.contains("/tests") || path.contains("_tests"),
                "{path} asks {found:?}: there is one clock"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_none_is_a_god() {
    let mut wrong = Vec::new();
    for (path, text) in &sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{path} does not begin with a line that says what it is (`//! …`)"));
        }
        let lines = text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{path} has {lines} lines, more than {MOST_LINES}: split it by subject"));
        }
        for unfinished in ["todo!(", "unimplemented!(", "dbg!(", "FIXME"] {
            // This file names them.
            if path != "tests/tidy.rs" && code(text).contains(unfinished) {
                wrong.push(format!("{path} holds `{unfinished}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn siblings_never_meet() {
    let crates = ["sources", "gates"];
    for (path, text) in &sources() {
        for (sibling, other) in [(crates[0], crates[1]), (crates[1], crates[0])] {
            if path.starts_with(&format!("{sibling}/src/")) {
                assert!(!code(text).contains(&format!("{other}::")), "{path} knows `{other}`");
            }
        }
        if path.starts_with("states/src/") {
            let meets = ["sources::", "gates::", "pipeline::"].iter().find(|name| code(text).contains(**name));
            assert!(meets.is_none(), "{path} knows {meets:?}");
        }
    }
}

#[test]
fn the_map_draws_the_machine_as_it_is() {
    let Ok(map) = std::fs::read_to_string(root().join("ARCHITECTURE.md")) else {
        #[allow(clippy::print_stderr, reason = "a skipped test has no other way to say so")]
        let () = eprintln!("SKIPPED: there is no ARCHITECTURE.md");
        return;
    };
    let drawn: BTreeSet<&str> =
        map.split("```mermaid").skip(1).filter_map(|rest| rest.split("```").next()).map(str::trim).collect();
    let article = states::explore::article_mermaid();
    assert!(
        drawn.contains(article.trim()),
        "the article's diagram in ARCHITECTURE.md is not that of `pipeline graph`; put this there:\n{article}"
    );
}

#[test]
fn the_file_that_people_change_is_short_and_can_be_read() {
    let text = std::fs::read_to_string(root().join("pipeline.toml")).unwrap();
    assert!(text.lines().count() < 90, "pipeline.toml has {} lines", text.lines().count());
    let config = pipeline::config::Config::parse(&text, &root().join("pipeline.toml")).unwrap();
    assert_eq!(config.sites.len(), 1);
    assert!(config.sources.len() >= 2);
    // What stands there in marks works as well once they are taken away.
    let with_box: String = text
        .lines()
        .map(|line| {
            let table = line.trim_start_matches("# ");
            let is_key = Regex::new(r"^(\[\[(provider|worker)\]\]|[a-z_]+ = )").unwrap();
            if line.starts_with("# ") && is_key.is_match(table) { table } else { line }
        })
        .collect::<Vec<_>>()
        .join("\n");
    let config = pipeline::config::Config::parse(&with_box, &root().join("pipeline.toml"))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.providers.len(), config.workers.len()), (1, 1));
}

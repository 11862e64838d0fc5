//! The whole store after a small run, as readable text.

use regex::Regex;

use crate::harness::{hugo, skip};
use crate::world::{Spec, World};

/// Tables that hold bytes and hashes only, or one row per claim: their size says enough.
const LONG: [&str; 3] = ["bands", "evidence", "fingerprints"];

/// What depends on the machine or the moment is named by what it is; ids are all one.
fn readable(dump: &str, root: &str, host: &str) -> String {
    let times = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
    let millis = Regex::new(r"(?P<name>(_at|awake_since|slot|milliseconds|handled| at)=)\d+").unwrap();
    let ids = Regex::new(r"\b([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{8})\b").unwrap();
    let bytes = Regex::new(r"<\d+ bytes>").unwrap();
    let dump = dump.replace(root, "ROOT").replace(host, "HOST");
    let mut out = String::new();
    let mut table = "";
    for line in dump.lines() {
        if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with(' ')) {
            table = name;
        } else if LONG.contains(&table) {
            continue;
        }
        let line = times.replace_all(line, "TIME");
        let line = millis.replace_all(&line, "${name}TIME");
        let line = bytes.replace_all(&line, "BYTES");
        let line = ids.replace_all(&line, "ID");
        let cut: String = line.chars().take(220).collect();
        out.push_str(&cut);
        out.push_str(if cut.len() < line.len() { "…\n" } else { "\n" });
    }
    out
}

#[test]
fn a_run_leaves_this_in_the_store() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let world = World::new(3, &Spec::default());
    world.run_to(0);
    world.proposed();
    let host = world.web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let text = readable(&world.dump(), world.desk.root().to_str().unwrap(), &host);
    // Ids name the fake's port too, so that rows come in another order each time.
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match tables.last_mut().filter(|_| line.starts_with(' ')) {
            Some((_, rows)) => rows.push(line.to_owned()),
            None => tables.push((line.to_owned(), Vec::new())),
        }
    }
    let mut sorted = String::new();
    for (head, mut rows) in tables {
        // How many claims a page has is the gate's matter.
        let head = if LONG.iter().any(|name| head.starts_with(name)) {
            head.split(':').next().unwrap_or_default().to_owned()
        } else {
            head
        };
        rows.sort();
        sorted.push_str(&format!("{head}\n"));
        for row in rows {
            sorted.push_str(&format!("{row}\n"));
        }
    }
    insta::assert_snapshot!(sorted);
}

//! `docs/rules` is what the rules' texts and tables say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gates::rules::{RULES, docs};

/// Where the pages lie.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules")
}

/// Every page by its path in the folder.
fn wanted() -> BTreeMap<String, String> {
    let pages = RULES.iter().map(|rule| (format!("{}.md", rule.code), docs::page(rule)));
    pages.chain([("README.md".to_owned(), docs::index())]).collect()
}

fn present(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => present(&entry.path(), &format!("{name}/"), found),
            false => drop(found.insert(name)),
        }
    }
}

#[test]
fn the_pages_of_the_rules_say_what_the_rules_say() {
    let (folder, wanted) = (folder(), wanted());
    let mut there = BTreeSet::new();
    present(&folder, "", &mut there);
    if std::env::var_os("PIPELINE_WRITE_DOCS").is_some() {
        for (name, text) in &wanted {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        for old in there.iter().filter(|name| !wanted.contains_key(*name)) {
            std::fs::remove_file(folder.join(old)).unwrap();
        }
        return;
    }
    let differ = wanted.iter().filter(|(name, text)| {
        let have = std::fs::read_to_string(folder.join(name));
        have.ok().as_deref() != Some(text.as_str())
    });
    let mut wrong: Vec<&String> = differ.map(|(name, _)| name).collect();
    wrong.extend(there.iter().filter(|name| !wanted.contains_key(*name)));
    assert!(
        wrong.is_empty(),
        "these pages of docs/rules are not what the rules say: {wrong:?}. Write them with\n  PIPELINE_WRITE_DOCS=1 cargo test -p gates --test docs the_pages_of_the_rules"
    );
}

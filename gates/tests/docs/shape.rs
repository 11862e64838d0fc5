//! Every rule's text has the same headings, and names only settings and pages that there are.

use gates::rules::docs::{HEADINGS, blocks, default_of, part, parts, setting_of};
use gates::rules::{RULES, find};
use gates::settings::Settings;

#[test]
fn every_text_has_the_same_headings_and_two_examples() {
    for rule in RULES.iter() {
        let names: Vec<&str> = parts(rule.text).iter().map(|(name, _)| *name).collect();
        let settings = if names.len() == HEADINGS.len() { HEADINGS.len() } else { HEADINGS.len() - 1 };
        assert_eq!(names, HEADINGS[..settings], "{}", rule.code);
        for (name, text) in parts(rule.text) {
            assert!(!text.trim().is_empty(), "{}: nothing under `{name}`", rule.code);
            assert!(text.lines().all(|line| line.trim_end() == line), "{}: spaces at the end of a line", rule.code);
        }
        for example in ["Fails", "Passes"] {
            let runnable = blocks(part(rule, example)).into_iter().filter(|block| block.label != "toml").count();
            assert_eq!(runnable, 1, "{}: examples under `{example}`", rule.code);
        }
        let why = part(rule, "Why").split_whitespace().count();
        assert!((8..=80).contains(&why), "{}: {why} words say why", rule.code);
    }
}

#[test]
fn every_setting_that_a_text_names_exists() {
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let mut seen = 0;
    for rule in RULES.iter() {
        for line in part(rule, "Settings").lines() {
            let name = setting_of(line).unwrap_or_else(|| panic!("{}: `{line}` names no setting", rule.code));
            // Those of the page are the root crate's.
            let known = name.starts_with("site.page.") || default_of(&defaults, name).is_some();
            assert!(known, "{}: `{name}` is no setting", rule.code);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} settings");
}

#[test]
fn every_rule_that_a_text_links_to_exists() {
    let mut seen = 0;
    for rule in RULES.iter() {
        for rest in rule.text.split("](").skip(1).filter(|rest| !rest.starts_with(['/', '#'])) {
            let Some(target) = rest.split_once(".md)").map(|(target, _)| target) else { continue };
            let code = match target.strip_prefix("../") {
                Some(code) => code.to_owned(),
                None => format!("{}/{target}", rule.layer),
            };
            assert!(find(&code).is_some(), "{} links to `{code}`, which is no rule", rule.code);
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen} links");
}

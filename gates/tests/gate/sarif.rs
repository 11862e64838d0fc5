//! The SARIF log holds what the standard (SARIF 2.1.0, OASIS) asks for.

use std::collections::BTreeMap;

use gates::lint::{Checked, Sarif, sarif};
use gates::rules::RULES;
use gates::settings::{Level, Settings};
use serde_json::{Value, json};

use crate::pages::checked;
use crate::support::RELEASE;
use gates::lint::Source;

const PAGE: &str = "---\ntitle: What we read\ndescription: Logs.\ndate: 2026-03-01T10:00:00Z\n---\n\n# Ä second title\n\n[gone](/x/) and {{ x }}\n\nParsing a 10 MB file takes 13 ms.\n";

fn log_of(all: &[Checked], settings: &Settings) -> Value {
    let names = [("content/posts/ours.md", "content/posts/ours.md"), ("sources/a b.txt", "sources/a%20b.txt")];
    let uris = names.map(|(name, uri)| (name.to_owned(), uri.to_owned())).into();
    let about =
        Sarif { root: "file:///site/", project: Some("https://git.example/desk/pipeline"), version: "1.2.3", settings };
    sarif(all, &uris, about)
}

fn log(page: &str) -> Value {
    let sources = [Source::text("sources/a b.txt", RELEASE)];
    log_of(&[checked(page.as_bytes(), &sources)], &Settings::default())
}

/// The keys that an object of the standard must have, and those it may have beside them.
fn is_object(value: &Value, must: &[&str], may: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    must.iter().for_each(|key| assert!(object.contains_key(*key), "`{key}` is missing: {value:#}"));
    object.keys().for_each(|key| assert!(must.contains(&key.as_str()) || may.contains(&key.as_str()), "`{key}`"));
}

fn is_text(value: &Value) {
    assert!(value.as_str().is_some_and(|text| !text.trim().is_empty()), "no text: {value}");
}

fn is_location(value: &Value) {
    is_object(value, &["artifactLocation"], &["region"]);
    is_object(&value["artifactLocation"], &["uri"], &["uriBaseId"]);
    let uri = value["artifactLocation"]["uri"].as_str().unwrap();
    assert!(!uri.contains([' ', '\\']), "{uri}");
    if let Some(region) = value.get("region") {
        is_object(region, &["startLine", "startColumn", "endLine", "endColumn"], &["snippet"]);
        let n = |key: &str| region[key].as_u64().unwrap();
        assert!(n("startLine") >= 1 && n("startColumn") >= 1);
        assert!((n("startLine"), n("startColumn")) <= (n("endLine"), n("endColumn")), "{region}");
    }
}

#[test]
fn findings_beyond_those_that_are_listed_are_counted() {
    let page = format!("{PAGE}\n{}", "# One more title\n\n".repeat(1_200));
    let checked = checked(page.as_bytes(), &[]);
    assert!(checked.more > 0);
    let log = log_of(std::slice::from_ref(&checked), &Settings::default());
    let notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let note = notes.iter().find(|note| note["level"] == "warning").unwrap();
    is_object(note, &["message"], &["level", "locations"]);
    is_location(&note["locations"][0]["physicalLocation"]);
    let text = note["message"]["text"].as_str().unwrap();
    assert!(text.starts_with(&format!("{} more findings of ", checked.more)), "{text}");
}

#[test]
fn a_log_has_the_shape_that_the_standard_asks_for() {
    let log = log(PAGE);
    is_object(&log, &["version", "runs"], &["$schema"]);
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().starts_with("https://"));
    let run = &log["runs"][0];
    is_object(run, &["tool", "results"], &["columnKind", "originalUriBaseIds", "invocations"]);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["originalUriBaseIds"], json!({"SRCROOT": {"uri": "file:///site/"}}));
    is_object(&run["invocations"][0], &["executionSuccessful"], &["toolExecutionNotifications"]);
    let driver = &run["tool"]["driver"];
    is_object(driver, &["name"], &["version", "rules"]);
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    for (rule, value) in RULES.iter().zip(rules) {
        is_object(
            value,
            &["id"],
            &["shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration", "properties"],
        );
        assert_eq!(value["id"], rule.code);
        is_text(&value["shortDescription"]["text"]);
        is_text(&value["fullDescription"]["text"]);
        is_text(&value["help"]["text"]);
        is_text(&value["help"]["markdown"]);
        let page = format!("https://git.example/desk/pipeline/docs/rules/{}.md", rule.code);
        assert_eq!(value["helpUri"], page);
        is_object(&value["defaultConfiguration"], &["enabled", "level"], &[]);
        assert!(["error", "warning", "note"].contains(&value["defaultConfiguration"]["level"].as_str().unwrap()));
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 4, "{results:#?}");
    for result in results {
        is_object(
            result,
            &["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
            &["relatedLocations"],
        );
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        is_text(&result["message"]["text"]);
        let locations = result["locations"].as_array().unwrap();
        assert_eq!(locations.len(), 1);
        is_location(&locations[0]["physicalLocation"]);
        result["partialFingerprints"].as_object().unwrap().values().for_each(is_text);
    }
}

#[test]
fn a_result_marks_its_place_in_characters_and_names_what_it_was_compared_with() {
    let log = log(PAGE);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |code: &str| results.iter().find(|r| r["ruleId"] == code).unwrap_or_else(|| panic!("no {code}"));
    let region = |code: &str| of(code)["locations"][0]["physicalLocation"]["region"].clone();
    let place = |line: u64, from: u64, to: u64, text: &str| json!({"startLine": line, "startColumn": from, "endLine": line, "endColumn": to, "snippet": {"text": text}});
    assert_eq!(region("form/second-title"), place(7, 1, 17, "# Ä second title"));
    assert_eq!(region("form/link-missing"), place(9, 8, 11, "/x/"));
    assert_eq!(region("evidence/number"), place(11, 28, 33, "13 ms"));
    let compared = &of("evidence/number")["relatedLocations"][0];
    is_location(&compared["physicalLocation"]);
    assert!(compared["message"]["text"].as_str().unwrap().contains("12 ms instead of 40 ms"), "{compared}");
    assert!(of("form/link-missing")["message"]["text"].as_str().unwrap().contains("\nLink to a page"));
}

fn prints(log: &Value) -> BTreeMap<String, String> {
    let results = log["runs"][0]["results"].as_array().unwrap();
    let one = |r: &Value| (r["partialFingerprints"].to_string(), r["ruleId"].as_str().unwrap().to_owned());
    results.iter().map(one).collect()
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_changes_with_the_words() {
    let moved = PAGE.replace("\n# Ä", "\nA new first line.\n\nAnd another one.\n\n# Ä");
    assert_eq!(prints(&log(PAGE)), prints(&log(&moved)));
    assert_ne!(prints(&log(PAGE)), prints(&log(&PAGE.replace("second title", "third title"))));
    // The same twice on a page is two results.
    let twice = PAGE.replace("# Ä second title\n", "# Ä second title\n\n# Ä second title\n");
    let (once, twice) = (prints(&log(PAGE)), prints(&log(&twice)));
    assert!(once.iter().all(|(print, code)| twice.get(print) == Some(code)), "{once:?} {twice:?}");
    let titles = |all: &BTreeMap<String, String>| all.values().filter(|code| *code == "form/second-title").count();
    assert_eq!((titles(&once), titles(&twice)), (1, 2));
}

#[test]
fn levels_are_those_of_the_settings() {
    let mut settings = Settings::default();
    settings.severities.insert("form/second-title".into(), Level::Info);
    settings.severities.insert("form/raw-html".into(), Level::Off);
    let log = log_of(&[], &settings);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let of = |code: &str| rules.iter().find(|r| r["id"] == code).unwrap()["defaultConfiguration"].clone();
    assert_eq!(of("form/second-title"), json!({"enabled": true, "level": "note"}));
    assert_eq!(of("form/raw-html")["enabled"], false);
    assert_eq!(log["runs"][0]["results"], json!([]));
}

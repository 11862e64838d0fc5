//! SARIF 2.1.0 (OASIS standard of 27 March 2020), the form that code hosts and editors read findings in.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use states::words::{Severity, Verdict, hash};

use super::told::layer_line;
use super::{Checked, Found, Region, help_page};
use crate::rules::{RULES, Rule, docs};
use crate::settings::Settings;

/// What a log needs to know beside the findings.
#[derive(Debug, Clone, Copy)]
pub struct Sarif<'a> {
    /// The address of the folder that relative names start from: `file:///…/`.
    pub root: &'a str,
    /// The address of the project's folder, where `docs/rules/` lies; rules name no page where it is not known.
    pub project: Option<&'a str>,
    /// The program's version.
    pub version: &'a str,
    /// Settings, for the rules' levels.
    pub settings: &'a Settings,
}

/// The name under which a finding's fingerprint stands.
const FINGERPRINT: &str = "ruleAndText/v1";
/// The name of the folder that relative names start from.
const ROOT: &str = "SRCROOT";

/// A log with one run. `uris` are the files' names as [`percent encoded`](https://www.rfc-editor.org/rfc/rfc3986) references,
/// relative to the root or absolute, by their names.
pub fn sarif(all: &[Checked], uris: &BTreeMap<String, String>, about: Sarif<'_>) -> Value {
    let results: Vec<Value> = all.iter().flat_map(|checked| results_of(checked, uris)).collect();
    let rules: Vec<Value> = RULES.iter().map(|rule| rule_of(rule, about)).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "pipeline", "version": about.version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {ROOT: {"uri": about.root}},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications(all, uris)}],
            "results": results,
        }],
    })
}

fn rule_of(rule: &Rule, about: Sarif<'_>) -> Value {
    let severity = about.settings.severity(rule);
    let page = help_page(rule.code);
    let mut value = json!({
        "id": rule.code,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": docs::part(rule, "Why")},
        "help": {"text": docs::told(rule), "markdown": docs::page(rule)},
        "defaultConfiguration": {"enabled": severity.is_some(), "level": level(severity.unwrap_or(rule.severity))},
        "properties": {"tags": [rule.layer.as_str()]},
    });
    if let Some(project) = about.project {
        value["helpUri"] = json!(format!("{}/{page}", project.trim_end_matches('/')));
    }
    value
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// What the results do not show: layers that did not run, and findings beyond those that are told.
fn notifications(all: &[Checked], uris: &BTreeMap<String, String>) -> Vec<Value> {
    let untold = all.iter().filter(|checked| checked.more > 0).map(|checked| {
        let uri = uris.get(&checked.name).map_or(checked.name.as_str(), String::as_str);
        let text = format!(
            "{} more findings of {} are not listed: mend the first {} and check again",
            checked.more,
            checked.name,
            checked.found.len()
        );
        json!({
            "level": "warning",
            "message": {"text": text},
            "locations": [{"physicalLocation": {"artifactLocation": artifact(uri)}}],
        })
    });
    not_run(all).into_iter().chain(untold).collect()
}

/// A layer that did not run is said once: it is no pass.
fn not_run(all: &[Checked]) -> Vec<Value> {
    let mut said: BTreeMap<&str, String> = BTreeMap::new();
    for layer in all.iter().flat_map(|checked| &checked.layers) {
        if matches!(layer.verdict, Verdict::NotRun { .. }) {
            said.entry(layer.layer.as_str()).or_insert_with(|| layer_line(&layer.verdict));
        }
    }
    said.into_iter()
        .map(|(layer, line)| json!({"level": "note", "message": {"text": format!("{layer}: {line}")}}))
        .collect()
}

fn results_of(checked: &Checked, uris: &BTreeMap<String, String>) -> Vec<Value> {
    // The same words found twice in a file are told apart by their order.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results = checked.found.iter().map(|found| {
        let uri = uris.get(&checked.name).map_or(checked.name.as_str(), String::as_str);
        let around = found.snippet.around();
        let print = hash::sha256_of("sarif", &[found.code.as_bytes(), uri.as_bytes(), around.as_bytes()]);
        let count = seen.entry(print.clone()).or_default();
        *count += 1;
        let print = format!("{}:{count}", print.get(..16).unwrap_or(&print));
        result_of(found, uri, &print, uris)
    });
    results.collect()
}

fn result_of(found: &Found, uri: &str, print: &str, uris: &BTreeMap<String, String>) -> Value {
    let text = match &found.suggestion {
        Some(mend) => format!("{}\n{mend}", found.message),
        None => found.message.clone(),
    };
    let mut result = json!({
        "ruleId": found.code,
        "ruleIndex": RULES.iter().position(|rule| rule.code == found.code),
        "level": level(found.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": place(uri, &found.region, found.snippet.marked())}],
        "partialFingerprints": {FINGERPRINT: print},
    });
    if let Some(source) = &found.source {
        let uri = uris.get(&source.file).map_or(source.file.as_str(), String::as_str);
        // The lines of a text that was taken out of a page are not the page's.
        let location = match source.verbatim {
            true => place(uri, &source.region, &source.text),
            false => json!({"artifactLocation": artifact(uri)}),
        };
        let message = format!("compared with “{}”", source.text);
        result["relatedLocations"] = json!([{"id": 0, "physicalLocation": location, "message": {"text": message}}]);
    }
    result
}

fn artifact(uri: &str) -> Value {
    if uri.contains("://") { json!({"uri": uri}) } else { json!({"uri": uri, "uriBaseId": ROOT}) }
}

fn place(uri: &str, region: &Region, text: &str) -> Value {
    json!({
        "artifactLocation": artifact(uri),
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
            "snippet": {"text": text},
        },
    })
}

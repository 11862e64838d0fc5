//! Each rule's failing example gives its code, and its passing one gives nothing.

use gates::rules::docs::{Block, blocks, part};
use gates::rules::{RULES, Rule};
use gates::settings::Settings;
use states::words::{Layer, LayerReport};
use toml::{Table, Value};

use crate::{drafts, files};

/// An example with the settings and the words around it.
pub(crate) struct Example {
    /// The words behind the opening marks.
    pub label: &'static str,
    /// What stands there.
    pub text: &'static str,
    /// Code spans of the prose around it.
    pub spans: Vec<&'static str>,
    /// The settings that it shows, the others as usual.
    pub settings: Settings,
    /// The gate's settings as they are shown.
    pub shown: Table,
    /// The site's page keys that it shows.
    pub constants: Table,
}

impl Example {
    fn of(rule: &Rule, heading: &str) -> Self {
        let part = part(rule, heading);
        let all = blocks(part);
        let (shown, run): (Vec<Block>, Vec<Block>) = all.iter().partition(|block| block.label == "toml");
        let prose = part.split("```").next().unwrap_or_default();
        let shown: Table = shown.iter().map(|b| b.text).collect::<String>().parse().expect("TOML");
        let site = |key: &str| shown.get("site").and_then(|site| site.get(key)).cloned();
        let settings = site("gate").map_or_else(Settings::default, |gate| gate.try_into().expect("settings"));
        assert_eq!(settings.validate(), Ok(()));
        let gate = site("gate").and_then(|gate| gate.as_table().cloned()).unwrap_or_default();
        let constants = site("page").and_then(|page| page.get("constants").and_then(Value::as_table).cloned());
        Self {
            label: run[0].label,
            text: run[0].text,
            spans: prose.split('`').skip(1).step_by(2).collect(),
            settings,
            shown: gate,
            constants: constants.unwrap_or_default(),
        }
    }
}

/// The codes of all findings of a text that is no rule's example.
pub(crate) fn codes_of(layer: Layer, label: &'static str, text: &'static str) -> Vec<String> {
    let (spans, settings) = (Vec::new(), Settings::default());
    judged(layer, &Example { label, text, spans, settings, shown: Table::new(), constants: Table::new() })
}

/// Rules that cannot fail alone.
const TOGETHER: [(&str, &str); 2] =
    [("coverage/boilerplate", "coverage/repeated"), ("evidence/cite-broken", "evidence/section-unsourced")];

/// The codes of all findings of an example.
fn judged(layer: Layer, example: &Example) -> Vec<String> {
    let reports: Vec<LayerReport> = match (example.label, layer) {
        ("markdown" | "markdown file", _) => files::judged(example),
        ("markdown draft", _) => vec![files::judged_as_draft(example)],
        ("text", Layer::Form) => vec![files::of_lines(example)],
        ("text", Layer::Hugo) => vec![drafts::hugo(example)],
        ("text", Layer::Coverage) => vec![drafts::coverage(example)],
        ("text", Layer::Evidence) => vec![drafts::evidence(example)],
        ("text", Layer::Judge) => vec![drafts::judge(example)],
        ("text", Layer::Once) => vec![drafts::once(example)],
        (label, layer) => panic!("nothing runs a block `{label}` of {layer}"),
    };
    reports.into_iter().flat_map(|report| report.findings).map(|finding| finding.code).collect()
}

#[test]
fn every_failing_example_gives_its_code_and_every_passing_one_gives_nothing() {
    let mut wrong = Vec::new();
    for rule in RULES.iter() {
        let run = |heading| judged(rule.layer, &Example::of(rule, heading));
        let (fails, passes) = (run("Fails"), run("Passes"));
        if !fails.iter().any(|code| code == rule.code) {
            wrong.push(format!("{}: the failing example gives {fails:?}", rule.code));
        }
        // What else is wrong with it would distract from what the page is about.
        if let Some(other) =
            fails.iter().find(|code| *code != rule.code && !TOGETHER.contains(&(rule.code, code.as_str())))
        {
            wrong.push(format!("{}: the failing example also gives {other}", rule.code));
        }
        if !passes.is_empty() {
            wrong.push(format!("{}: the passing example gives {passes:?}", rule.code));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

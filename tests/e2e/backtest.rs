//! Backtests: the same configuration changes nothing, another one what it says, and nothing is asked or written.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::desk::{Desk, Output};
use crate::harness::invent::News;
use crate::harness::web::{FakeWeb, rss};
use crate::harness::{hugo, skip};
use crate::kills::world::{NOW, Options, World};

/// Five leads, and a sixth that is the first, edited a little.
fn feed() -> FakeWeb {
    let web = FakeWeb::start();
    let mut items = Vec::new();
    for n in 0..6 {
        let news = if n < 5 { News::of(90 + n, 420) } else { News::of(90, 420).edited() };
        let path = format!("/news/{n}");
        web.page(&path, "text/html; charset=utf-8", news.page("The Wire"));
        items.push(news.item(&web.url(&path)));
    }
    items.sort_by_key(|item| std::cmp::Reverse(item.date));
    web.feed("/feed.xml", rss("The Wire", &web.url("/"), &items));
    web
}

/// A desk after one run, with the number of requests that were made.
struct After {
    web: FakeWeb,
    world: World,
    asked: usize,
}

impl After {
    fn one_run() -> Self {
        let web = feed();
        let world = World::new(&web, &Desk::program(), Options::default());
        world.desk.run(&["run", "--now", NOW]).ok();
        let asked = Self::count(&web, &world);
        Self { web, world, asked }
    }

    fn count(web: &FakeWeb, world: &World) -> usize {
        web.ledger().all().len() + world.model.ledger().all().len() + world.forge.ledger().all().len()
    }

    /// A backtest under the configuration with something else in it.
    fn backtest(&self, changes: &[(&str, &str)], args: &[&str]) -> Output {
        let mut toml = self.world.desk.read("pipeline.toml").expect("it is configured");
        for (from, to) in changes {
            assert!(toml.contains(from), "{from} is not in the configuration");
            toml = toml.replace(from, to);
        }
        self.world.desk.write("new.toml", &toml);
        let before = self.world.desk.run(&["dump"]).ok().stdout;
        let output =
            self.world.desk.run(&[&["backtest", "--config", "new.toml", "--since", "2026-11-20"], args].concat()).ok();
        assert_eq!(self.world.desk.run(&["dump"]).ok().stdout, before, "something was written");
        assert_eq!(Self::count(&self.web, &self.world), self.asked, "somebody was asked");
        output
    }

    fn json(&self, changes: &[(&str, &str)]) -> Value {
        self.backtest(changes, &["--json"]).json()
    }
}

/// How many of each decision there are, then and now.
fn counts(test: &Value) -> BTreeMap<String, (u64, u64)> {
    let of = |count: &Value, when: &str| count[when].as_u64().expect("a count is a number");
    let counts = test["counts"].as_object().expect("there are counts");
    counts.iter().map(|(what, count)| (what.clone(), (of(count, "then"), of(count, "now")))).collect()
}

/// Changes of a decision: from what to what.
fn changes(test: &Value, decision: &str) -> Vec<(String, String)> {
    let all = test["changes"].as_array().expect("there are changes");
    let text = |change: &Value, key: &str| change[key].as_str().expect("a change has texts").to_owned();
    let of = all.iter().filter(|change| change["decision"] == decision);
    of.map(|change| (text(change, "then"), text(change, "now"))).collect()
}

#[test]
fn a_backtest_shows_what_another_configuration_would_have_decided() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let after = After::one_run();

    let same = after.json(&[]);
    assert_eq!(same["changes"], Value::Array(Vec::new()), "{same:#}");
    let then = counts(&same);
    assert!(then.values().all(|(then, now)| then == now), "{then:?}");
    assert_eq!((then["duplicate"].0, then["shortlisted"].0), (1, 5), "{then:?}");
    assert_eq!((then["an article of its own"].0, then["in a digest"].0), (1, 4), "{then:?}");

    let strict = after.json(&[("threshold = 20", "threshold = 100")]);
    assert_eq!(counts(&strict)["shortlisted"], (5, 0), "{strict:#}");
    assert_eq!(counts(&strict)["in a digest"], (4, 0), "{strict:#}");
    assert_eq!(changes(&strict, "selection").len(), 5, "{strict:#}");

    let full = after.json(&[("max_open = 9", "max_open = 1")]);
    assert_eq!(counts(&full)["shortlisted"], (5, 5), "{full:#}");
    assert_eq!(counts(&full)["in a digest"], (4, 0), "there is room for one only: {full:#}");

    let two = after.json(&[("alone = 1", "alone = 2")]);
    assert_eq!(counts(&two)["an article of its own"], (1, 2), "{two:#}");
    assert_eq!(changes(&two, "selection"), [("in a digest".to_owned(), "an article of its own".to_owned())], "{two:#}");

    let light = after.json(&[("speaks = \"primary\"", "speaks = \"primary\"\nweight = 0")]);
    assert!(changes(&light, "score").is_empty(), "less weight, and still above the threshold: {light:#}");

    let harsh = after.json(&[("[site.select]", "[site.gate.judge]\npass = 100\nreview = 0\n\n[site.select]")]);
    assert_eq!(changes(&harsh, "gate"), vec![("pass".to_owned(), "review".to_owned()); 2], "{harsh:#}");

    let long = after.json(&[(
        "[site.select]",
        "[site.gate]\nwords = { story = 9000, digest = 9000, radar = 9000, release = 9000 }\n\n[site.select]",
    )]);
    assert!(changes(&long, "gate").iter().all(|change| change.1 == "revise"), "{long:#}");
    assert!(long.to_string().contains("form/too-short"), "{long:#}");

    // Nothing but the same text is a copy; what was a duplicate was never scored.
    let exact = "[desk.fingerprint]\nthresholds = { copy = 1.1, near = 1.1, contained = 1.1, wrapper = 1.1 }\n\n[caps]";
    let apart = after.json(&[("[caps]", exact)]);
    assert_eq!(counts(&apart)["duplicate"], (1, 0), "{apart:#}");
    assert_eq!(changes(&apart, "story"), [("duplicate".to_owned(), "new".to_owned())], "{apart:#}");
    assert!(apart["notes"].to_string().contains("never scored"), "{apart:#}");

    let other = after.json(&[("fake-judge", "another-judge")]);
    assert!(other["notes"].to_string().contains("judge was answered by fake-judge"), "{other:#}");

    let text = after.backtest(&[("threshold = 20", "threshold = 100"), ("alone = 1", "alone = 2")], &[]).stdout;
    let ids = regex::Regex::new(r"\b[0-9a-f]{8,}\b").expect("the pattern is valid");
    insta::assert_snapshot!("backtest", ids.replace_all(&text, "ID"));

    let bad = after.world.desk.run(&["backtest", "--since", "yesterday"]);
    assert_eq!(bad.code, Some(2), "{bad}");
}

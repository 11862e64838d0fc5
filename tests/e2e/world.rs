//! A small world for whole runs: a site, a web with a feed of invented news, and a desk that reads it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{Timestamp, ToSpan as _};
use regex::Regex;
use scraper::{Html, Selector};
use serde_json::Value;

use crate::harness::bare::{Bare, BuiltSite};
use crate::harness::desk::{Desk, Output};
use crate::harness::invent::News;
use crate::harness::ledger::Entry;
use crate::harness::site::copy_of_site;
use crate::harness::web::{FakeWeb, rss};

/// What differs from the plain configuration, as TOML.
#[derive(Default, Clone)]
pub(crate) struct Spec {
    /// Keys of `[desk]`.
    pub(crate) desk: String,
    /// `[routes]`, `[caps]`, `[[provider]]` and `[[worker]]`, whole.
    pub(crate) models: String,
    /// Keys of `[[site]]`; `repo` is the desk's own `site.git` when it is not among them.
    pub(crate) site: String,
    /// Further `[[source]]` tables, whole.
    pub(crate) sources: String,
}

/// A site, a web and a desk. Each run is an hour after the one before, so that nothing depends on when a test runs.
pub(crate) struct World {
    /// The site's repository.
    pub(crate) site: Bare,
    /// The web.
    pub(crate) web: FakeWeb,
    /// The desk.
    pub(crate) desk: Desk,
    runs: AtomicI64,
}

impl World {
    /// With a feed of so many leads, each told in 500 words.
    pub(crate) fn new(leads: u64, spec: &Spec) -> Self {
        let web = FakeWeb::start();
        tell(&web, 0, leads);
        let desk = Desk::new(&configuration(&web, spec));
        let site = copy_of_site(&desk.path("site.git"));
        Self { site, web, desk, runs: AtomicI64::new(0) }
    }

    /// The feed now leads to so many other pages; each `from` beyond the last gives new ones.
    pub(crate) fn more_news(&self, from: u64, count: u64) {
        tell(&self.web, from, count);
    }

    /// Writes the configuration anew.
    pub(crate) fn configure(&self, spec: &Spec) {
        self.desk.configure(&configuration(&self.web, spec));
    }

    /// The arguments of the next run, an hour later.
    pub(crate) fn args(&self) -> [String; 4] {
        let start: Timestamp = "2026-11-21T06:00:00Z".parse().expect("a constant time is valid");
        let now = start + self.runs.fetch_add(1, Ordering::Relaxed).hours();
        ["run".into(), "--json".into(), "--now".into(), now.to_string()]
    }

    /// One run: how it ended and its report.
    pub(crate) fn run(&self) -> (Output, Value) {
        let args = self.args();
        let output = self.desk.run(&args.each_ref().map(String::as_str));
        let report = output.json();
        (output, report)
    }

    /// A run that ends with this exit code: its report.
    pub(crate) fn run_to(&self, code: i32) -> Value {
        let (output, report) = self.run();
        let open = || rows(&self.dump(), "outbox").join("\n");
        assert_eq!(output.code, Some(code), "{output}\nopen:\n{}", open());
        unhurt(&output);
        report
    }

    /// The branches of proposals.
    pub(crate) fn proposals(&self) -> Vec<String> {
        proposals(&self.site)
    }

    /// The one branch that was proposed.
    ///
    /// # Panics
    /// When there is none or more than one, with what the gate said.
    pub(crate) fn proposed(&self) -> String {
        let branches = self.proposals();
        let [branch] = branches.as_slice() else {
            let mut said = String::new();
            for article in articles(&self.desk).iter().filter(|a| a["state"] != "Shortlisted") {
                said.push_str(&self.desk.run(&["show", article["id"].as_str().unwrap_or_default()]).stdout);
            }
            panic!("{branches:?} are proposed\n{said}");
        };
        branch.clone()
    }

    /// How many articles there are in each state.
    pub(crate) fn states(&self) -> BTreeMap<String, usize> {
        states(&self.desk)
    }

    /// The whole store as text, which is held against the laws that hold after every run.
    pub(crate) fn dump(&self) -> String {
        dump(&self.desk)
    }
}

/// A feed of so many pages, the first of which comes from a seed.
fn tell(web: &FakeWeb, from: u64, count: u64) {
    let telling = (from * 2..).map(|seed| News::of(seed, 500));
    let items: Vec<_> = telling
        .take(usize::try_from(count).expect("it fits"))
        .enumerate()
        .map(|(n, news)| {
            let path = format!("/news/{}", from + n as u64);
            news.item(&web.page(&path, "text/html; charset=utf-8", news.page("The Gazette")))
        })
        .collect();
    web.feed("/feed.xml", rss("The Gazette", &web.url("/"), &items));
}

fn configuration(web: &FakeWeb, spec: &Spec) -> String {
    let Spec { desk, models, site, sources } = spec;
    let repo = if site.contains("repo =") { "" } else { "repo = \"site.git\"\n" };
    let host = web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let feed = web.url("/feed.xml");
    format!(
        r#"[desk]
host_gap_ms = 0
{desk}
{models}
[[site]]
name = "desk"
topics = ["database", "release", "latency", "clusters", "build"]
threshold = 1
max_open = 3
max_lead_age_days = 90
{repo}{site}
[site.select]
alone = 0
digest_min = 3
digest_max = 7

[site.page]
path = "content/{{section}}/{{slug}}/index.md"
evidence = "content/{{section}}/{{slug}}/evidence.json"
author = "The Desk"
body_summary = false
disclosure = "Written by a program ({{model}})."
constants = {{ draft = false }}
keys = {{ keyword = "keyword" }}

[[source]]
name = "gazette"
kind = "feed"
url = "{feed}"
allow_private = ["{host}"]
every_minutes = 0
{sources}
"#
    )
}

/// The branches of proposals in a repository.
pub(crate) fn proposals(site: &Bare) -> Vec<String> {
    site.branches().into_keys().filter(|name| name.starts_with("draft/")).collect()
}

/// How many articles of a desk there are in each state.
pub(crate) fn states(desk: &Desk) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for article in articles(desk) {
        *states.entry(article["state"].as_str().expect("a state has a name").to_owned()).or_insert(0) += 1;
    }
    states
}

/// All articles of a desk. Every one has a state and a reason.
pub(crate) fn articles(desk: &Desk) -> Vec<Value> {
    let listed = desk.run(&["articles", "--most", "5000", "--json"]).ok().json();
    let articles = listed.as_array().expect("articles are a list").clone();
    for article in &articles {
        assert!(article["reason"].as_str().is_some_and(|why| !why.trim().is_empty()), "no reason: {article}");
    }
    articles
}

/// The whole store as text. Every journal folds to its state, and no event came that its machine did not take.
pub(crate) fn dump(desk: &Desk) -> String {
    let dump = desk.run(&["dump"]).ok().stdout;
    assert_eq!(dump.lines().last(), Some("every journal folds to its state"), "{dump}");
    let illegal: Vec<&str> = dump.lines().filter(|line| line.contains(" kind=illegal ")).collect();
    assert!(illegal.is_empty(), "{illegal:#?}");
    dump
}

/// The rows of one table of a dump.
pub(crate) fn rows<'d>(dump: &'d str, table: &str) -> Vec<&'d str> {
    let head = format!("{table}: ");
    dump.lines().skip_while(|line| !line.starts_with(&head)).skip(1).take_while(|line| line.starts_with("  ")).collect()
}

/// The number in a column of a row of a dump.
pub(crate) fn number(row: &str, column: &str) -> i64 {
    let (_, rest) = row.split_once(&format!(" {column}=")).unwrap_or_else(|| panic!("no `{column}` in {row}"));
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest[..end].parse().unwrap_or_else(|error| panic!("`{column}` in {row}: {error}"))
}

/// Asserts that nothing panicked while the program ran.
pub(crate) fn unhurt(output: &Output) {
    assert!(!output.stderr.contains("panicked"), "{output}");
}

/// The page that a branch adds: its path and its text.
pub(crate) fn page(site: &Bare, branch: &str) -> (String, String) {
    let path = site.changed(branch).into_iter().find(|path| path.ends_with(".md")).expect("a branch adds a page");
    let text = site.text(branch, &path).expect("it was just listed");
    (path, text)
}

/// The evidence beside the page of a branch: its rows.
pub(crate) fn evidence(site: &Bare, branch: &str) -> Vec<Value> {
    let path = site.changed(branch).into_iter().find(|path| path.ends_with("evidence.json")).expect("and its evidence");
    let file: Value = serde_json::from_str(&site.text(branch, &path).expect("it was just listed")).expect("it is JSON");
    file["rows"].as_array().expect("evidence has rows").clone()
}

/// The HTML that Hugo makes of the page of a branch; `None` without Hugo.
pub(crate) fn built(site: &Bare, branch: &str) -> Option<(BuiltSite, String)> {
    let (path, _) = page(site, branch);
    let built = site.build_with_hugo(branch)?.unwrap_or_else(|said| panic!("{branch} does not build: {said}"));
    let out = path.trim_start_matches("content/").replace("index.md", "index.html");
    let html = built.file(&out).unwrap_or_else(|| panic!("{out} is not in the output"));
    Some((built, html))
}

/// Every quotation that a reader sees in the article's own text, with plain apostrophes and spaces.
pub(crate) fn quotations(html: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let text = Selector::parse(".prose p, .prose li, .in-short p").expect("a constant selector is valid");
    let quoted = Regex::new("“([^“”]+)”").expect("a constant expression is valid");
    let mut found = Vec::new();
    for element in document.select(&text) {
        // Footnotes hold titles, which may have quotation marks of their own.
        if element.ancestors().any(|a| a.value().as_element().is_some_and(|e| e.attr("role") == Some("doc-endnotes"))) {
            continue;
        }
        let text: String = element.text().collect();
        found.extend(quoted.captures_iter(&text).map(|c| level(&c[1])));
    }
    found
}

/// A text without what a layout changes: kinds of apostrophes, dashes and white space.
pub(crate) fn level(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            '’' | '‘' => '\'',
            '“' | '”' => '"',
            other => other,
        })
        .collect();
    let text = text.replace('–', "--").replace('—', "---").replace('…', "...");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tasks that a model was asked for, each with how often.
pub(crate) fn tasks(entries: &[Entry]) -> BTreeMap<String, usize> {
    let mut tasks = BTreeMap::new();
    for entry in entries {
        *tasks.entry(entry.detail["task"].as_str().unwrap_or("other").to_owned()).or_insert(0) += 1;
    }
    tasks
}

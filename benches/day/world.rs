//! The world of a day: hosts with feeds and pages, a box with models, a hosted model, a site, and the program as a child.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use states::words::Timestamp;

use crate::Result;
use crate::harness::bare::Bare;
use crate::harness::desk::Desk;
use crate::harness::gpu_box::{Asleep, FakeBox};
use crate::harness::model::FakeModel;
use crate::harness::site::copy_of_site;
use crate::harness::web::{FakeWeb, rss};
use crate::leads::{Kind, Lead};
use crate::prices::Price;

/// When the run is.
pub(crate) const NOW: &str = "2026-11-21T05:00:00Z";
/// What the site writes about.
pub(crate) const TOPICS: [&str; 5] = ["database", "release", "latency", "clusters", "build"];
/// What triage says where a title has these words, in percent; the rest is of little interest.
const RELEVANCE: [(&str, u64); 5] =
    [("what changes for clusters", 98), ("replication lag", 80), ("query latency", 70), ("build times", 62), ("", 20)];

/// Hosts with the leads of a day.
pub(crate) struct Hosts {
    webs: Vec<FakeWeb>,
    /// The kind of each lead by its address.
    pub(crate) kinds: BTreeMap<String, Kind>,
}

impl Hosts {
    /// Serves the leads: a feed on each host, and a page for each lead.
    pub(crate) fn with(leads: &[Lead], hosts: usize) -> Self {
        let webs: Vec<FakeWeb> = (0..hosts).map(|_| FakeWeb::start()).collect();
        let mut items = vec![Vec::new(); hosts];
        let mut kinds = BTreeMap::new();
        for (n, lead) in leads.iter().enumerate() {
            // Without headings: the fake writer takes what follows one for a source of its own.
            let page: String =
                lead.news.page(&format!("Paper {}", lead.host)).lines().filter(|l| !l.starts_with("<h2>")).collect();
            let url = webs[lead.host].page(&format!("/news/{n}"), "text/html; charset=utf-8", page);
            items[lead.host].push(lead.news.item(&url));
            kinds.insert(url, lead.kind);
        }
        for (n, (web, mut items)) in webs.iter().zip(items).enumerate() {
            // The newest first, as feeds have them.
            items.reverse();
            web.feed("/feed.xml", rss(&format!("Paper {n}"), &web.url("/"), &items));
        }
        Self { webs, kinds }
    }

    fn sources(&self) -> String {
        let one = |(n, web): (usize, &FakeWeb)| {
            let host = web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
            let speaks = if n % 3 == 0 { "primary" } else { "report" };
            format!(
                "[[source]]\nname = \"paper-{n}\"\nkind = \"feed\"\nurl = \"{}\"\nallow_private = [\"{host}\"]\n\
                 speaks = \"{speaks}\"\nevery_minutes = 0\n",
                web.url("/feed.xml")
            )
        };
        self.webs.iter().enumerate().map(one).collect()
    }
}

/// Who drafts and judges; the rest is done on the worker.
#[derive(Clone, Copy)]
pub(crate) enum Writer {
    /// A hosted model.
    Hosted(Price),
    /// The worker too.
    Worker,
}

/// What one run came to.
pub(crate) struct Ran {
    /// Its report.
    pub(crate) report: Value,
    /// How many leads of each kind ended in each state.
    pub(crate) ends: BTreeMap<(Kind, String), usize>,
    /// Branches of proposals.
    pub(crate) proposals: usize,
    /// What the models billed: task, tier, tokens of the prompt, of those cached, of the answer.
    pub(crate) calls: Vec<Call>,
    /// What the hosted model billed, in nano-dollars.
    pub(crate) bill: u64,
    /// How often the box was woken.
    pub(crate) windows: usize,
    /// From the start of the program to its end.
    pub(crate) wall: Duration,
    /// For how long of it a model was being asked, by whomever.
    pub(crate) asking: Duration,
    /// Processor seconds of the program, without those of Hugo.
    pub(crate) cpu: f64,
    /// The most memory that the program had, in kilobytes.
    pub(crate) peak_kb: u64,
}

/// One call that was billed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The task.
    pub(crate) task: String,
    /// `worker` or `hosted`.
    pub(crate) tier: &'static str,
    /// Tokens of the prompt.
    pub(crate) prompt: u64,
    /// Those of them that were seen before.
    pub(crate) cached: u64,
    /// Tokens of the answer.
    pub(crate) answer: u64,
}

/// One `pipeline run` over a day's leads.
///
/// `program` is run in place of the one that was built.
pub(crate) fn run(hosts: &Hosts, writer: Writer, program: Option<&Path>) -> Result<Ran> {
    let host = FakeBox::on_free_port([2, 0x42, 0xac, 0x11, 0, 9], Asleep::Refuses);
    let hosted = FakeModel::start();
    for model in [host.model(), &hosted] {
        model.dimensions(768);
        for (words, percent) in RELEVANCE {
            model.relevance(words, percent);
        }
    }
    let price = match writer {
        Writer::Hosted(price) => Some(price),
        Writer::Worker => None,
    };
    if let Some(price) = price {
        hosted.only(&[price.model]);
        hosted.price(price.prompt, price.answer);
        hosted.bills_like_hosted(price.cached);
    }
    let mut desk = Desk::new(&configuration(hosts, &host, &hosted, price)).with_limit(Duration::from_secs(600));
    if let Some(program) = program {
        desk = desk.with_binary(program);
    }
    let site = copy_of_site(&desk.path("site.git"));

    let began = Instant::now();
    let mut running = desk.spawn(&["run", "--json", "--now", NOW]);
    let (mut cpu, mut peak_kb) = (0.0, 0);
    while running.is_running() {
        (cpu, peak_kb) = usage(running.id()).unwrap_or((cpu, peak_kb));
        std::thread::sleep(Duration::from_millis(5));
    }
    let wall = began.elapsed();
    let output = running.wait();
    if !matches!(output.code, Some(0 | 3)) || output.stderr.contains("panicked") {
        let asked: Vec<Call> = [calls(host.model(), "worker"), calls(&hosted, "hosted")].concat();
        let written: Vec<&Call> = asked.iter().filter(|c| matches!(c.task.as_str(), "draft" | "judge")).collect();
        return Err(format!("the run failed\n{output}\n{written:#?}").into());
    }
    let mut calls = calls(host.model(), "worker");
    calls.extend(self::calls(&hosted, "hosted"));
    Ok(Ran {
        report: output.json(),
        ends: ends(&desk, hosts),
        proposals: proposals(&site),
        calls,
        bill: hosted.bill(),
        windows: host.ledger().count("wake"),
        wall,
        asking: asking(&desk),
        cpu,
        peak_kb,
    })
}

/// For how long at least one call to a model was under way, as the ledger of the program has it.
fn asking(desk: &Desk) -> Duration {
    let dump = desk.run(&["dump"]).ok().stdout;
    let number = |row: &str, key: &str| -> Option<u64> {
        row.split_once(&format!(" {key}="))?.1.split_whitespace().next()?.parse().ok()
    };
    let of = |row: &str| Some((number(row, "ended_at")?, number(row, "milliseconds")?));
    let calls = dump.lines().filter(|row| row.contains(" tokens_out=")).filter_map(of);
    let mut spans: Vec<(u64, u64)> = calls.map(|(end, took)| (end.saturating_sub(took), end)).collect();
    spans.sort_unstable();
    let (mut sum, mut until) = (0, 0);
    for (from, to) in spans {
        sum += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    Duration::from_millis(sum)
}

/// Processor seconds and peak memory of a process; `None` when it has ended.
fn usage(id: u32) -> Option<(f64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // After the name in brackets: utime and stime are the 12th and 13th, in hundredths of a second.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some((ticks as f64 / 100.0, peak))
}

fn calls(model: &FakeModel, tier: &'static str) -> Vec<Call> {
    let number = |detail: &Value, key: &str| detail[key].as_u64().unwrap_or(0);
    let billed = model.ledger().of("billed").into_iter().map(|e| Call {
        task: e.detail["task"].as_str().unwrap_or("other").to_owned(),
        tier,
        prompt: number(&e.detail, "prompt_tokens"),
        cached: number(&e.detail, "cache_read"),
        answer: number(&e.detail, "completion_tokens"),
    });
    let embedded = model.ledger().of("embedded").into_iter().map(|e| Call {
        task: "embed".to_owned(),
        tier,
        prompt: number(&e.detail, "prompt_tokens"),
        cached: 0,
        answer: 0,
    });
    embedded.chain(billed).collect()
}

fn proposals(site: &Bare) -> usize {
    site.branches().into_keys().filter(|name| name.starts_with("draft/")).count()
}

fn ends(desk: &Desk, hosts: &Hosts) -> BTreeMap<(Kind, String), usize> {
    let mut ends = BTreeMap::new();
    let listed = desk.run(&["articles", "--most", "5000", "--json"]).ok().json();
    for article in listed.as_array().into_iter().flatten() {
        // A digest is of no lead.
        let Some(kind) = article["lead"]["url"].as_str().and_then(|url| hosts.kinds.get(url)) else { continue };
        *ends.entry((*kind, article["state"].as_str().unwrap_or("?").to_owned())).or_insert(0) += 1;
    }
    ends
}

fn configuration(hosts: &Hosts, host: &FakeBox, hosted: &FakeModel, price: Option<Price>) -> String {
    let (base, plug, health, sleep) = (host.base_url(), host.plug_url(), host.url("/health"), host.url("/sleep"));
    let hosted = price.map_or(String::new(), |p| {
        format!(
            "[[provider]]\nname = \"hosted\"\nbase_url = \"{}\"\nmodel = \"{}\"\nprice_in = {}\nprice_cached = {}\nprice_out = {}\n",
            hosted.base_url(),
            p.model,
            Price::usd(p.prompt),
            Price::usd(p.cached),
            Price::usd(p.answer)
        )
    });
    let writes = if price.is_some() { "hosted" } else { "box" };
    let sources = hosts.sources();
    let topics = TOPICS.map(|t| format!("\"{t}\"")).join(", ");
    format!(
        r#"[desk]
host_gap_ms = 0
[desk.limits]
fetch = 12
score = 12
[caps]
run_usd = 50
day_usd = 50
month_usd = 50
[routes]
triage = ["box"]
embed = ["meaning"]
draft = ["{writes}"]
judge = ["{writes}"]
[[provider]]
name = "box"
base_url = "{base}"
model = "fake-writer"
worker = "box"
[[provider]]
name = "meaning"
base_url = "{base}"
model = "fake-embedder"
worker = "box"
{hosted}
[[worker]]
name = "box"
heartbeat_url = "{health}"
poll_milliseconds = 20
linger_seconds = 1
min_batch = 50
wake = {{ http = {{ url = "{plug}" }} }}
sleep = {{ http = {{ url = "{sleep}" }} }}
[[site]]
name = "desk"
repo = "site.git"
topics = [{topics}]
threshold = 60
same_story = 0.95
max_open = 3
first_poll = 10000
max_new = 10000
[site.select]
alone = 2
alone_from = 70
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
{sources}"#
    )
}

/// The time of the run.
pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

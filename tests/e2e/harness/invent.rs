//! Invented news: articles of a seed, full of figures, versions and dates, no two alike.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::web::{Item, escape};

/// Numbers of a seed (SplitMix64, Steele, Lea and Flood 2014). Equal seed, equal numbers.
#[derive(Debug, Clone)]
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// One of several.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[usize::try_from(self.between(0, from.len() as u64 - 1)).expect("an index fits")]
    }
}

/// One invented piece of news.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct News {
    /// Its title.
    pub(crate) title: String,
    /// The invented software that it is about.
    pub(crate) product: String,
    /// The invented version.
    pub(crate) version: String,
    /// Its author.
    pub(crate) author: String,
    /// When it was published.
    pub(crate) date: Timestamp,
    /// Its text; a paragraph is a list of sentences without quotation marks.
    pub(crate) paragraphs: Vec<Vec<String>>,
}

impl News {
    /// News of a seed that is told in at least `words` words. Seeds below 4,096 give different products.
    pub(crate) fn of(seed: u64, words: usize) -> Self {
        let mut numbers = Numbers::of(seed);
        let product = product(seed);
        let version = format!("{}.{}.{}", numbers.between(1, 19), numbers.between(0, 48), numbers.between(0, 9));
        let start: Timestamp = "2026-10-01T06:00:00Z".parse().expect("a constant time is valid");
        let date = start + i64::try_from(numbers.between(0, 50 * 24 * 60)).expect("it fits").minutes();
        let author = format!("{} {}", numbers.pick(&FIRST_NAMES), numbers.pick(&LAST_NAMES));
        let title = match numbers.between(0, 4) {
            0 => format!("{product} {version} cuts {} in {} databases", numbers.pick(&TOPICS), numbers.pick(&PLACES)),
            1 => format!("{product} {version} released with faster {}", numbers.pick(&TOPICS)),
            2 => format!("How {product} rebuilt its {} for {} clusters", numbers.pick(&TOPICS), numbers.pick(&PLACES)),
            3 => format!("{product} measures {} across {} builds", numbers.pick(&TOPICS), numbers.between(200, 9000)),
            _ => format!("{product} {version} release: a new path for {}", numbers.pick(&TOPICS)),
        };
        let mut told = BTreeSet::new();
        let mut paragraphs = Vec::new();
        let mut count = 0;
        while count < words || paragraphs.len() < 3 {
            let mut paragraph = Vec::new();
            for _ in 0..numbers.between(3, 5) {
                let mut sentence = sentence(&mut numbers, &product, &version);
                while !told.insert(sentence.clone()) {
                    sentence = self::sentence(&mut numbers, &product, &version);
                }
                count += sentence.split_whitespace().count();
                paragraph.push(sentence);
            }
            paragraphs.push(paragraph);
        }
        Self { title, product, version, author, date, paragraphs }
    }

    /// The same news, lightly edited as another site does it: every ninth sentence is gone, and one is new.
    pub(crate) fn edited(&self) -> Self {
        let mut copy = self.clone();
        copy.title = format!("Report: {}", self.title);
        copy.author = "The newsroom".into();
        copy.date = self.date + 5.hours();
        let mut at = 0;
        for paragraph in &mut copy.paragraphs {
            paragraph.retain(|_| {
                at += 1;
                at % 9 != 0
            });
        }
        copy.paragraphs.retain(|p| !p.is_empty());
        copy.paragraphs.push(vec![format!("This report on {} follows the announcement of its makers.", self.product)]);
        copy
    }

    /// The text alone: paragraphs separated by empty lines.
    pub(crate) fn text(&self) -> String {
        self.paragraphs.iter().map(|p| p.join(" ")).collect::<Vec<_>>().join("\n\n")
    }

    /// The entry of a feed that leads to it.
    pub(crate) fn item(&self, url: &str) -> Item {
        Item { title: self.title.clone(), url: url.to_owned(), date: self.date, text: self.paragraphs[0].join(" ") }
    }

    /// Its page, as a site has it: navigation, cookie notice, teasers and a footer around the text.
    pub(crate) fn page(&self, site: &str) -> String {
        let title = escape(&self.title);
        let author = escape(&self.author);
        let date = self.date;
        let day = self.date.strftime("%-d %B %Y");
        let mut text = String::new();
        for (n, paragraph) in self.paragraphs.iter().enumerate() {
            if n > 0 && n % 4 == 0 {
                text.push_str(&format!("<h2>Part {} of the work</h2>\n", n / 4));
            }
            text.push_str(&format!("<p>{}</p>\n", escape(&paragraph.join(" "))));
        }
        format!(
            r##"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} | {site}</title>
<meta property="og:type" content="article"><meta property="og:title" content="{title}">
<meta property="og:site_name" content="{site}"><meta name="author" content="{author}">
<meta property="article:published_time" content="{date}">
<script>window.junk = "<p>This script is not part of the article, 99 percent of it is noise.</p>";</script>
<style>nav {{ color: red }}</style></head>
<body>
<div class="cookie-banner" role="dialog"><p>We value your privacy. We and our 842 partners use cookies.</p>
<button>Accept all</button></div>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li><li><a href="/jobs">Jobs (17)</a></li>
<li><a href="/login">Sign in</a></li></ul></nav></header>
<main><article><h1>{title}</h1>
<p class="byline">By <a rel="author" href="/people">{author}</a> on <time datetime="{date}">{day}</time></p>
{text}</article></main>
<aside class="sidebar"><h3>Most read</h3><ol><li><a href="/a">Ten tricks that 3 experts hate</a></li>
<li><a href="/b">Why everybody left in 2019</a></li></ol>
<form action="/newsletter"><label>Newsletter <input name="mail"></label></form></aside>
<footer><p>Copyright 2026 {site}. All rights reserved.</p><a href="/imprint">Imprint</a></footer>
</body></html>
"##
        )
    }
}

/// A name that no other seed below 4,096 gives.
fn product(seed: u64) -> String {
    // Multiplication by an odd number permutes the twelve bits, so that neighbours do not sound alike.
    let n = usize::try_from(seed.wrapping_mul(2655) % 4096).expect("twelve bits fit");
    format!("{}{}{}", HEADS[n % 16], MIDDLES[n / 16 % 16], TAILS[n / 256])
}

fn sentence(n: &mut Numbers, product: &str, version: &str) -> String {
    let adjective = n.pick(&ADJECTIVES);
    let other = n.pick(&ADJECTIVES);
    let thing = n.pick(&THINGS);
    let second = n.pick(&THINGS);
    let place = n.pick(&PLACES);
    let group = n.pick(&GROUPS);
    let (small, large) = (n.between(11, 480), n.between(520, 9_900));
    let percent = n.between(3, 96);
    let after = n.pick(&AFTERTHOUGHTS);
    match n.between(0, 15) {
        0 => format!("{product} {version} lowers the {adjective} {thing} from {large} ms to {small} ms {after}."),
        1 => format!(
            "The {group} measured {percent} percent fewer {second} faults on {adjective} {place} nodes {after}."
        ),
        2 => format!("Since {}, every {adjective} {thing} is written to the {other} {second} first.", day(n)),
        3 => format!("On {place} hardware the {thing} now handles {} requests per second {after}.", thousands(n)),
        4 => format!("A {adjective} {thing} keeps {small} entries for each {other} {second} {after}."),
        5 => format!(
            "According to the {group}, {product} spent {small} days on the {adjective} {thing} before the release."
        ),
        6 => format!("The old {thing} used {large} MB of memory, and the {adjective} one uses {small} MB {after}."),
        7 => format!("Users of the {adjective} {second} should move to version {version} before {}.", day(n)),
        8 => format!(
            "In a test with {} rows the {other} {thing} finished {percent} percent sooner {after}.",
            thousands(n)
        ),
        9 => format!(
            "{product} drops the {adjective} {thing} because only {percent} percent of {place} users had switched it on."
        ),
        10 => format!("Both the {thing} and the {other} {second} were checked by {small} {place} testers {after}."),
        11 => format!(
            "The {group} expects the {adjective} {second} to cost ${} a month on {place} machines.",
            thousands(n)
        ),
        12 => format!("Work on the {other} {thing} began on {} and took {small} reviews {after}.", day(n)),
        13 => {
            format!("When the {adjective} {thing} fails, {product} waits {small} seconds and asks the {second} again.")
        }
        14 => format!(
            "For {place} sites the {group} recommends a {adjective} {thing} with {} GB of storage.",
            n.between(2, 900)
        ),
        _ => format!(
            "The {adjective} {second} reads {} files in {small} seconds on a {place} machine {after}.",
            thousands(n)
        ),
    }
}

fn day(n: &mut Numbers) -> String {
    format!("{} {} 2026", n.between(1, 28), n.pick(&MONTHS))
}

fn thousands(n: &mut Numbers) -> String {
    format!("{},{:03}", n.between(1, 940), n.between(0, 999))
}

const HEADS: [&str; 16] = [
    "Tarn", "Velo", "Quar", "Bram", "Osti", "Kell", "Morv", "Pind", "Sarro", "Lumi", "Gant", "Wex", "Dorn", "Yar",
    "Fenn", "Hal",
];
const MIDDLES: [&str; 16] =
    ["wi", "de", "mo", "ra", "lu", "be", "no", "ti", "ga", "so", "pe", "va", "ke", "zu", "fa", "hi"];
const TAILS: [&str; 16] = [
    "base", "store", "forge", "trace", "mesh", "queue", "graph", "stack", "cache", "scope", "flow", "grid", "lake",
    "dock", "wire", "mill",
];
const FIRST_NAMES: [&str; 10] = ["Ana", "Bela", "Chidi", "Dora", "Emre", "Freya", "Goran", "Hana", "Ivo", "Jun"];
const LAST_NAMES: [&str; 10] =
    ["Lindqvist", "Okafor", "Marek", "Sato", "Brandt", "Costa", "Novak", "Iyer", "Duval", "Keane"];
const MONTHS: [&str; 9] = ["January", "February", "March", "April", "May", "June", "July", "August", "September"];
const TOPICS: [&str; 12] = [
    "replication lag",
    "query latency",
    "index rebuilds",
    "build times",
    "cache misses",
    "log storage",
    "trace sampling",
    "backup windows",
    "schema changes",
    "lock contention",
    "cold starts",
    "network retries",
];
const PLACES: [&str; 14] = [
    "clustered",
    "embedded",
    "regional",
    "rented",
    "two-socket",
    "virtual",
    "shared",
    "remote",
    "laptop",
    "container",
    "edge",
    "archival",
    "staging",
    "nightly",
];
const GROUPS: [&str; 10] = [
    "storage team",
    "release crew",
    "field engineers",
    "query group",
    "test laboratory",
    "maintainers",
    "support desk",
    "performance guild",
    "security reviewers",
    "documentation circle",
];
const ADJECTIVES: [&str; 36] = [
    "columnar",
    "incremental",
    "sorted",
    "compressed",
    "lazy",
    "parallel",
    "durable",
    "versioned",
    "tiered",
    "adaptive",
    "streaming",
    "signed",
    "partial",
    "ordered",
    "idle",
    "bounded",
    "replicated",
    "warm",
    "sparse",
    "dense",
    "hashed",
    "buffered",
    "pinned",
    "sharded",
    "scheduled",
    "encrypted",
    "batched",
    "local",
    "vectorised",
    "typed",
    "rolling",
    "mirrored",
    "detached",
    "inlined",
    "monotonic",
    "speculative",
];
const THINGS: [&str; 40] = [
    "index",
    "planner",
    "compactor",
    "log segment",
    "page cache",
    "write buffer",
    "snapshot reader",
    "query parser",
    "lock table",
    "connection pool",
    "scheduler",
    "checkpoint",
    "allocator",
    "linker",
    "dependency graph",
    "artifact store",
    "trace exporter",
    "metric sampler",
    "alert rule",
    "backup chain",
    "replica",
    "transaction log",
    "join operator",
    "filter",
    "bloom table",
    "build worker",
    "test runner",
    "package mirror",
    "config loader",
    "schema registry",
    "event queue",
    "retry loop",
    "rate limiter",
    "garbage collector",
    "thread pool",
    "file watcher",
    "socket layer",
    "block device",
    "catalogue",
    "migration tool",
];
const AFTERTHOUGHTS: [&str; 24] = [
    "without a change to the client",
    "once the cluster has settled",
    "while older readers stay online",
    "even under a full disk",
    "as long as the clock is right",
    "after a restart in the field",
    "during the first hour of a rollout",
    "whenever two writers meet",
    "in spite of a slower network",
    "with every option left alone",
    "before the first checkpoint ends",
    "under the load of a normal Monday",
    "if the operator agrees",
    "on machines that were never tuned",
    "because most reads are repeated",
    "so that a crash loses nothing",
    "until the next maintenance window",
    "for teams that run one node",
    "where the budget is small",
    "although the format is the same",
    "since nothing is copied twice",
    "unless a backup is running",
    "like the design paper had promised",
    "behind a switch that is off at first",
];

//! A feed, models, a forge and a desk: the world in which the program dies.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::desk::Desk;
use crate::harness::forge::FakeForge;
use crate::harness::invent::News;
use crate::harness::model::FakeModel;
use crate::harness::web::{FakeWeb, rss};

use super::store::Books;

/// When the first process of a world thinks that it runs.
pub(crate) const NOW: &str = "2026-11-21T06:00:00Z";
/// When the processes after it do.
pub(crate) const LATER: &str = "2026-11-21T06:05:00Z";

/// A feed whose leads are all worth writing about. It can be shared: it has no state that a reader changes.
pub(crate) fn feed(seed: u64, leads: u64) -> FakeWeb {
    let web = FakeWeb::start();
    let mut items = Vec::new();
    for n in 0..leads {
        let news = News::of(seed + n, 420);
        let path = format!("/news/{n}");
        web.page(&path, "text/html; charset=utf-8", news.page("The Wire"));
        items.push(news.item(&web.url(&path)));
    }
    items.sort_by_key(|item| std::cmp::Reverse(item.date));
    web.feed("/feed.xml", rss("The Wire", &web.url("/"), &items));
    web
}

/// What a world's configuration is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// The most articles of their own in a run.
    pub(crate) alone: u32,
    /// The most open proposals.
    pub(crate) max_open: u32,
    /// How many effects of a kind run at once.
    pub(crate) at_once: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { alone: 1, max_open: 9, at_once: 2 }
    }
}

/// A desk with models and a forge of its own.
pub(crate) struct World {
    pub(crate) model: FakeModel,
    pub(crate) forge: FakeForge,
    pub(crate) desk: Desk,
    main: Option<String>,
}

impl World {
    /// A world around `binary` with the leads of `web`.
    pub(crate) fn new(web: &FakeWeb, binary: &Path, options: Options) -> Self {
        let (model, forge) = (FakeModel::start(), FakeForge::start());
        forge.require_token("forge-token");
        model.require_key("model-key");
        let host = web.url("").trim_start_matches("http://").to_owned();
        let Options { alone, max_open, at_once } = options;
        let toml = format!(
            r#"[desk]
state = "var/pipeline.db"
host_gap_ms = 0
limits = {{ fetch = {at_once}, score = {at_once}, draft = {at_once}, gate = {at_once}, publish = 1 }}

[caps]
run_usd = 50.0
day_usd = 50.0
month_usd = 50.0

[routes]
triage = ["writer", "wait"]
draft = ["writer", "wait"]
judge = ["judge", "wait"]

[[provider]]
name = "writer"
base_url = "{model}"
model = "fake-writer"
family = "scribe"
key_env = "MODEL_KEY"
price_in = 0.15
price_out = 0.60

[[provider]]
name = "judge"
base_url = "{model}"
model = "fake-judge"
family = "critic"
key_env = "MODEL_KEY"
price_in = 0.15
price_out = 0.60

[[site]]
name = "plain"
repo = "{git}"
credentials = {{ token = {{ env = "FORGE_TOKEN" }} }}
topics = ["databases", "build tools", "release"]
threshold = 20
max_open = {max_open}
max_lead_age_days = 365
first_poll = 500

[site.forge]
api = "{api}"
repo = "o/r"
token_env = "FORGE_TOKEN"

[site.select]
alone = {alone}
alone_from = 40
template = "release"
digest_min = 3
digest_max = 7

[[source]]
name = "wire"
kind = "feed"
url = "{feed}"
speaks = "primary"
allow_private = ["{host}"]
"#,
            model = model.base_url(),
            git = forge.git_url(),
            api = forge.api_url(),
            feed = web.url("/feed.xml"),
        );
        let desk = Desk::new(&toml)
            .with_binary(binary)
            .with_env("MODEL_KEY", "model-key")
            .with_env("FORGE_TOKEN", "forge-token");
        let main = forge.bare().tip("main");
        Self { model, forge, desk, main }
    }

    /// Where the program is to die: `commit:17` or `committed:17`.
    pub(crate) fn dying_at(mut self, point: &str) -> Self {
        self.desk = self.desk.with_env("PIPELINE_KILL_AT", point);
        self
    }

    /// From now on it does not die by itself.
    pub(crate) fn living(mut self) -> Self {
        self.desk = self.desk.with_env("PIPELINE_KILL_AT", "commit:999999999");
        self
    }

    /// What the program's store says.
    pub(crate) fn books(&self) -> Books {
        Books::read(&self.desk.path("var/pipeline.db"))
    }

    /// What is proposed: by branch, its files. What depends on the minute or the run is taken out.
    pub(crate) fn proposed(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let bare = self.forge.bare();
        let mut proposed = BTreeMap::new();
        for branch in bare.branches().into_keys().filter(|b| b != "main") {
            let (name, id) = branch.rsplit_once('-').expect("a branch ends with an id");
            let files = bare.changed(&branch).into_iter().map(|path| {
                let text = bare.text(&branch, &path).expect("a changed file is there");
                (path.replace(id, "ID"), timeless(&text.replace(id, "ID")))
            });
            proposed.insert(name.to_owned(), files.collect());
        }
        proposed
    }

    /// What holds after the last run, however often the program died before it.
    ///
    /// # Panics
    /// When something was lost, done twice, bought twice, or is stuck.
    pub(crate) fn assert_whole(&self, what: &str) {
        self.assert_proposals(what);
        self.assert_calls(what);
        let books = self.books();
        assert!(books.unfinished.is_empty(), "{what}: these runs did not end: {:?}", books.unfinished);
        assert!(books.stuck.is_empty(), "{what}: these effects are stuck: {:?}", books.stuck);
        assert!(books.dead.is_empty(), "{what}: dead letters: {:?}", books.dead);
        assert!(books.causes.is_empty(), "{what}: something is held: {:?}", books.causes);
        let waits = ["Shortlisted", "Absorbed", "Reviewing", "Proposed", "Skipped", "Duplicate"];
        for (state, n) in &books.states {
            assert!(waits.contains(&state.as_str()), "{what}: {n} articles are {state}\n{:#?}", books.parked);
        }
    }

    /// One branch by one push and one pull request for each article, and nothing else at the forge.
    fn assert_proposals(&self, what: &str) {
        let (forge, books) = (&self.forge, self.books());
        let branches: Vec<String> = forge.bare().branches().into_keys().filter(|b| b != "main").collect();
        assert_eq!(forge.bare().tip("main"), self.main, "{what}: the default branch was touched");
        let ledger = forge.ledger();
        let pushes = forge.pushes();
        assert!(pushes.iter().all(|p| !p.forced && p.old.is_none()), "{what}: {pushes:?}");
        assert_eq!(pushes.len(), branches.len(), "{what}: {pushes:?}");
        let mut pulls: Vec<String> = forge.pulls().into_iter().map(|p| p.branch).collect();
        pulls.sort();
        assert_eq!(pulls, branches, "{what}\n{ledger}");
        assert!(forge.pulls().iter().all(|p| p.open && p.base == "main"), "{what}");
        let known: Vec<String> = books.proposals.iter().map(|p| p.branch.clone()).collect();
        assert_eq!(known, branches, "{what}: the store knows other proposals than the forge");
        for proposal in &books.proposals {
            assert_eq!(forge.bare().tip(&proposal.branch), proposal.head, "{what}");
            let ours = forge.pulls().into_iter().find(|p| p.branch == proposal.branch).map(|p| p.number);
            assert_eq!(ours, proposal.number, "{what}: the store knows another number");
        }
    }

    /// No question whose answer was committed was asked again; each other one once more at most for each call that is booked
    /// as unknown; and everything that was billed is booked.
    pub(crate) fn assert_calls(&self, what: &str) {
        let (ledger, books) = (self.model.ledger(), self.books());
        for (request, calls) in &books.calls {
            let answered = calls.iter().position(|c| c.status == "accepted");
            assert_eq!(answered, calls.len().checked_sub(1), "{what}: {request} was asked after its answer: {calls:?}");
            let others = calls.iter().rev().skip(1);
            for call in others {
                assert_eq!(call.status, "unknown", "{what}: {request}: {calls:?}");
                assert_eq!(call.cost, call.reserved, "{what}: an unknown call is charged in full: {call:?}");
                assert!(call.cost > 0, "{what}: {call:?}");
            }
        }
        for kind in ["asked", "billed"] {
            let tally = ledger.tally(kind);
            // Both sides know a question by a hash of their own: the numbers are compared, largest first.
            let mut seen: Vec<usize> = tally.values().copied().collect();
            let mut allowed: Vec<usize> = books.calls.values().map(Vec::len).collect();
            seen.sort_by(|a, b| b.cmp(a));
            allowed.sort_by(|a, b| b.cmp(a));
            assert_eq!(seen.len(), allowed.len(), "{what}: {kind}: other questions than the store has\n{ledger}");
            let fits = seen.iter().zip(&allowed).all(|(seen, allowed)| seen <= allowed);
            assert!(fits, "{what}: {kind}: {seen:?}, but the store has {allowed:?}\n{ledger}");
        }
        let charged: i64 = books.calls.values().flatten().map(|c| c.cost).sum();
        assert_eq!(books.booked, charged, "{what}: the bookings are not what the calls cost");
        let bill = i64::try_from(self.model.bill()).expect("a bill of a test fits");
        assert!(bill > 0 && charged >= bill, "{what}: {bill} was billed, {charged} is booked");
        if books.unknown() == 0 {
            assert_eq!(bill, charged, "{what}: without an unknown call both agree");
        }
    }
}

/// A text with its times of the day of [`NOW`] taken out.
fn timeless(text: &str) -> String {
    let (day, _) = NOW.split_once('T').expect("a constant time has both parts");
    let time = regex::Regex::new(&format!(r"{day}T\d\d:\d\d:\d\d(\.\d+)?")).expect("the pattern is valid");
    time.replace_all(text, "TIME").into_owned()
}

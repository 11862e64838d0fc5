//! The limits of providers: rests that they ask for, breakers, minutes, calls at once, budgets and bad answers.

mod rests;

mod pace;

mod breaker;

mod budget;

mod answers;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use pipeline::config::Config;
use pipeline::engine::asking::Asker;
use pipeline::engine::outcome::Outcome;
use pipeline::engine::progress::Teller;
use pipeline::engine::{Clock, Desk};
use pipeline::models::{Asking, Question, Task, TriageInput, parse_triage};
use pipeline::store::{Role, RunnerLock, Store, Taken};
use serde_json::Value;
use states::words::{EffectKey, SourceKind};

use crate::harness::desk::{Output, Running};
use crate::harness::model::FakeModel;
use crate::harness::{hugo, skip};
use crate::world::{Spec, World};

const BUILTIN: &str = r#"["builtin"]"#;
const HOSTED: &str = r#"["hosted"]"#;
const OR_BUILTIN: &str = r#"["hosted", "builtin"]"#;

/// A desk with one hosted model that has limits, whose clock goes on from process to process.
struct Limited {
    world: World,
    model: FakeModel,
    began: Instant,
    runs: AtomicI64,
}

impl Limited {
    /// With so many leads; `limits` are keys of the provider, `more` are those of `[desk]`. `None` without Hugo.
    fn new(leads: u64, more: &str, limits: &str, [triage, draft, judge]: [&str; 3]) -> Option<Self> {
        Self::with(leads, more, limits, "run_usd = 5.0", [triage, draft, judge])
    }

    /// And with these caps.
    fn with(leads: u64, more: &str, limits: &str, caps: &str, [triage, draft, judge]: [&str; 3]) -> Option<Self> {
        if hugo().is_none() {
            skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
            return None;
        }
        let model = FakeModel::start();
        let base = model.base_url();
        let models = format!(
            r#"
[caps]
{caps}
[routes]
triage = {triage}
draft = {draft}
judge = {judge}
[[provider]]
name = "hosted"
base_url = "{base}"
model = "fake-writer"
price_in = 0.15
price_out = 0.6
{limits}
"#
        );
        let world = World::new(leads, &Spec { desk: more.into(), models, ..Spec::default() });
        Some(Self { world, model, began: Instant::now(), runs: AtomicI64::new(0) })
    }

    /// The time, so many hours on. Each process is a second behind the one before, so that none is ahead of the fakes because it
    /// started faster.
    fn now(&self, hours: i64) -> String {
        let start: Timestamp = "2026-11-21T06:00:00Z".parse().expect("a constant time is valid");
        let passed = SignedDuration::try_from(self.began.elapsed()).expect("a test is short");
        let behind = SignedDuration::from_secs(self.runs.fetch_add(1, Ordering::Relaxed));
        (start + passed - behind + SignedDuration::from_hours(hours)).to_string()
    }

    fn spawn(&self) -> Running {
        self.world.desk.spawn(&["run", "--json", "--now", &self.now(0)])
    }

    /// A run, so many hours on: how it ended and its report.
    fn run(&self, hours: i64) -> (Output, Value) {
        let output = self.world.desk.run(&["run", "--json", "--now", &self.now(hours)]);
        let report = output.json();
        crate::world::unhurt(&output);
        (output, report)
    }

    fn asked(&self) -> usize {
        self.model.ledger().count("asked")
    }
}

/// The causes of a report.
fn causes(report: &Value) -> Vec<String> {
    let all = report["causes"].as_array().expect("a report has causes");
    all.iter().map(|c| c["cause"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The engine itself on a store of its own, opened anew at each moment of a fake time: what holds then holds across restarts.
struct Moments {
    folder: tempfile::TempDir,
    toml: String,
    model: FakeModel,
}

impl Moments {
    /// A route of one model with these limits.
    fn new(limits: &str) -> Self {
        // Making a client installs what TLS needs.
        drop(crate::harness::client());
        let model = FakeModel::start();
        let toml = format!(
            r#"
[desk]
state = "desk.db"
[routes]
triage = ["hosted"]
[[provider]]
name = "hosted"
base_url = "{}"
model = "fake-writer"
{limits}
[[site]]
name = "desk"
repo = "nowhere.git"
"#,
            model.base_url()
        );
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made"), toml, model }
    }

    /// What comes of so many questions that are asked at once, so many seconds after the beginning.
    async fn ask(&self, second: i64, questions: &[String]) -> Vec<Result<(), Outcome>> {
        let config = Config::parse(&self.toml, &self.folder.path().join("pipeline.toml")).expect("it is valid");
        let path = config.database();
        let lock = match RunnerLock::take(&path, Role::Run).expect("the folder can be written") {
            Taken::Yes(lock) => lock,
            Taken::No(role) => panic!("there is another runner: {role:?}"),
        };
        let store = Store::open(&path, Some(&lock)).await.expect("the store can be opened");
        let clock = Clock::starting_at(moment(second));
        let desk = Desk::open(config, store, clock, Teller::default()).await.expect("a desk can be made");
        let asked = questions.iter().map(async |text| {
            let key = EffectKey::stored(text.clone());
            let site = &desk.config.sites[0];
            let asker = Asker { desk: &desk, site, article: None, key: Some(&key), tries: 0 };
            let input = TriageInput {
                title: text.clone(),
                url: "https://paper.example/news".into(),
                source_kind: SourceKind::Report,
                published: None,
                text: format!("{text} is about a database that got faster."),
                site_topics: Vec::new(),
                now: desk.clock.now(),
            };
            let build = |asking: &Asking<'_>| Question::triage(input.clone(), asking);
            let read = |answer: &str, _: &_| parse_triage(answer).map_err(|e| e.to_string());
            asker.ask(Task::Triage, None, build, read).await.map(drop)
        });
        futures::future::join_all(asked).await
    }
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).expect("a near time is valid")
}

/// So many questions that nobody has asked before.
fn fresh(second: i64, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("News {second} of {n}")).collect()
}

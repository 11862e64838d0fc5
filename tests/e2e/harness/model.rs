//! A model server that speaks as OpenAI's and Ollama's do, bills like one, and fails on request.

pub(crate) mod batch;
mod cut;
pub(crate) mod drafts;
mod serve;
mod texts;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::response::Response;
use serde_json::Value;

use super::ledger::Ledger;
use super::server::Server;

/// What the next request meets instead of a plain answer. Only what says so is billed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// An error status; not billed.
    Status(u16),
    /// 429 with `Retry-After`, as given; not billed.
    RateLimit(String),
    /// 503 with `Retry-After`, as given; not billed.
    Unavailable(String),
    /// Never answered; not billed.
    Hang,
    /// Billed, then the socket is closed without a reply.
    DropAfterBilling,
    /// Billed; the socket is closed after so many thousandths of the reply.
    CutReply(usize),
    /// Billed; the content is broken JSON.
    Garbage,
    /// Billed; the content is exactly this.
    Say(String),
    /// Billed; refused in the field made for it.
    Refuse,
    /// Billed; half the content, `finish_reason` is `length`.
    CutOff,
    /// Billed; the front of the prompt was dropped: a third of its tokens are counted.
    Clip,
    /// Billed; of the prompt's tokens so many thousandths are counted.
    ClipTo(u64),
    /// Billed; the stream is closed by force at this place. A reply that does not stream is closed before its first byte.
    CutStream(Cut),
    /// Billed; half the stream, and then nothing more.
    Stall,
    /// Billed; a stream without end.
    Babble,
    /// Billed; it thinks first, in the field made for it or before the answer.
    Think {
        /// In its own field.
        apart: bool,
    },
    /// Billed; it thinks until its tokens are used up.
    OnlyThink {
        /// In its own field.
        apart: bool,
    },
    /// 503 as llama.cpp answers while it loads its model; not billed.
    Loading,
    /// 400 in these words; not billed.
    BadRequest(String),
}

/// Where a stream is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the first token.
    Zero,
    /// After the first.
    One,
    /// In the middle.
    Half,
    /// After the last, before the mark that ends it.
    Last,
}

/// What a model is asked for, from the name of the answer's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Is it worth writing about?
    Triage,
    /// Write it.
    Draft,
    /// Judge it.
    Judge,
    /// Is it complex work?
    Classify,
}

impl Task {
    fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Draft => "draft",
            Self::Judge => "judge",
            Self::Classify => "classify",
        }
    }
}

struct Settings {
    faults: VecDeque<(Option<Task>, Fault)>,
    /// So many of a hundred requests fail with a status, evenly spread; `seen` counts them.
    failing: (u64, u16),
    seen: u64,
    delay: Duration,
    hang: bool,
    api_key: Option<String>,
    models: Vec<String>,
    relevance: Vec<(String, u64)>,
    confidence: u64,
    complex: bool,
    /// What is wrong with the next drafts, and the prompts of those that were written.
    spoils: VecDeque<Vec<drafts::Spoil>>,
    prompts: Vec<String>,
    /// It does whatever any text tells it.
    obeys: bool,
    totals: VecDeque<u64>,
    total: u64,
    /// Nano-dollars per token of the prompt and of the answer.
    price: (u64, u64),
    /// Hashes of the prompt beginnings in the cache.
    cached: BTreeSet<String>,
    /// Models in memory.
    loaded: BTreeSet<String>,
    /// Nano-dollars per token of a prompt's beginning that it has seen before; `None` for a server that keeps no prompts.
    cached_price: Option<u64>,
    /// The beginnings of prompts it has seen, by hash.
    beginnings: BTreeSet<u64>,
    /// The length of its embeddings.
    dimensions: usize,
    /// Files and batches.
    kept: batch::Kept,
}

#[derive(Clone)]
struct Shared {
    settings: Arc<Mutex<Settings>>,
    ledger: Ledger,
}

/// A model server.
///
/// Its ledger: `asked` for each request to write (key: sha256 of its messages), `billed` for each that was paid for (same
/// key; detail has `task`, `model`, `prompt_tokens`, `cache_read`, `cache_write`, `completion_tokens`, `nano_usd`), `limited`
/// for each that was sent away for a while (detail has `after`), `embedded`, `refused`. Beginnings of prompts that Anthropic's
/// interface marks are cached as there: a tenth of the price when they are read, five quarters when they are written.
pub(crate) struct FakeModel {
    shared: Shared,
    server: Option<Server>,
}

impl FakeModel {
    /// A model server that listens.
    pub(crate) fn start() -> Self {
        let mut model = Self::behind(Ledger::default());
        model.server = Some(Server::start(model.router()));
        model
    }

    /// A model without a server of its own: whoever has it serves [`Self::router`].
    pub(crate) fn behind(ledger: Ledger) -> Self {
        let settings = Settings {
            faults: VecDeque::new(),
            failing: (0, 500),
            seen: 0,
            delay: Duration::ZERO,
            hang: false,
            api_key: None,
            models: vec!["fake-writer".into(), "fake-judge".into(), "fake-embedder".into()],
            relevance: Vec::new(),
            confidence: 92,
            complex: false,
            spoils: VecDeque::new(),
            prompts: Vec::new(),
            obeys: false,
            totals: VecDeque::new(),
            total: 92,
            price: (150, 600),
            cached: BTreeSet::new(),
            loaded: BTreeSet::new(),
            cached_price: None,
            beginnings: BTreeSet::new(),
            dimensions: 96,
            kept: batch::Kept::default(),
        };
        Self { shared: Shared { settings: Arc::new(Mutex::new(settings)), ledger }, server: None }
    }

    /// Its paths.
    pub(crate) fn router(&self) -> Router {
        serve::router(self.shared.clone())
    }

    /// The base address that a client is given (`…/v1`).
    pub(crate) fn base_url(&self) -> String {
        self.url("/v1")
    }

    /// The address of one of its paths.
    pub(crate) fn url(&self, path: &str) -> String {
        self.server.as_ref().expect("only a model with a server of its own has an address").url(path)
    }

    /// What it was asked and what it billed.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// The next `n` requests meet a fault.
    pub(crate) fn next(&self, n: usize, fault: Fault) {
        self.set(|s| s.faults.extend(std::iter::repeat_n((None, fault), n)));
    }

    /// No request meets a fault that none has met yet.
    pub(crate) fn forget_faults(&self) {
        self.set(|s| s.faults.clear());
    }

    /// The next `n` requests of one task meet a fault.
    pub(crate) fn next_of(&self, task: Task, n: usize, fault: Fault) {
        self.set(|s| s.faults.extend(std::iter::repeat_n((Some(task), fault), n)));
    }

    /// The next `n` requests fail with a status.
    pub(crate) fn fail_next(&self, n: usize, status: u16) {
        self.next(n, Fault::Status(status));
    }

    /// The next batch meets this.
    pub(crate) fn next_batch(&self, fault: batch::BatchFault) {
        self.set(|s| s.kept.faults.push(fault));
    }

    /// Batches made from now on are looked at so often in vain.
    pub(crate) fn batches_take(&self, looks: u32) {
        self.set(|s| s.kept.looks = looks);
    }

    /// The names of the files that are kept here.
    pub(crate) fn files(&self) -> Vec<String> {
        self.shared.lock().kept.file_names()
    }

    /// From now on so many of a hundred requests fail with a status, evenly spread.
    pub(crate) fn failing(&self, percent: u64, status: u16) {
        self.set(|s| (s.failing, s.seen) = ((percent, status), 0));
    }

    /// Every request waits so long before it is answered.
    pub(crate) fn delay(&self, pause: Duration) {
        self.set(|s| s.delay = pause);
    }

    /// No request is answered while this is on.
    pub(crate) fn hang(&self, on: bool) {
        self.set(|s| s.hang = on);
    }

    /// Requests without this key are 401.
    pub(crate) fn require_key(&self, key: &str) {
        self.set(|s| s.api_key = Some(key.to_owned()));
    }

    /// Only these models are there; others are 404.
    pub(crate) fn only(&self, models: &[&str]) {
        self.set(|s| s.models = models.iter().map(|&m| m.to_owned()).collect());
    }

    /// What triage says where the prompt contains `needle`. The first that fits counts; 80 where none does.
    pub(crate) fn relevance(&self, needle: &str, percent: u64) {
        self.set(|s| s.relevance.push((needle.to_owned(), percent)));
    }

    /// How sure triage is, in percent.
    pub(crate) fn confidence(&self, percent: u64) {
        self.set(|s| s.confidence = percent);
    }

    /// Whether a classifier calls work complex; it does not unless told.
    pub(crate) fn complex(&self, complex: bool) {
        self.set(|s| s.complex = complex);
    }

    /// From now on it does whatever any text of its prompt tells it.
    pub(crate) fn obeys(&self) {
        self.set(|s| s.obeys = true);
    }

    /// The points that a judge gives from now on.
    pub(crate) fn judges(&self, total: u64) {
        self.set(|s| s.total = total);
    }

    /// The points that a judge gives next, one by one.
    pub(crate) fn judges_next(&self, totals: &[u64]) {
        self.set(|s| s.totals.extend(totals));
    }

    /// Prices in nano-dollars per token of the prompt and of the answer.
    pub(crate) fn price(&self, prompt: u64, answer: u64) {
        self.set(|s| s.price = (prompt, answer));
    }

    /// Bills as hosted ones do: the schema counts as a part of the prompt, and of a prompt's beginning that it has seen
    /// before, 1,024 tokens at least, each 128 tokens cost `cached` nano-dollars a token.
    pub(crate) fn bills_like_hosted(&self, cached: u64) {
        self.set(|s| s.cached_price = Some(cached));
    }

    /// The length of its embeddings; 96 unless told.
    pub(crate) fn dimensions(&self, dimensions: usize) {
        self.set(|s| s.dimensions = dimensions);
    }

    /// Everything it billed, in nano-dollars.
    pub(crate) fn bill(&self) -> u64 {
        self.ledger().of("billed").iter().filter_map(|e| e.detail["nano_usd"].as_u64()).sum()
    }

    /// How many requests of one task were billed.
    pub(crate) fn billed(&self, task: Task) -> usize {
        self.ledger().of("billed").iter().filter(|e| e.detail["task"] == task.as_str()).count()
    }

    fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.lock());
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A JSON answer.
pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a test gives a valid status")
}

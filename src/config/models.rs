//! `[[provider]]`: who can be asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use states::limits::Limits;
use states::words::{Prices, WorkerName};

use crate::models::{Api, OpenAiOptions, ProviderOptions, SchemaMode, Secret, Task};

/// Where Anthropic is asked, unless another address is named.
const ANTHROPIC: &str = "https://api.anthropic.com";

/// What kind of provider it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Any server with an OpenAI-compatible interface: llama.cpp, vLLM, Ollama's `/v1`, hosted ones.
    #[default]
    OpenAi,
    /// Ollama's own interface.
    Ollama,
    /// Anthropic's own interface, with its prompt cache.
    Anthropic,
    /// Recorded answers.
    Replay,
}

/// One model at one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderSection {
    /// What routes call it.
    pub name: String,
    /// What kind it is.
    pub kind: ProviderKind,
    /// The server's address, with the path before `/chat/completions`.
    pub base_url: String,
    /// The model's name at the server.
    pub model: String,
    /// The model's family; empty takes the letters that `model` begins with.
    pub family: String,
    /// The variable that holds the key. No other variable is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// The worker it runs on, which is woken for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerName>,
    /// Tokens of prompt and answer together.
    pub context_tokens: u32,
    /// How long to wait for an answer.
    pub timeout_seconds: u64,
    /// How many calls are under way at once. Left out: one where a worker or Ollama answers, which would only share its
    /// speed between them, else four.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// How many calls leave within a minute; 0 for no limit.
    pub requests_per_minute: u64,
    /// How many tokens of prompts and answers a minute has; 0 for no limit. An answer counts at its longest until it is there.
    pub tokens_per_minute: u64,
    /// How long a rest that the provider asks for, or a full minute, is waited for before the next tier is asked, in seconds.
    pub patience_seconds: u64,
    /// Read the answer while it is written: its growth is told, a model that hangs or babbles is cut off early.
    pub stream: bool,
    /// Once a streamed answer has begun, nothing may be longer in coming.
    pub idle_seconds: u64,
    /// Ollama only: how long the model stays loaded after an answer (`10m`, `-1` for ever, `0`).
    pub keep_alive: String,
    /// Ollama only: let the model think before it answers, where it can.
    pub think: bool,
    /// How the form of the answer is told.
    pub schema_mode: SchemaMode,
    /// The member that limits the answer: `max_tokens` or `max_completion_tokens`.
    pub token_limit_key: String,
    /// Whether the temperature is sent; left out: yes, but not to Anthropic, whose newer models refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_temperature: Option<bool>,
    /// Further members of the request, put over those that this program sets.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra_body: Map<String, Value>,
    /// Dollars for a million prompt tokens. Left out: as the price list says; a model of one's own is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_in: Option<f64>,
    /// Dollars for a million prompt tokens that come from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_cached: Option<f64>,
    /// Dollars for a million prompt tokens that are written into the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_cache_write: Option<f64>,
    /// Dollars for a million answer tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_out: Option<f64>,
    /// Tasks that can wait for hours: they are asked together, by the provider's batch interface.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub batch: Vec<Task>,
    /// How long a question waits for others before its batch is sent, in seconds. Where nothing else goes on, it is sent at once.
    pub batch_wait_seconds: u64,
    /// Seconds until a batch is looked at for the first time; then it is looked at less and less often.
    pub batch_poll_seconds: u64,
    /// What a batch costs, as a part of the price. Left out: as the price list says, else half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_price: Option<f64>,
    /// Whose listed price it has, as `vendor/model`: for a gateway that passes it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_as: Option<String>,
    /// The folder of recorded answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl Default for ProviderSection {
    fn default() -> Self {
        let plain = OpenAiOptions::default();
        Self {
            name: String::new(),
            kind: ProviderKind::OpenAi,
            base_url: plain.base_url,
            model: String::new(),
            family: String::new(),
            key_env: None,
            worker: None,
            context_tokens: plain.context_tokens,
            timeout_seconds: plain.timeout_seconds,
            concurrent: None,
            requests_per_minute: 0,
            tokens_per_minute: 0,
            patience_seconds: 60,
            schema_mode: plain.schema_mode,
            stream: plain.stream,
            idle_seconds: plain.idle_seconds,
            keep_alive: plain.keep_alive,
            think: plain.think,
            token_limit_key: plain.token_limit_key,
            send_temperature: None,
            extra_body: Map::new(),
            price_in: None,
            price_cached: None,
            price_cache_write: None,
            price_out: None,
            batch: Vec::new(),
            batch_wait_seconds: 30,
            batch_poll_seconds: 60,
            batch_price: None,
            price_as: None,
            folder: None,
        }
    }
}

impl ProviderSection {
    /// How many calls are under way at once.
    pub fn concurrent(&self) -> u32 {
        let shared = self.worker.is_some() || self.kind == ProviderKind::Ollama;
        self.concurrent.unwrap_or(if shared { 1 } else { 4 })
    }

    /// What it allows in a minute, and how long it is waited for.
    pub fn limits(&self) -> Limits {
        Limits {
            requests: self.requests_per_minute,
            tokens: self.tokens_per_minute,
            patience: i64::try_from(self.patience_seconds).unwrap_or(i64::MAX),
        }
    }

    /// Whether what is said of batches can be done.
    pub(super) fn check_batch(&self) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("the provider `{}`: {why}", self.name));
        if self.batch.iter().any(|task| matches!(task, Task::Embed | Task::Classify)) {
            return wrong(
                "`batch` takes triage, draft, revise and judge: the others are asked before these, and at once",
            );
        }
        if !self.batch.is_empty() && (self.kind != ProviderKind::OpenAi || self.worker.is_some()) {
            return wrong("only a hosted provider of kind `openai` takes batches: take `batch` away");
        }
        if self.batch_poll_seconds == 0 {
            return wrong("`batch_poll_seconds` is 1 or more");
        }
        Ok(())
    }

    /// Where it is asked.
    pub(super) fn address(&self) -> &str {
        let unnamed = self.base_url == OpenAiOptions::default().base_url;
        if self.kind == ProviderKind::Anthropic && unnamed { ANTHROPIC } else { &self.base_url }
    }

    /// As the model clients take it. `key` is the value of the variable `key_env`, `prices` what [`super::Config::terms`]
    /// found.
    pub fn options(&self, key: Option<Secret>, prices: &Prices) -> ProviderOptions {
        let api = match self.kind {
            ProviderKind::Replay => {
                let folder = self.folder.clone().unwrap_or_default();
                return ProviderOptions::Replay { folder, provider: self.name.clone() };
            }
            ProviderKind::OpenAi => Api::OpenAi,
            ProviderKind::Ollama => Api::Ollama,
            ProviderKind::Anthropic => Api::Anthropic,
        };
        let anthropic = api == Api::Anthropic;
        ProviderOptions::OpenAi(Box::new(OpenAiOptions {
            name: self.name.clone(),
            api,
            base_url: self.address().to_owned(),
            model: self.model.clone(),
            family: self.family.clone(),
            api_key: key,
            context_tokens: self.context_tokens,
            timeout_seconds: self.timeout_seconds,
            schema_mode: self.schema_mode,
            stream: self.stream,
            idle_seconds: self.idle_seconds,
            keep_alive: self.keep_alive.clone(),
            think: self.think,
            token_limit_key: self.token_limit_key.clone(),
            send_temperature: self.send_temperature.unwrap_or(!anthropic),
            extra_body: self.extra_body.clone(),
            price_in: prices.input.usd(),
            price_cached: Some(prices.cached.usd()),
            price_cache_write: Some(prices.cache_write.usd()),
            price_out: prices.output.usd(),
        }))
    }
}

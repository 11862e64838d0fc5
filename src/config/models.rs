//! `[routes]` and `[[provider]]`: who is asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use states::words::{Prices, WorkerName};

use crate::models::{Api, OpenAiOptions, ProviderOptions, SchemaMode, Secret, Task};

/// Who is asked, per task, in order: names of providers, `builtin`, or `wait` at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Routes {
    /// Is a lead worth writing about.
    pub triage: Vec<String>,
    /// What does it mean: embedding models, which tell the same story in other words apart from another one. Empty: words
    /// alone decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embed: Vec<String>,
    /// Write it.
    pub draft: Vec<String>,
    /// Judge it.
    pub judge: Vec<String>,
}

impl Default for Routes {
    fn default() -> Self {
        let builtin = || vec!["builtin".to_owned()];
        Self { triage: builtin(), embed: Vec::new(), draft: builtin(), judge: builtin() }
    }
}

impl Routes {
    /// The route of a task.
    pub fn of(&self, task: Task) -> &[String] {
        match task {
            Task::Triage => &self.triage,
            Task::Embed => &self.embed,
            Task::Draft => &self.draft,
            Task::Judge => &self.judge,
        }
    }

    /// Every name on any route.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.triage.iter().chain(&self.embed).chain(&self.draft).chain(&self.judge)
    }
}

/// What kind of provider it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Any server with an OpenAI-compatible interface: llama.cpp, vLLM, Ollama's `/v1`, hosted ones.
    #[default]
    OpenAi,
    /// Ollama's own interface.
    Ollama,
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
    /// How the form of the answer is told.
    pub schema_mode: SchemaMode,
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
    /// What a batch of calls that can wait costs, as a part of the price.
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
            schema_mode: plain.schema_mode,
            price_in: None,
            price_cached: None,
            price_cache_write: None,
            price_out: None,
            batch_price: None,
            price_as: None,
            folder: None,
        }
    }
}

impl ProviderSection {
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
        };
        ProviderOptions::OpenAi(Box::new(OpenAiOptions {
            name: self.name.clone(),
            api,
            base_url: self.base_url.clone(),
            model: self.model.clone(),
            family: self.family.clone(),
            api_key: key,
            context_tokens: self.context_tokens,
            timeout_seconds: self.timeout_seconds,
            schema_mode: self.schema_mode,
            price_in: prices.input.usd(),
            price_cached: Some(prices.cached.usd()),
            price_cache_write: Some(prices.cache_write.usd()),
            price_out: prices.output.usd(),
            ..OpenAiOptions::default()
        }))
    }
}

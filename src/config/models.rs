//! `[[provider]]`: who can be asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use states::words::WorkerName;

use crate::models::{Api, OpenAiOptions, ProviderOptions, SchemaMode, Secret};

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
    /// Dollars for a million prompt tokens.
    pub price_in: f64,
    /// Dollars for a million answer tokens.
    pub price_out: f64,
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
            price_in: 0.0,
            price_out: 0.0,
            folder: None,
        }
    }
}

impl ProviderSection {
    /// True when answers cost money.
    pub fn bills(&self) -> bool {
        self.price_in > 0.0 || self.price_out > 0.0
    }

    /// As the model clients take it. `key` is the value of the variable `key_env`.
    pub fn options(&self, key: Option<Secret>) -> ProviderOptions {
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
            price_in: self.price_in,
            price_out: self.price_out,
            ..OpenAiOptions::default()
        }))
    }
}

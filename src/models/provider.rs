//! Whom to ask, and how.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use states::words::Writer;

use super::call_error::{CallError, Usage};
use super::cost::tokens_of_bytes;
use super::openai::OpenAi;
use super::question::Question;
use super::ready::{self, Loaded};
use super::replay::Replay;
use super::secret::Secret;
use super::wire::Watch;
use super::{builtin, cost, diagnosis};

/// Which interface a server speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Chat completions, as OpenAI describes them. `base_url` ends in `/v1` for most servers.
    #[default]
    OpenAi,
    /// Ollama's own chat interface, which alone lets the client set the context; without it Ollama drops the front of a
    /// long prompt and answers as if nothing had happened. `base_url` is the server's root.
    Ollama,
    /// Anthropic's own messages interface, with its prompt cache. `base_url` is the server's root.
    Anthropic,
}

/// How a server is told the form of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMode {
    /// By a strict JSON Schema.
    #[default]
    JsonSchema,
    /// Some JSON object; the prompt says which.
    JsonObject,
    /// Not at all; the prompt says it.
    None,
}

/// One model at one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenAiOptions {
    /// What the configuration calls it.
    pub name: String,
    /// Which interface the server speaks.
    pub api: Api,
    /// The server, with the path before `/chat/completions`.
    pub base_url: String,
    /// The model's name at the server.
    pub model: String,
    /// The model's family (`llama`, `qwen`, …); empty takes the letters that `model` begins with.
    pub family: String,
    /// The key, where the server wants one. Never read from the environment here.
    pub api_key: Option<Secret>,
    /// Tokens of prompt and answer together.
    pub context_tokens: u32,
    /// How long to wait for the whole answer.
    pub timeout_seconds: u64,
    /// The answer is read while it is written: its growth is told, a model that hangs or babbles is cut off early.
    pub stream: bool,
    /// Once a streamed answer has begun, nothing may be longer in coming.
    pub idle_seconds: u64,
    /// Ollama only: how long the model stays loaded after an answer, as Ollama writes times (`10m`, `-1` for ever, `0`).
    pub keep_alive: String,
    /// Ollama only: the model may think before it answers, where it can. Thinking uses up the tokens of the answer.
    pub think: bool,
    /// How the form of the answer is told.
    pub schema_mode: SchemaMode,
    /// Dollars for a million prompt tokens.
    pub price_in: f64,
    /// Dollars for a million prompt tokens that the provider had cached, where they cost less.
    pub price_cached: Option<f64>,
    /// Dollars for a million prompt tokens that are written into the provider's cache, where they cost more.
    pub price_cache_write: Option<f64>,
    /// Dollars for a million answer tokens.
    pub price_out: f64,
    /// The member that limits the answer: `max_tokens`, or `max_completion_tokens` where the server asks for it (it is
    /// noticed where the server says so).
    pub token_limit_key: String,
    /// Whether the temperature is sent; some models refuse it (it is noticed where the server says so).
    pub send_temperature: bool,
    /// Further members of the request, put over those that this program sets.
    pub extra_body: Map<String, Value>,
}

impl Default for OpenAiOptions {
    fn default() -> Self {
        Self {
            name: "local".into(),
            api: Api::OpenAi,
            base_url: "http://127.0.0.1:11434/v1".into(),
            model: String::new(),
            family: String::new(),
            api_key: None,
            context_tokens: 32_768,
            timeout_seconds: 600,
            stream: true,
            idle_seconds: 120,
            keep_alive: "10m".into(),
            think: false,
            schema_mode: SchemaMode::JsonSchema,
            price_in: 0.0,
            price_cached: None,
            price_cache_write: None,
            price_out: 0.0,
            token_limit_key: "max_tokens".into(),
            send_temperature: true,
            extra_body: Map::new(),
        }
    }
}

impl OpenAiOptions {
    /// The family: the one given, else the letters that the model's name begins with (`qwen` of `Qwen2.5-7B`), after a
    /// publisher's prefix.
    pub fn family(&self) -> String {
        if !self.family.is_empty() {
            return self.family.to_lowercase();
        }
        let name = self.model.rsplit('/').next().unwrap_or_default();
        name.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
    }
}

/// A provider as the configuration describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum ProviderOptions {
    /// A model server.
    OpenAi(Box<OpenAiOptions>),
    /// The deterministic provider inside the program.
    BuiltIn,
    /// Recorded answers.
    Replay {
        /// Where recordings lie, by provider and request key.
        folder: PathBuf,
        /// Whose answers to give.
        provider: String,
    },
}

/// Why options cannot make a provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model provider `{name}`: {problem}")]
pub struct BadOptions {
    /// The provider.
    pub name: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

/// Somebody who answers questions.
#[derive(Debug, Clone)]
pub enum Provider {
    /// A model server.
    OpenAi(Box<OpenAi>),
    /// The deterministic provider inside the program.
    BuiltIn,
    /// Recorded answers.
    Replay(Replay),
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model was done.
    Stop,
    /// Something else, as the server calls it; empty where it does not say.
    Other(String),
}

/// What came back. Not yet parsed, and not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's text.
    pub text: String,
    /// The model, as the server names it.
    pub model: String,
    /// Tokens of the prompt, cached ones among them. Estimated where the server does not count.
    pub tokens_in: u64,
    /// Tokens of the answer. Estimated where the server does not count.
    pub tokens_out: u64,
    /// Tokens of the prompt that came from the provider's cache.
    pub tokens_cached: u64,
    /// Tokens of the prompt that were written into the provider's cache, where that has a price of its own.
    #[serde(default)]
    pub tokens_cache_write: u64,
    /// Why it ended.
    pub finish: Finish,
    /// How long it took, from sending to the last byte.
    pub milliseconds: u64,
}

impl Answer {
    /// The tokens alone.
    pub fn usage(&self) -> Usage {
        Usage {
            tokens_in: self.tokens_in,
            tokens_out: self.tokens_out,
            tokens_cached: self.tokens_cached,
            tokens_cache_write: self.tokens_cache_write,
        }
    }
}

impl Provider {
    /// Makes a provider. A model server's client is made here, once, and keeps its connections.
    ///
    /// # Errors
    /// When the options name no usable server, model, key or folder.
    pub fn new(options: ProviderOptions) -> Result<Self, BadOptions> {
        match options {
            ProviderOptions::OpenAi(options) => Ok(Self::OpenAi(Box::new(OpenAi::new(*options)?))),
            ProviderOptions::BuiltIn => Ok(Self::BuiltIn),
            ProviderOptions::Replay { folder, provider } => Ok(Self::Replay(Replay::new(folder, provider)?)),
        }
    }

    /// The name under which its answers are stored.
    pub fn name(&self) -> &str {
        match self {
            Self::OpenAi(openai) => &openai.options().name,
            Self::BuiltIn => builtin::NAME,
            Self::Replay(replay) => replay.provider(),
        }
    }

    /// Who a draft or a score is by, when it came with this answer.
    pub fn writer(&self, answer: &Answer) -> Writer {
        self.writer_named(&answer.model)
    }

    /// Who writes here under this model's name: the same before and after an answer, and for one from the ledger.
    pub fn writer_named(&self, model: &str) -> Writer {
        let family = match self {
            Self::OpenAi(openai) => openai.options().family(),
            Self::BuiltIn => builtin::NAME.to_owned(),
            Self::Replay(replay) if replay.provider() == builtin::NAME => builtin::NAME.to_owned(),
            Self::Replay(_) => OpenAiOptions { model: model.to_owned(), ..OpenAiOptions::default() }.family(),
        };
        Writer { provider: self.name().to_owned(), model: model.to_owned(), family }
    }

    /// The size of its context in tokens, for [`super::Asking::context_tokens`]. Without a model there is no limit.
    pub fn context_tokens(&self) -> u32 {
        match self {
            Self::OpenAi(openai) => openai.options().context_tokens,
            Self::BuiltIn | Self::Replay(_) => u32::MAX,
        }
    }

    /// What it takes for a million tokens.
    pub fn prices(&self) -> states::words::Prices {
        match self {
            Self::OpenAi(openai) => cost::prices(openai.options()),
            Self::BuiltIn | Self::Replay(_) => states::words::Prices::default(),
        }
    }

    /// The most a question can cost here.
    pub fn most(&self, question: &Question) -> states::words::NanoUsd {
        match self {
            Self::OpenAi(openai) => cost::most(openai.options(), question),
            Self::BuiltIn | Self::Replay(_) => states::words::NanoUsd::ZERO,
        }
    }

    /// What these tokens cost here.
    pub fn cost(&self, usage: &Usage) -> states::words::NanoUsd {
        match self {
            Self::OpenAi(openai) => cost::cost(openai.options(), usage),
            Self::BuiltIn | Self::Replay(_) => states::words::NanoUsd::ZERO,
        }
    }

    /// Asks once: one request that can bill, no retry, no redirect.
    ///
    /// # Errors
    /// See [`CallError`]; its `class` says what to do, its `billed` what it may have cost.
    pub async fn ask(&self, question: &Question) -> Result<Answer, CallError> {
        self.ask_watched(question, None).await
    }

    /// As [`Self::ask`]; `watch` is told how an answer that is streamed grows, at most a few times a second.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_watched(&self, question: &Question, watch: Option<Watch>) -> Result<Answer, CallError> {
        match self {
            Self::OpenAi(openai) => openai.ask(question, watch).await,
            Self::BuiltIn => {
                let text = builtin::answer(&question.input);
                Ok(Answer {
                    model: builtin::MODEL.to_owned(),
                    tokens_in: 0,
                    tokens_out: tokens_of_bytes(text.len()),
                    tokens_cached: 0,
                    tokens_cache_write: 0,
                    finish: Finish::Stop,
                    milliseconds: 0,
                    text,
                })
            }
            Self::Replay(replay) => replay.ask(question),
        }
    }

    /// What an error of this provider means, with the next step: the command to type, where one mends it.
    pub fn explain(&self, error: &CallError) -> String {
        match self {
            Self::OpenAi(openai) => diagnosis::explain(openai.options(), error),
            Self::BuiltIn | Self::Replay(_) => error.to_string(),
        }
    }

    /// Whether its model could answer now, without asking it anything.
    pub async fn loaded(&self) -> Loaded {
        match self {
            Self::OpenAi(openai) => ready::loaded(openai.options()).await,
            Self::BuiltIn | Self::Replay(_) => Loaded::Yes,
        }
    }
}

//! Asking a model server over chat completions.

use std::time::Instant;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder as _;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::call_error::{CallError, Usage};
use super::cost::{estimate_tokens, message_tokens, tokens_of_bytes};
use super::prices::is_price;
use super::provider::{Answer, Api, BadOptions, Finish, OpenAiOptions, SchemaMode};
use super::question::Question;
use super::task::Task;
use super::wire::Wire;
use super::{embed, ollama};

/// A prompt of which the server counted fewer than this share of the estimate was clipped.
const CLIPPED_BELOW_PERCENT: u64 = 60;
/// Below this many tokens an estimate says nothing.
const CLIP_FLOOR: u64 = 200;

/// A model server and the client that asks it.
#[derive(Debug, Clone)]
pub struct OpenAi {
    options: OpenAiOptions,
    client: Client<Address>,
}

/// Where requests go and what they carry. Unlike the library's own configuration it never looks into the environment.
#[derive(Debug, Clone)]
struct Address {
    base: String,
    headers: HeaderMap,
    key: SecretString,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// A reply, whichever interface it came over.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) model: Option<String>,
    pub(super) tokens_in: Option<u64>,
    pub(super) tokens_out: Option<u64>,
    pub(super) tokens_cached: u64,
    pub(super) tokens_cache_write: u64,
    pub(super) finish: String,
    pub(super) refused: bool,
}

impl OpenAi {
    /// Checks the options and makes the client.
    ///
    /// # Errors
    /// When they name no usable server, model, price or key.
    pub fn new(options: OpenAiOptions) -> Result<Self, BadOptions> {
        let bad = |problem: &str| BadOptions { name: options.name.clone(), problem: problem.to_owned() };
        let url: url::Url =
            options.base_url.parse().map_err(|_| bad("`base_url` is not a URL; `http://127.0.0.1:11434/v1` is one"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(bad("`base_url` must begin with http:// or https:// and name a host"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(bad(
                "`base_url` must have no user, password, query or fragment; a key goes into `api_key_env`",
            ));
        }
        if options.model.is_empty() {
            return Err(bad("`model` is empty: name the model as the server does"));
        }
        let prices = [Some(options.price_in), Some(options.price_out), options.price_cached, options.price_cache_write];
        if prices.into_iter().flatten().any(|p| !is_price(p)) {
            return Err(bad("prices are dollars for a million tokens: 0 or more"));
        }
        if options.timeout_seconds == 0 || options.context_tokens < 1024 {
            return Err(bad("`timeout_seconds` must be 1 or more and `context_tokens` 1024 or more"));
        }
        let mut headers = HeaderMap::new();
        let key = options.api_key.as_ref().map_or("", |key| key.expose());
        if !key.is_empty() {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
                .map_err(|_| bad("the key has characters that no key has: check the variable it is read from"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let wire = Wire::new(options.timeout_seconds, options.model.clone(), options.api_key.clone())
            .map_err(|_| bad("no HTTP client can be made on this system"))?;
        let base = options.base_url.trim_end_matches('/').to_owned();
        let address = Address { base, headers, key: SecretString::from(key.to_owned()) };
        let client = Client::build(wire.client(), address).with_http_service(wire);
        Ok(Self { options, client })
    }

    /// The options it was made from.
    pub fn options(&self) -> &OpenAiOptions {
        &self.options
    }

    /// One request, one answer.
    pub(super) async fn ask(&self, question: &Question) -> Result<Answer, CallError> {
        if question.task == Task::Embed {
            return self.embed(question).await;
        }
        let (estimated, answer) = estimate_tokens(question);
        let context = u64::from(self.options.context_tokens);
        if estimated + answer > context {
            return Err(CallError::TooLong { estimated, answer, context });
        }
        let (path, mut body) = match self.options.api {
            Api::OpenAi => ("/chat/completions", self.body(question)),
            Api::Ollama => ("/api/chat", ollama::body(&self.options, question)),
        };
        for (name, value) in &self.options.extra_body {
            body.insert(name.clone(), value.clone());
        }
        body.insert("stream".into(), Value::Bool(false));

        let sent_at = Instant::now();
        let reply: Result<Value, OpenAIError> = match self.client.chat().path(path) {
            Ok(chat) => chat.create_byot(Value::Object(body)).await,
            Err(error) => Err(error),
        };
        let milliseconds = u64::try_from(sent_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let reply = reply.map_err(error_of)?;
        let reply = match self.options.api {
            Api::OpenAi => read(&reply)?,
            Api::Ollama => ollama::read(&reply)?,
        };
        self.judge(question, reply, milliseconds)
    }

    /// One request, one vector.
    async fn embed(&self, question: &Question) -> Result<Answer, CallError> {
        if embed::is_too_long(&self.options, question) {
            let (estimated, answer) = estimate_tokens(question);
            return Err(CallError::TooLong { estimated, answer, context: u64::from(self.options.context_tokens) });
        }
        let (path, mut body) = embed::request(&self.options, question);
        for (name, value) in &self.options.extra_body {
            body.insert(name.clone(), value.clone());
        }
        let sent_at = Instant::now();
        let reply: Result<Value, OpenAIError> = match self.client.embeddings().path(path) {
            Ok(embeddings) => embeddings.create_byot(Value::Object(body)).await,
            Err(error) => Err(error),
        };
        let milliseconds = u64::try_from(sent_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        embed::read(&self.options, question, &reply.map_err(error_of)?, milliseconds)
    }

    fn body(&self, question: &Question) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("model".into(), json!(self.options.model));
        body.insert("messages".into(), messages(question));
        body.insert(self.options.token_limit_key.clone(), json!(question.max_tokens));
        if self.options.send_temperature {
            body.insert("temperature".into(), json!(f64::from(question.temperature_milli) / 1000.0));
        }
        // The first sample goes without a seed: some servers refuse one.
        if question.sample > 0 {
            body.insert("seed".into(), json!(question.sample));
        }
        match self.options.schema_mode {
            SchemaMode::JsonSchema => {
                let named = json!({"name": question.schema_name, "schema": question.schema, "strict": true});
                body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": named}));
            }
            SchemaMode::JsonObject => {
                body.insert("response_format".into(), json!({"type": "json_object"}));
            }
            SchemaMode::None => {}
        }
        body
    }

    /// Decides whether a reply is an answer.
    fn judge(&self, question: &Question, reply: Reply, milliseconds: u64) -> Result<Answer, CallError> {
        let sent_estimate = message_tokens(question);
        let usage = Usage {
            tokens_in: reply.tokens_in.unwrap_or_else(|| estimate_tokens(question).0),
            tokens_out: reply.tokens_out.unwrap_or_else(|| tokens_of_bytes(reply.text.len())),
            tokens_cached: reply.tokens_cached,
            tokens_cache_write: reply.tokens_cache_write,
        };
        if let Some(counted) = reply.tokens_in
            && sent_estimate >= CLIP_FLOOR
            && counted * 100 < sent_estimate * CLIPPED_BELOW_PERCENT
        {
            return Err(CallError::Clipped { sent_estimate, counted, usage });
        }
        if reply.refused || reply.finish == "content_filter" {
            return Err(CallError::Refused { usage });
        }
        if reply.finish == "length" {
            return Err(CallError::CutOff { usage });
        }
        if reply.text.trim().is_empty() {
            return Err(CallError::Malformed { message: "it holds no text".to_owned(), usage: Some(usage) });
        }
        Ok(Answer {
            text: reply.text,
            model: reply.model.filter(|m| !m.is_empty()).unwrap_or_else(|| self.options.model.clone()),
            tokens_in: usage.tokens_in,
            tokens_out: usage.tokens_out,
            tokens_cached: usage.tokens_cached,
            tokens_cache_write: usage.tokens_cache_write,
            finish: if reply.finish == "stop" { Finish::Stop } else { Finish::Other(reply.finish) },
            milliseconds,
        })
    }
}

/// A question's messages as both interfaces want them.
pub(super) fn messages(question: &Question) -> Value {
    question.messages.iter().map(|m| json!({"role": m.role.as_str(), "content": m.text})).collect()
}

/// A short word from a reply: never longer than a name.
pub(super) fn word(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(|text| text.chars().filter(|c| !c.is_control()).take(100).collect())
}

fn error_of(error: OpenAIError) -> CallError {
    let malformed = |message: &str| CallError::Malformed { message: message.to_owned(), usage: None };
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<CallError>() {
            Ok(error) => *error,
            Err(_) => CallError::Unreachable { sent: true },
        },
        OpenAIError::JSONDeserialize(..) => malformed("it is no JSON of the expected form"),
        OpenAIError::InvalidArgument(_) => {
            CallError::BadRequest { status: 0, message: "the request cannot be built: check `extra_body`".to_owned() }
        }
        _ => CallError::Unreachable { sent: true },
    }
}

fn read(reply: &Value) -> Result<Reply, CallError> {
    let number = |at: &str| reply.pointer(at).and_then(Value::as_u64);
    let usage = match (number("/usage/prompt_tokens"), number("/usage/completion_tokens")) {
        (Some(tokens_in), Some(tokens_out)) => {
            // DeepSeek has a name of its own for it.
            let cached = ["/usage/prompt_tokens_details/cached_tokens", "/usage/prompt_cache_hit_tokens"];
            let tokens_cached = cached.into_iter().find_map(number).unwrap_or(0);
            let tokens_cache_write = number("/usage/prompt_tokens_details/cache_write_tokens").unwrap_or(0);
            Some(Usage { tokens_in, tokens_out, tokens_cached, tokens_cache_write })
        }
        _ => None,
    };
    let Some(choice) = reply.pointer("/choices/0") else {
        return Err(CallError::Malformed { message: "it holds no choice".to_owned(), usage });
    };
    let content = choice.pointer("/message/content");
    let text = match content {
        Some(Value::String(text)) => text.clone(),
        // Some servers answer in parts.
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect::<Vec<_>>().concat()
        }
        _ => String::new(),
    };
    Ok(Reply {
        text,
        model: word(reply.get("model")),
        tokens_in: usage.map(|u| u.tokens_in),
        tokens_out: usage.map(|u| u.tokens_out),
        tokens_cached: usage.map_or(0, |u| u.tokens_cached),
        tokens_cache_write: usage.map_or(0, |u| u.tokens_cache_write),
        finish: word(choice.get("finish_reason")).unwrap_or_default(),
        refused: choice.pointer("/message/refusal").and_then(Value::as_str).is_some_and(|r| !r.is_empty()),
    })
}

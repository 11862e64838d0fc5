//! Asking a model server, over whichever interface it speaks: one request that can bill, one answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder as _;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::call_error::CallError;
use super::cost::estimate_tokens;
use super::prices::is_price;
use super::provider::{Answer, Api, BadOptions, OpenAiOptions};
use super::question::Question;
use super::quirks::Quirks;
pub(super) use super::reply::Reply;
use super::task::Task;
use super::wire::{Streaming, Watch, Wire};
use super::{anthropic, chat, embed, ollama};

/// So often a server may name something that it does not take, until what it says counts as its answer.
const MOST_QUIRKS: usize = 3;

/// A model server and the client that asks it.
#[derive(Debug, Clone)]
pub struct OpenAi {
    pub(super) options: OpenAiOptions,
    pub(super) address: Address,
    pub(super) wire: Wire,
    /// What the server does not take, as far as that is known.
    pub(super) quirks: Arc<Mutex<Quirks>>,
}

/// Where requests go and what they carry. Unlike the library's own configuration it never looks into the environment.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) base: String,
    pub(super) headers: HeaderMap,
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
        if options.idle_seconds == 0 {
            return Err(bad("`idle_seconds` must be 1 or more"));
        }
        if !ollama::is_keep_alive(&options.keep_alive) {
            return Err(bad("`keep_alive` is a time such as `10m`, `-1` for ever, or `0`"));
        }
        if options.timeout_seconds == 0 || options.context_tokens < 1024 {
            return Err(bad("`timeout_seconds` must be 1 or more and `context_tokens` 1024 or more"));
        }
        let wire = Wire::new(&options).map_err(|_| bad("no HTTP client can be made on this system"))?;
        let headers = headers(&options)
            .map_err(|_| bad("the key has characters that no key has: check the variable it is read from"))?;
        let base = match options.api {
            Api::OpenAi | Api::Anthropic => options.base_url.trim_end_matches('/'),
            Api::Ollama => ollama::root(&options.base_url),
        };
        let key = options.api_key.as_ref().map_or("", |key| key.expose());
        let address = Address { base: base.to_owned(), headers, key: SecretString::from(key.to_owned()) };
        let quirks = Arc::new(Mutex::new(Quirks::new(&options)));
        Ok(Self { options, address, wire, quirks })
    }

    /// The options it was made from.
    pub fn options(&self) -> &OpenAiOptions {
        &self.options
    }

    /// One request that can bill, one answer. `watch` is told how an answer grows that is streamed.
    pub(super) async fn ask(&self, question: &Question, watch: Option<Watch>) -> Result<Answer, CallError> {
        if question.task == Task::Embed {
            return self.embed(question).await;
        }
        let (estimated, answer) = estimate_tokens(question);
        let context = u64::from(self.options.context_tokens);
        if estimated + answer > context {
            return Err(CallError::TooLong { estimated, answer, context });
        }
        let mut mended = 0;
        loop {
            let quirks = *self.quirks.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = self.once(question, quirks, watch.clone()).await;
            // What was refused as it stood was not billed: it is asked again, without what the server does not take.
            let Err(CallError::BadRequest { status: 400 | 422, message }) = &asked else { return asked };
            let Some(next) = quirks.after(message).filter(|_| mended < MOST_QUIRKS) else { return asked };
            tracing::debug!(provider = self.options.name, message, "the server does not take a part of the request");
            *self.quirks.lock().unwrap_or_else(PoisonError::into_inner) = next;
            mended += 1;
        }
    }

    async fn once(&self, question: &Question, quirks: Quirks, watch: Option<Watch>) -> Result<Answer, CallError> {
        let options = &self.options;
        let body = match options.api {
            Api::OpenAi => chat::body(options, question, quirks),
            Api::Ollama => ollama::body(options, question, quirks),
            Api::Anthropic => anthropic::body(options, question, quirks),
        };
        let mut body = self.with_extras(body);
        body.insert("stream".into(), Value::Bool(options.stream));
        let streaming = options.stream.then(|| Streaming {
            api: options.api,
            max_tokens: question.max_tokens,
            idle: Duration::from_secs(options.idle_seconds),
            watch,
        });
        let wire = streaming.map_or_else(|| self.wire.clone(), |how| self.wire.streaming(how));

        let sent_at = Instant::now();
        let reply = match options.api {
            Api::OpenAi => {
                let chat = self.client(wire).chat().create_byot(Value::Object(body)).await;
                chat::read(&chat.map_err(error_of)?)?
            }
            Api::Ollama => ollama::read(&self.post(&wire, format!("{}/api/chat", self.address.base), body).await?)?,
            Api::Anthropic => anthropic::read(&self.post(&wire, anthropic::url(&self.address.base), body).await?)?,
        };
        reply.answer(options, question, milliseconds(sent_at))
    }

    /// One request, one vector.
    async fn embed(&self, question: &Question) -> Result<Answer, CallError> {
        if self.options.api == Api::Anthropic {
            let message = "it has no embeddings: name another provider on the route `embed`".to_owned();
            return Err(CallError::BadRequest { status: 0, message });
        }
        if embed::is_too_long(&self.options, question) {
            let (estimated, answer) = estimate_tokens(question);
            return Err(CallError::TooLong { estimated, answer, context: u64::from(self.options.context_tokens) });
        }
        let (path, body) = embed::request(&self.options, question);
        let body = Value::Object(self.with_extras(body));
        let sent_at = Instant::now();
        let reply: Result<Value, OpenAIError> = match self.client(self.wire.clone()).embeddings().path(path) {
            Ok(embeddings) => embeddings.create_byot(body).await,
            Err(error) => Err(error),
        };
        embed::read(&self.options, question, &reply.map_err(error_of)?, milliseconds(sent_at))
    }

    pub(super) fn with_extras(&self, mut body: Map<String, Value>) -> Map<String, Value> {
        for (name, value) in &self.options.extra_body {
            body.insert(name.clone(), value.clone());
        }
        body
    }

    /// The library's client, over this wire.
    fn client(&self, wire: Wire) -> Client<Address> {
        Client::build(wire.client(), self.address.clone()).with_http_service(wire)
    }

    async fn post(&self, wire: &Wire, url: String, body: Map<String, Value>) -> Result<Value, CallError> {
        let request = wire.client().post(url).headers(self.address.headers.clone()).json(&body).build();
        let unbuilt = "the request cannot be built: check `base_url` and `extra_body`".to_owned();
        wire.send(request.map_err(|_| CallError::BadRequest { status: 0, message: unbuilt })?).await
    }
}

/// What every request carries: the key, as the interface wants it.
fn headers(options: &OpenAiOptions) -> Result<HeaderMap, reqwest::header::InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    let key = options.api_key.as_ref().map_or("", |key| key.expose());
    let (name, value) = match options.api {
        Api::OpenAi | Api::Ollama => (AUTHORIZATION, format!("Bearer {key}")),
        Api::Anthropic => (HeaderName::from_static("x-api-key"), key.to_owned()),
    };
    if !key.is_empty() {
        let mut value = HeaderValue::from_str(&value)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    if options.api == Api::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static(anthropic::VERSION));
    }
    Ok(headers)
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
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

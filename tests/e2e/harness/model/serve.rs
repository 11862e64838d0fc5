//! What happens to one request.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cut::send;
use super::texts::{embedding, seen_before};
use super::{Fault, Shared, Task, json_response};
use crate::harness::answers;
use crate::harness::obedient;
use crate::harness::replies::Said;
use crate::harness::server::hang_up;
use crate::harness::web::hex;

/// What is shorter is not cached.
const SHORTEST_CACHED: u64 = 1_024;

/// The paths of the server.
pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(models))
        .merge(super::batch::router())
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/messages", post(messages))
        .route("/api/chat", post(ollama_chat))
        .route("/api/embed", post(ollama_embed))
        .route("/api/tags", get(ollama_tags))
        .route("/api/ps", get(ollama_ps))
        .route("/api/version", get(async || r#"{"version":"0.12.0"}"#))
        .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
        .with_state(shared)
}

impl Task {
    fn of(body: &Value) -> Option<Self> {
        let all = [Self::Triage, Self::Draft, Self::Judge, Self::Classify];
        let format = &body["response_format"]["json_schema"];
        let name = format["name"].as_str().or(body["tools"][0]["name"].as_str()).unwrap_or_default();
        if let Some(task) = all.into_iter().find(|task| name.starts_with(task.as_str())) {
            return Some(task);
        }
        // Ollama's and Anthropic's schemas have no name, and some servers take none: a key of the answer tells, in the schema or the rules.
        let keys = ["confidence_percent", "sections", "grounding", "complex"];
        let rules = text_of(&body["messages"][0]["content"]) + &text_of(&body["system"]);
        let schema = [&body["format"], &body["output_config"]["format"]["schema"]].into_iter().find(|s| s.is_object());
        let has = |key: &str| match schema.and_then(|schema| schema["properties"].as_object()) {
            Some(properties) => properties.contains_key(key),
            None => rules.contains(&format!("`{key}`")) || rules.contains(&format!("\"{key}\"")),
        };
        all.into_iter().zip(keys).find(|(_, key)| has(key)).map(|(task, _)| task)
    }
}

/// How one request is to be met: decided under the lock, carried out without it.
struct Plan {
    fault: Option<Fault>,
    delay: Duration,
    content: String,
    price: (u64, u64),
    /// Tokens of the prompt that it has seen before, and what one costs.
    cached: (u64, u64),
    hosted: bool,
}

async fn chat(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    ask(shared, headers, bytes, Face::OpenAi).await
}

async fn ollama_chat(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    ask(shared, headers, bytes, Face::Ollama).await
}

async fn messages(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    if !headers.contains_key("anthropic-version") {
        return error(400, "invalid_request_error", "anthropic-version: header is required");
    }
    ask(shared, headers, bytes, Face::Anthropic).await
}

/// Whose interface was spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    OpenAi,
    Ollama,
    Anthropic,
}

/// What was asked.
struct Asked {
    key: String,
    prompt: String,
    schema: String,
    model: String,
    task: Option<Task>,
    /// The most tokens of the answer, and of the context.
    limit: Option<u64>,
    context: Option<u64>,
    streams: bool,
    face: Face,
    /// Tokens of the marked beginning that were in the cache, and that are written into it.
    cache: (u64, u64),
}

async fn ask(shared: Shared, headers: HeaderMap, bytes: Bytes, face: Face) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return error(400, "invalid_request_error", "the body is not JSON");
    };
    let Some(messages) = body["messages"].as_array().filter(|m| !m.is_empty()) else {
        return error(400, "invalid_request_error", "`messages` is missing");
    };
    let asked = Asked {
        key: hex(&Sha256::digest(body["messages"].to_string() + &sample_of(&body))),
        prompt: prompt_of(&body, messages),
        schema: schema_of(&body),
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        task: Task::of(&body),
        limit: [&body["max_completion_tokens"], &body["max_tokens"], &body["options"]["num_predict"]]
            .into_iter()
            .find_map(Value::as_u64),
        context: body["options"]["num_ctx"].as_u64().or((face == Face::Ollama).then_some(4096)),
        streams: body["stream"].as_bool().unwrap_or(face == Face::Ollama),
        cache: shared.cache(&body),
        face,
    };
    if !shared.lock().models.contains(&asked.model) {
        shared.ledger.note("refused", &asked.key, json!({"why": "model", "model": asked.model}));
        return error(404, "model_not_found", &format!("model `{}` does not exist", asked.model));
    }
    shared.lock().loaded.insert(asked.model.clone());
    // First: once a test reads `asked`, what it sets is for the requests after it.
    let plan = shared.plan(asked.task, &asked.prompt);
    let detail = json!({"task": asked.task.map_or("other", Task::as_str), "model": asked.model, "bytes": bytes.len()});
    shared.ledger.note("asked", &asked.key, detail);
    // A task of its own: a model goes on, and bills, when the client was killed.
    match tokio::spawn(answer(shared, asked, plan)).await {
        Ok(Some(response)) => response,
        _ => hang_up(),
    }
}

/// A question of a batch: its status and the body of its reply, at half the price.
pub(super) fn answered(shared: &Shared, body: &Value) -> (u16, Value) {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let asked = Asked {
        key: hex(&Sha256::digest(body["messages"].to_string() + &sample_of(body))),
        prompt: prompt_of(body, &messages),
        schema: schema_of(body),
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        task: Task::of(body),
        limit: [&body["max_completion_tokens"], &body["max_tokens"]].into_iter().find_map(Value::as_u64),
        context: None,
        streams: false,
        cache: (0, 0),
        face: Face::OpenAi,
    };
    let plan = shared.plan(asked.task, &asked.prompt);
    let task = asked.task.map_or("other", Task::as_str);
    shared.ledger.note("asked", &asked.key, json!({"task": task, "batch": true, "stream": body["stream"]}));
    if let Some(Fault::Status(status)) = plan.fault {
        return (status, json!({"error": {"message": "the fake fails, as it was told to"}}));
    }
    let said = said(&asked, &plan);
    let price = (plan.price.0 / 2, plan.price.1 / 2);
    let detail = json!({"task": task, "batch": true, "nano_usd": nano_usd(&said, price, plan.cached.1 / 2)});
    shared.ledger.note("billed", &asked.key, detail);
    (200, serde_json::from_str(&said.openai()).expect("a reply is JSON"))
}

/// The answer as planned; `None` closes the socket.
async fn answer(shared: Shared, asked: Asked, plan: Plan) -> Option<Response> {
    tokio::time::sleep(plan.delay).await;
    match &plan.fault {
        Some(Fault::Status(status)) => {
            return Some(error(*status, "server_error", "the fake fails, as it was told to"));
        }
        Some(Fault::RateLimit(after) | Fault::Unavailable(after)) => {
            let mut response = match plan.fault {
                Some(Fault::Unavailable(_)) => error(503, "overloaded", "The server is overloaded"),
                _ => error(429, "rate_limit_exceeded", "Rate limit reached"),
            };
            let (after, rest_ms) = rest(after);
            shared.ledger.note("limited", &asked.key, json!({"after": after, "rest_ms": rest_ms}));
            response.headers_mut().insert(header::RETRY_AFTER, after.parse().expect("a test gives a valid header"));
            return Some(response);
        }
        Some(Fault::BadRequest(message)) => return Some(error(400, "invalid_request_error", message)),
        Some(Fault::Loading) => {
            let body = json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
            return Some(json_response(503, &body));
        }
        Some(Fault::Hang) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return None;
        }
        _ => {}
    }
    let said = said(&asked, &plan);
    shared.ledger.note(
        "billed",
        &asked.key,
        json!({
            "task": asked.task.map_or("other", Task::as_str),
            "model": asked.model,
            "prompt_tokens": said.prompt_tokens,
            "cache_read": said.cache.0,
            "cache_write": said.cache.1,
            "completion_tokens": said.completion_tokens,
            "nano_usd": nano_usd(&said, plan.price, plan.cached.1),
        }),
    );
    if plan.fault == Some(Fault::DropAfterBilling) {
        return None;
    }
    let (content_type, text) = match (asked.face, asked.streams) {
        (Face::OpenAi, false) => ("application/json", said.openai()),
        (Face::OpenAi, true) => ("text/event-stream", said.openai_events()),
        (Face::Ollama, false) => ("application/json", said.ollama()),
        (Face::Ollama, true) => ("application/x-ndjson", said.ollama_lines()),
        (Face::Anthropic, false) => ("application/json", said.anthropic()),
        (Face::Anthropic, true) => ("text/event-stream", said.anthropic_events()),
    };
    Some(send(content_type, text, &plan.fault))
}

/// The header, and for how many milliseconds from now it asks: `date:3` is a date (RFC 9110) that so many seconds lie before.
fn rest(after: &str) -> (String, u64) {
    let Some(seconds) = after.strip_prefix("date:") else {
        return (after.to_owned(), after.parse::<u64>().unwrap_or(0).saturating_mul(1_000));
    };
    let seconds: i64 = seconds.parse().expect("a test gives a number");
    let now = jiff::Timestamp::now();
    let until = jiff::Timestamp::from_second(now.as_second() + seconds).expect("a near time is valid");
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&until);
    let left = until.duration_since(now).as_millis();
    (date.expect("a near time can be written"), u64::try_from(left).unwrap_or(0))
}

/// What an answer costs: what is read from the cache a tenth, what is written into it five quarters.
fn nano_usd(said: &Said, (prompt, answer): (u64, u64), cached: u64) -> u64 {
    let (read, write) = said.cache;
    (said.prompt_tokens - read - write) * prompt
        + read * cached
        + write * prompt * 5 / 4
        + said.completion_tokens * answer
}

/// Everything that was said to the model.
fn prompt_of(body: &Value, messages: &[Value]) -> String {
    let system = Some(text_of(&body["system"])).filter(|text| !text.is_empty());
    system.into_iter().chain(messages.iter().map(|m| text_of(&m["content"]))).collect::<Vec<_>>().join("\n")
}

fn said(asked: &Asked, plan: &Plan) -> Said {
    let tokens = |text: &str| (text.len() as u64).div_ceil(4);
    let mut content = plan.content.clone();
    let thought = "Let me see: {\"relevance\": 1} would be wrong. ".to_owned();
    let mut thinking = String::new();
    match plan.fault {
        Some(Fault::Think { apart: true }) => thinking = thought,
        Some(Fault::Think { apart: false }) => content = format!("<think>{thought}</think>\n{content}"),
        Some(Fault::OnlyThink { apart }) => {
            let all = thought.repeat(20);
            (thinking, content) = if apart { (all, String::new()) } else { (String::new(), format!("<think>{all}")) };
        }
        _ => {}
    }
    let only_thought = matches!(plan.fault, Some(Fault::OnlyThink { .. }));
    let allowed = match plan.fault {
        Some(Fault::CutOff) => tokens(&content) / 2,
        _ => asked.limit.unwrap_or(u64::MAX),
    };
    let cut_off = tokens(&content) > allowed;
    if cut_off {
        let mut at = usize::try_from(allowed * 4).expect("a shorter length fits");
        while !content.is_char_boundary(at) {
            at -= 1;
        }
        content.truncate(at);
    }
    let counted = match plan.fault {
        Some(Fault::Clip) => tokens(&asked.prompt) / 3,
        Some(Fault::ClipTo(thousandths)) => tokens(&asked.prompt) * thousandths / 1000,
        // Ollama drops the front of what does not fit, and answers as if nothing were.
        _ => tokens(&asked.prompt).min(asked.context.unwrap_or(u64::MAX)),
    } + if plan.hosted { tokens(&asked.schema) } else { 0 };
    // What Anthropic's interface marks, and what a hosted OpenAI keeps by itself.
    let read = asked.cache.0.max(plan.cached.0).min(counted);
    Said {
        id: format!("chatcmpl-{}", &asked.key[..24]),
        model: asked.model.clone(),
        completion_tokens: tokens(&content) + tokens(&thinking),
        cut_off: cut_off || only_thought,
        thinking,
        cache: (read, asked.cache.1.min(counted - read)),
        refused: plan.fault == Some(Fault::Refuse),
        prompt_tokens: counted,
        content,
    }
}

impl Shared {
    /// The tokens of the prompt's marked beginning that were in the cache and that are written into it, as Anthropic does:
    /// the longest beginning that was marked before is read, the rest up to the last mark is written. Short ones are not
    /// cached.
    fn cache(&self, body: &Value) -> (u64, u64) {
        let blocks = [&body["system"]]
            .into_iter()
            .chain(body["messages"].as_array().into_iter().flatten().map(|m| &m["content"]));
        let (mut said, mut read, mut last) = (String::new(), 0, 0);
        let mut settings = self.lock();
        for block in blocks.filter_map(Value::as_array).flatten() {
            said.push_str(block["text"].as_str().unwrap_or_default());
            let tokens = (said.len() as u64).div_ceil(4);
            if block["cache_control"].is_object() && tokens >= SHORTEST_CACHED {
                if !settings.cached.insert(hex(&Sha256::digest(&said))) {
                    read = tokens;
                }
                last = tokens;
            }
        }
        (read, last - read)
    }

    fn plan(&self, task: Option<Task>, prompt: &str) -> Plan {
        let mut settings = self.lock();
        let due = settings.faults.iter().position(|(only, _)| only.is_none() || *only == task);
        let mut fault = due.and_then(|at| settings.faults.remove(at)).map(|(_, fault)| fault);
        let (percent, status) = settings.failing;
        settings.seen += 1;
        if settings.seen * percent / 100 > (settings.seen - 1) * percent / 100 {
            fault = Some(Fault::Status(status));
        }
        if settings.hang {
            fault = Some(Fault::Hang);
        }
        let content = match (&fault, task) {
            (Some(Fault::Say(text)), _) => text.clone(),
            (Some(Fault::Garbage), _) => "{\"relevance\": 80, \"title\": {\"text\": \"Bro".to_owned(),
            (Some(Fault::Refuse), _) => String::new(),
            (_, Some(Task::Triage)) => {
                let known = settings.relevance.iter().find(|(needle, _)| prompt.contains(needle.as_str()));
                answers::triage(prompt, known.map_or(80, |(_, percent)| *percent), settings.confidence).to_string()
            }
            (_, Some(Task::Draft)) => settings.draft(prompt),
            (_, Some(Task::Judge)) => {
                let total = settings.totals.pop_front().unwrap_or(settings.total);
                answers::judge(total).to_string()
            }
            (_, Some(Task::Classify)) => {
                json!({"complex": settings.complex, "why": "So many figures stand in it."}).to_string()
            }
            (_, None) => "I can triage, draft and judge.".to_owned(),
        };
        let content = if settings.obeys { obedient::answer(task.map(Task::as_str), prompt, content) } else { content };
        let (price, hosted) = (settings.price, settings.cached_price.is_some());
        let cached = settings
            .cached_price
            .map_or((0, price.0 / 10), |each| (seen_before(&mut settings.beginnings, prompt), each));
        Plan { fault, delay: settings.delay, content, price, cached, hosted }
    }
}

async fn models(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let models = shared.lock().models.clone();
    let data: Vec<Value> = models
        .into_iter()
        .map(|id| json!({"id": id, "object": "model", "created": 1_790_000_000, "owned_by": "fake"}))
        .collect();
    json_response(200, &json!({"object": "list", "data": data}))
}

async fn ollama_tags(State(shared): State<Shared>) -> Response {
    let models: Vec<Value> = shared.lock().models.iter().map(|name| json!({"name": name, "model": name})).collect();
    json_response(200, &json!({"models": models}))
}

async fn ollama_ps(State(shared): State<Shared>) -> Response {
    let models: Vec<Value> = shared.lock().loaded.iter().map(|name| json!({"name": name, "model": name})).collect();
    json_response(200, &json!({"models": models}))
}

async fn ollama_embed(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let text = text_of(&body["input"]);
    let tokens = (text.len() as u64).div_ceil(4);
    let key = hex(&Sha256::digest(body["input"].to_string()));
    shared.ledger.note("embedded", key, json!({"texts": 1, "prompt_tokens": tokens}));
    let dimensions = shared.lock().dimensions;
    let reply =
        json!({"model": body["model"], "embeddings": [embedding(&text, dimensions)], "prompt_eval_count": tokens});
    json_response(200, &reply)
}

async fn embeddings(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    if body["encoding_format"].as_str().is_some_and(|format| format != "float") {
        return error(400, "invalid_request_error", "only `float` is served");
    }
    let texts: Vec<String> = match &body["input"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().map(text_of).collect(),
        _ => return error(400, "invalid_request_error", "`input` is missing"),
    };
    let tokens: u64 = texts.iter().map(|t| (t.len() as u64).div_ceil(4)).sum();
    shared.ledger.note(
        "embedded",
        hex(&Sha256::digest(body["input"].to_string())),
        json!({"texts": texts.len(), "prompt_tokens": tokens}),
    );
    let dimensions = shared.lock().dimensions;
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": embedding(text, dimensions)}))
        .collect();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    json_response(200, &json!({"object": "list", "model": body["model"], "data": data, "usage": usage}))
}

fn schema_of(body: &Value) -> String {
    match &body["response_format"]["json_schema"]["schema"] {
        Value::Null => String::new(),
        schema => schema.to_string(),
    }
}

/// What tells one sample of a question from another; empty for the first.
fn sample_of(body: &Value) -> String {
    let seeds = [&body["seed"], &body["options"]["seed"]];
    seeds.into_iter().filter_map(Value::as_u64).find(|seed| *seed > 0).map(|seed| seed.to_string()).unwrap_or_default()
}

pub(super) fn allowed(shared: &Shared, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let settings = shared.lock();
    let named = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let given = named("authorization").and_then(|v| v.strip_prefix("Bearer ")).or_else(|| named("x-api-key"));
    match &settings.api_key {
        Some(key) if given != Some(key.as_str()) => {
            shared.ledger.note("refused", "key", json!({"why": "key"}));
            Err(Box::new(error(401, "invalid_api_key", "Incorrect API key provided")))
        }
        _ => Ok(()),
    }
}

/// The text of a message, which is a string or a list of parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Response {
    json_response(status, &json!({"error": {"message": message, "type": code, "param": null, "code": code}}))
}

//! What happens to one request.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use states::words::text::content_words;

use super::{Fault, Shared, Task, json_response};
use crate::harness::answers;
use crate::harness::replies::Said;
use crate::harness::server::hang_up;
use crate::harness::web::hex;

/// The paths of the server.
pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(models))
        .route("/v1/embeddings", post(embeddings))
        .route("/api/chat", post(ollama_chat))
        .route("/api/tags", get(ollama_tags))
        .route("/api/version", get(async || r#"{"version":"0.12.0"}"#))
        .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
        .with_state(shared)
}

impl Task {
    fn of(body: &Value) -> Option<Self> {
        let all = [Self::Triage, Self::Draft, Self::Judge];
        let format = &body["response_format"]["json_schema"];
        let name = format["name"].as_str().unwrap_or_default();
        if let Some(task) = all.into_iter().find(|task| name.starts_with(task.as_str())) {
            return Some(task);
        }
        // Ollama's schema has no name, and some servers take none: a key of the answer tells, in the schema or the rules.
        let keys = ["confidence_percent", "sections", "grounding"];
        let rules = text_of(&body["messages"][0]["content"]);
        let has = |key: &str| match body["format"]["properties"].as_object() {
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
    ask(shared, headers, bytes, false).await
}

async fn ollama_chat(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    ask(shared, headers, bytes, true).await
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
    ollama: bool,
}

async fn ask(shared: Shared, headers: HeaderMap, bytes: Bytes, ollama: bool) -> Response {
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
        key: hex(&Sha256::digest(body["messages"].to_string())),
        prompt: messages.iter().map(|m| text_of(&m["content"])).collect::<Vec<_>>().join("\n"),
        schema: match &body["response_format"]["json_schema"]["schema"] {
            Value::Null => String::new(),
            schema => schema.to_string(),
        },
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        task: Task::of(&body),
        limit: [&body["max_completion_tokens"], &body["max_tokens"], &body["options"]["num_predict"]]
            .into_iter()
            .find_map(Value::as_u64),
        context: body["options"]["num_ctx"].as_u64().or(ollama.then_some(4096)),
        streams: body["stream"].as_bool().unwrap_or(ollama),
        ollama,
    };
    if !shared.lock().models.contains(&asked.model) {
        shared.ledger.note("refused", &asked.key, json!({"why": "model", "model": asked.model}));
        return error(404, "model_not_found", &format!("model `{}` does not exist", asked.model));
    }
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

/// The answer as planned; `None` closes the socket.
async fn answer(shared: Shared, asked: Asked, plan: Plan) -> Option<Response> {
    tokio::time::sleep(plan.delay).await;
    match &plan.fault {
        Some(Fault::Status(status)) => {
            return Some(error(*status, "server_error", "the fake fails, as it was told to"));
        }
        Some(Fault::RateLimit(after)) => {
            let mut response = error(429, "rate_limit_exceeded", "Rate limit reached");
            response.headers_mut().insert(header::RETRY_AFTER, after.parse().expect("a test gives a valid header"));
            return Some(response);
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
            "cached_tokens": said.cached_tokens,
            "completion_tokens": said.completion_tokens,
            "nano_usd": (said.prompt_tokens - said.cached_tokens) * plan.price.0
                + said.cached_tokens * plan.cached.1
                + said.completion_tokens * plan.price.1,
        }),
    );
    if plan.fault == Some(Fault::DropAfterBilling) {
        return None;
    }
    let (content_type, text) = match (asked.ollama, asked.streams) {
        (false, false) => ("application/json", said.openai()),
        (false, true) => ("text/event-stream", said.openai_events()),
        (true, false) => ("application/json", said.ollama()),
        (true, true) => ("application/x-ndjson", said.ollama_lines()),
    };
    Some(send(content_type, text, &plan.fault))
}

fn said(asked: &Asked, plan: &Plan) -> Said {
    let tokens = |text: &str| (text.len() as u64).div_ceil(4);
    let mut content = plan.content.clone();
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
        // Ollama drops the front of what does not fit, and answers as if nothing were.
        _ => tokens(&asked.prompt).min(asked.context.unwrap_or(u64::MAX)),
    } + if plan.hosted { tokens(&asked.schema) } else { 0 };
    Said {
        id: format!("chatcmpl-{}", &asked.key[..24]),
        model: asked.model.clone(),
        completion_tokens: tokens(&content),
        refused: plan.fault == Some(Fault::Refuse),
        prompt_tokens: counted,
        cached_tokens: plan.cached.0.min(counted),
        content,
        cut_off,
    }
}

impl Shared {
    fn plan(&self, task: Option<Task>, prompt: &str) -> Plan {
        let mut settings = self.lock();
        let due = settings.faults.iter().position(|(only, _)| only.is_none() || *only == task);
        let mut fault = due.and_then(|at| settings.faults.remove(at)).map(|(_, fault)| fault);
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
            (_, Some(Task::Draft)) => answers::draft(prompt)
                .map_or_else(|| "There is no numbered source sentence in this prompt.".to_owned(), |d| d.to_string()),
            (_, Some(Task::Judge)) => {
                let total = settings.totals.pop_front().unwrap_or(settings.total);
                answers::judge(total).to_string()
            }
            (_, None) => "I can triage, draft and judge.".to_owned(),
        };
        let (price, hosted) = (settings.price, settings.cached.is_some());
        let cached = settings.cached.map_or((0, price.0), |each| (seen_before(&mut settings.seen, prompt), each));
        Plan { fault, delay: settings.delay, content, price, cached, hosted }
    }
}

/// Tokens of the beginning of a prompt that a server has seen before, and from now on has seen: in steps of 128, and 1,024
/// at least.
fn seen_before(seen: &mut BTreeSet<u64>, prompt: &str) -> u64 {
    const STEP: usize = 128 * 4;
    let (mut hash, mut known, mut all_known) = (DefaultHasher::new(), 0, true);
    for (n, part) in prompt.as_bytes().chunks_exact(STEP).enumerate() {
        hash.write(part);
        all_known &= !seen.insert(hash.finish());
        if all_known {
            known = (n as u64 + 1) * 128;
        }
    }
    if known >= 1_024 { known } else { 0 }
}

fn send(content_type: &str, text: String, fault: &Option<Fault>) -> Response {
    let body = match fault {
        Some(Fault::CutReply(thousandths)) => {
            let cut = text.len() * (*thousandths).min(1000) / 1000;
            let part = Bytes::from(text.as_bytes()[..cut].to_vec());
            Body::from_stream(stream::unfold(0, move |step| {
                let part = part.clone();
                async move {
                    match step {
                        0 => Some((Ok(part), 1)),
                        // The first part is on its way before the socket closes.
                        _ => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                            Some((Err(std::io::Error::other("cut")), 2))
                        }
                    }
                }
            }))
        }
        _ => Body::from(text),
    };
    Response::builder().header(header::CONTENT_TYPE, content_type).body(body).expect("a constant header is valid")
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

/// A bag of hashed words of length one: texts that share words are near each other.
fn embedding(text: &str, dimensions: usize) -> Vec<f64> {
    let mut vector = vec![0.0_f64; dimensions];
    for word in content_words(text) {
        let digest = Sha256::digest(word.as_bytes());
        let place =
            if dimensions > 256 { usize::from(digest[0]) << 8 | usize::from(digest[2]) } else { digest[0].into() };
        vector[place % dimensions] += if digest[1] % 2 == 0 { 1.0 } else { -1.0 };
    }
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    vector.into_iter().map(|x| x / length).collect()
}

fn allowed(shared: &Shared, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let settings = shared.lock();
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
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

fn error(status: u16, code: &str, message: &str) -> Response {
    json_response(status, &json!({"error": {"message": message, "type": code, "param": null, "code": code}}))
}

//! Anthropic's messages interface, with its prompt cache (platform.claude.com/docs: Messages, Structured outputs, Prompt
//! caching).
//!
//! The rules of a task are the same for every question and are marked for the cache, as is what a later question of the same
//! article begins with as well: the sources of a draft. What is shorter than the cache takes is not cached, at no cost.

use serde_json::{Map, Value, json};

use super::call_error::{CallError, counted};
use super::openai::{Reply, word};
use super::provider::{OpenAiOptions, SchemaMode};
use super::question::{Question, Role};
use super::quirks::Quirks;

/// The version of the interface that is spoken here, for the header `anthropic-version`.
pub(super) const VERSION: &str = "2023-06-01";

/// Where to ask, whether the address names the version of the interface or not.
pub(super) fn url(base_url: &str) -> String {
    let base = base_url.trim_end_matches('/');
    format!("{}/v1/messages", base.strip_suffix("/v1").unwrap_or(base))
}

/// The body of `POST /v1/messages`.
pub(super) fn body(options: &OpenAiOptions, question: &Question, quirks: Quirks) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("model".into(), json!(options.model));
    body.insert("max_tokens".into(), json!(question.max_tokens));
    let mut messages = Vec::new();
    for message in &question.messages {
        match message.role {
            Role::System => {
                body.insert("system".into(), json!([block(&message.text, true)]));
            }
            Role::User if messages.is_empty() => {
                messages.push(json!({"role": "user", "content": first(question, &message.text)}));
            }
            role => messages.push(json!({"role": role.as_str(), "content": [block(&message.text, false)]})),
        }
    }
    body.insert("messages".into(), Value::Array(messages));
    if quirks.temperature {
        body.insert("temperature".into(), json!(f64::from(question.temperature_milli) / 1000.0));
    }
    match quirks.schema {
        SchemaMode::JsonSchema => {
            let format = json!({"type": "json_schema", "schema": question.schema});
            body.insert("output_config".into(), json!({"format": format}));
        }
        // Models without schemas have tools: one that must be used has the answer as its input.
        SchemaMode::JsonObject => {
            let tool = json!({
                "name": question.schema_name, "description": "Takes the answer.", "input_schema": question.schema,
            });
            body.insert("tools".into(), json!([tool]));
            body.insert("tool_choice".into(), json!({"type": "tool", "name": question.schema_name}));
        }
        SchemaMode::None => {}
    }
    body
}

/// The first question, cut where a later one may begin to differ.
fn first(question: &Question, text: &str) -> Vec<Value> {
    let (same, rest) = text.split_at_checked(question.repeats).unwrap_or(("", text));
    let parts = [(same, true), (rest, false)];
    // An empty block is refused.
    parts.into_iter().filter(|(text, _)| !text.trim().is_empty()).map(|(text, keep)| block(text, keep)).collect()
}

fn block(text: &str, keep: bool) -> Value {
    let mut block = json!({"type": "text", "text": text});
    if keep {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
    block
}

/// Reads a reply. Its `input_tokens` are those that have to do with no cache.
///
/// # Errors
/// [`CallError::Malformed`] where there is no content in it.
pub(super) fn read(reply: &Value) -> Result<Reply, CallError> {
    let Some(content) = reply.get("content").and_then(Value::as_array) else {
        return Err(CallError::Malformed { message: "it holds no content".to_owned(), usage: None });
    };
    let count = |name: &str| reply.get("usage").and_then(|usage| usage.get(name)).and_then(counted);
    let cached = count("cache_read_input_tokens").unwrap_or(0);
    let written = count("cache_creation_input_tokens").unwrap_or(0);
    let of_kind = |kind: &'static str| content.iter().filter(move |block| block["type"] == kind);
    let text: String = of_kind("text").filter_map(|block| block["text"].as_str()).collect();
    let tool = of_kind("tool_use").next().map(|block| match &block["input"] {
        Value::String(broken) => broken.clone(),
        input => input.to_string(),
    });
    let stop = word(reply.get("stop_reason")).unwrap_or_default();
    Ok(Reply {
        text: tool.unwrap_or(text),
        thought: of_kind("thinking").any(|block| block["thinking"].as_str().is_some_and(|t| !t.trim().is_empty())),
        model: word(reply.get("model")),
        tokens_in: count("input_tokens").map(|rest| rest + cached + written),
        tokens_out: count("output_tokens"),
        tokens_cached: cached,
        tokens_cache_write: written,
        refused: stop == "refusal",
        finish: match stop.as_str() {
            "end_turn" | "stop_sequence" | "tool_use" => "stop".to_owned(),
            "max_tokens" | "model_context_window_exceeded" => "length".to_owned(),
            _ => stop,
        },
    })
}

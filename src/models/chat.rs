//! Chat completions, as OpenAI describes them: what is sent, and how a reply is read.

use serde_json::{Map, Value, json};

use super::call_error::{CallError, Usage, counted};
use super::openai::{Reply, messages, word};
use super::provider::{OpenAiOptions, SchemaMode};
use super::question::Question;
use super::quirks::Quirks;

/// The body of `POST /chat/completions`.
pub(super) fn body(options: &OpenAiOptions, question: &Question, quirks: Quirks) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("model".into(), json!(options.model));
    body.insert("messages".into(), messages(question));
    let limit = if quirks.completion_limit { "max_completion_tokens" } else { options.token_limit_key.as_str() };
    body.insert(limit.to_owned(), json!(question.max_tokens));
    if quirks.temperature {
        body.insert("temperature".into(), json!(f64::from(question.temperature_milli) / 1000.0));
    }
    // The first sample goes without a seed: some servers refuse one.
    if question.sample > 0 {
        body.insert("seed".into(), json!(question.sample));
    }
    match quirks.schema {
        SchemaMode::JsonSchema => {
            let named = json!({"name": question.schema_name, "schema": question.schema, "strict": true});
            body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": named}));
        }
        SchemaMode::JsonObject => {
            body.insert("response_format".into(), json!({"type": "json_object"}));
        }
        SchemaMode::None => {}
    }
    if options.stream && quirks.stream_counts {
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    body
}

/// Reads a reply.
///
/// # Errors
/// [`CallError::Malformed`] where there is no choice in it.
pub(super) fn read(reply: &Value) -> Result<Reply, CallError> {
    let number = |at: &str| reply.pointer(at).and_then(counted);
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
    let holds = |at: &str| choice.pointer(at).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    Ok(Reply {
        text,
        thought: holds("/message/reasoning_content") || holds("/message/reasoning"),
        model: word(reply.get("model")),
        tokens_in: usage.map(|u| u.tokens_in),
        tokens_out: usage.map(|u| u.tokens_out),
        tokens_cached: usage.map_or(0, |u| u.tokens_cached),
        tokens_cache_write: usage.map_or(0, |u| u.tokens_cache_write),
        finish: word(choice.get("finish_reason")).unwrap_or_default(),
        refused: holds("/message/refusal"),
    })
}

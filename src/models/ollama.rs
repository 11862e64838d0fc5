//! Ollama's own chat interface, which lets the client set the context.

use serde_json::{Map, Value, json};

use super::call_error::CallError;
use super::openai::{Reply, messages, word};
use super::provider::{OpenAiOptions, SchemaMode};
use super::question::Question;

/// The body of `POST /api/chat`.
pub(super) fn body(options: &OpenAiOptions, question: &Question) -> Map<String, Value> {
    let mut parameters = json!({
        "num_ctx": options.context_tokens,
        "num_predict": question.max_tokens,
        "seed": question.sample,
    });
    if options.send_temperature {
        parameters["temperature"] = json!(f64::from(question.temperature_milli) / 1000.0);
    }
    let mut body = Map::new();
    body.insert("model".into(), json!(options.model));
    body.insert("messages".into(), messages(question));
    body.insert("options".into(), parameters);
    match options.schema_mode {
        SchemaMode::JsonSchema => {
            body.insert("format".into(), question.schema.clone());
        }
        SchemaMode::JsonObject => {
            body.insert("format".into(), json!("json"));
        }
        SchemaMode::None => {}
    }
    body
}

/// Reads the reply. `prompt_eval_count` is missing where the server had the whole prompt in its cache.
pub(super) fn read(reply: &Value) -> Result<Reply, CallError> {
    let text = reply.pointer("/message/content").and_then(Value::as_str);
    let Some(text) = text else {
        return Err(CallError::Malformed { message: "it holds no message".to_owned(), usage: None });
    };
    Ok(Reply {
        text: text.to_owned(),
        model: word(reply.get("model")),
        tokens_in: reply.get("prompt_eval_count").and_then(Value::as_u64),
        tokens_out: reply.get("eval_count").and_then(Value::as_u64),
        tokens_cached: 0,
        tokens_cache_write: 0,
        finish: word(reply.get("done_reason")).unwrap_or_default(),
        refused: false,
    })
}

//! Ollama's own chat interface, which lets the client set the context, keep the model loaded and switch thinking off.

use serde_json::{Map, Value, json};

use super::call_error::{CallError, counted};
use super::openai::{Reply, messages, word};
use super::provider::{OpenAiOptions, SchemaMode};
use super::question::Question;
use super::quirks::Quirks;

/// The server's root, whichever of its interfaces the address names.
pub(super) fn root(base_url: &str) -> &str {
    let base = base_url.trim_end_matches('/');
    base.strip_suffix("/v1").or_else(|| base.strip_suffix("/api")).unwrap_or(base)
}

/// A time as Ollama takes it: a number of seconds, or text with a unit (`10m`).
pub(super) fn keep_alive(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| json!(text), |seconds| json!(seconds))
}

/// True for what Ollama takes as a time: `-1`, `0`, `300`, `10m`, `1h30m`.
pub(super) fn is_keep_alive(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut rest = digits;
    loop {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() == rest.len() {
            return false;
        }
        match ["ms", "s", "m", "h"].into_iter().find_map(|unit| after.strip_prefix(unit)) {
            Some("") => return true,
            Some(next) => rest = next,
            // A bare number is seconds; after a unit it says nothing.
            None => return after.is_empty() && rest.len() == digits.len(),
        }
    }
}

/// The body of `POST /api/chat`.
pub(super) fn body(options: &OpenAiOptions, question: &Question, quirks: Quirks) -> Map<String, Value> {
    let mut parameters = json!({
        "num_ctx": options.context_tokens,
        "num_predict": question.max_tokens,
        "seed": question.sample,
    });
    if quirks.temperature {
        parameters["temperature"] = json!(f64::from(question.temperature_milli) / 1000.0);
    }
    let mut body = Map::new();
    body.insert("model".into(), json!(options.model));
    body.insert("messages".into(), messages(question));
    body.insert("options".into(), parameters);
    body.insert("keep_alive".into(), keep_alive(&options.keep_alive));
    if quirks.think {
        body.insert("think".into(), json!(options.think));
    }
    match quirks.schema {
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

/// Reads the reply. Old versions leave `prompt_eval_count` out where they had the whole prompt in their cache.
///
/// # Errors
/// [`CallError::Malformed`] where there is no message in it.
pub(super) fn read(reply: &Value) -> Result<Reply, CallError> {
    let text = reply.pointer("/message/content").and_then(Value::as_str);
    let Some(text) = text else {
        return Err(CallError::Malformed { message: "it holds no message".to_owned(), usage: None });
    };
    let thinking = reply.pointer("/message/thinking").and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| reply.get(name).and_then(counted);
    Ok(Reply {
        text: text.to_owned(),
        thought: !thinking.trim().is_empty(),
        model: word(reply.get("model")),
        tokens_in: number("prompt_eval_count"),
        tokens_out: number("eval_count"),
        // Among those of the prompt.
        tokens_cached: number("prompt_eval_cached_count").unwrap_or(0),
        tokens_cache_write: 0,
        finish: word(reply.get("done_reason")).unwrap_or_default(),
        refused: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_under_each_interface() {
        for base in ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/", "http://h:1/api"] {
            assert_eq!(root(base), "http://h:1", "{base}");
        }
    }

    #[test]
    fn times_are_told_from_words() {
        for good in ["-1", "0", "300", "10m", "1h30m", "500ms", "-1m"] {
            assert!(is_keep_alive(good), "{good}");
        }
        for bad in ["", "m", "10 m", "ten", "10d", "1h30", "--1", "10m "] {
            assert!(!is_keep_alive(bad), "{bad}");
        }
        assert_eq!((keep_alive("-1"), keep_alive("10m")), (json!(-1), json!("10m")));
    }
}

//! What a text means: one vector from an embedding model, over OpenAI's interface or Ollama's.

use serde_json::{Map, Value, json};

use super::call_error::{CallError, Usage, counted};
use super::cost::{estimate_tokens, tokens_of_bytes};
use super::openai::word;
use super::provider::{Answer, Api, Finish, OpenAiOptions};
use super::question::{Asking, Question};
use super::task::EmbedInput;

/// A title and the beginning of a text say what it is about; no more bytes are asked for.
const MOST_BYTES: usize = 4_000;
/// No model's vectors are longer.
const MOST_DIMENSIONS: usize = 8_192;

/// The text that is asked about, whatever the model: what the key is made from.
pub(super) fn whole(input: &EmbedInput) -> String {
    cut(&format!("{}\n\n{}", input.title.trim(), input.text.trim()), MOST_BYTES)
}

/// As much of it as a model takes. Embedding models have small contexts, and a server cuts silently.
pub(super) fn fitting(whole: &str, asking: &Asking<'_>) -> String {
    // Three bytes a token, with room for what the estimate adds.
    cut(whole, usize::try_from(asking.context_tokens.saturating_sub(64)).unwrap_or(usize::MAX).saturating_mul(3))
}

fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Where the request goes and what it holds.
pub(super) fn request(options: &OpenAiOptions, question: &Question) -> (&'static str, Map<String, Value>) {
    let text = question.messages.first().map_or("", |m| m.text.as_str());
    let mut body = Map::new();
    body.insert("model".into(), json!(options.model));
    body.insert("input".into(), json!(text));
    match options.api {
        // Whoever has no embeddings never comes here.
        Api::OpenAi | Api::Anthropic => {
            body.insert("encoding_format".into(), json!("float"));
            ("/embeddings", body)
        }
        Api::Ollama => {
            body.insert("truncate".into(), json!(false));
            ("/api/embed", body)
        }
    }
}

/// Reads a reply. The answer's text is the vector as JSON, brought to length one.
///
/// # Errors
/// [`CallError::Malformed`] for what holds no usable vector.
pub(super) fn read(
    options: &OpenAiOptions,
    question: &Question,
    reply: &Value,
    milliseconds: u64,
) -> Result<Answer, CallError> {
    let (vector, said) = match options.api {
        Api::OpenAi | Api::Anthropic => (reply.pointer("/data/0/embedding"), reply.pointer("/usage/prompt_tokens")),
        Api::Ollama => (reply.pointer("/embeddings/0"), reply.pointer("/prompt_eval_count")),
    };
    let tokens_in = said.and_then(counted).unwrap_or_else(|| estimate_tokens(question).0);
    let usage = Usage { tokens_in, ..Usage::default() };
    let malformed = |message: String| CallError::Malformed { message, usage: Some(usage) };
    let vector = vector.ok_or_else(|| malformed("it holds no embedding".to_owned()))?;
    let vector = unit(numbers(vector).map_err(malformed)?).map_err(malformed)?;
    Ok(Answer {
        text: json!(vector).to_string(),
        model: word(reply.get("model")).filter(|m| !m.is_empty()).unwrap_or_else(|| options.model.clone()),
        tokens_in,
        tokens_out: 0,
        tokens_cached: 0,
        tokens_cache_write: 0,
        finish: Finish::Stop,
        milliseconds,
    })
}

/// The vector of an answer, of length one.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_vector(text: &str) -> Result<Vec<f32>, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("it is no list of numbers: {e}"))?;
    unit(numbers(&value)?)
}

fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    let list = value.as_array().ok_or("an embedding is a list of numbers")?;
    if list.is_empty() || list.len() > MOST_DIMENSIONS {
        return Err(format!("an embedding has 1 to {MOST_DIMENSIONS} numbers, this has {}", list.len()));
    }
    list.iter().map(Value::as_f64).collect::<Option<_>>().ok_or_else(|| "an embedding holds numbers only".to_owned())
}

/// Brought to length one, so that a product is a cosine.
fn unit(vector: Vec<f64>) -> Result<Vec<f32>, String> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if !length.is_finite() || length < 1e-12 {
        return Err("an embedding of no length says nothing".to_owned());
    }
    #[allow(clippy::cast_possible_truncation, reason = "32 bits are what is stored")]
    let unit = vector.into_iter().map(|x| (x / length) as f32).collect();
    Ok(unit)
}

/// True when the text is longer than the model reads.
pub(super) fn is_too_long(options: &OpenAiOptions, question: &Question) -> bool {
    let bytes = question.messages.iter().map(|m| m.text.len()).sum();
    tokens_of_bytes(bytes) > u64::from(options.context_tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_out_at_length_one_and_are_read_back() {
        let vector = parse_vector("[3, 4]").unwrap();
        assert_eq!(vector, [0.6, 0.8]);
        assert_eq!(parse_vector(&json!(vector).to_string()).unwrap(), vector);
    }

    #[test]
    fn what_is_no_vector_is_refused_with_the_reason() {
        for text in ["", "{}", "[]", "[0, 0]", "[\"a\"]", "[1e999]", "[null]"] {
            assert!(parse_vector(text).is_err(), "{text}");
        }
        assert!(parse_vector(&json!(vec![1.0; MOST_DIMENSIONS + 1]).to_string()).is_err());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let input = EmbedInput { title: "ä".repeat(10), text: "ö".repeat(10_000) };
        assert!(whole(&input).len() <= MOST_BYTES);
    }
}

//! A streamed answer, put together again: what it would have been had it come whole.
//!
//! So there is one reader for each interface, and a stream is only another way to wait. A stream that ends before its last
//! mark is no answer: half a draft is never used.

use serde_json::{Map, Value, json};

use super::call_error::CallError;
use super::cost::tokens_of_bytes;
use super::framing::Framing;
use super::provider::Api;

/// The pieces of one answer, as far as they have come.
#[derive(Debug)]
pub(super) struct Stream {
    api: Api,
    /// What the answer says, in the form of the interface, without the text.
    frame: Map<String, Value>,
    text: String,
    thinking: String,
    refusal: String,
    /// The input of a tool, which Anthropic streams as pieces of JSON.
    tool: String,
    finish: Option<String>,
    /// The last mark was seen.
    closed: bool,
}

impl Stream {
    pub(super) fn new(api: Api) -> Self {
        let (frame, text, closed) = (Map::new(), String::new(), false);
        Self {
            api,
            frame,
            text,
            closed,
            thinking: String::new(),
            refusal: String::new(),
            tool: String::new(),
            finish: None,
        }
    }

    pub(super) fn framing(api: Api) -> Framing {
        match api {
            Api::OpenAi | Api::Anthropic => Framing::Events,
            Api::Ollama => Framing::Lines,
        }
    }

    /// Takes one message.
    ///
    /// # Errors
    /// What the server says instead of going on, or [`CallError::Malformed`].
    pub(super) fn take(&mut self, message: &str) -> Result<(), CallError> {
        if self.api == Api::OpenAi && message.trim() == "[DONE]" {
            self.closed = true;
            return Ok(());
        }
        let Ok(Value::Object(mut message)) = serde_json::from_str(message) else {
            let what = "a piece of its stream is no JSON object".to_owned();
            return Err(CallError::Malformed { message: what, usage: None });
        };
        if let Some(error) = message.get("error") {
            return Err(failed(error));
        }
        match self.api {
            Api::OpenAi => self.openai(message),
            Api::Ollama => {
                let said = message.remove("message").unwrap_or_default();
                push(&mut self.text, said.get("content"));
                push(&mut self.thinking, said.get("thinking"));
                if message.get("done") == Some(&Value::Bool(true)) {
                    self.closed = true;
                    self.frame = message;
                }
            }
            Api::Anthropic => self.anthropic(&mut message),
        }
        Ok(())
    }

    fn openai(&mut self, mut chunk: Map<String, Value>) {
        if let Some(choice) = chunk.get("choices").and_then(|c| c.get(0)) {
            let delta = choice.get("delta").unwrap_or(&Value::Null);
            push(&mut self.text, delta.get("content"));
            push(&mut self.refusal, delta.get("refusal"));
            // One name or the other, not both: some servers send each piece under two names.
            push(&mut self.thinking, delta.get("reasoning_content").or_else(|| delta.get("reasoning")));
            if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
                self.finish = Some(finish.to_owned());
            }
        }
        for name in ["model", "usage"] {
            if let Some(value) = chunk.remove(name).filter(|v| !v.is_null()) {
                self.frame.insert(name.to_owned(), value);
            }
        }
    }

    fn anthropic(&mut self, event: &mut Map<String, Value>) {
        match event.get("type").and_then(Value::as_str).unwrap_or_default() {
            "message_start" => {
                if let Some(Value::Object(message)) = event.remove("message") {
                    self.frame = message;
                }
            }
            "content_block_start" => {
                push(&mut self.text, event.get("content_block").and_then(|block| block.get("text")));
            }
            "content_block_delta" => {
                let delta = event.get("delta").unwrap_or(&Value::Null);
                push(&mut self.text, delta.get("text"));
                push(&mut self.thinking, delta.get("thinking"));
                push(&mut self.tool, delta.get("partial_json"));
            }
            "message_delta" => {
                let delta = event.get("delta").and_then(|delta| delta.get("stop_reason"));
                if let Some(finish) = delta.and_then(Value::as_str) {
                    self.finish = Some(finish.to_owned());
                }
                // These counts are sums of the whole message; what they leave out stands as it was.
                let counts = event.remove("usage");
                if let (Some(Value::Object(counts)), Some(Value::Object(usage))) = (counts, self.frame.get_mut("usage"))
                {
                    usage.extend(counts.into_iter().filter(|(_, count)| !count.is_null()));
                }
            }
            "message_stop" => self.closed = true,
            // Pings, and what may be added later.
            _ => {}
        }
    }

    /// True when nothing more is to come.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// What the model wrote so far, thinking included: for counting, and for noticing that it babbles.
    pub(super) fn said(&self) -> [&str; 3] {
        [&self.thinking, &self.text, &self.tool]
    }

    /// Tokens that have come, estimated.
    pub(super) fn written(&self) -> u64 {
        tokens_of_bytes(self.said().iter().map(|part| part.len()).sum())
    }

    /// The whole reply, in the form of the interface.
    ///
    /// # Errors
    /// [`CallError::Broken`] where its end is missing.
    pub(super) fn whole(mut self) -> Result<Value, CallError> {
        let ended = match self.api {
            Api::OpenAi | Api::Anthropic => self.finish.is_some(),
            Api::Ollama => true,
        };
        if !self.closed || !ended {
            return Err(CallError::Broken { written: self.written() });
        }
        match self.api {
            Api::OpenAi => {
                let message = json!({
                    "content": self.text, "refusal": self.refusal, "reasoning_content": self.thinking,
                });
                self.frame.insert("choices".into(), json!([{"message": message, "finish_reason": self.finish}]));
            }
            Api::Ollama => {
                self.frame.insert("message".into(), json!({"content": self.text, "thinking": self.thinking}));
            }
            Api::Anthropic => {
                let mut content = vec![
                    json!({"type": "thinking", "thinking": self.thinking}),
                    json!({"type": "text", "text": self.text}),
                ];
                if !self.tool.is_empty() {
                    // What is no JSON stays text, and is refused by whoever reads the answer.
                    let input = serde_json::from_str(&self.tool).unwrap_or(Value::String(self.tool));
                    content.push(json!({"type": "tool_use", "input": input}));
                }
                self.frame.insert("content".into(), Value::Array(content));
                self.frame.insert("stop_reason".into(), json!(self.finish));
            }
        }
        Ok(Value::Object(self.frame))
    }
}

fn push(text: &mut String, piece: Option<&Value>) {
    text.push_str(piece.and_then(Value::as_str).unwrap_or_default());
}

/// An error that comes after the stream has begun with 200: `{"error": "…"}` or `{"error": {"type"|"code", "message"}}`.
fn failed(error: &Value) -> CallError {
    let kind = error.get("type").or_else(|| error.get("code")).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "overloaded_error" => CallError::Server { status: 529, after_seconds: None },
        // Said in the middle of an answer, it does not take back what was written, and perhaps billed: no plain rate limit.
        "rate_limit_error" | "rate_limit_exceeded" => CallError::Server { status: 529, after_seconds: None },
        _ => CallError::Server { status: 500, after_seconds: None },
    }
}

//! The forms in which a model server replies: OpenAI's and Ollama's, whole and as streams.

use serde_json::{Value, json};

/// What a model said, before it takes a form.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// Names the exchange; equal questions have equal ids.
    pub(crate) id: String,
    /// The model that said it.
    pub(crate) model: String,
    /// What it said.
    pub(crate) content: String,
    /// True when it refused instead.
    pub(crate) refused: bool,
    /// True when it was cut off by the limit of its answer.
    pub(crate) cut_off: bool,
    /// What it thought before, told apart.
    pub(crate) thinking: String,
    /// Tokens of the prompt that were counted, cached ones among them.
    pub(crate) prompt_tokens: u64,
    /// Tokens of the prompt that were read from the cache, and that were written into it.
    pub(crate) cache: (u64, u64),
    /// Tokens of the answer.
    pub(crate) completion_tokens: u64,
}

impl Said {
    fn finish(&self) -> &'static str {
        if self.cut_off { "length" } else { "stop" }
    }

    /// A whole reply of `/v1/chat/completions`.
    pub(crate) fn openai(&self) -> String {
        let refusal = self.refused.then_some("I cannot help with that.");
        let content = (!self.refused).then_some(&self.content);
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": {
                    "role": "assistant", "content": content, "refusal": refusal, "reasoning_content": self.thinking,
                },
                "logprobs": null,
                "finish_reason": self.finish(),
            }],
            "usage": self.usage(),
        })
        .to_string()
    }

    /// The same as server-sent events, forty characters each.
    pub(crate) fn openai_events(&self) -> String {
        let chunk = |delta: Value, finish: Option<&str>, usage: Option<Value>| {
            let chunk = json!({
                "id": self.id,
                "object": "chat.completion.chunk",
                "created": 1_790_000_000,
                "model": self.model,
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
                "usage": usage,
            });
            format!("data: {chunk}\n\n")
        };
        let mut text = chunk(json!({"role": "assistant", "content": ""}), None, None);
        if !self.thinking.is_empty() {
            text.push_str(&chunk(json!({"reasoning_content": self.thinking}), None, None));
        }
        if self.refused {
            text.push_str(&chunk(json!({"refusal": "I cannot help with that."}), None, None));
        }
        for part in self.parts() {
            text.push_str(&chunk(json!({"content": part}), None, None));
        }
        text.push_str(&chunk(json!({}), Some(self.finish()), Some(self.usage())));
        text + "data: [DONE]\n\n"
    }

    /// A whole reply of Ollama's `/api/chat`.
    pub(crate) fn ollama(&self) -> String {
        self.ollama_line(&self.content, &self.thinking, true)
    }

    /// The same as lines of JSON, forty characters each: Ollama's form unless it is asked not to.
    pub(crate) fn ollama_lines(&self) -> String {
        let thinking = Some(self.ollama_line("", &self.thinking, false) + "\n").filter(|_| !self.thinking.is_empty());
        let lines = self.parts().into_iter().map(|part| self.ollama_line(&part, "", false) + "\n");
        thinking.into_iter().chain(lines).chain([self.ollama_line("", "", true) + "\n"]).collect()
    }

    fn ollama_line(&self, content: &str, thinking: &str, done: bool) -> String {
        let mut line = json!({
            "model": self.model,
            "created_at": "2026-09-21T13:33:20Z",
            "message": {"role": "assistant", "content": content, "thinking": thinking},
            "done": done,
        });
        if done {
            line["done_reason"] = self.finish().into();
            line["prompt_eval_count"] = self.prompt_tokens.into();
            line["eval_count"] = self.completion_tokens.into();
            line["total_duration"] = (self.completion_tokens * 20_000_000).into();
            line["eval_duration"] = (self.completion_tokens * 20_000_000).into();
        }
        line.to_string()
    }

    /// A whole reply of `/v1/messages`.
    pub(crate) fn anthropic(&self) -> String {
        let mut message = self.anthropic_frame(self.completion_tokens);
        message["content"] =
            json!([{"type": "thinking", "thinking": self.thinking}, {"type": "text", "text": self.content}]);
        message["stop_reason"] = self.anthropic_stop().into();
        message.to_string()
    }

    /// The same as server-sent events, forty characters each.
    pub(crate) fn anthropic_events(&self) -> String {
        let block =
            |kind: &str| json!({"type": "content_block_start", "index": 0, "content_block": {"type": kind, kind: ""}});
        let delta = |kind: &str, text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": format!("{kind}_delta"), kind: text}});
        let mut events = vec![json!({"type": "message_start", "message": self.anthropic_frame(1)})];
        if !self.thinking.is_empty() {
            events.extend([block("thinking"), delta("thinking", &self.thinking)]);
        }
        events.extend([block("text"), json!({"type": "ping"})]);
        events.extend(self.parts().iter().map(|part| delta("text", part)));
        events.extend([
            json!({"type": "content_block_stop", "index": 0}),
            json!({
                "type": "message_delta", "delta": {"stop_reason": self.anthropic_stop()},
                "usage": {"output_tokens": self.completion_tokens},
            }),
            json!({"type": "message_stop"}),
        ]);
        events.iter().map(|e| format!("event: {}\ndata: {e}\n\n", e["type"].as_str().expect("named above"))).collect()
    }

    fn anthropic_frame(&self, written: u64) -> Value {
        let (read, write) = self.cache;
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": [], "stop_reason": null,
            "usage": {
                "input_tokens": self.prompt_tokens - read - write, "output_tokens": written,
                "cache_read_input_tokens": read, "cache_creation_input_tokens": write,
            },
        })
    }

    fn anthropic_stop(&self) -> &'static str {
        match (self.refused, self.cut_off) {
            (true, _) => "refusal",
            (_, true) => "max_tokens",
            _ => "end_turn",
        }
    }

    fn parts(&self) -> Vec<String> {
        let chars: Vec<char> = self.content.chars().collect();
        chars.chunks(40).map(|part| part.iter().collect()).collect()
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cache.0},
        })
    }
}

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
    /// Tokens of the prompt that were counted.
    pub(crate) prompt_tokens: u64,
    /// Those of them that it had seen before.
    pub(crate) cached_tokens: u64,
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
                "message": {"role": "assistant", "content": content, "refusal": refusal},
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
        for part in self.parts() {
            text.push_str(&chunk(json!({"content": part}), None, None));
        }
        text.push_str(&chunk(json!({}), Some(self.finish()), Some(self.usage())));
        text + "data: [DONE]\n\n"
    }

    /// A whole reply of Ollama's `/api/chat`.
    pub(crate) fn ollama(&self) -> String {
        self.ollama_line(&self.content, true)
    }

    /// The same as lines of JSON, forty characters each: Ollama's form unless it is asked not to.
    pub(crate) fn ollama_lines(&self) -> String {
        let lines = self.parts().into_iter().map(|part| self.ollama_line(&part, false) + "\n");
        lines.chain([self.ollama_line("", true) + "\n"]).collect()
    }

    fn ollama_line(&self, content: &str, done: bool) -> String {
        let mut line = json!({
            "model": self.model,
            "created_at": "2026-09-21T13:33:20Z",
            "message": {"role": "assistant", "content": content},
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

    fn parts(&self) -> Vec<String> {
        let chars: Vec<char> = self.content.chars().collect();
        chars.chunks(40).map(|part| part.iter().collect()).collect()
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        })
    }
}

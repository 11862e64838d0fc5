//! The trial of a model: a fixed short task, first to load it, then to see how fast it is.

use serde_json::json;

use super::question::{Asking, Message, Question, Role};
use super::task::{EmbedInput, Task};

/// What the ledger calls a trial.
pub const PROBE: &str = "probe";

/// The tokens of the timed answer.
pub const PROBE_TOKENS: u32 = 32;

/// A question that any model can answer. `nonce` makes each another one, so that no cache of the server answers; an embedding
/// model is given a text instead.
pub fn probe(embeds: bool, nonce: &str, max_tokens: u32, asking: &Asking<'_>) -> Question {
    let text = format!("Trial {nonce}. Name the numbers from one to forty in words, one after the other.");
    let mut question = Question::embed(EmbedInput { title: String::new(), text: text.clone() }, asking);
    if !embeds {
        question.task = Task::Triage;
        question.messages = vec![Message { role: Role::User, text }];
        question.schema_name = PROBE.to_owned();
        question.schema = json!({
            "type": "object",
            "properties": {"numbers": {"type": "array", "items": {"type": "string"}}},
            "required": ["numbers"],
            "additionalProperties": false,
        });
        question.max_tokens = max_tokens;
    }
    question
}

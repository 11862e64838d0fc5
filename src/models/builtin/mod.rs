//! The provider inside the program: deterministic, free, and honest about what it is. It answers with the same JSON as a
//! model would, and its answers are parsed the same way.

mod avoid;
mod quotes;
mod sections;
mod triage;
mod writer;

use serde_json::json;

use super::classify;
use super::task::TaskInput;

/// Its name and family.
pub(super) const NAME: &str = "builtin";
/// What it calls itself; the number changes when its answers do.
pub(super) const MODEL: &str = "extractive-1";

/// The answer to a question about `input`, as JSON text.
pub(super) fn answer(input: &TaskInput) -> String {
    match input {
        TaskInput::Triage(input) => triage::answer(input).to_string(),
        // There is no meaning in here: the configuration refuses it on this route.
        TaskInput::Embed(_) => String::new(),
        TaskInput::Draft(input) => writer::answer(input).to_string(),
        TaskInput::Judge(input) => {
            let score = &input.built_in;
            json!({
                "grounding": score.grounding, "structure": score.structure, "intent": score.intent,
                "voice": score.voice, "why": score.why,
            })
            .to_string()
        }
        TaskInput::Classify(input) => classify::built_in(input).to_string(),
    }
}

//! What a server does not take, found out when it says so.
//!
//! Servers that call themselves compatible differ in a few members of the request. One that answers 400 and names such a
//! member is asked again without it, and that is remembered for the life of the process. What was refused is not billed.

use super::provider::{Api, OpenAiOptions, SchemaMode};

/// What is left out for a server, or said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quirks {
    /// How the form of the answer is told.
    pub(super) schema: SchemaMode,
    /// The temperature is sent.
    pub(super) temperature: bool,
    /// The counts of a stream are asked for.
    pub(super) stream_counts: bool,
    /// The limit of the answer is called `max_completion_tokens`.
    pub(super) completion_limit: bool,
    /// Whether to think is said.
    pub(super) think: bool,
}

impl Quirks {
    /// What the options say.
    pub(super) fn new(options: &OpenAiOptions) -> Self {
        Self {
            schema: options.schema_mode,
            temperature: options.send_temperature,
            stream_counts: options.stream && options.api == Api::OpenAi,
            completion_limit: false,
            think: options.api == Api::Ollama,
        }
    }

    /// How to ask after a refusal in these words; `None` where they name nothing that can be left out.
    pub(super) fn after(self, refusal: &str) -> Option<Self> {
        let said = refusal.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if self.stream_counts && names(&["stream_options", "include_usage"]) {
            return Some(Self { stream_counts: false, ..self });
        }
        if self.temperature && names(&["temperature"]) {
            return Some(Self { temperature: false, ..self });
        }
        // It names the new name beside the old one.
        if !self.completion_limit && names(&["max_completion_tokens"]) {
            return Some(Self { completion_limit: true, ..self });
        }
        if self.think && names(&["thinking", "`think`", "\"think\""]) {
            return Some(Self { think: false, ..self });
        }
        let form =
            ["response_format", "json_schema", "json_object", "output_config", "output_format", "schema", "grammar"];
        if names(&form) || names(&["structured output", "tool_choice"]) {
            let schema = match self.schema {
                SchemaMode::JsonSchema => SchemaMode::JsonObject,
                SchemaMode::JsonObject => SchemaMode::None,
                SchemaMode::None => return None,
            };
            return Some(Self { schema, ..self });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_names_is_left_out_once() {
        let all = Quirks::new(&OpenAiOptions::default());
        let ollama = Quirks::new(&OpenAiOptions { api: Api::Ollama, ..OpenAiOptions::default() });
        for (said, expected) in [
            ("Unrecognized request argument supplied: stream_options", Quirks { stream_counts: false, ..all }),
            ("`temperature` is deprecated for this model.", Quirks { temperature: false, ..all }),
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                Quirks { completion_limit: true, ..all },
            ),
            (
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
                Quirks { schema: SchemaMode::JsonObject, ..all },
            ),
            ("output_config: Extra inputs are not permitted", Quirks { schema: SchemaMode::JsonObject, ..all }),
        ] {
            assert_eq!(all.after(said), Some(expected), "{said}");
        }
        assert_eq!(ollama.after("\"m\" does not support thinking"), Some(Quirks { think: false, ..ollama }));
        for said in
            ["", "the prompt is too long", "max_tokens: must be below 4096", "messages: at least one is required"]
        {
            assert_eq!(all.after(said), None, "{said}");
        }
        // In the end there is nothing left to leave out.
        let mut quirks = all;
        let mut steps = 0;
        while let Some(next) =
            quirks.after("temperature, stream_options, max_completion_tokens, response_format, thinking")
        {
            assert_ne!(next, quirks);
            (quirks, steps) = (next, steps + 1);
        }
        assert_eq!(steps, 5);
    }
}

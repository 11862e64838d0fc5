//! One question to a model: what it is about, the prompt it becomes, and the key under which its answer is kept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use states::words::RequestKey;
use states::words::hash::sha256_hex;

use super::boundary::{BoundarySecret, without_marks};
use super::classify::ClassifyInput;
use super::embed;
use super::prompt::{self, Rendered};
use super::schema;
use super::task::{DraftInput, EmbedInput, JudgeInput, Task, TaskInput, TriageInput};
use crate::templates::{TemplateError, Templates};

/// Of an answer that could not be read, no more bytes are shown to the model again.
const MAX_SHOWN_ANSWER: usize = 60_000;

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The program: rules, the same for every question of a task.
    System,
    /// The program: this question, with its material between boundaries.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// How to ask: where prompts come from, what guards their data, and the parameters of the answer.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    /// Where the prompts come from.
    pub templates: &'a Templates,
    /// What boundary keys are made from.
    pub secret: &'a BoundarySecret,
    /// The context of the model that will be asked, in tokens. A draft's or triage's sources are cut to fit. Not a part of
    /// the key: the key is known before it is known whom to ask.
    pub context_tokens: u32,
    /// The most tokens of the answer; `None` takes the task's usual number.
    pub max_tokens: Option<u32>,
    /// The sampling temperature in thousandths.
    pub temperature_milli: u32,
    /// Which of several samples of the same question this is, from 0.
    pub sample: u32,
}

impl<'a> Asking<'a> {
    /// The usual way: a context of 32,768 tokens, temperature 0.2, the first sample.
    pub fn new(templates: &'a Templates, secret: &'a BoundarySecret) -> Self {
        Self { templates, secret, context_tokens: 32_768, max_tokens: None, temperature_milli: 200, sample: 0 }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What is asked for.
    pub task: Task,
    /// The version that the prompt template names.
    pub prompt_version: u32,
    /// The prompt: static rules first, then this question, its material between boundaries.
    pub messages: Vec<Message>,
    /// The name of the answer's schema: the task's, that of a draft for a revision.
    pub schema_name: String,
    /// The JSON Schema of the answer.
    pub schema: Value,
    /// The most tokens of the answer.
    pub max_tokens: u32,
    /// The sampling temperature in thousandths.
    pub temperature_milli: u32,
    /// Which of several samples of the same question this is, from 0.
    pub sample: u32,
    /// What it is about.
    pub input: TaskInput,
    /// Source sentences that did not fit and are not in the prompt.
    pub left_out: usize,
    /// So many bytes of the user's message begin a later question as well (another sample, a revision): worth a place in
    /// the provider's cache.
    pub repeats: usize,
    /// What the prompt was made from, before any boundary: the canonical inputs of the key.
    inputs: Value,
    /// Hash of the prompt template, so that an edited prompt is another question even under its old version.
    template_hash: String,
}

impl Question {
    /// Is this text worth writing about?
    ///
    /// # Errors
    /// When the prompt template cannot be used.
    pub fn triage(input: TriageInput, asking: &Asking<'_>) -> Result<Self, TemplateError> {
        let max_tokens = asking.max_tokens.unwrap_or(700);
        let rendered = prompt::triage(&input, asking, max_tokens)?;
        Ok(Self::of(Task::Triage, TaskInput::Triage(Box::new(input)), asking, max_tokens, rendered))
    }

    /// Write a draft from this brief; where it has a draft before, a revision of that.
    ///
    /// # Errors
    /// When the prompt template cannot be used.
    pub fn draft(input: DraftInput, asking: &Asking<'_>) -> Result<Self, TemplateError> {
        let max_tokens = asking.max_tokens.unwrap_or(8_000);
        let rendered = prompt::draft(&input, asking, max_tokens)?;
        let task = if input.previous.is_some() { Task::Revise } else { Task::Draft };
        Ok(Self::of(task, TaskInput::Draft(Box::new(input)), asking, max_tokens, rendered))
    }

    /// Score this draft.
    ///
    /// # Errors
    /// When the prompt template cannot be used.
    pub fn judge(input: JudgeInput, asking: &Asking<'_>) -> Result<Self, TemplateError> {
        let max_tokens = asking.max_tokens.unwrap_or(1_000);
        let rendered = prompt::judge(&input, asking)?;
        Ok(Self::of(Task::Judge, TaskInput::Judge(Box::new(input)), asking, max_tokens, rendered))
    }

    /// Is this work complex?
    ///
    /// # Errors
    /// When the prompt template cannot be used.
    pub fn classify(input: ClassifyInput, asking: &Asking<'_>) -> Result<Self, TemplateError> {
        let max_tokens = asking.max_tokens.unwrap_or(300);
        let rendered = prompt::classify(&input, asking)?;
        Ok(Self::of(Task::Classify, TaskInput::Classify(Box::new(input)), asking, max_tokens, rendered))
    }

    /// What does this text mean? Nothing surrounds it: an embedding model follows no instructions.
    pub fn embed(input: EmbedInput, asking: &Asking<'_>) -> Self {
        let whole = embed::whole(&input);
        Self {
            task: Task::Embed,
            prompt_version: 1,
            messages: vec![Message { role: Role::User, text: embed::fitting(&whole, asking) }],
            schema_name: Task::Embed.as_str().to_owned(),
            schema: schema::of(Task::Embed),
            max_tokens: 0,
            temperature_milli: 0,
            sample: 0,
            left_out: 0,
            repeats: 0,
            inputs: json!({"text": whole}),
            input: TaskInput::Embed(Box::new(input)),
            template_hash: String::new(),
        }
    }

    fn of(task: Task, input: TaskInput, asking: &Asking<'_>, max_tokens: u32, rendered: Rendered) -> Self {
        // Who is asked for a second sample is asked for a third.
        let repeats = if asking.sample > 0 { rendered.user.len() } else { rendered.repeats };
        Self {
            task,
            prompt_version: rendered.version,
            messages: vec![
                Message { role: Role::System, text: rendered.system },
                Message { role: Role::User, text: rendered.user },
            ],
            // A revision is a draft.
            schema_name: if task == Task::Revise { Task::Draft } else { task }.as_str().to_owned(),
            schema: schema::of(task),
            max_tokens,
            temperature_milli: asking.temperature_milli,
            sample: asking.sample,
            input,
            left_out: rendered.left_out,
            repeats,
            inputs: rendered.inputs,
            template_hash: rendered.template_hash,
        }
    }

    /// The same question again, after an answer that could not be read: with that answer and what is wrong with it. It
    /// is another question, with a key of its own.
    pub fn again(&self, answer: &str, error: &dyn std::fmt::Display) -> Self {
        let mut end = answer.len().min(MAX_SHOWN_ANSWER);
        while !answer.is_char_boundary(end) {
            end -= 1;
        }
        let complaint = format!("This cannot be used: {error}. Answer again, with the whole JSON object.");
        let mut again = self.clone();
        again.inputs = json!({"first": self.inputs, "answer": sha256_hex(answer.as_bytes()), "complaint": complaint});
        again.messages.push(Message { role: Role::Assistant, text: without_marks(&answer[..end]) });
        again.messages.push(Message { role: Role::User, text: complaint });
        again
    }

    /// True for a question that goes on from the answer to another one: a further sample, or a repair.
    pub fn follows(&self) -> bool {
        self.sample > 0 || self.messages.iter().any(|message| message.role == Role::Assistant)
    }

    /// The key of the answer: hash of task, prompt version and text, inputs, schema, parameters and sample. The boundary
    /// is not in it, nor is the model or the size of its context, nor anything the prompt does not show (ids, the time).
    pub fn key(&self) -> RequestKey {
        RequestKey::of(&[
            self.task.as_str().as_bytes(),
            &self.prompt_version.to_le_bytes(),
            self.template_hash.as_bytes(),
            canonical(&self.inputs).as_bytes(),
            self.schema_name.as_bytes(),
            canonical(&self.schema).as_bytes(),
            &self.max_tokens.to_le_bytes(),
            &self.temperature_milli.to_le_bytes(),
            &self.sample.to_le_bytes(),
        ])
    }
}

/// JSON with sorted members, whatever order the map keeps them in.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            let inside: Vec<String> =
                names.into_iter().map(|n| format!("{}:{}", Value::String(n.clone()), canonical(&members[n]))).collect();
            format!("{{{}}}", inside.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

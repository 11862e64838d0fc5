//! Asking models: what is asked, whom, and what may come back.
//!
//! This module knows no store, cache, budget or route. It takes plain values and returns an answer or an error that says
//! what to do next and what may have been billed. Model output is as hostile as a web page: it is parsed within bounds
//! and becomes typed data or a clear error, never anything else.

pub mod answer;
pub mod batch;
pub mod boundary;
pub mod call_error;
pub mod classify;
pub mod cost;
pub mod diagnosis;
pub mod embed;
pub mod prices;
pub mod probe;
pub mod provider;
pub mod question;
pub mod ready;
pub mod replay;
pub mod schema;
pub mod secret;
pub mod task;

mod builtin;
mod openai;
mod reply;
mod chat;
mod ollama;
mod anthropic;
mod quirks;
mod wire;
mod stream;
mod framing;
mod babble;
mod thinking;
mod refusal;
mod prompt;
mod revise;
mod salience;

pub use answer::{ParseError, TriageAnswer, TriageKind, answer_json, parse_complexity, parse_draft, parse_triage};
pub use batch::{BatchAsked, BatchSaid, BatchStep};
pub use boundary::BoundarySecret;
pub use call_error::{Billed, CallClass, CallError, HoldCause, Usage};
pub use classify::{ClassifyInput, Complexity};
pub use cost::{buffered, cost, estimate_tokens, most, prices, tokens_of_bytes};
pub use embed::parse_vector;
pub use prices::{ListedPrice, PriceList, is_price};
pub use probe::{PROBE, PROBE_TOKENS, probe};
pub use provider::{Answer, Api, BadOptions, Finish, OpenAiOptions, Provider, ProviderOptions, SchemaMode};
pub use question::{Asking, Message, Question, Role};
pub use ready::Loaded;
pub use replay::record;
pub use secret::Secret;
pub use task::{DraftInput, EmbedInput, JudgeInput, Task, TaskInput, TriageInput};
pub use wire::Watch;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

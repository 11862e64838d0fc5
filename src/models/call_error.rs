//! What can go wrong with a call, what to do about it, and what it may have cost.

use serde::{Deserialize, Serialize};

/// Tokens as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, cached ones among them.
    pub tokens_in: u64,
    /// Tokens of the answer, thinking among them.
    pub tokens_out: u64,
    /// Tokens of the prompt that came from the provider's cache.
    pub tokens_cached: u64,
    /// Tokens of the prompt that were written into the provider's cache, where that has a price of its own.
    #[serde(default)]
    pub tokens_cache_write: u64,
}

/// No answer has more tokens than this, whatever its server says: a count beyond it would break every sum.
const MOST_TOKENS: u64 = 10_000_000;

/// A count of tokens from a reply.
pub(crate) fn counted(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().map(|tokens| tokens.min(MOST_TOKENS))
}

/// Why a call brought no answer. No message holds a URL or a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CallError {
    /// No connection, or one that broke. `sent` is true where the request may have arrived.
    #[error("the model server cannot be reached ({}): is it running, and is `base_url` right?", if *.sent { "the connection broke" } else { "no connection" })]
    Unreachable {
        /// The request may have arrived, and may be billed.
        sent: bool,
    },
    /// The host answers, but nobody listens at that port. Nothing was sent.
    #[error("the host answers, but no model server listens at its port")]
    NotListening,
    /// The answer broke off: a stream that ended before its last mark. What came of it is thrown away.
    #[error("the answer broke off after about {written} tokens: the connection or the server went away")]
    Broken {
        /// Tokens that had come, estimated.
        written: u64,
    },
    /// Nothing more came in the middle of an answer.
    #[error("nothing came for {seconds} s after about {written} tokens: the model hangs, or raise `idle_seconds`")]
    Stalled {
        /// The limit.
        seconds: u64,
        /// Tokens that had come, estimated.
        written: u64,
    },
    /// An answer without end: it was cut off by us.
    #[error("the model babbles ({why}): it was cut off; ask another model, or lower its temperature")]
    Babbling {
        /// What gave it away.
        why: String,
    },
    /// The server is loading the model. It will answer, only later.
    #[error("the server is still loading the model; it is asked again")]
    Loading {
        /// What `Retry-After` asked for.
        after_seconds: Option<u64>,
    },
    /// No answer in time.
    #[error("no answer within {seconds} s: raise `timeout_seconds`, or ask a faster model")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// Too many requests or tokens.
    #[error("the provider asks to slow down{}", .after_seconds.map(|s| format!(", for {s} s")).unwrap_or_default())]
    RateLimited {
        /// What the provider asked for.
        after_seconds: Option<u64>,
    },
    /// The key is missing, wrong or not allowed to do this.
    #[error("the provider refuses the key (HTTP {status}): check the variable named in `api_key_env`")]
    Auth {
        /// 401 or 403.
        status: u16,
    },
    /// The account has no credit or quota left.
    #[error("the provider's account has no credit left: top it up, or take the model off the route")]
    NoCredit,
    /// The server does not have the model.
    #[error("the server has no model `{model}`: pull it there, or name another one")]
    ModelMissing {
        /// The model that was asked for.
        model: String,
    },
    /// The server does not accept the request.
    #[error("the server refuses the request (HTTP {status}): {message}")]
    BadRequest {
        /// The status.
        status: u16,
        /// What the server says, shortened and cleaned.
        message: String,
    },
    /// The server failed.
    #[error("the model server failed (HTTP {status})")]
    Server {
        /// The status, 5xx.
        status: u16,
        /// What `Retry-After` asked for.
        after_seconds: Option<u64>,
    },
    /// The prompt is longer than the model's context. Nothing was sent.
    #[error("the prompt has about {estimated} tokens and the answer up to {answer}: `context_tokens` is {context}")]
    TooLong {
        /// Estimated tokens of the prompt.
        estimated: u64,
        /// Tokens kept for the answer.
        answer: u64,
        /// The limit.
        context: u64,
    },
    /// The server dropped a part of the prompt without saying so: the answer is about something else.
    #[error("the server read {counted} tokens of about {sent_estimate}: its context is smaller than `context_tokens`")]
    Clipped {
        /// What was sent, estimated.
        sent_estimate: u64,
        /// What the server counted.
        counted: u64,
        /// What was billed.
        usage: Usage,
    },
    /// The answer ended at its token limit.
    #[error("the answer was cut off at {} tokens: raise `max_tokens`, or ask another model", .usage.tokens_out)]
    CutOff {
        /// What was billed.
        usage: Usage,
    },
    /// All that came is thinking.
    #[error("the model only thought, for {} tokens, and gave no answer: set `think = false`, or ask another model", .usage.tokens_out)]
    OnlyThinking {
        /// What was billed.
        usage: Usage,
    },
    /// The model, or a filter before it, declined.
    #[error("the model declined to answer")]
    Refused {
        /// What was billed.
        usage: Usage,
    },
    /// The reply is not one that the interface describes.
    #[error("the reply cannot be read: {message}")]
    Malformed {
        /// What is wrong with it.
        message: String,
        /// What was billed, where the reply said so.
        usage: Option<Usage>,
    },
    /// A batch ended without an answer to this question, and without asking it. Nothing is billed.
    #[error("its batch ended without an answer: {why}")]
    Unanswered {
        /// What the provider says, in a word or two.
        why: String,
    },
    /// A replay has no recording of this question.
    #[error("there is no recording of this question ({key}): record it first, or take the replay off the route")]
    NotRecorded {
        /// The request key.
        key: String,
    },
}

/// What to do after a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallClass {
    /// Ask the same model again, after this many seconds at least. Uses up a try.
    Retry {
        /// What the provider asked for.
        after_seconds: Option<u64>,
    },
    /// Asking this model again would not help: go on along the route.
    NextTier,
    /// The world is at fault, not the article: hold under this cause until it is mended.
    Defer(HoldCause),
}

/// What a deferred call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldCause {
    /// A key that works.
    Credentials,
    /// Money on the provider's account.
    Credit,
    /// The model on the server.
    ModelMissing,
    /// A recording.
    RecordingMissing,
    /// The model in the server's memory.
    ModelLoading,
}

impl HoldCause {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Credit => "credit",
            Self::ModelMissing => "model_missing",
            Self::RecordingMissing => "recording_missing",
            Self::ModelLoading => "model_loading",
        }
    }
}

/// What a failed call may have cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billed {
    /// Nothing.
    No,
    /// Nobody knows: charge the reservation.
    Unknown,
    /// These tokens.
    Tokens(Usage),
}

impl CallError {
    /// What to do next.
    pub fn class(&self) -> CallClass {
        match self {
            Self::Unreachable { .. }
            | Self::NotListening
            | Self::Broken { .. }
            | Self::Unanswered { .. }
            | Self::Malformed { .. } => CallClass::Retry { after_seconds: None },
            Self::RateLimited { after_seconds } | Self::Server { after_seconds, .. } => {
                CallClass::Retry { after_seconds: *after_seconds }
            }
            // A second wait would be as long, and may be billed as well.
            Self::TimedOut { .. } | Self::Stalled { .. } => CallClass::NextTier,
            Self::BadRequest { .. }
            | Self::Babbling { .. }
            | Self::OnlyThinking { .. }
            | Self::TooLong { .. }
            | Self::Clipped { .. }
            | Self::CutOff { .. }
            | Self::Refused { .. } => CallClass::NextTier,
            Self::Auth { .. } => CallClass::Defer(HoldCause::Credentials),
            Self::NoCredit => CallClass::Defer(HoldCause::Credit),
            Self::ModelMissing { .. } => CallClass::Defer(HoldCause::ModelMissing),
            Self::Loading { .. } => CallClass::Defer(HoldCause::ModelLoading),
            Self::NotRecorded { .. } => CallClass::Defer(HoldCause::RecordingMissing),
        }
    }

    /// True where the server has gone away, or never was there: whatever else runs on that host will not answer either.
    pub fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::NotListening
                | Self::Broken { .. }
                | Self::Stalled { .. }
                | Self::TimedOut { .. }
        )
    }

    /// What the provider may have billed.
    pub fn billed(&self) -> Billed {
        match self {
            Self::Unreachable { sent: false }
            | Self::NotListening
            | Self::Loading { .. }
            | Self::RateLimited { .. }
            // A server that says when to come back has not begun.
            | Self::Server { status: 503 | 529, after_seconds: Some(_) }
            | Self::Auth { .. }
            | Self::NoCredit
            | Self::ModelMissing { .. }
            | Self::BadRequest { .. }
            | Self::TooLong { .. }
            | Self::Unanswered { .. }
            | Self::NotRecorded { .. } => Billed::No,
            // What was written until we hung up is billed, and nobody says how much that was.
            Self::Unreachable { sent: true }
            | Self::TimedOut { .. }
            | Self::Server { .. }
            | Self::Broken { .. }
            | Self::Stalled { .. }
            | Self::Babbling { .. } => Billed::Unknown,
            Self::Clipped { usage, .. }
            | Self::CutOff { usage }
            | Self::OnlyThinking { usage }
            | Self::Refused { usage } => Billed::Tokens(*usage),
            Self::Malformed { usage, .. } => usage.map_or(Billed::Unknown, Billed::Tokens),
        }
    }
}

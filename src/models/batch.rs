//! Asking many questions together, by the batch interface that OpenAI describes: half the price, answered within a day.
//!
//! Each step is one thing that can be done again: the questions are uploaded under a name that is made from them, a batch is
//! created with that name beside it, and before either it is looked whether that was done already.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call_error::CallError;
use super::chat;
use super::cost::{estimate_tokens, message_tokens};
use super::openai::{OpenAi, word};
use super::provider::{Answer, Api, OpenAiOptions, Provider};
use super::question::Question;

/// The interface that the questions of a batch are for, as the provider names it.
const ENDPOINT: &str = "/v1/chat/completions";
/// In what time a batch is answered; no other is offered.
const WINDOW: &str = "24h";
/// The member beside a batch that holds our key.
const OURS: &str = "pipeline";
/// Files of answers are cut off beyond this many bytes.
const MAX_FILE: usize = 200_000_000;
/// Lists are read no further.
const MOST_PAGES: usize = 50;
/// How much longer ago than it was decided a batch cannot have been created: clocks differ.
const SLACK_SECONDS: i64 = 3_600;
/// No step takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A question of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchAsked {
    /// What it is called there: its request key.
    pub id: String,
    /// The body of its request.
    pub body: String,
    /// Tokens of its messages, estimated.
    pub tokens_sent: u64,
    /// Tokens of its prompt, estimated.
    pub tokens_prompt: u64,
}

/// What is done next about a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchStep {
    /// Bring its questions there, unless they are there.
    Upload(Vec<BatchAsked>),
    /// Create it, unless it was created.
    Create {
        /// The uploaded questions.
        file: String,
        /// Since when it may have been created: seconds since 1970.
        since: i64,
    },
    /// Look whether it is answered.
    Look {
        /// The provider's name of it.
        remote: String,
        /// Its questions.
        asked: Vec<BatchAsked>,
    },
    /// Delete what is left of it.
    Tidy(Vec<String>),
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchSaid {
    /// The questions are there.
    Uploaded {
        /// The provider's name of them.
        file: String,
    },
    /// The provider has the batch.
    Created {
        /// Its name of it.
        remote: String,
    },
    /// It is not answered yet.
    Waits {
        /// How the provider calls that.
        status: String,
    },
    /// It is over.
    Ended {
        /// How the provider calls that.
        status: String,
        /// What is left of it there.
        files: Vec<String>,
        /// What came of each question that was asked.
        answers: BTreeMap<String, Result<Answer, CallError>>,
    },
    /// What was left of it is deleted, as far as that could be done.
    Tidied,
    /// It did not work.
    Failed(CallError),
}

impl Provider {
    /// A question as a batch holds it; `None` where the provider takes no batches.
    ///
    /// # Errors
    /// [`CallError::TooLong`].
    pub fn batched(&self, question: &Question) -> Result<Option<BatchAsked>, CallError> {
        match self {
            Self::OpenAi(openai) if openai.options.api == Api::OpenAi => openai.batched(question).map(Some),
            _ => Ok(None),
        }
    }

    /// Takes one step with the batch of this key.
    pub async fn batch(&self, key: &str, step: BatchStep) -> BatchSaid {
        match self {
            Self::OpenAi(openai) => openai.batch(key, step).await.unwrap_or_else(BatchSaid::Failed),
            Self::BuiltIn | Self::Replay(_) => {
                let message = "it takes no batches".to_owned();
                BatchSaid::Failed(CallError::BadRequest { status: 0, message })
            }
        }
    }
}

impl OpenAi {
    fn batched(&self, question: &Question) -> Result<BatchAsked, CallError> {
        let (estimated, answer) = estimate_tokens(question);
        let context = u64::from(self.options.context_tokens);
        if estimated + answer > context {
            return Err(CallError::TooLong { estimated, answer, context });
        }
        let quirks = *self.quirks.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody reads along.
        let options = OpenAiOptions { stream: false, ..self.options.clone() };
        let body = self.with_extras(chat::body(&options, question, quirks));
        Ok(BatchAsked {
            id: question.key().to_string(),
            body: Value::Object(body).to_string(),
            tokens_sent: message_tokens(question),
            tokens_prompt: estimated,
        })
    }

    async fn batch(&self, key: &str, step: BatchStep) -> Result<BatchSaid, CallError> {
        match step {
            BatchStep::Upload(asked) => {
                let lines: String = asked.iter().map(line).collect();
                let file = match self.uploaded(key, lines.len()).await? {
                    Some(file) => file,
                    None => self.upload(key, &lines).await?,
                };
                Ok(BatchSaid::Uploaded { file })
            }
            BatchStep::Create { file, since } => {
                let remote = match self.created(key, since - SLACK_SECONDS).await? {
                    Some(remote) => remote,
                    None => self.create(key, &file).await?,
                };
                Ok(BatchSaid::Created { remote })
            }
            BatchStep::Look { remote, asked } => self.look(&remote, &asked).await,
            BatchStep::Tidy(files) => {
                for file in files {
                    // What is gone or cannot be deleted costs next to nothing, and expires there by itself.
                    let _ = self.call(Method::DELETE, &format!("/files/{file}"), None).await;
                }
                Ok(BatchSaid::Tidied)
            }
        }
    }

    /// The file of this batch, where it is there already and whole. One that is not whole is deleted.
    async fn uploaded(&self, key: &str, bytes: usize) -> Result<Option<String>, CallError> {
        let name = file_name(key);
        let found = self
            .find("/files?purpose=batch&limit=1000", |file| match file["filename"] == name.as_str() {
                true => Some((word(file.get("id")), file["bytes"].as_u64() == Some(bytes as u64))),
                false => None,
            })
            .await?;
        match found {
            Some((Some(file), true)) => Ok(Some(file)),
            Some((Some(file), false)) => {
                self.call(Method::DELETE, &format!("/files/{file}"), None).await?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    async fn upload(&self, key: &str, lines: &str) -> Result<String, CallError> {
        // A hash of the questions stands in none of them.
        let mark = format!("pipeline-{key}");
        let body = format!(
            "--{mark}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
             --{mark}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: application/jsonl\r\n\r\n{lines}\r\n--{mark}--\r\n",
            file_name(key)
        );
        let kind = format!("multipart/form-data; boundary={mark}");
        let request = self.request(Method::POST, "/files").header(CONTENT_TYPE, kind).body(body);
        named(&self.wire.send(built(request)?).await?)
    }

    /// The batch of this key, where it was created already.
    async fn created(&self, key: &str, since: i64) -> Result<Option<String>, CallError> {
        let ours = |batch: &Value| match batch["metadata"][OURS] == key {
            true => Some(word(batch.get("id"))),
            // They come newest first: nothing older can be it.
            false => batch["created_at"].as_i64().is_some_and(|at| at < since).then_some(None),
        };
        Ok(self.find("/batches?limit=100", ours).await?.flatten())
    }

    async fn create(&self, key: &str, file: &str) -> Result<String, CallError> {
        let body = json!({
            "input_file_id": file, "endpoint": ENDPOINT, "completion_window": WINDOW, "metadata": {OURS: key},
        });
        named(&self.call(Method::POST, "/batches", Some(&body)).await?)
    }

    async fn look(&self, remote: &str, asked: &[BatchAsked]) -> Result<BatchSaid, CallError> {
        let batch = self.call(Method::GET, &format!("/batches/{remote}"), None).await?;
        let status = word(batch.get("status")).unwrap_or_default();
        if !matches!(status.as_str(), "completed" | "failed" | "expired" | "cancelled") {
            return Ok(BatchSaid::Waits { status });
        }
        let file = |name: &str| word(batch.get(name)).filter(|file| is_name(file));
        let mut answers = BTreeMap::new();
        for file in [file("output_file_id"), file("error_file_id")].into_iter().flatten() {
            let request = built(self.request(Method::GET, &format!("/files/{file}/content")))?;
            let text = self.wire.file(request, MAX_FILE).await?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
                let Some(asked) = line["custom_id"].as_str().and_then(|id| asked.iter().find(|a| a.id == id)) else {
                    continue;
                };
                answers.entry(asked.id.clone()).or_insert_with(|| self.answer(&line, asked));
            }
        }
        for asked in asked {
            answers.entry(asked.id.clone()).or_insert_with(|| Err(missing(&status)));
        }
        let files = ["input_file_id", "output_file_id", "error_file_id"].into_iter().filter_map(file).collect();
        Ok(BatchSaid::Ended { status, files, answers })
    }

    /// What one line of a file of answers says.
    fn answer(&self, line: &Value, asked: &BatchAsked) -> Result<Answer, CallError> {
        let response = &line["response"];
        match response["status_code"].as_u64() {
            Some(200) => {
                let estimates = (asked.tokens_sent, asked.tokens_prompt);
                chat::read(&response["body"])?.answer_to(&self.options, estimates, 0)
            }
            Some(status) => {
                let status = u16::try_from(status).unwrap_or(500);
                Err(self.wire.refusal(status, &response["body"].to_string()))
            }
            None => {
                let why = word(line.pointer("/error/code")).unwrap_or_else(|| "it does not say why".to_owned());
                Err(CallError::Unanswered { why })
            }
        }
    }

    /// The first thing in a list that `wanted` says something about, page after page.
    async fn find<T>(&self, path: &str, wanted: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, CallError> {
        let mut after = String::new();
        for _ in 0..MOST_PAGES {
            let page = self.call(Method::GET, &format!("{path}{after}"), None).await?;
            let all = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(found) = all.iter().find_map(&wanted) {
                return Ok(Some(found));
            }
            let last = all.last().and_then(|last| word(last.get("id"))).filter(|id| is_name(id));
            match last.filter(|_| page["has_more"] == true) {
                Some(last) => after = format!("&after={last}"),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CallError> {
        let request = self.request(method, path);
        self.wire
            .send(built(match body {
                Some(body) => request.json(body),
                None => request,
            })?)
            .await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.address.base);
        self.wire.client().request(method, url).headers(self.address.headers.clone()).timeout(PATIENCE)
    }
}

/// What a question is that a batch has ended without: paid for where all were answered, else not asked.
fn missing(status: &str) -> CallError {
    match status {
        "completed" => CallError::Malformed { message: "its batch holds no answer to it".to_owned(), usage: None },
        other => CallError::Unanswered { why: other.to_owned() },
    }
}

/// One line of a file of questions.
fn line(asked: &BatchAsked) -> String {
    let (id, body) = (json!(asked.id), &asked.body);
    format!("{{\"custom_id\":{id},\"method\":\"POST\",\"url\":\"{ENDPOINT}\",\"body\":{body}}}\n")
}

fn file_name(key: &str) -> String {
    format!("pipeline-{key}.jsonl")
}

/// True for a name that can stand in a path.
fn is_name(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The name that the provider gave to something.
fn named(made: &Value) -> Result<String, CallError> {
    let unnamed = || CallError::Malformed { message: "it holds no `id`".to_owned(), usage: None };
    word(made.get("id")).filter(|id| is_name(id)).ok_or_else(unnamed)
}

fn built(request: reqwest::RequestBuilder) -> Result<reqwest::Request, CallError> {
    let message = "the request cannot be built: check `base_url`".to_owned();
    request.build().map_err(|_| CallError::BadRequest { status: 0, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_completed_batch_leaves_out_may_be_billed_and_what_another_leaves_out_is_not() {
        use crate::models::Billed;
        assert_eq!(missing("completed").billed(), Billed::Unknown);
        for status in ["expired", "cancelled", "failed"] {
            assert_eq!(missing(status).billed(), Billed::No, "{status}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_no_names() {
        for id in ["", "../batches", "a b", "a?b", "a/b", "ä"] {
            assert!(named(&json!({"id": id})).is_err(), "{id}");
        }
        assert_eq!(named(&json!({"id": "file-Ab_1"})).unwrap(), "file-Ab_1");
    }
}

//! Files and batches as OpenAI has them: created once they bill, answered after some looks.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::serve::{allowed, answered, error};
use super::{Shared, json_response};
use crate::harness::server::hang_up;

/// What the next batch meets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BatchFault {
    /// Its questions are kept; the socket is closed without a reply.
    DropUpload,
    /// It is created, and bills; the socket is closed without a reply.
    DropCreate,
    /// It expires after so many of its questions.
    Expire(usize),
    /// It is refused when it is validated: nothing is asked.
    Invalid,
    /// The next time it is asked for: 500.
    FailLook,
}

/// The files and batches of one server.
#[derive(Default)]
pub(super) struct Kept {
    files: Vec<(String, String, String)>,
    batches: Vec<Batch>,
    pub(super) faults: Vec<BatchFault>,
    /// How often a batch is looked at until it is answered.
    pub(super) looks: u32,
    made: u32,
}

struct Batch {
    id: String,
    input: String,
    metadata: Value,
    looks: u32,
    status: &'static str,
    output: Option<String>,
    errors: Option<String>,
}

impl Kept {
    fn keep(&mut self, name: &str, text: String) -> String {
        self.made += 1;
        let id = format!("file-{}", self.made);
        self.files.push((id.clone(), name.to_owned(), text));
        id
    }

    fn take(&mut self, fault: &BatchFault) -> bool {
        let at = self.faults.iter().position(|f| f == fault);
        at.map(|at| self.faults.remove(at)).is_some()
    }

    fn text(&self, id: &str) -> Option<String> {
        self.files.iter().find(|(file, ..)| file == id).map(|(.., text)| text.clone())
    }

    /// The names of the files that are there.
    pub(super) fn file_names(&self) -> Vec<String> {
        self.files.iter().map(|(_, name, _)| name.clone()).collect()
    }
}

impl Batch {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": self.input,
            "completion_window": "24h", "status": self.status, "created_at": jiff::Timestamp::now().as_second(),
            "output_file_id": self.output, "error_file_id": self.errors, "metadata": self.metadata,
        })
    }
}

/// Its paths.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/v1/files", post(upload).get(files))
        .route("/v1/files/{id}", axum::routing::delete(delete))
        .route("/v1/files/{id}/content", get(content))
        .route("/v1/batches", post(create).get(batches))
        .route("/v1/batches/{id}", get(look))
}

/// The value of a part of a form, with the name of its file.
fn part(form: &str, name: &str) -> Option<(String, String)> {
    let mark = form.split("\r\n").next()?.to_owned();
    form.split(&mark).find_map(|part| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        head.contains(&format!("name=\"{name}\"")).then_some(())?;
        let file = head.split("filename=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        Some((file.to_owned(), value.strip_suffix("\r\n")?.to_owned()))
    })
}

async fn upload(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let form = String::from_utf8_lossy(&bytes).into_owned();
    let purpose = part(&form, "purpose").map(|(_, value)| value);
    let (Some("batch"), Some((name, text))) = (purpose.as_deref(), part(&form, "file")) else {
        return error(400, "invalid_request_error", "`purpose` and `file` are expected");
    };
    let bytes = text.len();
    let (id, dropped) = {
        let kept = &mut shared.lock().kept;
        (kept.keep(&name, text), kept.take(&BatchFault::DropUpload))
    };
    shared.ledger.note("uploaded", &name, json!({"id": id}));
    if dropped {
        hang_up();
    }
    json_response(200, &json!({"id": id, "object": "file", "bytes": bytes, "filename": name, "purpose": "batch"}))
}

async fn files(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let all = shared.lock().kept.files.clone();
    let shown = |(id, name, text): &(String, String, String)| json!({"id": id, "filename": name, "bytes": text.len()});
    json_response(200, &json!({"data": all.iter().rev().map(shown).collect::<Vec<_>>(), "has_more": false}))
}

async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    shared.lock().kept.files.retain(|(file, ..)| *file != id);
    shared.ledger.note("deleted", &id, Value::Null);
    json_response(200, &json!({"id": id, "deleted": true}))
}

async fn content(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    match shared.lock().kept.text(&id) {
        Some(text) => Response::builder()
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(text.into())
            .expect("a constant header is valid"),
        None => error(404, "not_found", "no such file"),
    }
}

async fn create(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let input = body["input_file_id"].as_str().unwrap_or_default().to_owned();
    let Some(text) = shared.lock().kept.text(&input) else {
        return error(400, "invalid_request_error", "no such input file");
    };
    if body["completion_window"] != "24h" || body["endpoint"] != "/v1/chat/completions" {
        return error(400, "invalid_request_error", "the window or the endpoint is not supported");
    }
    let (expires, invalid) = {
        let kept = &mut shared.lock().kept;
        let expires = kept.faults.iter().find_map(|f| match f {
            BatchFault::Expire(n) => Some(*n),
            _ => None,
        });
        kept.faults.retain(|f| !matches!(f, BatchFault::Expire(_)));
        (expires, kept.take(&BatchFault::Invalid))
    };
    let (mut output, mut errors) = (String::new(), String::new());
    for (n, line) in text.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("a line of a batch is JSON");
        if invalid {
            break;
        }
        let id = &line["custom_id"];
        let (response, trouble) = match expires {
            Some(most) if n >= most => (Value::Null, json!({"code": "batch_expired", "message": "too late"})),
            _ => {
                let (status, body) = answered(&shared, &line["body"]);
                (json!({"status_code": status, "request_id": "r", "body": body}), Value::Null)
            }
        };
        let good = response["status_code"] == 200;
        let shown = json!({"id": format!("batch_req_{n}"), "custom_id": id, "response": response, "error": trouble});
        let file = if good { &mut output } else { &mut errors };
        file.push_str(&format!("{shown}\n"));
    }
    let (shown, dropped) = {
        let kept = &mut shared.lock().kept;
        let mut file = |name: &str, text: String| (!text.is_empty()).then(|| kept.keep(name, text));
        let (output, errors) = (file("output", output), file("errors", errors));
        let batch = Batch {
            id: format!("batch_{}", kept.batches.len() + 1),
            input,
            metadata: body["metadata"].clone(),
            looks: kept.looks,
            status: match (invalid, expires) {
                (true, _) => "failed",
                (false, Some(_)) => "expired",
                (false, None) => "completed",
            },
            output,
            errors,
        };
        let shown = json!({"id": batch.id, "status": "validating", "metadata": batch.metadata});
        kept.batches.push(batch);
        (shown, kept.take(&BatchFault::DropCreate))
    };
    shared.ledger.note(
        "batch",
        shown["metadata"]["pipeline"].as_str().unwrap_or_default(),
        json!({"lines": text.lines().count()}),
    );
    if dropped {
        hang_up();
    }
    json_response(200, &shown)
}

async fn batches(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Err(response) = allowed(&shared, &headers) {
        return *response;
    }
    let all: Vec<Value> = shared.lock().kept.batches.iter().rev().map(Batch::shown).collect();
    json_response(200, &json!({"object": "list", "data": all, "has_more": false}))
}

async fn look(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let mut settings = shared.lock();
    if settings.kept.take(&BatchFault::FailLook) {
        return error(500, "server_error", "the fake fails, as it was told to");
    }
    let Some(batch) = settings.kept.batches.iter_mut().find(|b| b.id == id) else {
        return error(404, "not_found", "no such batch");
    };
    shared.ledger.note("looked", &id, json!({"left": batch.looks}));
    if batch.looks == 0 {
        return json_response(200, &batch.shown());
    }
    batch.looks -= 1;
    let status = if batch.looks == 0 { "in_progress" } else { "validating" };
    json_response(200, &json!({"id": batch.id, "status": status, "metadata": batch.metadata}))
}

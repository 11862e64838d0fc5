//! What the box does with its models: one is in its memory, tokens take time, a repair helps, and a meter counts.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

use super::{FakeBox, Shared, hang_up, json_response};

/// What the box does with its models.
#[derive(Clone, Default)]
pub(super) struct Work {
    /// The one that is in its memory; another one throws it out.
    pub(super) loaded: Option<String>,
    load: Duration,
    /// Time per token of an answer, of which 64 are counted at most.
    token: Duration,
    /// Time per token after a repair, where that helps.
    mended: Option<Duration>,
    meter_fails: bool,
}

impl FakeBox {
    /// The address of the plug's meter, which says kilowatt-hours at `/StatusSNS/ENERGY/Total`.
    pub(crate) fn meter_url(&self) -> String {
        self.plug.url("/meter")
    }

    /// The address that repairs the box.
    pub(crate) fn repair_url(&self) -> String {
        self.plug.url("/repair")
    }

    /// Loading a model takes so long, and each token of an answer so long.
    pub(crate) fn works(&self, load: Duration, token: Duration) {
        let mut inside = self.shared.lock();
        (inside.work.load, inside.work.token) = (load, token);
    }

    /// A repair makes it so fast again.
    pub(crate) fn mended(&self, token: Duration) {
        self.shared.lock().work.mended = Some(token);
    }

    /// Its meter answers with an error from now on.
    pub(crate) fn meter_fails(&self) {
        self.shared.lock().work.meter_fails = true;
    }

    /// The models in the order in which they were loaded.
    pub(crate) fn loads(&self) -> Vec<String> {
        self.ledger().of("load").into_iter().map(|e| e.key).collect()
    }
}

/// A model that is not in memory is loaded first; then each token takes its time.
pub(super) async fn generate(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, 64 << 20).await else { hang_up() };
    let asked: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some(model) = asked["model"].as_str() {
        let (loads, work) = {
            let mut inside = shared.lock();
            let loads = inside.work.loaded.as_deref() != Some(model);
            inside.work.loaded = Some(model.to_owned());
            (loads, inside.work.clone())
        };
        if loads {
            shared.ledger.note("load", model, Value::Null);
            tokio::time::sleep(work.load).await;
        }
        let limits = [&asked["max_completion_tokens"], &asked["max_tokens"], &asked["options"]["num_predict"]];
        let tokens = limits.into_iter().find_map(Value::as_u64).unwrap_or(0).min(64);
        tokio::time::sleep(work.token * u32::try_from(tokens).expect("64 fit")).await;
    }
    next.run(Request::from_parts(parts, axum::body::Body::from(bytes))).await
}

pub(super) async fn mend(State((shared, _)): State<(Shared, Instant)>) -> &'static str {
    shared.ledger.note("repair", "box", Value::Null);
    let mut inside = shared.lock();
    if let Some(token) = inside.work.mended {
        inside.work.token = token;
    }
    "mended"
}

/// The meter of a box that draws 3600 W all the time: a milliwatt-hour each millisecond.
pub(super) async fn meter(State((shared, since)): State<(Shared, Instant)>) -> Response {
    if shared.lock().work.meter_fails {
        return json_response(500, &json!({"error": "no sensor"}));
    }
    let mwh = 12_000_000 + u64::try_from(since.elapsed().as_millis()).expect("a test is short");
    shared.ledger.note("metered", "plug", json!({"mwh": mwh}));
    let total = format!("{}.{:06}", mwh / 1_000_000, mwh % 1_000_000);
    json_response(200, &json!({"StatusSNS": {"ENERGY": {"Total": total}}}))
}

//! A model server on loopback that keeps a ledger of what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};

/// What the server does with the next request.
pub(super) enum Act {
    /// This status, these headers, this body.
    Reply(u16, Vec<(&'static str, &'static str)>, String),
    /// A chat completion with this text, reason and count of prompt tokens per cent of the prompt's bytes over four.
    Complete(String, &'static str, u64),
    /// A stream of this type, in these pieces; whether the socket closes in the middle (`false`: as it should), and how
    /// long it stays open without a word before.
    Stream(&'static str, Vec<String>, bool, Duration),
    /// Nothing for this long.
    Hang(Duration),
    /// More bytes than anybody should read.
    Flood,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

#[derive(Default)]
struct Inside {
    acts: Mutex<VecDeque<Act>>,
    ledger: Mutex<Vec<Seen>>,
}

/// The server; it ends with the test's runtime.
pub(super) struct FakeModel {
    inside: Arc<Inside>,
    pub(super) root: String,
}

impl FakeModel {
    /// Does `acts` one after the other, and refuses everything after them.
    pub(super) async fn start(acts: Vec<Act>) -> Self {
        crate::models::testing::tls();
        let inside = Arc::new(Inside { acts: Mutex::new(acts.into()), ledger: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inside, root }
    }

    pub(super) fn ledger(&self) -> Vec<Seen> {
        self.inside.ledger.lock().unwrap().clone()
    }
}

async fn answer(State(inside): State<Arc<Inside>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 50_000_000).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let prompt: usize = body["messages"]
        .as_array()
        .map_or(0, |all| all.iter().map(|m| m["content"].as_str().unwrap_or_default().len()).sum());
    inside.ledger.lock().unwrap().push(Seen { path: parts.uri.path().to_owned(), headers: parts.headers, body });
    let act = inside.acts.lock().unwrap().pop_front();
    let reply = |status: u16, text: String| Response::builder().status(status).body(Body::from(text)).unwrap();
    match act {
        None => reply(418, "one request too many".to_owned()),
        Some(Act::Reply(status, headers, text)) => {
            let mut response = reply(status, text);
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Some(Act::Complete(text, finish, per_cent)) => {
            let counted = prompt as u64 / 4 * per_cent / 100;
            let reply_json = json!({
                "id": "x", "object": "chat.completion", "model": "quill-7b-2026", "timings": {"unknown": true},
                "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": counted, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 8}},
            });
            reply(200, reply_json.to_string())
        }
        Some(Act::Stream(kind, pieces, cut, silence)) => {
            let pieces = pieces.into_iter().map(|piece| Ok(piece.into_bytes()));
            let last = futures::stream::once(async move {
                tokio::time::sleep(silence).await;
                if cut { Err(std::io::Error::other("cut")) } else { Ok(Vec::new()) }
            });
            let body = Body::from_stream(futures::stream::StreamExt::chain(futures::stream::iter(pieces), last));
            Response::builder().header("content-type", kind).body(body).unwrap()
        }
        Some(Act::Hang(time)) => {
            tokio::time::sleep(time).await;
            reply(200, "{}".to_owned())
        }
        Some(Act::Flood) => {
            let chunks = futures::stream::iter((0..400).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100_000])));
            Response::new(Body::from_stream(chunks))
        }
    }
}

//! Replies that do not come whole: cut at a byte or at a token, stalled, endless.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response;
use futures::{StreamExt as _, stream};

use super::{Cut, Fault};

/// Sends a reply, or as much of it as the fault lets through.
pub(super) fn send(content_type: &str, text: String, fault: &Option<Fault>) -> Response {
    let half = |text: &str| frames(text)[..frames(text).len() / 2].concat();
    let body = match fault {
        Some(Fault::CutReply(thousandths)) => {
            let cut = text.len() * (*thousandths).min(1000) / 1000;
            broken(text.as_bytes()[..cut].to_vec())
        }
        Some(Fault::CutStream(cut)) => broken(until(&text, *cut).into_bytes()),
        Some(Fault::Stall) => {
            let part = stream::iter([Ok::<_, std::io::Error>(Bytes::from(half(&text)))]);
            Body::from_stream(part.chain(stream::pending()))
        }
        Some(Fault::Babble) => {
            // One piece of the answer again and again.
            let frames: Vec<Bytes> = frames(&text).into_iter().map(Bytes::from).collect();
            let again = frames[frames.len() / 2].clone();
            let endless = stream::repeat(again).take(2_000_000);
            Body::from_stream(stream::iter(frames).take(2).chain(endless).map(Ok::<_, std::io::Error>))
        }
        _ => Body::from(text),
    };
    Response::builder().header(header::CONTENT_TYPE, content_type).body(body).expect("a constant header is valid")
}

/// The bytes, and then the socket closes.
fn broken(part: Vec<u8>) -> Body {
    let part = Bytes::from(part);
    Body::from_stream(stream::unfold(0, move |step| {
        let part = part.clone();
        async move {
            match step {
                0 => Some((Ok(part), 1)),
                // The first part is on its way before the socket closes.
                _ => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((Err(std::io::Error::other("cut")), 2))
                }
            }
        }
    }))
}

/// The messages of a stream; a whole reply is one.
fn frames(text: &str) -> Vec<String> {
    let end = if text.contains("\n\n") { "\n\n" } else { "\n" };
    text.split_inclusive(end).map(str::to_owned).collect()
}

/// A stream up to a token of its content.
fn until(text: &str, cut: Cut) -> String {
    let frames = frames(text);
    let says = |frame: &String| {
        ["\"content\":\"\"", "\"text\":\"\""].iter().all(|empty| !frame.contains(empty))
            && ["\"content\":\"", "\"text\":\""].iter().any(|member| frame.contains(member))
    };
    let content: Vec<usize> = (0..frames.len()).filter(|at| says(&frames[*at])).collect();
    if frames.len() == 1 {
        return String::new();
    }
    let frames_kept = match cut {
        Cut::AtZero => content[0],
        Cut::AtOne => content[0] + 1,
        Cut::AtHalf => content[content.len() / 2],
        Cut::AtLast => content[content.len() - 1] + 1,
    };
    frames[..frames_kept].concat()
}

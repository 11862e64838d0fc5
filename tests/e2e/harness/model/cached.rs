//! What of a prompt is in the server's cache: beginnings that Anthropic's interface marks, and, where cached tokens have a
//! price of their own, beginnings that OpenAI's notices by itself.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Shared;
use crate::harness::web::hex;

/// What is shorter is not cached.
const SHORTEST: u64 = 1_024;
/// OpenAI counts what it found in the cache in steps of so many tokens.
const STEP: u64 = 128;

impl Shared {
    /// The tokens of the prompt's marked beginning that were in the cache and that are written into it, as Anthropic does:
    /// the longest beginning that was marked before is read, the rest up to the last mark is written. Short ones are not
    /// cached.
    pub(super) fn cache(&self, body: &Value) -> (u64, u64) {
        let blocks = [&body["system"]]
            .into_iter()
            .chain(body["messages"].as_array().into_iter().flatten().map(|m| &m["content"]));
        let (mut said, mut read, mut last) = (String::new(), 0, 0);
        let mut settings = self.lock();
        for block in blocks.filter_map(Value::as_array).flatten() {
            said.push_str(block["text"].as_str().unwrap_or_default());
            let tokens = (said.len() as u64).div_ceil(4);
            if block["cache_control"].is_object() && tokens >= SHORTEST {
                if !settings.cached.insert(hex(&Sha256::digest(&said))) {
                    read = tokens;
                }
                last = tokens;
            }
        }
        (read, last - read)
    }

    /// The tokens of the beginning that a prompt shares with one before it, as OpenAI counts them. Nothing is written for a
    /// price.
    pub(super) fn cached_prefix(&self, prompt: &str) -> (u64, u64) {
        let mut settings = self.lock();
        if settings.price_cached.is_none() {
            return (0, 0);
        }
        let shared = |other: &String| prompt.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count() as u64;
        let tokens = settings.prompts.iter().map(shared).max().unwrap_or(0) / 4;
        settings.prompts.push(prompt.to_owned());
        (if tokens < SHORTEST { 0 } else { tokens / STEP * STEP }, 0)
    }
}

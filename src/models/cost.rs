//! What a call may cost, before it leaves, and what it did cost.

use states::words::{NanoUsd, Prices, Tokens};

use super::call_error::Usage;
use super::provider::OpenAiOptions;
use super::question::Question;

/// The buffer on estimates.
const BUFFER_PERCENT: u64 = 25;

/// Tokens of a text of this many bytes: one per 3.5 bytes, rounded up. English is at about 4.2 bytes a token, code and
/// JSON nearer to 3, so that the estimate leans to the safe side for prose.
pub fn tokens_of_bytes(bytes: usize) -> u64 {
    (bytes as u64 * 2).div_ceil(7)
}

/// Estimated tokens of the question's messages alone.
pub(crate) fn message_tokens(question: &Question) -> u64 {
    // About four tokens a message for roles and separators.
    question.messages.iter().map(|m| tokens_of_bytes(m.text.len()) + 4).sum()
}

/// Estimated tokens of the whole prompt, the schema included, and the most the answer can have.
pub fn estimate_tokens(question: &Question) -> (u64, u64) {
    let schema = tokens_of_bytes(question.schema.to_string().len());
    (message_tokens(question) + schema, u64::from(question.max_tokens))
}

/// What the options say of prices. Prompt tokens read from the provider's cache cost `price_cached`, those written into it
/// `price_cache_write`, where these are given, else as much as the others.
pub fn prices(options: &OpenAiOptions) -> Prices {
    let input = NanoUsd::from_usd(options.price_in);
    Prices {
        input,
        cached: options.price_cached.map_or(input, NanoUsd::from_usd),
        cache_write: options.price_cache_write.map_or(input, NanoUsd::from_usd),
        output: NanoUsd::from_usd(options.price_out),
    }
}

/// What a call with these token counts costs at the prices of `options`.
pub fn cost(options: &OpenAiOptions, usage: &Usage) -> NanoUsd {
    prices(options).cost(&Tokens {
        input: usage.tokens_in,
        cached: usage.tokens_cached,
        cache_write: usage.tokens_cache_write,
        output: usage.tokens_out,
    })
}

/// The most a question can cost: its estimates with a buffer of a quarter, nothing read from a cache, and all of it written
/// into one where that costs more.
pub fn most(options: &OpenAiOptions, question: &Question) -> NanoUsd {
    let (tokens_in, tokens_out) = estimate_tokens(question);
    prices(options).most(buffered(tokens_in), buffered(tokens_out))
}

/// With the buffer that estimates carry.
pub fn buffered(amount: u64) -> u64 {
    u64::try_from((u128::from(amount) * u128::from(100 + BUFFER_PERCENT)).div_ceil(100)).unwrap_or(u64::MAX)
}

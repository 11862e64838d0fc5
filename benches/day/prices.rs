//! Prices, in nano-dollars per token. A dollar for a million tokens is 1,000 nano-dollars for one.

/// What a model costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Price {
    /// Its name.
    pub(crate) model: &'static str,
    /// A token of the prompt.
    pub(crate) prompt: u64,
    /// A token of a prompt's beginning that was seen before.
    pub(crate) cached: u64,
    /// A token of the answer.
    pub(crate) answer: u64,
}

impl Price {
    /// Nano-dollars for so many tokens of the prompt, of which so many were seen before, and of the answer.
    pub(crate) fn of(&self, prompt: u64, cached: u64, answer: u64) -> u64 {
        (prompt - cached) * self.prompt + cached * self.cached + answer * self.answer
    }

    /// Dollars for a million tokens.
    pub(crate) fn usd(nano_per_token: u64) -> f64 {
        nano_per_token as f64 / 1_000.0
    }
}

/// The cheapest hosted model of the list: OpenAI's list of prices, August 2025 ($0.05 in, $0.005 cached, $0.40 out).
pub(crate) const CHEAPEST: Price = Price { model: "gpt-5-nano", prompt: 50, cached: 50, answer: 400 };
/// The model of the naive way: $3 in, $15 out.
pub(crate) const NAIVE: Price = Price { model: "claude-sonnet-4-5", prompt: 3_000, cached: 3_000, answer: 15_000 };

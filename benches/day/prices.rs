//! Prices, in nano-dollars per token. A dollar for a million tokens is 1,000 nano-dollars for one.

use pipeline::models::PriceList;

/// What a model costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Price {
    /// What the price list calls it.
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

    /// The cheapest model of the price list that ships with the program, for four tokens of the prompt to one of the answer.
    pub(crate) fn cheapest() -> Option<Self> {
        let models = PriceList::default().vendors.into_iter().flat_map(|vendor| vendor.models);
        // An embedding costs nothing to answer with, and writes nothing.
        let priced = models.filter(|m| m.out > 0.0).map(|m| {
            let nano = |usd: f64| (usd * 1_000.0).round() as u64;
            // The bench makes one, once.
            let model = Box::leak(m.model.into_boxed_str());
            Self { model, prompt: nano(m.input), cached: nano(m.cached_in.unwrap_or(m.input)), answer: nano(m.out) }
        });
        priced.min_by_key(|price| price.prompt * 4 + price.answer)
    }
}

/// The model of the naive way: $3 in, $15 out, nothing cached.
pub(crate) const NAIVE: Price = Price { model: "claude-sonnet-4-5", prompt: 3_000, cached: 3_000, answer: 15_000 };

//! Money in integers: sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Nano-dollars: a billionth of a US dollar. Saturates instead of wrapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NanoUsd(pub i64);

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From dollars as people write them in a configuration, rounded to the nano-dollar.
    pub fn from_usd(usd: f64) -> Self {
        Self((usd * 1e9).round() as i64)
    }

    /// In dollars, as [`Self::from_usd`] takes them.
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// What `tokens` cost at `per_million` for a million of them, rounded up: a cap is never undercut by rounding.
    pub fn for_tokens(tokens: u64, per_million: Self) -> Self {
        let product = i128::from(tokens) * i128::from(per_million.0);
        let up = (product + 999_999).div_euclid(1_000_000);
        Self(i64::try_from(up).unwrap_or(i64::MAX))
    }
}

impl Add for NanoUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for NanoUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for NanoUsd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for NanoUsd {
    /// Dollars with as many digits as say something: `$0`, `$0.0012`, `$1.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = self.0.unsigned_abs();
        let (whole, rest) = (nano / 1_000_000_000, nano % 1_000_000_000);
        if rest == 0 {
            return write!(f, "{sign}${whole}");
        }
        let digits = format!("{rest:09}");
        let cut = digits.trim_end_matches('0');
        let cut = if whole > 0 && cut.len() > 2 { &digits[..2] } else { cut };
        let cut = if cut.len() == 1 { &digits[..2] } else { cut };
        write!(f, "{sign}${whole}.{cut}")
    }
}

/// What a model takes for a million tokens of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Tokens of the prompt.
    pub input: NanoUsd,
    /// Tokens of the prompt that came from the provider's cache.
    pub cached: NanoUsd,
    /// Tokens of the prompt that were written into the provider's cache.
    pub cache_write: NanoUsd,
    /// Tokens of the answer.
    pub output: NanoUsd,
}

/// Tokens of one call, or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of the prompt, those from and into the cache among them.
    pub input: u64,
    /// Of the prompt, from the provider's cache.
    pub cached: u64,
    /// Of the prompt, written into the provider's cache.
    pub cache_write: u64,
    /// Of the answer.
    pub output: u64,
}

impl Prices {
    /// One price for the prompt and one for the answer.
    pub fn plain(input: NanoUsd, output: NanoUsd) -> Self {
        Self { input, cached: input, cache_write: input, output }
    }

    /// So many thousandths of each price, rounded up: what a batch costs.
    #[must_use]
    pub fn thousandths(self, n: u32) -> Self {
        let part = |price: NanoUsd| NanoUsd((price.0.saturating_mul(i64::from(n)) + 999).div_euclid(1_000));
        Self {
            input: part(self.input),
            cached: part(self.cached),
            cache_write: part(self.cache_write),
            output: part(self.output),
        }
    }

    /// True when anything costs anything.
    pub fn bills(&self) -> bool {
        *self != Self::default()
    }

    /// What these tokens cost. Each kind is rounded up by itself, as a bill that names them does.
    pub fn cost(&self, tokens: &Tokens) -> NanoUsd {
        let cached = tokens.cached.min(tokens.input);
        let written = tokens.cache_write.min(tokens.input - cached);
        NanoUsd::for_tokens(tokens.input - cached - written, self.input)
            + NanoUsd::for_tokens(cached, self.cached)
            + NanoUsd::for_tokens(written, self.cache_write)
            + NanoUsd::for_tokens(tokens.output, self.output)
    }

    /// The most that so many tokens can cost: each token of the prompt at the dearest price that one can have.
    pub fn most(&self, input: u64, output: u64) -> NanoUsd {
        let dearest = self.input.max(self.cached).max(self.cache_write);
        NanoUsd::for_tokens(input, dearest) + NanoUsd::for_tokens(output, self.output)
    }
}

impl Add for Tokens {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
        }
    }
}

/// A billionth of the currency that the configuration names. Saturates instead of wrapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From units of the currency as people write them in a configuration, rounded to the billionth.
    pub fn from_units(units: f64) -> Self {
        Self((units * 1e9).round() as i64)
    }

    /// Dollars at a rate (units of the currency for a dollar), rounded.
    pub fn of_usd(usd: NanoUsd, rate: Self) -> Self {
        Self(scaled(usd.0, rate.0, 1_000_000_000))
    }

    /// So many thousandths of it, rounded.
    pub fn thousandths(self, n: u64) -> Self {
        Self(scaled(self.0, i64::try_from(n).unwrap_or(i64::MAX), 1_000))
    }

    /// With two digits after the point, and the currency's name: `1.25 EUR`; four digits below a hundredth.
    pub fn in_words(self, currency: &str) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = u128::from(self.0.unsigned_abs());
        let digits: usize = if nano == 0 || nano >= 10_000_000 { 2 } else { 4 };
        let step = 10_u128.pow(9 - digits as u32);
        let rounded = (nano + step / 2) / step;
        let whole = 10_u128.pow(digits as u32);
        format!("{sign}{}.{:0digits$} {currency}", rounded / whole, rounded % whole)
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// `a × b ÷ by`, rounded half away from zero.
pub(crate) fn scaled(a: i64, b: i64, by: i64) -> i64 {
    let product = i128::from(a) * i128::from(b);
    let half = i128::from(by) / 2;
    let rounded = if product < 0 { (product - half) / i128::from(by) } else { (product + half) / i128::from(by) };
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_token_has_its_price() {
        let prices = Prices {
            input: NanoUsd(3_000),
            cached: NanoUsd(300),
            cache_write: NanoUsd(3_750),
            output: NanoUsd(15_000),
        };
        let tokens = Tokens { input: 1_000_000, cached: 600_000, cache_write: 100_000, output: 10_000 };
        assert_eq!(prices.cost(&tokens), NanoUsd(900 + 180 + 375 + 150));
        assert_eq!(prices.most(1_000_000, 10_000), NanoUsd(3_750 + 150));
        // More from the cache than there were: never less than nothing.
        let odd = Tokens { input: 10, cached: 20, cache_write: 20, output: 0 };
        assert_eq!(prices.cost(&odd), NanoUsd::for_tokens(10, NanoUsd(300)));
        assert!(prices.bills() && !Prices::default().bills());
    }

    #[test]
    fn amounts_of_a_currency_read_as_such() {
        let shown: Vec<String> =
            [0, 1_250_000_000, -500_000_000, 1_200_000, 9_996_000, 1].map(|n| Amount(n).in_words("EUR")).to_vec();
        assert_eq!(shown, ["0.00 EUR", "1.25 EUR", "-0.50 EUR", "0.0012 EUR", "0.0100 EUR", "0.0000 EUR"]);
        assert_eq!(Amount::of_usd(NanoUsd(2_000_000_000), Amount::from_units(0.92)), Amount(1_840_000_000));
        assert_eq!(Amount(-3).thousandths(500), Amount(-2));
    }

    #[test]
    fn tokens_are_priced_exactly_and_rounded_up() {
        let price = NanoUsd::from_usd(3.0);
        assert_eq!(NanoUsd::for_tokens(1_000_000, price), NanoUsd(3_000_000_000));
        assert_eq!(NanoUsd::for_tokens(1, NanoUsd(1)), NanoUsd(1));
        assert_eq!(NanoUsd::for_tokens(u64::MAX, NanoUsd(i64::MAX)), NanoUsd(i64::MAX));
    }

    #[test]
    fn amounts_read_as_dollars() {
        let shown: Vec<String> =
            [0, 1_200_000, 1_250_000_000, -500_000_000, 1].map(|n| NanoUsd(n).to_string()).to_vec();
        assert_eq!(shown, ["$0", "$0.0012", "$1.25", "-$0.50", "$0.000000001"]);
    }
}

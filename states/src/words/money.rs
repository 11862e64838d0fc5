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

#[cfg(test)]
mod tests {
    use super::*;

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

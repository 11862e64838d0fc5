//! Energy in integers: sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Milliwatt-hours. Saturates instead of wrapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MilliWattHours(pub i64);

impl MilliWattHours {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// What drawing `watts` for `milliseconds` uses, rounded to the milliwatt-hour.
    pub fn drawn(watts: u32, milliseconds: i64) -> Self {
        // W × ms ÷ 3600 = mWh
        let product = i128::from(watts) * i128::from(milliseconds.max(0));
        Self(i64::try_from((product + 1800) / 3600).unwrap_or(i64::MAX))
    }
}

impl Add for MilliWattHours {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for MilliWattHours {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for MilliWattHours {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for MilliWattHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} Wh", self.0 / 1000, (self.0 % 1000).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_watts_for_an_hour_are_a_hundred_watt_hours() {
        assert_eq!(MilliWattHours::drawn(100, 3_600_000), MilliWattHours(100_000));
        assert_eq!(MilliWattHours(100_000).to_string(), "100.000 Wh");
    }
}

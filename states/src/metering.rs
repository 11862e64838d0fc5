//! What a worker has drawn between two looks at its meter, or by its configured wattage where the meter does not say.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::MilliWattHours;

/// What a meter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// A counter of energy, in milliwatt-hours.
    Counter(i64),
    /// The power drawn now, in milliwatts.
    Power(i64),
}

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// The meter.
    Meter,
    /// The configured wattage.
    Watts,
}

/// What was drawn in `milliseconds` between two readings. A counter's difference; power at its mean; the configured `watts`
/// where a reading is missing, where the meter was changed, or where its counter has gone backwards.
pub fn between(
    before: Option<Reading>,
    now: Option<Reading>,
    milliseconds: i64,
    watts: u32,
) -> (MilliWattHours, Measured) {
    match (before, now) {
        (Some(Reading::Counter(before)), Some(Reading::Counter(now)))
            if before >= 0 && now >= before && now - before <= most(milliseconds) =>
        {
            (MilliWattHours(now - before), Measured::Meter)
        }
        (Some(Reading::Power(before)), Some(Reading::Power(now))) if before >= 0 && now >= 0 => {
            // mW × ms ÷ 3 600 000 = mWh, of the mean of both.
            let twice = (i128::from(before) + i128::from(now)) * i128::from(milliseconds.max(0));
            (MilliWattHours(i64::try_from((twice + 3_600_000) / 7_200_000).unwrap_or(i64::MAX)), Measured::Meter)
        }
        _ => (MilliWattHours::drawn(watts, milliseconds), Measured::Watts),
    }
}

/// No box draws more than this: a counter that says so was away meanwhile, and has found its old total again.
fn most(milliseconds: i64) -> i64 {
    const WATTS: u32 = 20_000;
    MilliWattHours::drawn(WATTS, milliseconds.max(60_000)).0
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(mwh) => write!(f, "counter {mwh}"),
            Self::Power(milliwatts) => write!(f, "power {milliwatts}"),
        }
    }
}

impl FromStr for Reading {
    type Err = String;

    /// Reads the stored form.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is no reading of a meter");
        let (kind, amount) = text.split_once(' ').ok_or_else(bad)?;
        let amount = amount.parse().map_err(|_| bad())?;
        match kind {
            "counter" => Ok(Self::Counter(amount)),
            "power" => Ok(Self::Power(amount)),
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_as_a_table() {
        use Measured::{Meter, Watts};
        use Reading::{Counter, Power};
        let hour = 3_600_000;
        for (before, now, mwh, by) in [
            (Some(Counter(5_000)), Some(Counter(7_500)), 2_500, Meter),
            (Some(Counter(5_000)), Some(Counter(5_000)), 0, Meter),
            (Some(Power(100_000)), Some(Power(300_000)), 200_000, Meter),
            // A counter that was set back, a meter that fails, that was changed, or that nobody looked at before.
            (Some(Counter(5_000)), Some(Counter(4_999)), 250_000, Watts),
            (Some(Counter(5_000)), None, 250_000, Watts),
            (Some(Counter(5_000)), Some(Power(100_000)), 250_000, Watts),
            (Some(Power(-5)), Some(Power(100_000)), 250_000, Watts),
            (None, Some(Counter(7_500)), 250_000, Watts),
            (None, None, 250_000, Watts),
        ] {
            assert_eq!(between(before, now, hour, 250), (MilliWattHours(mwh), by), "{before:?} {now:?}");
        }
        assert_eq!(between(Some(Power(1_000)), Some(Power(1_000)), 1_800_000, 0).0, MilliWattHours(500));
    }

    #[test]
    fn a_reading_is_stored_and_read_back() {
        for reading in [Reading::Counter(12), Reading::Power(-3)] {
            assert_eq!(reading.to_string().parse::<Reading>(), Ok(reading));
        }
        assert!("volts 230".parse::<Reading>().is_err());
    }
}

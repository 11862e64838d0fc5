//! What else would have cost, and what a box has to do to be worth owning. Amounts are billionths of the configured
//! currency; every result is an integer, rounded half away from zero.

use serde::{Deserialize, Serialize};

use crate::words::money::scaled;
use crate::words::{Amount, MilliWattHours};

/// What energy costs at a price for a kilowatt-hour.
pub fn electricity(energy: MilliWattHours, per_kwh: Amount) -> Amount {
    Amount(scaled(energy.0, per_kwh.0, 1_000_000))
}

/// What a box that draws `watts` costs when it runs for 24 hours on each of so many days.
pub fn always_on(watts: u32, days: u32, per_kwh: Amount) -> (MilliWattHours, Amount) {
    let energy = MilliWattHours(i64::from(watts).saturating_mul(24 * 1_000).saturating_mul(i64::from(days)));
    (energy, electricity(energy, per_kwh))
}

/// What a box of one's own costs, and what a rented one would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnOrRent {
    /// What the box cost, spread over its years, for a day.
    pub own_per_day: Amount,
    /// Its electricity for an hour awake.
    pub own_per_hour: Amount,
    /// What renting one costs for an hour.
    pub rent_per_hour: Amount,
    /// From so many minutes a day on, owning is cheaper. `None`: renting always is.
    pub minutes_a_day: Option<u32>,
}

/// From how many minutes a day on a box of one's own is cheaper than a rented one: where
/// `own_per_day + hours × own_per_hour = hours × rent_per_hour`, rounded up to the minute.
pub fn own_or_rent(own_per_day: Amount, own_per_hour: Amount, rent_per_hour: Amount) -> OwnOrRent {
    const DAY: i128 = 24 * 60;
    let gain = i128::from((rent_per_hour - own_per_hour).0);
    let minutes = (gain > 0).then(|| (i128::from(own_per_day.0.max(0)) * 60 + gain - 1) / gain);
    let minutes_a_day = minutes.filter(|m| *m <= DAY).and_then(|m| u32::try_from(m).ok());
    OwnOrRent { own_per_day, own_per_hour, rent_per_hour, minutes_a_day }
}

/// What a box costs for a day, its price spread over its years of 365 days.
pub fn per_day(price: Amount, years: f64) -> Amount {
    let days = years * 365.0;
    if days > 0.0 { Amount((price.0 as f64 / days).round() as i64) } else { Amount::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(n: f64) -> Amount {
        Amount::from_units(n)
    }

    #[test]
    fn a_kilowatt_hour_costs_its_price() {
        assert_eq!(electricity(MilliWattHours(1_000_000), units(0.30)), units(0.30));
        assert_eq!(electricity(MilliWattHours(1), units(0.30)), Amount(300));
        let (energy, cost) = always_on(300, 30, units(0.25));
        assert_eq!((energy, cost), (MilliWattHours(216_000_000), units(54.0)));
    }

    #[test]
    fn the_break_even_as_a_table() {
        // A box for 1,825 over 5 years is 1 a day; 300 W at 0.30 are 0.09 an hour; rented for 0.50.
        let day = per_day(units(1_825.0), 5.0);
        assert_eq!(day, units(1.0));
        let at = |own_hour: f64, rent: f64| own_or_rent(day, units(own_hour), units(rent)).minutes_a_day;
        assert_eq!(at(0.09, 0.50), Some(147)); // 1 ÷ 0.41 = 2.439 h
        assert_eq!(at(0.0, 1.0), Some(60));
        assert_eq!(at(0.09, 0.09), None, "as dear by the hour, and the box comes on top");
        assert_eq!(at(0.09, 0.10), None, "a hundred hours a day");
        assert_eq!(own_or_rent(Amount::ZERO, units(0.09), units(0.5)).minutes_a_day, Some(0), "what is there is there");
        assert_eq!(per_day(units(100.0), 0.0), Amount::ZERO);
    }
}

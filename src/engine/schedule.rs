//! A site's schedule: cron slots in its time zone. Missed slots are caught up once, with the newest.

use std::str::FromStr as _;

use croner::Cron;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Reads a cron expression of five fields.
///
/// # Errors
/// What is wrong with it.
pub fn parse(expression: &str) -> Result<Cron, String> {
    Cron::from_str(expression).map_err(|e| e.to_string())
}

/// The newest slot in `(after, now]`, where there is one: however many were missed, one run makes up for them.
///
/// # Errors
/// When the expression or the time zone cannot be used.
pub fn newest_due(expression: &str, zone: &str, after: Timestamp, now: Timestamp) -> Result<Option<Timestamp>, String> {
    let cron = parse(expression)?;
    let zone = TimeZone::get(zone).map_err(|e| e.to_string())?;
    let mut newest = None;
    let mut at = after;
    // A minute is the finest a schedule can be; more slots than this were missed only by a clock that jumped.
    for _ in 0..100_000 {
        match next(&cron, &zone, at)? {
            Some(slot) if slot <= now => {
                newest = Some(slot);
                at = slot;
            }
            _ => break,
        }
    }
    Ok(newest)
}

/// The first slot after a time.
///
/// # Errors
/// When the expression or the time zone cannot be used.
pub fn next_slot(expression: &str, zone: &str, after: Timestamp) -> Result<Option<Timestamp>, String> {
    next(&parse(expression)?, &TimeZone::get(zone).map_err(|e| e.to_string())?, after)
}

fn next(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Result<Option<Timestamp>, String> {
    let from = after.to_zoned(zone.clone());
    match cron.find_next_occurrence(&from, false) {
        Ok(slot) => Ok(Some(slot.timestamp()).filter(|s| *s > after)),
        Err(croner::errors::CronError::TimeSearchLimitExceeded) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn missed_slots_are_caught_up_once_with_the_newest() {
        let due = newest_due("0 5 * * *", "UTC", at("2026-03-01T05:00:00Z"), at("2026-03-09T12:00:00Z"));
        assert_eq!(due, Ok(Some(at("2026-03-09T05:00:00Z"))));
        let none = newest_due("0 5 * * *", "UTC", at("2026-03-09T05:00:00Z"), at("2026-03-10T04:59:59Z"));
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn a_slot_in_the_hour_that_does_not_exist_is_neither_lost_nor_doubled() {
        // On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00.
        let mut slots = Vec::new();
        let mut after = at("2026-03-27T12:00:00Z");
        while let Some(slot) = next_slot("30 2 * * *", "Europe/Berlin", after).unwrap() {
            if slot > at("2026-03-31T12:00:00Z") {
                break;
            }
            slots.push(slot);
            after = slot;
        }
        assert_eq!(slots.len(), 4, "{slots:?}");
    }

    #[test]
    fn a_slot_in_the_hour_that_comes_twice_comes_once() {
        // On 2026-10-25 the clocks of Berlin go from 03:00 back to 02:00.
        let mut slots = Vec::new();
        let mut after = at("2026-10-24T12:00:00Z");
        while let Some(slot) = next_slot("30 2 * * *", "Europe/Berlin", after).unwrap() {
            if slot > at("2026-10-26T12:00:00Z") {
                break;
            }
            slots.push(slot);
            after = slot;
        }
        assert_eq!(slots.len(), 2, "{slots:?}");
    }
}

//! The hours in which a worker may be used: ranges of the clock on its wall, so that they follow its time zone's summer time.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// Allowed hours: `22:00-07:00`, several with commas between. A range may cross midnight. None at all allows every hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    ranges: Vec<(Time, Time)>,
}

/// Why hours cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is no range of hours: write them like 22:00-07:00, several with commas between")]
pub struct BadHours {
    /// What cannot be read.
    pub part: String,
}

impl Hours {
    /// True when a worker may be used at this time.
    pub fn allow(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let clock = at.to_zoned(zone.clone()).time();
        self.ranges.is_empty()
            || self.ranges.iter().any(|(from, to)| match from < to {
                true => *from <= clock && clock < *to,
                false => *from <= clock || clock < *to,
            })
    }

    /// The first time from `at` on at which a worker may be used. `None` where two days hold none.
    pub fn opening(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.allow(at, zone) {
            return Some(at);
        }
        let today = at.to_zoned(zone.clone()).date();
        let days = [Some(today), today.tomorrow().ok(), today.tomorrow().and_then(jiff::civil::Date::tomorrow).ok()];
        // A range begins on its minute, twice where the clock is set back, and where the clock jumps into it.
        let begins = days.into_iter().flatten().flat_map(|day| {
            self.ranges.iter().flat_map(move |(from, _)| {
                let ambiguous = zone.to_ambiguous_timestamp(day.to_datetime(*from));
                [ambiguous.earlier().ok(), ambiguous.later().ok()]
            })
        });
        let jumps = zone.following(at).take(2).map(|jump| Some(jump.timestamp()));
        begins.chain(jumps).flatten().filter(|time| *time > at && self.allow(*time, zone)).min()
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let range = |part: &str| {
            let (from, to) = part.split_once('-')?;
            let (from, to) = (clock(from)?, clock(to)?);
            (from != to).then_some((from, to))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let ranges = parts.map(|part| range(part).ok_or_else(|| BadHours { part: part.to_owned() }));
        Ok(Self { ranges: ranges.collect::<Result<_, _>>()? })
    }
}

/// Hours and minutes; 24:00 is midnight.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    if hour.len() > 2 || minute.len() != 2 || !hour.bytes().chain(minute.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (hour.parse().ok()?, minute.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (from, to)) in self.ranges.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{}-{}", from.strftime("%H:%M"), to.strftime("%H:%M"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Berlin, with its rules written out: no time zone database is needed.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_read_as_people_write_them_and_what_is_none_is_named() {
        let hours: Hours = "22:00-07:00, 12:30-13:00".parse().unwrap();
        assert_eq!(hours.to_string(), "22:00-07:00, 12:30-13:00");
        assert_eq!("9:00-24:00".parse::<Hours>().unwrap().to_string(), "09:00-00:00");
        assert_eq!("".parse::<Hours>().unwrap(), Hours::default());
        for bad in
            ["22-7", "22:00", "25:00-07:00", "22:60-07:00", "07:00-07:00", "22:00-07:00; 1:00-2:00", "+1:00-2:00"]
        {
            let error = bad.parse::<Hours>().unwrap_err().to_string();
            assert!(error.contains("22:00-07:00"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_worker_is_used_in_its_hours_and_opens_when_they_begin() {
        let zone = berlin();
        let hours: Hours = "22:00-07:00".parse().unwrap();
        // Winter is an hour ahead of UTC, summer two.
        for (time, allowed, opens) in [
            ("2026-01-10T20:59:59Z", false, "2026-01-10T21:00:00Z"),
            ("2026-01-10T21:00:00Z", true, "2026-01-10T21:00:00Z"),
            ("2026-01-11T05:59:59Z", true, "2026-01-11T05:59:59Z"),
            ("2026-01-11T06:00:00Z", false, "2026-01-11T21:00:00Z"),
            ("2026-07-10T19:59:59Z", false, "2026-07-10T20:00:00Z"),
            ("2026-07-10T20:00:00Z", true, "2026-07-10T20:00:00Z"),
        ] {
            assert_eq!(hours.allow(at(time), &zone), allowed, "{time}");
            assert_eq!(hours.opening(at(time), &zone), Some(at(opens)), "{time}");
        }
        assert!(Hours::default().allow(at("2026-01-10T12:00:00Z"), &zone), "no hours are all hours");
    }

    #[test]
    fn hours_follow_the_clock_where_it_is_set_forward_and_back() {
        let zone = berlin();
        // 2026-03-29: 02:00 becomes 03:00, at 01:00 UTC. 02:30 does not exist: the range begins with the jump.
        let early: Hours = "02:30-04:00".parse().unwrap();
        assert!(!early.allow(at("2026-03-29T00:59:59Z"), &zone));
        assert_eq!(early.opening(at("2026-03-29T00:10:00Z"), &zone), Some(at("2026-03-29T01:00:00Z")));
        assert!(early.allow(at("2026-03-29T01:59:59Z"), &zone));
        assert!(!early.allow(at("2026-03-29T02:00:00Z"), &zone));
        // 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC. What lies between is passed twice, and open twice.
        let late: Hours = "02:15-02:30".parse().unwrap();
        assert!(late.allow(at("2026-10-25T00:20:00Z"), &zone));
        assert!(!late.allow(at("2026-10-25T00:30:00Z"), &zone));
        assert_eq!(late.opening(at("2026-10-25T00:30:00Z"), &zone), Some(at("2026-10-25T01:15:00Z")));
        assert!(late.allow(at("2026-10-25T01:20:00Z"), &zone));
        // A night that is an hour longer is used for an hour longer.
        let night: Hours = "22:00-07:00".parse().unwrap();
        let minutes = (0..24 * 60).filter(|m| {
            let time = at("2026-10-24T12:00:00Z") + jiff::SignedDuration::from_mins(*m);
            night.allow(time, &zone)
        });
        assert_eq!(minutes.count(), 10 * 60);
    }
}

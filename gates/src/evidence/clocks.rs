//! Times of day: `10:30`, `9 am`, `10:30 p.m.`, and that of `2026-03-01T10:00:00Z`.

use super::claims::{Claim, Kind, Value};
use super::tokens::{Class, Token};
use super::values::{Found, Scan};

const HALF_DAY: u32 = 12 * 3_600;

/// True where one time may be the other: without `am` or `pm` it may be either.
pub(super) fn same((a, a_sure): (u32, bool), (b, b_sure): (u32, bool)) -> bool {
    a == b || (!(a_sure && b_sure) && a % HALF_DAY == b % HALF_DAY)
}

/// A written time in seconds, and whether its half of the day is sure.
fn read(written: &str, afternoon: Option<bool>) -> Option<Value> {
    let mut seconds = 0u32;
    let mut hour = 0;
    for (n, part) in written.split(':').enumerate() {
        let part: u32 = part.parse().ok()?;
        hour = if n == 0 { part } else { hour };
        seconds = seconds.checked_add(part.checked_mul([3_600, 60, 1].get(n).copied()?)?)?;
    }
    let half = afternoon.filter(|_| (1..=12).contains(&hour));
    Some(match half {
        Some(after) => Value::Clock(seconds % HALF_DAY + if after { HALF_DAY } else { 0 }, true),
        None => Value::Clock(seconds, hour == 0 || hour > 12),
    })
}

impl Scan<'_> {
    /// `am` or `pm` at a token: true for the afternoon.
    fn half_of_day(&self, at: usize) -> Option<bool> {
        match self.lower(at) {
            "am" | "a.m" => Some(false),
            "pm" | "p.m" => Some(true),
            _ => None,
        }
    }

    /// A time with a colon.
    pub(super) fn clock(&self, i: usize) -> Option<Found> {
        let half = self.half_of_day(i + 1);
        Some((Kind::Number, read(self.raw(i), half)?, i + 1 + usize::from(half.is_some())))
    }

    /// `9 am`.
    pub(super) fn hour(&self, i: usize) -> Option<Found> {
        let half = self.half_of_day(i + 1)?;
        let raw = self.raw(i);
        let hour = raw.len() <= 2 && raw.parse::<u8>().is_ok_and(|hour| (1..=12).contains(&hour));
        hour.then(|| read(raw, Some(half))).flatten().map(|value| (Kind::Number, value, i + 2))
    }
}

/// The times that stand behind the days of ISO 8601, as claims of their own.
pub(super) fn of_days(text: &str, tokens: &[Token], claims: &[Claim]) -> Vec<Claim> {
    let of_day = |claim: &Claim| {
        let token = tokens.get(claim.tokens.start).filter(|t| t.class == Class::Iso && t.span.len() > 11)?;
        let time = token.span.start + 11;
        let length = text.get(time..token.span.end)?.find(|c: char| !c.is_ascii_digit() && c != ':');
        let end = length.map_or(token.span.end, |n| time + n);
        let mut found = Claim::new(Kind::Number, read(text.get(time..end)?, None)?, claim.tokens.clone(), time..end);
        found.anchors = claim.anchors.clone();
        // A whole time of a machine has 24 hours.
        if let Value::Clock(_, sure) = &mut found.value {
            *sure = true;
        }
        Some(found)
    };
    claims.iter().filter_map(of_day).collect()
}

//! Dates in all their spellings, weekdays, and days told from another day (`yesterday`, `two weeks ago`).

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::claims::{Kind, Value};
use super::normalise;
use super::tokens::Class;
use super::values::{Found, Scan, is_ordinal};

/// A day that is told from another one, mostly from that on which it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Day {
    /// The weekday, Monday 1; the last one unless it is said to be the next. `None`: neither is said.
    Weekday {
        day: i8,
        next: Option<bool>,
    },
    Days(i32),
    Weeks(i32),
    Months(i32),
    Years(i32),
}

const WEEKDAYS: [(&str, i8); 16] = [
    ("monday", 1),
    ("tuesday", 2),
    ("wednesday", 3),
    ("thursday", 4),
    ("friday", 5),
    ("saturday", 6),
    ("sunday", 7),
    ("montag", 1),
    ("dienstag", 2),
    ("mittwoch", 3),
    ("donnerstag", 4),
    ("freitag", 5),
    ("samstag", 6),
    ("sonntag", 7),
    ("sonnabend", 6),
    ("tues", 2),
];

impl Day {
    /// The same day wherever it is told; a weekday is one whether it was or will be, unless both say which.
    pub(super) fn same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Weekday { day, next }, Self::Weekday { day: other, next: then }) => {
                day == other && (next == then || next.is_none() || then.is_none())
            }
            (a, b) => a == b,
        }
    }

    /// One is said to be the next weekday, the other the last.
    pub(super) fn turned(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Weekday { next: Some(a), .. }, Self::Weekday { next: Some(b), .. }) if a != b
        )
    }

    /// The date that is meant by one who speaks on the day `told`, as far as it is one.
    pub(super) fn from(self, told: Date) -> Option<Value> {
        let whole = |date: Date| Value::Date {
            year: Some(date.year().into()),
            month: part(date.month()),
            day: part(date.day()),
        };
        match self {
            Self::Days(n) => told.checked_add(Span::new().try_days(n).ok()?).ok().map(whole),
            Self::Weekday { day, next } => {
                let weekday = Weekday::from_monday_one_offset(day).ok()?;
                let next = next == Some(true);
                match next {
                    false if told.weekday() == weekday => Some(whole(told)),
                    _ => told.nth_weekday(if next { 1 } else { -1 }, weekday).ok().map(whole),
                }
            }
            Self::Weeks(_) => None,
            Self::Months(n) => {
                let date = told.checked_add(Span::new().try_months(n).ok()?).ok()?;
                Some(Value::Date { year: Some(date.year().into()), month: part(date.month()), day: None })
            }
            Self::Years(n) => {
                Some(Value::Date { year: Some(i32::from(told.year()).checked_add(n)?), month: None, day: None })
            }
        }
    }
}

/// True where a whole date falls on this weekday.
pub(super) fn falls_on(day: Day, year: Option<i32>, month: Option<u8>, date: Option<u8>) -> bool {
    let (Day::Weekday { day, .. }, Some(year), Some(month), Some(date)) = (day, year, month, date) else {
        return false;
    };
    let whole = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(date).ok());
    whole
        .and_then(|((year, month), date)| Date::new(year, month, date).ok())
        .is_some_and(|date| date.weekday().to_monday_one_offset() == day)
}

fn part(n: i8) -> Option<u8> {
    u8::try_from(n).ok()
}

impl Scan<'_> {
    /// A date that begins with a word: a month, a weekday, `yesterday`, `last year`.
    pub(super) fn day_word(&self, i: usize) -> Option<Found> {
        self.month_first(i).or_else(|| self.told(i))
    }

    fn told(&self, i: usize) -> Option<Found> {
        let found = |day: Day, end: usize| Some((Kind::Date, Value::Day(day), end));
        let lower = self.lower(i);
        if let Some(day) = self.weekday(i) {
            return found(Day::Weekday { day, next: None }, i + 1);
        }
        match lower {
            "yesterday" | "gestern" => return found(Day::Days(-1), i + 1),
            "tomorrow" => return found(Day::Days(1), i + 1),
            // Said of the day of telling by a source; in a draft it mostly means these times.
            "today" | "heute" if self.of_source => return found(Day::Days(0), i + 1),
            _ => {}
        }
        let next = match lower {
            "last" => false,
            "next" => true,
            _ => return None,
        };
        if let Some(day) = self.weekday(i + 1) {
            return found(Day::Weekday { day, next: Some(next) }, i + 2);
        }
        // “over the last year” is no date.
        if self.before(i, 1) == "the" {
            return None;
        }
        let by = if next { 1 } else { -1 };
        let word = self.lower(i + 1);
        match word.trim_end_matches("'s").trim_end_matches("’s") {
            "week" => found(Day::Weeks(by), i + 2),
            "month" => found(Day::Months(by), i + 2),
            "year" => found(Day::Years(by), i + 2),
            _ => None,
        }
    }

    fn weekday(&self, i: usize) -> Option<i8> {
        if !self.raw(i).starts_with(char::is_uppercase) {
            return None;
        }
        let lower = self.lower(i);
        let lower = lower.strip_suffix("'s").or_else(|| lower.strip_suffix("’s")).unwrap_or(lower);
        WEEKDAYS.iter().find(|(name, _)| *name == lower).map(|(_, day)| *day)
    }

    /// `two weeks ago`, `three years earlier`: the token of the unit, with what it counts.
    pub(super) fn ago(&self, amount: i32, unit: usize) -> Option<Day> {
        let back = matches!(self.lower(unit + 1), "ago") || (self.of_source && self.lower(unit + 1) == "earlier");
        let n = Some(amount).filter(|_| back)?.checked_neg()?;
        match self.lower(unit) {
            "day" | "days" => Some(Day::Days(n)),
            "week" | "weeks" => Some(Day::Days(n.checked_mul(7)?)),
            "month" | "months" => Some(Day::Months(n)),
            "year" | "years" => Some(Day::Years(n)),
            _ => None,
        }
    }

    /// `March 1, 2026`, `March 2026`, `in March`.
    fn month_first(&self, i: usize) -> Option<Found> {
        let month = normalise::month(self.raw(i))?;
        let dot = usize::from(self.raw(i + 1) == "." && self.glued(i + 1) && self.is(i + 2, Class::Number));
        let next = i + 1 + dot;
        if let Some(year) = self.year(next) {
            return Some((Kind::Date, Value::Date { year: Some(year), month: Some(month), day: None }, next + 1));
        }
        if let Some(day) = self.day(next) {
            let mut end = next + 1;
            end += usize::from(self.glued(end) && is_ordinal(self.lower(end)));
            let (year, end) = self.year_behind(end);
            return Some((Kind::Date, Value::Date { year, month: Some(month), day: Some(day) }, end));
        }
        let leads = [
            "in", "since", "by", "until", "from", "of", "last", "next", "this", "early", "late", "mid", "during",
            "through", "im", "seit",
        ];
        // “by Jun Sato” and “from April Stone” name somebody.
        let named = self.raw(i + 1).starts_with(char::is_uppercase);
        (!named && leads.contains(&self.before(i, 1))).then_some((
            Kind::Date,
            Value::Date { year: None, month: Some(month), day: None },
            i + 1,
        ))
    }

    fn year_behind(&self, i: usize) -> (Option<i32>, usize) {
        let comma = usize::from(self.raw(i) == ",");
        match self.year(i + comma) {
            Some(year) => (Some(year), i + comma + 1),
            None => (None, i),
        }
    }

    pub(super) fn year(&self, i: usize) -> Option<i32> {
        let raw = self.raw(i);
        let plain = self.is(i, Class::Number) && raw.len() == 4 && raw.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| raw.parse().ok()).flatten().filter(|y| (1900..2100).contains(y))
    }

    fn day(&self, i: usize) -> Option<u8> {
        let raw = self.raw(i);
        let plain = self.is(i, Class::Number) && raw.len() <= 2 && raw.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| raw.parse().ok()).flatten().filter(|d| (1..=31).contains(d))
    }

    /// `1 March 2026`, `1st of March`, `1. März 2026`.
    pub(super) fn day_first(&self, i: usize) -> Option<Found> {
        let day = self.day(i)?;
        let mut at = i + 1;
        at += usize::from(self.glued(at) && (is_ordinal(self.lower(at)) || self.raw(at) == "."));
        at += usize::from(self.lower(at) == "of");
        let month = normalise::month(self.raw(at))?;
        let (year, end) = self.year_behind(at + 1);
        Some((Kind::Date, Value::Date { year, month: Some(month), day: Some(day) }, end))
    }

    /// `3/14/2026`, `14/3/2026`, `2026/03/14`; where both could be the month, the first is it.
    pub(super) fn slashed(&self, i: usize) -> Option<Found> {
        let joined =
            |n: usize| self.raw(n) == "/" && self.glued(n) && self.glued(n + 1) && self.is(n + 1, Class::Number);
        if !(joined(i + 1) && joined(i + 3)) {
            return None;
        }
        let [a, b, c] = [i, i + 2, i + 4];
        let (year, month, day) = match (self.year(a), self.year(c)) {
            (Some(year), None) => (year, self.day(b)?, self.day(c)?),
            (None, Some(year)) => match (self.day(a)?, self.day(b)?) {
                (day, month) if day > 12 => (year, month, day),
                (month, day) => (year, month, day),
            },
            _ => return None,
        };
        let value = Value::Date { year: Some(year), month: Some(month), day: Some(day) };
        (month <= 12).then_some((Kind::Date, value, i + 5))
    }

    /// `14.03.2026`.
    pub(super) fn dotted(&self, i: usize) -> Option<Found> {
        let parts: Vec<&str> = self.raw(i).split('.').collect();
        let [day, month, year] = parts[..] else { return None };
        let small =
            |text: &str, most: u8| text.parse::<u8>().ok().filter(|n| text.len() <= 2 && (1..=most).contains(n));
        let year = year.parse::<i32>().ok().filter(|y| (1900..2100).contains(y))?;
        let value = Value::Date { year: Some(year), month: Some(small(month, 12)?), day: Some(small(day, 31)?) };
        Some((Kind::Date, value, i + 1))
    }

    pub(super) fn is_year(&self, i: usize) -> bool {
        let Some(year) = self.year(i).filter(|y| (1980..2050).contains(y)) else { return false };
        let leads = [
            "in", "since", "by", "until", "from", "during", "early", "late", "mid", "year", "before", "after",
            "through", "and", "to",
        ];
        let closed = self.tokens.get(i + 1).is_none_or(|t| t.class == Class::Mark && t.lower != "-")
            || self.tokens.get(i + 1).is_some_and(|t| t.stems.is_empty());
        year > 0 && (leads.contains(&self.before(i, 1)) || closed)
    }
}

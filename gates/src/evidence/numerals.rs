//! Amounts: digits with their scale, and numbers in words (`three dozen`, `half a million`, `two hundred and five`).

use super::claims::{Kind, Value};
use super::normalise::{self, Decimal};
use super::tokens::Class;
use super::values::{Found, Scan, plain_digits};

/// An amount, and the token behind it.
type Amount = (Decimal, usize);

/// What opens a number in words that is none alone.
const SCALES: [&str; 6] = ["dozen", "hundred", "thousand", "million", "billion", "trillion"];

impl Scan<'_> {
    /// A number in digits with its scale: `1.2 million`, `12k`, `3 dozen`, `1½`.
    pub(super) fn amount(&self, i: usize) -> Option<Amount> {
        let amount = Decimal::parse(&plain_digits(self.raw(i)))?;
        if let Some((amount, end)) = self.raised(amount, i + 1) {
            return self.scaled(amount, end);
        }
        let symbol = self.raw(i + 1);
        if self.glued(i + 1)
            && symbol.len() == 1
            && let Some(power) = normalise::multiplier(symbol).or_else(|| self.short_million(i + 1))
        {
            return Some((amount.times(Decimal::new(1, power))?, i + 2));
        }
        if let Some(part) = normalise::vulgar(symbol) {
            return self.scaled(amount.plus(part)?, i + 2);
        }
        let hyphen = usize::from(symbol == "-" && self.glued(i + 1) && SCALES.contains(&self.lower(i + 2)));
        self.scaled(amount, i + 1 + hyphen)
    }

    /// A sign for a number that says nothing else to us: it must stand in the source as it is.
    pub(super) fn sign(&self, i: usize) -> Option<Found> {
        let raw = self.raw(i);
        let is = raw.starts_with(|c: char| !c.is_ascii() && c.is_numeric());
        is.then(|| (Kind::Number, Value::Text(raw.to_owned()), i + 1))
    }

    /// The amount with what stands above it, and the token behind: `10⁶`, `2⁻³`. Above other numbers stand mostly notes.
    fn raised(&self, amount: Decimal, at: usize) -> Option<Amount> {
        let minus = self.raw(at) == "⁻" && self.glued(at);
        let at = at + usize::from(minus);
        if !self.glued(at) {
            return None;
        }
        let digit = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c);
        let power = self.raw(at).chars().try_fold(0usize, |n, c| (n < 100).then_some(n * 10 + digit(c)?))?;
        let power = i32::try_from(power).ok().filter(|_| !self.raw(at).is_empty())?;
        match amount.whole()?.as_str() {
            "10" => Some((Decimal::new(1, if minus { -power } else { power }), at + 1)),
            "2" if !minus => Some((Decimal::new(2i128.checked_pow(u32::try_from(power).ok()?)?, 0), at + 1)),
            _ => None,
        }
    }

    /// The amount with the scale that stands at a token, or as it is.
    fn scaled(&self, amount: Decimal, at: usize) -> Option<Amount> {
        let lower = self.lower(at);
        if lower == "dozen" {
            return Some((amount.times(Decimal::new(12, 0))?, at + 1));
        }
        match normalise::multiplier(lower).filter(|_| lower.len() > 1) {
            Some(power) => Some((amount.times(Decimal::new(1, power))?, at + 1)),
            None => Some((amount, at)),
        }
    }

    /// A scale without a number: `per million tokens`.
    pub(super) fn scale_alone(&self, at: usize) -> Option<Amount> {
        self.scaled(Decimal::new(1, 0), at).filter(|(_, end)| *end > at)
    }

    /// A number in words, and whether more than one word makes it.
    pub(super) fn phrase(&self, i: usize) -> Option<(Decimal, usize, bool)> {
        let lower = self.lower(i);
        if let Some(part) = normalise::vulgar(lower) {
            let (amount, end) = self.scaled(part, i + 1)?;
            return Some((amount, end, true));
        }
        // `half a million`, `a dozen`, `a hundred thousand`.
        if lower == "half" && self.lower(i + 1) == "a" && SCALES.contains(&self.lower(i + 2)) {
            let (amount, end) = self.scaled(Decimal::new(5, -1), i + 2)?;
            return Some((amount, end, true));
        }
        if matches!(lower, "a" | "an") && SCALES.contains(&self.lower(i + 1)) {
            let (amount, end) = self.scaled(Decimal::new(1, 0), i + 1)?;
            let (amount, end) = self.scaled(amount, end)?;
            return Some((amount, end, true));
        }
        let (mut all, mut open, mut at) = (Decimal::new(0, 0), normalise::number_word(lower)?, i + 1);
        if lower == "dozen" {
            return Some((Decimal::new(open, 0), at, false));
        }
        loop {
            let lower = self.lower(at);
            let joined = usize::from(lower == "and" && open >= 100);
            let word = self.lower(at + joined);
            if lower == "hundred" && open < 100 {
                open *= 100;
                at += 1;
            } else if let Some(small) = normalise::number_word(word).filter(|n| open % 100 == 0 && open > 0 && *n < 100)
                && word != "dozen"
            {
                open += small;
                at += joined + 1;
            } else if let Some(small) = normalise::number_word(lower).filter(|n| (1..10).contains(n))
                && (20..100).contains(&(open % 100))
                && open % 10 == 0
            {
                open += small;
                at += 1;
            } else if lower == "dozen" {
                open = open.checked_mul(12)?;
                at += 1;
            } else if lower == "and" && self.lower(at + 1) == "a" && self.lower(at + 2) == "half" {
                let (amount, end) = self.scaled(Decimal::new(open.checked_mul(10)?.checked_add(5)?, -1), at + 3)?;
                return Some((all.plus(amount)?, end, true));
            } else if let Some(power) = normalise::multiplier(lower).filter(|power| lower.len() > 1 && *power > 2) {
                all = all.plus(Decimal::new(open, power))?;
                at += 1;
                let more = at + usize::from(self.lower(at) == "and");
                let Some(next) = normalise::number_word(self.lower(more)).filter(|_| self.lower(more) != "dozen")
                else {
                    return Some((all, at, true));
                };
                (open, at) = (next, more + 1);
            } else {
                return Some((all.plus(Decimal::new(open, 0))?, at, at > i + 1));
            }
        }
    }

    /// `a third`, `two-thirds`, `three quarters`: parts of a whole, as numerator and denominator; and the token behind.
    pub(super) fn part(&self, i: usize) -> Option<(i128, i128, usize)> {
        let lower = self.lower(i);
        let signs =
            [("⅓", 1, 3), ("⅔", 2, 3), ("⅕", 1, 5), ("⅖", 2, 5), ("⅗", 3, 5), ("⅘", 4, 5), ("⅙", 1, 6), ("⅚", 5, 6)];
        if let Some((_, count, of)) = signs.into_iter().find(|(sign, ..)| *sign == lower) {
            return Some((count, of, i + 1));
        }
        let (count, name, end) = match lower.split_once('-') {
            Some((count, name)) => (count, name, i + 1),
            None => (lower, self.lower(i + 1), i + 2),
        };
        let denominator = match name {
            "third" | "thirds" => 3,
            "quarter" | "quarters" | "fourths" => 4,
            "fifth" | "fifths" => 5,
            "tenth" | "tenths" => 10,
            _ => return None,
        };
        let plural = name.ends_with('s');
        let count = match count {
            "a" | "one" if !plural => 1,
            _ => normalise::number_word(count).filter(|n| plural && (2..denominator).contains(n))?,
        };
        // `a third` may count: only with what it is a part of is it a share.
        let share = plural || matches!(self.lower(end), "of" | "as" | "the" | "more" | "less" | "faster" | "fewer");
        (share && self.is(i, Class::Word)).then_some((count, denominator, end))
    }
}

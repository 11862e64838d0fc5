//! Money with its currency in front, and the short scales that only money and counts have: `$5m`, `A$10`, `10m users`.

use super::claims::{Kind, Value};
use super::normalise::{self, Decimal};
use super::tokens::Class;
use super::units;
use super::values::{Found, Scan};

impl Scan<'_> {
    /// The currency that begins at a token with a number behind it, and the token of the number: `$10`, `EUR 10`, `A$10`.
    pub(super) fn currency_before(&self, i: usize) -> Option<(&'static str, usize)> {
        let one = || units::currency(self.raw(i)).map(|currency| (currency, i + 1));
        let joined = || {
            let sign = self.is(i, Class::Word) && matches!(self.raw(i + 1), "$" | "£" | "¥") && self.glued(i + 1);
            let whole = sign.then(|| format!("{}{}", self.raw(i), self.raw(i + 1)))?;
            Some((units::currency(&whole)?, i + 2))
        };
        joined().or_else(one).filter(|(_, number)| self.is(*number, Class::Number))
    }

    pub(super) fn money_before(&self, i: usize) -> Option<Found> {
        let (currency, number) = self.currency_before(i)?;
        let (amount, end) = self.amount(number)?;
        let (amount, end) = match self.short_scale(number + 1).filter(|_| end == number + 1) {
            Some(power) => (amount.times(Decimal::new(1, power))?, end + 1),
            None => (amount, end),
        };
        let amount = if self.minus(i) { amount.negated() } else { amount };
        Some((Kind::Money, Value::Money { amount, currency }, end))
    }

    /// `m`, `b` and `t` directly behind an amount of money, as powers of ten.
    fn short_scale(&self, at: usize) -> Option<i32> {
        let scale = match self.lower(at) {
            "m" | "mm" => 6,
            "b" => 9,
            "t" => 12,
            _ => return None,
        };
        self.glued(at).then_some(scale)
    }

    /// `5m euros` and `5m downloads` are millions; `5m` and `5m wide` are metres.
    pub(super) fn short_million(&self, at: usize) -> Option<i32> {
        let counted = self.lower(at + 1);
        let plural =
            self.is(at + 1, Class::Word) && counted.len() > 3 && counted.ends_with('s') && !counted.ends_with("ss");
        let measured = units::unit(counted).is_some() || self.tokens.get(at + 1).is_some_and(|t| t.stems.is_empty());
        let money = units::currency(self.raw(at + 1)).is_some();
        let scale = self.lower(at) == "m" && self.glued(at) && (money || (plural && !measured));
        scale.then(|| normalise::multiplier("million")).flatten()
    }
}

//! What an amount is for: `per month`, `a day`, `/user`, `per million tokens`.

use std::ops::Range;

use super::claims::Claim;
use super::normalise::{Decimal, stem};
use super::tokens::Class;
use super::units;
use super::values::Scan;

/// One thing that an amount is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Basis {
    /// How many of it; of units, in the base unit of their dimension.
    count: Decimal,
    /// A dimension, or the stems of what is counted.
    of: Vec<String>,
    /// Where it is written, in bytes.
    pub(crate) span: Range<usize>,
}

impl Basis {
    fn same(&self, other: &Self) -> bool {
        let one = Decimal::new(1, 0);
        let named = self.of.iter().any(|word| other.of.contains(word));
        self.count == other.count && (named || (self.count != one && (self.of.is_empty() || other.of.is_empty())))
    }
}

/// What the source's amount is for, where the draft's is for something else. Either may leave one out.
pub(crate) fn other<'c>(draft: &Claim, source: &'c Claim) -> Option<&'c Basis> {
    let has = |all: &[Basis], one: &Basis| all.iter().any(|b| b.same(one));
    let (ours, theirs) = (&draft.bases, &source.bases);
    let within = ours.iter().all(|b| has(theirs, b)) || theirs.iter().all(|b| has(ours, b));
    if within { None } else { theirs.iter().find(|b| !has(ours, b)) }
}

/// So many words may stand between a number and what it is for: `500 failed requests per minute`.
const COUNTED: usize = 3;
/// So many words name what is counted.
const NAMED: usize = 3;

impl Scan<'_> {
    /// Everything that the amount before a token is for.
    pub(super) fn bases(&self, end: usize) -> Vec<Basis> {
        let mut found = Vec::new();
        let mut at = end;
        for _ in 0..=COUNTED {
            if let Some((basis, next)) = self.basis(at, found.is_empty()) {
                found.push(basis);
                at = next;
                if found.len() == NAMED {
                    break;
                }
                continue;
            }
            let counted = found.is_empty() && self.is(at, Class::Word) && !self.tokens[at].stems.is_empty();
            if !counted {
                break;
            }
            at += 1;
        }
        found
    }

    fn basis(&self, at: usize, first: bool) -> Option<(Basis, usize)> {
        let lower = self.lower(at);
        if let Some((dimension, factor)) = self.basis_word(at) {
            return Some((self.basis_of(factor, vec![dimension.to_owned()], at, at + 1), at + 1));
        }
        let time =
            |at: usize| units::unit(self.raw(at)).filter(|(dimension, _)| matches!(*dimension, "time" | "month"));
        let opens = match lower {
            "per" | "pro" => !matches!(self.lower(at + 1), "cent" | "se"),
            "a" | "an" | "each" | "every" => time(at + 1).is_some(),
            "/" => {
                self.glued(at)
                    && self.glued(at + 1)
                    && self.is(at + 1, Class::Word)
                    && (first || time(at + 1).is_some())
            }
            _ => false,
        };
        if !opens {
            return None;
        }
        let from = at + 1;
        let digits = if self.is(from, Class::Number) { self.amount(from) } else { None };
        let words = || self.phrase(from).map(|(amount, end, _)| (amount, end));
        let (count, from_) =
            digits.or_else(words).or_else(|| self.scale_alone(from)).unwrap_or((Decimal::new(1, 0), from));
        if self.is(from_, Class::Word)
            && let Some((dimension, factor)) = units::unit(self.raw(from_))
        {
            return Some((self.basis_of(count.times(factor)?, vec![dimension.to_owned()], at, from_ + 1), from_ + 1));
        }
        let named = (from_..self.tokens.len().min(from_ + NAMED))
            .take_while(|i| self.is(*i, Class::Word) && !self.tokens[*i].stems.is_empty())
            .take_while(|i| self.lower(*i) != "per" && self.basis_word(*i).is_none())
            .count();
        let of: Vec<String> =
            self.tokens[from_.min(self.tokens.len())..from_ + named].iter().map(|t| stem(&t.lower)).collect();
        let end = from_ + named;
        (end > from).then(|| (self.basis_of(count, of, at, end), end))
    }

    /// `monthly`, as a unit.
    fn basis_word(&self, at: usize) -> Option<(&'static str, Decimal)> {
        units::unit(match self.lower(at) {
            "hourly" => "hour",
            "daily" => "day",
            "weekly" => "week",
            "monthly" => "month",
            "yearly" | "annually" => "year",
            _ => return None,
        })
    }

    fn basis_of(&self, count: Decimal, of: Vec<String>, at: usize, end: usize) -> Basis {
        Basis { count, of, span: self.tokens[at].span.start..self.tokens[end - 1].span.end }
    }
}

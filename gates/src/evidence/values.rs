//! Values: numbers, versions, dates and money, read from tokens, with the words around them that change what they say.

use std::ops::Range;

use super::anchors::attach;
use super::claims::{Bound, Claim, Kind, Role, Value};
use super::clocks;
use super::normalise::{self, Decimal};
use super::tokens::{Class, Token};
use super::units;

/// What stands before a number is the size of the change.
const CHANGES: [&str; 22] = [
    "fell",
    "fall",
    "falls",
    "rose",
    "rise",
    "rises",
    "grew",
    "grow",
    "grows",
    "dropped",
    "drops",
    "gained",
    "lost",
    "climbed",
    "jumped",
    "increased",
    "decreased",
    "declined",
    "shrank",
    "surged",
    "up",
    "down",
];

/// The values of a text, each with the words it belongs to.
pub(super) fn values(text: &str, tokens: &[Token], taken: &[bool], of_source: bool) -> Vec<Claim> {
    let scan = Scan { text, tokens, of_source };
    let mut claims: Vec<Claim> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if taken[i] || scan.is_list_mark(i) {
            i += 1;
            continue;
        }
        match scan.value(i) {
            Some((kind, value, end)) => {
                let span = tokens[i].span.start..tokens[end - 1].span.end;
                claims.push(Claim::new(kind, value, i..end, span));
                i = end;
            }
            None => i += 1,
        }
    }
    share_units(text, tokens, &mut claims);
    share_versions(tokens, &mut claims);
    for n in 0..claims.len() {
        let next = claims.get(n + 1).map_or(tokens.len(), |c| c.tokens.start);
        scan.surroundings(&mut claims[n], next);
    }
    if !of_source {
        // `per 1,000 tokens` is compared with what it belongs to.
        let within: Vec<Range<usize>> = claims.iter().flat_map(|c| &c.bases).map(|b| b.span.clone()).collect();
        claims.retain(|c| !within.iter().any(|b| b.start <= c.span.start && c.span.end <= b.end));
    }
    attach(text, tokens, &mut claims);
    let times = clocks::of_days(text, tokens, &claims);
    claims.extend(times);
    claims
}

/// A text while values are read from it.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    /// False for a draft.
    pub(super) of_source: bool,
}

/// A value's kind, what it says, and the token behind it.
pub(super) type Found = (Kind, Value, usize);

impl Scan<'_> {
    pub(super) fn raw(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| t.raw(self.text))
    }

    pub(super) fn lower(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| t.lower.as_str())
    }

    pub(super) fn is(&self, i: usize, class: Class) -> bool {
        self.tokens.get(i).is_some_and(|t| t.class == class)
    }

    /// True where nothing stands between the token and the one before it.
    pub(super) fn glued(&self, i: usize) -> bool {
        i > 0 && i < self.tokens.len() && self.tokens[i - 1].span.end == self.tokens[i].span.start
    }

    /// False for most words: no value begins with them.
    fn could_be_value(&self, i: usize) -> bool {
        let (raw, lower) = (self.raw(i), self.lower(i));
        !raw.starts_with(|c: char| c.is_ascii_lowercase()) || lower.contains('-') || normalise::opens_value(lower)
    }

    /// `3)` before the text of a list's third point.
    fn is_list_mark(&self, i: usize) -> bool {
        i == 0 && self.is(0, Class::Number) && self.raw(0).len() <= 3 && self.raw(1) == ")" && self.glued(1)
    }

    pub(super) fn before(&self, i: usize, back: usize) -> &str {
        i.checked_sub(back).map_or("", |n| self.lower(n))
    }

    /// The claim that begins at a token, and the token behind it.
    fn value(&self, i: usize) -> Option<Found> {
        match self.tokens[i].class {
            Class::Url => Some((Kind::Url, Value::Text(super::address_key(self.raw(i))), i + 1)),
            Class::Mail => Some((Kind::Url, Value::Text(self.lower(i).to_owned()), i + 1)),
            Class::Clock => self.clock(i),
            Class::Iso => Some((Kind::Date, iso(self.raw(i))?, i + 1)),
            Class::Version => self.dotted(i).or_else(|| Some((Kind::Version, version(self.raw(i)), i + 1))),
            Class::Word if !self.could_be_value(i) => None,
            Class::Mark | Class::Word if self.currency_before(i).is_some() => self.money_before(i),
            Class::Word => self.day_word(i).or_else(|| self.words(i)).or_else(|| self.sign(i)),
            Class::Number => self.number(i),
            _ => None,
        }
    }

    /// Numbers that are written as words.
    fn words(&self, i: usize) -> Option<Found> {
        let lower = self.lower(i);
        let scaled = lower == "half" && self.phrase(i).is_some();
        if let Some(times) = normalise::times_word(lower).filter(|_| !scaled) {
            let loose = matches!(lower, "double" | "triple" | "half" | "doubles" | "triples");
            let follows = ["the", "of", "as", "its", "their", "that", "what"].contains(&self.lower(i + 1));
            return (!loose || follows || self.of_source).then_some((Kind::Number, Value::Times(times), i + 1));
        }
        if let Some((count, of, end)) = self.part(i) {
            return Some((Kind::Number, Value::Part(count, of), end));
        }
        let (amount, end, long) = match self.phrase(i) {
            Some(found) => found,
            // `two-part`
            None => (Decimal::new(normalise::number_word(lower.split_once('-')?.0)?, 0), i + 1, false),
        };
        let rest = self.phrase(i).is_none();
        let unit_follows = units::unit(self.raw(end)).is_some() || matches!(self.lower(end), "percent" | "per");
        // `one` and `zero` are mostly no figures: one of them, zero-cost.
        let little = amount == Decimal::new(0, 0) || amount == Decimal::new(1, 0);
        if little && !long && (rest || !unit_follows) {
            return None;
        }
        let literal = if long { String::new() } else { amount.whole().unwrap_or_default() };
        Some(self.with_unit(i, amount, literal, end))
    }

    fn number(&self, i: usize) -> Option<Found> {
        let raw = self.raw(i);
        if let Some(found) = self.day_first(i).or_else(|| self.slashed(i)).or_else(|| self.hour(i)) {
            return Some(found);
        }
        let (mut amount, end) = self.amount(i)?;
        if self.minus(i) {
            amount = amount.negated();
        }
        if self.glued(end) && is_ordinal(self.lower(end)) {
            let value = Value::Number { amount, unit: Some("ordinal".into()), literal: String::new() };
            return Some((Kind::Number, value, end + 1));
        }
        let literal = if end == i + 1 { plain_digits(raw) } else { String::new() };
        let found = self.with_unit(i, amount, literal, end);
        let bare = matches!(&found.1, Value::Number { unit: None, .. }) && found.2 == i + 1;
        if bare && self.is_version(i) {
            return Some((Kind::Version, version(raw), i + 1));
        }
        if bare && self.is_year(i) {
            let year = self.year(i);
            return Some((Kind::Date, Value::Date { year, month: None, day: None }, i + 1));
        }
        Some(found)
    }

    pub(super) fn minus(&self, i: usize) -> bool {
        // `minus 40 °C`, but not `10 minus 4` or `plus or minus 5`.
        if self.before(i, 1) == "minus" && self.before(i, 2) != "or" && !(i > 1 && self.is(i - 2, Class::Number)) {
            return true;
        }
        let sign = i.checked_sub(1).is_some_and(|s| matches!(self.raw(s), "-" | "−") && !self.glued(s));
        sign && self.glued(i)
    }

    /// The number with what stands behind it: a percent sign, a currency, a unit, `x`.
    fn with_unit(&self, first: usize, amount: Decimal, literal: String, end: usize) -> Found {
        // `40-ms`, `64-bit`.
        let hyphen = usize::from(
            self.raw(end) == "-" && self.glued(end) && self.glued(end + 1) && self.is(end + 1, Class::Word),
        );
        let at = end + hyphen;
        let (raw, lower) = (self.raw(at), self.lower(at));
        let percent = |points: bool, end: usize| (Kind::Percent, Value::Percent { amount, points }, end);
        match lower {
            "%" | "％" if matches!(self.lower(at + 1), "points" | "point") => return percent(true, at + 2),
            "%" | "％" => return percent(false, at + 1),
            "percent" | "pct" | "prozent" => return percent(false, at + 1),
            "per" if self.lower(at + 1) == "cent" => return percent(false, at + 2),
            "percentage" if matches!(self.lower(at + 1), "points" | "point") => return percent(true, at + 2),
            "pp" => return percent(true, at + 1),
            "×" | "times" | "fold" => return (Kind::Number, Value::Times(amount), at + 1),
            "x" if self.glued(at) => return (Kind::Number, Value::Times(amount), at + 1),
            _ => {}
        }
        if let Some(currency) = units::currency(raw).filter(|_| raw != "$" || !self.is(at + 1, Class::Number)) {
            return (Kind::Money, Value::Money { amount, currency }, at + 1);
        }
        if matches!(raw, "US" | "U.S") && units::currency(self.lower(at + 1)) == Some("USD") {
            return (Kind::Money, Value::Money { amount, currency: "USD" }, at + 2);
        }
        let degrees = format!("{raw}{}", self.raw(at + 1));
        let (unit, used) = match units::unit(raw) {
            Some(unit) if self.is(at, Class::Word) => (Some(unit), 1),
            _ if raw == "°" => (units::unit(&degrees), 2),
            _ => (None, 0),
        };
        let plain = unit.is_some().then_some(amount);
        let scaled = unit.and_then(|(dimension, factor)| Some((dimension, amount.times(factor)?)));
        let Some((dimension, amount)) = scaled else {
            let end = first.max(end);
            return (Kind::Number, Value::Number { amount, unit: None, literal }, end);
        };
        if used == 1
            && let Some(n) = plain.and_then(|amount| amount.whole()?.parse().ok())
            && let Some(day) = self.ago(n, at)
        {
            return (Kind::Date, Value::Day(day), at + 2);
        }
        let (rate, end) = self.rate(at + used);
        let unit = Some(format!("{dimension}{rate}"));
        (Kind::Number, Value::Number { amount, unit, literal: String::new() }, end)
    }

    /// `/s`, `per second`: the denominator in a form that can be compared.
    fn rate(&self, at: usize) -> (String, usize) {
        let slash = self.raw(at) == "/" && self.glued(at);
        let word = matches!(self.lower(at), "per" | "pro");
        let denominator = self.raw(at + 1);
        match units::unit(denominator) {
            Some((dimension, factor)) if slash || word => (format!("/{dimension}{factor:?}"), at + 2),
            _ => (String::new(), at),
        }
    }

    /// A number that a reader takes for a version: behind `version`, or with a point behind a name.
    fn is_version(&self, i: usize) -> bool {
        let before = self.before(i, 1);
        if matches!(before, "version" | "versions" | "release" | "v" | "version.") {
            return true;
        }
        let named = i > 0 && self.is(i - 1, Class::Word) && self.raw(i - 1).starts_with(char::is_uppercase);
        let months = i > 0 && normalise::month(self.raw(i - 1)).is_some();
        named && !months && self.raw(i).contains('.') && i > 1
            || named && self.raw(i).contains('.') && self.tokens[i - 1].stems.len() == 1
    }

    /// The words around a claim that change what it says.
    fn surroundings(&self, claim: &mut Claim, next: usize) {
        let (first, end) = (claim.tokens.start, claim.tokens.end);
        // The currency sign and signs of approximation stand between a number and its preposition.
        let mut back = first;
        while back > 0
            && matches!(
                self.lower(back - 1),
                "about"
                    | "around"
                    | "roughly"
                    | "nearly"
                    | "almost"
                    | "just"
                    | "only"
                    | "some"
                    | "approximately"
                    | "-"
                    | "~"
                    | "≈"
                    | "a"
                    | "the"
            )
        {
            back -= 1;
        }
        let (one, two, three) = (self.before(back, 1), self.before(back, 2), self.before(back, 3));
        let negated = |word: &str| matches!(word, "no" | "not" | "never");
        claim.bound = match one {
            "least" if two == "at" => Some(Bound::Least),
            "most" if two == "at" => Some(Bound::Most),
            "than" => match two {
                "more" | "greater" | "higher" | "longer" | "larger" | "bigger" | "later" => {
                    Some(if negated(three) { Bound::Most } else { Bound::Least })
                }
                "less" | "fewer" | "lower" | "smaller" | "shorter" | "earlier" => {
                    Some(if negated(three) { Bound::Least } else { Bound::Most })
                }
                _ => None,
            },
            "over" | "above" | "exceeding" | "exceeds" | "exceeded" | ">" | "≥" | "minimum" => Some(Bound::Least),
            "under" | "below" | "within" | "<" | "≤" | "maximum" => Some(Bound::Most),
            "to" if two == "up" => Some(Bound::Most),
            "of" if matches!(two, "minimum") => Some(Bound::Least),
            "of" if matches!(two, "maximum") => Some(Bound::Most),
            _ => None,
        };
        let (behind, second) = (self.lower(end), self.lower(end + 1));
        if behind == "+" && self.glued(end)
            || matches!((behind, second), ("or", "more") | ("and", "up") | ("or", "later") | ("or", "newer"))
        {
            claim.bound = Some(Bound::Least);
        } else if matches!((behind, second), ("or", "less" | "fewer" | "earlier" | "older")) {
            claim.bound = Some(Bound::Most);
        }
        claim.more = match behind {
            "more" | "higher" | "above" | "extra" | "additional" => Some(true),
            "less" | "fewer" | "lower" | "below" => Some(false),
            _ => None,
        };
        claim.role = match one {
            "from" => Some(Role::From),
            "to" if !matches!(
                two,
                "up" | "compared" | "relative" | "close" | "equal" | "due" | "according" | "similar" | "next"
            ) =>
            {
                Some(Role::To)
            }
            "by" => Some(Role::By),
            // `fell 40 ms` is `fell by 40 ms`.
            verb if CHANGES.contains(&verb) => Some(Role::By),
            _ => None,
        };
        claim.bases = match claim.kind {
            Kind::Number | Kind::Percent | Kind::Money => self.bases(end),
            _ => Vec::new(),
        };
        let skip = usize::from(matches!(one, "version" | "release" | "v"));
        let head = back.checked_sub(1 + skip).and_then(|n| self.tokens.get(n));
        claim.head = head.and_then(|t| t.stems.last().cloned());
        if matches!(&claim.value, Value::Number { unit: None, .. }) {
            let start = if self.raw(end) == "-" && self.glued(end) { end + 1 } else { end };
            claim.noun = self.tokens[start.min(next)..next]
                .iter()
                .take_while(|t| t.class == Class::Word && !t.stems.is_empty())
                .take(3)
                .filter(|t| !t.lower.ends_with("ed"))
                .flat_map(|t| t.stems.iter().cloned())
                .collect();
            let hyphenated = self.tokens[first].class == Class::Word;
            if let Some((_, noun)) =
                self.lower(first).split_once('-').filter(|(_, n)| hyphenated && normalise::number_word(n).is_none())
            {
                claim.noun.extend(noun.split('-').map(normalise::stem));
            }
        }
    }
}

pub(super) fn plain_digits(raw: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' => char::from(b'0' + u8::try_from(u32::from(c) - u32::from('０')).unwrap_or_default()),
        '．' => '.',
        '，' => ',',
        other => other,
    };
    let mut digits: String = raw.chars().map(narrow).filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    // What is left of commas: groups of three, or one decimal comma.
    if let Some((_, last)) = digits.rsplit_once(',') {
        let group = last.split('.').next().unwrap_or_default().len() == 3 && !digits.starts_with('0');
        digits = if group { digits.replace(',', "") } else { digits.replace('.', "").replace(',', ".") };
    }
    // `25.000` and `1.234.567` are groups as well: nobody writes three zeros behind a point.
    let groups = digits.split('.').skip(1).all(|group| group.len() == 3);
    if groups && (digits.matches('.').count() > 1 || digits.ends_with(".000")) && !digits.starts_with('0') {
        digits = digits.replace('.', "");
    }
    digits
}

pub(super) fn is_ordinal(lower: &str) -> bool {
    matches!(lower, "st" | "nd" | "rd" | "th")
}

fn version(raw: &str) -> Value {
    let plain = raw.trim_start_matches(['v', 'V']).to_lowercase();
    Value::Version(plain.split(['.', '-', '+']).map(str::to_owned).collect())
}

fn iso(raw: &str) -> Option<Value> {
    let part = |range: Range<usize>| raw.get(range)?.parse::<u16>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    Some(Value::Date { year: Some(year.into()), month: Some(month), day: Some(day) })
}

/// `Ferrite 3.9, 3.10 and 3.11`: what one is the others are.
fn share_versions(tokens: &[Token], claims: &mut [Claim]) {
    for n in 1..claims.len() {
        let (left, right) = claims.split_at_mut(n);
        let (Some(a), Some(b)) = (left.last(), right.first_mut()) else { continue };
        let joint =
            |t: &Token| matches!(t.lower.as_str(), "," | "and" | "or" | "to" | "through" | "-" | "–" | "/" | "&");
        let listed = tokens[a.tokens.end..b.tokens.start].iter().all(joint);
        if let (true, Value::Version(_), Value::Number { unit: None, literal, .. }) = (listed, &a.value, &b.value)
            && literal.contains('.')
        {
            (b.kind, b.value) = (Kind::Version, version(literal));
        }
    }
}

/// `10–20 ms`, `from 40 to 12 ms`, `$5–10`: one unit for both.
fn share_units(text: &str, tokens: &[Token], claims: &mut [Claim]) {
    for n in 1..claims.len() {
        let (left, right) = claims.split_at_mut(n);
        let (Some(a), Some(b)) = (left.last_mut(), right.first_mut()) else { continue };
        let between: Vec<&str> = tokens[a.tokens.end..b.tokens.start].iter().map(|t| t.lower.as_str()).collect();
        if !matches!(between[..], ["-" | "–" | "—" | "to" | "and" | "or" | "/"]) {
            continue;
        }
        let (Value::Number { amount, unit: None, .. }, first) =
            (a.value.clone(), Decimal::parse(&plain_digits(&text[a.span.clone()])))
        else {
            if let (Value::Money { currency, .. }, Value::Number { amount, unit: None, .. }) = (&a.value, &b.value)
                && matches!(between[..], ["-" | "–" | "—"])
            {
                b.value = Value::Money { amount: *amount, currency };
                b.kind = Kind::Money;
            }
            continue;
        };
        match &b.value {
            Value::Number { unit: Some(unit), .. } if unit != "ordinal" => {
                let written = &text[b.tokens_text(tokens)];
                let factor = written
                    .split(|c: char| c.is_whitespace() || c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '/'))
                    .find_map(units::unit);
                if let Some(scaled) = factor.and_then(|(_, f)| first.unwrap_or(amount).times(f)) {
                    a.value = Value::Number { amount: scaled, unit: Some(unit.clone()), literal: String::new() };
                }
            }
            Value::Percent { points, .. } => {
                a.value = Value::Percent { amount, points: *points };
                a.kind = Kind::Percent;
            }
            Value::Money { currency, .. } => {
                a.value = Value::Money { amount, currency };
                a.kind = Kind::Money;
            }
            Value::Times(_) => a.value = Value::Times(amount),
            _ => {}
        }
    }
}

impl Claim {
    fn tokens_text(&self, tokens: &[Token]) -> Range<usize> {
        tokens[self.tokens.start].span.start..tokens[self.tokens.end - 1].span.end
    }
}

//! The values of a sentence: what can be changed in it so that it becomes wrong. Read apart from the gate's own reading, so
//! that neither can hide what the other gets wrong.

use std::ops::Range;

/// What is planted, and what tables are by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Number,
    Percent,
    Version,
    Date,
    Weekday,
    Amount,
    Quotation,
    Name,
    Link,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Number,
        Self::Percent,
        Self::Version,
        Self::Date,
        Self::Weekday,
        Self::Amount,
        Self::Quotation,
        Self::Name,
        Self::Link,
    ];

    /// As cases name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Percent => "percent",
            Self::Version => "version",
            Self::Date => "date",
            Self::Weekday => "weekday",
            Self::Amount => "amount",
            Self::Quotation => "quotation",
            Self::Name => "name",
            Self::Link => "link",
        }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// Its bytes in the sentence.
    pub(crate) span: Range<usize>,
    /// Equal for every spelling of the same value.
    pub(crate) key: String,
}

/// Months, by their number.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days of the week.
pub(crate) const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Numbers that are written as words, from two on.
pub(crate) const NUMBER_WORDS: [&str; 11] =
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Words that scale the number before them.
pub(crate) const SCALES: [(&str, f64); 4] = [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)];

/// Signs of currencies, and their words.
pub(crate) const CURRENCIES: [(char, &str); 3] = [('$', "dollars"), ('€', "euros"), ('£', "pounds")];

/// A word without the punctuation around it.
#[derive(Clone, Copy)]
struct Word<'a> {
    core: &'a str,
    at: usize,
    /// Nothing but a space stands between it and the next.
    open: bool,
}

impl Word<'_> {
    fn end(&self) -> usize {
        self.at + self.core.len()
    }
}

/// The values of a sentence in the order in which they stand. Inside of quotations there are none: what is changed there changes
/// the quotation.
pub(crate) fn values(sentence: &str) -> Vec<Value> {
    let quotations = quotations(sentence);
    let words = words(sentence);
    let mut found: Vec<Value> = Vec::new();
    for inside in &quotations {
        let text = &sentence[inside.clone()];
        if text.split_whitespace().count() >= 4 {
            found.push(Value { kind: Kind::Quotation, span: inside.clone(), key: format!("q:{}", letters(text)) });
        }
    }
    let mut at = 0;
    while at < words.len() {
        if quotations.iter().any(|q| q.contains(&words[at].at)) {
            at += 1;
            continue;
        }
        match value(&words, at) {
            Some((kind, key, span, used)) => {
                found.push(Value { kind, span, key });
                at += used;
            }
            None => at += 1,
        }
    }
    found.sort_by_key(|value| value.span.start);
    found
}

/// The keys of a sentence's values, sorted: equal where two sentences say the same figures.
pub(crate) fn keys(sentence: &str) -> Vec<String> {
    let mut keys: Vec<String> = values(sentence).into_iter().map(|value| value.key).collect();
    keys.sort();
    keys
}

/// The insides of what stands between double marks.
pub(crate) fn quotations(sentence: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (at, c) in sentence.char_indices() {
        match open {
            Some((from, close)) if c == close => {
                found.push(from..at);
                open = None;
            }
            Some(_) => {}
            None => {
                open = match c {
                    '“' => Some((at + c.len_utf8(), '”')),
                    '"' => Some((at + 1, '"')),
                    '«' => Some((at + c.len_utf8(), '»')),
                    '„' => Some((at + c.len_utf8(), '“')),
                    _ => None,
                }
            }
        }
    }
    found
}

/// Letters and digits alone, lower case.
pub(crate) fn letters(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('’', "'").to_lowercase())
        .collect();
    words.join(" ")
}

fn words(sentence: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    for piece in sentence.split(' ') {
        let lead = piece.len() - piece.trim_start_matches(['(', '[', '“', '"', '‘', '\'', '«', '—', '–']).len();
        let core = piece[lead..]
            .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '”', '"', '’', '\'', '»', '…', '—', '–']);
        if !core.is_empty() {
            found.push(Word { core, at: at + lead, open: lead + core.len() == piece.len() });
        }
        at += piece.len() + 1;
    }
    found
}

type Found = (Kind, String, Range<usize>, usize);

fn value(words: &[Word<'_>], i: usize) -> Option<Found> {
    let word = words[i];
    let span = |last: usize| word.at..words[last].end();
    if word.core.starts_with("http://") || word.core.starts_with("https://") {
        return Some((Kind::Link, format!("l:{}", address(word.core)), span(i), 1));
    }
    if let Some((key, used)) = date(words, i) {
        return Some((Kind::Date, format!("d:{key}"), span(i + used - 1), used));
    }
    if WEEKDAYS.contains(&word.core) {
        return Some((Kind::Weekday, format!("w:{}", word.core), span(i), 1));
    }
    if let Some((key, used)) = amount(words, i) {
        return Some((Kind::Amount, key, span(i + used - 1), used));
    }
    if let Some(key) = version(words, i) {
        return Some((Kind::Version, key, span(i), 1));
    }
    number(words, i).or_else(|| name(words, i))
}

/// An address without what may be written in several ways.
fn address(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let bare = bare.split('#').next().unwrap_or_default();
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_lowercase()
}

/// The word behind, where only a space is between.
fn next<'a>(words: &[Word<'a>], i: usize) -> Option<&'a str> {
    words.get(i).filter(|word| word.open).and_then(|_| words.get(i + 1)).map(|word| word.core)
}

/// The number of digits with or without groups of thousands, and decimals.
pub(crate) fn numeral(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if rest.is_some_and(|rest| !digits(rest)) {
        return None;
    }
    let mut groups = whole.split(',');
    let first = groups.next().filter(|group| digits(group))?;
    let mut plain = first.to_owned();
    for group in groups {
        if group.len() != 3 || !digits(group) || first.len() > 3 {
            return None;
        }
        plain.push_str(group);
    }
    format!("{plain}.{}", rest.unwrap_or("0")).parse().ok()
}

/// A number in digits or in one word.
fn figure(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let word = NUMBER_WORDS.iter().position(|word| *word == lower).map(|n| n as f64 + 2.0);
    word.or_else(|| numeral(text))
}

fn scale(words: &[Word<'_>], i: usize) -> Option<f64> {
    next(words, i).and_then(|word| SCALES.iter().find(|(name, _)| *name == word)).map(|(_, by)| *by)
}

fn number(words: &[Word<'_>], i: usize) -> Option<Found> {
    let word = words[i];
    if let Some(percent) = word.core.strip_suffix('%').and_then(numeral) {
        return Some((Kind::Percent, format!("p:{percent}"), word.at..word.end(), 1));
    }
    if let Some(amount) = figure(word.core) {
        let percent = match (next(words, i), words.get(i + 2)) {
            (Some("percent"), _) => Some(2),
            (Some("per"), Some(cent)) if cent.core == "cent" => Some(3),
            _ => None,
        };
        if let Some(used) = percent {
            return Some((Kind::Percent, format!("p:{amount}"), word.at..words[i + used - 1].end(), used));
        }
        let scaled = scale(words, i);
        let used = 1 + usize::from(scaled.is_some());
        let key = format!("n:{}", amount * scaled.unwrap_or(1.0));
        return Some((Kind::Number, key, word.at..words[i + used - 1].end(), used));
    }
    let digits = word.core.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(0);
    let (first, rest) = word.core.split_at(digits);
    let amount = numeral(first)?;
    if let Some(second) = rest.strip_prefix(['-', '–']).and_then(numeral) {
        // A range, or how a game ended.
        return Some((Kind::Number, format!("n:{amount}-{second}"), word.at..word.end(), 1));
    }
    let unit = rest.trim_start_matches(['-', '–']);
    let plain = !unit.is_empty() && unit.chars().all(char::is_alphabetic);
    let known = plain && !["st", "nd", "rd", "th", "s"].contains(&unit);
    known.then(|| (Kind::Number, format!("n:{amount} {unit}"), word.at..word.at + digits, 1))
}

fn amount(words: &[Word<'_>], i: usize) -> Option<(String, usize)> {
    let core = words[i].core;
    if let Some((sign, _)) = CURRENCIES.iter().find(|(sign, _)| core.starts_with(*sign)) {
        let digits = &core[sign.len_utf8()..];
        let (digits, by) = match digits.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, Some(1e6)),
            None => (digits.trim_end_matches("bn"), digits.ends_with("bn").then_some(1e9)),
        };
        let amount = numeral(digits)?;
        let scaled = scale(words, i).filter(|_| by.is_none());
        let used = 1 + usize::from(scaled.is_some());
        return Some((format!("m:{sign}{}", amount * scaled.or(by).unwrap_or(1.0)), used));
    }
    let amount = figure(core)?;
    let scaled = scale(words, i);
    let at = i + usize::from(scaled.is_some());
    let unit = next(words, at)?;
    let (sign, _) = CURRENCIES.iter().find(|(_, word)| *word == unit)?;
    Some((format!("m:{sign}{}", amount * scaled.unwrap_or(1.0)), at + 2 - i))
}

/// A month by its name, or by what it is shortened to before a number.
fn month(text: &str, shortened: bool) -> Option<usize> {
    let full = MONTHS.iter().position(|month| *month == text);
    let short = || {
        MONTHS.iter().position(|month| shortened && (text == &month[..3] || text == "Sept" && *month == "September"))
    };
    full.or_else(short).map(|n| n + 1)
}

fn year(text: &str) -> Option<i32> {
    let year = (text.len() == 4).then(|| text.parse().ok()).flatten()?;
    (1900..2040).contains(&year).then_some(year)
}

fn day(text: &str) -> Option<u8> {
    (text.len() <= 2).then(|| text.parse().ok()).flatten().filter(|day| (1..=31).contains(day))
}

fn date(words: &[Word<'_>], i: usize) -> Option<(String, usize)> {
    let core = words[i].core;
    let at = |n: usize| words.get(n).map_or("", |word| word.core);
    let parts: Vec<&str> = core.split('-').collect();
    if let [y, m, d] = parts[..]
        && let (Some(y), Some(m), Some(d)) = (year(y), day(m).filter(|_| m.len() == 2), day(d).filter(|_| d.len() == 2))
    {
        return Some((format!("{y}-{m}-{d}"), 1));
    }
    if let Some(month) = month(core, day(at(i + 1)).is_some() || year(at(i + 1)).is_some()) {
        if let Some(day) = day(at(i + 1)) {
            return Some(match year(at(i + 2)) {
                Some(year) => (format!("{year}-{month}-{day}"), 3),
                None => (format!("-{month}-{day}"), 2),
            });
        }
        if let Some(year) = year(at(i + 1)) {
            return Some((format!("{year}-{month}-"), 2));
        }
        let before = i.checked_sub(1).map_or("", at).to_lowercase();
        let leads = ["in", "since", "until", "of", "last", "next", "by", "early", "late"];
        return leads.contains(&before.as_str()).then(|| (format!("-{month}-"), 1));
    }
    if let (Some(day), Some(month)) = (day(core), next(words, i).and_then(|word| month(word, true))) {
        return Some(match year(at(i + 2)) {
            Some(year) => (format!("{year}-{month}-{day}"), 3),
            None => (format!("-{month}-{day}"), 2),
        });
    }
    // `2,000` and `2048-bit` are none, and neither is what counts something.
    let counted = next(words, i).is_some_and(|word| word.ends_with('s') && word.starts_with(char::is_lowercase));
    year(core).filter(|_| !counted).map(|year| (format!("{year}--"), 1))
}

fn version(words: &[Word<'_>], i: usize) -> Option<String> {
    let core = words[i].core;
    let digits = core.strip_prefix('v').unwrap_or(core);
    let parts: Vec<&str> = digits.split('.').collect();
    let numbers =
        parts.iter().all(|part| !part.is_empty() && part.len() < 5 && part.bytes().all(|b| b.is_ascii_digit()));
    let before = i.checked_sub(1).map(|n| words[n].core.to_lowercase()).unwrap_or_default();
    let named = ["version", "release"].contains(&before.as_str());
    let is = numbers && (parts.len() > 2 || (parts.len() == 2 && (named || digits != core)));
    is.then(|| format!("v:{}", digits.trim_end_matches(".0")))
}

/// One to three words with a capital letter, not where a sentence begins.
fn name(words: &[Word<'_>], i: usize) -> Option<Found> {
    let capital = |word: &Word<'_>| {
        let core = possessed(word.core);
        core.chars().count() > 2
            && core.starts_with(char::is_uppercase)
            && core.chars().all(|c| c.is_alphabetic() || c == '-')
            && core.chars().any(char::is_lowercase)
            && !states::words::text::is_stop_word(&core.to_lowercase())
            && month(core, true).is_none()
            && !WEEKDAYS.contains(&core)
            && figure(core).is_none()
    };
    if i == 0 || !capital(&words[i]) {
        return None;
    }
    let mut last = i;
    while last + 1 < words.len()
        && last < i + 2
        && words[last].open
        && possessed(words[last].core) == words[last].core
        && capital(&words[last + 1])
    {
        last += 1;
    }
    let end = words[last].at + possessed(words[last].core).len();
    let parts: Vec<&str> = words[i..=last].iter().map(|word| possessed(word.core)).collect();
    Some((Kind::Name, format!("name:{}", parts.join(" ").to_lowercase()), words[i].at..end, last + 1 - i))
}

/// The word without `'s`.
fn possessed(core: &str) -> &str {
    core.strip_suffix("’s").or_else(|| core.strip_suffix("'s")).unwrap_or(core)
}

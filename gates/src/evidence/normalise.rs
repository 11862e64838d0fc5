//! One form for what can be written in many: decimals, units, months, number words, endings, quotation marks.

use std::cmp::Ordering;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A decimal number, exact: `mantissa × 10^scale`, without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Decimal {
    mantissa: i128,
    scale: i32,
}

impl Decimal {
    pub(crate) fn new(mantissa: i128, scale: i32) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale += 1;
        }
        if mantissa == 0 {
            scale = 0;
        }
        Self { mantissa, scale }
    }

    /// Reads digits with at most one full stop. Thousands separators must be gone. `None` for more than 30 digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || digits.len() > 30 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Self::new(digits.parse().ok()?, -i32::try_from(fraction.len()).ok()?))
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        Some(Self::new(self.mantissa.checked_mul(other.mantissa)?, self.scale.checked_add(other.scale)?))
    }

    pub(crate) fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let scale = self.scale.min(other.scale);
        let up = |d: Self| d.mantissa.checked_mul(10i128.checked_pow(u32::try_from(d.scale - scale).ok()?)?);
        Some((up(self)?, up(other)?, scale))
    }

    /// `self + other`.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self::new(a.checked_add(b)?, scale))
    }

    /// `|self - other|`.
    pub(crate) fn apart(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self::new(a.checked_sub(b)?.checked_abs()?, scale))
    }

    /// `self / other`, as often as a reader's rounding needs: `places` digits after the point, half up.
    pub(crate) fn divided(self, other: Self, places: u32) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        if b <= 0 || a < 0 {
            return None;
        }
        let scaled = a.checked_mul(10i128.checked_pow(places)?)?.checked_mul(2)?.checked_add(b)?;
        Some(Self::new(scaled / b.checked_mul(2)?, -i32::try_from(places).ok()?))
    }

    /// Its digits, where it is a whole number that is not negative.
    pub(crate) fn whole(self) -> Option<String> {
        let power = 10i128.checked_pow(u32::try_from(self.scale).ok()?)?;
        self.mantissa.checked_mul(power).filter(|n| *n >= 0).map(|n| n.to_string())
    }

    /// Digits behind the point.
    pub(crate) fn places(self) -> u32 {
        u32::try_from(-self.scale.min(0)).unwrap_or_default()
    }

    pub(crate) fn cmp_value(self, other: Self) -> Ordering {
        self.aligned(other).map_or(Ordering::Equal, |(a, b, _)| a.cmp(&b))
    }
}

/// The multiplier that a word stands for, as a power of ten.
pub(crate) fn multiplier(word: &str) -> Option<i32> {
    Some(match word {
        "hundred" => 2,
        "thousand" | "k" | "K" | "tausend" => 3,
        "lakh" | "lakhs" => 5,
        "crore" | "crores" => 7,
        "million" | "millions" | "mn" | "M" | "mio" => 6,
        "billion" | "billions" | "bn" | "B" | "milliarden" => 9,
        "trillion" | "trillions" | "tn" | "T" => 12,
        _ => return None,
    })
}

/// English and German names of months, and their short forms.
const MONTHS: &[(&str, u8)] = &[
    ("january", 1),
    ("jan", 1),
    ("januar", 1),
    ("jänner", 1),
    ("february", 2),
    ("feb", 2),
    ("februar", 2),
    ("march", 3),
    ("mar", 3),
    ("märz", 3),
    ("april", 4),
    ("apr", 4),
    ("may", 5),
    ("mai", 5),
    ("june", 6),
    ("jun", 6),
    ("juni", 6),
    ("july", 7),
    ("jul", 7),
    ("juli", 7),
    ("august", 8),
    ("aug", 8),
    ("september", 9),
    ("sep", 9),
    ("sept", 9),
    ("october", 10),
    ("oct", 10),
    ("oktober", 10),
    ("okt", 10),
    ("november", 11),
    ("nov", 11),
    ("december", 12),
    ("dec", 12),
    ("dezember", 12),
    ("dez", 12),
];

/// The month that a word names. `may` and `march` are months only with a capital letter.
pub(crate) fn month(word: &str) -> Option<u8> {
    if !word.starts_with(char::is_uppercase) {
        return None;
    }
    let lower = word.to_lowercase();
    MONTHS.iter().find(|(name, _)| *name == lower).map(|(_, number)| *number)
}

const NUMBER_WORDS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];
const GERMAN: [(&str, usize); 10] = [
    ("zwei", 2),
    ("drei", 3),
    ("vier", 4),
    ("fünf", 5),
    ("sechs", 6),
    ("sieben", 7),
    ("acht", 8),
    ("neun", 9),
    ("zehn", 10),
    ("zwölf", 12),
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// The number that a word stands for: to twenty, the tens, and tens with a unit behind a hyphen.
pub(crate) fn number_word(lower: &str) -> Option<i128> {
    if lower == "dozen" {
        return Some(12);
    }
    let german = |word: &str| GERMAN.iter().find(|(name, _)| *name == word).map(|(_, n)| *n);
    let small = |word: &str| NUMBER_WORDS.iter().position(|w| *w == word).or_else(|| german(word));
    let tens = |word: &str| TENS.iter().position(|w| !w.is_empty() && *w == word).map(|n| n * 10);
    let found = match lower.split_once('-') {
        Some((ten, one)) => tens(ten)? + small(one).filter(|n| (1..10).contains(n))?,
        None => small(lower).or_else(|| tens(lower))?,
    };
    i128::try_from(found).ok()
}

/// Words in lower case that a value can begin with.
const OPENERS: &[&str] = &[
    "a",
    "acht",
    "an",
    "cent",
    "cents",
    "dollar",
    "dollars",
    "double",
    "doubled",
    "doubles",
    "doubling",
    "dozen",
    "drei",
    "eight",
    "eighteen",
    "eighty",
    "eleven",
    "euro",
    "euros",
    "fifteen",
    "fifty",
    "five",
    "forty",
    "four",
    "fourfold",
    "fourteen",
    "francs",
    "fünf",
    "gestern",
    "half",
    "halved",
    "halves",
    "halving",
    "heute",
    "kroner",
    "kronor",
    "last",
    "neun",
    "next",
    "nine",
    "nineteen",
    "ninety",
    "one",
    "quadruple",
    "quadrupled",
    "quadruples",
    "rupees",
    "sechs",
    "seven",
    "seventeen",
    "seventy",
    "sieben",
    "six",
    "sixteen",
    "sixty",
    "sterling",
    "ten",
    "tenfold",
    "thirteen",
    "thirty",
    "three",
    "threefold",
    "thrice",
    "today",
    "tomorrow",
    "triple",
    "tripled",
    "triples",
    "tripling",
    "twelve",
    "twenty",
    "twice",
    "two",
    "twofold",
    "vier",
    "yen",
    "yesterday",
    "yuan",
    "zehn",
    "zero",
    "zwei",
    "zwölf",
];

/// True for a word in lower case that a value can begin with.
pub(crate) fn opens_value(lower: &str) -> bool {
    OPENERS.binary_search(&lower).is_ok()
}

/// The part that a sign like `½` stands for.
pub(crate) fn vulgar(sign: &str) -> Option<Decimal> {
    Some(match sign {
        "½" => Decimal::new(5, -1),
        "¼" => Decimal::new(25, -2),
        "¾" => Decimal::new(75, -2),
        "⅛" => Decimal::new(125, -3),
        _ => return None,
    })
}

/// What words like `twice` multiply by.
pub(crate) fn times_word(lower: &str) -> Option<Decimal> {
    Some(match lower {
        "twice" | "double" | "doubles" | "doubled" | "doubling" | "twofold" => Decimal::new(2, 0),
        "thrice" | "triple" | "triples" | "tripled" | "tripling" | "threefold" => Decimal::new(3, 0),
        "quadruple" | "quadruples" | "quadrupled" | "fourfold" => Decimal::new(4, 0),
        "tenfold" => Decimal::new(10, 0),
        "half" | "halves" | "halved" | "halving" => Decimal::new(5, -1),
        _ => return None,
    })
}

/// A word without its ending, so that `parse`, `parses`, `parsed` and `parsing` are one. Not a word of English: only equal
/// for forms of the same word, most of the time. Expects no upper case.
pub(crate) fn stem(word: &str) -> String {
    let word =
        word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word).trim_end_matches(['\'', '’']);
    if !word.is_ascii() || word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut stem = word.to_owned();
    let cut = |stem: &mut String, n: usize| stem.truncate(stem.len() - n);
    if stem.len() > 4 && stem.ends_with("ies") {
        cut(&mut stem, 3);
        stem.push('y');
    } else if stem.len() > 4 && ["sses", "xes", "zes", "ches", "shes"].iter().any(|e| stem.ends_with(e)) {
        cut(&mut stem, 2);
    } else if stem.len() > 3 && stem.ends_with('s') && !["ss", "us", "is"].iter().any(|e| stem.ends_with(e)) {
        cut(&mut stem, 1);
    }
    let has_vowel = |s: &str| s.bytes().any(|b| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y'));
    let ending = [("ing", 6), ("ed", 5), ("ly", 5)]
        .into_iter()
        .find(|(end, least)| stem.len() >= *least && stem.ends_with(end) && has_vowel(&stem[..stem.len() - end.len()]));
    if let Some((end, _)) = ending {
        cut(&mut stem, end.len());
        let bytes = stem.as_bytes();
        let doubled = bytes.len() > 2
            && bytes[bytes.len() - 1] == bytes[bytes.len() - 2]
            && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z' | b'e' | b'o');
        if doubled {
            cut(&mut stem, 1);
        }
    }
    if stem.len() > 3 && stem.ends_with('e') {
        cut(&mut stem, 1);
    }
    if stem.len() > 3 && stem.ends_with('y') {
        cut(&mut stem, 1);
        stem.push('i');
    }
    stem
}

/// A text in the form in which quotations are compared, with the way back to its bytes: NFKC, one kind of quotation mark,
/// hyphen and space, no code marks and no invisible characters.
pub(crate) struct Folded {
    /// The folded text.
    pub(crate) text: String,
    /// For each byte of it, the bytes it came from.
    from: Vec<(usize, usize)>,
}

impl Folded {
    pub(crate) fn of(text: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len()) };
        let mut chars = text.char_indices().peekable();
        while let Some((start, first)) = chars.next() {
            let mut end = start + first.len_utf8();
            while let Some((at, mark)) = chars.next_if(|(_, c)| is_combining_mark(*c)) {
                end = at + mark.len_utf8();
            }
            if first.is_ascii() && end == start + 1 {
                folded.push(first, start, end);
            } else {
                for c in text[start..end].nfkc() {
                    folded.push(c, start, end);
                }
            }
        }
        if folded.text.ends_with(' ') {
            folded.text.pop();
            folded.from.pop();
        }
        folded
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        let c = match c {
            '`' => return,
            c if c.is_whitespace() => ' ',
            c if crate::rules::safety::is_hidden(c) => return,
            '“' | '”' | '„' | '‟' | '«' | '»' | '″' => '"',
            '‘' | '’' | '‚' | '‛' | 'ʼ' | '′' => '\'',
            '‐' | '‑' | '−' => '-',
            c => c,
        };
        if c == ' ' && (self.text.is_empty() || self.text.ends_with(' ')) {
            return;
        }
        self.text.push(c);
        self.from.extend(std::iter::repeat_n((start, end), c.len_utf8()));
    }

    /// The bytes of the original that a range of the folded text came from.
    pub(crate) fn origin(&self, range: Range<usize>) -> Option<Range<usize>> {
        let first = self.from.get(range.start)?;
        let last = self.from.get(range.end.checked_sub(1)?)?;
        Some(first.0..last.1)
    }

    /// Where `needle`, itself folded, stands from `after` on without cutting a word. Bytes of the folded text.
    pub(crate) fn find(&self, needle: &str, after: usize) -> Option<Range<usize>> {
        let hay = self.text.get(after..)?;
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        hay.match_indices(needle).map(|(at, _)| after + at..after + at + needle.len()).find(|range| {
            let cut_before = word(needle.chars().next()) && word(self.text[..range.start].chars().next_back());
            let cut_after = word(needle.chars().next_back()) && word(self.text[range.end..].chars().next());
            !cut_before && !cut_after
        })
    }
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod tests;

//! Text cut into tokens, so that claims can be read from them: numbers with their separators, versions, addresses,
//! identifiers, words, marks. One pass, no allocation beyond the tokens.

use std::ops::Range;

use states::words::text::is_stop_word;

use super::normalise::stem;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A word or identifier.
    Word,
    /// Digits with separators and at most one point.
    Number,
    /// `2026-03-01`, with a time or without.
    Iso,
    /// `10:30`.
    Clock,
    /// `v2`, `1.2.3`, `2.x`, `2.4-rc.1`.
    Version,
    /// An address.
    Url,
    /// An e-mail address.
    Mail,
    /// `/etc/x`, `./x`.
    Path,
    /// `--release`.
    Flag,
    /// Any other character.
    Mark,
}

/// One token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) class: Class,
    pub(crate) span: Range<usize>,
    /// Lower case.
    pub(crate) lower: String,
    /// The stems of its parts that say something; empty for stop words and marks.
    pub(crate) stems: Vec<String>,
}

impl Token {
    pub(crate) fn raw<'t>(&self, text: &'t str) -> &'t str {
        &text[self.span.clone()]
    }
}

/// Endings of bare host names. Short, because `main.rs` and `node.js` are no addresses.
const HOST_ENDINGS: [&str; 14] =
    ["com", "org", "net", "io", "dev", "ai", "edu", "gov", "info", "app", "eu", "de", "example", "invalid"];

/// A path begins with so many marks at most (`../../x`): a long run of them is not read anew at each.
const PATH_LEAD: usize = 16;

const SEPARATORS: [char; 7] = [',', '\'', '’', '_', '\u{a0}', '\u{202f}', '\u{2009}'];

/// Cuts a text into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    cut(text, false)
}

/// Where the words of a text stand: its tokens that are no marks.
pub(crate) fn spans(text: &str) -> Vec<Range<usize>> {
    cut(text, true).into_iter().filter(|t| t.class != Class::Mark).map(|t| t.span).collect()
}

fn cut(text: &str, bare: bool) -> Vec<Token> {
    let mut cutter = Cutter { text, bare, at: 0, out: Vec::with_capacity(text.len() / 5) };
    while let Some(c) = cutter.peek(0) {
        if c.is_whitespace() {
            cutter.at += c.len_utf8();
        } else {
            cutter.next(c);
        }
    }
    cutter.out
}

struct Cutter<'t> {
    text: &'t str,
    /// Only where tokens stand is asked for.
    bare: bool,
    at: usize,
    out: Vec<Token>,
}

impl<'t> Cutter<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self, n: usize) -> Option<char> {
        self.rest().chars().nth(n)
    }

    fn after_space(&self) -> bool {
        self.text[..self.at].chars().next_back().is_none_or(|c| c.is_whitespace() || "([\"“‘'".contains(c))
    }

    fn push(&mut self, class: Class, length: usize) {
        let span = self.at..self.at + length;
        if self.bare {
            self.out.push(Token { class, span, lower: String::new(), stems: Vec::new() });
            self.at += length;
            return;
        }
        let raw = &self.text[span.clone()];
        let lower = raw.to_lowercase();
        let stems = match class {
            Class::Word if lower.contains('-') => content_stems(lower.split('-')),
            Class::Word => content_stems(std::iter::once(lower.as_str())),
            _ => Vec::new(),
        };
        self.out.push(Token { class, span, lower, stems });
        self.at += length;
    }

    fn next(&mut self, c: char) {
        let rest = self.rest();
        if let Some(length) = address(rest) {
            return self.push(Class::Url, length);
        }
        if c.is_ascii_digit() {
            // Behind a name, digits with a space between them are two numbers.
            let named = self
                .out
                .last()
                .is_some_and(|t| t.class == Class::Word && t.raw(self.text).starts_with(char::is_uppercase));
            let (class, length) = number(rest, !named);
            return self.push(class, length);
        }
        if is_wide(c) {
            let length = rest.find(|d: char| !is_wide(d) && !matches!(d, '．' | '，')).unwrap_or(rest.len());
            return self.push(Class::Number, rest[..length].trim_end_matches(['．', '，']).len());
        }
        // A sign for a number (`½`, `⁶`) is no part of the word that follows.
        if !c.is_ascii() && c.is_numeric() {
            let length = rest.find(|d: char| d.is_ascii() || !d.is_numeric()).unwrap_or(rest.len());
            return self.push(Class::Word, length);
        }
        if matches!(c, 'v' | 'V') && rest[1..].starts_with(|d: char| d.is_ascii_digit()) && self.after_space() {
            let length = 1 + version(&rest[1..]);
            if !rest[length..].starts_with(|d: char| d.is_alphanumeric() || d == '_') {
                return self.push(Class::Version, length);
            }
        }
        if c.is_alphanumeric() || c == '_' || (c == '$' && rest[1..].starts_with(|d: char| d.is_alphabetic())) {
            return self.word();
        }
        let opens = rest.bytes().take(PATH_LEAD).take_while(|b| matches!(b, b'~' | b'.' | b'/')).count();
        let lead = &rest[opens..];
        let is_path = opens > 0 && rest[..opens].ends_with('/') && lead.starts_with(|d: char| d.is_alphanumeric());
        if is_path && self.after_space() {
            let length = rest.find(|d: char| !(d.is_alphanumeric() || "~/._-".contains(d))).unwrap_or(rest.len());
            return self.push(Class::Path, rest[..length].trim_end_matches(['.', '/']).len().max(1));
        }
        if rest.starts_with("--") && rest[2..].starts_with(|d: char| d.is_ascii_alphabetic()) && self.after_space() {
            let length = rest.find(|d: char| !(d.is_ascii_alphanumeric() || d == '-')).unwrap_or(rest.len());
            return self.push(Class::Flag, length);
        }
        self.push(Class::Mark, c.len_utf8());
    }

    fn word(&mut self) {
        let rest = self.rest();
        let length = word(rest);
        let raw = &rest[..length];
        let behind = &rest[length..];
        if let Some(host) = behind.strip_prefix('@').map(|r| &r[..word(r)]).filter(|host| host.contains('.')) {
            return self.push(Class::Mail, length + 1 + host.len());
        }
        if raw.contains('.') && is_host(raw) {
            let path = if behind.starts_with('/') { address_end(behind) } else { 0 };
            return self.push(Class::Url, length + path);
        }
        self.push(Class::Word, length);
    }
}

/// `０` to `９`, as wide as the letters of Chinese and Japanese.
pub(super) fn is_wide(c: char) -> bool {
    ('０'..='９').contains(&c)
}

fn content_stems<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<String> {
    parts.filter(|p| p.chars().count() > 1 && !is_stop_word(p)).map(stem).collect()
}

/// Length of the address at the beginning of `rest`.
fn address(rest: &str) -> Option<usize> {
    let head = rest.get(..8).or_else(|| rest.get(..4))?.to_ascii_lowercase();
    let is = head.starts_with("http://")
        || head.starts_with("https://")
        || head.starts_with("ftp://")
        || head.starts_with("www.");
    is.then(|| address_end(rest)).filter(|length| *length > 4)
}

fn address_end(rest: &str) -> usize {
    let end = rest.find(|c: char| c.is_whitespace() || "<>\"“”„«»".contains(c)).unwrap_or(rest.len());
    let mut url = &rest[..end];
    loop {
        let cut = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '’']);
        let cut = if cut.ends_with(')') && !cut.contains('(') { &cut[..cut.len() - 1] } else { cut };
        if cut.len() == url.len() {
            return url.len();
        }
        url = cut;
    }
}

fn is_host(raw: &str) -> bool {
    let lower = raw.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'));
    lower && raw.rsplit('.').next().is_some_and(|ending| HOST_ENDINGS.contains(&ending))
}

/// Length of the word: letters, digits and `_`, joined by `-`, `'`, `.` and `::` where another letter or digit follows, and
/// `()`, `++` or `#` at its end.
fn word(rest: &str) -> usize {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c);
    let mut at = rest.chars().next().map_or(0, char::len_utf8);
    loop {
        at += rest[at..].find(|c: char| !inside(c)).unwrap_or(rest.len() - at);
        let behind = &rest[at..];
        let mut chars = behind.chars();
        let (joint, next) = (chars.next(), chars.next());
        match joint {
            Some('-' | '\u{2010}' | '\u{2011}' | '\'' | '’') if next.is_some_and(char::is_alphanumeric) => {}
            // A full stop inside a word, but not one that ends a sentence without a space behind it.
            Some('.')
                if next.is_some_and(|n| {
                    n.is_alphanumeric() && (!n.is_uppercase() || rest[..at].contains(char::is_uppercase))
                }) => {}
            Some(':') if behind.starts_with("::") && behind[2..].starts_with(inside) => at += 1,
            _ => break,
        }
        at += joint.map_or(0, char::len_utf8);
    }
    if rest[at..].starts_with("()") || rest[at..].starts_with("++") {
        at += 2;
    } else if rest[at..].starts_with('#') && !rest[at + 1..].starts_with(char::is_alphanumeric) {
        at += 1;
    }
    at
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Length of digits in groups of three; that of the first group where there are no more.
fn grouped_by(rest: &str, first: usize, separator: char) -> usize {
    let mut at = first;
    while (1..=3).contains(&first) && !rest.starts_with('0') && rest[at..].starts_with(separator) {
        match digits(&rest[at + 1..]) {
            3 => at += 4,
            _ => break,
        }
    }
    // A group that goes on as something else is none.
    let ends = |at: usize| !rest[at..].starts_with(|c: char| c.is_alphanumeric()) && !rest[at..].starts_with(separator);
    if ends(at) || separator == ' ' { at } else { first }
}

/// Length of a decimal comma with what is behind it.
fn decimals(rest: &str) -> usize {
    let fraction = rest.strip_prefix(',').map_or(0, digits);
    if (1..=2).contains(&fraction) { 1 + fraction } else { 0 }
}

/// Class and length of what begins with a digit. `spaced`: a space may stand between groups of digits.
fn number(rest: &str, spaced: bool) -> (Class, usize) {
    let first = digits(rest);
    if let Some(length) = iso(rest) {
        return (Class::Iso, length);
    }
    if first <= 2 && rest[first..].starts_with(':') && digits(&rest[first + 1..]) == 2 {
        let mut at = first + 3;
        if rest[at..].starts_with(':') && digits(&rest[at + 1..]) == 2 {
            at += 3;
        }
        return (Class::Clock, at);
    }
    let dotted = grouped_by(rest, first, '.');
    if dotted > first && (rest[first..dotted].matches('.').count() > 1 || rest[..dotted].ends_with(".000")) {
        return (Class::Number, dotted + decimals(&rest[dotted..]));
    }
    let mut at = if spaced { grouped_by(rest, first, ' ') } else { first };
    if first <= 3 && at == first {
        while let Some(separator) = rest[at..].chars().next().filter(|c| SEPARATORS.contains(c)) {
            let group = at + separator.len_utf8();
            if digits(&rest[group..]) != 3 {
                break;
            }
            at = group + 3;
        }
    }
    let grouped = at > first;
    let parts = version(rest);
    let dots = rest[..parts].matches('.').count();
    let tagged = rest[..parts].contains(|c: char| !c.is_ascii_digit() && c != '.');
    if !grouped && parts > first && (dots >= 2 || tagged) {
        return (Class::Version, parts);
    }
    let point = rest[at..].chars().next();
    let fraction = if matches!(point, Some('.' | ',')) { digits(&rest[at + 1..]) } else { 0 };
    let decimal = match point {
        Some('.') => fraction > 0,
        // A decimal comma has one or two digits behind it, and nothing that makes a list of it.
        Some(',') => !grouped && (1..=2).contains(&fraction) && !rest[at + 1 + fraction..].starts_with(','),
        _ => false,
    };
    (Class::Number, if decimal { at + 1 + fraction } else { at })
}

/// Length of the ISO 8601 date at the beginning, with its time.
fn iso(rest: &str) -> Option<usize> {
    let shape = |at: usize, pattern: &str| {
        let part = rest.as_bytes().get(at..at + pattern.len());
        part.is_some_and(|part| {
            part.iter()
                .zip(pattern.bytes())
                .all(|(have, want)| if want == b'0' { have.is_ascii_digit() } else { *have == want })
        })
    };
    if !shape(0, "0000-00-00") || rest[10..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut at = 10;
    if shape(at, "T00:00") || shape(at, " 00:00") {
        at += 6;
        if shape(at, ":00") {
            at += 3;
        }
        if rest[at..].starts_with('.') {
            at += 1 + digits(&rest[at + 1..]);
        }
        if rest[at..].starts_with('Z') {
            at += 1;
        } else if shape(at, "+00:00") || shape(at, "-00:00") {
            at += 6;
        }
    }
    Some(at)
}

/// Length of a version at the beginning: numbers and `x` joined by full stops, with a tag of a pre-release.
fn version(rest: &str) -> usize {
    let mut at = digits(rest);
    while let Some(next) = rest[at..].strip_prefix('.') {
        let n = digits(next);
        if n > 0 {
            at += 1 + n;
        } else if next.starts_with(['x', 'X']) && !next[1..].starts_with(char::is_alphanumeric) {
            at += 2;
            break;
        } else {
            break;
        }
    }
    let behind = &rest[at..];
    let tag = behind.strip_prefix(['-', '+']).unwrap_or(behind);
    let lower: String = tag.chars().take(8).collect::<String>().to_ascii_lowercase();
    let known = ["alpha", "beta", "rc", "pre", "dev", "snapshot", "nightly", "canary", "preview"];
    let numbered = behind.len() == tag.len();
    let is_tag = known.iter().any(|k| {
        lower.starts_with(k)
            && (tag[k.len()..].starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-')
                || (!numbered && !tag[k.len()..].starts_with(char::is_alphanumeric)))
    });
    if at > 0 && is_tag {
        let end = tag.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')).unwrap_or(tag.len());
        at += behind.len() - tag.len() + tag[..end].trim_end_matches(['.', '-']).len();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(Class, &str)> {
        tokens(text).into_iter().filter(|t| t.class != Class::Mark).map(|t| (t.class, &text[t.span])).collect()
    }

    #[test]
    fn every_kind_of_token_is_told_from_the_others() {
        for (text, class) in [
            ("1,234,567.5", Class::Number),
            ("1’000", Class::Number),
            ("2.4", Class::Number),
            ("1,5", Class::Number),
            ("v2", Class::Version),
            ("v2.4.1-rc.1", Class::Version),
            ("2.4.1", Class::Version),
            ("2.x", Class::Version),
            ("2.4-beta.2", Class::Version),
            ("2.0rc1", Class::Version),
            ("2026-03-01", Class::Iso),
            ("2026-03-01T10:00:00Z", Class::Iso),
            ("10:30", Class::Clock),
            ("https://example.org/a_(b)?c=d", Class::Url),
            ("docs.example.com/path", Class::Url),
            ("a.b@example.org", Class::Mail),
            ("/etc/passwd", Class::Path),
            ("--release", Class::Flag),
            ("CVE-2026-1234", Class::Word),
            ("std::io::read()", Class::Word),
            ("config.toml", Class::Word),
            ("C++", Class::Word),
            ("doesn't", Class::Word),
            ("x86_64", Class::Word),
        ] {
            assert_eq!(cut(text), [(class, text)], "{text}");
        }
    }

    #[test]
    fn tokens_end_where_a_reader_ends_them() {
        let words = |text: &str| cut(text).into_iter().map(|(_, t)| t.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            words("It takes 12ms (see https://e.org/a). Done."),
            ["It", "takes", "12", "ms", "see", "https://e.org/a", "Done"]
        );
        assert_eq!(words("40-ms latency, and/or 3x"), ["40", "ms", "latency", "and", "or", "3", "x"]);
        assert_eq!(words("released in 2.4. Next"), ["released", "in", "2.4", "Next"]);
        assert_eq!(words("1,234,56 items 1, 2 and 3"), ["1,234", "56", "items", "1", "2", "and", "3"]);
    }

    #[test]
    fn odd_text_is_cut_without_panic() {
        for text in [
            "",
            "v",
            "v1",
            "1.",
            "1,",
            "é1é",
            "-",
            "--",
            "$",
            "日本2026年",
            "a.",
            "1:2",
            "12:345",
            "www.",
            "\u{301}",
            "2026-13-",
            "ａ１",
        ] {
            let _ = tokens(text);
        }
    }
}

//! Names: runs of capitalised words, and identifiers.

use std::ops::Range;

use states::words::text::is_stop_word;

use super::claims::{Claim, NameSense};
use super::normalise::stem;
use super::tokens::{Class, Token};

/// Words of the trade that name nobody.
const COMMON: [&str; 44] = [
    "AI", "API", "ASCII", "CI", "CLI", "CPU", "CSS", "CSV", "DNS", "FAQ", "GPU", "GUI", "HTML", "HTTP", "HTTPS", "I",
    "ID", "IDE", "IO", "IP", "JSON", "LLM", "ML", "OK", "OS", "PC", "PDF", "PR", "QA", "RAM", "RSS", "SDK", "SQL",
    "SSD", "TCP", "TLS", "TOML", "UI", "URL", "USB", "UTF", "UX", "XML", "YAML",
];

/// Words that open sentences and are no names, beside stop words and what the sources write in lower case.
const OPENERS: [&str; 105] = [
    "according",
    "add",
    "additionally",
    "again",
    "although",
    "another",
    "anyone",
    "back",
    "best",
    "better",
    "build",
    "call",
    "check",
    "code",
    "compared",
    "consider",
    "despite",
    "developer",
    "developers",
    "digest",
    "download",
    "earlier",
    "either",
    "else",
    "even",
    "every",
    "everyone",
    "existing",
    "find",
    "first",
    "five",
    "four",
    "get",
    "given",
    "go",
    "good",
    "here's",
    "however",
    "install",
    "instead",
    "it's",
    "keep",
    "last",
    "later",
    "less",
    "let",
    "like",
    "make",
    "many",
    "meanwhile",
    "much",
    "neither",
    "never",
    "next",
    "note",
    "nothing",
    "often",
    "open",
    "people",
    "perhaps",
    "radar",
    "rather",
    "read",
    "release",
    "run",
    "second",
    "see",
    "set",
    "several",
    "since",
    "six",
    "source",
    "sources",
    "start",
    "still",
    "support",
    "take",
    "team",
    "teams",
    "ten",
    "test",
    "thank",
    "thanks",
    "that's",
    "there's",
    "third",
    "three",
    "thus",
    "today",
    "tomorrow",
    "try",
    "two",
    "update",
    "upgrade",
    "use",
    "users",
    "using",
    "watch",
    "what's",
    "who's",
    "within",
    "without",
    "write",
    "yes",
    "yesterday",
];

const ENDINGS: [&str; 10] = ["ing", "ly", "ed", "tion", "tions", "ment", "ments", "ness", "ers", "ors"];

/// Abbreviations with a full stop inside are no identifiers.
const ABBREVIATIONS: [&str; 6] = ["e.g", "i.e", "a.m", "p.m", "u.s", "u.k"];

/// The names of a draft's sentence, as far as no other claim has taken their tokens.
pub(crate) fn names(text: &str, tokens: &[Token], taken: &[bool], sense: NameSense<'_>) -> Vec<Claim> {
    let titled = is_titled(text, tokens);
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if taken[i] || !looks_like_name(text, &tokens[i], sense.capitals) {
            i += 1;
            continue;
        }
        let start = i;
        while i < tokens.len()
            && !taken[i]
            && looks_like_name(text, &tokens[i], sense.capitals)
            && (i == start || joined(text, tokens, i))
        {
            i += 1;
        }
        runs(text, tokens, start..i, sense, titled, &mut found);
    }
    found
}

/// Cuts ordinary words off a run of capitalised ones and makes claims of the rest.
fn runs(text: &str, tokens: &[Token], run: Range<usize>, sense: NameSense<'_>, titled: bool, found: &mut Vec<Claim>) {
    let opens = opens_sentence(tokens, run.start);
    let mut open = Vec::new();
    for i in run.clone() {
        let raw = tokens[i].raw(text);
        let loose = titled || (opens && i == run.start);
        if loose && !is_identifier(&tokens[i], raw) && is_ordinary(&tokens[i].lower, sense) {
            push(text, tokens, &mut open, titled || opens, found);
        } else {
            open.push(i);
        }
    }
    let at_start = opens && open.first() == Some(&run.start);
    push(text, tokens, &mut open, titled || at_start, found);
}

/// Makes a claim of a run. Where a capital letter says little (`loose`), one plain word may be a name or not.
fn push(text: &str, tokens: &[Token], open: &mut Vec<usize>, loose: bool, found: &mut Vec<Claim>) {
    let run = std::mem::take(open);
    let (Some(first), Some(last)) = (run.first().copied(), run.last().copied()) else { return };
    let raw = tokens[first].raw(text);
    let single = first == last;
    if single && (COMMON.contains(&raw) || COMMON.contains(&raw.trim_end_matches('s'))) {
        return;
    }
    let plain = !is_identifier(&tokens[first], raw) && raw.chars().filter(|c| c.is_uppercase()).count() == 1;
    let parts: Vec<String> = run.iter().flat_map(|i| parts(tokens[*i].raw(text), true)).collect();
    let span = tokens[first].span.start..tokens[last].span.end;
    found.push(Claim::name(parts, first..last + 1, span, loose && single && plain));
}

/// The parts of a word in which names are compared. Of `Rust-based` only `Rust` is a name; a source's words keep all parts.
pub(crate) fn parts(raw: &str, of_name: bool) -> Vec<String> {
    let raw = raw.strip_suffix("()").unwrap_or(raw);
    if raw.contains(|c: char| c.is_ascii_digit()) || !raw.contains('-') {
        return vec![stem(&raw.to_lowercase().replace('’', "'"))];
    }
    let all = raw.split('-').filter(|part| !part.is_empty());
    let kept: Vec<&str> = all.clone().filter(|part| !of_name || part.starts_with(char::is_uppercase)).collect();
    let kept = if kept.is_empty() { all.collect() } else { kept };
    kept.into_iter().map(|part| stem(&part.to_lowercase().replace('’', "'"))).collect()
}

fn looks_like_name(text: &str, token: &Token, capitals: bool) -> bool {
    let raw = token.raw(text);
    match token.class {
        Class::Path | Class::Flag => true,
        Class::Word => {
            let initial = raw.starts_with(char::is_uppercase);
            let all_capitals =
                raw.chars().filter(|c| c.is_uppercase()).count() > 1 && !raw.contains(char::is_lowercase);
            is_identifier(token, raw)
                || all_capitals
                || (capitals && initial && !matches!(token.lower.as_str(), "i" | "i'm" | "i’m" | "i've"))
        }
        _ => false,
    }
}

/// True for what is written as no word of a language is: `snake_case`, `camelCase`, `H100`, `a::b`, `f()`, `config.toml`.
fn is_identifier(token: &Token, raw: &str) -> bool {
    if matches!(token.class, Class::Path | Class::Flag) {
        return true;
    }
    let plain = raw.trim_end_matches("'s").trim_end_matches("’s");
    let camel = plain.chars().zip(plain.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    let mixed = plain.contains(|c: char| c.is_ascii_digit()) && plain.contains(char::is_alphabetic);
    let dotted = plain.contains('.') && !ABBREVIATIONS.contains(&token.lower.as_str());
    camel
        || mixed
        || dotted
        || plain.contains('_')
        || plain.contains("::")
        || plain.ends_with("()")
        || plain.ends_with("++")
        || plain.ends_with('#')
        || plain.starts_with('$')
}

fn joined(text: &str, tokens: &[Token], i: usize) -> bool {
    &text[tokens[i - 1].span.end..tokens[i].span.start] == " "
}

/// True for the first word, and for one behind the end of a sentence or a colon.
fn opens_sentence(tokens: &[Token], i: usize) -> bool {
    let mut before = tokens[..i].iter().rev();
    loop {
        match before.next() {
            None => return true,
            Some(t)
                if t.class == Class::Mark && matches!(t.lower.as_str(), "\"" | "“" | "‘" | "'" | "(" | "«" | "„") =>
                {}
            Some(t) => return t.class == Class::Mark && matches!(t.lower.as_str(), "." | "!" | "?" | ":" | "—" | "–"),
        }
    }
}

/// A heading in which most words have capital letters: there a capital letter says nothing.
fn is_titled(text: &str, tokens: &[Token]) -> bool {
    let long: Vec<&Token> = tokens.iter().filter(|t| t.class == Class::Word && t.lower.len() > 3).collect();
    let capitals = long.iter().filter(|t| t.raw(text).starts_with(char::is_uppercase)).count();
    long.len() >= 3 && capitals * 10 >= long.len() * 6
}

fn is_ordinary(lower: &str, sense: NameSense<'_>) -> bool {
    let known = |word: &str| sense.plain.contains(word) || sense.plain.contains(&stem(word));
    let whole = |word: &str| is_stop_word(word) || OPENERS.contains(&word) || known(word);
    let bare = lower.split(['\'', '’']).next().unwrap_or(lower);
    let first = bare.split('-').next().unwrap_or(bare);
    whole(lower)
        || whole(bare)
        || whole(first)
        || ENDINGS.iter().any(|end| bare.len() > end.len() + 3 && bare.ends_with(end))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::claims::{Kind, Reading};
    use super::*;

    fn named(text: &str) -> Vec<(String, bool)> {
        let plain: HashSet<String> = ["parser", "faster"].into_iter().map(str::to_owned).collect();
        let sense = NameSense { plain: &plain, capitals: true };
        let reading = Reading::of_draft(text, sense);
        reading
            .claims
            .into_iter()
            .filter(|c| c.kind == Kind::Name)
            .map(|c| (text[c.span].to_owned(), c.opening))
            .collect()
    }

    fn sure(text: &str) -> Vec<String> {
        named(text).into_iter().filter(|(_, opening)| !opening).map(|(name, _)| name).collect()
    }

    #[test]
    fn runs_of_capitalised_words_are_names() {
        assert_eq!(sure("The parser was written by Jane Doe at Ferrite Labs."), ["Jane Doe", "Ferrite Labs"]);
        assert_eq!(sure("The team calls Ferrite's engine fast."), ["Ferrite's"]);
    }

    #[test]
    fn identifiers_are_names_wherever_they_stand() {
        assert_eq!(
            sure("Call parse_all() with --strict on an H100, see config.toml and GitHub."),
            ["parse_all()", "--strict", "H100", "config.toml", "GitHub"]
        );
    }

    #[test]
    fn an_ordinary_word_that_opens_a_sentence_is_no_name() {
        assert_eq!(named("However, the parser is fast."), []);
        assert_eq!(named("Parser changes land today."), []);
        assert_eq!(named("Measuring helps."), []);
        assert_eq!(named("Zyntech helps."), [("Zyntech".to_owned(), true)]);
        assert_eq!(sure("Yesterday Jane Doe left."), ["Jane Doe"]);
    }

    #[test]
    fn a_heading_in_capitals_has_few_names() {
        assert_eq!(sure("What Makes The Parser Faster In Ferrite_2"), ["Ferrite_2"]);
    }

    #[test]
    fn common_abbreviations_name_nobody() {
        assert_eq!(sure("The API and the GPUs use HTTP."), [""; 0]);
        assert_eq!(sure("The tool uses NATS."), ["NATS"]);
    }
}

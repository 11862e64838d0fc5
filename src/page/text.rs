//! Plain text as Markdown that means exactly that text.
//!
//! The rules are those of CommonMark 0.31 with what Hugo adds to it: goldmark's tables, strikethrough, footnotes, task and
//! definition lists, linkify, typographer, heading attributes, the optional extras, emoji and passthrough extensions, and
//! shortcodes, which Hugo reads before Markdown. Brackets, braces and backslashes become character references, because a
//! backslash before them is itself a delimiter of the passthrough extension.

/// A text on one line, without characters that cannot be seen: white space is collapsed, control characters and those
/// that change the reading direction (Unicode TR 36) are dropped.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !is_hidden(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Code as it may stand in a page: line ends are `\n`, tabs stay, and what cannot be seen is dropped.
pub fn plain_code(text: &str) -> String {
    let kept: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|c| if matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') { '\n' } else { c })
        .filter(|c| matches!(c, '\n' | '\t') || !is_hidden(*c))
        .collect();
    kept.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

/// What the gate would find in the page as a hidden character, line ends and tabs among it.
fn is_hidden(c: char) -> bool {
    c.is_control() || gates::is_hidden(c)
}

/// A plain text as Markdown inside a block, on one line. `opens` says that it stands at the block's start.
pub fn inline(text: &str, opens: bool) -> String {
    let text = plain(text);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut before: Option<char> = None;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let after = rest.chars().next();
        let first = opens && at == 0;
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '[' => out.push_str("&#91;"),
            ']' => out.push_str("&#93;"),
            '{' => out.push_str("&#123;"),
            '}' => out.push_str("&#125;"),
            '\\' => out.push_str("&#92;"),
            // A dollar sign opens mathematics on sites with passthrough, and may be closed a sentence later.
            '*' | '`' | '~' | '^' | '|' | '$' => push_escaped(&mut out, c),
            '_' if !(is_word(before) && is_word(after)) => push_escaped(&mut out, c),
            // Linkify knows a URL by `://` or `www.`, an address by `@`.
            ':' if rest.starts_with("//") => out.push_str("&#58;"),
            ':' if is_emoji(rest) => push_escaped(&mut out, c),
            '.' if ends_with_www(&text[..at]) => out.push_str("&#46;"),
            '@' if before.is_some_and(|b| b.is_alphanumeric() || matches!(b, '.' | '_' | '-' | '+')) => {
                out.push_str("&#64;");
            }
            // The typographer would make one character of these; extras read `==` and `++` as marks.
            '-' | '=' | '+' if before == Some(c) || after == Some(c) => push_escaped(&mut out, c),
            '.' if before == Some('.') => push_escaped(&mut out, c),
            // A heading's closing marks are marks too.
            '#' if first || after.is_none() || after == Some('#') || before == Some('#') => push_escaped(&mut out, c),
            '-' | '+' | '=' | ':' if first => push_escaped(&mut out, c),
            '.' | ')' if opens && at == digits && (1..=9).contains(&digits) => push_escaped(&mut out, c),
            '!' if after.is_none() => push_escaped(&mut out, c),
            _ => out.push(c),
        }
        before = Some(c);
    }
    out
}

fn push_escaped(out: &mut String, c: char) {
    out.push('\\');
    out.push(c);
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// True when what follows a colon makes an emoji's name of it (`:smile:`).
fn is_emoji(rest: &str) -> bool {
    let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-')).count();
    name > 0 && rest.as_bytes().get(name) == Some(&b':')
}

fn ends_with_www(text: &str) -> bool {
    let tail = text.len().checked_sub(3).and_then(|at| text.get(at..));
    tail.is_some_and(|t| t.eq_ignore_ascii_case("www"))
}

/// Languages that Hugo or common themes run or draw instead of showing them.
const DRAWN: [&str; 8] = ["goat", "mermaid", "math", "katex", "latex", "html-raw", "plantuml", "dot"];

/// What Hugo reads before Markdown, inside fences too: shortcodes and the summary's end.
const READ_IN_CODE: [&str; 3] = ["{{<", "{{%", "<!--more-->"];

/// A code block. Code that Hugo would read something in is written as escaped lines instead of a fence, so that the text
/// stays the same and nothing runs.
pub fn code_block(language: &str, code: &str) -> String {
    let code = plain_code(code);
    if READ_IN_CODE.iter().any(|mark| code.contains(mark)) {
        return escaped_lines(&code);
    }
    let label: String =
        language.to_ascii_lowercase().chars().filter(|c| c.is_ascii_alphanumeric() || "+#-_".contains(*c)).collect();
    let label = if label.is_empty() || label.len() > 24 || DRAWN.contains(&label.as_str()) { "text" } else { &label };
    let fence = "`".repeat(longest_run(&code, '`').max(2) + 1);
    format!("{fence}{label}\n{code}\n{fence}")
}

fn escaped_lines(code: &str) -> String {
    let lines: Vec<String> = code
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let indent = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
            let spaces = "&#160;".repeat(indent);
            // Not at the block's start when spaces stand before it, and never a thematic break: those are escaped.
            format!("{spaces}{}", inline(line, true))
        })
        .collect();
    lines.join("\\\n")
}

/// Length of the longest run of a character.
pub fn longest_run(text: &str, c: char) -> usize {
    text.split(|other| other != c).map(str::len).max().unwrap_or_default() / c.len_utf8()
}

/// A URL for a link's destination between `<` and `>`: `http` or `https` only, without credentials. `None` for anything
/// else, so that the caller writes the text alone.
pub fn destination(url: &str) -> Option<String> {
    let mut parsed = url::Url::parse(url.trim()).ok()?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none_or(str::is_empty) {
        return None;
    }
    parsed.set_username("").ok()?;
    parsed.set_password(None).ok()?;
    Some(encode_destination(parsed.as_str()))
}

/// A path of the site for a link's destination: it begins with one `/`. `None` for anything else.
pub fn site_destination(path: &str) -> Option<String> {
    let good = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\0', '\n', '\r']);
    good.then(|| encode_destination(path))
}

/// Percent-encodes what Markdown, HTML, a shortcode or linkify could read inside `<…>`; an ampersand becomes a character
/// reference, because references are decoded there.
fn encode_destination(url: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' | '>' | '\\' | '{' | '}' | '|' | '^' | '`' | '"' | '\'' | '[' | ']' | '(' | ')' | '$' => {
                let _ = write!(out, "%{:02X}", u32::from(c));
            }
            c if c.is_whitespace() || is_hidden(c) => {
                for byte in c.to_string().bytes() {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_prose_stays_readable() {
        for text in [
            "Version 2.4.1 of the parser is 12% faster (see the notes), says its author's blog.",
            "It reads snake_case names, C# and F# files; prices begin at 5 euros.",
            "A \"quoted\" word, a well-known one - and a dash.",
        ] {
            assert_eq!(inline(text, true), text);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_dropped_and_lines_are_joined() {
        assert_eq!(plain(" a\u{202e}b\u{0}\n\n c\u{2028}d\u{feff} "), "ab c d");
        assert_eq!(plain_code("a\r\n\tb\u{202e}  \n\n"), "a\n\tb");
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(code_block("Rust", "a\n````\nb"), "`````rust\na\n````\nb\n`````");
        assert_eq!(code_block("mermaid {onload=x}", "a"), "```mermaidonloadx\na\n```");
        assert_eq!(code_block("mermaid", "a"), "```text\na\n```");
    }

    #[test]
    fn code_with_a_shortcode_is_not_fenced() {
        assert_eq!(code_block("html", "{{< x >}}\n  - b"), "&#123;&#123;&lt; x &gt;&#125;&#125;\\\n&#160;&#160;\\- b");
    }

    #[test]
    fn only_web_addresses_become_destinations() {
        assert_eq!(
            destination("https://u:p@a.example/x?a=1&copy=2"),
            Some("https://a.example/x?a=1&amp;copy=2".into())
        );
        for bad in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "/x", "http://", "x"] {
            assert_eq!(destination(bad), None, "{bad}");
        }
        assert_eq!(site_destination("/posts/a b/"), Some("/posts/a%20b/".into()));
        for bad in ["//evil.example", "https://a.example/", "javascript:x", "/\\evil.example"] {
            assert_eq!(site_destination(bad), None, "{bad}");
        }
    }
}

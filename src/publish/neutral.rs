//! Text from outside in places where a forge reads commands: pull requests, comments, commit messages.
//!
//! A forge turns `@user` into a mention, `#1`, `GH-1` and addresses of issues into references, `closes #1` into an order,
//! and bots read lines that begin with `/`. A character of no width after the mark ends all of them, and the text looks
//! the same. Besides, text is shown as code, where neither Markdown nor HTML is read.

/// No width, no meaning, and no part of a user's name, number or address.
const BREAK: char = '\u{200b}';

/// A text on one line without control, direction and other hidden characters, at most `longest` characters.
pub fn plain_line(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        // Joiners and the selectors of emoji have their place on a page. Here they would only tell apart what looks the same.
        let hidden = gates::is_hidden(c) || matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !c.is_control() && !hidden {
            out.push(c);
        }
    }
    let out = out.trim_end();
    match out.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", out[..at].trim_end()),
        None => out.to_owned(),
    }
}

/// A text on one line in which nothing is a mention, a reference or a command.
pub fn neutral(text: &str) -> String {
    let text = plain_line(text, 2000);
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let next = rest.chars().next();
        if at == 0 && matches!(c, '/' | '!') {
            out.push(BREAK);
        }
        out.push(c);
        let number_ahead = next.is_some_and(|n| n.is_ascii_digit());
        let breaks = match c {
            '@' => next.is_some_and(char::is_alphanumeric),
            // References: `#1`, `!1` (merge requests), `GH-1`.
            '#' | '!' => number_ahead,
            '-' => number_ahead && ends_with_gh(&out),
            // Addresses are references where they name an issue of a forge.
            ':' => rest.starts_with("//"),
            '.' => ends_with_www(&out),
            // A line of HTML or a comment that hides the rest.
            '<' => true,
            // `owner/name#1` is ended at `#`; a command may follow white space in a bot's reading.
            ' ' => next == Some('/'),
            _ => false,
        };
        // Forges link what looks like a commit.
        let commit = c.is_ascii_hexdigit() && !before.is_some_and(char::is_alphanumeric) && is_commit(&text[at..]);
        if breaks || commit {
            out.push(BREAK);
        }
        before = Some(c);
    }
    out
}

fn ends_with_gh(text: &str) -> bool {
    let tail: Vec<char> = text.chars().rev().skip(1).take(3).collect();
    matches!(tail.as_slice(), ['h' | 'H', 'g' | 'G'] | ['h' | 'H', 'g' | 'G', _])
        && !tail.get(2).is_some_and(|c| c.is_alphanumeric())
}

fn ends_with_www(text: &str) -> bool {
    text.len() >= 4 && text.get(text.len() - 4..).is_some_and(|tail| tail.eq_ignore_ascii_case("www."))
}

/// Seven to forty hexadecimal digits with a letter and a digit among them.
fn is_commit(text: &str) -> bool {
    let run: &str = &text[..text.bytes().take_while(u8::is_ascii_hexdigit).count()];
    let ended = !text[run.len()..].chars().next().is_some_and(char::is_alphanumeric);
    ended
        && (7..=40).contains(&run.len())
        && run.bytes().any(|b| b.is_ascii_digit())
        && run.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A text as Markdown code on one line: nothing in it is read. Empty text gives an empty string.
pub fn code(text: &str) -> String {
    let text = neutral(text);
    if text.is_empty() {
        return text;
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A space at either end is taken off again by the reader (CommonMark 0.31, 6.1).
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text as code inside a table's cell: a bar would end the cell even there (GFM 0.29, 4.10).
pub fn cell(text: &str, longest: usize) -> String {
    code(&plain_line(text, longest)).replace('|', "\\|")
}

/// A link to a source. Addresses that forges turn into references (issues, pull requests, commits) are shown as code.
pub fn link(title: &str, url: &str) -> String {
    let title = if plain_line(title, 120).is_empty() { plain_line(url, 120) } else { plain_line(title, 120) };
    let Ok(parsed) = url::Url::parse(url.trim()) else { return cell(&title, 120) };
    let path = parsed.path().to_ascii_lowercase();
    let refers = ["/issues/", "/pull/", "/pulls/", "/merge_requests/", "/discussions/", "/commit/", "/compare/"]
        .iter()
        .any(|mark| path.contains(mark));
    if !matches!(parsed.scheme(), "http" | "https") {
        return cell(&title, 120);
    }
    if refers {
        return format!("{} ({})", cell(&title, 120), cell(url, 300));
    }
    let mut parsed = parsed;
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    let mut address = String::new();
    for c in parsed.as_str().chars() {
        use std::fmt::Write as _;
        match c {
            '<' | '>' | '(' | ')' | '[' | ']' | '\\' | '|' | '`' | '"' | '\'' | '@' | '{' | '}' | '*' => {
                let _ = write!(address, "%{:02X}", u32::from(c));
            }
            '&' => address.push_str("&amp;"),
            c => address.push(c),
        }
    }
    // A fragment such as #1 is a reference to some readers of the raw text.
    let address = address.split('#').next().unwrap_or_default().to_owned();
    format!("[{}](<{address}>)", cell(&title, 120))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a forge would act on, looked for in the raw text.
    fn live(text: &str) -> Vec<String> {
        let pattern = r"(?i)@[a-z0-9]|[#!]\d|\bgh-\d|https?://|www\.[a-z]|(?m:^\s*/[a-z])|<[a-z/!]";
        let found = regex_lite(pattern, text);
        found.into_iter().map(str::to_owned).collect()
    }

    fn regex_lite<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
        regex::Regex::new(pattern).unwrap().find_iter(text).map(|m| m.as_str()).collect()
    }

    #[test]
    fn nothing_in_neutral_text_is_live() {
        for text in [
            "@user please look",
            "thanks to @org/team",
            "closes #1",
            "Fixes owner/name#12",
            "GH-7 and gh-8",
            "!15",
            "https://github.com/o/n/issues/1",
            "see http://x.example and www.x.example",
            "/merge",
            "ok\n/approve now",
            "<script>alert(1)</script> <!-- hidden -->",
            "a1b2c3d4e5f6 is a commit",
            "x /lgtm",
            "(#3)",
            "[#3](#4)",
            "![x](https://evil.example/#1)",
            "\u{202e}@user\u{200b}",
            "resolves: #1, #2",
        ] {
            assert_eq!(live(&neutral(text)), Vec::<String>::new(), "{text:?} became {:?}", neutral(text));
            assert_eq!(live(&code(text)), Vec::<String>::new(), "{text:?}");
            let same = neutral(text).replace(BREAK, "");
            assert_eq!(same, plain_line(text, 2000), "the text is the same to the eye");
        }
        assert!(!neutral("commit a1b2c3d4e5f6").contains("a1b2c3d4e5f6"));
        assert_eq!(neutral("C# 12 and F# rose by 5%, e-mail me"), "C# 12 and F# rose by 5%, e-mail me");
    }

    #[test]
    fn nothing_hidden_is_left() {
        for hidden in
            ['\u{ad}', '\u{115f}', '\u{3164}', '\u{ffa0}', '\u{fe00}', '\u{fe0f}', '\u{e0100}', '\u{200d}', '\u{202e}']
        {
            let text = format!("be{hidden}fore");
            assert_eq!(plain_line(&text, 100), "before", "{hidden:?}");
            assert_eq!(neutral(&format!("@{hidden}user")), "@\u{200b}user", "{hidden:?}");
            assert_eq!(cell(&text, 100), "`before`", "{hidden:?}");
            assert!(!link(&text, "https://a.example/").contains(hidden), "{hidden:?}");
        }
    }

    #[test]
    fn code_cannot_be_left_from_inside() {
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(cell("a | b\nc", 100), "`a \\| b c`");
        assert_eq!(code(" \n "), "");
    }

    #[test]
    fn addresses_of_issues_are_shown_and_not_linked() {
        assert_eq!(link("A", "https://a.example/x?a=1&b=2#top"), "[`A`](<https://a.example/x?a=1&amp;b=2>)");
        assert!(!link("A", "https://github.com/o/n/issues/1").contains("](<"));
        assert_eq!(link("A", "file:///etc/passwd"), "`A`");
        assert_eq!(link("A", "javascript:alert(1)"), "`A`");
        assert!(!link("A", "https://a.example/@user").contains("@user"));
    }
}

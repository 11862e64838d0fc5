//! What plain text is: no markup, nothing hidden, bounded.

/// No sentence has more characters than this.
pub(crate) const MAX_SENTENCE: usize = 1_200;

/// Elements of HTML that text must not hold. `Vec<T>` and `a < b` are text, and stay.
const ELEMENTS: [&str; 60] = [
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "code",
    "details",
    "div",
    "em",
    "embed",
    "font",
    "footer",
    "form",
    "frame",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "kbd",
    "li",
    "link",
    "main",
    "math",
    "meta",
    "nav",
    "noscript",
    "object",
    "ol",
    "p",
    "picture",
    "pre",
    "script",
    "section",
    "small",
    "source",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "table",
    "u",
    "ul",
];

/// What is wrong with a text as plain text of one line; `None` where nothing is.
pub(crate) fn problem_of(text: &str, most: usize) -> Option<String> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Some("it is empty; leave it out, or say something".to_owned());
    }
    if length > most {
        return Some(format!("it has {length} characters; {most} are the limit"));
    }
    if let Some(c) = text.chars().find(|c| hidden(*c)) {
        return Some(format!("it holds the invisible character U+{:04X}; plain text is expected", u32::from(c)));
    }
    let markup = if let Some(element) = element_in(text) {
        format!("the HTML `{element}`")
    } else if text.contains("](") || text.contains("][") {
        "a Markdown link or image".to_owned()
    } else if text.contains("```") || text.contains("~~~") {
        "a code fence".to_owned()
    } else if text.contains("**") && text.matches("**").count() >= 2 {
        "Markdown emphasis".to_owned()
    } else if text.starts_with('#') && text.trim_start_matches('#').starts_with(' ') {
        "a Markdown heading".to_owned()
    } else if text.contains("{{") || text.contains("{%") {
        "template syntax".to_owned()
    } else {
        return None;
    };
    Some(format!("it holds {markup}; plain text is expected"))
}

fn hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200C}' | '\u{200D}') || gates::is_hidden(c)
}

/// The first tag, comment or declaration of HTML.
fn element_in(text: &str) -> Option<&str> {
    text.match_indices('<').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        if rest.starts_with("!--") || rest.get(..8).is_some_and(|d| d.eq_ignore_ascii_case("!doctype")) {
            return Some("<!");
        }
        let name_at = usize::from(rest.starts_with('/'));
        let name_len = rest[name_at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = &rest[name_at..name_at + name_len];
        let ends = rest[name_at + name_len..].chars().next().is_none_or(|c| c == '>' || c == '/' || c.is_whitespace());
        // A lower-case single letter is HTML, an upper-case one is a type: `Vec<B>`.
        let typed = name.len() == 1 && name.chars().all(char::is_uppercase) && name_at == 0;
        let known = ELEMENTS.binary_search(&name.to_lowercase().as_str()).is_ok();
        (known && ends && !typed).then(|| &text[at..at + 1 + name_at + name_len])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_from_text() {
        assert!(ELEMENTS.is_sorted());
        for bad in [
            "",
            " ",
            "a <b>c</b>",
            "<script>x",
            "</P >",
            "<!-- x -->",
            "see [x](y)",
            "**loud**",
            "# Title",
            "a ```x",
            "{{< x >}}",
            "{% x %}",
            "a\nb",
            "a\u{202E}b",
            "<img/onerror=x>",
            "<iframe src=x",
            "<IMG SRC=x>",
        ] {
            assert!(problem_of(bad, 100).is_some(), "{bad:?}");
        }
        for good in
            ["Vec<T> grows", "a < b and c > d", "2 ** 3 is 8", "C# is a language", "`x` runs", "Vec<B>", "<T: Clone>"]
        {
            assert_eq!(problem_of(good, 100), None, "{good:?}");
        }
        assert!(problem_of("abcdef", 5).unwrap().contains("6 characters"));
    }
}

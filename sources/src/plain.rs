//! Plain text on one line, from what feeds and pages put where plain text belongs.

use scraper::Html;

use crate::extract::{measure, one_line};

/// One line of plain text from text that may hold markup. Text that only looks like markup (`Vec<T>`) stays as it is.
pub(crate) fn line_of(text: &str, may_be_html: bool) -> String {
    if may_be_html && has_markup(text) && measure::check(text).is_ok() {
        let html = Html::parse_fragment(text);
        let shown: String = html
            .root_element()
            .descendants()
            .filter(|node| {
                !node.ancestors().any(|up| {
                    up.value().as_element().is_some_and(|e| matches!(e.name(), "script" | "style" | "template"))
                })
            })
            .filter_map(|node| node.value().as_text().map(|t| t.to_string()))
            .collect();
        return one_line(&shown);
    }
    one_line(text)
}

/// Entities decoded, markup kept as text. Pages escape twice often enough.
pub(crate) fn unescaped(text: &str) -> String {
    if !text.contains('&') || !text.contains(';') {
        return text.to_owned();
    }
    let safe = text.replace('<', "&lt;");
    one_line(&Html::parse_fragment(&safe).root_element().text().collect::<String>())
}

/// True where a text has entities or tags that HTML knows.
fn has_markup(text: &str) -> bool {
    const TAGS: [&str; 22] = [
        "a", "abbr", "b", "br", "cite", "code", "del", "div", "em", "font", "i", "img", "li", "p", "s", "script",
        "small", "span", "strong", "style", "sub", "sup",
    ];
    let entity = text.find('&').is_some_and(|at| text[at..].contains(';'));
    entity
        || text.match_indices('<').any(|(at, _)| {
            let rest = text[at + 1..].trim_start_matches('/');
            let name: String =
                rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
            rest[name.len()..].contains('>')
                && (TAGS.contains(&name.as_str()) || matches!(name.as_bytes(), [b'h', b'1'..=b'6']))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_what_only_looks_like_it_stays() {
        assert_eq!(line_of("A <b>bold</b>\n title &amp; more", true), "A bold title & more");
        assert_eq!(line_of("Vec<T> and Option<&str>", true), "Vec<T> and Option<&str>");
        assert_eq!(line_of("<b>kept</b>", false), "<b>kept</b>");
        assert_eq!(line_of("x<script>alert(1)</script>", true), "x");
    }
}

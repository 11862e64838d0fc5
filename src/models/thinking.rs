//! Telling thinking apart from the answer, where a server leaves both in one text.

/// How models mark it.
const MARKS: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
];

/// What follows the thinking that some models put before their answer; `None` where nothing but thinking came.
pub(super) fn without(text: &str) -> Option<&str> {
    let text = text.trim_start();
    for (open, close) in MARKS {
        let end = text.find(close);
        if text.starts_with(open) {
            return end.map(|at| text[at + close.len()..].trim_start()).filter(|rest| !rest.is_empty());
        }
        // Chat templates that open the thinking themselves leave only its end.
        if let Some(at) = end
            && text.find('{').is_none_or(|brace| at < brace)
        {
            return Some(text[at + close.len()..].trim_start()).filter(|rest| !rest.is_empty());
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_only_thought_is_no_answer() {
        for (text, answer) in [
            ("{\"a\": 1}", Some("{\"a\": 1}")),
            ("<think>{\"a\": 2}?</think>\n{\"a\": 1}", Some("{\"a\": 1}")),
            (" <thinking>hm</thinking> {}", Some("{}")),
            ("hm, let me see</think>{\"a\": 1}", Some("{\"a\": 1}")),
            ("<think>{\"a\": 1}", None),
            ("<think></think>", None),
            ("<reasoning>cut", None),
            ("{\"why\": \"it says </think>\"}", Some("{\"why\": \"it says </think>\"}")),
            ("", Some("")),
        ] {
            assert_eq!(without(text), answer, "{text}");
        }
    }
}

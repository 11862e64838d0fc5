//! From a model's text to typed data, within bounds.
//!
//! An error here is written for two readers: a person, and the model that is asked again with it.

mod classify;
mod draft;
mod plain;
mod triage;

use serde_json::Value;

use super::thinking;

pub use classify::parse_complexity;
pub use draft::parse_draft;
pub(crate) use plain::problem_of;
pub use triage::{TriageAnswer, TriageKind, parse_triage};

/// No answer is longer than this.
const MAX_BYTES: usize = 10_000_000;
/// Opening braces that are tried as the beginning of the object.
const MAX_CANDIDATES: usize = 12;

/// Why an answer is not what was asked for. The message says what to do instead and can be sent back to the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is no JSON object in it.
    #[error("the answer holds no JSON object ({why}); answer with one JSON object and nothing else")]
    NoJson {
        /// What was found instead.
        why: String,
    },
    /// A member is missing or of another type.
    #[error("`{at}`: {expected} is expected")]
    Shape {
        /// Where, as a path.
        at: String,
        /// What belongs there.
        expected: String,
    },
    /// A sentence cites a number that no source sentence has.
    #[error("`{at}` cites sentence {number}; the numbers go from 1 to {highest}")]
    Citation {
        /// Where, as a path.
        at: String,
        /// The number.
        number: String,
        /// The highest number there is.
        highest: usize,
    },
    /// A text is not plain, or empty, or too long.
    #[error("`{at}`: {problem}")]
    Text {
        /// Where, as a path.
        at: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There are too many of something.
    #[error("`{at}` has {found} entries; {from} to {to} are expected")]
    Count {
        /// Where, as a path.
        at: String,
        /// How many there are.
        found: usize,
        /// The fewest.
        from: usize,
        /// The most.
        to: usize,
    },
}

/// The JSON object of an answer as text: without thinking before it, a code fence around it, or words after it.
///
/// # Errors
/// [`ParseError::NoJson`] where there is none within bounds.
pub fn answer_json(text: &str) -> Result<String, ParseError> {
    object_of(text).map(|object| Value::Object(object).to_string())
}

/// The JSON object of an answer.
pub(super) fn object_of(text: &str) -> Result<serde_json::Map<String, Value>, ParseError> {
    let none = |why: &str| ParseError::NoJson { why: why.to_owned() };
    if text.len() > MAX_BYTES {
        return Err(none("it is longer than 10 MB"));
    }
    let text = thinking::without(text).ok_or_else(|| none("it ends while thinking"))?;
    if text.trim().is_empty() {
        return Err(none("it is empty"));
    }
    let mut first_error = None;
    let mut at = 0;
    for _ in 0..MAX_CANDIDATES {
        let Some(found) = text[at..].find('{') else { break };
        at += found;
        // serde_json stops at 128 levels, so that nesting cannot exhaust the stack.
        match serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>().next() {
            // `{}` in prose is no answer.
            Some(Ok(Value::Object(object))) if !object.is_empty() => return Ok(object),
            Some(Err(error)) => {
                first_error.get_or_insert(error.to_string());
            }
            _ => {}
        }
        at += 1;
    }
    Err(none(first_error.as_deref().unwrap_or("it is prose, or JSON of another kind")))
}

/// Reads a member, with a path for the error.
pub(super) struct At<'a> {
    pub(super) path: String,
    pub(super) value: &'a Value,
}

impl<'a> At<'a> {
    pub(super) fn member(
        object: &'a serde_json::Map<String, Value>,
        name: &str,
        parent: &str,
    ) -> Result<Self, ParseError> {
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
        match object.get(name) {
            Some(value) => Ok(Self { path, value }),
            None => Err(ParseError::Shape { at: path, expected: "a value".to_owned() }),
        }
    }

    fn shape<T>(&self, found: Option<T>, expected: &str) -> Result<T, ParseError> {
        found.ok_or_else(|| ParseError::Shape { at: self.path.clone(), expected: expected.to_owned() })
    }

    pub(super) fn string(&self) -> Result<&'a str, ParseError> {
        self.shape(self.value.as_str(), "a string")
    }

    pub(super) fn truth(&self) -> Result<bool, ParseError> {
        self.shape(self.value.as_bool(), "true or false")
    }

    pub(super) fn object(&self) -> Result<&'a serde_json::Map<String, Value>, ParseError> {
        self.shape(self.value.as_object(), "an object")
    }

    /// The items of an array of `from` to `to`, each with its path.
    pub(super) fn items(&self, from: usize, to: usize) -> Result<Vec<At<'a>>, ParseError> {
        let items = self.shape(self.value.as_array(), "an array")?;
        if !(from..=to).contains(&items.len()) {
            return Err(ParseError::Count { at: self.path.clone(), found: items.len(), from, to });
        }
        Ok(items.iter().enumerate().map(|(i, value)| At { path: format!("{}[{i}]", self.path), value }).collect())
    }

    /// A whole number from 0 to 100, also when it is written `80.0` or `"80"`.
    pub(super) fn percent(&self) -> Result<u8, ParseError> {
        let number = self.value.as_f64().or_else(|| self.value.as_str().and_then(|s| s.trim().parse().ok()));
        let whole = number.filter(|n| (0.0..=100.0).contains(n)).map(|n| n.round() as u8);
        self.shape(whole, "a whole number from 0 to 100")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_among_what_models_put_around_it() {
        for text in [
            r#"{"a":1}"#,
            "```json\n{\"a\":1}\n```",
            "Sure! Here it is:\n{\"a\":1}\nHope it helps.",
            "<think>a {plan} and {\"b\":2}</think>{\"a\":1}",
            "plan {no} </think>\n{\"a\":1}",
            "thinking…</think>{\"a\":1}",
            "{\"a\":1}{\"a\":2}",
            "with {} and {x}: {\"a\":1}",
            "\u{FEFF}{\"a\":1}",
        ] {
            assert_eq!(answer_json(text).as_deref(), Ok(r#"{"a":1}"#), "{text}");
        }
    }

    /// An overflow would end the process, so that this test ends at all is part of what it shows.
    #[test]
    fn a_hundred_thousand_levels_are_an_error_on_a_small_stack() {
        const LEVELS: usize = 100_000;
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(LEVELS), close.repeat(LEVELS));
        let answers = [
            nested("{\"a\":", "}"),
            nested("{\"a\":", ""),
            nested("[", "]"),
            nested("{\"a\":[", "]}"),
            format!("{{\"title\":{}}}", nested("[", "]")),
            format!("```json\n{{\"sections\":[{}]}}\n```", nested("{\"heading\":", "}")),
            nested("<think>", "</think>"),
            nested("{", "}"),
        ];
        let read = move || answers.iter().map(|answer| answer_json(answer).unwrap_err()).collect::<Vec<_>>();
        let errors = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(read).unwrap().join().unwrap();
        assert!(errors.iter().all(|error| error.to_string().len() < 500), "{errors:?}");
    }

    #[test]
    fn what_is_no_object_is_an_error_that_says_so() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{'a':1}",
            "<think>for ever",
            "I'm sorry.",
            "{\"a\": \"",
            &"{\"a\":".repeat(100_000),
        ] {
            let error = answer_json(text).unwrap_err();
            assert!(error.to_string().contains("one JSON object"), "{error}");
        }
        assert!(answer_json(&" ".repeat(MAX_BYTES + 1)).is_err());
    }
}

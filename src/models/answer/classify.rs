//! The answer of a classifier.

use super::triage::text;
use super::{At, ParseError, object_of};
use crate::models::classify::Complexity;

/// Reads an answer of a classifier.
///
/// # Errors
/// See [`ParseError`].
pub fn parse_complexity(answer: &str) -> Result<Complexity, ParseError> {
    let object = object_of(answer)?;
    let complex = At::member(&object, "complex", "")?.truth()?;
    Ok(Complexity { complex, why: text(&At::member(&object, "why", "")?, 600)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_says_true_or_false_and_why() {
        let said = parse_complexity("Sure: {\"complex\": true, \"why\": \"Nine  sources.\"}").unwrap();
        assert_eq!(said, Complexity { complex: true, why: "Nine sources.".into() });
        for (broken, at) in
            [("{\"complex\": 1, \"why\": \"x\"}", "complex"), ("{\"complex\": false, \"why\": \"\"}", "why")]
        {
            let error = parse_complexity(broken).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{at}`")), "{error}");
        }
    }
}

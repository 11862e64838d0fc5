//! The answer of triage.

use serde::{Deserialize, Serialize};

use super::plain::problem_of;
use super::{At, ParseError, object_of};

/// What kind of text a lead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriageKind {
    /// A version that can be had.
    Release,
    /// Something new that is no release.
    Announcement,
    /// How to do something.
    Tutorial,
    /// What somebody thinks.
    Opinion,
    /// None of these.
    Other,
}

impl TriageKind {
    /// All kinds, in the order of the prompt.
    pub const ALL: [Self; 5] = [Self::Release, Self::Announcement, Self::Tutorial, Self::Opinion, Self::Other];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Announcement => "announcement",
            Self::Tutorial => "tutorial",
            Self::Opinion => "opinion",
            Self::Other => "other",
        }
    }
}

/// What triage says of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageAnswer {
    /// 0 (nothing for these readers) to 100 (they must not miss it).
    pub relevance: u8,
    /// What kind of text it is.
    pub kind: TriageKind,
    /// What it is about, in a few words.
    pub topic: String,
    /// What a reader would search for, lower case, the most telling first; one to eight.
    pub keywords: Vec<String>,
    /// 0 to 100: how sure the model is.
    pub confidence_percent: u8,
    /// Why, in a sentence.
    pub why: String,
}

/// Reads an answer of triage.
///
/// # Errors
/// See [`ParseError`]. A keyword that is no plain short text is left out; an answer without any is an error.
pub fn parse_triage(answer: &str) -> Result<TriageAnswer, ParseError> {
    let object = object_of(answer)?;
    let member = |name: &str| At::member(&object, name, "");
    let kind = member("kind")?;
    let named = kind.string()?.trim().to_lowercase();
    let kind = TriageKind::ALL.into_iter().find(|k| k.as_str() == named).ok_or_else(|| ParseError::Shape {
        at: kind.path,
        expected: "release, announcement, tutorial, opinion or other".to_owned(),
    })?;
    let mut keywords: Vec<String> = Vec::new();
    for item in member("keywords")?.items(1, 50)? {
        let word = squeezed(item.string()?).to_lowercase();
        if keywords.len() < 8 && problem_of(&word, 60).is_none() && !keywords.contains(&word) {
            keywords.push(word);
        }
    }
    if keywords.is_empty() {
        let problem = "no keyword is a short plain text".to_owned();
        return Err(ParseError::Text { at: "keywords".to_owned(), problem });
    }
    Ok(TriageAnswer {
        relevance: member("relevance")?.percent()?,
        kind,
        topic: text(&member("topic")?, 120)?,
        keywords,
        confidence_percent: member("confidence_percent")?.percent()?,
        why: text(&member("why")?, 600)?,
    })
}

/// A plain text of one line.
pub(super) fn text(at: &At<'_>, most: usize) -> Result<String, ParseError> {
    let text = squeezed(at.string()?);
    match problem_of(&text, most) {
        None => Ok(text),
        Some(problem) => Err(ParseError::Text { at: at.path.clone(), problem }),
    }
}

/// White space squeezed to single blanks.
pub(super) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"relevance": 80.0, "kind": "Release", "topic": " a  topic ", "keywords": ["Wal", "wal", "<b>x</b>"],
        "confidence_percent": "90", "why": "Because."}"#;

    #[test]
    fn a_loosely_written_answer_is_read() {
        let answer = parse_triage(GOOD).unwrap();
        assert_eq!((answer.relevance, answer.kind, answer.confidence_percent), (80, TriageKind::Release, 90));
        assert_eq!((answer.topic.as_str(), answer.keywords), ("a topic", vec!["wal".to_owned()]));
    }

    #[test]
    fn each_wrong_member_is_named() {
        for (from, to, at) in [
            ("80.0", "101", "relevance"),
            ("80.0", "null", "relevance"),
            ("\"Release\"", "\"rumour\"", "kind"),
            ("[\"Wal\", \"wal\", \"<b>x</b>\"]", "[]", "keywords"),
            ("\" a  topic \"", "\"**a** **b**\"", "topic"),
            ("\"Because.\"", "7", "why"),
        ] {
            let error = parse_triage(&GOOD.replace(from, to)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{at}`")), "{error}");
        }
    }
}

//! The question to the judge, and its answer.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use states::words::{JudgeScore, Template, Writer};

use crate::Subject;
use crate::rules::excerpt;

/// The rubric, word for word as the judge is given it.
pub const RUBRIC: &str = "\
Grounding, 0 to 30: everything that is said stands in the cited text, in the sense it has there; nothing is left out that \
would turn it; what is uncertain is told as uncertain.
Structure, 0 to 25: the answer comes first; each section has one subject; the order helps a reader; nothing is said twice.
Search intent, 0 to 25: a reader who searched for the topic finds the answer, what it means for them, and what to do next.
Voice, 0 to 20: plain and exact; no praise, no filler, no phrases that fit any article.";

/// The longest `why` that is kept, in characters.
const WHY: usize = 2_000;

/// One sentence of the draft with the text it cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeSentence {
    /// Its number, from 1.
    pub number: usize,
    /// Where it stands, in words.
    pub place: String,
    /// The sentence.
    pub text: String,
    /// The cited ranges, in order.
    pub cited: Vec<String>,
}

/// What the judge is asked. Everything that came from outside is in `sentences`, `title`, `description`, `topic` and
/// `keyword`: a template must show it as text to be judged, never as instructions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeQuestion {
    /// What the article is about.
    pub topic: String,
    /// The primary keyword: what a reader searches for.
    pub keyword: String,
    /// The form it is written in.
    pub template: Template,
    /// BCP 47 language.
    pub language: String,
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// All sentences in reading order, title and description among them.
    pub sentences: Vec<JudgeSentence>,
    /// The rubric.
    pub rubric: String,
}

/// Builds the question.
pub fn question(subject: &Subject<'_>) -> JudgeQuestion {
    let (draft, brief) = (subject.draft, subject.brief);
    let sentences = draft.sentences().into_iter().enumerate().map(|(i, (place, sentence))| JudgeSentence {
        number: i + 1,
        place: place.to_string(),
        text: sentence.text.clone(),
        cited: sentence.cites.iter().filter_map(|c| subject.snapshots.cited(c)).map(|c| c.trim().to_owned()).collect(),
    });
    JudgeQuestion {
        topic: brief.topic.clone(),
        keyword: brief.keyword.clone(),
        template: draft.template,
        language: brief.language.clone(),
        title: draft.title.text.clone(),
        description: draft.description.text.clone(),
        sentences: sentences.collect(),
        rubric: RUBRIC.to_owned(),
    }
}

/// The parts of the rubric with their most points.
pub(super) const PARTS: [(&str, u8); 4] = [("grounding", 30), ("structure", 25), ("intent", 25), ("voice", 20)];

/// The JSON schema of the answer.
pub fn schema() -> Value {
    let mut properties = serde_json::Map::new();
    // The reasons come first, so that a model that writes in order thinks before it counts.
    properties.insert("why".into(), json!({"type": "string", "description": "the reasons, in a few sentences"}));
    for (name, most) in PARTS {
        properties.insert(name.into(), json!({"type": "integer", "minimum": 0, "maximum": most}));
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": ["why", "grounding", "structure", "intent", "voice"],
        "additionalProperties": false,
    })
}

/// Reads the judge's answer. Something missing or out of range is an error, in words that can be sent back to the model.
pub fn parse(answer_json: &str, judge: Writer, stand_in: bool) -> Result<JudgeScore, String> {
    let answer: Value = serde_json::from_str(answer_json).map_err(|e| format!("the answer is not JSON: {e}"))?;
    let points = |n: usize| {
        let (name, most) = PARTS[n];
        let value = answer.get(name).ok_or_else(|| format!("`{name}` is missing"))?;
        let whole =
            value.as_u64().ok_or_else(|| format!("`{name}` is {}, not a whole number", excerpt(&value.to_string())))?;
        u8::try_from(whole).ok().filter(|p| *p <= most).ok_or_else(|| format!("`{name}` is {whole}, above {most}"))
    };
    let why = answer.get("why").and_then(Value::as_str).map(clean).filter(|why| !why.is_empty());
    Ok(JudgeScore {
        grounding: points(0)?,
        structure: points(1)?,
        intent: points(2)?,
        voice: points(3)?,
        why: why.ok_or("`why` is missing or empty")?,
        judge,
        stand_in,
    })
}

/// A judge's words are text from outside: one line per line, nothing invisible, bounded.
fn clean(why: &str) -> String {
    let lines: Vec<String> = why.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let shown = lines.join("\n").chars().filter(|c| !crate::rules::safety::is_hidden(*c)).take(WHY).collect::<String>();
    shown.trim().to_owned()
}

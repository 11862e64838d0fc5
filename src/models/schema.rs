//! JSON Schemas of the answers, in the strict form that hosted models accept: every object is closed, every member
//! required. The bounds of [`super::answer`] are checked there, since not every server knows `maxItems`.

use serde_json::{Value, json};

use super::task::Task;

/// The schema of a task's answer.
pub fn of(task: Task) -> Value {
    match task {
        Task::Triage => triage(),
        // A vector comes back, not an object.
        Task::Embed => Value::Null,
        Task::Draft | Task::Revise => draft(),
        Task::Judge => judge(),
        Task::Classify => classify(),
    }
}

fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

fn triage() -> Value {
    let string = json!({"type": "string"});
    object(&[
        ("relevance", json!({"type": "integer"})),
        ("kind", json!({"type": "string", "enum": ["release", "announcement", "tutorial", "opinion", "other"]})),
        ("topic", string.clone()),
        ("keywords", list(&string)),
        ("confidence_percent", json!({"type": "integer"})),
        ("why", string),
    ])
}

fn draft() -> Value {
    let sentence = object(&[("text", json!({"type": "string"})), ("cites", list(&json!({"type": "integer"})))]);
    let sentences = list(&sentence);
    let section =
        object(&[("heading", sentence.clone()), ("paragraphs", list(&sentences)), ("points", list(&sentences))]);
    object(&[
        ("title", sentence.clone()),
        ("description", sentence),
        ("summary", sentences),
        ("sections", list(&section)),
        ("tags", list(&json!({"type": "string"}))),
    ])
}

fn judge() -> Value {
    let points = json!({"type": "integer"});
    object(&[
        ("grounding", points.clone()),
        ("structure", points.clone()),
        ("intent", points.clone()),
        ("voice", points),
        ("why", json!({"type": "string"})),
    ])
}

fn classify() -> Value {
    object(&[("complex", json!({"type": "boolean"})), ("why", json!({"type": "string"}))])
}

//! Is a piece of work complex: a small question of its own, asked before the work where the routes name a classifier.
//!
//! What is asked about is measured from the work's own question: how much material there is, from how many sources, how much of
//! it is code and figures, how much was found in the draft before. The built-in classifier adds these up; a model sees the
//! figures and how each source begins.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::task::{DraftInput, JudgeInput, Task, TaskInput, TriageInput};

/// Of each source, so many bytes are shown.
const OPENING_BYTES: usize = 600;
/// No more sources are shown.
const MOST_OPENINGS: usize = 12;
/// From so many points on the built-in classifier calls work complex.
const COMPLEX_FROM: u32 = 2;

/// What a classifier looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassifyInput {
    /// What is to be done.
    pub task: Task,
    /// What it is about, in a few words.
    pub about: String,
    /// How many sources there are.
    pub sources: usize,
    /// Words of all the material.
    pub words: usize,
    /// How much of the material is code, in percent of its bytes.
    pub code_percent: u8,
    /// How many of the words outside of code hold a digit, in percent.
    pub figures_percent: u8,
    /// What was found in the draft before.
    pub findings: usize,
    /// How each source begins.
    pub openings: Vec<String>,
}

/// What a classifier says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complexity {
    /// The work is complex.
    pub complex: bool,
    /// Why, in a sentence.
    pub why: String,
}

impl ClassifyInput {
    /// What there is to say of some work; `None` for what is never complex.
    pub fn of(work: &TaskInput) -> Option<Self> {
        match work {
            TaskInput::Triage(input) => Some(Self::of_triage(input)),
            TaskInput::Draft(input) => Some(Self::of_draft(input)),
            TaskInput::Judge(input) => Some(Self::of_judge(input)),
            TaskInput::Embed(_) | TaskInput::Classify(_) => None,
        }
    }

    fn of_triage(input: &TriageInput) -> Self {
        Self::measured(Task::Triage, &input.title, &[&input.text], 0)
    }

    fn of_draft(input: &DraftInput) -> Self {
        let task = if input.previous.is_some() { Task::Revise } else { Task::Draft };
        let bodies = input.brief.sources.iter().filter_map(|s| input.snapshots.0.get(&s.snapshot)).map(|s| s.body());
        Self::measured(task, &input.brief.topic, &bodies.collect::<Vec<_>>(), input.findings.len())
    }

    fn of_judge(input: &JudgeInput) -> Self {
        let bodies = input.brief.sources.iter().filter_map(|s| input.snapshots.0.get(&s.snapshot)).map(|s| s.body());
        Self::measured(Task::Judge, &input.draft.title.text, &bodies.collect::<Vec<_>>(), 0)
    }

    fn measured(task: Task, about: &str, texts: &[&str], findings: usize) -> Self {
        let (mut bytes, mut code, mut words, mut prose, mut figures) = (0, 0, 0, 0, 0);
        for text in texts {
            let mut fenced = false;
            for line in text.lines() {
                let fence = line.trim_start().starts_with("```");
                let in_code = fenced || fence;
                fenced ^= fence;
                bytes += line.len();
                let count = line.split_whitespace().count();
                words += count;
                if in_code {
                    code += line.len();
                } else {
                    prose += count;
                    figures += line.split_whitespace().filter(|w| w.chars().any(|c| c.is_ascii_digit())).count();
                }
            }
        }
        Self {
            task,
            about: about.to_owned(),
            sources: texts.len(),
            words,
            code_percent: percent(code, bytes),
            figures_percent: percent(figures, prose),
            findings,
            openings: texts.iter().take(MOST_OPENINGS).map(|text| opening(text)).collect(),
        }
    }
}

fn percent(part: usize, whole: usize) -> u8 {
    (part * 100).checked_div(whole).and_then(|percent| u8::try_from(percent).ok()).unwrap_or(0)
}

fn opening(text: &str) -> String {
    let mut end = text.len().min(OPENING_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim().to_owned()
}

/// The built-in classifier: points for size, sources, code, figures and findings; two make the work complex.
///
/// | what | 1 point from | 2 points from |
/// |---|---|---|
/// | sources | 4 | |
/// | words of the material | 2,500 | 8,000 |
/// | code | 10 % | 30 % |
/// | words with figures | 8 % | |
/// | findings to mend | 5 | |
pub(super) fn built_in(input: &ClassifyInput) -> Value {
    let points = |value: usize, one: usize, two: usize| u32::from(value >= one) + u32::from(value >= two);
    let parts = [
        ("sources", points(input.sources, 4, usize::MAX)),
        ("words", points(input.words, 2_500, 8_000)),
        ("code", points(input.code_percent.into(), 10, 30)),
        ("figures", points(input.figures_percent.into(), 8, usize::MAX)),
        ("findings", points(input.findings, 5, usize::MAX)),
    ];
    let sum: u32 = parts.iter().map(|(_, n)| n).sum();
    let named: Vec<String> = parts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
    let named = if named.is_empty() { "nothing speaks for it".to_owned() } else { named.join(", ") };
    json!({"complex": sum >= COMPLEX_FROM, "why": format!("{sum} of {COMPLEX_FROM} points: {named}.")})
}

#[cfg(test)]
mod tests {
    use states::words::Template;

    use super::*;
    use crate::models::answer::parse_complexity;
    use crate::models::testing::{input, secret};
    use crate::models::{Asking, Question};
    use crate::templates::Templates;

    fn plain() -> ClassifyInput {
        ClassifyInput::measured(Task::Draft, "a topic", &["A text of eight plain words and no more."], 0)
    }

    fn complex(input: &ClassifyInput) -> bool {
        parse_complexity(&built_in(input).to_string()).unwrap().complex
    }

    #[test]
    fn two_points_make_work_complex() {
        let table = [
            ("nothing", plain(), false),
            ("four sources", ClassifyInput { sources: 4, ..plain() }, false),
            ("much text", ClassifyInput { words: 2_500, ..plain() }, false),
            ("four sources with much text", ClassifyInput { sources: 4, words: 2_500, ..plain() }, true),
            ("very much text", ClassifyInput { words: 8_000, ..plain() }, true),
            ("some code", ClassifyInput { code_percent: 10, ..plain() }, false),
            ("mostly code", ClassifyInput { code_percent: 30, ..plain() }, true),
            ("code and figures", ClassifyInput { code_percent: 10, figures_percent: 8, ..plain() }, true),
            ("figures and findings", ClassifyInput { figures_percent: 8, findings: 5, ..plain() }, true),
            ("a little less of all", ClassifyInput { sources: 3, words: 2_499, findings: 4, ..plain() }, false),
        ];
        for (what, input, expected) in table {
            assert_eq!(complex(&input), expected, "{what}");
        }
    }

    #[test]
    fn code_and_figures_are_measured_apart() {
        let text = "It took 12 ms.\n\n```rust\nlet a = 1;\nlet b = 22;\n```\n\nNo more words here.";
        let measured = ClassifyInput::measured(Task::Triage, "x", &[text, "Three more words."], 2);
        assert_eq!((measured.sources, measured.words, measured.findings), (2, 21, 2));
        // 31 of 81 bytes are code; 1 of 11 words outside of it holds a digit.
        assert_eq!((measured.code_percent, measured.figures_percent), (38, 9));
        assert_eq!(measured.openings[1], "Three more words.");
        let nothing = ClassifyInput::measured(Task::Triage, "", &[""], 0);
        assert_eq!((nothing.words, nothing.code_percent, nothing.figures_percent), (0, 0, 0));
    }

    #[test]
    fn the_question_shows_how_sources_begin_between_boundaries_and_its_key_is_that_of_the_work() {
        let templates = Templates::built_in();
        let secret = secret();
        let asking = Asking::new(&templates, &secret);
        let classify = |input| Question::classify(ClassifyInput::of(&input).unwrap(), &asking).unwrap();
        let digest = || TaskInput::Draft(Box::new(input(Template::Digest, "storage engine", 0..2)));
        let question = classify(digest());
        let user = &question.messages[1].text;
        assert!(user.contains("The work: draft.") && user.contains("Sources: 2."), "{user}");
        let begins = user.find("Quillstore 4.2 lowers").unwrap();
        assert!(user.find("<<data ").unwrap() < begins && begins < user.rfind("<</data ").unwrap(), "{user}");
        assert_eq!(question.key(), classify(digest()).key());
        let other = TaskInput::Draft(Box::new(input(Template::Digest, "storage engine", 0..3)));
        assert_ne!(question.key(), classify(other).key());
        assert_eq!(ClassifyInput::of(&question.input), None, "the small question is not asked about itself");
    }
}

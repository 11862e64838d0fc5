//! A thousand bad answers from a seed, read for every task: none panics, and none becomes anything that could be published.

use serde_json::{Value, json};
use states::words::hash::number_of;
use states::words::{Template, Writer};

use crate::models::answer::problem_of;
use crate::models::testing::input;
use crate::models::{DraftInput, TaskInput, answer_json, builtin, parse_draft, parse_triage, parse_vector};

const ANSWERS: u64 = 1_000;

/// Numbers drawn from a seed.
struct Dice(u64, u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.1 += 1;
        usize::try_from(number_of("storm", &[&self.0.to_le_bytes(), &self.1.to_le_bytes()]) % sides as u64).unwrap()
    }
}

/// One bad answer: a good one that is broken, or no answer at all.
fn bad(seed: u64, good: &[&str]) -> String {
    let mut dice = Dice(seed, 0);
    let text = good[dice.roll(good.len())];
    let mut at = dice.roll(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match seed % 10 {
        0 => ["I'm sorry, but I can't help with that.", "", "null", "[]", "{}", "\u{0}", "```json\n```"][dice.roll(7)]
            .into(),
        1 => text[..at].to_owned(),
        2 => another_type(text, &mut dice),
        3 => numbers(text, &mut dice),
        4 => ["[", "{\"a\":", "<think>", "{\"sections\":[", "\"\\"][dice.roll(5)].repeat(1 + dice.roll(200_000)),
        5 => {
            let hidden = ["\u{1}", "\u{7f}", "\u{202e}", "\u{200b}", "\\u0000", "\\ud800", "\u{feff}"][dice.roll(7)];
            text.replace(['e', ' '], hidden)
        }
        6 => text.replacen(
            ['.', ',', 'a'],
            ["<script>x</script>", "{{< x >}}", "[a](javascript:b)", "![x](y)"][dice.roll(4)],
            9,
        ),
        7 => format!("{}{}", &text[at..], &text[..at]),
        8 => format!("{}{text}", ["{\"relevance\": 1}", "{", "}", "<think>{", "Sure! "][dice.roll(4)]),
        // A few megabytes, and sometimes ten.
        _ if seed % 100 == 99 => "word ".repeat(2_100_000),
        _ => text.replacen("\"text\":\"", &format!("\"text\":\"{}", "word ".repeat(dice.roll(40_000))), 3),
    }
}

/// Some value of the answer becomes one of another type.
fn another_type(text: &str, dice: &mut Dice) -> String {
    let Ok(mut json) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let instead = [json!(null), json!(true), json!([[[]]]), json!({"text": {}}), json!(-1), json!("x".repeat(9_999))];
    let mut at = String::new();
    for _ in 0..1 + dice.roll(5) {
        let inside = match json.pointer(&at) {
            Some(Value::Object(members)) => members.keys().nth(dice.roll(members.len().max(1))).cloned(),
            Some(Value::Array(items)) if !items.is_empty() => Some(dice.roll(items.len()).to_string()),
            _ => None,
        };
        let Some(inside) = inside else { break };
        at = format!("{at}/{inside}");
    }
    *json.pointer_mut(&at).expect("it was just there") = instead[dice.roll(instead.len())].clone();
    json.to_string()
}

/// Every number becomes a huge, negative, broken or fractional one.
fn numbers(text: &str, dice: &mut Dice) -> String {
    let with = ["1e999", "-1", "99999999999999999999999", "0.5", "0x10", "NaN", "4294967296"][dice.roll(7)];
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match (c.is_ascii_digit(), inside) {
            (true, false) => out.push_str(with),
            (true, true) => {}
            (false, _) => out.push(c),
        }
        inside = c.is_ascii_digit();
    }
    out
}

/// A draft that was read from a bad answer after all is plain text whose citations are in its sources.
fn harmless(answer: &str, input: &DraftInput, writer: &Writer) -> bool {
    let draft = match parse_draft(answer, &input.brief, &input.snapshots, writer.clone()) {
        Ok(draft) => draft,
        Err(error) => {
            assert!(error.to_string().len() < 2_000, "short enough to be sent back: {error}");
            return false;
        }
    };
    for (place, sentence) in draft.sentences() {
        assert_eq!(problem_of(&sentence.text, 5_000), None, "{place:?} of {answer}");
        for cite in &sentence.cites {
            assert!(input.snapshots.cited(cite).is_some(), "{place:?} cites nothing: {answer}");
        }
    }
    true
}

/// “1,000 refusals, broken JSON, 10 MB: 0 panics, 0 published”, for drafts, triage, judging and embedding.
#[test]
fn a_thousand_bad_answers_are_reasons_for_every_task() {
    let input = input(Template::Digest, "latency", 0..3);
    let writer = Writer { provider: "p".into(), model: "m".into(), family: "f".into() };
    let draft = builtin::answer(&TaskInput::Draft(Box::new(input.clone())));
    let triage = r#"{"relevance": 80, "kind": "release", "topic": "a topic", "keywords": ["wal"], "confidence_percent": 90, "why": "Because."}"#;
    let judge = r#"{"why": "It is.", "grounding": 25, "structure": 20, "intent": 20, "voice": 15}"#;
    let vector = "[0.1, 0.2, 0.3]";
    let good = [draft.as_str(), triage, judge, vector];
    let judged = |answer: &str| {
        answer_json(answer)
            .map_err(|e| e.to_string())
            .and_then(|json| gates::judge::parse(&json, writer.clone(), false))
    };
    assert!(harmless(&draft, &input, &writer) && parse_triage(triage).is_ok());
    assert!(judged(judge).is_ok() && parse_vector(vector).is_ok());

    let mut read = [0; 4];
    for seed in 0..ANSWERS {
        let answer = bad(seed, &good);
        read[0] += usize::from(harmless(&answer, &input, &writer));
        match parse_triage(&answer) {
            Ok(said) => {
                assert!(said.relevance <= 100 && said.confidence_percent <= 100, "{said:?}");
                read[1] += 1;
            }
            Err(error) => assert!(error.to_string().len() < 2_000, "{error}"),
        }
        match judged(&answer) {
            Ok(score) => {
                assert!(score.grounding <= 30 && score.structure <= 25 && score.intent <= 25 && score.voice <= 20);
                read[2] += 1;
            }
            Err(error) => assert!(error.len() < 2_000, "{error}"),
        }
        if let Ok(vector) = parse_vector(&answer) {
            let length: f32 = vector.iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-3, "{answer}");
            read[3] += 1;
        }
    }
    // A good answer with a word before it, or with its types as they were, is read: everything else is not.
    assert!(read.iter().all(|n| *n <= 60), "of {ANSWERS} were read for draft, triage, judge, embedding: {read:?}");
}

//! Layer 3: the question to the judge, its answer, and the built-in judge that uses the same rubric.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use states::words::{Block, JudgeScore, Layer, LayerReport, Place, Severity, Template, Verdict, Writer, text};

use crate::Subject;
use crate::rules::{Gathered, excerpt, judge as rules, not_run};
use crate::settings::Settings;

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
const PARTS: [(&str, u8); 4] = [("grounding", 30), ("structure", 25), ("intent", 25), ("voice", 20)];

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

/// What came of asking the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged<'a> {
    /// It answered once.
    Score(&'a JudgeScore),
    /// It answered several times, because the first answer was near a bound. None of them may be left out.
    Samples(&'a [JudgeScore]),
    /// It did not answer.
    NotRun {
        /// Why not.
        cause: &'a str,
    },
}

/// True where another sample should be asked for. One is enough where it lies far from both bounds, or comes from a judge that
/// says the same every time. Near a bound all samples have to agree: the first that does not settles it, since a person decides
/// then.
pub fn wants_more(samples: &[JudgeScore], settings: &Settings) -> bool {
    let bounds = &settings.judge;
    let Some(first) = samples.first() else { return true };
    let near = |total: u8| [bounds.pass, bounds.review].iter().any(|bound| total.abs_diff(*bound) < bounds.near);
    let agree = samples.iter().all(|s| side(s.total(), settings) == side(first.total(), settings));
    !first.judge.is_builtin() && near(first.total()) && agree && samples.len() < bounds.samples
}

/// On which side of the bounds a total lies.
fn side(total: u8, settings: &Settings) -> Verdict {
    match total {
        total if total >= settings.judge.pass => Verdict::Pass,
        total if total >= settings.judge.review => Verdict::Review,
        _ => Verdict::Reject,
    }
}

/// The median of several samples by total, the lower of two in the middle. `None` for none.
pub fn median(scores: &[JudgeScore]) -> Option<&JudgeScore> {
    let mut sorted: Vec<&JudgeScore> = scores.iter().collect();
    sorted.sort_by_key(|score| score.total());
    sorted.get(scores.len().saturating_sub(1) / 2).copied()
}

/// The layer's verdict: pass from the upper bound on, review from the lower, else reject. Samples on both sides of a bound go
/// to a person, and so does everything that a stand-in would let pass.
pub fn layer(judged: Judged<'_>, settings: &Settings) -> LayerReport {
    let scores = match judged {
        Judged::NotRun { cause } => return not_run(Layer::Judge, cause),
        Judged::Score(score) => std::slice::from_ref(score),
        Judged::Samples(scores) => scores,
    };
    let Some(score) = median(scores) else { return not_run(Layer::Judge, "the judge gave no sample") };
    let mut gathered = Gathered::new(Layer::Judge, settings);
    let bounds = &settings.judge;
    let total = score.total();
    let mut verdict = side(total, settings);
    for (name, points) in [
        ("total", total),
        ("grounding", score.grounding),
        ("structure", score.structure),
        ("intent", score.intent),
        ("voice", score.voice),
    ] {
        gathered.figure(name, points.into());
    }
    gathered.figure("samples", scores.len());
    let (low, high) = scores.iter().fold((100, 0), |(low, high), s| (s.total().min(low), s.total().max(high)));
    match &verdict {
        Verdict::Reject => {
            let message = format!("the judge gives {total} of 100; below {} nothing goes out", bounds.review);
            gathered.find(&rules::REJECTED, Place::Page, message).of(&score.why);
        }
        Verdict::Review => {
            let message = format!("the judge gives {total} of 100; from {} on a page passes", bounds.pass);
            gathered.find(&rules::BETWEEN, Place::Page, message).of(&score.why);
        }
        _ => {}
    }
    if side(low, settings) != side(high, settings) {
        gathered.figure("spread", usize::from(high - low));
        gathered.find(&rules::SPREAD, Place::Page, format!("the judge's samples reach from {low} to {high}"));
        verdict = Verdict::Review;
    }
    if scores.iter().any(|s| s.stand_in) {
        gathered.find(&rules::STAND_IN, Place::Page, "the built-in judge stood in for the configured one");
        verdict = Verdict::fold([verdict, Verdict::Review]);
    }
    gathered.report_as(verdict)
}

/// The deterministic judge: the same rubric, counted from what the earlier layers saw and from the draft's shape. It reads
/// nothing; `why` says that it is one. Set `stand_in` where it answers in place of a configured model.
pub fn built_in(subject: &Subject<'_>, earlier: &[LayerReport]) -> JudgeScore {
    let figure =
        |layer: Layer, name: &str| earlier.iter().find(|r| r.layer == layer).and_then(|r| r.figures.get(name)).copied();
    let errors = |layer: Layer| {
        let report = earlier.iter().find(|r| r.layer == layer);
        report.map(|r| r.findings.iter().filter(|f| f.severity == Severity::Error).count())
    };
    let (grounding, ground_why) = grounding(&figure, errors(Layer::Evidence));
    let (structure, structure_why) = structure(subject);
    let (intent, intent_why) = intent(&figure, errors(Layer::Coverage));
    let (voice, voice_why) = voice(subject, earlier);
    let why = format!(
        "The built-in judge counts, it does not read. Grounding: {ground_why}. Structure: {structure_why}. Search intent: {intent_why}. Voice: {voice_why}."
    );
    let judge = Writer { provider: "builtin".into(), model: "rubric-1".into(), family: "builtin".into() };
    JudgeScore { grounding, structure, intent, voice, why, judge, stand_in: false }
}

/// `most` times a share in percent.
fn share(most: u8, percent: i64) -> u8 {
    u8::try_from(i64::from(most) * percent.clamp(0, 100) / 100).unwrap_or_default()
}

fn grounding(figure: &dyn Fn(Layer, &str) -> Option<i64>, errors: Option<usize>) -> (u8, String) {
    let of = |name: &str| figure(Layer::Evidence, name);
    let (Some(claims), Some(proven), Some(errors)) = (of("claims"), of("proven"), errors) else {
        return (0, "the evidence was not looked at".into());
    };
    let shown = if claims == 0 { 0 } else { proven * 100 / claims };
    let support = of("support_percent").unwrap_or_default();
    // Half of a sentence's words in the source is a fair paraphrase, four fifths is close to it.
    let points = share(18, shown) + share(12, support * 100 / 80);
    let loss = u8::try_from(errors.min(10)).unwrap_or(10) * 3;
    (
        points.saturating_sub(loss),
        format!("{proven} of {claims} claims proven, {support} % of words supported, {errors} errors"),
    )
}

fn structure(subject: &Subject<'_>) -> (u8, String) {
    let draft = subject.draft;
    let mut points: u8 = 25;
    let mut why = Vec::new();
    let summary: usize = draft.summary.iter().map(|s| text::count_words(&s.text)).sum();
    if summary == 0 || summary > subject.settings.summary_max_words {
        points -= 7;
        why.push(format!("a summary of {summary} words"));
    }
    if draft.sections.len() < subject.settings.headings.of(draft.template) {
        points -= 6;
        why.push(format!("{} sections", draft.sections.len()));
    }
    let long = draft
        .sections
        .iter()
        .flat_map(|s| &s.blocks)
        .filter(|b| matches!(b, Block::Paragraph(p) if p.len() > 8))
        .count();
    if long > 0 {
        points -= u8::try_from(long.min(3)).unwrap_or(3) * 2;
        why.push(format!("{long} paragraphs of more than eight sentences"));
    }
    let thin = draft.sections.iter().filter(|s| s.blocks.iter().map(block_words).sum::<usize>() < 20).count();
    if thin > 0 {
        points -= u8::try_from(thin.min(3)).unwrap_or(3) * 2;
        why.push(format!("{thin} sections of less than twenty words"));
    }
    (points, if why.is_empty() { "summary, sections and paragraphs of a good length".into() } else { why.join(", ") })
}

fn block_words(block: &Block) -> usize {
    match block {
        Block::Paragraph(sentences) => sentences.iter().map(|s| text::count_words(&s.text)).sum(),
        Block::List(points) => points.iter().flatten().map(|s| text::count_words(&s.text)).sum(),
        Block::Code { text: code, .. } => text::count_words(code),
    }
}

fn intent(figure: &dyn Fn(Layer, &str) -> Option<i64>, errors: Option<usize>) -> (u8, String) {
    let Some(errors) = errors else { return (0, "coverage was not looked at".into()) };
    let percent = figure(Layer::Coverage, "brief_percent").unwrap_or_default();
    // Seventy percent of the salient words' weight is as much as a summary of several sources can use.
    let points = share(25, percent * 100 / 70);
    let loss = u8::try_from(errors.min(4)).unwrap_or(4) * 4;
    (points.saturating_sub(loss), format!("{percent} % of what the brief is about, {errors} errors"))
}

fn voice(subject: &Subject<'_>, earlier: &[LayerReport]) -> (u8, String) {
    let sentences = subject.draft.sentences();
    let lengths: Vec<usize> = sentences.iter().map(|(_, s)| text::count_words(&s.text)).filter(|n| *n > 0).collect();
    let mean = lengths.iter().sum::<usize>() / lengths.len().max(1);
    let long = lengths.iter().filter(|n| **n > 40).count() * 100 / lengths.len().max(1);
    let phrases = earlier.iter().flat_map(|r| &r.findings).filter(|f| f.code == "form/forbidden-phrase").count();
    let loud = sentences.iter().filter(|(_, s)| s.text.ends_with('!')).count();
    let mut points: u8 = 20;
    points -= if mean > 28 { 5 } else { 0 };
    points -= if long > 10 { 4 } else { 0 };
    points -= u8::try_from(phrases.min(2)).unwrap_or(2) * 4;
    points -= u8::try_from(loud.min(3)).unwrap_or(3);
    (points, format!("{mean} words in a sentence, {phrases} forbidden phrases, {loud} exclamations"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge() -> Writer {
        Writer { provider: "box".into(), model: "m".into(), family: "qwen".into() }
    }

    fn score(grounding: u8, structure: u8, intent: u8, voice: u8) -> JudgeScore {
        JudgeScore { grounding, structure, intent, voice, why: "Because.".into(), judge: judge(), stand_in: false }
    }

    #[test]
    fn an_answer_that_is_missing_something_or_out_of_range_is_an_error() {
        let good = r#"{"why":"Good.","grounding":30,"structure":20,"intent":20,"voice":10}"#;
        assert_eq!(parse(good, judge(), false).unwrap().total(), 80);
        for (bad, says) in [
            (good.replace("30", "31"), "above 30"),
            (good.replace("30", "-1"), "not a whole number"),
            (good.replace("30", "2.5"), "not a whole number"),
            (good.replace("30", "\"30\""), "not a whole number"),
            (good.replace("\"voice\":10", "\"tone\":10"), "`voice` is missing"),
            (good.replace("Good.", " "), "`why` is missing"),
            ("Sure! Here is".to_owned(), "not JSON"),
        ] {
            let error = parse(&bad, judge(), false).unwrap_err();
            assert!(error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn the_bounds_turn_the_verdict() {
        let settings = Settings::default();
        let verdict = |s: JudgeScore| layer(Judged::Score(&s), &settings).verdict;
        assert_eq!(verdict(score(30, 25, 20, 0)), Verdict::Pass);
        assert_eq!(verdict(score(30, 25, 19, 0)), Verdict::Review);
        assert_eq!(verdict(score(30, 25, 5, 0)), Verdict::Review);
        assert_eq!(verdict(score(30, 25, 4, 0)), Verdict::Reject);
    }

    #[test]
    fn a_stand_in_never_passes_and_a_judge_that_did_not_run_says_so() {
        let settings = Settings::default();
        let stand_in = JudgeScore { stand_in: true, ..score(30, 25, 25, 20) };
        assert_eq!(layer(Judged::Score(&stand_in), &settings).verdict, Verdict::Review);
        let bad = JudgeScore { stand_in: true, ..score(0, 0, 0, 0) };
        assert_eq!(layer(Judged::Score(&bad), &settings).verdict, Verdict::Reject);
        let cause = "the box is asleep";
        assert_eq!(layer(Judged::NotRun { cause }, &settings).verdict, Verdict::NotRun { cause: cause.into() });
        assert!(matches!(layer(Judged::Samples(&[]), &settings).verdict, Verdict::NotRun { .. }));
    }

    #[test]
    fn samples_on_both_sides_of_a_bound_go_to_a_person() {
        let settings = Settings::default();
        let samples = [score(30, 25, 25, 0), score(30, 25, 22, 0), score(30, 25, 15, 0)];
        let report = layer(Judged::Samples(&samples), &settings);
        assert_eq!((report.verdict, report.figures["total"]), (Verdict::Review, 77));
    }

    #[test]
    fn more_samples_are_asked_for_near_a_bound_until_they_disagree() {
        let settings = Settings::default();
        let (sure, near, other) = (score(30, 25, 25, 20), score(30, 25, 22, 0), score(30, 25, 15, 0));
        assert!(wants_more(&[], &settings));
        assert!(!wants_more(std::slice::from_ref(&sure), &settings));
        assert!(wants_more(std::slice::from_ref(&near), &settings));
        assert!(!wants_more(&[near.clone(), other], &settings));
        assert!(wants_more(&[near.clone(), near.clone(), near.clone(), near.clone()], &settings));
        assert!(!wants_more(&[near.clone(), near.clone(), near.clone(), near.clone(), near.clone()], &settings));
        let built_in = Writer { provider: "builtin".into(), model: "rubric-1".into(), family: "builtin".into() };
        assert!(!wants_more(&[JudgeScore { judge: built_in, ..near }], &settings));
    }

    #[test]
    fn the_schema_names_every_part_of_the_rubric() {
        let schema = schema();
        for (name, most) in PARTS {
            assert_eq!(schema["properties"][name]["maximum"], most);
        }
    }
}

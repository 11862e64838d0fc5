//! The deterministic judge.

use states::words::{Block, JudgeScore, Layer, LayerReport, Severity, Writer, text};

use crate::Subject;

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

//! What stands word for word in its source is proven, whatever the source: real pages, quoted to themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use states::words::{Block, BriefSource, Cite, Finding, Place, Section, Sentence, Severity, SourceKind};

use crate::support::{Sample, article, snapshot};

/// The texts of pages as people marked them.
fn texts() -> Vec<String> {
    let data = std::env::var("PIPELINE_TEST_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    let file = data.join("pages/aeb/ground-truth.json");
    let Ok(json) = std::fs::read_to_string(&file) else {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: no {}", file.display());
        return Vec::new();
    };
    let pages: BTreeMap<String, serde_json::Value> = serde_json::from_str(&json).expect("a map of pages");
    pages.values().filter_map(|page| page["articleBody"].as_str()).map(str::to_owned).collect()
}

/// A sample that quotes a page to itself, sentence by sentence, and the sentences.
fn of_itself(text: &str, change: impl Fn(&str) -> Option<String>) -> (Sample, usize) {
    let mut sample = Sample::good();
    let source = snapshot(text, "https://real.example/", "A page", "A", "B", "2026-03-01T00:00:00Z");
    sample.brief.sources = vec![BriefSource::of(&source, article("real"), SourceKind::Report)];
    let spans = sample.brief.sources[0].body_sentences(&source).filter(|s| s.end - s.start <= 2_000);
    let sentences: Vec<Sentence> = spans
        .filter_map(|span| {
            let cite = Cite { snapshot: source.id.clone(), start: span.start, end: span.end };
            Some(Sentence { text: change(span.of(&source.text))?, cites: vec![cite] })
        })
        .collect();
    let count = sentences.len();
    let blocks = sentences.into_iter().map(|sentence| Block::Paragraph(vec![sentence])).collect();
    sample.draft.sections = vec![Section { heading: Sentence::plain("x"), blocks }];
    sample.draft.summary.clear();
    sample.draft.title = Sentence::plain("x");
    sample.draft.description = Sentence::plain("x");
    sample.settings.max_copied_words = usize::MAX;
    sample.sources = vec![source];
    (sample, count)
}

fn errors(sample: &Sample) -> Vec<Finding> {
    let (report, _) = gates::evidence(&sample.draft, &sample.brief, &sample.snapshots(), &sample.settings);
    report.findings.into_iter().filter(|f| f.severity == Severity::Error).collect()
}

#[test]
fn sentences_that_cite_themselves_are_proven() {
    let (mut sentences, mut refused) = (0, Vec::new());
    for text in texts() {
        let (sample, count) = of_itself(&text, |sentence| Some(sentence.to_owned()));
        sentences += count;
        let told = |f: Finding| format!("{} {} | {}", f.code, f.message, f.excerpt.unwrap_or_default());
        refused.extend(errors(&sample).into_iter().map(told));
    }
    assert!(refused.len() * 500 <= sentences, "{} of {sentences}: {refused:#?}", refused.len());
}

/// The sentence with one digit of its first figure changed; `None` where it has none, or the new one stands there too.
fn miscounted(sentence: &str) -> Option<String> {
    let at = sentence.find(|c: char| c.is_ascii_digit())?;
    let run: String = sentence[at..].chars().take_while(char::is_ascii_digit).collect();
    let digit = run.as_bytes()[run.len() - 1];
    let other = char::from(b'0' + (digit - b'0' + 3) % 10);
    let changed = format!("{}{other}", &run[..run.len() - 1]);
    let new = format!("{}{changed}{}", &sentence[..at], &sentence[at + run.len()..]);
    (!sentence.contains(&changed)).then_some(new)
}

#[test]
fn a_changed_digit_is_found_in_any_sentence() {
    let (mut sentences, mut missed) = (0, Vec::new());
    for text in texts() {
        let (sample, count) = of_itself(&text, miscounted);
        sentences += count;
        let found = errors(&sample);
        for (block, content) in sample.draft.sections.iter().flat_map(|s| s.blocks.iter().enumerate()) {
            let hit = found.iter().any(|f| matches!(f.place, Place::Sentence { block: b, .. } if b == block));
            if !hit {
                missed.push(format!("{content:?}"));
            }
        }
    }
    assert!(missed.len() * 100 <= sentences, "{} of {sentences}: {missed:#?}", missed.len());
}

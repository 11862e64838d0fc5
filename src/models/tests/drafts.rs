//! The built-in writer: what it writes, and that every quotation is its source's bytes.

use std::fmt::Write as _;

use states::words::text::count_words;
use states::words::{Block, Draft, Finding, Place, Sentence, Severity, Snapshot, Template, Timestamp, Writer};

use crate::models::testing::{input, input_of, snapshot};
use crate::models::{DraftInput, TaskInput, builtin, parse_draft};

fn write(input: &DraftInput) -> Draft {
    let answer = builtin::answer(&TaskInput::Draft(Box::new(input.clone())));
    let writer = Writer { provider: "builtin".into(), model: builtin::MODEL.into(), family: builtin::NAME.into() };
    parse_draft(&answer, &input.brief, &input.snapshots, writer).unwrap_or_else(|error| panic!("{error}\n{answer}"))
}

/// What stands between quotation marks.
fn quotations(text: &str) -> Vec<&str> {
    text.split('“').skip(1).filter_map(|rest| rest.split_once('”')).map(|(inside, _)| inside).collect()
}

fn words_of(draft: &Draft) -> usize {
    draft.sentences().iter().skip(2).map(|(_, s)| count_words(&s.text)).sum()
}

/// A draft as text, each sentence with the source text it cites.
fn shown(draft: &Draft, input: &DraftInput) -> String {
    let mut out = String::new();
    for (place, sentence) in draft.sentences() {
        let _ = writeln!(out, "{place}: {}", sentence.text);
        for cite in &sentence.cites {
            let _ = writeln!(out, "    = {}", input.snapshots.cited(cite).unwrap());
        }
    }
    let _ = writeln!(out, "tags: {}", draft.tags.join(", "));
    out
}

/// What must hold of every draft of the built-in writer.
fn check(draft: &Draft, input: &DraftInput) {
    for (place, sentence) in draft.sentences() {
        let cited: Vec<&str> = sentence.cites.iter().map(|c| input.snapshots.cited(c).unwrap()).collect();
        for quotation in quotations(&sentence.text) {
            assert!(cited.contains(&quotation), "{place}: {quotation}\n{cited:?}");
        }
        // What is no quotation holds no digit that a cited range does not hold.
        let mut own = sentence.text.clone();
        quotations(&sentence.text).iter().for_each(|q| own = own.replace(q, ""));
        for number in own.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()) {
            assert!(cited.iter().any(|c| c.contains(number)), "{place}: {number} in {own}");
        }
    }
    let summary: usize = draft.summary.iter().map(|s| count_words(&s.text)).sum();
    assert!(summary <= 60, "{summary} words in the summary");
    let mut headings: Vec<&str> = draft.sections.iter().map(|s| s.heading.text.as_str()).collect();
    headings.sort_unstable();
    headings.dedup();
    assert_eq!(headings.len(), draft.sections.len(), "each heading once");
    for section in &draft.sections {
        let cites = section.blocks.iter().any(|block| match block {
            Block::Paragraph(sentences) => sentences.iter().any(|s| !s.cites.is_empty()),
            Block::List(points) => points.iter().flatten().any(|s| !s.cites.is_empty()),
            Block::Code { .. } => true,
        });
        assert!(cites, "{} cites nothing", section.heading.text);
    }
    let keyword = &draft.keyword;
    for text in [&draft.title.text, &draft.description.text] {
        assert!(text.to_lowercase().contains(keyword.as_str()), "{keyword} in {text}");
    }
    let Block::Paragraph(first) = &draft.sections[0].blocks[0] else { panic!("a paragraph comes first") };
    let first: String = first.iter().map(|s| s.text.to_lowercase() + " ").collect();
    assert!(first.contains(keyword.as_str()), "{keyword} in {first}");
}

#[test]
fn a_digest_of_three_to_seven_sources_is_quoted_and_proven() {
    for last in 3..=7 {
        for keyword in ["storage engine", "latency", "quillstore", "quillstore 4.2"] {
            let input = input(Template::Digest, keyword, 0..last);
            let draft = write(&input);
            check(&draft, &input);
            assert_eq!(draft.sections.len(), last, "one section for each source");
            assert!(words_of(&draft) >= 150, "{} words", words_of(&draft));
            assert_eq!(draft, write(&input), "the same input gives the same draft");
        }
    }
}

#[test]
fn the_other_templates_are_written_by_headings_or_themes() {
    for template in [Template::Story, Template::Release, Template::Radar] {
        for (sources, keyword) in [(0..1, "storage engine"), (3..4, "metrics"), (0..2, "latency"), (5..6, "compaction")]
        {
            let input = input(template, keyword, sources.clone());
            let draft = write(&input);
            check(&draft, &input);
            assert!(draft.sections.len() >= 2, "{template} of {sources:?}: {}", shown(&draft, &input));
        }
    }
}

#[test]
fn a_digest_reads_like_this() {
    let input = input(Template::Digest, "storage engine", 0..4);
    insta::assert_snapshot!(shown(&write(&input), &input));
}

#[test]
fn a_release_reads_like_this() {
    let input = input(Template::Release, "quillstore", 0..1);
    insta::assert_snapshot!(shown(&write(&input), &input));
}

#[test]
fn what_repeats_another_source_is_not_said_twice() {
    let input = input_of(Template::Digest, "quillstore", vec![snapshot(0), snapshot(6), snapshot(5)]);
    let draft = write(&input);
    check(&draft, &input);
    let body: Vec<&Sentence> = draft.sections[..2].iter().flat_map(|s| &s.blocks).flat_map(sentences_of).collect();
    let queue = body.iter().filter(|s| s.text.contains("single commit queue")).count();
    assert!(queue <= 1, "{}", shown(&draft, &input));
}

fn sentences_of(block: &Block) -> Vec<&Sentence> {
    match block {
        Block::Paragraph(sentences) => sentences.iter().collect(),
        Block::List(points) => points.iter().flatten().collect(),
        Block::Code { .. } => Vec::new(),
    }
}

#[test]
fn furniture_code_and_second_hand_quotations_are_not_quoted() {
    let input = input(Template::Release, "storage engine", 0..1);
    let text = shown(&write(&input), &input);
    for never in ["newsletter", "seal_after", "says the manual", "samples.example/notes"] {
        assert!(!text.contains(never), "{text}");
    }
}

fn finding(place: Place, code: &str) -> Finding {
    Finding {
        code: code.into(),
        severity: Severity::Error,
        message: "no".into(),
        place,
        excerpt: None,
        evidence: None,
        suggestion: None,
    }
}

#[test]
fn a_revision_leaves_out_what_the_findings_name_and_never_brings_it_back() {
    let mut input = input(Template::Digest, "latency", 0..4);
    let mut gone: Vec<String> = Vec::new();
    for round in 0..3 {
        let draft = write(&input);
        let text = shown(&draft, &input);
        for sentence in &gone {
            assert!(!text.contains(sentence), "round {round} brings back {sentence}\n{text}");
        }
        let place = Place::Sentence { section: 1, block: 0, sentence: 0 };
        let named = draft.sentences().into_iter().find(|(p, _)| *p == place).map(|(_, s)| s.clone()).unwrap();
        gone.extend(quotations(&named.text).into_iter().map(str::to_owned));
        gone.extend(quotations(&draft.summary[0].text).into_iter().map(str::to_owned));
        input.findings = vec![finding(place, "evidence/x"), finding(Place::Summary { sentence: 0 }, "evidence/y")];
        input.previous = Some(draft);
    }
    assert_eq!(gone.len(), 6);
}

#[test]
fn a_revision_changes_title_and_heading_and_grows() {
    let mut input = input(Template::Digest, "latency", 0..3);
    let before = write(&input);
    input.findings = vec![
        finding(Place::Title, "form/x"),
        finding(Place::Heading { section: 0 }, "form/y"),
        finding(Place::Page, "form/too-short"),
    ];
    input.previous = Some(before.clone());
    let after = write(&input);
    check(&after, &input);
    assert_ne!(before.title, after.title);
    assert_ne!(before.sections[0].heading, after.sections[0].heading);
    assert_eq!(before.sections[1].heading, after.sections[1].heading);
    assert!(words_of(&after) > words_of(&before));
}

fn made(title: Option<&str>, body: &str) -> Snapshot {
    let title = title.map(str::to_owned);
    let url = "https://samples.example/x";
    Snapshot::compose(body, 1, url, title, Some("<b>M</b>".into()), None, None, None, Timestamp::UNIX_EPOCH, false)
}

#[test]
fn odd_sources_give_a_draft_that_parses() {
    let bodies = [
        "",
        "Too short.",
        "{{< shortcode >}} <script>alert(1)</script> [x](javascript:y) **bold** and more of the same kind of thing here.",
        "# Heading only\n\n## Another",
        "日本語の文章はここにあります。もう一つの文。",
        "“Quoted all over,” says the one who says it, “and then more words follow until the end.”",
        "A sentence with a\ttab and  two blanks that is otherwise long enough to be quoted by the writer.",
    ];
    let titles = [
        None,
        Some("<script>x</script>"),
        Some("“Quoted”"),
        Some("{{ title }}"),
        Some("Long ".repeat(100).leak() as &str),
    ];
    for template in Template::ALL {
        for title in titles {
            for body in bodies {
                for keyword in ["", "storage engine", "<b>", "4.2"] {
                    let input = input_of(template, keyword, vec![made(title, body)]);
                    let draft = write(&input);
                    assert!(!draft.sections.is_empty());
                    for (_, sentence) in draft.sentences() {
                        let cited: Vec<&str> =
                            sentence.cites.iter().map(|c| input.snapshots.cited(c).unwrap()).collect();
                        for quotation in quotations(&sentence.text).into_iter().filter(|_| !cited.is_empty()) {
                            assert!(cited.iter().any(|c| c.contains(quotation)), "{quotation} {cited:?}");
                        }
                    }
                }
            }
        }
    }
    let none = input_of(Template::Digest, "x", vec![]);
    assert_eq!(write(&none).sections.len(), 1);
}

#[test]
fn another_language_gets_quotations_alone() {
    let mut input = input(Template::Digest, "latency", 0..3);
    input.brief.language = "de".into();
    let draft = write(&input);
    for section in &draft.sections {
        for sentence in section.blocks.iter().flat_map(sentences_of) {
            assert!(sentence.text.starts_with('“'), "{}", sentence.text);
        }
    }
}

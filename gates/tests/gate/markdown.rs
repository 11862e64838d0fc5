//! People's own Markdown, and how long the gate takes.

use std::path::{Path, PathBuf};

use crate::support::{Sample, at};
use gates::inventory::Inventory;
use gates::settings::Settings;
use insta::assert_snapshot;
use states::words::{Block, Section, Sentence, Template, Verdict};

fn judged(path: &str, text: &str) -> (String, Vec<Verdict>) {
    let sample = Sample::good();
    let layers = gates::markdown(path, text, &sample.inventory, &Settings::default(), at("2026-03-02T07:00:00Z"));
    let verdicts = layers.iter().map(|l| l.verdict.clone()).collect();
    (gates::text::layers(path, &layers), verdicts)
}

#[test]
fn a_good_post_of_a_person_has_no_findings() {
    let text = "+++\ntitle = 'On reading logs'\ndate = 2026-03-01T10:00:00+01:00\ndescription = 'How.'\ntags = ['logging']\naliases = ['/old/']\n+++\n\nWrite [to me](mailto:me@desk.example) or see [the other post](/posts/logs/).\n\n<!--more-->\n\n## Show a shortcode\n\n```go-html-template\n{{</* figure src=\"a.png\" */>}} and {{ .Title }}\n```\n";
    let (told, verdicts) = judged("content/posts/reading.md", text);
    assert_snapshot!(told);
    assert_eq!(verdicts[0], Verdict::Pass);
    assert_eq!(verdicts.iter().filter(|v| matches!(v, Verdict::NotRun { .. })).count(), 4);
}

#[test]
fn a_bad_post_of_a_person_is_told_line_by_line() {
    let text = "---\ntitle: 7\ndate: yesterday\ntags: logging\n---\n\n# Again a title\n\nThis desk collects what is new about logs and tells it in short. Let us delve into it.\n\n<div>raw</div>\n\n```\nno label\n```\n\n[gone](/nowhere/)\n";
    assert_snapshot!(judged("content/posts/bad.md", text).0);
}

#[test]
fn a_day_without_a_time_is_an_error_until_it_is_past_everywhere() {
    let of = |day: &str| {
        let text = format!("---\ntitle: A day\ndescription: How.\ndate: {day}\n---\n\nA day.\n");
        judged("content/posts/day.md", &text).0
    };
    let error = "error form/date-offset";
    assert!(
        of("2026-03-01").contains(error) && of("2026-03-03").contains(error) && of("2026-02-01 10:00").contains(error)
    );
    let past = of("2026-02-27");
    assert!(!past.contains(error) && past.contains("warning form/date-offset") && past.contains("time zone"), "{past}");
}

#[test]
fn a_file_without_front_matter_is_told_so() {
    assert_snapshot!(judged("README.md", "# Hello\n").0);
}

#[test]
fn a_post_in_the_inventory_does_not_collide_with_itself() {
    let text = "---\ntitle: How we read logs\ndate: 2026-03-01T10:00:00Z\ndescription: x\n---\n\nThis desk collects what is new about logs and tells it in short. Nothing else.\n";
    assert_eq!(judged("content/posts/logs.md", text).1[0], Verdict::Pass);
    assert_ne!(judged("content/posts/sub/logs.md", text).1[0], Verdict::Pass);
}

/// A story of 1,500 words from five sources.
fn long_story() -> Sample {
    let mut sample = Sample::good();
    let nouns = ["lexer", "parser", "cache", "index", "buffer", "socket", "thread", "queue", "scanner", "writer"];
    let verbs = ["reads", "writes", "splits", "joins", "checks", "sorts", "keeps", "moves", "marks", "counts"];
    let mut bodies = vec![String::new(); 5];
    for (n, body) in bodies.iter_mut().enumerate() {
        for i in 0..60 {
            let (noun, verb, other) = (nouns[(i + n) % 10], verbs[(i * 3 + n) % 10], nouns[(i * 7 + n + 1) % 10]);
            body.push_str(&format!("In version 3.{n}, the {noun} {verb} {} records in {} ms before the {other} of Ferrite starts its work.", 1000 * n + i * 17 + 3, i + 4));
            body.push_str(if i % 4 == 3 { "\n\n" } else { " " });
        }
    }
    sample.sources = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            crate::support::snapshot(
                body,
                &format!("https://s{n}.example/"),
                &format!("Ferrite notes {n}"),
                "Jane Doe",
                "Notes",
                "2026-03-01T00:00:00Z",
            )
        })
        .collect();
    sample.brief.sources = sample
        .sources
        .iter()
        .map(|s| states::words::BriefSource::of(s, crate::support::article(&s.url), states::words::SourceKind::Report))
        .collect();
    sample.draft.template = Template::Story;
    let mut sections = Vec::new();
    for (n, source) in sample.brief.sources.iter().enumerate() {
        let snapshot = &sample.sources[n];
        let sentences: Vec<Sentence> = source
            .body_sentences(snapshot)
            .take(16)
            .map(|span| {
                let said = span
                    .of(&snapshot.text)
                    .replace("In version", "As of version")
                    .replace(" of Ferrite starts its work", " starts");
                let cite = states::words::Cite { snapshot: snapshot.id.clone(), start: span.start, end: span.end };
                Sentence { text: said, cites: vec![cite] }
            })
            .collect();
        let blocks = sentences.chunks(4).map(|c| Block::Paragraph(c.to_vec())).collect();
        sections.push(Section {
            heading: Sentence::plain(format!("What the notes of part {} say", ["a", "b", "c", "d", "e"][n])),
            blocks,
        });
    }
    sample.draft.sections = sections;
    sample.draft.summary = vec![Sentence::plain("Ferrite reads logs.")];
    sample.draft.title = Sentence::plain("Ferrite in short");
    sample.draft.description = Sentence::plain("Ferrite in short.");
    sample
}

#[test]
fn a_story_of_fifteen_hundred_words_is_proven_by_five_sources() {
    let sample = long_story();
    let report = sample.report();
    assert!(report.layers[0].figures["words"] >= 1_300, "{}", report.layers[0].figures["words"]);
    assert_eq!(report.layers[3].findings, [], "all of it stands in the sources");
}

fn markdown_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => markdown_files(&path, found),
            false if path.extension().is_some_and(|e| e == "md") => found.push(path),
            false => {}
        }
    }
    found.sort();
}

#[test]
fn pages_of_real_sites_are_read() {
    let data = std::env::var("PIPELINE_TEST_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    let mut files = Vec::new();
    markdown_files(&data.join("hugo"), &mut files);
    if files.is_empty() {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: no pages under {}", data.display());
        return;
    }
    let with_front: Vec<String> = files
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter(|text| text.starts_with("---") || text.starts_with("+++"))
        .collect();
    let inventory = Inventory::default();
    let mut unreadable = 0;
    for text in &with_front {
        let layers =
            gates::markdown("content/posts/x.md", text, &inventory, &Settings::default(), at("2026-11-01T00:00:00Z"));
        unreadable += usize::from(layers[0].findings.iter().any(|f| f.code == "form/unreadable"));
    }
    assert!(unreadable * 50 <= with_front.len(), "{unreadable} of {} pages cannot be read", with_front.len());
}

#[test]
fn links_into_a_site_of_which_nothing_is_known_are_not_judged() {
    let text = "---\ntitle: Logs\ndate: 2026-03-01T10:00:00Z\ndescription: x\n---\n\nSee [that post](/posts/that/) and [this](javascript:x).\n";
    let layers =
        gates::markdown("post.md", text, &Inventory::default(), &Settings::default(), at("2026-03-02T07:00:00Z"));
    let codes: Vec<&str> = layers[0].findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["form/link-unsafe"]);
}

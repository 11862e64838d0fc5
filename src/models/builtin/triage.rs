//! Triage by words: does the text speak of what the site writes about, and what kind of text is it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use states::words::SourceKind;
use states::words::text::{content_words, count_words, words};

use crate::models::answer::{TriageKind, problem_of};
use crate::models::salience::salient_words;
use crate::models::task::TriageInput;

/// More words of a text are not looked at.
const MAX_BYTES: usize = 200_000;
/// Shorter texts carry no article.
const SHORT_WORDS: usize = 80;

pub(super) fn answer(input: &TriageInput) -> Value {
    let mut end = input.text.len().min(MAX_BYTES);
    while !input.text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &input.text[..end];
    let (kind, kind_is_clear) = kind_of(&input.title, text);
    let best = best_topic(input, text);
    let length = count_words(text);

    let about =
        best.as_ref().map_or(if input.site_topics.is_empty() { 55 } else { 0 }, |(_, percent)| percent * 70 / 100);
    let by_kind = match kind {
        TriageKind::Release => 12,
        TriageKind::Announcement => 9,
        TriageKind::Tutorial => 6,
        TriageKind::Opinion | TriageKind::Other => 0,
    };
    let primary = if input.source_kind == SourceKind::Primary { 6 } else { 0 };
    let age_days = input.published.map(|at| (input.now.as_second() - at.as_second()).max(0) / 86_400);
    let fresh = match age_days {
        Some(0..=2) => 12,
        Some(3..=7) => 8,
        Some(8..=30) => 4,
        Some(_) => 0,
        None => 4,
    };
    let short = if length < 30 {
        50
    } else if length < SHORT_WORDS {
        25
    } else {
        0
    };
    // What is off topic stays low, however fresh it is.
    let extras = if about == 0 { 5 } else { by_kind + primary + fresh };
    let relevance = (about + extras).saturating_sub(short).min(100);

    let mut confidence = match &best {
        Some((_, 100)) => 85,
        Some((_, 60..)) => 75,
        Some(_) => 60,
        None => 70,
    };
    if !kind_is_clear {
        confidence -= 10;
    }
    if input.site_topics.is_empty() || length < SHORT_WORDS {
        confidence = confidence.min(50);
    }

    let mut keywords = salient_words(&input.title, text, 8);
    keywords.retain(|word| problem_of(word, 60).is_none());
    if keywords.is_empty() {
        keywords.push(content_words(&input.title).into_iter().next().unwrap_or_else(|| "untitled".to_owned()));
    }
    let topic = match &best {
        Some((topic, 60..)) => topic.clone(),
        _ => keywords.iter().take(3).cloned().collect::<Vec<_>>().join(" "),
    };
    let topic = if problem_of(&topic, 120).is_none() { topic } else { keywords[0].clone() };
    let matched = best.map_or_else(
        || "No topic of the site is named in it".to_owned(),
        |(_, percent)| format!("It matches a topic of the site to {percent} percent"),
    );
    let why = format!("{matched}; {length} words, kind {}. Judged by words alone, without a model.", kind.as_str());
    json!({
        "relevance": relevance, "kind": kind.as_str(), "topic": topic, "keywords": keywords,
        "confidence_percent": confidence, "why": why,
    })
}

/// The topic that fits best and how well: all its words in the title is 100, in the text 80, some of them less.
fn best_topic(input: &TriageInput, text: &str) -> Option<(String, u32)> {
    let title = counted(&input.title);
    let body = counted(text);
    let fit = |topic: &String| {
        let wanted = content_words(topic);
        let wanted = if wanted.is_empty() { words(topic) } else { wanted };
        let found: u32 = wanted
            .iter()
            .map(|word| {
                let uses = |text: &BTreeMap<String, u32>| {
                    text.iter().filter(|(w, _)| same_word(w, word)).map(|(_, n)| n).sum()
                };
                let (in_title, in_body): (u32, u32) = (uses(&title), uses(&body));
                match (in_title, in_body) {
                    (1.., _) => 100,
                    (0, 3..) => 80,
                    (0, 2) => 60,
                    (0, 1) => 35,
                    (0, 0) => 0,
                }
            })
            .sum();
        found / (wanted.len() as u32).max(1)
    };
    let mut best: Option<(String, u32)> = None;
    for topic in &input.site_topics {
        let percent = fit(topic);
        if percent > best.as_ref().map_or(0, |(_, p)| *p) {
            best = Some((topic.split_whitespace().collect::<Vec<_>>().join(" "), percent));
        }
    }
    best
}

fn counted(text: &str) -> BTreeMap<String, u32> {
    content_words(text).into_iter().fold(BTreeMap::new(), |mut counts, word| {
        *counts.entry(word).or_default() += 1;
        counts
    })
}

/// The same word in singular or plural.
fn same_word(a: &str, b: &str) -> bool {
    let stem =
        |w: &str| w.strip_suffix("es").or_else(|| w.strip_suffix('s')).filter(|s| s.len() > 2).map(str::to_owned);
    a == b
        || stem(a).is_some_and(|s| s == b || stem(b).as_deref() == Some(&s))
        || stem(b).is_some_and(|s| s == a)
        || a.strip_suffix('s') == Some(b)
        || b.strip_suffix('s') == Some(a)
}

/// The kind of text, and whether its words say so clearly.
fn kind_of(title: &str, text: &str) -> (TriageKind, bool) {
    let title = format!(" {} ", words(title).join(" "));
    let opening: String = words(text).into_iter().take(400).map(|w| w + " ").collect();
    let opening = format!(" {opening}");
    let signs: [(TriageKind, &[&str]); 4] = [
        (
            TriageKind::Release,
            &["release", "released", "releases", "version", "changelog", "release notes", "upgrade", "upgrading"],
        ),
        (
            TriageKind::Announcement,
            &[
                "announcing",
                "announce",
                "announces",
                "introducing",
                "launch",
                "launches",
                "now available",
                "deprecation",
                "advisory",
                "today we",
                "will stop",
                "retires",
                "deprecated",
                "end of life",
            ],
        ),
        (
            TriageKind::Tutorial,
            &["how to", "guide", "tutorial", "step by step", "walkthrough", "getting started", "you will learn"],
        ),
        (
            TriageKind::Opinion,
            &["opinion", "why i", "i think", "in my view", "considered harmful", "rant", "should we", "stop using"],
        ),
    ];
    let mut scores: Vec<(usize, TriageKind)> = signs
        .iter()
        .map(|(kind, phrases)| {
            let hits =
                |text: &str| phrases.iter().map(|p| text.matches(&format!(" {p} ")).count().min(3)).sum::<usize>();
            (hits(&title) * 5 + hits(&opening), *kind)
        })
        .collect();
    if versioned(&title) {
        scores[0].0 += 4;
    }
    // The order of kinds decides among equals.
    scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    match (scores[0], scores[1].0) {
        ((0 | 1, _), _) => (TriageKind::Other, false),
        ((score, kind), second) => (kind, score >= second + 3),
    }
}

/// Whether a title names a version: a number with a point in it.
fn versioned(title: &str) -> bool {
    title.split_whitespace().any(|word| {
        let word = word.strip_prefix('v').unwrap_or(word);
        word.contains('.')
            && word.starts_with(|c: char| c.is_ascii_digit())
            && word.ends_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::answer::parse_triage;

    fn input(title: &str, text: &str, topics: &[&str]) -> TriageInput {
        TriageInput {
            title: title.into(),
            url: "https://example.org/x".into(),
            source_kind: SourceKind::Primary,
            published: Some("2026-11-20T00:00:00Z".parse().unwrap()),
            text: text.into(),
            site_topics: topics.iter().map(|t| (*t).to_owned()).collect(),
            now: "2026-11-21T00:00:00Z".parse().unwrap(),
        }
    }

    const RELEASE: &str = "Quillstore 4.2 is released. This release changes how the database compacts its files. ";

    #[test]
    fn a_release_on_topic_ranks_above_one_off_topic() {
        let text = RELEASE.repeat(12);
        let on = parse_triage(&answer(&input("Quillstore 4.2 released", &text, &["databases"])).to_string()).unwrap();
        let off = parse_triage(&answer(&input("Quillstore 4.2 released", &text, &["knitting patterns"])).to_string())
            .unwrap();
        assert_eq!(on.kind, TriageKind::Release);
        assert!(on.relevance >= 70, "{on:?}");
        assert!(off.relevance <= 20, "{off:?}");
        assert_eq!(on.keywords[0], "quillstore");
    }

    #[test]
    fn a_short_or_old_text_ranks_lower() {
        let long = RELEASE.repeat(12);
        let relevance = |i: &TriageInput| parse_triage(&answer(i).to_string()).unwrap().relevance;
        let fresh = input("Database news", &long, &["databases"]);
        let old = TriageInput { published: Some("2025-01-01T00:00:00Z".parse().unwrap()), ..fresh.clone() };
        let short = TriageInput { text: RELEASE.into(), ..fresh.clone() };
        assert!(relevance(&old) < relevance(&fresh));
        assert!(relevance(&short) < relevance(&fresh));
    }

    #[test]
    fn kinds_are_told_by_their_words() {
        for (title, kind) in [
            ("Announcing Tallow, a build cache", TriageKind::Announcement),
            ("How to tune a write-ahead log: a guide", TriageKind::Tutorial),
            ("Why I think ORMs are considered harmful", TriageKind::Opinion),
            ("Tallow v1.4.0", TriageKind::Release),
            ("A walk in the park", TriageKind::Other),
        ] {
            assert_eq!(kind_of(title, "").0, kind, "{title}");
        }
    }

    #[test]
    fn odd_input_gives_an_answer_that_parses() {
        for (title, text) in
            [("", ""), ("1.2.3", "4 5 6"), ("\u{202E}<b>", "{{ x }}"), ("日本語", "日本語のテキスト。")]
        {
            for topics in [&[][..], &["", "<b>x</b>"][..]] {
                let json = answer(&input(title, text, topics)).to_string();
                assert!(parse_triage(&json).is_ok(), "{json}: {:?}", parse_triage(&json));
            }
        }
    }
}

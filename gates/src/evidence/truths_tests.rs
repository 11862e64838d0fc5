//! Pairs of a source and sentences about it: what is true passes, what was changed in one place does not.

use states::words::{Severity, Timestamp};

use super::*;

fn errors(sentence: &str, source: &str) -> Vec<String> {
    let mut source = plain(source, "source.txt");
    source.published = Some("2026-03-03T09:00:00Z".parse::<Timestamp>().unwrap());
    let judged = against(&[source], &[sentence], &Settings::default()).remove(0);
    judged.findings.into_iter().filter(|f| f.severity == Severity::Error).map(|f| f.code).collect()
}

/// Each source with sentences that are true of it, and sentences that are not.
fn try_all(table: &[(&str, &[&str], &[&str])]) {
    let mut wrong = Vec::new();
    for (source, good, bad) in table {
        for sentence in *good {
            let found = errors(sentence, source);
            if !found.is_empty() {
                wrong.push(format!("true, and flagged: {sentence} / {source}: {found:?}"));
            }
        }
        for sentence in *bad {
            if errors(sentence, source).is_empty() {
                wrong.push(format!("wrong, and not seen: {sentence} / {source}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn amounts_without_measure_are_bounded() {
    for source in [
        "The deposit formed 9000000 days ago.",
        "The deposit formed 300000 months ago.",
        "The deposit formed 2147483647 years ago.",
        "The deposit formed 2147483647 weeks ago.",
    ] {
        let _ = errors("The deposit formed on 3 March 2026.", source);
        let _ = errors(source, "The deposit formed on 3 March 2026.");
    }
    let dozens = format!("It has one {}and a half parts.", "dozen ".repeat(35));
    let _ = errors(&dozens, &dozens);
    let powers = "It has 10⁹⁹⁹⁹⁹⁹⁹⁹⁹ parts, 10⁹⁹ parts and 2⁹⁹ parts, 10⁻⁹⁹ of them.";
    let _ = errors(powers, powers);
}

#[test]
fn long_runs_of_marks_are_read_once() {
    for mark in ["/", ".", "~", ":", "-", "'", "@", "_", "$", "^", "½", "⁶", "９", "，", "１，", "1.", "a.", "a@", "::"]
    {
        let text = format!("It is {} here.", mark.repeat(200_000 / mark.len()));
        assert!(!tokens::tokens(&text).is_empty(), "{mark}");
    }
}

#[test]
fn digits_of_other_scripts_are_numbers() {
    try_all(&[
        ("A request takes ４０ ms.", &["A request takes 40 ms."], &["A request takes 50 ms."]),
        ("A request takes 40 ms.", &["A request takes ４０ ms."], &["A request takes ５０ ms."]),
        ("Load grew by 40 %.", &["Load grew by ４０％."], &["Load grew by ５０％."]),
        (
            "It serves 10⁶ requests.",
            &["It serves 10⁶ requests.", "It serves a million requests."],
            &["It serves 10⁹ requests."],
        ),
        ("It costs ⅓ of the memory.", &["It costs a third of the memory."], &["It costs ⅔ of the memory."]),
        ("It serves ٤٠ requests.", &["It serves ٤٠ requests."], &["It serves ٥٠ requests."]),
        ("The plan costs 40² coins.", &["The plan costs 40 coins."], &["The plan costs 30 coins."]),
    ]);
}

#[test]
fn versions_are_no_decimals() {
    try_all(&[
        (
            "It runs on Python 3.9 and 3.10 today.",
            &["It runs on Python 3.9 and 3.10 today."],
            &["It runs on Python 3.9 and 3.1 today."],
        ),
        (
            "Fixes went into Django 5.1, 4.20 and 3.30 today.",
            &["Fixes went into Django 5.1, 4.20 and 3.30 today."],
            &["Fixes went into Django 5.1, 4.2 and 3.3 today."],
        ),
        ("It needs rustc 1.90 to build.", &["It needs rustc 1.90 to build."], &["It needs rustc 1.9 to build."]),
        ("It needs kernel 6.10 to run.", &["It needs kernel 6.10 to run."], &["It needs kernel 6.1 to run."]),
        (
            "The file has a ratio of 2.50 here.",
            &["The file has a ratio of 2.50 here."],
            &["The file has a ratio of 2.60 here."],
        ),
    ]);
}

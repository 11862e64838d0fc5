//! Tests of [`super`].

use states::words::{Severity, Snapshot};

use super::super::{against, plain};
use crate::settings::Settings;

const SOURCE: &str = "\
The harbour council voted on Monday to close the old ferry terminal. Engineers had found cracks in two of its piers.

Mayor Ines Falk said the terminal will not reopen before 2027. The city expects repairs to cost $4.5 million.

A market is to open in the hall next spring. Traders welcomed the plan.
";

fn score(sentence: &str) -> u16 {
    let source: Vec<Snapshot> = vec![plain(SOURCE, "a")];
    against(&source, &[sentence], &Settings::default()).remove(0).support.unwrap()
}

/// Each sentence is carried less well than the one before.
fn falling(sentences: &[&str]) {
    let scores: Vec<(u16, &str)> = sentences.iter().map(|s| (score(s), *s)).collect();
    assert!(scores.windows(2).all(|pair| pair[0].0 > pair[1].0), "{scores:#?}");
}

#[test]
fn the_score_falls_from_taken_over_to_invented() {
    falling(&[
        "The harbour council voted on Monday to close the old ferry terminal.",
        "The council voted to close the old terminal after engineers found cracks in its piers.",
        "The council decided to shut the ferry terminal because of cracked piers.",
        "The council decided to demolish the railway station because of cracked piers.",
        "Parliament decided to demolish the railway station after a storm.",
    ]);
    assert!(score("The harbour council voted on Monday to close the old ferry terminal.") > 980);
    assert!(score("Parliament decided to demolish the railway station after a storm.") < 250);
}

#[test]
fn a_wrong_figure_or_name_weighs_more_than_another_word() {
    falling(&[
        "The city expects repairs to cost $4.5 million.",
        "The city expects repairs to come to $4.5 million.",
        "The city expects repairs to cost $5.4 million.",
    ]);
    falling(&[
        "Mayor Ines Falk said the terminal will not reopen before 2027.",
        "Mayor Ines Falk told reporters the terminal will not reopen before 2027.",
        "Mayor Jonas Reuter said the terminal will not reopen before 2027.",
    ]);
}

#[test]
fn a_denial_that_the_source_has_not_halves_the_score() {
    let (said, denied) = (score("Traders welcomed the plan."), score("Traders never welcomed the plan."));
    assert!(denied * 10 <= said * 6, "{said} {denied}");
}

#[test]
fn words_of_two_places_carry_less_than_those_of_one() {
    falling(&[
        "Engineers had found cracks in two piers of the ferry terminal.",
        "Traders voted to open cracks in the market piers next Monday.",
    ]);
}

#[test]
fn two_clauses_may_stand_in_two_places() {
    let sentence =
        "The harbour council voted to close the old ferry terminal, and a market is to open in the hall next spring.";
    let judged = against(&[plain(SOURCE, "a")], &[sentence], &Settings::default()).remove(0);
    assert!(judged.findings.iter().all(|f| f.severity != Severity::Error), "{:?}", judged.findings);
    assert!(judged.support.unwrap() > 850, "{:?}", judged.support);
}

//! Sentences without citations against invented texts.

use states::words::{Severity, Snapshot};

use super::*;

const RELEASE: &str = "\
Ferrite 2.4 is out today. It is a parser generator for log files, written in Rust.

Parsing a 10 MB file now takes 12 ms instead of 40 ms. Rendering takes 25 ms, as before. Memory use fell by 30 percent.

We fixed 37 bugs, and 14 contributors sent patches. The lexer does not allocate memory while it reads a file.

“We did not plan a rewrite; the old lexer simply could not grow any further,” says Jane Doe, who maintains the project.

```toml
lexer-api = \"0.9\"
```
";

const REPORT: &str = "\
Ferrite is used by 1,200 companies, according to a survey that its makers ran in January 2026.

The project received $1.5 million from the Nordlicht fund. Its closest rival, Grist 3.1, parses the same file in 55 ms.
";

fn sources() -> Vec<Snapshot> {
    vec![plain(RELEASE, "release.txt"), plain(REPORT, "report.txt")]
}

fn judged(sentence: &str) -> Judged {
    against(&sources(), &[sentence], &Settings::default()).remove(0)
}

fn errors(sentence: &str) -> Vec<String> {
    judged(sentence).findings.into_iter().filter(|f| f.severity == Severity::Error).map(|f| f.code).collect()
}

fn cited(sentence: &str) -> Vec<String> {
    let sources = sources();
    let text =
        |cite: &Cite| sources.iter().find(|s| s.id == cite.snapshot).unwrap().text[cite.start..cite.end].to_owned();
    judged(sentence).cites.iter().map(text).collect()
}

#[test]
fn a_sentence_is_tied_to_the_range_that_carries_it() {
    assert_eq!(cited("Rendering still takes 25 ms, as it did before."), ["Rendering takes 25 ms, as before."]);
    assert_eq!(
        cited("Ferrite is a parser generator written in Rust."),
        ["Ferrite 2.4 is out today. It is a parser generator for log files, written in Rust."]
    );
    assert_eq!(cited("Depend on the lexer-api of version 0.9."), ["lexer-api = \"0.9\""]);
    assert!(cited("Quarterly earnings disappointed investors.").is_empty());
}

#[test]
fn true_sentences_pass_however_they_are_cut() {
    for sentence in [
        "Parsing a 10 MB file now takes 12 ms instead of 40 ms.",
        "Parsing a 10 MB file takes 12 ms, and rendering takes 25 ms as before.",
        "Memory use fell by 30%.",
        "A survey in January 2026 found Ferrite used by 1200 companies.",
        "The project received $1.5 million from the Nordlicht fund, and 14 contributors sent patches.",
        "“The old lexer simply could not grow any further,” says Jane Doe.",
        "The lexer does not allocate memory while it reads a file.",
        "Patches came from 14 people, and 37 bugs were fixed.",
    ] {
        assert_eq!(errors(sentence), [""; 0], "{sentence}");
    }
}

#[test]
fn wrong_figures_are_findings() {
    for (sentence, code) in [
        ("Parsing a 10 MB file now takes 13 ms.", "evidence/number"),
        ("We fixed 38 bugs.", "evidence/number"),
        ("Memory use fell by 35 percent.", "evidence/percent"),
        ("The project received $1.6 million from the Nordlicht fund.", "evidence/money"),
        ("Ferrite 2.5 is out today.", "evidence/version"),
        ("A survey that its makers ran in March 2026 found 1,200 companies.", "evidence/date"),
        ("“The old lexer simply could not shrink any further,” says Jane Doe.", "evidence/quotation"),
        ("The project received money from the Südlicht fund.", "evidence/name"),
        ("Its lexer is described at https://ferrite.example/lexer in full.", "evidence/url"),
    ] {
        assert!(errors(sentence).contains(&code.to_owned()), "{sentence}: {:?}", errors(sentence));
    }
}

#[test]
fn a_sentence_that_no_source_has_anything_of_is_a_finding() {
    let nothing = judged("Quarterly earnings disappointed investors everywhere.");
    assert_eq!((nothing.cites.len(), nothing.support), (0, Some(0)));
    assert_eq!(nothing.findings[0].code, "evidence/support");
    assert_eq!(errors("It is so."), [""; 0]);
}

#[test]
fn a_figure_from_one_place_and_words_from_another_do_not_make_a_proof() {
    for sentence in [
        "Parsing a 10 MB file now takes 25 ms instead of 40 ms.",
        "Rendering takes 12 ms, as before.",
        "We fixed 14 bugs, and 37 contributors sent patches.",
        "Its closest rival, Grist 3.1, parses the same file in 12 ms.",
        "Its closest rival, Grist 2.4, parses the same file in 55 ms.",
        "Rendering takes 55 ms, as before.",
    ] {
        assert_ne!(errors(sentence), [""; 0], "{sentence}");
    }
}

#[test]
fn every_claim_has_a_row_and_every_row_bytes() {
    let judged = judged("Parsing a 10 MB file now takes 12 ms instead of 40 ms.");
    let kinds: Vec<(&str, &str)> = judged.rows.iter().map(|r| (r.kind.as_str(), r.claim.as_str())).collect();
    assert_eq!(kinds[..3], [("number", "10 MB"), ("number", "12 ms"), ("number", "40 ms")]);
    assert!(judged.rows.iter().all(|r| r.cite.is_some()));
    assert_eq!(judged.support, Some(1_000));
}

#[test]
fn hostile_texts_are_bounded() {
    let sources = [plain(&"7 ".repeat(20_000), ""), plain("", "empty"), plain(&"x".repeat(50_000), "one word")];
    let long = "7 apples ".repeat(2_000);
    let all = against(&sources, &["", "7", "«", "\u{301}", &long], &Settings::default());
    assert_eq!(all.len(), 5);
    assert_eq!(all[4].findings[0].code, "evidence/sentence-long");
    assert!(
        against(&[], &["It takes 7 ms."], &Settings::default())[0].findings.iter().any(|f| f.code == "evidence/number")
    );
}

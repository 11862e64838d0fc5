//! The generator, the reader of cases and the correlations.

use std::collections::HashSet;

use states::words::text;

use super::generate::{cases, sheets};
use super::planting::{Pool, planted};
use super::texts::Text;
use super::values::{Kind, keys, values};
use super::wording;
use super::*;
use crate::random::Random;

/// A page about software that does not exist.
const PAGE: &str = "Nimbus Cache was released on March 3, 2025 by Harbor Labs, which is a small company in Oslo.\n\n\
    The new release 4.2 answers 1,200 requests per second, and it needs 35% less memory than before. Harbor Labs says that \
    several large users in Norway began to use it in 2024. On Monday, Ingrid Solberg published the figures of three tests. \
    The tests (all of them on one machine) were repeated five times.\n\n\
    “We did not expect that the old index was so slow,” Ingrid Solberg said. However, the paid plan of Nimbus Cache costs \
    $40 million less than the team at Quarry Systems had feared in April 2023. The company also raised $1.2 million from Delta \
    Ventures, and it will hire 12 people. A description stands in the manual (https://nimbus.example/docs/cache/2025) of \
    the project. The manual of version 4.1.7 is kept at https://old.nimbus.example/manual for older machines. Most of the \
    other 80 pages were written by Tomas Brandt in the summer of 2022.\n\n";

fn page() -> Vec<Text> {
    vec![Text { name: "nimbus".into(), text: PAGE.into() }]
}

/// The values of the page's sentences.
fn said() -> HashSet<String> {
    text::sentences(PAGE).iter().flat_map(|span| keys(span.of(PAGE))).collect()
}

/// True for a value that the page has. Names may stand at the beginning of a sentence, where they are not looked for.
fn in_page(key: &str, said: &HashSet<String>) -> bool {
    said.contains(key) || key.strip_prefix("name:").is_some_and(|name| PAGE.to_lowercase().contains(name))
}

#[test]
fn equal_seeds_make_equal_cases() {
    let sheets = sheets(page());
    assert_eq!(cases(&sheets, 7, 40), cases(&sheets, 7, 40));
    assert_ne!(cases(&sheets, 7, 40), cases(&sheets, 8, 40));
}

#[test]
fn every_kind_is_planted_and_a_planted_sentence_differs_in_one_value() {
    let found = cases(&sheets(page()), 3, 200);
    let there = said();
    let mut planted = HashSet::new();
    for sentence in found.iter().flat_map(|case| &case.sentences) {
        let Some(kind) = &sentence.planted else { continue };
        planted.insert(kind.clone());
        assert!(!PAGE.contains(&sentence.text), "{}", sentence.text);
        let here = keys(&sentence.text);
        let new = here.iter().filter(|key| !in_page(key, &there)).count();
        assert!(new <= 1, "{kind}: {} has {here:?}", sentence.text);
    }
    let all: HashSet<String> = Kind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(planted, all);
}

#[test]
fn true_sentences_say_no_value_that_their_page_does_not() {
    let found = cases(&sheets(page()), 5, 150);
    let there = said();
    let mut ways = HashSet::new();
    for sentence in found.iter().flat_map(|case| &case.sentences).filter(|sentence| sentence.planted.is_none()) {
        ways.insert(sentence.how.clone().unwrap());
        for value in values(&sentence.text) {
            // A quotation keeps its words; its last comma may go.
            let said = value.kind == Kind::Quotation || in_page(&value.key, &there);
            assert!(said, "{} has {}", sentence.text, value.key);
        }
    }
    assert_eq!(ways.len(), 5, "{ways:?}");
}

#[test]
fn another_way_of_writing_is_the_same_value() {
    for (one, other) in [
        ("It took three days there.", "It took 3 days there."),
        ("It costs $1.2 million now.", "It costs $1,200,000 now."),
        ("It costs $40 million now.", "It costs 40 million dollars now."),
        ("It shrank by 35% again.", "It shrank by 35 percent again."),
        ("It came on March 3, 2025 at last.", "It came on 3 March 2025 at last."),
        ("It came on Mar. 3 at last.", "It came on March 3 at last."),
        ("It has 1,200 parts in all.", "It has 1200 parts in all."),
    ] {
        assert_eq!(keys(one), keys(other));
        assert_ne!(keys(one), Vec::<String>::new());
    }
    assert_ne!(keys("It costs $40 million now."), keys("It costs €40 million now."));
    assert_ne!(keys("It came on March 3, 2025."), keys("It came on March 3, 2024."));
}

#[test]
fn rewordings_keep_what_is_said() {
    let mut random = Random::of(1);
    let reworded = wording::reworded("In 2016, it was closed for good.", &mut random).unwrap();
    assert_eq!(reworded, "It was closed for good in 2016.");
    let quoted = wording::reworded("“We are not sure about that,” said Ada Berg.", &mut random).unwrap();
    assert_eq!(quoted, "Ada Berg said: “We are not sure about that.”");
    let short = wording::shortened("Harbor (a small shop) opened its doors in May.", &mut random).unwrap();
    assert_eq!(short, "Harbor opened its doors in May.");
    let relative =
        wording::shortened("The tool, which came out in 2020, reads logs of all kinds.", &mut random).unwrap();
    assert_eq!(relative, "The tool reads logs of all kinds.");
    // What hangs on a condition is not said without it.
    assert_eq!(wording::shortened("If it rains, it stays shut, and it loses money.", &mut random), None);
    let both = wording::merged("It opened in May.", "The shop has two rooms.", &mut random).unwrap();
    assert!(
        ["It opened in May, and the shop has two rooms.", "It opened in May; the shop has two rooms."]
            .contains(&&*both)
    );
}

#[test]
fn what_is_caught_and_what_is_flagged_is_counted_by_kind() {
    let source = "The firm sold 40 boats in 2020. Its crew has nine people.".to_owned();
    let sentence = |text: &str, planted: Option<&str>, label| Claimed {
        text: text.into(),
        label,
        planted: planted.map(str::to_owned),
        how: None,
    };
    let sentences = vec![
        sentence("The firm sold 40 boats in 2020.", None, Some(1.0)),
        sentence("The firm sold 55 boats in 2020.", Some("number"), None),
    ];
    let other = vec![sentence("A purple horse danced over frozen cities.", None, Some(0.0))];
    let cases = [
        Case { id: "a".into(), sources: vec![source.clone()], sentences },
        Case { id: "b".into(), sources: vec![source], sentences: other },
    ];
    let mut report = Report::new("evidence", "");
    tell(&mut report, "given", &cases, 5);
    let value = |name: &str| report.measures.iter().find(|m| m.name == name).map(|m| m.value);
    assert_eq!(value("given: wrong by number, caught"), Some(1.0));
    assert_eq!(value("given: true sentences flagged"), Some(0.0));
    assert_eq!(value("given: cases with labels"), Some(2.0));
    assert!(value("given: support and labels, Pearson").is_some_and(|r| r > 0.99), "{:?}", report.measures);
    assert!(report.met());
}

/// What a value of a kind is exchanged for, over many seeds.
fn exchanged(sentence: &str, kind: Kind, page: &str) -> Vec<String> {
    let letters = super::values::letters(page);
    let written: Vec<_> = text::sentences(page)
        .iter()
        .map(|span| span.of(page))
        .flat_map(|sentence| values(sentence).into_iter().map(|value| (value.kind, sentence[value.span].to_owned())))
        .collect();
    let words: Vec<String> = page.split(' ').filter(|w| w.len() > 3).map(str::to_lowercase).collect();
    let pool = Pool { letters: &letters, written: &written, words: &words };
    let value = values(sentence).into_iter().find(|value| value.kind == kind).unwrap();
    let mut found: Vec<String> =
        (0..200).filter_map(|seed| planted(sentence, &value, &pool, &mut Random::of(seed))).collect();
    found.sort();
    found.dedup();
    assert!(!found.is_empty(), "nothing is planted in {sentence}");
    found
}

#[test]
fn what_is_planted_cannot_be_true_as_well() {
    // More than 40 is also more than 30.
    for text in exchanged("It holds more than 40 boats there.", Kind::Number, PAGE) {
        let number: u64 = text.split(' ').nth(4).and_then(|word| word.replace(',', "").parse().ok()).unwrap();
        assert!(number > 52, "{text}");
    }
    // A name that means the same is no other.
    let page = "The people of Britain met there. In all of England, Quarry Systems has one shop.";
    for text in exchanged("It is seen as far as Britain is known.", Kind::Name, page) {
        assert!(!text.contains("England"), "{text}");
    }
    // Nor are a person's first and last name.
    let page = "We met Ada Berg. It was seen by Berg there. It was seen by Ada there.";
    for text in exchanged("It was seen by Berg there.", Kind::Name, page) {
        assert!(!text.contains("Ada"), "{text}");
    }
    // A quotation that the page has as well is none.
    let page = "He said “it was slow and very old” first. She said “it was old and very slow” then.";
    for text in exchanged("He said “it was slow and very old” first.", Kind::Quotation, page) {
        assert!(!text.contains("it was old and very slow"), "{text}");
    }
}

#[test]
fn another_spelling_of_the_same_value_is_never_planted() {
    let page = "It weighs 3 tons. It weighs three tons. It weighs 3.0 tons. It weighs four tons.";
    for text in exchanged("It weighs 3 tons.", Kind::Number, page) {
        assert_ne!(keys(&text), keys("It weighs 3 tons."), "{text}");
    }
    for text in exchanged("See the docs at https://www.nimbus.example/docs/ now.", Kind::Link, PAGE) {
        assert!(!text.contains("//nimbus.example/docs ") && !text.contains("//nimbus.example/docs/ "), "{text}");
    }
}

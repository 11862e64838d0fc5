//! Invented news: varied enough that neither copies nor near-duplicates arise by accident.

use std::collections::BTreeSet;

use scraper::{Html, Selector};
use states::words::text::{count_words, sentences, words};

use crate::harness::invent::News;

fn shingles(text: &str) -> BTreeSet<Vec<String>> {
    words(text).windows(3).map(<[String]>::to_vec).collect()
}

fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (shingles(a), shingles(b));
    a.intersection(&b).count() as f64 / a.union(&b).count() as f64
}

#[test]
fn equal_seeds_give_equal_news_and_other_seeds_other_news() {
    assert_eq!(News::of(7, 200), News::of(7, 200));
    let products: BTreeSet<String> = (0..4096).map(|seed| News::of(seed, 1).product).collect();
    assert_eq!(products.len(), 4096);
}

#[test]
fn no_two_are_alike_and_an_edited_copy_is() {
    let texts: Vec<String> = (0..16).map(|seed| News::of(seed, 1500).text()).collect();
    for (n, a) in texts.iter().enumerate() {
        for b in &texts[..n] {
            let likeness = likeness(a, b);
            assert!(likeness < 0.2, "two independent stories are alike by {likeness:.2}");
        }
    }
    let original = News::of(5, 1500);
    assert_ne!(original.edited().title, original.title);
    let likeness = likeness(&original.text(), &original.edited().text());
    assert!((0.7..0.99).contains(&likeness), "an edited copy is alike by {likeness:.2}");
}

#[test]
fn its_sentences_are_whole_unquoted_and_full_of_figures() {
    for seed in 0..20 {
        let news = News::of(seed, 1500);
        let text = news.text();
        assert!(count_words(&text) >= 1450, "{} words", count_words(&text));
        assert!(!text.contains(['"', '“', '`', '<']));
        let written: Vec<&String> = news.paragraphs.iter().flatten().collect();
        let cut: Vec<&str> = sentences(&text).into_iter().map(|s| s.of(&text)).collect();
        assert_eq!(cut, written, "seed {seed}");
        assert_eq!(written.iter().collect::<BTreeSet<_>>().len(), written.len());
        let figures = written.iter().filter(|s| s.contains(|c: char| c.is_ascii_digit())).count();
        assert!(figures * 2 > written.len(), "{figures} of {} sentences have figures", written.len());
    }
}

#[test]
fn a_page_holds_the_text_among_junk() {
    let news = News::of(11, 300);
    let page = Html::parse_document(&news.page("The <Gazette>"));
    let text = |css: &str| {
        let selector = Selector::parse(css).unwrap();
        page.select(&selector).map(|e| e.text().collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(text("h1").join(""), news.title);
    let body = text("article p").join("\n");
    for sentence in news.paragraphs.iter().flatten() {
        assert!(body.contains(sentence.as_str()), "{sentence}");
    }
    assert!(text("nav").join("").contains("Jobs"));
    let date = Selector::parse("meta[property='article:published_time']").unwrap();
    let date = page.select(&date).next().unwrap().attr("content").unwrap();
    assert_eq!(date.parse::<jiff::Timestamp>().unwrap(), news.date);
}

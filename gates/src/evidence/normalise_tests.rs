//! Tests of [`super`].

use super::super::units::unit;
use super::*;

#[test]
fn forms_of_a_word_have_one_stem() {
    for forms in [
        &["parse", "parses", "parsed", "parsing"][..],
        &["run", "runs", "running"],
        &["library", "libraries"],
        &["release", "releases", "released", "releasing"],
        &["fix", "fixes", "fixed", "fixing"],
        &["reduce", "reduces", "reduced", "reducing"],
    ] {
        for form in forms {
            assert_eq!(stem(form), stem(forms[0]), "{form}");
        }
    }
    assert_ne!(stem("render"), stem("parse"));
    assert_eq!(stem("class"), "class");
}

#[test]
fn decimals_are_equal_when_their_values_are() {
    let d = |text: &str| Decimal::parse(text).unwrap();
    assert_eq!(d("1.50"), d("1.5"));
    assert_eq!(d("1500"), d("1.5").times(Decimal::new(1, 3)).unwrap());
    assert_ne!(d("15"), d("1.5"));
    assert_eq!(Decimal::parse("1.2.3"), None);
    assert_eq!(Decimal::parse(&"9".repeat(31)), None);
    assert_eq!(d("40").apart(d("12.5")).unwrap(), d("27.5"));
    assert_eq!(d("28").divided(d("40"), 2).unwrap(), d("0.7"));
    assert_eq!(d("2").divided(d("3"), 2).unwrap(), d("0.67"));
    assert_eq!(d("0"), d("0.000"));
}

#[test]
fn units_of_one_dimension_compare() {
    let value = |n: i128, u: &str| unit(u).map(|(dim, f)| (dim, Decimal::new(n, 0).times(f).unwrap()));
    assert_eq!(value(1500, "ms"), value(15, "s").map(|(d, v)| (d, v.times(Decimal::new(1, -1)).unwrap())));
    assert_eq!(value(90, "minutes"), value(5400, "Seconds"));
    assert_ne!(value(1, "Mb"), value(1, "MB"));
    assert_eq!(unit("contributors"), None);
    assert_eq!(unit("MS"), None);
}

#[test]
fn quotations_fold_and_find_their_way_back() {
    let text = "He said “it’s  ﬁne”, e\u{301}tude.";
    let folded = Folded::of(text);
    assert_eq!(folded.text, "He said \"it's fine\", étude.");
    let at = folded.find("it's fine", 0).unwrap();
    assert_eq!(&text[folded.origin(at).unwrap()], "it’s  ﬁne");
    assert_eq!(folded.find("tude", 0), None, "a word is not cut");
}

#[test]
fn what_a_value_begins_with_is_sorted_and_whole() {
    assert!(OPENERS.is_sorted());
    let words = NUMBER_WORDS.iter().chain(&TENS[2..]).chain(GERMAN.iter().map(|(word, _)| word));
    assert!(words.into_iter().all(|word| opens_value(word)));
    for word in ["dollars", "euros", "yen", "francs", "rupees", "yuan", "cents", "kroner", "twice", "halved", "dozen"] {
        assert!(opens_value(word), "{word}");
    }
}

#[test]
fn number_words_are_numbers() {
    assert_eq!(number_word("twelve"), Some(12));
    assert_eq!(number_word("twenty-five"), Some(25));
    assert_eq!(number_word("twenty-twenty"), None);
    assert_eq!(number_word("often"), None);
}

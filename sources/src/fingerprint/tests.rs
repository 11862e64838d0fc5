//! Fingerprints as a whole.

use super::*;

fn numbered(from: usize, to: usize) -> String {
    (from..to).map(|i| format!("word{i} ")).collect()
}

#[test]
fn layout_case_and_invisible_characters_do_not_matter() {
    for preset in Preset::ALL {
        let plain = Fingerprint::by(preset, "The quick brown fox, “quoted”, jumps over the ﬁnal dog.");
        let other =
            Fingerprint::by(preset, "  THE quick\u{a0}brown\r\n fox, “quoted”, ju\u{200b}mps over the final dog.\n");
        assert_eq!(plain, other);
    }
}

#[test]
fn resemblance_is_estimated_without_bias_and_within_its_error() {
    // 100 pairs of each length: the mean error tells a bias, the mean square the spread of 128 independent values.
    for length in [12, 60, 300, 1500] {
        let (mut sum, mut square) = (0.0, 0.0);
        for n in 0..100 {
            let from = n * 10_000;
            let (a, b) = (numbered(from, from + length), numbered(from + length / 3, from + length + length / 3));
            let (set, step) = (length as f64 - 2.0, (length / 3) as f64);
            let truth = (set - step) / (set + step);
            let error = Fingerprint::of(&a).similarity(&Fingerprint::of(&b)) - truth;
            (sum, square) = (sum + error, square + error * error);
        }
        let expected = (0.25f64 / 128.0).sqrt();
        assert!((sum / 100.0).abs() < 0.016, "{length} words: mean error {}", sum / 100.0);
        assert!((square / 100.0).sqrt() < expected * 1.2, "{length} words: spread {}", (square / 100.0).sqrt());
    }
    let a = Fingerprint::of(&numbered(0, 500));
    assert_eq!(a.similarity(&a), 1.0);
    assert!(a.similarity(&Fingerprint::of(&numbered(2000, 3000))) < 0.05);
}

#[test]
fn texts_that_share_half_of_their_shingles_share_a_key() {
    for preset in Preset::ALL {
        let mut shared = 0;
        for i in 0..200 {
            let base = i * 10_000;
            let (a, b) = (numbered(base, base + 300), numbered(base + 60, base + 360));
            let keys = Fingerprint::by(preset, &b).keys();
            shared += usize::from(Fingerprint::by(preset, &a).keys().iter().any(|key| keys.contains(key)));
        }
        assert!(shared >= 199, "{preset:?}: {shared} of 200");
    }
}

#[test]
fn a_copy_inside_a_wrapper_and_a_part_of_a_text_are_copies() {
    let limits = Thresholds::default();
    let (story, around) = (numbered(0, 600), numbered(10_000, 10_900));
    let (wrapped, digest) = (format!("{around}{story}"), format!("{story}{}", numbered(20_000, 25_000)));
    let of = Fingerprint::of;
    assert_eq!(compare(&of(&wrapped), &of(&story), &limits), Relation::Copy);
    // What is told again in the middle of much else is no copy of it, but what was told there before is.
    assert_eq!(compare(&of(&digest), &of(&story), &limits), Relation::Near);
    assert_eq!(compare(&of(&story), &of(&digest), &limits), Relation::Copy);
    assert_eq!(compare(&of(&numbered(0, 150)), &of(&story), &limits), Relation::Copy);
    assert_eq!(compare(&of(&around), &of(&story), &limits), Relation::None);
    // Few words stand in many texts by chance.
    assert_eq!(compare(&of(&numbered(0, 9)), &of(&story), &limits), Relation::None);
}

#[test]
fn fingerprints_of_two_presets_are_not_compared() {
    let text = numbered(0, 100);
    let (a, b) = (Fingerprint::by(Preset::Words3, &text), Fingerprint::by(Preset::Chars3, &text));
    assert_eq!(a.likeness(&b), None);
    assert_eq!(compare(&a, &b, &Thresholds::default()), Relation::None);
    assert!(!a.keys().iter().any(|key| b.keys().contains(key)));
}

#[test]
fn the_stored_form_is_read_back_and_nothing_else_is() {
    let long = numbered(0, 4000);
    for preset in Preset::ALL {
        for text in ["", "one", "two words", "a text with a few more words than that", &long] {
            let fingerprint = Fingerprint::by(preset, text);
            assert_eq!(Fingerprint::from_bytes(&fingerprint.to_bytes()), Some(fingerprint));
        }
    }
    let bytes = Fingerprint::of("a b c d e f g h").to_bytes();
    assert_eq!(Fingerprint::from_bytes(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Fingerprint::from_bytes(&[]), None);
    for at in [0, 1] {
        let mut other = bytes.clone();
        other[at] = 77;
        assert_eq!(Fingerprint::from_bytes(&other), None);
    }
}

#[test]
fn texts_without_words_relate_to_nothing() {
    for preset in Preset::ALL {
        let empty = Fingerprint::by(preset, " … ");
        assert_eq!(compare(&empty, &empty, &preset.thresholds()), Relation::None);
        assert!(empty.keys().is_empty());
    }
}

#[test]
fn thresholds_other_than_those_of_the_preset_can_be_configured() {
    let own = Thresholds { copy: 0.6, ..Thresholds::default() };
    assert_eq!(Comparing { preset: Preset::Chars3, thresholds: Some(own) }.thresholds(), own);
    assert_eq!(Comparing { preset: Preset::Chars3, thresholds: None }.thresholds().copy, 0.7);
}

#[test]
fn the_fingerprint_is_the_same_on_every_machine() {
    let text = "The signature of this sentence, größer or 小さい, must never change.";
    let (words, chars) = (Fingerprint::of(text), Fingerprint::by(Preset::Chars3, text));
    let found = (&words.exact_hex()[..16], &words.signature[..3], &chars.signature[..3], &words.keys()[..2]);
    assert_eq!(
        found,
        (
            "8d26b8378e6b13e6",
            &[41139, 39727, 24954][..],
            &[17131, 44604, 9620][..],
            &[2733443572869382750, 3257557890670284376][..]
        )
    );
}

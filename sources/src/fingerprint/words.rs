//! Words of a normal form, as hashes, and the shingles that are made of them.

use unicode_normalization::char::is_combining_mark;

const ODD: [u64; 5] =
    [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0xd6e8_feb8_6659_fd93, 0xa076_1d64_78bd_642f];

/// Which ASCII bytes belong to a word: letters, digits and `_`.
const IN_WORD: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// One hash per word, in the order of the text. A word is a run of letters, digits, marks and `_`; in scripts that put no spaces
/// between words, each letter with its marks is one.
pub(super) fn words(normal: &str) -> Vec<u64> {
    let bytes = normal.as_bytes();
    let mut found = Vec::with_capacity(bytes.len() / 5 + 1);
    // Where the open word began, and whether it is one letter.
    let (mut start, mut single) = (None, false);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (length, kind) = if !byte.is_ascii() {
            let c = normal[at..].chars().next().unwrap_or('\u{fffd}');
            (c.len_utf8(), kind(c))
        } else if IN_WORD[usize::from(byte)] {
            // To the end of the run at once.
            let run = bytes[at..].iter().position(|b| !b.is_ascii() || !IN_WORD[usize::from(b & 0x7f)]);
            (run.unwrap_or(bytes.len() - at), Kind::Part)
        } else {
            (1, Kind::Between)
        };
        if matches!(kind, Kind::Between | Kind::Whole) || (single && kind == Kind::Part) {
            found.extend(start.take().map(|from| hash(bytes, from, at)));
        }
        if kind != Kind::Between && start.is_none() {
            (start, single) = (Some(at), kind == Kind::Whole);
        }
        at += length;
    }
    found.extend(start.map(|from| hash(bytes, from, bytes.len())));
    found
}

/// The hashes of all runs of `length` words. Fewer words are one shingle; no words are none.
pub(super) fn shingles(words: &[u64], length: usize) -> Vec<u64> {
    let one = |window: &[u64]| {
        let sum = window.iter().zip(ODD).fold(0u64, |sum, (word, odd)| sum.rotate_left(23) ^ word.wrapping_mul(odd));
        mix(sum)
    };
    match words {
        [] => Vec::new(),
        few if few.len() < length => vec![one(few)],
        many => many.windows(length).map(one).collect(),
    }
}

/// The hashes of all runs of `length` characters, three at most. A shorter text is one shingle.
pub(super) fn character_shingles(normal: &str, length: usize) -> Vec<u64> {
    let mut hashes = Vec::with_capacity(normal.len());
    // A character takes 21 bits, so that three fit.
    let (mask, mut run) = ((1u64 << (21 * length.min(3))) - 1, 0u64);
    for (n, c) in normal.chars().enumerate() {
        run = (run << 21 | u64::from(u32::from(c))) & mask;
        if n + 1 >= length {
            hashes.push(mix(run ^ ODD[4]));
        }
    }
    if hashes.is_empty() && !normal.is_empty() {
        hashes.push(mix(run ^ ODD[4]));
    }
    hashes
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Between,
    Part,
    Mark,
    Whole,
}

fn kind(c: char) -> Kind {
    // The most frequent ones without a look into Unicode's tables.
    match c {
        '\u{C0}'..='\u{D6}'
        | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{17F}'
        | '\u{400}'..='\u{45F}'
        | '\u{AC00}'..='\u{D7A3}' => Kind::Part,
        '\u{2010}'..='\u{2027}' => Kind::Between,
        '\u{4E00}'..='\u{9FFF}' => Kind::Whole,
        _ => kind_of_rare(c),
    }
}

fn kind_of_rare(c: char) -> Kind {
    if is_combining_mark(c) {
        Kind::Mark
    } else if !c.is_alphanumeric() {
        Kind::Between
    } else if is_unspaced(c) {
        Kind::Whole
    } else {
        Kind::Part
    }
}

/// Letters of scripts that are written without spaces: Thai, Lao, Myanmar, Khmer, kana, bopomofo and Han (Unicode's blocks).
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{312F}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

/// The hash of one word, `from..to` of a text: eight bytes at a time, each step the folded product of two 64-bit numbers (as in wyhash, Wang Yi,
/// 2019). Bytes are read as little-endian numbers, so that every machine gets the same.
fn hash(text: &[u8], from: usize, to: usize) -> u64 {
    let mut state = ODD[0] ^ (to.saturating_sub(from) as u64);
    let (eights, tail) = text.get(from..to).unwrap_or_default().as_chunks::<8>();
    for eight in eights {
        state = folded(state ^ u64::from_le_bytes(*eight), ODD[1]);
    }
    // The text goes on behind most words: eight bytes are read at once, and those that are not the word's are cut off.
    let last = match text.get(to - tail.len()..).and_then(|rest| rest.first_chunk()) {
        Some(_) if tail.is_empty() => 0,
        Some(eight) => u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * tail.len())),
        None => tail.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte)),
    };
    folded(state ^ last, ODD[2] ^ last)
}

fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_digits_marks_and_underscores() {
        let words_of = |text: &str| words(text).len();
        assert_eq!(words_of("it's snake_case, v1.2 — naïve"), 6);
        assert_eq!(words_of(""), 0);
        assert_eq!(words_of(" … ! "), 0);
        assert_eq!(words("one two"), [hash(b"one", 0, 3), hash(b"two", 0, 3)]);
        assert_eq!(words("größe"), [hash("größe".as_bytes(), 0, 7)]);
    }

    #[test]
    fn scripts_without_spaces_have_a_word_per_letter() {
        assert_eq!(words("漢字かな").len(), 4);
        assert_eq!(words("漢字abc").len(), 3);
        assert_eq!(words("한국어 단어").len(), 2);
        // A vowel sign belongs to its letter.
        assert_eq!(words("ที่นี่").len(), 2);
    }

    #[test]
    fn the_short_way_for_frequent_characters_changes_nothing() {
        for c in '\u{80}'..='\u{10FFFF}' {
            assert!(kind(c) == kind_of_rare(c), "{c:?}");
        }
    }

    #[test]
    fn order_and_every_word_count_in_a_shingle() {
        let of = |text: &str| shingles(&words(text), 3);
        assert_ne!(of("a b c"), of("a c b"));
        assert_ne!(of("a b c"), of("a b d"));
        assert_ne!(of("a a b"), of("b a a"));
        assert_eq!(of("a b c d").len(), 2);
        assert_eq!(of("a b").len(), 1);
    }

    #[test]
    fn the_hash_of_a_word_depends_on_all_of_it() {
        let words = ["", "a", "aa", "a\0", "\0", "12345678", "123456789", "1234567812345678", "1234567812345679"];
        let alone = |word: &str| hash(word.as_bytes(), 0, word.len());
        for (n, one) in words.iter().enumerate() {
            // What stands around a word does not matter.
            let text = format!("ab{one}cdefghijkl");
            assert_eq!(hash(text.as_bytes(), 2, 2 + one.len()), alone(one));
            for other in &words[n + 1..] {
                assert_ne!(alone(one), alone(other), "{one:?} {other:?}");
            }
        }
    }
}

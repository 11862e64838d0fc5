//! The normal form in which texts are compared.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// What an ASCII byte becomes: lower case, any whitespace a space, everything else itself.
const FOLDED: [u8; 128] = {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ' => b' ',
            other => other.to_ascii_lowercase(),
        };
        byte += 1;
    }
    table
};

/// NFKC, lower case, without format characters (zero-width spaces, joiners, soft hyphens, directional marks), whitespace
/// folded to single spaces and none at the ends.
///
/// Runs of ASCII are folded by a table. What is not ASCII is normalised together with the character before it, since a
/// combining mark may join that; no ASCII character ever joins what stands before it (Unicode Standard Annex 15), so that the
/// parts are independent.
pub(super) fn normal(text: &str) -> String {
    // Bytes, since what ASCII becomes is written a byte at a time; only whole characters get in.
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text;
    while !rest.is_empty() {
        let plain = ascii_prefix(rest.as_bytes());
        let (ascii, behind) = rest.split_at(plain);
        let run = &behind[..behind.bytes().position(|b| b.is_ascii()).unwrap_or(behind.len())];
        if run.chars().all(|c| simple(c).is_some()) {
            fold_ascii(ascii, &mut out);
            run.chars().filter_map(simple).for_each(|c| push(c, &mut out));
        } else {
            let (alone, joined) = ascii.split_at(plain.saturating_sub(1));
            fold_ascii(alone, &mut out);
            fold_other(joined, run, &mut out);
        }
        rest = &behind[run.len()..];
    }
    if out.last() == Some(&b' ') {
        out.pop();
    }
    String::from_utf8(out).unwrap_or_default()
}

/// How many bytes at the beginning are ASCII.
fn ascii_prefix(bytes: &[u8]) -> usize {
    let whole = bytes.chunks(32).take_while(|chunk| chunk.is_ascii()).map(<[u8]>::len).sum();
    whole + bytes[whole..].iter().position(|b| !b.is_ascii()).unwrap_or(0)
}

fn fold_ascii(text: &str, out: &mut Vec<u8>) {
    // A space at the beginning is dropped by pretending that one stands before it.
    let mut before = out.last().copied().unwrap_or(b' ');
    let mut end = out.len();
    out.resize(end + text.len(), 0);
    for byte in text.bytes() {
        let folded = FOLDED[usize::from(byte & 0x7f)];
        // Written always, and written over where it was a second space: quicker than asking first.
        out[end] = folded;
        end += usize::from(folded != b' ' || before != b' ');
        before = folded;
    }
    out.truncate(end);
}

/// What a frequent character becomes that joins nothing beside it and is its own NFKC, but for case and the space that does not
/// break. Everything else is left to Unicode's tables.
fn simple(c: char) -> Option<char> {
    match c {
        '\u{A0}' => Some(' '),
        // Latin without the letters that are made of several (İ, ŀ, ŉ, ſ …).
        '\u{C0}'..='\u{12F}' | '\u{134}'..='\u{13E}' | '\u{141}'..='\u{148}' | '\u{14A}'..='\u{17E}' => lower(c),
        // Greek without accents, Cyrillic.
        '\u{391}'..='\u{3A1}' | '\u{3A3}'..='\u{3A9}' | '\u{3B1}'..='\u{3C9}' | '\u{400}'..='\u{45F}' => lower(c),
        // Dashes, quotation marks, bullet, euro.
        '\u{2013}' | '\u{2014}' | '\u{2018}'..='\u{201F}' | '\u{2022}' | '\u{20AC}' => Some(c),
        // Kana without marks, Han, Hangul syllables.
        '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => {
            Some(c)
        }
        _ => None,
    }
}

/// The one character that it is in lower case.
fn lower(c: char) -> Option<char> {
    let mut lower = c.to_lowercase();
    lower.next().filter(|_| lower.next().is_none())
}

/// Normalises a run of other characters behind the one ASCII character that they may join.
fn fold_other(joined: &str, run: &str, out: &mut Vec<u8>) {
    let kept = || joined.chars().chain(run.chars()).filter(|c| !is_format(*c));
    let small: String = if is_nfkc_quick(kept()) == IsNormalized::Yes {
        kept().flat_map(char::to_lowercase).collect()
    } else {
        kept().nfkc().flat_map(char::to_lowercase).collect()
    };
    // Lower case can leave marks in another order than NFKC has them (U+0130).
    if is_nfkc_quick(small.chars()) == IsNormalized::Yes {
        small.chars().for_each(|c| push(c, out));
    } else {
        small.nfkc().for_each(|c| push(c, out));
    }
}

fn push(c: char, out: &mut Vec<u8>) {
    if !c.is_whitespace() {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else if out.last().is_some_and(|last| *last != b' ') {
        out.push(b' ');
    }
}

/// Format characters (general category Cf) that occur in text, and variation selectors.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, without the short ways.
    fn plain(text: &str) -> String {
        let lower: String =
            text.chars().filter(|c| !is_format(*c)).nfkc().flat_map(char::to_lowercase).collect::<String>();
        lower.nfkc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_normal_form_is_what_its_definition_says() {
        for (text, wanted) in [
            ("", ""),
            (" \u{a0}\r\n ", ""),
            ("  The\u{a0}QUICK\r\n\tfox ", "the quick fox"),
            ("e\u{301}a E\u{200b}\u{301}", "éa é"),
            ("ﬁnal ½ Ⅷ ＡＢＣ", "final 1⁄2 viii abc"),
            ("ju\u{200b}mp\u{ad}s", "jumps"),
            ("ΣΑΣ Straße", "σασ straße"),
            ("\u{2028}\u{85}x\u{3000}y\u{3000}", "x y"),
        ] {
            assert_eq!(normal(text), wanted, "{text:?}");
            assert_eq!(normal(text), plain(text), "{text:?}");
        }
    }

    #[test]
    fn simple_characters_are_what_unicode_makes_of_them() {
        let mut seen = 0;
        for c in '\u{80}'..='\u{10FFFF}' {
            let Some(folded) = simple(c) else { continue };
            let text = format!("a{c}b{c}{c}c");
            assert_eq!(normal(&text), plain(&text), "{c:?} {folded:?}");
            seen += 1;
        }
        assert!(seen > 30_000, "{seen}");
    }

    proptest::proptest! {
        #[test]
        fn the_short_ways_change_nothing(text in "[a-zA-Z \u{a0}\u{200b}\u{301}\u{323}\u{307}İéÉﬁΣ한글ᄒ»漢—’\u{1161}\u{11ab}が\u{3099}\n\u{2028}]{0,24}", any in "\\PC{0,24}") {
            for text in [text, any] {
                let once = normal(&text);
                proptest::prop_assert_eq!(&once, &plain(&text));
                proptest::prop_assert_eq!(&normal(&once), &plain(&once));
            }
        }
    }
}

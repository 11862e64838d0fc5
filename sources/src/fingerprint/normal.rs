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
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        let (ascii, behind) = rest.split_at(plain);
        if behind.is_empty() {
            fold_ascii(ascii, &mut out);
            break;
        }
        let (alone, joined) = ascii.split_at(plain.saturating_sub(1));
        fold_ascii(alone, &mut out);
        let foreign = behind.bytes().position(|b| b.is_ascii()).unwrap_or(behind.len());
        fold_other(joined, &behind[..foreign], &mut out);
        rest = &behind[foreign..];
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

fn fold_ascii(text: &str, out: &mut String) {
    // A space at the beginning is dropped by pretending that one stands before it.
    let mut before = out.as_bytes().last().copied().unwrap_or(b' ');
    for &byte in text.as_bytes() {
        let folded = FOLDED[usize::from(byte & 0x7f)];
        if folded != b' ' || before != b' ' {
            out.push(char::from(folded));
        }
        before = folded;
    }
}

/// Normalises a run of other characters behind the one ASCII character that they may join.
fn fold_other(joined: &str, run: &str, out: &mut String) {
    let kept = || joined.chars().chain(run.chars()).filter(|c| !is_format(*c));
    if is_nfkc_quick(kept()) == IsNormalized::Yes {
        let lower: String = kept().flat_map(char::to_lowercase).collect();
        push(&lower, out);
    } else {
        let lower: String = kept().nfkc().flat_map(char::to_lowercase).collect();
        push(&lower, out);
    }
}

/// Appends what is in lower case. Lower case can leave marks in another order than NFKC has them (U+0130).
fn push(lower: &str, out: &mut String) {
    let mut put = |c: char| {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    };
    if is_nfkc_quick(lower.chars()) == IsNormalized::Yes {
        lower.chars().for_each(&mut put);
    } else {
        lower.nfkc().for_each(&mut put);
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

    proptest::proptest! {
        #[test]
        fn the_short_ways_change_nothing(text in "[a-zA-Z \u{a0}\u{200b}\u{301}\u{323}\u{307}İéﬁΣ한글ᄒ\u{1161}\u{11ab}が\u{3099}\n\u{2028}]{0,24}", any in "\\PC{0,24}") {
            for text in [text, any] {
                let once = normal(&text);
                proptest::prop_assert_eq!(&once, &plain(&text));
                proptest::prop_assert_eq!(&normal(&once), &plain(&once));
            }
        }
    }
}

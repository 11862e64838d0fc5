//! The normal form in which texts are compared.

use unicode_normalization::UnicodeNormalization;

/// NFKC, lower case, without format characters (zero-width spaces, joiners, soft hyphens, directional marks), whitespace
/// folded to single spaces.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars().filter(|c| !is_format(*c)).nfkc().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            space = true;
        } else {
            if space && !out.is_empty() {
                out.push(' ');
            }
            space = false;
            out.push(c);
        }
    }
    // Lower case can leave a decomposed letter behind (U+0130), which would make the form unstable.
    if out.is_ascii() { out } else { out.nfkc().collect() }
}

/// The words of a normal form: runs of letters, digits, marks and `_`.
pub(super) fn words(normal: &str) -> Vec<&str> {
    normal
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)))
        .filter(|w| !w.is_empty())
        .collect()
}

/// Format characters (general category Cf) that occur in text, and variation selectors.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

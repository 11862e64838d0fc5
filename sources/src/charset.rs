//! Bytes become text, for feeds and pages alike.

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far into a document a declaration of its encoding is looked for.
const DECLARATION_WITHIN: usize = 4096;

/// Decodes a document of unknown or misdeclared encoding. Never fails: what cannot be decoded becomes U+FFFD.
///
/// In this order: UTF-32; a byte order mark; UTF-16 seen by its zero bytes; UTF-8 where all bytes are valid UTF-8 (text in another
/// encoding practically never is, while wrong declarations are common); the charset of the `Content-Type`; the document's own
/// declaration; windows-1252, as browsers do.
pub(crate) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some(text) = utf_32(bytes) {
        return text;
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    let from_header = content_type.and_then(charset_of).and_then(|label| Encoding::for_label(label.as_bytes()));
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_WITHIN)]);
    let declared = declaration(&head).and_then(|label| Encoding::for_label(label.as_bytes()));
    let encoding = match bytes {
        [0, b'<' | b'{' | b' ' | b'\n', ..] => UTF_16BE,
        [b'<' | b'{' | b' ' | b'\n', 0, ..] => UTF_16LE,
        // ISO-2022-JP is all ASCII bytes and so always valid UTF-8: it must win where it is stated.
        _ => match from_header.or(declared) {
            Some(stated) if stated == ISO_2022_JP => stated,
            _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
            _ => [from_header, declared].into_iter().flatten().find(|e| decodes(e, bytes)).unwrap_or_else(|| {
                // Mostly UTF-8 with a few broken bytes is read as such rather than as garbage throughout.
                if mostly_utf8(bytes) { UTF_8 } else { from_header.or(declared).unwrap_or(WINDOWS_1252) }
            }),
        },
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// UTF-32, which browsers do not know and some feeds use, where the bytes begin with its mark or with markup in it.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 4]) -> u32 = match bytes {
        [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, b'<' | b'{', ..] => u32::from_be_bytes,
        [0xFF, 0xFE, 0, 0, ..] | [b'<' | b'{', 0, 0, 0, ..] => u32::from_le_bytes,
        _ => return None,
    };
    let (units, _) = bytes.as_chunks::<4>();
    let text: String = units.iter().map(|unit| char::from_u32(read(*unit)).unwrap_or('\u{FFFD}')).collect();
    Some(text.trim_start_matches('\u{FEFF}').to_owned())
}

fn decodes(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    encoding.is_ascii_compatible() && !encoding.decode_without_bom_handling(bytes).1
}

/// True where broken sequences are few beside the good ones beyond ASCII.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (mut broken, mut good) = (0usize, 0usize);
    for c in text.chars() {
        match c {
            '\u{FFFD}' => broken += 1,
            c if !c.is_ascii() => good += 1,
            _ => {}
        }
    }
    good > broken * 4
}

/// The `charset` parameter of a media type.
fn charset_of(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// What an XML declaration or an HTML `meta` element says of the encoding.
fn declaration(head: &str) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    let after = |mark: &str, within: &str| -> Option<String> {
        let rest = within[within.find(mark)? + mark.len()..].trim_start();
        let rest = rest.strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let label: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.:+".contains(*c)).collect();
        (!label.is_empty()).then_some(label)
    };
    if let Some(start) = lower.find("<?xml") {
        let end = lower[start..].find("?>").map_or(lower.len(), |end| start + end);
        if let Some(label) = after("encoding", &lower[start..end]) {
            return Some(label);
        }
    }
    lower.match_indices("<meta").find_map(|(start, _)| {
        let end = lower[start..].find('>').map_or(lower.len(), |end| start + end);
        after("charset", &lower[start..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_believed_before_what_is_said_of_them() {
        let utf8 = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>";
        assert!(decode(utf8.as_bytes(), Some("text/xml; charset=iso-8859-1")).contains('é'));
        let latin1 = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
        assert!(decode(latin1, None).contains('é'));
        assert!(decode(latin1, Some("text/xml; charset=utf-8")).contains('é'));
        assert!(decode(b"<a>\xe9</a>", None).contains('é'));
    }

    #[test]
    fn pages_declare_themselves_too() {
        let koi8 = b"<html><meta charset=koi8-r><p>\xd0\xd2\xc9\xd7\xc5\xd4";
        assert!(decode(koi8, None).ends_with("привет"));
        let meta = b"<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'><p>\x93\xfa\x96\x7b";
        assert!(decode(meta, None).ends_with("日本"));
    }

    #[test]
    fn wide_encodings_are_seen_with_and_without_a_mark() {
        let wide: Vec<u8> = "<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide, None), "<a>é</a>");
        let marked: Vec<u8> =
            [0xfe, 0xff].into_iter().chain("<a/>".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(decode(&marked, Some("text/xml; charset=utf-8")), "<a/>");
        let wider = |text: &str| -> Vec<u8> { text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect() };
        assert_eq!(decode(&wider("<a>é</a>"), None), "<a>é</a>");
        assert_eq!(decode(&wider("\u{feff}<a/>"), Some("text/xml; charset=utf-8")), "<a/>");
        let big: Vec<u8> = "<é".chars().flat_map(|c| u32::from(c).to_be_bytes()).chain([0xFF; 5]).collect();
        assert_eq!(decode(&big, None), "<é\u{FFFD}");
    }

    #[test]
    fn a_broken_byte_does_not_spoil_the_rest() {
        assert_eq!(decode(b"\xc3\xa9\xc3\xa8\xc3\xa0\xc3\xb9\xc3\xa2 \xff", None), "éèàùâ \u{FFFD}");
    }
}

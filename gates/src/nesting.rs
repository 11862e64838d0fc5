//! How deep a TOML document nests. Its parser bounds brackets, but not the dots of a key, each of which is a table: reading
//! `a.a.a…` would end the process for want of stack.

/// Deepest nesting of TOML that is read: brackets and dots together, in one statement.
pub const MAX_TOML_NESTING: usize = 128;

/// The first line, from 1, at which a TOML document nests deeper than [`MAX_TOML_NESTING`]. Dots of numbers are counted as those
/// of keys, which changes nothing for what people write.
pub fn too_deep_toml(text: &str) -> Option<usize> {
    let mut line = 1;
    // The dots of the key that is being read, those of the keys around it, and how many they are.
    let (mut dots, mut around, mut depth) = (0, Vec::new(), 0);
    let mut rest = text.as_bytes();
    while let Some(&byte) = rest.first() {
        let mut length = 1;
        match byte {
            b'\n' | b',' => {
                line += usize::from(byte == b'\n');
                depth -= dots;
                dots = 0;
            }
            b'.' => (dots, depth) = (dots + 1, depth + 1),
            b'[' | b'{' => {
                around.push(dots);
                (dots, depth) = (0, depth + 1);
            }
            b']' | b'}' => {
                if let Some(outer) = around.pop() {
                    depth -= dots + 1;
                    dots = outer;
                }
            }
            b'#' => length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            b'"' | b'\'' => {
                length = string(rest, byte);
                line += rest[..length].iter().filter(|b| **b == b'\n').count();
            }
            _ => {}
        }
        if depth > MAX_TOML_NESTING {
            return Some(line);
        }
        rest = &rest[length..];
    }
    None
}

/// How long the string is that begins here, its quotes included. One of a single line ends with the line at the latest.
fn string(text: &[u8], quote: u8) -> usize {
    let long = text.starts_with(&[quote; 3]);
    let mut at = if long { 3 } else { 1 };
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !long => return at,
            _ if byte == quote && !long => return at + 1,
            // Up to two quotes may stand right before the three that close.
            _ if byte == quote && text[at..].starts_with(&[quote; 3]) => {
                return at + text[at..].iter().take(5).take_while(|b| **b == quote).count();
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_dots_count_and_strings_and_comments_do_not() {
        let many = |piece: &str| piece.repeat(MAX_TOML_NESTING + 1);
        for deep in [
            format!("\n{}a = 1", many("a.")),
            format!("\n[{}a]", many("a.")),
            format!("\nx = {}", many("[")),
            format!("\nx = {}", many("{a = ")),
            format!("\nx = {{{}a.b = 1", "a.b.c = {".repeat(43)),
            format!("\nx = {{ a = \"\"\"x\\\"\"\"\"\", {}b = 1 }}", many("b.")),
            format!("\nx = 'a\\', {}", many("[")),
            format!("\nx = \"unclosed, {0}\ny = {0}", many("[")).replacen('\n', "", 1),
        ] {
            assert_eq!(too_deep_toml(&deep), Some(2), "{deep}");
        }
        for flat in [
            format!("x = \"{}\" # {}", many("."), many("[")),
            format!("x = '''{}\n{}'''", many("'."), many("[")),
            format!("x = [{}]", many("1.5, ")),
            format!("x = [{}]", many("[1.5],\n")),
            many("[a.b.c]\nd.e = {f.g = 1}\n"),
            many("]"),
            "\"".to_owned(),
            "x = \"\\".to_owned(),
        ] {
            assert_eq!(too_deep_toml(&flat), None, "{flat}");
        }
    }
}

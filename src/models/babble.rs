//! Noticing that a model will not come to an end: a small or broken one goes on for as long as it is let.

/// A server that keeps the limit of an answer stays below this many bytes a token: blank space and code count few tokens
/// for many bytes.
const BYTES_PER_TOKEN: u64 = 8;
/// Room for short answers, whose tokens vary most.
const SLACK_BYTES: u64 = 2_048;
/// No answer holds so much blank space in a row.
const MOST_BLANK: usize = 2_000;
/// The end of the text that is looked at for repetition.
const WINDOW: usize = 4_096;
/// So often the same piece follows itself in the window.
const MOST_REPEATS: usize = 8;

/// Looks at an answer while it grows.
#[derive(Debug)]
pub(super) struct Babble {
    most_bytes: u64,
    /// Bytes that were looked at for repetition; again when a quarter of the window has come.
    seen: usize,
}

impl Babble {
    /// For an answer of so many tokens at most.
    pub(super) fn new(max_tokens: u32) -> Self {
        Self { most_bytes: u64::from(max_tokens) * BYTES_PER_TOKEN + SLACK_BYTES, seen: 0 }
    }

    /// Why the answer should be cut off, where it should. `parts` is all that was said so far; only one of them grows at a
    /// time, the last that is not empty.
    pub(super) fn notices(&mut self, parts: [&str; 3]) -> Option<String> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if bytes as u64 > self.most_bytes {
            return Some(format!("it wrote {bytes} bytes, more than its limit of tokens can be"));
        }
        if bytes < self.seen + WINDOW / 4 {
            return None;
        }
        self.seen = bytes;
        let growing = parts.iter().rev().find(|part| !part.is_empty()).map_or(&[][..], |part| part.as_bytes());
        let tail = &growing[growing.len().saturating_sub(WINDOW)..];
        let blank = tail.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
        if blank > MOST_BLANK {
            return Some("endless blank space".to_owned());
        }
        let period = period(tail);
        (tail.len() == WINDOW && period * MOST_REPEATS <= WINDOW)
            .then(|| format!("the same {period} bytes again and again"))
    }
}

/// The length of the shortest piece of which the text is a repetition, the last one perhaps cut (Knuth, Morris and Pratt's
/// failure function).
fn period(text: &[u8]) -> usize {
    let mut border = vec![0; text.len()];
    let mut k = 0;
    for i in 1..text.len() {
        while k > 0 && text[k] != text[i] {
            k = border[k - 1];
        }
        if text[k] == text[i] {
            k += 1;
        }
        border[i] = k;
    }
    text.len() - border.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said when `text` comes in pieces.
    fn said(text: &str, max_tokens: u32) -> Option<String> {
        let mut babble = Babble::new(max_tokens);
        (1..=text.len() / 100).find_map(|n| babble.notices(["", &text[..n * 100], ""]))
    }

    #[test]
    fn the_shortest_period_is_found() {
        for (text, expected) in [("aaaa", 1), ("abab", 2), ("abcab", 3), ("abcd", 4), ("", 0)] {
            assert_eq!(period(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn endless_answers_are_told_from_long_ones() {
        let numbers = |n: usize| (0..n).map(|i| format!("Sentence {i} says {}. ", i * 7 % 113)).collect::<String>();
        let long = numbers(1_500);
        assert_eq!(said(&long, 8_000), None, "a long answer is one");
        assert!(said(&long, 500).unwrap().contains("more than its limit"));
        let blank = format!("{}{}", numbers(20), " \n".repeat(3_000));
        assert!(said(&blank, 8_000).unwrap().contains("blank"));
        let again = format!("{}{}", numbers(20), "and then the model said so, ".repeat(400));
        assert!(said(&again, 8_000).unwrap().contains("the same 28 bytes"));
        // A table of alike rows is no repetition.
        let rows: String = (0..800).map(|i| format!("{{\"text\": \"row {i}\", \"cites\": [{i}]}}, ")).collect();
        assert_eq!(said(&rows, 8_000), None);
    }
}

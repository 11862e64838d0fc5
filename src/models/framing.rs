//! From the bytes of a stream to its messages, however the network cuts them: server-sent events (WHATWG HTML, 9.2) as
//! OpenAI and Anthropic send them, and a JSON object a line as Ollama does.

/// How the messages of a stream are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Server-sent events: lines `data: …`, closed by an empty line.
    Events,
    /// One message a line.
    Lines,
}

/// Takes bytes and gives messages. What is not closed yet is kept; what is never closed was never said.
#[derive(Debug)]
pub(super) struct Messages {
    framing: Framing,
    rest: Vec<u8>,
    data: String,
    begun: bool,
}

impl Messages {
    pub(super) fn new(framing: Framing) -> Self {
        Self { framing, rest: Vec::new(), data: String::new(), begun: false }
    }

    /// The messages that these bytes complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        // What was kept holds no line end: only what is new is searched, however slowly a long line comes.
        let mut searched = self.rest.len();
        self.rest.extend_from_slice(bytes);
        let mut whole = Vec::new();
        let mut from = 0;
        while let Some(at) = self.rest[searched..].iter().position(|b| *b == b'\n').map(|at| searched + at) {
            let line = String::from_utf8_lossy(&self.rest[from..at]).into_owned();
            from = at + 1;
            searched = from;
            let line = line.strip_suffix('\r').unwrap_or(&line);
            let line = if self.begun { line } else { line.trim_start_matches('\u{feff}') };
            self.begun = true;
            whole.extend(Self::line(self.framing, &mut self.data, line));
        }
        self.rest.drain(..from);
        whole
    }

    fn line(framing: Framing, data: &mut String, line: &str) -> Option<String> {
        match framing {
            Framing::Lines => (!line.trim().is_empty()).then(|| line.to_owned()),
            Framing::Events if line.is_empty() => (!data.is_empty()).then(|| std::mem::take(data)),
            Framing::Events => {
                // Names, ids and comments (`: keep-alive`) say nothing that the data does not.
                if let Some(more) = line.strip_prefix("data:") {
                    if !data.is_empty() {
                        data.push('\n');
                    }
                    data.push_str(more.strip_prefix(' ').unwrap_or(more));
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "\u{feff}event: a\r\ndata: {\"x\": \"ä\"}\r\n\r\n: ping\n\ndata:one\ndata: two\n\nid: 7\ndata: [DONE]\n\ndata: never closed\n";
    const LINES: &str = "{\"a\": \"ö\"}\n\n{\"b\": 2}\r\n{\"c\"";

    #[test]
    fn wherever_the_network_cuts_the_messages_are_the_same() {
        for (framing, text, expected) in [
            (Framing::Events, EVENTS, vec!["{\"x\": \"ä\"}", "one\ntwo", "[DONE]"]),
            (Framing::Lines, LINES, vec!["{\"a\": \"ö\"}", "{\"b\": 2}"]),
        ] {
            for size in 1..text.len() {
                let mut messages = Messages::new(framing);
                let found: Vec<String> = text.as_bytes().chunks(size).flat_map(|c| messages.take(c)).collect();
                assert_eq!(found, expected, "in pieces of {size}");
            }
        }
    }
}

//! Saying things. A reader that went away (`| head`) is no error.

use std::io::Write as _;

use serde::Serialize;

/// Says a result, with a line's end where it has none.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = if text.ends_with('\n') { write!(out, "{text}") } else { writeln!(out, "{text}") };
    let _ = out.flush();
}

/// Says a result as JSON.
pub(super) fn say_json<T: Serialize>(value: &T) {
    say(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Says what is not a result.
pub(super) fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "{text}");
}

/// Says what went wrong.
pub(super) fn complain(message: &str) {
    note(&format!("{} {message}", console::style("error:").for_stderr().red().bold()));
}

/// A text of at most this many characters.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Rows with their columns aligned; the last column is left as long as it is.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|s| console::measure_text_width(s)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (c, cell) in row.iter().enumerate() {
            line.push(' ');
            line.push_str(cell);
            let pad = widths[c].saturating_sub(console::measure_text_width(cell));
            line.push_str(&" ".repeat(pad + 1));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

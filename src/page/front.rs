//! Front matter: written by a serialiser, read back, and compared. Used for the pages that are rendered and, the other way
//! round, to learn from the posts that a site has.

use serde_json::{Map, Value};

use super::{FrontFormat, PageError};

/// The most bytes of front matter that are read.
const LONGEST: usize = 256 * 1024;

/// Deeper values than these are not front matter.
const DEEPEST: usize = 32;

/// Writes the front matter of a page, with its delimiters and a line end behind it. Keys keep their order; in TOML,
/// tables stand last because they must.
///
/// # Errors
/// [`PageError::FrontMatter`] where what was written does not read back as the same values.
pub fn write(format: FrontFormat, keys: &[(String, toml::Value)]) -> Result<String, PageError> {
    let bad = |problem: String| PageError::FrontMatter { format, problem };
    let text = match format {
        FrontFormat::Yaml => {
            let options = serde_saphyr::ser_options! { quote_all: true, prefer_block_scalars: false };
            let values: Vec<(&str, Value)> = keys.iter().map(|(k, v)| (k.as_str(), to_json(v))).collect();
            let yaml =
                serde_saphyr::to_string_with_options(&Ordered(&values), options).map_err(|why| bad(why.to_string()))?;
            format!("---\n{}---\n", with_line_end(yaml))
        }
        FrontFormat::Toml => {
            let mut values: Vec<(&str, &toml::Value)> = keys.iter().map(|(k, v)| (k.as_str(), v)).collect();
            values.sort_by_key(|(_, v)| holds_table(v));
            let toml = toml::to_string(&Ordered(&values)).map_err(|why| bad(why.to_string()))?;
            format!("+++\n{}+++\n", with_line_end(toml))
        }
        FrontFormat::Json => {
            let values: Vec<(&str, Value)> = keys.iter().map(|(k, v)| (k.as_str(), to_json(v))).collect();
            with_line_end(serde_json::to_string_pretty(&Ordered(&values)).map_err(|why| bad(why.to_string()))?)
        }
    };
    let meant: Map<String, Value> = keys.iter().map(|(k, v)| (k.clone(), to_json(v))).collect();
    match read(&format!("{text}\nbody\n")) {
        Some(front) if front.format == format && front.keys == meant && front.body.trim() == "body" => Ok(text),
        _ => Err(bad("a value does not read back as it was meant; take lines such as `---` out of site.page".into())),
    }
}

/// The front matter of a file, and what follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Front<'a> {
    /// Its format.
    pub format: FrontFormat,
    /// Its keys. Times are text.
    pub keys: Map<String, Value>,
    /// The text behind it.
    pub body: &'a str,
}

/// Reads front matter; `None` where there is none, or none that can be read.
pub fn read(text: &str) -> Option<Front<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    if head.starts_with('{') {
        let mut stream = serde_json::Deserializer::from_str(head).into_iter::<Map<String, Value>>();
        let keys = stream.next()?.ok()?;
        return Some(Front { format: FrontFormat::Json, keys, body: &text[stream.byte_offset()..] });
    }
    let (format, mark) = if head.starts_with("---") {
        (FrontFormat::Yaml, "---")
    } else if head.starts_with("+++") {
        (FrontFormat::Toml, "+++")
    } else {
        return None;
    };
    let mut at = 0;
    let mut opened = None;
    for line in head.split_inclusive('\n') {
        let is_mark = line.trim_end() == mark;
        match opened {
            None if is_mark => opened = Some(at + line.len()),
            None => return None,
            Some(start) if is_mark => {
                let keys = parse(format, &head[start..at])?;
                return Some(Front { format, keys, body: &text[at + line.len()..] });
            }
            Some(_) => {}
        }
        at += line.len();
    }
    None
}

/// Parses a whole document of one of the formats into JSON values.
pub fn parse(format: FrontFormat, text: &str) -> Option<Map<String, Value>> {
    let value = match format {
        FrontFormat::Yaml if text.trim().is_empty() => Value::Object(Map::new()),
        FrontFormat::Yaml => serde_saphyr::from_str::<Value>(text).ok()?,
        FrontFormat::Toml if gates::nesting::too_deep_toml(text).is_some() => return None,
        FrontFormat::Toml => to_json(&toml::Value::Table(text.parse::<toml::Table>().ok()?)),
        FrontFormat::Json => serde_json::from_str(text).ok()?,
    };
    match value {
        Value::Object(keys) if keys.values().all(|v| depth(v, DEEPEST)) => Some(keys),
        _ => None,
    }
}

fn depth(value: &Value, left: usize) -> bool {
    match value {
        _ if left == 0 => false,
        Value::Array(items) => items.iter().all(|v| depth(v, left - 1)),
        Value::Object(keys) => keys.values().all(|v| depth(v, left - 1)),
        _ => true,
    }
}

fn with_line_end(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn holds_table(value: &toml::Value) -> bool {
    match value {
        toml::Value::Table(_) => true,
        toml::Value::Array(items) => items.iter().any(|v| matches!(v, toml::Value::Table(_))),
        _ => false,
    }
}

/// TOML's times become text; everything else has one JSON form.
pub fn to_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(n) => Value::from(*n),
        toml::Value::Float(n) => Value::from(*n),
        toml::Value::Boolean(b) => Value::from(*b),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(items) => Value::Array(items.iter().map(to_json).collect()),
        toml::Value::Table(table) => Value::Object(table.iter().map(|(k, v)| (k.clone(), to_json(v))).collect()),
    }
}

/// A JSON value as TOML; `None` for null, which TOML does not have.
pub fn to_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(b) => toml::Value::Boolean(*b),
        Value::Number(n) => match n.as_i64() {
            Some(n) => toml::Value::Integer(n),
            None => toml::Value::Float(n.as_f64()?),
        },
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Array(items) => toml::Value::Array(items.iter().map(to_toml).collect::<Option<_>>()?),
        Value::Object(keys) => toml::Value::Table(
            keys.iter().map(|(k, v)| Some((k.clone(), to_toml(v)?))).collect::<Option<toml::Table>>()?,
        ),
    })
}

/// A map that keeps the order it is given.
struct Ordered<'a, V>(&'a [(&'a str, V)]);

impl<V: serde::Serialize> serde::Serialize for Ordered<'_, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [FrontFormat; 3] = [FrontFormat::Yaml, FrontFormat::Toml, FrontFormat::Json];

    #[test]
    fn hostile_values_stay_values_in_every_format() {
        for value in [
            "no",
            "~",
            "null",
            "2026-11-20",
            "12:30:45",
            "0o7",
            "1_000",
            "a: b",
            "# x",
            "- x",
            "---",
            "+++",
            "!!str x",
            "&a *a",
            "'",
            "\"",
            "it's \"so\"",
            "\\n",
            "%x",
            "@x",
            "`x`",
            "{{< x >}}",
            "}",
            "]",
            "x\"\n[build]\n",
            "…",
            "line\n---\ndraft: true\n---\n",
            "line\n+++\n",
            "",
            " ",
            "\t",
            "🦀",
            "=",
            "<<",
            "yes",
            "1e3",
            "0x1f",
            "| x",
        ] {
            for format in FORMATS {
                let keys = [
                    ("title".to_owned(), toml::Value::String(value.to_owned())),
                    ("tags".to_owned(), toml::Value::Array(vec![toml::Value::String(value.to_owned())])),
                    ("draft".to_owned(), toml::Value::Boolean(false)),
                ];
                // A value that would end the front matter early is refused; every other is kept.
                match write(format, &keys) {
                    Ok(text) => {
                        let text = format!("{text}body");
                        let front = read(&text).unwrap();
                        assert_eq!(front.keys["title"], Value::String(value.to_owned()), "{format} {value:?}");
                        assert_eq!(front.keys.len(), 3, "{format} {value:?}");
                    }
                    Err(PageError::FrontMatter { .. }) => assert!(value.contains('\n'), "{format} {value:?}"),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }

    #[test]
    fn keys_keep_their_order_and_tables_stand_last_in_toml() {
        let table = toml::Table::from_iter([("keyword".to_owned(), toml::Value::String("x".into()))]);
        let keys = [
            ("title".to_owned(), toml::Value::String("T".into())),
            ("params".to_owned(), toml::Value::Table(table)),
            ("date".to_owned(), toml::Value::Datetime("2026-03-01T10:00:00+01:00".parse().unwrap())),
        ];
        assert_eq!(
            write(FrontFormat::Toml, &keys).unwrap(),
            "+++\ntitle = \"T\"\ndate = 2026-03-01T10:00:00+01:00\n\n[params]\nkeyword = \"x\"\n+++\n"
        );
        assert_eq!(
            write(FrontFormat::Yaml, &keys).unwrap(),
            "---\ntitle: 'T'\nparams:\n  keyword: 'x'\ndate: '2026-03-01T10:00:00+01:00'\n---\n"
        );
    }

    #[test]
    fn files_without_front_matter_are_left_alone() {
        for text in ["", "text", "--- x\n---\n", "---\ntitle: x\n", "+++\na = \n+++\n", "{\"a\"", "---\n- a\n---\n"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        let nested = format!("---\na: {}\n---\n", "[".repeat(100_000));
        assert_eq!(read(&nested), None);
    }

    /// An overflow would end the process, so that this test ends at all is part of what it shows.
    #[test]
    fn a_hundred_thousand_levels_are_no_front_matter_on_a_small_stack() {
        const LEVELS: usize = 100_000;
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(LEVELS), close.repeat(LEVELS));
        let steps: String = (0..900).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let laughs: String =
            (1..60).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))).collect();
        let documents = [
            (FrontFormat::Yaml, format!("a: {}", nested("[", "]"))),
            (FrontFormat::Yaml, format!("a: {}", nested("{a: ", "}"))),
            (FrontFormat::Yaml, format!("a:\n  {}", nested("- ", ""))),
            (FrontFormat::Yaml, format!("a:\n  {}", nested("? ", ""))),
            (FrontFormat::Yaml, format!("a: {}", nested("[", ""))),
            (FrontFormat::Yaml, steps),
            (FrontFormat::Yaml, format!("a0: &a0 lol\n{laughs}")),
            (FrontFormat::Toml, format!("a = {}", nested("[", "]"))),
            (FrontFormat::Toml, format!("a = {}", nested("{a = ", "}"))),
            (FrontFormat::Toml, format!("a = {}", nested("[", ""))),
            (FrontFormat::Toml, format!("{}a = 1", "a.".repeat(LEVELS))),
            (FrontFormat::Toml, format!("[{}a]\nb = 1", "a.".repeat(LEVELS))),
            (FrontFormat::Toml, format!("[[{}a]]\nb = 1", "a.".repeat(LEVELS))),
            (FrontFormat::Json, format!("{{\"a\":{}}}", nested("[", "]"))),
            (FrontFormat::Json, nested("{\"a\":", "}")),
            (FrontFormat::Json, nested("{\"a\":", "")),
        ];
        let read_all = move || {
            for (format, text) in documents {
                let began = std::time::Instant::now();
                assert_eq!(parse(format, &text), None, "{format} {text:.20}");
                let page = match format {
                    FrontFormat::Yaml => format!("---\n{text}\n---\nText\n"),
                    FrontFormat::Toml => format!("+++\n{text}\n+++\nText\n"),
                    FrontFormat::Json => format!("{text}\nText\n"),
                };
                assert_eq!(read(&page), None, "{format} {text:.20}");
                assert!(began.elapsed().as_secs() < 20, "{format} {text:.20}");
            }
        };
        std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(read_all).unwrap().join().unwrap();
    }
}

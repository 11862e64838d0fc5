//! `pipeline gate --rules` and `--explain`: what the rules are, and the page of one.

use gates::rules::{RULES, Rule, docs, find};
use serde_json::{Value, json};

use super::out::{say, say_json, short, table};
use super::{Answer, Cli, Failure};

/// Lists every rule.
pub(super) fn list(cli: &Cli) -> Answer {
    if cli.json {
        say_json(&RULES.iter().map(told).collect::<Vec<_>>());
        return Ok(0);
    }
    let row = |rule: &Rule| {
        let always = if rule.always { ", always" } else { "" };
        vec![rule.code.to_owned(), format!("{}{always}", docs::word(rule.severity)), rule.summary.to_owned()]
    };
    say(&table(&RULES.iter().map(row).collect::<Vec<_>>()));
    Ok(0)
}

/// Prints the page of one rule.
pub(super) fn explain(cli: &Cli, code: &str) -> Answer {
    let rule = find(code).ok_or_else(|| Failure::usage(unknown(code)))?;
    if cli.json {
        let mut told = told(rule);
        told["text"] =
            docs::parts(rule.text).into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
        say_json(&told);
    } else {
        say(&docs::told(rule));
    }
    Ok(0)
}

/// A rule as data, without its text.
fn told(rule: &Rule) -> Value {
    json!({
        "code": rule.code,
        "layer": rule.layer.as_str(),
        "severity": docs::word(rule.severity),
        "always": rule.always,
        "summary": rule.summary,
        "mend": rule.mend,
        "looks_at": docs::looks_at(rule),
        "page": docs::path(rule),
    })
}

/// Says that there is no such rule, and which one may be meant.
fn unknown(code: &str) -> String {
    let shown = short(code, 60);
    let near: Vec<&str> = RULES.iter().map(|rule| rule.code).filter(|known| is_near(known, code)).take(5).collect();
    match near.is_empty() {
        true => format!("there is no rule `{shown}`; `pipeline gate --rules` lists them"),
        false => format!("there is no rule `{shown}`; did you mean {}?", near.join(", ")),
    }
}

/// True where the name is right and the layer missing or wrong, or where few letters differ.
fn is_near(known: &str, code: &str) -> bool {
    let name = |code: &str| code.rsplit('/').next().unwrap_or_default().to_lowercase();
    code.len() <= 60 && (name(known) == name(code) || distance(known, &code.to_lowercase()) <= 2)
}

/// How many letters have to be added, taken out or exchanged (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let least = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], least);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn files_or_rules_are_asked_for_and_not_both() {
        let reads = |args: &[&str]| Cli::try_parse_from([&["pipeline", "gate"], args].concat()).is_ok();
        assert!(reads(&["a.md"]) && reads(&["--rules"]) && reads(&["--explain", "form/too-short"]));
        assert!(!reads(&[]) && !reads(&["--rules", "a.md"]) && !reads(&["--explain", "form/too-short", "a.md"]));
        assert!(!reads(&["--rules", "--explain", "form/too-short"]));
    }

    #[test]
    fn a_code_that_is_nearly_right_is_told() {
        assert!(unknown("form/too-shrot").ends_with("did you mean form/too-short?"), "{}", unknown("form/too-shrot"));
        assert!(unknown("too-short").ends_with("did you mean form/too-short?"));
        assert!(unknown("slug-taken").ends_with("did you mean form/slug-taken, once/slug-taken?"));
        assert!(unknown("nonsense").ends_with("lists them"));
        assert!(unknown(&"x".repeat(10_000)).len() < 200);
    }

    #[test]
    fn a_distance_counts_letters() {
        assert_eq!((distance("kitten", "sitting"), distance("", "ab"), distance("same", "same")), (3, 2, 0));
    }
}

//! Cases: sources, and sentences about them that are true, wrong on purpose, or judged by people. One JSON object a line.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 16 << 20;

/// The most that is read of a folder, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// The most cases of a folder, and the most sources and sentences of one.
const MAX_CASES: usize = 100_000;
const MAX_SOURCES: usize = 100;
const MAX_SENTENCES: usize = 500;

/// One case. Fields that are not named here are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// Plain texts.
    pub(crate) sources: Vec<String>,
    pub(crate) sentences: Vec<Claimed>,
}

/// One sentence of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claimed {
    pub(crate) text: String,
    /// The share of people who found that the sources support it.
    #[serde(default)]
    pub(crate) label: Option<f64>,
    /// What kind of value was made wrong; `None` where nothing was.
    #[serde(default)]
    pub(crate) planted: Option<String>,
    /// How it was made, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) how: Option<String>,
}

impl Claimed {
    /// True where nothing was planted and people, as far as they were asked, mostly found it supported.
    pub(crate) fn is_true(&self) -> bool {
        self.planted.is_none() && self.label.is_none_or(|label| label >= 0.5)
    }
}

/// The cases of every `*.jsonl` of a folder, in the order of the files' names; `None` where there is no such folder.
///
/// # Errors
/// A file that cannot be read, a line that is no case or too large (each by file and line), or a folder without cases.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Vec<Case>>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let listed = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = listed.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    let sizes = files
        .iter()
        .map(|file| Ok(fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len()));
    let bytes: u64 = sizes.collect::<anyhow::Result<Vec<u64>>>()?.into_iter().fold(0, u64::saturating_add);
    anyhow::ensure!(
        bytes <= MAX_BYTES,
        "{} holds {bytes} bytes of cases; at most {MAX_BYTES} are read",
        folder.display()
    );
    let mut cases = Vec::new();
    for file in &files {
        read_file(file, &mut cases)?;
    }
    anyhow::ensure!(!cases.is_empty(), "{} holds no case: put one a line into a file NAME.jsonl", folder.display());
    Ok(Some(cases))
}

fn read_file(path: &Path, cases: &mut Vec<Case>) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = BufReader::new(file);
    for number in 1.. {
        let at = || format!("{}:{number}", path.display());
        let mut line = Vec::new();
        let read = lines.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line).with_context(at)?;
        if read == 0 {
            break;
        }
        anyhow::ensure!(
            read as u64 <= MAX_LINE,
            "{}: the line has more than {MAX_LINE} bytes; make several cases of it",
            at()
        );
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let case: Case = serde_json::from_slice(&line).with_context(|| format!("{}: this is no case", at()))?;
        check(&case).with_context(at)?;
        anyhow::ensure!(cases.len() < MAX_CASES, "{}: more than {MAX_CASES} cases; score a part of them", at());
        cases.push(case);
    }
    Ok(())
}

fn check(case: &Case) -> anyhow::Result<()> {
    let (sources, sentences) = (case.sources.len(), case.sentences.len());
    anyhow::ensure!(
        (1..=MAX_SOURCES).contains(&sources),
        "case `{}` has {sources} sources; 1 to {MAX_SOURCES} can be scored",
        case.id
    );
    anyhow::ensure!(
        (1..=MAX_SENTENCES).contains(&sentences),
        "case `{}` has {sentences} sentences; 1 to {MAX_SENTENCES} can be scored",
        case.id
    );
    let outside = case.sentences.iter().filter_map(|s| s.label).find(|label| !(0.0..=1.0).contains(label));
    if let Some(label) = outside {
        anyhow::bail!("case `{}` has the label {label}; a label is a share from 0 to 1", case.id);
    }
    Ok(())
}

/// Writes cases down, one a line.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(path: &Path, cases: &[Case]) -> anyhow::Result<()> {
    let what = || format!("cannot write {}", path.display());
    let mut file = std::io::BufWriter::new(File::create(path).with_context(what)?);
    for case in cases {
        serde_json::to_writer(&mut file, case).with_context(what)?;
        file.write_all(b"\n").with_context(what)?;
    }
    file.flush().with_context(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> anyhow::Result<Option<Vec<Case>>> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("some.jsonl"), text).unwrap();
        read(folder.path())
    }

    fn refusal(text: &str) -> String {
        format!("{:#}", reading(text).unwrap_err())
    }

    #[test]
    fn what_is_not_given_is_null_and_what_is_not_known_is_passed_over() {
        let line = r#"{"id":"a","sources":["One."],"sentences":[{"text":"One.","split":"test"}],"licence":"none"}"#;
        let cases = reading(&format!("{line}\n\n{line}\n")).unwrap().unwrap();
        assert_eq!(cases.len(), 2);
        let sentence = &cases[0].sentences[0];
        assert_eq!((sentence.label, &sentence.planted), (None, &None));
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        let good = r#"{"id":"a","sources":["One."],"sentences":[{"text":"One.","label":1,"planted":null}]}"#;
        let broken = refusal(&format!("{good}\n{{\"id\":\"b\"}}\n"));
        assert!(broken.contains("some.jsonl:2: this is no case: missing field `sources`"), "{broken}");
        let label = refusal(&good.replace("\"label\":1", "\"label\":1.5"));
        assert!(label.contains("some.jsonl:1: case `a` has the label 1.5"), "{label}");
        let none = refusal(&good.replace("[\"One.\"]", "[]"));
        assert!(none.contains("case `a` has 0 sources"), "{none}");
        let many = refusal(&good.replace("[\"One.\"]", &serde_json::to_string(&vec!["One."; 101]).unwrap()));
        assert!(many.contains("101 sources; 1 to 100"), "{many}");
        assert!(refusal("\n").contains("holds no case"));
    }

    #[test]
    fn a_line_without_end_is_not_read_to_its_end() {
        let message = refusal(&"x".repeat((MAX_LINE + 10) as usize));
        assert!(message.contains("some.jsonl:1: the line has more than"), "{message}");
    }

    #[test]
    fn a_folder_that_is_missing_has_no_cases() {
        assert!(read(Path::new("no/such/folder")).unwrap().is_none());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let planted = Some("name".to_owned());
        let sentence = Claimed { text: "Ada wrote it.".into(), label: Some(0.25), planted, how: Some("merged".into()) };
        let case = Case { id: "a".into(), sources: vec!["“Ada”\nwrote it.".into()], sentences: vec![sentence] };
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a.jsonl"), std::slice::from_ref(&case)).unwrap();
        assert_eq!(read(folder.path()).unwrap().unwrap(), [case]);
    }
}

//! How what was found is told: excerpts, lines, JSON, SARIF.

use std::collections::BTreeMap;
use std::path::Path;

use console::Term;
use gates::lint::{self, Checked, Claimed, Found, Look, Sarif};
use gates::settings::Settings;
use serde::Serialize;
use serde_json::Value;
use states::words::{Layer, Severity, Verdict};

use super::super::out::{note, say, say_json};
use super::super::{Cli, Failure};
use super::files;
use super::{Format, GateArgs};

/// Columns where nobody says how wide the terminal is, and the most that are used.
const COLUMNS: u16 = 80;
const MOST_COLUMNS: u16 = 120;

/// Tells what was found. Only findings go to standard output in the forms that programs read.
pub(super) fn tell(
    cli: &Cli,
    args: &GateArgs,
    all: &[Checked],
    paths: &[&Path],
    settings: &Settings,
    not_checked: &[&str],
) -> Result<(), Failure> {
    match args.format.unwrap_or(if cli.json { Format::Json } else { Format::Text }) {
        Format::Text => {
            let columns = Term::stdout().size_checked().map_or(COLUMNS, |(_, columns)| columns.min(MOST_COLUMNS));
            let look = Look { colours: console::colors_enabled(), columns: columns.into() };
            told(all, |checked| lint::excerpts(checked, look));
            say(&lint::summary(all, not_checked));
        }
        Format::Line => {
            told(all, lint::line);
            if !cli.quiet {
                note(lint::summary(all, not_checked).trim_end());
            }
        }
        Format::Json => say_json(&all.iter().map(of_file).collect::<Vec<_>>()),
        Format::Sarif => say_json(&sarif(args, all, paths, settings)?),
    }
    Ok(())
}

/// Says a text for each file that has one.
fn told(all: &[Checked], text: impl Fn(&Checked) -> String) {
    all.iter().map(text).filter(|text| !text.is_empty()).for_each(|text| say(&text));
}

/// A file in JSON.
#[derive(Serialize)]
struct OfFile<'a> {
    file: &'a str,
    errors: usize,
    warnings: usize,
    findings: &'a [Found],
    /// How many more there are.
    not_shown: usize,
    /// Every claim with its proof.
    evidence: &'a [Claimed],
    layers: Vec<OfLayer<'a>>,
}

/// A layer without its findings, which stand beside it with their places.
#[derive(Serialize)]
struct OfLayer<'a> {
    layer: Layer,
    verdict: &'a str,
    cause: Option<&'a str>,
    figures: &'a BTreeMap<String, i64>,
}

fn of_file(checked: &Checked) -> OfFile<'_> {
    let layers = checked.layers.iter().map(|layer| OfLayer {
        layer: layer.layer,
        verdict: layer.verdict.word(),
        cause: if let Verdict::NotRun { cause } = &layer.verdict { Some(cause) } else { None },
        figures: &layer.figures,
    });
    OfFile {
        file: &checked.name,
        errors: checked.count(Severity::Error),
        warnings: checked.count(Severity::Warning),
        findings: &checked.found,
        not_shown: checked.more,
        evidence: &checked.claims,
        layers: layers.collect(),
    }
}

fn sarif(args: &GateArgs, all: &[Checked], paths: &[&Path], settings: &Settings) -> Result<Value, Failure> {
    let folder = std::env::current_dir().and_then(|folder| folder.canonicalize()).map_err(Failure::software)?;
    let root = files::folder_uri(&folder)?;
    let uris: BTreeMap<String, String> =
        paths.iter().map(|path| (path.to_string_lossy().into_owned(), files::uri(path, &folder, &root))).collect();
    let home = Some(env!("CARGO_PKG_REPOSITORY")).filter(|home| !home.is_empty());
    let about = Sarif {
        root: root.as_str(),
        project: args.docs_url.as_deref().or(home),
        version: env!("CARGO_PKG_VERSION"),
        settings,
    };
    Ok(lint::sarif(all, &uris, about))
}

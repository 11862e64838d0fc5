//! What the gate says of the sentences of cases.

use std::thread;

use gates::evidence::{against, plain};
use gates::settings::{Level, Settings};
use states::words::Severity;

use super::cases::Case;

/// What the gate says of one sentence.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Said {
    /// The codes of its errors, each once, and what the first says.
    pub(super) codes: Vec<String>,
    pub(super) message: String,
    /// How well the sources carry it, 0 to 1.
    pub(super) support: f64,
}

impl Said {
    /// True where the gate would not let the sentence through.
    pub(super) fn flagged(&self) -> bool {
        !self.codes.is_empty()
    }
}

/// The gate's default settings but for one rule: a sentence that is taken over word for word is true, though not the writer's.
pub(super) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.severities.insert("evidence/copied".to_owned(), Level::Off);
    settings
}

/// Judges every sentence of every case, on all cores; in the order of the cases.
pub(super) fn judge(cases: &[Case]) -> Vec<Vec<Said>> {
    let settings = settings();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = cases.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let settings = &settings;
        let threads: Vec<_> = cases
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(|case| one(case, settings)).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn one(case: &Case, settings: &Settings) -> Vec<Said> {
    let sources: Vec<_> =
        case.sources.iter().enumerate().map(|(n, text)| plain(text, &format!("source-{n}"))).collect();
    let sentences: Vec<&str> = case.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let judged = against(&sources, &sentences, settings);
    let said = judged.into_iter().map(|judged| {
        let errors =
            judged.findings.iter().filter(|f| f.severity == Severity::Error && f.code.starts_with("evidence/"));
        let mut said = Said { support: f64::from(judged.support.unwrap_or(0)) / 1000.0, ..Said::default() };
        for finding in errors {
            if said.codes.is_empty() {
                said.message = finding.message.clone();
            }
            if !said.codes.contains(&finding.code) {
                said.codes.push(finding.code.clone());
            }
        }
        said
    });
    said.collect()
}

//! What an evaluation says.

use serde::Serialize;

/// Figures first, then what should be looked at.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// What was evaluated.
    pub(crate) name: String,
    /// Name and value, in the order in which they are shown.
    pub(crate) figures: Vec<(String, f64)>,
    /// The worst cases, or those that went wrong.
    pub(crate) cases: Vec<Case>,
}

/// One case that should be looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Case {
    /// Which.
    pub(crate) name: String,
    /// Its score, where it has one.
    pub(crate) score: Option<f64>,
    /// What is to be said of it.
    pub(crate) note: String,
}

impl Report {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64) {
        self.figures.push((name.into(), value));
    }

    /// The report for people.
    pub(crate) fn table(&self) -> String {
        let width = self.figures.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let mut lines = vec![self.name.clone()];
        for (name, value) in &self.figures {
            let number = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.4}") };
            lines.push(format!("  {name:<width$}  {number:>10}"));
        }
        for case in &self.cases {
            let score = case.score.map_or_else(String::new, |score| format!("{score:.3} "));
            lines.push(format!("  - {score}{}: {}", case.name, case.note));
        }
        lines.join("\n")
    }
}

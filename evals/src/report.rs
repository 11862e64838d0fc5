//! What an evaluation says: measures beside those of peers and their goals, tables, and cases that should be looked at.

use std::fmt::Write as _;

use serde::Serialize;

/// One evaluation.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// What was evaluated, in a word.
    pub(crate) name: String,
    /// What was done, in one or two sentences.
    pub(crate) about: String,
    /// In the order in which they are shown.
    pub(crate) measures: Vec<Measure>,
    /// What one number does not tell.
    pub(crate) tables: Vec<Table>,
    /// The worst cases, or those that went wrong.
    pub(crate) cases: Vec<Case>,
}

/// One measure, ours and that of peers.
#[derive(Debug, Serialize)]
pub(crate) struct Measure {
    /// What is measured, with its unit.
    pub(crate) name: String,
    /// This program's value.
    pub(crate) value: f64,
    /// How many decimals are shown.
    pub(crate) decimals: usize,
    /// Name and version of a peer, and its value in the same run.
    pub(crate) peers: Vec<(String, f64)>,
    /// What is wanted, where something is.
    pub(crate) goal: Option<Goal>,
}

/// What is wanted of a measure.
#[derive(Debug, Serialize)]
pub(crate) struct Goal {
    /// In words, such as `≥ 0.98`.
    pub(crate) wanted: String,
    /// Whether it is reached.
    pub(crate) met: bool,
}

/// A table; the first row names the columns.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    /// What it shows.
    pub(crate) title: String,
    /// Its rows.
    pub(crate) rows: Vec<Vec<String>>,
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

impl Measure {
    /// Sets a peer's value beside it.
    pub(crate) fn peer(&mut self, name: &str, value: f64) -> &mut Self {
        self.peers.push((name.to_owned(), value));
        self
    }

    /// Says what is wanted and whether it is reached.
    pub(crate) fn goal(&mut self, wanted: &str, met: bool) -> &mut Self {
        self.goal = Some(Goal { wanted: wanted.to_owned(), met });
        self
    }

    fn shown(&self, value: f64) -> String {
        format!("{value:.*}", self.decimals)
    }

    fn row(&self) -> Vec<String> {
        let peers: Vec<String> =
            self.peers.iter().map(|(who, value)| format!("{who} {}", self.shown(*value))).collect();
        let goal = self
            .goal
            .as_ref()
            .map_or_else(String::new, |goal| format!("{}: {}", goal.wanted, if goal.met { "met" } else { "NOT MET" }));
        vec![self.name.clone(), self.shown(self.value), peers.join(" · "), goal]
    }
}

impl Report {
    pub(crate) fn new(name: &str, about: &str) -> Self {
        Self { name: name.to_owned(), about: about.to_owned(), ..Self::default() }
    }

    /// Adds a measure, shown with so many decimals.
    pub(crate) fn measure(&mut self, name: impl Into<String>, value: f64, decimals: usize) -> &mut Measure {
        let at = self.measures.len();
        self.measures.push(Measure { name: name.into(), value, decimals, peers: Vec::new(), goal: None });
        &mut self.measures[at]
    }

    /// Whether every goal is reached.
    pub(crate) fn met(&self) -> bool {
        self.measures.iter().filter_map(|measure| measure.goal.as_ref()).all(|goal| goal.met)
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let head = ["measure", "pipeline", "peers, same run", "wanted"].map(str::to_owned).to_vec();
        std::iter::once(head).chain(self.measures.iter().map(Measure::row)).collect()
    }

    /// The report for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{}\n{}\n\n{}", self.name, self.about, aligned(&self.rows()));
        for table in &self.tables {
            let _ = write!(out, "\n{}\n{}", table.title, aligned(&table.rows));
        }
        for case in &self.cases {
            let score = case.score.map_or_else(String::new, |score| format!("{score:.3} "));
            let _ = writeln!(out, "  - {score}{}: {}", case.name, case.note);
        }
        out
    }

    /// The report as a section of a Markdown file. Cases stay out of it: they name what a corpus holds.
    pub(crate) fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n{}\n\n{}", self.name, self.about, markdown(&self.rows()));
        for table in &self.tables {
            let _ = write!(out, "\n{}\n\n{}", table.title, markdown(&table.rows));
        }
        out
    }
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter().fold(String::new(), |mut out, row| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
        out
    })
}

fn markdown(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (n, row) in rows.iter().enumerate() {
        let _ = writeln!(out, "| {} |", row.join(" | "));
        if n == 0 {
            let _ = writeln!(out, "|{}", "---|".repeat(row.len()));
        }
    }
    out
}

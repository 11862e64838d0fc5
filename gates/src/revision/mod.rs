//! What a revision came to: the reports of a draft and of the one that it revises, compared.
//!
//! Only errors count, since only they ask for a revision. A finding is the same one in both drafts where its rule is, and the
//! text or the place that it was seen in.

mod compare;
mod tell;

use serde::{Deserialize, Serialize};
use states::words::{Draft, Finding, Report, Severity};

pub use compare::{best, steps};
pub use tell::{orders, step_line, steps_lines};

/// A draft that the gate has spoken of.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The draft.
    pub draft: &'a Draft,
    /// What the gate said of it.
    pub report: &'a Report,
    /// Which of the attempts it revises, from 0; `None` for the first.
    pub base: Option<usize>,
    /// A person sent it back: it is revised, but never better than what was written since.
    pub sent_back: bool,
}

/// What one revision came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The number of the draft, from 1.
    pub draft: usize,
    /// The number of the draft that it revises.
    pub base: usize,
    /// Errors in the draft that it revises, and in it.
    pub errors: (usize, usize),
    /// Errors that are gone.
    pub fixed: Vec<Finding>,
    /// Errors that are still there.
    pub still: Vec<Finding>,
    /// Errors that no draft had before.
    pub new: Vec<Finding>,
    /// Errors that an earlier draft had, that were gone, and that are there again.
    pub back: Vec<Finding>,
    /// How many of the sentences of the draft that it revises it does not have any more, in percent.
    pub changed_percent: u8,
    /// The same of the sentences in which nothing was found.
    pub unasked_percent: u8,
    /// It is the draft that it revises, word for word.
    pub same: bool,
}

impl Step {
    /// True where it has more errors than the draft that it revises.
    pub fn is_worse(&self) -> bool {
        self.errors.1 > self.errors.0
    }
}

/// The errors of a report, cheapest layer first.
fn errors(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings().filter(|f| f.severity == Severity::Error)
}

#[cfg(test)]
mod tests;

//! Layer 3: the question to the judge, its answer, the built-in judge that uses the same rubric, and how a judge agrees with people.

mod question;
mod weigh;
mod built_in;
pub mod calibrate;

pub use built_in::built_in;
pub use question::{JudgeQuestion, JudgeSentence, RUBRIC, parse, question, schema};
pub use weigh::{Judged, layer, median, wants_more};

#[cfg(test)]
mod tests;

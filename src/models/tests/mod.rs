//! Whole questions and answers.

mod asking;
mod drafts;
mod fake;
mod hostile;
mod prompts;

//! Whole questions and answers.

mod asking;
mod clients;
mod meaning;
mod drafts;
mod fake;
mod hostile;
mod prompts;
mod storm;

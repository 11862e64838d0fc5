//! Whole gate reports over sample drafts, and the gate over people's own Markdown.

mod hugo;
mod markdown;
mod noise;
mod real;
mod reports;
mod support;

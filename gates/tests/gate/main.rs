//! Whole gate reports over sample drafts, and the gate over people's own Markdown.

mod drafts;
mod hugo;
mod markdown;
mod noise;
mod pages;
mod real;
mod reports;
mod sarif;
mod support;

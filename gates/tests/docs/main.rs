//! Every rule's text: that it has its shape, that its examples do what they say, and that `docs/rules` says the same.

mod shape;
mod examples;
mod limits;
mod files;
mod drafts;
mod pages;

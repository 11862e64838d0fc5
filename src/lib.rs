//! An autonomous publishing desk: from a feed to a proven, proposed article on a Hugo site.
//!
//! The binary is thin; everything is here so that tests can reach it. Arrows go one way: `cli → engine → (store, models,
//! power, page, publish, hugo, templates) → states`, and the performers do not know each other.

pub mod config;
pub mod engine;
pub mod store;
pub mod models;
pub mod power;
pub mod page;
pub mod publish;
pub mod hugo;
pub mod record;
pub mod templates;
pub mod cli;

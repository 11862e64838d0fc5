//! The pure machines of the desk: the article's and the worker's.
//!
//! An event goes in; the next state and a list of effects come out. This crate knows no clock, network, file, SQL or
//! randomness: time and outcomes come in events. Illegal events are errors, never ignored.
//!
//! [`statig`] routes an event to the station of the current state ([`stations`]); the decisions are plain functions there.
//! What a state waits for follows from the state alone ([`effect::awaits`]), so that a machine can be restored from its
//! stored form without running anything again.

pub mod words;

pub mod state;
pub mod event;
pub mod effect;
pub mod article;
pub mod stations;
pub mod worker;
pub mod hours;
pub mod readiness;
pub mod turns;
pub mod metering;
pub mod machine;

pub mod retry;
pub mod breaker;
pub mod limits;
pub mod batch;
pub mod route;
pub mod selection;
pub mod relations;
pub mod tries;

pub mod share;
pub mod thrift;

pub mod stored;
pub mod examples;
pub mod explore;

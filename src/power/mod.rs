//! The GPU box: waking it, asking whether it is there, putting it back to sleep.
//!
//! When to do which is for the worker's machine; here one thing is done once, within time limits, and its outcome
//! returned.

pub mod mac;
pub mod options;
pub mod sleep;
pub mod upkeep;
pub mod wake;

mod perform;

pub use mac::{BadMac, validate_mac};
pub use options::{BadWorker, HttpCall, Probe, SleepBy, WakeBy, WorkerOptions};
pub use sleep::{SleepOutcome, busy, sleep};
pub use upkeep::{Meter, MeterUnit, Repair, read_meter, repair};
pub use wake::{WakeOutcome, alive, wake};

#[cfg(test)]
mod tests;

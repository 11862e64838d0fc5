//! The GPU box: waking it, asking whether it is there, putting it back to sleep.
//!
//! When to do which is for the worker's machine; here one thing is done once, within time limits, and its outcome
//! returned.

pub mod options;
pub mod mac;
pub mod means;
pub mod ssh;
pub mod upkeep;
pub mod wake;
pub mod sleep;

mod packet;
mod perform;
mod secret;

pub use mac::{BadMac, SecureOn, validate_mac};
pub use means::{HttpCall, Means};
pub use options::{BadWorker, Probe, SleepBy, WakeBy, WorkerOptions};
pub use sleep::{SleepOutcome, busy, keep_alive, sleep};
pub use ssh::SshCall;
pub use upkeep::{Meter, MeterUnit, read_meter, repair};
pub use wake::{WakeOutcome, alive, wake};

#[cfg(test)]
mod tests;

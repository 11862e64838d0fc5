//! The stored form of states, events and effects: JSON with a version beside it. Every past form stays readable.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::effect::Effect;
use crate::event::Event;
use crate::machine::{Happening, Machine};
use crate::words::MachineId;

/// The version that is written now.
///
/// 2: a worker has the state Readying, and knows which model has its turn. What 1 wrote is read as it is: what is new may be
/// missing.
///
/// 3: what the gate said may name a better draft than the one it spoke of. What 1 and 2 wrote names none.
pub const VERSION: u32 = 3;

/// Why a stored form cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadForm {
    /// Written by a newer program.
    #[error("the stored {what} has version {version}, this program knows up to {VERSION}; use the newer program")]
    TooNew {
        /// What was read.
        what: &'static str,
        /// Its version.
        version: u32,
    },
    /// Not what was written under this version.
    #[error("the stored {what} cannot be read: {source}")]
    Broken {
        /// What was read.
        what: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
}

fn write<T: Serialize>(value: &T) -> String {
    // These types have string keys only, so that writing cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn read<T: DeserializeOwned>(what: &'static str, version: u32, text: &str) -> Result<T, BadForm> {
    if version > VERSION {
        return Err(BadForm::TooNew { what, version });
    }
    serde_json::from_str(text).map_err(|source| BadForm::Broken { what, source })
}

/// Writes a machine's state.
pub fn write_state(machine: &Machine) -> String {
    match machine {
        Machine::Article(state) => write(state),
        Machine::Worker(state) => write(state),
    }
}

/// Reads the state of the machine `id`.
///
/// # Errors
/// [`BadForm`] for a newer version or a broken form.
pub fn read_state(id: &MachineId, version: u32, text: &str) -> Result<Machine, BadForm> {
    Ok(match id {
        MachineId::Article(_) => Machine::Article(read("state", version, text)?),
        MachineId::Worker(_) => Machine::Worker(read("state", version, text)?),
    })
}

/// Writes an event.
pub fn write_event(event: &Happening) -> String {
    match event {
        Happening::Article(event) => write(event),
        Happening::Worker(event) => write(event),
    }
}

/// Reads an event of the machine `id`.
///
/// # Errors
/// [`BadForm`] for a newer version or a broken form.
pub fn read_event(id: &MachineId, version: u32, text: &str) -> Result<Happening, BadForm> {
    Ok(match id {
        MachineId::Article(_) => Happening::Article(read::<Event>("event", version, text)?),
        MachineId::Worker(_) => Happening::Worker(read("event", version, text)?),
    })
}

/// Writes an effect.
pub fn write_effect(effect: &Effect) -> String {
    write(effect)
}

/// Reads an effect.
///
/// # Errors
/// [`BadForm`] for a newer version or a broken form.
pub fn read_effect(version: u32, text: &str) -> Result<Effect, BadForm> {
    read("effect", version, text)
}

//! The proof that a page passed: the only thing that can be published.

use serde::{Deserialize, Serialize};

use super::ids::BytesHash;

/// Who let a page pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassedBy {
    /// Every layer said pass.
    Gates,
    /// A person approved these bytes.
    Person {
        /// Who.
        name: String,
    },
}

/// A page with exactly these bytes passed. Only the Gating station, or a person's approval of that hash, makes one: the
/// constructor is visible to this crate's stations alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedGates {
    bytes: BytesHash,
    by: PassedBy,
}

impl PassedGates {
    pub(crate) fn new(bytes: BytesHash, by: PassedBy) -> Self {
        Self { bytes, by }
    }

    /// The bytes that passed.
    pub fn bytes(&self) -> &BytesHash {
        &self.bytes
    }

    /// Who let them pass.
    pub fn by(&self) -> &PassedBy {
        &self.by
    }
}

//! Words as numbers, where they are only compared within one call.

use std::hash::{BuildHasherDefault, Hasher};

/// A word's key: FNV-1a over its bytes.
pub(crate) fn key(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Builds tables whose keys are hashes already.
pub(crate) type Keyed = BuildHasherDefault<AsIs>;

/// Takes a key as its own hash.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

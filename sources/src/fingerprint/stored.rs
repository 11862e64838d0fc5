//! The stored form of a fingerprint: about 500 bytes for a text of 600 words.

use super::sample::{BITS, Sample};
use super::{Fingerprint, PERMUTATIONS, Preset};

/// Version of the stored form and of everything that goes into it.
const FORM: u8 = 2;

/// Bytes of one hash of the sample.
const HASH: usize = (BITS / 8) as usize;

impl Fingerprint {
    /// The stored form; it names its version and the preset.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM, preset_byte(self.preset)];
        bytes.extend_from_slice(&self.exact);
        bytes.extend_from_slice(&self.words.to_le_bytes());
        bytes.push(u8::from(!self.signature.is_empty()));
        bytes.extend(self.signature.iter().flat_map(|value| value.to_le_bytes()));
        bytes.push(u8::from(self.sample.whole));
        for hash in &self.sample.least {
            bytes.extend_from_slice(&hash.to_le_bytes()[..HASH]);
        }
        bytes
    }

    /// Reads the stored form. `None` where these are not the bytes of one, or those of another version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ([form, preset], rest) = bytes.split_first_chunk()?;
        let (exact, rest) = rest.split_first_chunk::<32>()?;
        let (words, rest) = rest.split_first_chunk::<4>()?;
        let (signed, rest) = rest.split_first()?;
        let (signature, rest) = rest.split_at_checked(if *signed == 1 { PERMUTATIONS * 2 } else { 0 })?;
        let (whole, sample) = rest.split_first()?;
        let (values, _) = signature.as_chunks::<2>();
        let (hashes, odd) = sample.as_chunks::<HASH>();
        let least: Vec<u64> =
            hashes.iter().map(|h| h.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))).collect();
        if *form != FORM || *signed > 1 || *whole > 1 || !odd.is_empty() || !least.is_sorted_by(|a, b| a < b) {
            return None;
        }
        Some(Self {
            preset: preset_of(*preset)?,
            exact: *exact,
            words: u32::from_le_bytes(*words),
            signature: values.iter().map(|value| u16::from_le_bytes(*value)).collect(),
            sample: Sample { least, whole: *whole == 1 },
        })
    }
}

fn preset_byte(preset: Preset) -> u8 {
    match preset {
        Preset::Words3 => 1,
        Preset::Chars3 => 2,
    }
}

fn preset_of(byte: u8) -> Option<Preset> {
    Preset::ALL.into_iter().find(|preset| preset_byte(*preset) == byte)
}

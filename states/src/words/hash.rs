//! One way to hash: SHA-256 over length-prefixed parts, so that no two lists of parts collide by concatenation.

use sha2::{Digest, Sha256};

/// SHA-256 (FIPS 180-4) of `parts`, each preceded by its length as eight little-endian bytes, after the kind of thing
/// that is named. Lower-case hexadecimal, 64 characters.
pub fn sha256_of(kind: &str, parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in std::iter::once(kind.as_bytes()).chain(parts.iter().copied()) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

/// SHA-256 of the bytes alone, as other tools compute it. Lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The first eight bytes of [`sha256_of`] as a number: what jitter and sampling are drawn from.
pub fn number_of(kind: &str, parts: &[&[u8]]) -> u64 {
    let hex = sha256_of(kind, parts);
    u64::from_str_radix(&hex[..16], 16).unwrap_or_default()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_collide_by_concatenation() {
        assert_ne!(sha256_of("k", &[b"ab", b"c"]), sha256_of("k", &[b"a", b"bc"]));
        assert_ne!(sha256_of("k", &[b"a"]), sha256_of("l", &[b"a"]));
    }

    #[test]
    fn the_plain_hash_is_the_one_of_the_standard() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

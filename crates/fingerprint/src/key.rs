//! A secret from which a copy's values are made.

use core::fmt;

use aes::Aes256;
use ctr::Ctr64BE;
use ctr::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 32-byte secret: of a case, a group or a slot.
///
/// Neither `Display` nor serialisation; `Debug` is redacted; the bytes are zeroised on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// Takes 32 secret bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret itself, for sealing or opening it.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A further key: HKDF-SHA256 (RFC 5869) without salt, with info
    /// `"headstart fingerprint v1\0" || len(label) as u64 LE || label || context`.
    #[must_use]
    pub fn derive(&self, label: &str, context: &[u8]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, &self.0);
        let length = (label.len() as u64).to_le_bytes();
        let mut bytes = [0; 32];
        hkdf.expand_multi_info(
            &[
                b"headstart fingerprint v1\0",
                &length,
                label.as_bytes(),
                context,
            ],
            &mut bytes,
        )
        .expect("32 bytes are fewer than HKDF's limit of 255 blocks");
        Self(bytes)
    }

    /// SHA-256 of `"headstart fingerprint key v1\0" || key`: what is published before a release.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"headstart fingerprint key v1\0");
        hasher.update(self.0);
        hasher.finalize().into()
    }

    /// Fills `out` with the key's stream from byte `offset` on: AES-256 in counter mode, with the domain's
    /// eight bytes and a big-endian 64-bit block counter as the counter block.
    pub(crate) fn stream(&self, domain: Stream, offset: u64, out: &mut [u8]) {
        let iv: &[u8; 16] = match domain {
            Stream::Narrow => b"hsnarrow\0\0\0\0\0\0\0\0",
            Stream::Wide => b"hs  wide\0\0\0\0\0\0\0\0",
            Stream::Plan => b"hs  plan\0\0\0\0\0\0\0\0",
        };
        let mut cipher = Ctr64BE::<Aes256>::new(&self.0.into(), iv.into());
        out.fill(0);
        if offset != 0 {
            cipher.seek(offset);
        }
        cipher.apply_keystream(out);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// Which of a key's streams.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// One byte a site of at most sixteen values.
    Narrow,
    /// Eight bytes a site of more values.
    Wide,
    /// Choices made while a code is planned.
    Plan,
}

/// A source of choices that depends on a seed alone.
pub(crate) struct Choices {
    key: Key,
    offset: u64,
}

impl Choices {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self {
            key: Key::from_bytes(*seed),
            offset: 0,
        }
    }

    /// A number in `0..bound`; `bound` at least 1. The bias is below `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.key.stream(Stream::Plan, self.offset, &mut bytes);
        self.offset += 8;
        let scaled = u128::from(u64::from_le_bytes(bytes)) * (bound.max(1) as u128);
        (scaled >> 64) as usize
    }

    /// Fisher–Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_show_itself_and_its_children_differ() {
        let key = Key::from_bytes([7; 32]);
        assert_eq!(format!("{key:?}"), "Key(redacted)");
        assert_ne!(key.derive("a", b"bc"), key.derive("ab", b"c"));
        assert_ne!(key.derive("a", b"").expose(), key.expose());
        assert_ne!(&key.commitment(), key.expose());
    }

    #[test]
    fn a_stream_read_from_the_middle_equals_the_whole() {
        let key = Key::from_bytes([9; 32]);
        let mut whole = [0; 300];
        key.stream(Stream::Narrow, 0, &mut whole);
        let mut part = [0; 40];
        key.stream(Stream::Narrow, 137, &mut part);
        assert_eq!(part[..], whole[137..177]);
    }
}

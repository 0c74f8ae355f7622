//! The 32-byte hashes of a log's Merkle tree.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Bytes of one hash.
pub const HASH_BYTES: usize = 32;

/// A SHA-256 value: of a leaf, of a node, or of a whole tree.
///
/// Shown in lowercase hex; checkpoints and proofs carry it in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_BYTES]);

impl Hash {
    /// Takes 32 bytes as they are: nothing is hashed here.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Hash {
        Hash(bytes)
    }

    /// Takes a slice of exactly 32 bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// The 32 bytes, by value.
    pub const fn to_bytes(self) -> [u8; HASH_BYTES] {
        self.0
    }

    /// 64 lowercase hex digits.
    pub fn to_hex(&self) -> String {
        self.to_string()
    }

    /// Reads 64 hex digits, of either case.
    ///
    /// # Errors
    /// [`HashParseError::Hex`] for anything else.
    pub fn from_hex(text: &str) -> Result<Hash, HashParseError> {
        let fail = || HashParseError::Hex {
            found: preview(text),
        };
        if text.len() != 2 * HASH_BYTES {
            return Err(fail());
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |position: usize| {
                pair.get(position)
                    .and_then(|&c| char::from(c).to_digit(16))
                    .and_then(|digit| u8::try_from(digit).ok())
            };
            let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                return Err(fail());
            };
            *byte = high << 4 | low;
        }
        Ok(Hash(bytes))
    }

    /// Padded standard base64 (RFC 4648, section 4), as checkpoints and proofs carry it: 44 characters.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] writes. Each hash has exactly one accepted spelling.
    ///
    /// # Errors
    /// [`HashParseError::Base64`] for a wrong length, a wrong alphabet, missing padding, or stray bits.
    pub fn from_base64(text: &str) -> Result<Hash, HashParseError> {
        let fail = || HashParseError::Base64 {
            found: preview(text),
        };
        if text.len() != 44 {
            return Err(fail());
        }
        let bytes = STANDARD.decode(text).map_err(|_| fail())?;
        Hash::from_slice(&bytes).ok_or_else(fail)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of one entry: SHA-256 of the byte `0x00` and the entry's bytes.
///
/// # Source
/// RFC 6962, section 2.1; RFC 9162, section 2.1.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([0x00])
            .chain_update(entry)
            .finalize()
            .into(),
    )
}

/// The hash of a node over two children: SHA-256 of the byte `0x01`, the left hash and the right one.
///
/// # Source
/// RFC 6962, section 2.1; RFC 9162, section 2.1.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([0x01])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// Why a text is not a [`struct@Hash`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashParseError {
    /// Not 64 hex digits.
    #[error("`{found}` is not a hash of 64 hex digits")]
    Hex {
        /// The beginning of what was read.
        found: String,
    },
    /// Not the base64 of 32 bytes.
    #[error("`{found}` is not the base64 of a 32-byte hash")]
    Base64 {
        /// The beginning of what was read.
        found: String,
    },
}

impl HashParseError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            HashParseError::Hex { .. } => "copy all 64 digits of the hash",
            HashParseError::Base64 { .. } => {
                "copy the whole line, 44 characters with the `=` at its end"
            }
        }
    }
}

/// The first characters of hostile text, fit for one line of an error.
pub(crate) fn preview(text: &str) -> String {
    const SHOWN_CHARS: usize = 48;
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_empty_tree_and_the_empty_leaf_hash_as_in_the_rfc() {
        assert_eq!(
            empty_root().to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            leaf_hash(b"").to_hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn a_hash_has_one_base64_spelling() {
        let text = leaf_hash(b"x").to_base64();
        assert!(Hash::from_base64(&text).is_ok());
        assert!(Hash::from_base64(text.trim_end_matches('=')).is_err());
        assert!(Hash::from_base64(&format!("{text}\n")).is_err());
        // The last character before the padding carries two spare bits, which must be zero.
        let stray = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=";
        assert!(Hash::from_base64(stray).is_err());
    }

    #[test]
    fn an_error_shows_one_short_line() {
        let error = Hash::from_hex(&"\n\u{1b}[31m".repeat(100)).unwrap_err();
        let shown = error.to_string();
        assert!(
            !shown.contains('\n') && !shown.contains('\u{1b}'),
            "{shown}"
        );
        assert!(shown.len() < 400, "{shown}");
        assert!(!error.hint().is_empty());
    }

    proptest! {
        #[test]
        fn hex_and_base64_come_back(bytes: [u8; 32]) {
            let hash = Hash::from_bytes(bytes);
            prop_assert_eq!(Hash::from_hex(&hash.to_hex()), Ok(hash));
            prop_assert_eq!(Hash::from_hex(&hash.to_hex().to_uppercase()), Ok(hash));
            prop_assert_eq!(Hash::from_base64(&hash.to_base64()), Ok(hash));
        }

        #[test]
        fn hostile_text_is_refused_without_a_panic(text in ".{0,80}") {
            let _ = Hash::from_hex(&text);
            let _ = Hash::from_base64(&text);
        }
    }
}

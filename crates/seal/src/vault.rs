//! Small records sealed with the program's symmetric key, of which thousands are opened at once.

use std::fmt;

use chacha20poly1305::aead::rand_core::RngCore as _;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::padding::{pad, quarter_octave, unpad};

/// Largest record that is sealed or opened, in bytes.
pub const RECORD_BYTES_MAX: usize = 64 << 20;
/// Longest context, in bytes.
pub const CONTEXT_BYTES_MAX: usize = 1024;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const LABEL: &[u8] = b"headstart vault record v1\0";
/// Smallest padded record, in bytes.
const CLASS_BYTES_MIN: u64 = 256;

/// The program's 32-byte key for vault records. Zeroised when dropped; `Debug` is redacted.
///
/// A sealed record is one version byte, a random 24-byte nonce, and the XChaCha20-Poly1305 ciphertext
/// (draft-irtf-cfrg-xchacha-03) of the record padded to a size class: 256 bytes, then four classes an octave.
/// The context is authenticated with it, so a record that was moved to another place does not open there.
#[derive(ZeroizeOnDrop)]
pub struct VaultKey([u8; 32]);

/// Why a vault record was not sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Larger than [`RECORD_BYTES_MAX`].
    #[error("the record has {bytes} bytes, and the limit is {RECORD_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// A context longer than [`CONTEXT_BYTES_MAX`].
    #[error("the context has {bytes} bytes, and the limit is {CONTEXT_BYTES_MAX}")]
    ContextTooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not a vault record of a version that is known here.
    #[error("this is not a vault record")]
    NotARecord,
    /// Another key, another context, or changed bytes: which one cannot be told.
    #[error("the vault record does not open with this key and context")]
    Refused,
}

impl VaultError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "split what is kept into smaller records",
            Self::ContextTooLong { .. } => "use an identifier as the context",
            Self::NotARecord | Self::Refused => {
                "check that the program key belongs to this data directory, and audit the store"
            }
        }
    }
}

impl VaultKey {
    /// A key from the operating system's randomness.
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        Self::from_bytes(bytes)
    }

    /// A key from its bytes.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let key = Self(bytes);
        bytes.zeroize();
        key
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals a record for one place. `context` is not stored: the reader must know it.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], [`VaultError::ContextTooLong`].
    pub fn seal(&self, context: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        let associated = associated(context)?;
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(VaultError::TooLarge { bytes: bytes.len() });
        }
        let padded = pad(bytes, |size| quarter_octave(size, CLASS_BYTES_MIN));
        let mut nonce = XNonce::default();
        OsRng.fill_bytes(&mut nonce);
        let ciphertext = XChaCha20Poly1305::new(&self.0.into())
            .encrypt(
                &nonce,
                Payload {
                    msg: &padded,
                    aad: &associated,
                },
            )
            .map_err(|_| VaultError::TooLarge { bytes: bytes.len() })?;
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens a record that was sealed for this context.
    ///
    /// # Errors
    /// [`VaultError::Refused`] for another key, another context or changed bytes;
    /// [`VaultError::NotARecord`] and the limits for bytes that were never a record.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let associated = associated(context)?;
        // Padding, head, nonce and tag add less than a half.
        if sealed.len() > RECORD_BYTES_MAX + RECORD_BYTES_MAX / 2 {
            return Err(VaultError::TooLarge {
                bytes: sealed.len(),
            });
        }
        let (version, rest) = sealed.split_first().ok_or(VaultError::NotARecord)?;
        let (nonce, ciphertext) = rest
            .split_at_checked(NONCE_BYTES)
            .ok_or(VaultError::NotARecord)?;
        if *version != VERSION {
            return Err(VaultError::NotARecord);
        }
        let padded = XChaCha20Poly1305::new(&self.0.into())
            .decrypt(
                XNonce::from_slice(nonce),
                Payload {
                    msg: ciphertext,
                    aad: &associated,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Refused)?;
        unpad(&padded).map_err(|_| VaultError::NotARecord)
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(redacted)")
    }
}

fn associated(context: &str) -> Result<Vec<u8>, VaultError> {
    if context.len() > CONTEXT_BYTES_MAX {
        return Err(VaultError::ContextTooLong {
            bytes: context.len(),
        });
    }
    Ok([LABEL, context.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_opens_only_with_its_key_and_in_its_place() {
        let key = VaultKey::generate();
        let sealed = key.seal("index/HS-2026-0001", b"sketch").unwrap();
        assert_eq!(
            &**key.open("index/HS-2026-0001", &sealed).unwrap(),
            b"sketch"
        );
        assert_eq!(
            key.open("index/HS-2026-0002", &sealed),
            Err(VaultError::Refused)
        );
        assert_eq!(
            VaultKey::generate().open("index/HS-2026-0001", &sealed),
            Err(VaultError::Refused)
        );
    }

    #[test]
    fn short_records_have_one_size() {
        let key = VaultKey::generate();
        let sizes: Vec<usize> = [0, 1, 100, 247]
            .iter()
            .map(|&bytes| key.seal("c", &vec![7; bytes]).unwrap().len())
            .collect();
        assert_eq!(sizes, [1 + 24 + 256 + 16; 4]);
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        assert_eq!(
            format!("{:?}", VaultKey::from_bytes([7; 32])),
            "VaultKey(redacted)"
        );
    }

    #[test]
    fn the_limits_are_named() {
        let key = VaultKey::generate();
        let long = "c".repeat(CONTEXT_BYTES_MAX + 1);
        assert!(
            key.seal(&long, b"")
                .unwrap_err()
                .to_string()
                .contains("1024")
        );
        assert_eq!(key.open("c", b"").unwrap_err(), VaultError::NotARecord);
    }

    proptest! {
        #[test]
        fn any_changed_bit_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let key = VaultKey::from_bytes([3; 32]);
            let mut sealed = key.seal("c", &bytes).unwrap();
            prop_assert_eq!(&**key.open("c", &sealed).unwrap(), &bytes[..]);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(key.open("c", &sealed).is_err());
        }

        #[test]
        fn hostile_records_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = VaultKey::from_bytes([3; 32]).open("c", &bytes);
        }
    }
}

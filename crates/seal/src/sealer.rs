//! Many short records for the same readers, under one header.

use std::fmt;
use std::sync::OnceLock;

use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret as _;
use chacha20poly1305::aead::rand_core::RngCore as _;
use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _, OsRng};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use zeroize::Zeroizing;

use crate::age_file::{NONCE_BYTES, encrypt_to, header};
use crate::padding::{pad, quarter_octave};
use crate::program_key::{CLASS_BYTES_MIN, ProgramRecipient, SEALED_BYTES_MAX, SealError};
use crate::recipient::Recipient;

/// Bytes of a chunk of an age file's payload.
const CHUNK_BYTES: usize = 64 << 10;

/// Seals records to the program and to seats, whose keys it uses once, when it is made: what takes longest of sealing
/// something short. `Debug` is redacted.
///
/// Each record becomes an age file of its own, padded as by [`seal_to_program`](crate::seal_to_program). All have the
/// same header and so the same file key; each has a random nonce of 16 bytes, from which the key of its payload is
/// derived, so that no two are encrypted with the same one.
///
/// The file key stays in memory as long as this does, and whoever reads it there can open all that was sealed with it.
/// So one should not be kept for long. That two records have the same readers can be seen from their headers.
///
/// # Source
/// "The age file encryption format", version 1: "Header" and "Payload".
pub struct Sealer {
    /// With the end of its last line.
    header: Vec<u8>,
    file_key: Zeroizing<[u8; FILE_KEY_BYTES]>,
}

/// A recipient that remembers the file key which was wrapped for it.
struct Remembering<'a> {
    recipient: &'a dyn age::Recipient,
    file_key: &'a OnceLock<Zeroizing<[u8; FILE_KEY_BYTES]>>,
}

impl age::Recipient for Remembering<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, std::collections::HashSet<String>), age::EncryptError> {
        self.file_key
            .get_or_init(|| Zeroizing::new(*file_key.expose_secret()));
        self.recipient.wrap_file_key(file_key)
    }
}

impl Sealer {
    /// A new header and file key, from the operating system's randomness.
    ///
    /// # Errors
    /// [`SealError::Encrypt`].
    pub fn new(program: &ProgramRecipient, seats: &[Recipient]) -> Result<Self, SealError> {
        let file_key = OnceLock::new();
        let program = Remembering {
            recipient: program.as_age(),
            file_key: &file_key,
        };
        let seats = seats.iter().map(Recipient::as_age);
        let nothing = encrypt_to(std::iter::once(&program as _).chain(seats), &[]);
        let nothing = nothing.map_err(|_| SealError::Encrypt)?;
        let header = header(&nothing).map_err(|_| SealError::Encrypt)?;
        let end = header.len().saturating_sub(NONCE_BYTES);
        Ok(Self {
            header: header.get(..end).unwrap_or_default().to_vec(),
            file_key: file_key.into_inner().ok_or(SealError::Encrypt)?,
        })
    }

    /// An age file of these bytes, padded as [`seal_to_program`](crate::seal_to_program) pads them.
    ///
    /// # Errors
    /// [`SealError::TooLarge`], [`SealError::Encrypt`].
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        if plaintext.len() as u64 > SEALED_BYTES_MAX {
            return Err(SealError::TooLarge {
                bytes: plaintext.len() as u64,
            });
        }
        let padded = pad(plaintext, |size| quarter_octave(size, CLASS_BYTES_MIN));
        let mut nonce = [0; NONCE_BYTES];
        OsRng
            .try_fill_bytes(&mut nonce)
            .map_err(|_| SealError::Encrypt)?;
        let key = Zeroizing::new(hkdf(&nonce, b"payload", self.file_key.as_slice()));
        let cipher = ChaCha20Poly1305::new(key.as_slice().into());
        let mut sealed = Vec::with_capacity(self.header.len() + padded.len() + 64);
        sealed.extend_from_slice(&self.header);
        sealed.extend_from_slice(&nonce);
        // There is one chunk at least, since nothing is padded to nothing.
        let mut chunks = (0_u64..).zip(padded.chunks(CHUNK_BYTES)).peekable();
        while let Some((count, chunk)) = chunks.next() {
            // Eleven bytes of count, and one that says whether it is the last.
            let mut nonce = [0; 12];
            nonce[3..11].copy_from_slice(&count.to_be_bytes());
            nonce[11] = u8::from(chunks.peek().is_none());
            let start = sealed.len();
            sealed.extend_from_slice(chunk);
            let tag = cipher
                .encrypt_in_place_detached(
                    Nonce::from_slice(&nonce),
                    &[],
                    sealed.get_mut(start..).unwrap_or_default(),
                )
                .map_err(|_| SealError::Encrypt)?;
            sealed.extend_from_slice(&tag);
        }
        Ok(sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Identities, ProgramKey, generate_identity};

    #[test]
    fn each_record_opens_for_the_program_and_its_seat_and_for_nobody_else() {
        let key = ProgramKey::generate();
        let (own, seat) = generate_identity();
        let (other, _) = generate_identity();
        let identities = |text: &str| Identities::parse(text).unwrap();
        let sealer = Sealer::new(&key.recipient(), &[seat]).unwrap();
        // Also of several chunks, and of one that just fills its last.
        for length in [0, 1, 503, 504, CHUNK_BYTES - 9, CHUNK_BYTES, 200_000] {
            let record = vec![7; length];
            let sealed = sealer.seal(&record).unwrap();
            assert_eq!(*key.open(&sealed).unwrap(), record);
            let opened = identities(&own).open_sealed(&sealed);
            assert_eq!(*opened.unwrap(), record);
            assert_eq!(
                identities(&other).open_sealed(&sealed).unwrap_err(),
                SealError::NotForThisKey
            );
            assert!(
                identities(&own)
                    .open_sealed(&crate::seal_to_program(&key.recipient(), &record).unwrap())
                    .is_err()
            );
        }
        // Its length tells no more than its class.
        let length = |bytes: usize| sealer.seal(&vec![7; bytes]).unwrap().len();
        assert_eq!(length(1), length(503));
        assert!(length(504) > length(503));
    }

    #[test]
    fn no_two_records_are_encrypted_with_the_same_key() {
        let key = ProgramKey::generate();
        let sealer = Sealer::new(&key.recipient(), &[]).unwrap();
        let payloads: BTreeSet<Vec<u8>> = (0..100)
            .map(|_| {
                sealer.seal(b"the same").unwrap()[sealer.header.len() + NONCE_BYTES..].to_vec()
            })
            .collect();
        assert_eq!(payloads.len(), 100);
        let another = Sealer::new(&key.recipient(), &[]).unwrap();
        assert_ne!(another.header, sealer.header);
        assert_ne!(another.file_key, sealer.file_key);
    }

    #[test]
    fn a_changed_or_cut_record_does_not_open() {
        let key = ProgramKey::generate();
        let sealer = Sealer::new(&key.recipient(), &[]).unwrap();
        let sealed = sealer.seal(&[7; 70_000]).unwrap();
        for at in [sealer.header.len(), sealed.len() - 1, sealed.len() - 5_000] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed).unwrap_err(), SealError::Damaged);
        }
        let first = sealer.header.len() + NONCE_BYTES + CHUNK_BYTES + 16;
        assert_eq!(key.open(&sealed[..first]).unwrap_err(), SealError::Damaged);
    }

    #[test]
    fn it_does_not_show_its_key() {
        let sealer = Sealer::new(&ProgramKey::generate().recipient(), &[]).unwrap();
        assert_eq!(format!("{sealer:?}"), "Sealer(redacted)");
    }
}

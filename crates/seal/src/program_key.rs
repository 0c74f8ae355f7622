//! The program's key: what the desk has and the portal never gets.

use std::fmt;
use std::str::FromStr as _;

use age::secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::age_file::{AgeError, decrypt, encrypt};
use crate::identity::Identities;
use crate::padding::{pad, quarter_octave, unpad};
use crate::recipient::{Recipient, RecipientError};
use crate::vault::VaultKey;

/// log₂ of scrypt's N for the program key's file.
///
/// 16 (64 MiB of memory) keeps a command that unlocks the key interactive; the passphrase must carry the rest,
/// so it should be generated (six diceware words or more), not invented.
pub const WORK_FACTOR_LOG2: u8 = 16;
/// The most work that is done to unlock a file: 20 means 1 GiB of memory. Stock `age` writes 18.
pub const WORK_FACTOR_LOG2_MAX: u8 = 20;
/// Largest locked key file that is read, in bytes.
pub const LOCKED_BYTES_MAX: usize = 16 << 10;
/// Largest plaintext sealed to the program, in bytes.
pub const SEALED_BYTES_MAX: u64 = 256 << 20;

const TITLE: &str = "# headstart program key v1";
const VAULT_PREFIX: &str = "# headstart vault key: ";
/// Smallest padded plaintext, in bytes.
pub(crate) const CLASS_BYTES_MIN: u64 = 512;

/// The program's secret key: an age X25519 identity and the [`VaultKey`]. `Debug` is redacted.
///
/// Its file is an age file under a passphrase, whose plaintext is an age identity file: the identity, and the vault
/// key in a comment. So stock `age -d -i program.key FILE` opens what was sealed to the program.
pub struct ProgramKey {
    identity: age::x25519::Identity,
    vault: VaultKey,
}

/// The public half of the program's key, kept in the clear: sealing needs no passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramRecipient(Recipient);

/// Why a key file was not unlocked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// Larger than [`LOCKED_BYTES_MAX`].
    #[error("the key file has {bytes} bytes, and the limit is {LOCKED_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not an age file under a passphrase.
    #[error("the key file is not an age file under a passphrase")]
    NotAKeyFile,
    /// More work than [`WORK_FACTOR_LOG2_MAX`].
    #[error(
        "the key file asks for 2^{required} rounds of scrypt, and the limit is 2^{WORK_FACTOR_LOG2_MAX}"
    )]
    ExcessiveWork {
        /// log₂ of the N that the file asks for.
        required: u8,
    },
    /// Wrong passphrase, or changed bytes: which one cannot be told.
    #[error("the key file does not open with this passphrase")]
    Refused,
    /// It opened, but what is in it is not a program key.
    #[error("the key file does not contain a program key")]
    NotAProgramKey,
}

impl UnlockError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Refused => {
                "check the passphrase; if it is right, restore the key file from a backup"
            }
            Self::ExcessiveWork { .. } => "lock the key again with a smaller work factor",
            _ => "give the key file that `headstart init` wrote",
        }
    }
}

/// Why something was not sealed to the program, or not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Larger than [`SEALED_BYTES_MAX`].
    #[error("there are {bytes} bytes to seal or open, and the limit is {SEALED_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: u64,
    },
    /// A key cannot be locked with nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The encryption itself failed.
    #[error("the bytes could not be encrypted")]
    Encrypt,
    /// Not something sealed to a program.
    #[error("these bytes were not sealed to a program key")]
    NotSealed,
    /// Sealed to another key.
    #[error("these bytes are sealed to another program key")]
    NotForThisKey,
    /// Right key, but the bytes were changed or cut.
    #[error("the sealed bytes are damaged or cut off")]
    Damaged,
}

impl SealError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "split it into several artifacts",
            Self::EmptyPassphrase => "use a generated passphrase, six random words or more",
            Self::Encrypt => "check the system's random numbers",
            Self::NotSealed | Self::Damaged => "audit the store, and restore it from a backup",
            Self::NotForThisKey => "use the key file that was made with this data directory",
        }
    }
}

impl ProgramKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self {
            identity: age::x25519::Identity::generate(),
            vault: VaultKey::generate(),
        }
    }

    /// The key file: an age file under this passphrase, with [`WORK_FACTOR_LOG2`].
    ///
    /// # Errors
    /// [`SealError::EmptyPassphrase`], [`SealError::Encrypt`].
    pub fn lock(&self, passphrase: &str) -> Result<Vec<u8>, SealError> {
        if passphrase.is_empty() {
            return Err(SealError::EmptyPassphrase);
        }
        let secret = self.identity.to_string();
        let vault: Zeroizing<String> = Zeroizing::new(
            self.vault
                .expose()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        );
        let text = Zeroizing::new(format!(
            "{TITLE}\n# public key: {}\n{VAULT_PREFIX}{}\n{}\n",
            self.identity.to_public(),
            *vault,
            secret.expose_secret(),
        ));
        let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
        recipient.set_work_factor(WORK_FACTOR_LOG2);
        encrypt(&recipient, text.as_bytes()).map_err(|_| SealError::Encrypt)
    }

    /// Opens a key file.
    ///
    /// # Errors
    /// [`UnlockError::Refused`] for a wrong passphrase; no more work is done than [`WORK_FACTOR_LOG2_MAX`].
    pub fn unlock(bytes: &[u8], passphrase: &str) -> Result<Self, UnlockError> {
        if bytes.len() > LOCKED_BYTES_MAX {
            return Err(UnlockError::TooLarge { bytes: bytes.len() });
        }
        let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
        identity.set_max_work_factor(WORK_FACTOR_LOG2_MAX);
        let identity = std::iter::once(&identity as &dyn age::Identity);
        let text =
            decrypt(bytes, LOCKED_BYTES_MAX as u64, identity).map_err(|error| match error {
                AgeError::ExcessiveWork { required } => UnlockError::ExcessiveWork { required },
                AgeError::Damaged => UnlockError::Refused,
                // Sealed to a key instead of a passphrase, among others.
                _ => UnlockError::NotAKeyFile,
            })?;
        let text = std::str::from_utf8(&text).map_err(|_| UnlockError::NotAProgramKey)?;
        Self::from_text(text).ok_or(UnlockError::NotAProgramKey)
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let mut identity = None;
        let mut vault = None;
        for line in lines {
            if let Some(hex) = line.strip_prefix(VAULT_PREFIX) {
                vault = Some(VaultKey::from_bytes(key_from_hex(hex)?));
            } else if !line.is_empty() && !line.starts_with('#') {
                identity = Some(age::x25519::Identity::from_str(line).ok()?);
            }
        }
        Some(Self {
            identity: identity?,
            vault: vault?,
        })
    }

    /// The public half.
    pub fn recipient(&self) -> ProgramRecipient {
        ProgramRecipient(self.identity.to_public().into())
    }

    /// The key of the vault's records.
    pub fn vault(&self) -> &VaultKey {
        &self.vault
    }

    pub(crate) fn as_age(&self) -> &dyn age::Identity {
        &self.identity
    }

    /// Opens what [`seal_to_program`] sealed.
    ///
    /// # Errors
    /// [`SealError`]; changed bytes are never returned.
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let identity = std::iter::once(&self.identity as &dyn age::Identity);
        let padded = decrypt(sealed, SEALED_BYTES_MAX, identity)?;
        unpad(&padded).map_err(|_| SealError::NotSealed)
    }
}

impl Identities {
    /// Opens what a [`Sealer`](crate::Sealer) sealed to one of these.
    ///
    /// # Errors
    /// [`SealError`]; changed bytes are never returned.
    pub fn open_sealed(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let padded = decrypt(sealed, SEALED_BYTES_MAX, self.as_age())?;
        unpad(&padded).map_err(|_| SealError::NotSealed)
    }
}

impl fmt::Debug for ProgramKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgramKey({}, redacted)", self.identity.to_public())
    }
}

impl ProgramRecipient {
    /// Reads the text that [`ProgramRecipient::as_str`] gave: an X25519 recipient.
    ///
    /// # Errors
    /// [`RecipientError`].
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let recipient = Recipient::parse(text)?;
        if !recipient.as_str().starts_with("age1") {
            return Err(RecipientError::SshType {
                key_type: "ssh-ed25519".into(),
            });
        }
        Ok(Self(recipient))
    }

    /// `age1…`.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn as_age(&self) -> &dyn age::Recipient {
        self.0.as_age()
    }
}

impl fmt::Display for ProgramRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Seals bytes to the program: an age file (binary) of the bytes padded to a size class, 512 bytes at least and then
/// four classes an octave. With stock `age -d`, the plaintext is nine bytes of head (a version byte 1, the length as
/// eight little-endian bytes), the bytes, and zeros.
///
/// # Errors
/// [`SealError::TooLarge`], [`SealError::Encrypt`].
pub fn seal_to_program(
    recipient: &ProgramRecipient,
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    if plaintext.len() as u64 > SEALED_BYTES_MAX {
        return Err(SealError::TooLarge {
            bytes: plaintext.len() as u64,
        });
    }
    let padded = pad(plaintext, |size| quarter_octave(size, CLASS_BYTES_MIN));
    encrypt(recipient.as_age(), &padded).map_err(|_| SealError::Encrypt)
}

fn key_from_hex(hex: &str) -> Option<[u8; 32]> {
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
        hex.chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?,
    );
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |value, digit| value << 4 | digit);
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_locked_key_unlocks_with_its_passphrase_alone() {
        let key = ProgramKey::generate();
        let sealed = seal_to_program(&key.recipient(), b"title").unwrap();
        let record = key.vault().seal("c", b"record").unwrap();
        let locked = key.lock("correct horse").unwrap();
        let again = ProgramKey::unlock(&locked, "correct horse").unwrap();
        assert_eq!(again.recipient(), key.recipient());
        assert_eq!(&**again.open(&sealed).unwrap(), b"title");
        assert_eq!(&**again.vault().open("c", &record).unwrap(), b"record");
        assert_eq!(
            ProgramKey::unlock(&locked, "wrong").unwrap_err(),
            UnlockError::Refused
        );
    }

    #[test]
    fn the_key_file_is_an_age_file_whose_plaintext_is_an_identity_file() {
        let key = ProgramKey::generate();
        let locked = key.lock("p").unwrap();
        assert!(locked.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        let identity = age::scrypt::Identity::new(SecretString::from("p".to_owned()));
        let text = age::decrypt(&identity, &locked).unwrap();
        let identities = crate::Identities::parse(std::str::from_utf8(&text).unwrap()).unwrap();
        assert_eq!(
            identities.recipients()[0].as_str(),
            key.recipient().as_str()
        );
    }

    #[test]
    fn a_key_file_with_an_absurd_work_factor_is_refused_before_the_work() {
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("p".to_owned()));
        recipient.set_work_factor(2);
        let locked = encrypt(&recipient, b"x").unwrap();
        let text = String::from_utf8_lossy(&locked[..120]).into_owned();
        let line = text.lines().nth(1).unwrap();
        let absurd = line.strip_suffix(" 2").unwrap().to_owned() + " 40";
        let at = locked
            .windows(line.len())
            .position(|w| w == line.as_bytes())
            .unwrap();
        let forged = [&locked[..at], absurd.as_bytes(), &locked[at + line.len()..]].concat();
        assert_eq!(
            ProgramKey::unlock(&forged, "p").unwrap_err(),
            UnlockError::ExcessiveWork { required: 40 }
        );
    }

    #[test]
    fn other_files_are_not_key_files() {
        let key = ProgramKey::generate();
        let sealed = seal_to_program(&key.recipient(), b"x").unwrap();
        assert_eq!(
            ProgramKey::unlock(&sealed, "p").unwrap_err(),
            UnlockError::NotAKeyFile
        );
        assert_eq!(
            ProgramKey::unlock(b"", "p").unwrap_err(),
            UnlockError::NotAKeyFile
        );
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("p".to_owned()));
        recipient.set_work_factor(2);
        assert_eq!(
            ProgramKey::unlock(&encrypt(&recipient, b"x").unwrap(), "p").unwrap_err(),
            UnlockError::NotAProgramKey
        );
    }

    #[test]
    fn a_key_is_never_locked_with_nothing() {
        assert_eq!(
            ProgramKey::generate().lock("").unwrap_err(),
            SealError::EmptyPassphrase
        );
    }

    #[test]
    fn debug_shows_the_public_half_alone() {
        let key = ProgramKey::generate();
        let shown = format!("{key:?}");
        assert!(shown.contains(key.recipient().as_str()));
        assert!(!shown.contains("SECRET"));
    }

    #[test]
    fn short_plaintexts_have_one_size() {
        let recipient = ProgramKey::generate().recipient();
        // The header's length is random, so only what follows it is compared.
        let size = |length| {
            let sealed = seal_to_program(&recipient, &vec![1; length]).unwrap();
            let mac = sealed.windows(5).position(|w| w == b"\n--- ").unwrap();
            sealed.len() - mac
        };
        assert_eq!(size(0), size(500));
    }

    #[test]
    fn the_recipient_is_read_back_and_ssh_keys_are_not_program_keys() {
        let recipient = ProgramKey::generate().recipient();
        assert_eq!(
            ProgramRecipient::parse(recipient.as_str()).unwrap(),
            recipient
        );
        let ssh =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";
        assert!(ProgramRecipient::parse(ssh).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_sealed_opens_and_any_changed_byte_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..3000), at in any::<prop::sample::Index>(), flip in 1u8..=255) {
            let key = ProgramKey::generate();
            let mut sealed = seal_to_program(&key.recipient(), &bytes).unwrap();
            prop_assert_eq!(&**key.open(&sealed).unwrap(), &bytes[..]);
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(key.open(&sealed).is_err());
        }
    }
}

//! Letters: short texts between a partner and the program, which both sides open.

use zeroize::Zeroizing;

use crate::age_file::{decrypt, encrypt_to};
use crate::padding::quarter_octave;
use crate::program_key::{ProgramKey, ProgramRecipient, SealError};
use crate::recipient::Recipient;

/// Largest text of a letter, in bytes.
pub const LETTER_BYTES_MAX: usize = 64 << 10;
/// Most seats that one letter is sealed to.
pub const LETTER_READERS_MAX: usize = 1000;

/// Smallest padded text, in bytes.
const CLASS_BYTES_MIN: u64 = 512;

/// Seals a text to the program and to seats: an age file (binary) of the text, with spaces behind it up to a size
/// class. Stock `age -d -i KEYFILE` shows the text, and a reader of JSON passes over the spaces.
///
/// The number of readers shows in the file's size. The text must not end with a space of its own.
///
/// # Errors
/// [`SealError::TooLarge`] beyond [`LETTER_BYTES_MAX`] or [`LETTER_READERS_MAX`], [`SealError::Encrypt`].
pub fn seal_letter(
    program: &ProgramRecipient,
    seats: &[Recipient],
    text: &str,
) -> Result<Vec<u8>, SealError> {
    if text.len() > LETTER_BYTES_MAX || seats.len() > LETTER_READERS_MAX {
        return Err(SealError::TooLarge {
            bytes: text.len() as u64,
        });
    }
    let size = quarter_octave(text.len() as u64, CLASS_BYTES_MIN);
    let size = usize::try_from(size).unwrap_or(text.len());
    // The capacity is exact, so that no copy of the plaintext is left behind by growth.
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend_from_slice(text.as_bytes());
    padded.resize(size, b' ');
    let seats = seats.iter().map(Recipient::as_age);
    encrypt_to(std::iter::once(program.as_age()).chain(seats), &padded)
        .map_err(|_| SealError::Encrypt)
}

impl ProgramKey {
    /// The text of a letter.
    ///
    /// # Errors
    /// [`SealError`]; changed bytes are never returned.
    pub fn open_letter(&self, sealed: &[u8]) -> Result<Zeroizing<String>, SealError> {
        let identity = std::iter::once(self.as_age());
        let padded = decrypt(sealed, 2 * LETTER_BYTES_MAX as u64, identity)?;
        let text = std::str::from_utf8(&padded).map_err(|_| SealError::NotSealed)?;
        Ok(Zeroizing::new(text.trim_end_matches(' ').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identities, generate_identity};

    fn opened(letter: &[u8], identity: &str) -> Option<String> {
        let identities = Identities::parse(identity).unwrap();
        let plain = decrypt(letter, 1 << 20, identities.as_age()).ok()?;
        Some(String::from_utf8(plain.to_vec()).unwrap())
    }

    #[test]
    fn a_letter_opens_for_the_program_and_its_readers_and_for_nobody_else() {
        let key = ProgramKey::generate();
        let ((ada, ada_public), (bob, bob_public)) = (generate_identity(), generate_identity());
        let (eve, _) = generate_identity();
        let readers = [ada_public, bob_public];
        let letter = seal_letter(&key.recipient(), &readers, "is 4.1 affected?").unwrap();
        assert_eq!(*key.open_letter(&letter).unwrap(), "is 4.1 affected?");
        for own in [&ada, &bob] {
            assert_eq!(opened(&letter, own).unwrap().trim_end(), "is 4.1 affected?");
        }
        assert_eq!(opened(&letter, &eve), None);
        assert!(ProgramKey::generate().open_letter(&letter).is_err());
    }

    #[test]
    fn letters_of_a_class_have_one_length() {
        let key = ProgramKey::generate();
        let (seat, public) = generate_identity();
        let length = |text: &str| {
            let letter =
                seal_letter(&key.recipient(), std::slice::from_ref(&public), text).unwrap();
            opened(&letter, &seat).unwrap().len()
        };
        assert_eq!(length(""), length(&"x".repeat(512)));
        assert!(length(&"x".repeat(513)) > 512);
        let long = "x".repeat(LETTER_BYTES_MAX + 1);
        assert!(matches!(
            seal_letter(&key.recipient(), &[], &long),
            Err(SealError::TooLarge { .. })
        ));
    }
}

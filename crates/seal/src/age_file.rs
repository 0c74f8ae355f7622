//! age files of version 1: recipients in, bytes from anywhere out.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use zeroize::Zeroizing;

/// Longest header of an age file that is read, in bytes.
///
/// Reading a header takes time that grows with the square of its length, so a hostile one of a megabyte would take
/// minutes. One recipient's header has a few hundred bytes.
pub const AGE_HEADER_BYTES_MAX: usize = 16 << 10;

const ARMOUR_START: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// What follows the header's last line.
pub(crate) const NONCE_BYTES: usize = 16;

/// Why an age file did not open.
#[derive(Debug)]
pub(crate) enum AgeError {
    TooLarge { bytes: u64 },
    HeaderTooLong,
    NotAge,
    ExcessiveWork { required: u8 },
    NotForThisKey,
    Damaged,
}

/// An age file in binary format, to one recipient.
pub(crate) fn encrypt(
    recipient: &dyn age::Recipient,
    plaintext: &[u8],
) -> Result<Vec<u8>, age::EncryptError> {
    encrypt_to(std::iter::once(recipient), plaintext)
}

/// An age file in binary format, to several recipients.
pub(crate) fn encrypt_to<'a>(
    recipients: impl Iterator<Item = &'a dyn age::Recipient>,
    plaintext: &[u8],
) -> Result<Vec<u8>, age::EncryptError> {
    let encryptor = age::Encryptor::with_recipients(recipients)?;
    let mut ciphertext = Vec::with_capacity(plaintext.len() + plaintext.len() / 2048 + 512);
    let mut writer = encryptor.wrap_output(&mut ciphertext)?;
    writer.write_all(plaintext)?;
    writer.finish()?;
    Ok(ciphertext)
}

/// The plaintext of an age file, armoured or not, that has at most about `plaintext_bytes_max`.
pub(crate) fn decrypt<'a>(
    bytes: &[u8],
    plaintext_bytes_max: u64,
    identities: impl Iterator<Item = &'a dyn age::Identity>,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    let size = bytes.len() as u64;
    // Armour adds a third and its line ends, the tags of the 64-KiB chunks next to nothing.
    if size > plaintext_bytes_max + plaintext_bytes_max / 2 + AGE_HEADER_BYTES_MAX as u64 {
        return Err(AgeError::TooLarge { bytes: size });
    }
    let bytes = without_armour(bytes)?;
    // The same parser succeeds on the whole file exactly if it does on the header; here it cannot run on.
    let header = header(&bytes)?;
    age::Decryptor::new_buffered(header).map_err(|_| AgeError::NotAge)?;
    let decryptor = age::Decryptor::new_buffered(&*bytes).map_err(|_| AgeError::NotAge)?;
    let mut reader = decryptor.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => AgeError::NotForThisKey,
        age::DecryptError::InvalidHeader | age::DecryptError::UnknownFormat => AgeError::NotAge,
        age::DecryptError::ExcessiveWork { required, .. } => AgeError::ExcessiveWork { required },
        _ => AgeError::Damaged,
    })?;
    // A plaintext is never longer than its age file, so the buffer does not grow and leave copies behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader
        .read_to_end(&mut plaintext)
        .map_err(|_| AgeError::Damaged)?;
    Ok(plaintext)
}

fn without_armour(bytes: &[u8]) -> Result<Cow<'_, [u8]>, AgeError> {
    if !bytes.trim_ascii_start().starts_with(ARMOUR_START) {
        return Ok(bytes.into());
    }
    let mut binary = Vec::new();
    age::armor::ArmoredReader::new(bytes)
        .read_to_end(&mut binary)
        .map_err(|_| AgeError::NotAge)?;
    Ok(binary.into())
}

/// The header and the nonce, as far as it is there.
pub(crate) fn header(bytes: &[u8]) -> Result<&[u8], AgeError> {
    if !bytes.starts_with(b"age-encryption.org/") {
        return Err(AgeError::NotAge);
    }
    let start = bytes.get(..AGE_HEADER_BYTES_MAX).unwrap_or(bytes);
    let long_or_cut = match bytes.len() > AGE_HEADER_BYTES_MAX {
        true => AgeError::HeaderTooLong,
        false => AgeError::NotAge,
    };
    let last_line = start.windows(5).position(|bytes| bytes == b"\n--- ");
    let Some(last_line) = last_line.map(|at| at + 1) else {
        return Err(long_or_cut);
    };
    let rest = start.get(last_line..).unwrap_or_default();
    let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
        return Err(long_or_cut);
    };
    let end = last_line + length + 1 + NONCE_BYTES;
    Ok(bytes.get(..end).unwrap_or(bytes))
}

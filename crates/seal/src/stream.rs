//! Long things sealed to the program: read and written in pieces, never held whole.

use std::io::{self, BufReader, Read, Write};

use crate::age_file::{AGE_HEADER_BYTES_MAX, AgeError, header};
use crate::program_key::{ProgramKey, ProgramRecipient, SealError};

/// Seals what is written into it; [`SealedWriter::finish`] must be called, or the file counts as cut off.
pub struct SealedWriter<W: Write>(age::stream::StreamWriter<W>);

impl<W: Write> SealedWriter<W> {
    /// An age file to the program, written to `out`; stock age opens it with the program's identity.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn new(recipient: &ProgramRecipient, out: W) -> io::Result<Self> {
        let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient.as_age()))
            .map_err(io::Error::other)?;
        Ok(Self(encryptor.wrap_output(out)?))
    }

    /// Writes the end, and hands back what was written to.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl ProgramKey {
    /// Opens what a [`SealedWriter`] wrote, piece by piece: 64 KiB are checked before any of them is handed out, and a
    /// file that is cut off ends with an error.
    ///
    /// # Errors
    /// [`SealError::NotSealed`], [`SealError::NotForThisKey`], [`SealError::Damaged`].
    pub fn open_stream<'r>(&self, mut sealed: impl Read + 'r) -> Result<impl Read + 'r, SealError> {
        // A hostile header is measured before it is parsed.
        let mut start = Vec::new();
        (&mut sealed)
            .take(AGE_HEADER_BYTES_MAX as u64 + 1)
            .read_to_end(&mut start)
            .map_err(|_| SealError::Damaged)?;
        header(&start).map_err(|_| SealError::NotSealed)?;
        let whole = BufReader::new(io::Cursor::new(start).chain(sealed));
        let decryptor = age::Decryptor::new_buffered(whole).map_err(|_| SealError::NotSealed)?;
        let identity = std::iter::once(self.as_age());
        decryptor.decrypt(identity).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => SealError::NotForThisKey,
            age::DecryptError::InvalidHeader | age::DecryptError::UnknownFormat => {
                SealError::NotSealed
            }
            _ => SealError::Damaged,
        })
    }
}

/// One meaning for the errors of whole files and of streams.
impl From<AgeError> for SealError {
    fn from(error: AgeError) -> Self {
        match error {
            AgeError::TooLarge { bytes } => SealError::TooLarge { bytes },
            AgeError::NotForThisKey => SealError::NotForThisKey,
            AgeError::Damaged => SealError::Damaged,
            _ => SealError::NotSealed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &ProgramKey, bytes: &[u8]) -> Vec<u8> {
        let mut writer = SealedWriter::new(&key.recipient(), Vec::new()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn opened(key: &ProgramKey, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        key.open_stream(sealed).ok()?.read_to_end(&mut out).ok()?;
        Some(out)
    }

    #[test]
    fn a_long_stream_is_read_back_and_a_cut_or_changed_one_is_refused() {
        let key = ProgramKey::generate();
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let whole = sealed(&key, &bytes);
        assert_eq!(opened(&key, &whole).as_deref(), Some(&bytes[..]));
        for at in [0, 20, 300, 70_000, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&key, &changed), None, "at {at}");
        }
        // The chunks' ends are the places where a cut could look like an end.
        for length in [0, 100, 65_536 + 400, whole.len() - 1] {
            assert_eq!(opened(&key, &whole[..length]), None, "cut at {length}");
        }
        assert_eq!(opened(&ProgramKey::generate(), &whole), None);
    }
}

//! Signed notes: a text with lines of signatures under it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::preview;
use crate::key::{KeyError, Signer, Verifier, check_key_name};

/// Most bytes of one note, text and signatures.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// Most signature lines of one note.
pub const SIGNATURES_MAX: usize = 100;

/// What a signature line begins with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// A text with at least one signature line. Having one says nothing: a note is to be believed only
/// once [`Note::verify`] or [`Note::verify_any`] has found a trusted key's signature.
///
/// # Source
/// <https://c2sp.org/signed-note>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// INVARIANT: ends with a newline, and has no other control character below U+0020.
    text: String,
    /// INVARIANT: between 1 and [`SIGNATURES_MAX`].
    signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    key_id: u32,
    /// INVARIANT: not empty.
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text.
    ///
    /// # Errors
    /// [`NoteError`] for a text without newline at its end, with another control character, or too large.
    pub fn sign(text: &str, signer: &Signer) -> Result<Note, NoteError> {
        check_text(text)?;
        let note = Note {
            text: text.to_owned(),
            signatures: vec![Signature::of(text, signer)],
        };
        note.check_size()?;
        Ok(note)
    }

    /// Reads a note from bytes, without verifying anything.
    ///
    /// # Errors
    /// [`NoteError`] for anything that the specification does not allow, and beyond the limits named there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        Note::parse(str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?)
    }

    /// Reads a note, without verifying anything.
    ///
    /// # Errors
    /// As for [`Note::from_bytes`].
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        // The text may have empty lines: the last one in the note parts it from the signatures.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::NoSignatures)?;
        let text = format!("{text}\n");
        check_text(&text)?;
        if lines.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoNewline)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(Signature::parse(line)?);
        }
        Ok(Note { text, signatures })
    }

    /// The signed text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, known and unknown, in their order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The note as [`Note::parse`] reads it, byte for byte.
    pub fn to_text(&self) -> String {
        let mut note = format!("{}\n", self.text);
        for signature in &self.signatures {
            note.push_str(&signature.to_line());
            note.push('\n');
        }
        note
    }

    /// Adds a signature line, such as a witness sent back. The same line twice stays one;
    /// any earlier line of the same key gives way to it.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`] or [`NoteError::TooLarge`]; the note is then as it was.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        let before = self.signatures.clone();
        self.signatures
            .retain(|earlier| !earlier.is_by(&signature.name, signature.key_id));
        self.signatures.push(signature);
        let fits = if self.signatures.len() > SIGNATURES_MAX {
            Err(NoteError::TooManySignatures)
        } else {
            self.check_size()
        };
        if fits.is_err() {
            self.signatures = before;
        }
        fits
    }

    /// Checks that this key has signed the text.
    ///
    /// Lines of other keys are ignored. Every line with this key's name and id must verify.
    ///
    /// # Errors
    /// [`VerifyError::NotSigned`] without such a line, [`VerifyError::Invalid`] when one does not verify.
    pub fn verify(&self, key: &Verifier) -> Result<(), VerifyError> {
        let mut signed = false;
        for signature in self.signatures_by(key.name(), key.key_id()) {
            if !key.verifies(self.text.as_bytes(), &signature.bytes) {
                return Err(VerifyError::invalid(key.name(), key.key_id()));
            }
            signed = true;
        }
        if signed {
            Ok(())
        } else {
            Err(VerifyError::NotSigned)
        }
    }

    /// Checks that at least one of these keys has signed the text, and none of them wrongly; returns those that have.
    ///
    /// # Errors
    /// [`VerifyError::NotSigned`] when none has, [`VerifyError::Invalid`] when a line of one does not verify,
    /// [`VerifyError::Ambiguous`] when two different keys share a name and an id.
    pub fn verify_any<'k>(&self, keys: &'k [Verifier]) -> Result<Vec<&'k Verifier>, VerifyError> {
        let mut signers: Vec<&Verifier> = Vec::new();
        for (position, key) in keys.iter().enumerate() {
            let earlier = keys.iter().take(position);
            match earlier
                .into_iter()
                .find(|other| other.name() == key.name() && other.key_id() == key.key_id())
            {
                Some(other) if other == key => continue,
                Some(_) => return Err(VerifyError::ambiguous(key.name(), key.key_id())),
                None => {}
            }
            match self.verify(key) {
                Ok(()) => signers.push(key),
                Err(VerifyError::NotSigned) => {}
                Err(error) => return Err(error),
            }
        }
        if signers.is_empty() {
            Err(VerifyError::NotSigned)
        } else {
            Ok(signers)
        }
    }

    /// The lines of the key with this name and id.
    pub(crate) fn signatures_by(
        &self,
        name: &str,
        key_id: u32,
    ) -> impl Iterator<Item = &Signature> {
        self.signatures
            .iter()
            .filter(move |signature| signature.is_by(name, key_id))
    }

    fn check_size(&self) -> Result<(), NoteError> {
        if self.to_text().len() > NOTE_BYTES_MAX {
            Err(NoteError::TooLarge)
        } else {
            Ok(())
        }
    }
}

impl Signature {
    /// A signature line of these parts.
    ///
    /// # Errors
    /// [`NoteError::Name`] for an impossible name, [`NoteError::Line`] for no bytes.
    pub fn new(name: &str, key_id: u32, bytes: Vec<u8>) -> Result<Signature, NoteError> {
        check_key_name(name)?;
        if bytes.is_empty() {
            return Err(NoteError::Line {
                found: String::new(),
            });
        }
        Ok(Signature {
            name: name.to_owned(),
            key_id,
            bytes,
        })
    }

    /// Reads one line, without its newline.
    ///
    /// # Errors
    /// [`NoteError::Line`] for anything that is not an em dash, a space, a name, a space and base64 of over four bytes.
    pub fn parse(line: &str) -> Result<Signature, NoteError> {
        let fail = || NoteError::Line {
            found: preview(line),
        };
        let rest = line.strip_prefix(LINE_START).ok_or_else(fail)?;
        let (name, encoded) = rest.split_once(' ').ok_or_else(fail)?;
        check_key_name(name).map_err(|_| fail())?;
        let mut id = STANDARD.decode(encoded).map_err(|_| fail())?;
        if id.len() <= 4 {
            return Err(fail());
        }
        let bytes = id.split_off(4);
        let id = <[u8; 4]>::try_from(id).map_err(|_| fail())?;
        Ok(Signature {
            name: name.to_owned(),
            key_id: u32::from_be_bytes(id),
            bytes,
        })
    }

    /// The line that [`Signature::parse`] reads, without newline.
    pub fn to_line(&self) -> String {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        let mut line = String::from(LINE_START);
        // Writing to a string cannot fail.
        let _ = write!(line, "{} {}", self.name, STANDARD.encode(bytes));
        line
    }

    /// Name of the key that is said to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of that key.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// What the key's kind of signature puts after the id.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn of(text: &str, signer: &Signer) -> Signature {
        let bytes = signer.sign_bytes(text.as_bytes()).to_vec();
        Signature {
            name: signer.name().to_owned(),
            key_id: signer.key_id(),
            bytes,
        }
    }

    fn is_by(&self, name: &str, key_id: u32) -> bool {
        self.name == name && self.key_id == key_id
    }
}

/// Checks what holds for every note's text.
fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLarge);
    }
    if let Some(character) = text.chars().find(|&c| c < ' ' && c != '\n') {
        return Err(NoteError::ControlCharacter {
            code: u32::from(character),
        });
    }
    if !text.ends_with('\n') {
        return Err(NoteError::NoNewline);
    }
    Ok(())
}

/// Why bytes are not a signed note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than any note.
    #[error("the note is larger than {NOTE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not text.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than a newline.
    #[error("the note has the control character U+{code:04X}")]
    ControlCharacter {
        /// Its code point.
        code: u32,
    },
    /// The text or the last signature line is cut off.
    #[error("the note does not end with a newline")]
    NoNewline,
    /// No empty line with signature lines after it.
    #[error("the note has no signature lines")]
    NoSignatures,
    /// More signature lines than are read.
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A line that is no signature line.
    #[error("`{found}` is not a signature line")]
    Line {
        /// The beginning of the line.
        found: String,
    },
    /// A key name that no signature line can carry.
    #[error(transparent)]
    Name(#[from] KeyError),
}

impl NoteError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            NoteError::TooLarge | NoteError::TooManySignatures => "pass one note alone",
            NoteError::NotUtf8 | NoteError::ControlCharacter { .. } => {
                "copy the note again, as plain text"
            }
            NoteError::NoNewline => "copy the note with its last newline",
            NoteError::NoSignatures => {
                "copy the note with the empty line and the signature lines under its text"
            }
            NoteError::Line { .. } => {
                "a signature line is an em dash, a key name and base64, with single spaces"
            }
            NoteError::Name(error) => error.hint(),
        }
    }
}

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No line is by a key that was asked for.
    #[error("the note is not signed by a key that is known here")]
    NotSigned,
    /// A line claims a key that was asked for, and is not its signature.
    #[error("the signature by `{name}+{key_id:08x}` does not verify")]
    Invalid {
        /// Name of the key.
        name: String,
        /// Its id.
        key_id: u32,
    },
    /// Two keys that were asked for cannot be told apart.
    #[error("two different keys are both called `{name}+{key_id:08x}`")]
    Ambiguous {
        /// Name of both keys.
        name: String,
        /// Id of both keys.
        key_id: u32,
    },
}

impl VerifyError {
    pub(crate) fn invalid(name: &str, key_id: u32) -> VerifyError {
        VerifyError::Invalid {
            name: preview(name),
            key_id,
        }
    }

    pub(crate) fn ambiguous(name: &str, key_id: u32) -> VerifyError {
        VerifyError::Ambiguous {
            name: preview(name),
            key_id,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            VerifyError::NotSigned => {
                "check that the verifier key is the one that the signer publishes"
            }
            VerifyError::Invalid { .. } => {
                "the note was changed after it was signed: fetch it again, and keep this copy"
            }
            VerifyError::Ambiguous { .. } => "remove the key that you do not trust",
        }
    }
}

//! The text form of a proof that stands alone: place, inclusion proof and signed checkpoint in one file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::parse_decimal;
use crate::hash::preview;
use crate::note::{NOTE_BYTES_MAX, Note, NoteError};
use crate::proof::{InclusionProof, PROOF_HASHES_MAX, ProofParseError, parse_hashes};

/// Most bytes of the extra data that a proof carries.
pub const EXTRA_BYTES_MAX: usize = 1 << 16;

/// Most bytes of the whole text: the largest note, with room for extra data and hashes.
pub const TLOG_PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + (1 << 17);

/// First line of the text.
const HEADER: &str = "c2sp.org/tlog-proof@v1\n";

/// A proof of inclusion together with the checkpoint that it belongs to, as a `.tlog-proof` file carries them.
///
/// Reading one verifies nothing: give its parts to [`confirm`](crate::confirm).
///
/// # Source
/// <https://c2sp.org/tlog-proof>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Vec<u8>,
    inclusion: InclusionProof,
    checkpoint: Note,
}

impl TlogProof {
    /// A proof without extra data.
    ///
    /// # Errors
    /// [`TlogProofError::Hashes`] for more hashes than a proof may have.
    pub fn new(inclusion: InclusionProof, checkpoint: Note) -> Result<TlogProof, TlogProofError> {
        TlogProof::with_extra(inclusion, checkpoint, Vec::new())
    }

    /// A proof with extra data, which nothing authenticates; empty is none.
    ///
    /// # Errors
    /// As for [`TlogProof::new`], and [`TlogProofError::ExtraTooLarge`].
    pub fn with_extra(
        inclusion: InclusionProof,
        checkpoint: Note,
        extra: Vec<u8>,
    ) -> Result<TlogProof, TlogProofError> {
        if inclusion.hashes.len() > PROOF_HASHES_MAX {
            return Err(ProofParseError::TooManyHashes.into());
        }
        if extra.len() > EXTRA_BYTES_MAX {
            return Err(TlogProofError::ExtraTooLarge);
        }
        Ok(TlogProof {
            extra,
            inclusion,
            checkpoint,
        })
    }

    /// Reads what [`TlogProof::to_text`] writes. The checkpoint's text is checked only when it is opened.
    ///
    /// # Errors
    /// [`TlogProofError`] for anything that the specification does not allow, and beyond the limits named there.
    pub fn from_text(text: &str) -> Result<TlogProof, TlogProofError> {
        if text.len() > TLOG_PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLarge);
        }
        let rest = text.strip_prefix(HEADER).ok_or(TlogProofError::Header)?;
        let (head, checkpoint) = rest
            .split_once("\n\n")
            .ok_or(TlogProofError::NoCheckpoint)?;
        let mut lines = head.split('\n').peekable();
        let mut extra = Vec::new();
        if let Some(encoded) = lines.next_if(|line| line.starts_with("extra ")) {
            extra = parse_extra(encoded)?;
        }
        let line = lines.next().unwrap_or_default();
        let index = line
            .strip_prefix("index ")
            .and_then(parse_decimal)
            .ok_or_else(|| TlogProofError::Index {
                found: preview(line),
            })?;
        let hashes = parse_hashes(lines)?;
        Ok(TlogProof {
            extra,
            inclusion: InclusionProof { index, hashes },
            checkpoint: Note::parse(checkpoint)?,
        })
    }

    /// The whole text, to be stored with the extension `.tlog-proof`.
    pub fn to_text(&self) -> String {
        let mut text = String::from(HEADER);
        if !self.extra.is_empty() {
            text.push_str(&format!("extra {}\n", STANDARD.encode(&self.extra)));
        }
        text.push_str(&format!("index {}\n", self.inclusion.index));
        for hash in &self.inclusion.hashes {
            text.push_str(&hash.to_base64());
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint.to_text());
        text
    }

    /// Place and hashes.
    pub fn inclusion(&self) -> &InclusionProof {
        &self.inclusion
    }

    /// The checkpoint's note, as it was given.
    pub fn checkpoint(&self) -> &Note {
        &self.checkpoint
    }

    /// Data that nothing authenticates; empty when there is none.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, TlogProofError> {
    let fail = || TlogProofError::Extra {
        found: preview(line),
    };
    let extra = line
        .strip_prefix("extra ")
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .ok_or_else(fail)?;
    if extra.len() > EXTRA_BYTES_MAX {
        return Err(TlogProofError::ExtraTooLarge);
    }
    // No extra data is said by no line, so that each proof has one spelling.
    if extra.is_empty() {
        Err(fail())
    } else {
        Ok(extra)
    }
}

/// Why a text is not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Larger than any proof.
    #[error("the proof is larger than {TLOG_PROOF_BYTES_MAX} bytes")]
    TooLarge,
    /// Another first line.
    #[error("the text does not begin with the line `c2sp.org/tlog-proof@v1`")]
    Header,
    /// The line of extra data is wrong.
    #[error("`{found}` is not a line of extra data")]
    Extra {
        /// The beginning of the line.
        found: String,
    },
    /// Too much extra data.
    #[error("the extra data is larger than {EXTRA_BYTES_MAX} bytes")]
    ExtraTooLarge,
    /// The line of the index is wrong or missing.
    #[error("`{found}` is not an index line")]
    Index {
        /// The beginning of the line.
        found: String,
    },
    /// The hashes are wrong.
    #[error(transparent)]
    Hashes(#[from] ProofParseError),
    /// No empty line with a checkpoint after it.
    #[error("the proof has no checkpoint")]
    NoCheckpoint,
    /// The checkpoint is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl TlogProofError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            TlogProofError::TooLarge | TlogProofError::ExtraTooLarge => "pass one proof alone",
            TlogProofError::Header => "pass a `.tlog-proof` file, of version 1",
            TlogProofError::Extra { .. } => {
                "the line is `extra`, a space and base64; it may be left out"
            }
            TlogProofError::Index { .. } => {
                "the line is `index`, a space and a decimal without leading zeros"
            }
            TlogProofError::Hashes(error) => error.hint(),
            TlogProofError::NoCheckpoint => {
                "copy the proof with the empty line and the signed checkpoint after it"
            }
            TlogProofError::Note(error) => error.hint(),
        }
    }
}

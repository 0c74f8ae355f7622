//! Checkpoints: the signed statement of a log's size and root.

use crate::hash::{Hash, HashParseError, empty_root, preview};
use crate::key::{Signer, Verifier};
use crate::note::{Note, NoteError, VerifyError};

/// A log's name, size and root, as a checkpoint states them. The value itself is not signed:
/// [`Checkpoint::open`] makes one from a note only if the log's key signed it.
///
/// # Source
/// <https://c2sp.org/tlog-checkpoint>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// INVARIANT: one line, not empty.
    origin: String,
    size: u64,
    /// INVARIANT: the empty tree's root if `size` is 0.
    root: Hash,
    /// INVARIANT: lines, none of them empty.
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint of `size` leaves without extension lines.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] unless the origin is one line of text;
    /// [`CheckpointError::EmptyRoot`] when a tree without leaves is given another root than its own.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::with_extensions(origin, size, root, Vec::new())
    }

    /// A checkpoint with extension lines, which the specification advises against.
    ///
    /// # Errors
    /// As for [`Checkpoint::new`], and [`CheckpointError::Extension`] unless each is one line of text.
    pub fn with_extensions(
        origin: &str,
        size: u64,
        root: Hash,
        extensions: Vec<String>,
    ) -> Result<Checkpoint, CheckpointError> {
        if !is_line(origin) {
            return Err(CheckpointError::Origin {
                found: preview(origin),
            });
        }
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot { found: root });
        }
        if let Some(line) = extensions.iter().find(|line| !is_line(line)) {
            return Err(CheckpointError::Extension {
                found: preview(line),
            });
        }
        Ok(Checkpoint {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }

    /// Reads the text of a checkpoint's note. Each checkpoint has exactly one accepted spelling.
    ///
    /// # Errors
    /// [`CheckpointError`] for fewer than three lines, an empty line, a size that is not a plain decimal
    /// of at most `u64::MAX`, or a root that is not base64 of 32 bytes.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError::NoNewline)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::TooFewLines);
        };
        let size = parse_decimal(size).ok_or_else(|| CheckpointError::Size {
            found: preview(size),
        })?;
        let root = Hash::from_base64(root)?;
        Checkpoint::with_extensions(origin, size, root, lines.map(str::to_owned).collect())
    }

    /// Reads a signed checkpoint, checks the signature of the log's key, and that the checkpoint is of that log:
    /// its origin must be the key's name.
    ///
    /// # Errors
    /// [`CheckpointError`]: nothing is known of the log then.
    pub fn open(note: &str, log: &Verifier) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::open_note(&Note::parse(note)?, log)
    }

    /// As [`Checkpoint::open`], for a note that is read already.
    ///
    /// # Errors
    /// As for [`Checkpoint::open`].
    pub fn open_note(note: &Note, log: &Verifier) -> Result<Checkpoint, CheckpointError> {
        note.verify(log)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        checkpoint.check_key_name(log.name())?;
        Ok(checkpoint)
    }

    /// Signs the checkpoint as its log, and returns the note.
    ///
    /// A log must never sign two checkpoints of which one is not the beginning of the other:
    /// check the growth first.
    ///
    /// # Errors
    /// [`CheckpointError::OtherLog`] unless the key's name is the origin.
    pub fn sign(&self, log: &Signer) -> Result<Note, CheckpointError> {
        self.check_key_name(log.name())?;
        Ok(Note::sign(&self.to_text(), log)?)
    }

    /// The text that is signed; [`Checkpoint::parse`] reads it.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            self.root.to_base64()
        );
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Extension lines: opaque, and not audited by anyone.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    fn check_key_name(&self, name: &str) -> Result<(), CheckpointError> {
        if self.origin != name {
            return Err(CheckpointError::OtherLog {
                origin: preview(&self.origin),
                key_name: preview(name),
            });
        }
        Ok(())
    }
}

/// Whether a text can be one line of a note.
fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c < ' ')
}

/// A decimal without sign or leading zeros, of at most `u64::MAX`.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Why a text is not a checkpoint, or not one of this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is cut off.
    #[error("the checkpoint does not end with a newline")]
    NoNewline,
    /// Origin, size or root is missing.
    #[error("the checkpoint has fewer than three lines")]
    TooFewLines,
    /// The origin is not one line of text.
    #[error("`{found}` is not an origin line")]
    Origin {
        /// The beginning of what was read.
        found: String,
    },
    /// The size is not a plain decimal.
    #[error("`{found}` is not a tree size")]
    Size {
        /// The beginning of what was read.
        found: String,
    },
    /// The root is not a hash.
    #[error(transparent)]
    Root(#[from] HashParseError),
    /// A tree without leaves has one root only.
    #[error("a tree of 0 leaves cannot have the root `{found}`")]
    EmptyRoot {
        /// The root in the checkpoint.
        found: Hash,
    },
    /// An extension line is empty, or not one line of text.
    #[error("`{found}` is not an extension line")]
    Extension {
        /// The beginning of what was read.
        found: String,
    },
    /// The checkpoint is of another log than the key.
    #[error("the checkpoint is of the log `{origin}`, but the key is that of `{key_name}`")]
    OtherLog {
        /// Origin of the checkpoint.
        origin: String,
        /// Name of the key.
        key_name: String,
    },
    /// Not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not signed by the log.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl CheckpointError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            CheckpointError::NoNewline | CheckpointError::TooFewLines => {
                "fetch the whole checkpoint again"
            }
            CheckpointError::Origin { .. } | CheckpointError::Extension { .. } => {
                "a checkpoint's lines are not empty and have no control characters"
            }
            CheckpointError::Size { .. } => "a tree size is a decimal without leading zeros",
            CheckpointError::Root(error) => error.hint(),
            CheckpointError::EmptyRoot { .. } => {
                "keep the checkpoint: its log is not to be trusted"
            }
            CheckpointError::OtherLog { .. } => {
                "use the verifier key of the log that the checkpoint names"
            }
            CheckpointError::Note(error) => error.hint(),
            CheckpointError::Verify(error) => error.hint(),
        }
    }
}

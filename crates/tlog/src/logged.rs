//! Values that are known to be in a log.

use crate::bundle::ENTRY_BYTES_MAX;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::cosign::{Cosignature, Quorum, QuorumError};
use crate::hash::leaf_hash;
use crate::key::Verifier;
use crate::note::Note;
use crate::proof::{InclusionError, InclusionProof, verify_inclusion};

/// What can be put into a log: it says the exact bytes of its entry.
///
/// Two values that must not be taken for each other must have different bytes.
pub trait Entry {
    /// The entry's bytes, at most [`ENTRY_BYTES_MAX`].
    fn entry_bytes(&self) -> Vec<u8>;
}

impl<T: Entry + ?Sized> Entry for &T {
    fn entry_bytes(&self) -> Vec<u8> {
        (**self).entry_bytes()
    }
}

/// A value whose entry is shown to be in a log. Only [`Trusted::confirm`] makes one, and [`confirm`] and
/// [`confirm_cosigned`] with it:
///
/// ```compile_fail,E0451
/// fn forge(logged: tlog::Logged<u8>) -> tlog::Logged<u8> {
///     tlog::Logged { value: 7, ..logged }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged<T> {
    value: T,
    index: u64,
    checkpoint: Checkpoint,
    cosignatures: Vec<Cosignature>,
}

impl<T> Logged<T> {
    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value, without what is known of it.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Number of its entry in the log.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The signed checkpoint that covers it.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Witnesses of that checkpoint: those of the quorum that had cosigned it; none from [`confirm`].
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }
}

/// A checkpoint whose signatures were checked, so that many values can be confirmed under it.
#[derive(Debug, Clone)]
pub struct Trusted {
    checkpoint: Checkpoint,
    cosignatures: Vec<Cosignature>,
}

impl Trusted {
    /// Opens a checkpoint that is signed by the log's key and names that log.
    ///
    /// # Errors
    /// [`ConfirmError::Checkpoint`].
    pub fn open(checkpoint_note: &str, log: &Verifier) -> Result<Self, ConfirmError> {
        let note = Note::parse(checkpoint_note).map_err(CheckpointError::Note)?;
        Ok(Self {
            checkpoint: Checkpoint::open_note(&note, log)?,
            cosignatures: Vec::new(),
        })
    }

    /// As [`Trusted::open`], and enough witnesses must have cosigned it.
    ///
    /// # Errors
    /// [`ConfirmError::Quorum`], [`ConfirmError::Checkpoint`].
    pub fn open_cosigned(
        checkpoint_note: &str,
        log: &Verifier,
        quorum: &Quorum,
    ) -> Result<Self, ConfirmError> {
        let note = Note::parse(checkpoint_note).map_err(CheckpointError::Note)?;
        let cosignatures = quorum.verify(&note)?;
        Ok(Self {
            checkpoint: Checkpoint::open_note(&note, log)?,
            cosignatures,
        })
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Checks that the proof leads from the value's entry to the checkpoint's root.
    ///
    /// # Errors
    /// [`ConfirmError::EntryTooLarge`], [`ConfirmError::Inclusion`]: nothing is known of the value then.
    pub fn confirm<T: Entry>(
        &self,
        value: T,
        proof: &InclusionProof,
    ) -> Result<Logged<T>, ConfirmError> {
        let entry = value.entry_bytes();
        if entry.len() > ENTRY_BYTES_MAX {
            return Err(ConfirmError::EntryTooLarge { found: entry.len() });
        }
        let (size, root) = (self.checkpoint.size(), self.checkpoint.root());
        verify_inclusion(&leaf_hash(&entry), proof, size, &root)?;
        Ok(Logged {
            value,
            index: proof.index,
            checkpoint: self.checkpoint.clone(),
            cosignatures: self.cosignatures.clone(),
        })
    }
}

/// Checks that the value's entry is in the log: the checkpoint is signed by the log's key and names that log,
/// and the proof leads from the entry to its root.
///
/// # Errors
/// [`ConfirmError`]: nothing is known of the value then.
pub fn confirm<T: Entry>(
    value: T,
    proof: &InclusionProof,
    checkpoint_note: &str,
    log: &Verifier,
) -> Result<Logged<T>, ConfirmError> {
    Trusted::open(checkpoint_note, log)?.confirm(value, proof)
}

/// As [`confirm`], and enough witnesses must have cosigned the checkpoint.
///
/// # Errors
/// [`ConfirmError`]: nothing is known of the value then.
pub fn confirm_cosigned<T: Entry>(
    value: T,
    proof: &InclusionProof,
    checkpoint_note: &str,
    log: &Verifier,
    quorum: &Quorum,
) -> Result<Logged<T>, ConfirmError> {
    Trusted::open_cosigned(checkpoint_note, log, quorum)?.confirm(value, proof)
}

/// Why a value is not known to be in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// No checkpoint of this log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Too few witnesses.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// The entry could not stand in any log.
    #[error("the entry has {found} bytes, more than {ENTRY_BYTES_MAX}")]
    EntryTooLarge {
        /// Bytes of the entry.
        found: usize,
    },
    /// The proof does not lead from the entry to the checkpoint.
    #[error(transparent)]
    Inclusion(#[from] InclusionError),
}

impl ConfirmError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            ConfirmError::Checkpoint(error) => error.hint(),
            ConfirmError::Quorum(error) => error.hint(),
            ConfirmError::EntryTooLarge { .. } => "log a digest of the large part instead",
            ConfirmError::Inclusion(error) => error.hint(),
        }
    }
}

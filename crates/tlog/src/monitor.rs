//! What a client checks that keeps the last checkpoint it saw: that the log has only grown.

use crate::checkpoint::Checkpoint;
use crate::hash::{Hash, preview};
use crate::proof::{ConsistencyError, ConsistencyProof, verify_consistency};

/// Checks that the log of `new` is that of `old`, grown or unchanged. Both checkpoints must have been
/// [opened](Checkpoint::open) with the log's key; keep the notes, they are the evidence if this fails.
///
/// # Errors
/// [`Fork`]: go on with `old`, and do not rely on `new`.
pub fn check_growth(
    old: &Checkpoint,
    new: &Checkpoint,
    proof: &ConsistencyProof,
) -> Result<(), Fork> {
    if old.origin() != new.origin() {
        return Err(Fork::OtherLog {
            old: preview(old.origin()),
            new: preview(new.origin()),
        });
    }
    if old.size() > new.size() {
        return Err(Fork::Shrunk {
            old_size: old.size(),
            new_size: new.size(),
        });
    }
    if old.size() == new.size() && old.root() != new.root() {
        return Err(Fork::Split {
            size: old.size(),
            old_root: old.root(),
            new_root: new.root(),
        });
    }
    verify_consistency(old.size(), &old.root(), new.size(), &new.root(), proof)
        .map_err(Fork::NotShown)
}

/// Why a later checkpoint is not accepted as the growth of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fork {
    /// The checkpoints are of two logs.
    #[error("the checkpoint is of the log `{new}`, not of `{old}`")]
    OtherLog {
        /// Origin of the earlier checkpoint.
        old: String,
        /// Origin of the later one.
        new: String,
    },
    /// The later checkpoint has fewer leaves: an old one was replayed, or the log was rolled back.
    #[error("the log shrank from {old_size} to {new_size} leaves")]
    Shrunk {
        /// Leaves in the earlier checkpoint.
        old_size: u64,
        /// Leaves in the later one.
        new_size: u64,
    },
    /// The log signed two different trees of one size.
    #[error("the log has two trees of {size} leaves, with the roots `{old_root}` and `{new_root}`")]
    Split {
        /// Leaves in both.
        size: u64,
        /// Root of the earlier checkpoint.
        old_root: Hash,
        /// Root of the later one.
        new_root: Hash,
    },
    /// The proof does not show the growth. A right one may exist.
    #[error(transparent)]
    NotShown(ConsistencyError),
}

impl Fork {
    /// Whether the two signed checkpoints alone convince anyone that the log's operator broke its promise.
    ///
    /// True for [`Fork::Split`] only: a shrunk log may be a replayed checkpoint, and a wrong proof may be
    /// the messenger's fault.
    pub fn is_evidence(&self) -> bool {
        matches!(self, Fork::Split { .. })
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Fork::OtherLog { .. } => "keep one last checkpoint for each log",
            Fork::Shrunk { .. } => {
                "fetch the checkpoint again; if it stays smaller, the log was rolled back"
            }
            Fork::Split { .. } => {
                "keep both signed checkpoints and publish them: together they show the fork"
            }
            Fork::NotShown(error) => error.hint(),
        }
    }
}

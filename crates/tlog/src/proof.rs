//! Merkle proofs: that an entry is in a tree, and that one tree begins with another.

use crate::hash::{Hash, HashParseError, node_hash};
use crate::tree::{HashReader, TreeError, range_root};

/// Most hashes that a proof may carry: enough for any tree of up to 2^63 leaves.
pub const PROOF_HASHES_MAX: usize = 64;

/// Shows that one leaf is in a tree.
///
/// The tree's size and root come from a checkpoint, never from the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Zero-based number of the leaf.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
}

/// Shows that a smaller tree is the beginning of a larger one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsistencyProof {
    /// In the order of RFC 6962, section 2.1.2.
    pub hashes: Vec<Hash>,
}

/// Makes the proof that leaf `index` is in the tree of the first `size` leaves.
///
/// # Errors
/// [`ProveError::IndexOutOfTree`] unless `index < size`; [`ProveError::Tree`] when a hash is missing.
///
/// # Source
/// RFC 6962, section 2.1.1 (PATH).
pub fn inclusion_proof<R: HashReader + ?Sized>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<InclusionProof, ProveError> {
    if index >= size {
        return Err(ProveError::IndexOutOfTree { index, size });
    }
    let mut hashes = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            hashes.push(range_root(reader, middle, end)?);
            end = middle;
        } else {
            hashes.push(range_root(reader, start, middle)?);
            start = middle;
        }
    }
    hashes.reverse();
    Ok(InclusionProof { index, hashes })
}

/// Makes the proof that the tree of the first `old_size` leaves is the beginning of that of the first `new_size`.
///
/// Between equal sizes, and from the empty tree, the proof is empty.
///
/// # Errors
/// [`ProveError::Shrinks`] unless `old_size <= new_size`; [`ProveError::Tree`] when a hash is missing.
///
/// # Source
/// RFC 6962, section 2.1.2 (PROOF and SUBPROOF).
pub fn consistency_proof<R: HashReader + ?Sized>(
    reader: &R,
    old_size: u64,
    new_size: u64,
) -> Result<ConsistencyProof, ProveError> {
    if old_size > new_size {
        return Err(ProveError::Shrinks { old_size, new_size });
    }
    let mut hashes = Vec::new();
    if old_size > 0 {
        let (mut start, mut end) = (0, new_size);
        while end > old_size {
            let middle = start + split(end - start);
            if old_size <= middle {
                hashes.push(range_root(reader, middle, end)?);
                end = middle;
            } else {
                hashes.push(range_root(reader, start, middle)?);
                start = middle;
            }
        }
        // The verifier knows the old root already when it is this very subtree.
        if start > 0 {
            hashes.push(range_root(reader, start, end)?);
        }
    }
    hashes.reverse();
    Ok(ConsistencyProof { hashes })
}

/// Checks that `leaf` is at `proof.index` in the tree of `size` leaves with this root.
///
/// # Errors
/// Every [`InclusionError`]: the leaf is not shown to be there.
///
/// # Source
/// RFC 9162, section 2.1.3.2.
pub fn verify_inclusion(
    leaf: &Hash,
    proof: &InclusionProof,
    size: u64,
    root: &Hash,
) -> Result<(), InclusionError> {
    if proof.index >= size {
        return Err(InclusionError::IndexOutOfTree {
            index: proof.index,
            size,
        });
    }
    let expected = inclusion_length(proof.index, size);
    if proof.hashes.len() != expected {
        return Err(InclusionError::Length {
            expected,
            found: proof.hashes.len(),
        });
    }
    let (mut node, mut last) = (proof.index, size - 1);
    let mut hash = *leaf;
    for sibling in &proof.hashes {
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == *root {
        Ok(())
    } else {
        Err(InclusionError::OtherRoot {
            found: hash,
            expected: *root,
        })
    }
}

/// Checks that the tree of `old_size` leaves with `old_root` is the beginning of that of `new_size` with `new_root`.
///
/// # Errors
/// Every [`ConsistencyError`]: the growth is not shown.
///
/// # Source
/// RFC 9162, section 2.1.4.2. That algorithm leaves the empty tree out: here it is the beginning of every tree,
/// by an empty proof, if `old_root` is the empty tree's.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &ConsistencyProof,
) -> Result<(), ConsistencyError> {
    if old_size > new_size {
        return Err(ConsistencyError::Shrinks { old_size, new_size });
    }
    let expected = consistency_length(old_size, new_size);
    if proof.hashes.len() != expected {
        return Err(ConsistencyError::Length {
            expected,
            found: proof.hashes.len(),
        });
    }
    if old_size == 0 && *old_root != crate::hash::empty_root() {
        return Err(ConsistencyError::OtherOldRoot {
            found: crate::hash::empty_root(),
            expected: *old_root,
        });
    }
    if old_size == new_size && old_root != new_root {
        return Err(ConsistencyError::OtherNewRoot {
            found: *old_root,
            expected: *new_root,
        });
    }
    if old_size == 0 || old_size == new_size {
        return Ok(());
    }
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let mut path = proof.hashes.iter();
    // The old tree is one complete subtree, whose hash the proof leaves out, exactly when nothing is left of it.
    let first = if node == 0 {
        Some(old_root)
    } else {
        path.next()
    };
    let first = *first.ok_or(ConsistencyError::Length {
        expected,
        found: proof.hashes.len(),
    })?;
    let (mut old, mut new) = (first, first);
    for hash in path {
        if node & 1 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if old != *old_root {
        return Err(ConsistencyError::OtherOldRoot {
            found: old,
            expected: *old_root,
        });
    }
    if new != *new_root || last != 0 {
        return Err(ConsistencyError::OtherNewRoot {
            found: new,
            expected: *new_root,
        });
    }
    Ok(())
}

/// Hashes in the inclusion proof of leaf `index` in a tree of `size` leaves, `index < size`; at most 64.
pub fn inclusion_length(index: u64, size: u64) -> usize {
    let last = size.saturating_sub(1);
    // Below the level where the leaf's way joins the right edge's, each level has a sibling; above it,
    // only those where the right edge hangs on a left sibling.
    let inner = 64 - (index ^ last).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (inner + border) as usize
}

/// Hashes in the consistency proof from `old_size` to `new_size` leaves; none where `old_size >= new_size`.
pub fn consistency_length(old_size: u64, new_size: u64) -> usize {
    if old_size == 0 || old_size >= new_size {
        return 0;
    }
    let shift = old_size.trailing_zeros();
    let path = inclusion_length(
        (old_size - 1) >> shift,
        ((new_size - 1) >> shift).saturating_add(1),
    );
    // The proof begins with the subtree that ends the old tree, unless that is the whole old tree.
    path + usize::from(!old_size.is_power_of_two())
}

impl ConsistencyProof {
    /// One line of base64 for each hash, as witnesses' `add-checkpoint` takes them.
    pub fn to_text(&self) -> String {
        self.hashes
            .iter()
            .map(|hash| hash.to_base64() + "\n")
            .collect()
    }

    /// Reads what [`ConsistencyProof::to_text`] writes.
    ///
    /// # Errors
    /// [`ProofParseError`] for a line that is no hash, a missing last newline, or more than [`PROOF_HASHES_MAX`] lines.
    pub fn from_text(text: &str) -> Result<ConsistencyProof, ProofParseError> {
        if text.is_empty() {
            return Ok(ConsistencyProof::default());
        }
        let lines = text.strip_suffix('\n').ok_or(ProofParseError::NoNewline)?;
        parse_hashes(lines.split('\n')).map(|hashes| ConsistencyProof { hashes })
    }
}

/// Reads lines of base64 hashes, at most [`PROOF_HASHES_MAX`].
pub(crate) fn parse_hashes<'a>(
    lines: impl Iterator<Item = &'a str>,
) -> Result<Vec<Hash>, ProofParseError> {
    let mut hashes = Vec::new();
    for line in lines {
        if hashes.len() == PROOF_HASHES_MAX {
            return Err(ProofParseError::TooManyHashes);
        }
        hashes.push(Hash::from_base64(line)?);
    }
    Ok(hashes)
}

/// The largest power of two below `length`, for `length >= 2`.
fn split(length: u64) -> u64 {
    1 << (63 - (length - 1).leading_zeros())
}

/// Why a proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The tree has no such leaf.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutOfTree {
        /// Number of the leaf.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The old tree is larger than the new one.
    #[error("a tree of {old_size} leaves is not the beginning of one of {new_size}")]
    Shrinks {
        /// Leaves in the old tree.
        old_size: u64,
        /// Leaves in the new tree.
        new_size: u64,
    },
    /// A hash is missing.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl ProveError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            ProveError::IndexOutOfTree { .. } => {
                "take a checkpoint that was signed after the entry was integrated"
            }
            ProveError::Shrinks { .. } => "swap the two sizes, or fetch the newer checkpoint again",
            ProveError::Tree(error) => error.hint(),
        }
    }
}

/// Why an inclusion proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The tree has no such leaf.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutOfTree {
        /// Number of the leaf, as the proof claims.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The proof has too many or too few hashes for its place.
    #[error("the inclusion proof has {found} hashes where {expected} belong")]
    Length {
        /// Hashes that this index and size need.
        expected: usize,
        /// Hashes in the proof.
        found: usize,
    },
    /// The proof leads to another root.
    #[error("the inclusion proof leads to the root `{found}`, not to `{expected}`")]
    OtherRoot {
        /// Where the proof leads.
        found: Hash,
        /// The tree's root.
        expected: Hash,
    },
}

impl InclusionError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            InclusionError::IndexOutOfTree { .. } => {
                "take a checkpoint that was signed after the entry was integrated"
            }
            InclusionError::Length { .. } => {
                "use the proof together with the checkpoint that it was made for"
            }
            InclusionError::OtherRoot { .. } => {
                "the entry, the proof or the checkpoint was changed: keep all three"
            }
        }
    }
}

/// Why a consistency proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// The old tree is larger than the new one.
    #[error("a tree of {old_size} leaves is not the beginning of one of {new_size}")]
    Shrinks {
        /// Leaves in the old tree.
        old_size: u64,
        /// Leaves in the new tree.
        new_size: u64,
    },
    /// The proof has too many or too few hashes for its two sizes.
    #[error("the consistency proof has {found} hashes where {expected} belong")]
    Length {
        /// Hashes that these sizes need.
        expected: usize,
        /// Hashes in the proof.
        found: usize,
    },
    /// The proof leads to another old root.
    #[error("the consistency proof leads to the old root `{found}`, not to `{expected}`")]
    OtherOldRoot {
        /// Where the proof leads.
        found: Hash,
        /// The old tree's root.
        expected: Hash,
    },
    /// The proof leads to another new root.
    #[error("the consistency proof leads to the new root `{found}`, not to `{expected}`")]
    OtherNewRoot {
        /// Where the proof leads.
        found: Hash,
        /// The new tree's root.
        expected: Hash,
    },
}

impl ConsistencyError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            ConsistencyError::Shrinks { .. } => {
                "swap the two sizes, or fetch the newer checkpoint again"
            }
            ConsistencyError::Length { .. } => {
                "use the proof together with the two checkpoints that it was made for"
            }
            ConsistencyError::OtherOldRoot { .. } | ConsistencyError::OtherNewRoot { .. } => {
                "keep both checkpoints and the proof; ask the log for the proof again before speaking of a fork"
            }
        }
    }
}

/// Why a text is not the hashes of a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofParseError {
    /// A line is no hash.
    #[error(transparent)]
    Hash(#[from] HashParseError),
    /// More hashes than any proof has.
    #[error("the proof has more than {PROOF_HASHES_MAX} hashes")]
    TooManyHashes,
    /// The last line is cut off.
    #[error("the proof does not end with a newline")]
    NoNewline,
}

impl ProofParseError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            ProofParseError::Hash(error) => error.hint(),
            ProofParseError::TooManyHashes => "pass one proof alone",
            ProofParseError::NoNewline => "copy the proof with its last newline",
        }
    }
}

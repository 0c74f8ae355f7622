//! The Merkle tree: appending leaves, the root, and where a complete subtree's hash is read from.

use std::collections::BTreeMap;

use crate::hash::{Hash, empty_root, node_hash};

/// Reads hashes of complete subtrees.
///
/// The subtree at (`level`, `index`) spans the leaves `index << level .. (index + 1) << level`;
/// level 0 is the leaf hashes themselves.
pub trait HashReader {
    /// The subtree's hash, or `None` when it is not at hand.
    fn hash(&self, level: u8, index: u64) -> Option<Hash>;
}

impl<R: HashReader + ?Sized> HashReader for &R {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        (**self).hash(level, index)
    }
}

impl HashReader for BTreeMap<(u8, u64), Hash> {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.get(&(level, index)).copied()
    }
}

/// A complete subtree's hash with its place, as an append makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Height of the subtree: it spans `1 << level` leaves.
    pub level: u8,
    /// Number of the subtree among those of its level, from the left.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The right edge of a tree: the hashes of its largest complete subtrees, enough to append and to tell the root.
///
/// A tree of `size` leaves has one such subtree for each one-bit of `size`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// From the largest subtree, on the left, to the smallest.
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Takes back what [`Frontier::size`] and [`Frontier::hashes`] gave.
    ///
    /// # Errors
    /// [`TreeError::FrontierLength`] unless there is one hash for each one-bit of `size`.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Frontier, TreeError> {
        let expected = size.count_ones() as usize;
        if hashes.len() != expected {
            return Err(TreeError::FrontierLength {
                size,
                expected,
                found: hashes.len(),
            });
        }
        Ok(Frontier { size, hashes })
    }

    /// Reads the right edge of the tree of `size` leaves.
    ///
    /// # Errors
    /// [`TreeError::MissingHash`] when the reader has not all of it.
    pub fn read<R: HashReader + ?Sized>(reader: &R, size: u64) -> Result<Frontier, TreeError> {
        let hashes = subtrees(0, size)
            .map(|(level, index)| read_hash(reader, level, index))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Frontier { size, hashes })
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Hashes of the complete subtrees, from the largest, on the left, to the smallest.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Root of the tree: the Merkle Tree Hash of RFC 6962, section 2.1.
    pub fn root(&self) -> Hash {
        fold(&self.hashes).unwrap_or_else(empty_root)
    }

    /// Appends one leaf hash, and returns every complete subtree that it finishes, the leaf itself first.
    ///
    /// # Errors
    /// [`TreeError::Full`] when the tree has `u64::MAX` leaves.
    pub fn append(&mut self, leaf: Hash) -> Result<Vec<Node>, TreeError> {
        let new_size = self.size.checked_add(1).ok_or(TreeError::Full)?;
        let mut node = Node {
            level: 0,
            index: self.size,
            hash: leaf,
        };
        let mut made = vec![node];
        // Each trailing one-bit of the old size is a subtree that the new one completes to the next level.
        for _ in 0..self.size.trailing_ones() {
            let left = self
                .hashes
                .pop()
                .expect("one hash for each one-bit of size");
            node = Node {
                level: node.level + 1,
                index: node.index >> 1,
                hash: node_hash(&left, &node.hash),
            };
            made.push(node);
        }
        self.hashes.push(node.hash);
        self.size = new_size;
        Ok(made)
    }
}

/// Root of the tree of the first `size` leaves.
///
/// # Errors
/// [`TreeError::MissingHash`] when the reader has not the right edge of that tree.
pub fn root<R: HashReader + ?Sized>(reader: &R, size: u64) -> Result<Hash, TreeError> {
    Frontier::read(reader, size).map(|frontier| frontier.root())
}

/// A whole tree in memory: every complete subtree's hash. For small logs, clients and tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    /// `levels[l][i]` is the subtree at (l, i).
    levels: Vec<Vec<Hash>>,
    frontier: Frontier,
}

impl MemoryTree {
    /// The tree without leaves.
    pub fn new() -> MemoryTree {
        MemoryTree::default()
    }

    /// The tree over these leaf hashes.
    pub fn from_leaves(leaves: impl IntoIterator<Item = Hash>) -> MemoryTree {
        let mut tree = MemoryTree::new();
        leaves.into_iter().for_each(|leaf| tree.append(leaf));
        tree
    }

    /// Appends one leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let made = self
            .frontier
            .append(leaf)
            .expect("memory ends long before u64::MAX leaves");
        for node in made {
            let level = usize::from(node.level);
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(node.hash);
        }
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }
}

impl HashReader for MemoryTree {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.levels
            .get(usize::from(level))?
            .get(usize::try_from(index).ok()?)
            .copied()
    }
}

/// The complete subtrees, as (level, index), that exactly cover the leaves `start .. end`, from the left.
///
/// They are the right edge of a subtree when `start` is a multiple of the largest power of two in `end - start`,
/// which is so for every range that RFC 6962's proofs ask for.
pub(crate) fn subtrees(start: u64, end: u64) -> impl Iterator<Item = (u8, u64)> {
    let length = end.saturating_sub(start);
    let mut at = start;
    (0..64u8)
        .rev()
        .filter(move |level| length >> level & 1 == 1)
        .map(move |level| {
            let subtree = (level, at >> level);
            at += 1 << level;
            subtree
        })
}

/// Merkle Tree Hash of the leaves `start .. end`; `start` as for [`subtrees`], and `start < end`.
pub(crate) fn range_root<R: HashReader + ?Sized>(
    reader: &R,
    start: u64,
    end: u64,
) -> Result<Hash, TreeError> {
    let hashes = subtrees(start, end)
        .map(|(level, index)| read_hash(reader, level, index))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(fold(&hashes).unwrap_or_else(empty_root))
}

/// Joins subtrees that stand side by side, largest first, into their root; `None` for no subtree.
fn fold(hashes: &[Hash]) -> Option<Hash> {
    hashes
        .iter()
        .copied()
        .rev()
        .reduce(|right, left| node_hash(&left, &right))
}

fn read_hash<R: HashReader + ?Sized>(reader: &R, level: u8, index: u64) -> Result<Hash, TreeError> {
    reader
        .hash(level, index)
        .ok_or(TreeError::MissingHash { level, index })
}

/// Why a tree could not be read or grown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The reader has not this hash.
    #[error("the hash at level {level}, index {index} is missing")]
    MissingHash {
        /// Height of the subtree.
        level: u8,
        /// Its number at that height.
        index: u64,
    },
    /// The number of hashes does not go with the size.
    #[error("a tree of {size} leaves has {expected} hashes on its right edge, not {found}")]
    FrontierLength {
        /// Leaves in the tree.
        size: u64,
        /// One for each one-bit of `size`.
        expected: usize,
        /// As many as were given.
        found: usize,
    },
    /// No further leaf can be counted.
    #[error("the tree is full: it has {max} leaves", max = u64::MAX)]
    Full,
}

impl TreeError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            TreeError::MissingHash { .. } => {
                "restore the log's tiles; a missing hash cannot be made up"
            }
            TreeError::FrontierLength { .. } => "read the right edge again from the log's tiles",
            TreeError::Full => "start a new log",
        }
    }
}

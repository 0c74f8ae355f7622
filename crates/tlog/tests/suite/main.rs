//! What the log promises, seen from outside the crate: one file a subject.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails its test")]

mod confirm;
mod cosignatures;
mod differential;
mod forks;
mod hostile;
mod notes;
mod proofs;
mod rfc6962;
mod tiles;

use tlog::{Hash, MemoryTree, leaf_hash};

/// Leaf hash of the entry that says its own number.
fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// Tree over [`leaf`] 0 to `size`.
fn tree(size: u64) -> MemoryTree {
    MemoryTree::from_leaves((0..size).map(leaf))
}

/// The hash with one bit turned over.
fn flip(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = hash.to_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

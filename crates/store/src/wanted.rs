//! Which hashes of the tree a proof needs, found out by making it once with hashes that mean nothing.

use std::cell::RefCell;
use std::collections::BTreeSet;

use tlog::{Hash, HashReader};

/// Level and index of a complete subtree.
pub(crate) type NodeKey = (u8, u64);

/// Answers every question and remembers it. What a proof asks for depends on sizes alone, never on hashes.
pub(crate) struct Wanted(RefCell<BTreeSet<NodeKey>>);

impl Wanted {
    /// Everything that the function asks for, whatever it returns.
    pub(crate) fn by<T>(ask: impl FnOnce(&Wanted) -> T) -> Vec<NodeKey> {
        let wanted = Wanted(RefCell::default());
        ask(&wanted);
        wanted.0.into_inner().into_iter().collect()
    }
}

impl HashReader for Wanted {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.0.borrow_mut().insert((level, index));
        Some(tlog::empty_root())
    }
}

//! Tiles as they are stored, as a source of hashes; and which of them a proof needs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tlog::{HASH_BYTES, Hash, HashReader, Tile, TileReader, node_hash};

/// Level and index of a tile.
pub(crate) type TileKey = (u8, u64);

/// Tree levels that a tile spans.
const HEIGHT: u8 = 8;

/// The tile that has the hash of a complete subtree, or the hashes that it is made of.
fn tile_of(level: u8, index: u64) -> TileKey {
    (level / HEIGHT, index >> (HEIGHT - level % HEIGHT))
}

/// Stored tiles. The last one of a level may be wider than a checkpoint needs: a tile only grows.
#[derive(Debug, Default)]
pub(crate) struct StoredTiles {
    tiles: BTreeMap<TileKey, Vec<u8>>,
    /// The complete subtrees of tiles that were asked for, from single hashes upwards: many proofs share them.
    subtrees: RefCell<BTreeMap<TileKey, Vec<Vec<Hash>>>>,
}

impl StoredTiles {
    pub(crate) fn new(tiles: BTreeMap<TileKey, Vec<u8>>) -> Self {
        Self {
            tiles,
            subtrees: RefCell::default(),
        }
    }

    /// Adds tiles of the same state.
    pub(crate) fn join(&mut self, others: Self) {
        self.tiles.extend(others.tiles);
        self.subtrees.get_mut().clear();
    }

    /// The leaf hash of an entry.
    pub(crate) fn leaf(&self, index: u64) -> Option<Hash> {
        self.hash(0, index)
    }

    /// A stored tile, as wide as it is.
    pub(crate) fn all(&self, key: TileKey) -> Option<&[u8]> {
        self.tiles.get(&key).map(Vec::as_slice)
    }

    /// The first hashes of a stored tile, as many as this tile has.
    pub(crate) fn bytes(&self, tile: Tile) -> Option<&[u8]> {
        let stored = self.tiles.get(&(tile.level(), tile.index()))?;
        stored.get(..usize::from(tile.width()) * HASH_BYTES)
    }
}

impl TileReader for StoredTiles {
    fn tile(&self, tile: Tile) -> Option<Vec<u8>> {
        self.bytes(tile).map(<[u8]>::to_vec)
    }
}

impl HashReader for StoredTiles {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let key = tile_of(level, index);
        let bytes = self.tiles.get(&key)?;
        let height = level % HEIGHT;
        let within = usize::try_from(index % (256 >> height)).ok()?;
        let mut subtrees = self.subtrees.borrow_mut();
        let levels = subtrees.entry(key).or_insert_with(|| complete(bytes));
        levels.get(usize::from(height))?.get(within).copied()
    }
}

/// The roots of the complete subtrees over a tile's hashes, by their height.
fn complete(bytes: &[u8]) -> Vec<Vec<Hash>> {
    let hashes = bytes.chunks_exact(HASH_BYTES);
    let mut levels = vec![hashes.filter_map(Hash::from_slice).collect::<Vec<Hash>>()];
    for height in 1..usize::from(HEIGHT) {
        let below = &levels[height - 1];
        let pairs = below.chunks_exact(2);
        let roots = pairs.filter_map(|pair| match pair {
            [left, right] => Some(node_hash(left, right)),
            _ => None,
        });
        levels.push(roots.collect());
    }
    levels
}

/// Places of leaf hashes in a signed tree, in the order of the leaves, and the tiles of their proofs.
pub(crate) struct Included {
    /// The newest checkpoint.
    pub(crate) note: String,
    /// Entries of the tree.
    pub(crate) size: u64,
    pub(crate) indexes: Vec<Option<u64>>,
    pub(crate) tiles: StoredTiles,
}

/// Answers every question and remembers it. What a proof asks for depends on sizes alone, never on hashes.
pub(crate) struct Wanted(RefCell<BTreeSet<TileKey>>);

impl Wanted {
    /// The tiles of everything that the function asks for, whatever it returns.
    pub(crate) fn by<T>(ask: impl FnOnce(&Wanted) -> T) -> Vec<TileKey> {
        let wanted = Wanted(RefCell::default());
        ask(&wanted);
        wanted.0.into_inner().into_iter().collect()
    }
}

impl HashReader for Wanted {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.0.borrow_mut().insert(tile_of(level, index));
        Some(tlog::empty_root())
    }
}

/// The first eight bytes of a leaf hash, as both databases store numbers.
pub(crate) fn place_prefix(leaf: &Hash) -> i64 {
    let mut prefix = [0; 8];
    for (byte, from) in prefix.iter_mut().zip(leaf.as_bytes()) {
        *byte = *from;
    }
    i64::from_be_bytes(prefix)
}

/// Sums over places of leaf hashes that the database and an audit make apart from each other: one row that was lost,
/// added or changed changes at least one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PlaceSums(pub(crate) [i64; 5]);

impl PlaceSums {
    pub(crate) fn add(&mut self, leaf: &Hash, index: u64) {
        let prefix = place_prefix(leaf);
        let index = index.cast_signed();
        let row = [
            1,
            prefix >> 32,
            prefix & 0xffff_ffff,
            index,
            (prefix & 0xffff) * (index & 0xffff),
        ];
        self.join(PlaceSums(row));
    }

    pub(crate) fn join(&mut self, other: PlaceSums) {
        for (sum, number) in self.0.iter_mut().zip(other.0) {
            *sum = sum.wrapping_add(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog::{Growth, MemoryTree, empty_root, leaf_hash};

    #[test]
    fn tiles_give_every_hash_of_the_tree() {
        let mut tree = MemoryTree::new();
        let mut growth = Growth::resume(BTreeMap::new(), 0, &empty_root()).unwrap();
        for n in 0..70_000_u32 {
            let leaf = leaf_hash(&n.to_be_bytes());
            tree.append(leaf);
            growth.append(leaf).unwrap();
        }
        let tiles = growth.into_tiles().into_iter();
        let stored = StoredTiles::new(
            tiles
                .map(|(tile, bytes)| ((tile.level(), tile.index()), bytes))
                .collect(),
        );
        for (level, index) in [(0, 0), (0, 69_999), (3, 8_749), (8, 272), (12, 16), (16, 0)] {
            assert_eq!(stored.hash(level, index), tree.hash(level, index));
            assert!(stored.hash(level, index).is_some());
        }
        assert_eq!(stored.hash(0, 70_000), None);
        assert_eq!(stored.hash(8, 273), None);
    }
}

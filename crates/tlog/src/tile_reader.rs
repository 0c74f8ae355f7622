//! Reading hashes from tiles that nobody vouches for, and checking each against the checkpoint's root.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::hash::{Hash, empty_root};
use crate::proof::{ProveError, consistency_proof, inclusion_proof};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError};
use crate::tree::{Frontier, HashReader};

/// Where the bytes of tiles are read from.
pub trait TileReader {
    /// The tile's bytes, or `None` when it is not to be had. They need not be right: they are checked.
    fn tile(&self, tile: Tile) -> Option<Vec<u8>>;
}

impl<R: TileReader + ?Sized> TileReader for &R {
    fn tile(&self, tile: Tile) -> Option<Vec<u8>> {
        (**self).tile(tile)
    }
}

impl TileReader for BTreeMap<Tile, Vec<u8>> {
    fn tile(&self, tile: Tile) -> Option<Vec<u8>> {
        self.get(&tile).cloned()
    }
}

/// Hashes of the tree with a known size and root, read from tiles. No hash gets out that does not lead to that root.
///
/// As a [`HashReader`] it gives `None` for a tile that is missing and for one that is false;
/// [`VerifiedTiles::read`] says which.
#[derive(Debug)]
pub struct VerifiedTiles<R> {
    tiles: R,
    size: u64,
    /// Hashes of tiles that have been checked, full or on the right edge.
    checked: RefCell<BTreeMap<Tile, Vec<Hash>>>,
}

impl<R: TileReader> VerifiedTiles<R> {
    /// Reads the partial tiles on the right edge of the tree, and checks that they lead to `root`.
    ///
    /// # Errors
    /// [`TileError`] when one is missing or false.
    pub fn new(tiles: R, size: u64, root: &Hash) -> Result<VerifiedTiles<R>, TileError> {
        let verified = VerifiedTiles {
            tiles,
            size,
            checked: RefCell::default(),
        };
        let mut edge = BTreeMap::new();
        for tile in right_edge(size) {
            edge.insert(tile, verified.fetch(tile)?);
        }
        let missing = TileError::OtherRoot {
            found: empty_root(),
            expected: *root,
        };
        let found = edge_root(&edge, size).ok_or(missing)?;
        if found != *root {
            return Err(TileError::OtherRoot {
                found,
                expected: *root,
            });
        }
        verified.checked.replace(edge);
        Ok(verified)
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the complete subtree (`level`, `index`), checked.
    ///
    /// # Errors
    /// [`TileError::OutOfTree`] when the tree has no such subtree; any other [`TileError`] when a tile on the way
    /// to the root is missing or false.
    pub fn read(&self, level: u8, index: u64) -> Result<Hash, TileError> {
        let out = TileError::OutOfTree {
            level,
            index,
            size: self.size,
        };
        let tile = Tile::of_subtree(level, index, self.size).ok_or(out.clone())?;
        let hashes = self.checked_tile(tile)?;
        subtree_in(&hashes, level, index).ok_or(out)
    }

    /// The tiles that have been checked so far, with their hashes: at first those on the right edge.
    pub(crate) fn into_checked(self) -> BTreeMap<Tile, Vec<Hash>> {
        self.checked.into_inner()
    }

    /// The tile's hashes. A tile that is not on the right edge is full, and one hash of the tile above is its root.
    fn checked_tile(&self, tile: Tile) -> Result<Vec<Hash>, TileError> {
        if let Some(hashes) = self.checked.borrow().get(&tile) {
            return Ok(hashes.clone());
        }
        let hashes = self.fetch(tile)?;
        let found = join(&hashes);
        let expected = self.read((tile.level() + 1) * TILE_HEIGHT, tile.index())?;
        if found != expected {
            return Err(TileError::OtherHashes {
                tile,
                found,
                expected,
            });
        }
        self.checked.borrow_mut().insert(tile, hashes.clone());
        Ok(hashes)
    }

    /// The tile's hashes, unchecked. A log may have dropped a partial tile whose full one exists: it will do.
    fn fetch(&self, tile: Tile) -> Result<Vec<Hash>, TileError> {
        if let Some(bytes) = self.tiles.tile(tile) {
            return tile.hashes(&bytes);
        }
        let full = tile.to_full();
        let bytes = if tile.is_full() {
            None
        } else {
            self.tiles.tile(full)
        };
        let mut hashes = full.hashes(&bytes.ok_or(TileError::Missing { tile })?)?;
        hashes.truncate(usize::from(tile.width()));
        Ok(hashes)
    }
}

impl<R: TileReader> HashReader for VerifiedTiles<R> {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.read(level, index).ok()
    }
}

/// Tiles to fetch before [`VerifiedTiles`] can check the root of a tree of `size` leaves.
pub fn tiles_for_root(size: u64) -> BTreeSet<Tile> {
    right_edge(size).collect()
}

/// Tiles to fetch for the inclusion proof of leaf `index` in a tree of `size` leaves, with those that check them.
///
/// # Errors
/// [`ProveError::IndexOutOfTree`] unless `index < size`.
pub fn tiles_for_inclusion(index: u64, size: u64) -> Result<BTreeSet<Tile>, ProveError> {
    let asked = Asked::at(size);
    inclusion_proof(&asked, index, size)?;
    Ok(asked.tiles.into_inner())
}

/// Tiles to fetch for the consistency proof from `old_size` to `new_size` leaves, with those that check them.
///
/// # Errors
/// [`ProveError::Shrinks`] unless `old_size <= new_size`.
pub fn tiles_for_consistency(old_size: u64, new_size: u64) -> Result<BTreeSet<Tile>, ProveError> {
    let asked = Asked::at(new_size);
    consistency_proof(&asked, old_size, new_size)?;
    Ok(asked.tiles.into_inner())
}

/// Partial tiles of a tree of `size` leaves, the lowest level first. Full tiles are covered by those above them.
pub(crate) fn right_edge(size: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_HEIGHT).filter_map(move |level| {
        let hashes = size >> (level * TILE_HEIGHT);
        Tile::at(level, hashes / u64::from(TILE_WIDTH), size)
    })
}

/// The hash of (`level`, `index`) among the hashes of its tile, joined as needed.
fn subtree_in(hashes: &[Hash], level: u8, index: u64) -> Option<Hash> {
    let height = level % TILE_HEIGHT;
    let leaves = 1usize << height;
    let within = usize::try_from(index % (u64::from(TILE_WIDTH) >> height)).ok()?;
    let start = within.checked_mul(leaves)?;
    Some(join(hashes.get(start..start.checked_add(leaves)?)?))
}

/// Root over the hashes of a tile, or of a part of one.
pub(crate) fn join(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for hash in hashes {
        frontier
            .append(*hash)
            .expect("a tile has far fewer hashes than a tree can have leaves");
    }
    frontier.root()
}

/// Root of a tree of `size` leaves from its partial tiles: every subtree on the right edge is made of their hashes.
/// `None` when one of them is not there.
pub(crate) fn edge_root(edge: &BTreeMap<Tile, Vec<Hash>>, size: u64) -> Option<Hash> {
    Frontier::read(&EdgeReader { edge, size }, size)
        .ok()
        .map(|frontier| frontier.root())
}

/// Reads hashes from the right edge's tiles, before they are checked.
struct EdgeReader<'a> {
    edge: &'a BTreeMap<Tile, Vec<Hash>>,
    size: u64,
}

impl HashReader for EdgeReader<'_> {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        subtree_in(
            self.edge.get(&Tile::of_subtree(level, index, self.size)?)?,
            level,
            index,
        )
    }
}

/// Answers with no true hash, but notes which tiles a proof asks for, and which check those.
struct Asked {
    size: u64,
    tiles: RefCell<BTreeSet<Tile>>,
}

impl Asked {
    fn at(size: u64) -> Asked {
        Asked {
            size,
            tiles: RefCell::new(tiles_for_root(size)),
        }
    }
}

impl HashReader for Asked {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let mut tiles = self.tiles.borrow_mut();
        let mut next = Tile::of_subtree(level, index, self.size);
        // Up to the first tile that is there already: then those above it are, too.
        while let Some(tile) = next.filter(|tile| tiles.insert(*tile)) {
            next = Tile::of_subtree((tile.level() + 1) * TILE_HEIGHT, tile.index(), self.size);
        }
        Some(empty_root())
    }
}

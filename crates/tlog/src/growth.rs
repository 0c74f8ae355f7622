//! Growing a log that is stored as tiles.

use std::collections::BTreeMap;

use crate::hash::Hash;
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError};
use crate::tile_reader::{TileReader, VerifiedTiles, edge_root, join, right_edge};
use crate::tree::TreeError;

/// A log's right edge, to which leaves are appended, and the tiles that this makes.
///
/// Store the tiles, then sign the checkpoint, and only then publish it:
/// whoever sees the checkpoint finds its tiles, and a growth that stops half-way is simply done again.
#[derive(Debug, Clone)]
pub struct Growth {
    old_size: u64,
    size: u64,
    /// Hashes of the partial tile at each tile level, from level 0 on. INVARIANT: each shorter than a full tile.
    edge: [Vec<Hash>; TILE_HEIGHT as usize],
    /// Full tiles that were filled since.
    filled: BTreeMap<Tile, Vec<u8>>,
}

impl Growth {
    /// Takes up a log of `size` leaves with this root. Of the tiles, those of
    /// [`tiles_for_root`](crate::tiles_for_root) are read, and checked against the root.
    ///
    /// # Errors
    /// [`TileError`] when one is missing or false: the log must not grow on it.
    pub fn resume<R: TileReader>(tiles: R, size: u64, root: &Hash) -> Result<Growth, TileError> {
        let mut edge: [Vec<Hash>; TILE_HEIGHT as usize] = Default::default();
        for (tile, hashes) in VerifiedTiles::new(tiles, size, root)?.into_checked() {
            if let Some(level) = edge.get_mut(usize::from(tile.level())) {
                *level = hashes;
            }
        }
        Ok(Growth {
            old_size: size,
            size,
            edge,
            filled: BTreeMap::new(),
        })
    }

    /// Appends one leaf hash, and returns the leaf's index.
    ///
    /// # Errors
    /// [`TreeError::Full`] when the log has `u64::MAX` leaves.
    pub fn append(&mut self, leaf: Hash) -> Result<u64, TreeError> {
        let index = self.size;
        self.size = index.checked_add(1).ok_or(TreeError::Full)?;
        let mut hash = leaf;
        for (level, hashes) in (0..).zip(&mut self.edge) {
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                break;
            }
            // The leaf's index at this level, without what is within the tile: the full tile's number.
            if let Some(tile) = Tile::at(
                level,
                index >> (TILE_HEIGHT * level) >> TILE_HEIGHT,
                self.size,
            ) {
                self.filled.insert(tile, to_bytes(hashes));
            }
            hash = join(hashes);
            hashes.clear();
        }
        Ok(index)
    }

    /// Leaves in the log now.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the log now.
    pub fn root(&self) -> Hash {
        let edge = right_edge(self.size).map(|tile| {
            let hashes = self
                .edge
                .get(usize::from(tile.level()))
                .cloned()
                .unwrap_or_default();
            (tile, hashes)
        });
        edge_root(&edge.collect(), self.size).expect("the edge has every partial tile of its size")
    }

    /// The tiles to store: those of [`tiles_after_growth`](crate::tiles_after_growth), with their bytes.
    pub fn into_tiles(self) -> BTreeMap<Tile, Vec<u8>> {
        let mut tiles = self.filled;
        for (tile, hashes) in right_edge(self.size)
            .filter_map(|tile| Some((tile, self.edge.get(usize::from(tile.level()))?)))
        {
            if Tile::at(tile.level(), tile.index(), self.old_size) != Some(tile) {
                tiles.insert(tile, to_bytes(hashes));
            }
        }
        tiles
    }
}

fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.to_bytes()).collect()
}

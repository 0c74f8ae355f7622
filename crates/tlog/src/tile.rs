//! Tiles: the tree's hashes in resources of up to 256, at every eighth level.

use std::collections::BTreeSet;
use std::fmt;

use crate::bundle::BundlePath;
use crate::hash::{HASH_BYTES, Hash, preview};
use crate::tree::{HashReader, TreeError};

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Tree levels that one tile spans.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// Highest tile level that the specification names.
const LEVEL_MAX: u8 = 63;

/// Most bytes of a path that is read: seven elements of a 64-bit index, with room.
const PATH_BYTES_MAX: usize = 64;

/// Place of a tile: the `width` hashes of tree level `level * 8` from number `index * 256` on.
///
/// # Source
/// <https://c2sp.org/tlog-tiles>, "Merkle Tree".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile `index` of `level` (0 to 63) with `width` hashes (1 to 256).
    ///
    /// # Errors
    /// [`TileError::Level`] or [`TileError::Width`] for a number that no tile has.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Tile, TileError> {
        if level > LEVEL_MAX {
            return Err(TileError::Level { found: level });
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(TileError::Width { found: width });
        }
        Ok(Tile {
            level,
            index,
            width,
        })
    }

    /// The tile that holds the hash of the complete subtree (`tree_level`, `index`), or the hashes that it is made of,
    /// in a log of `size` leaves. `None` when that subtree is not complete at that size.
    pub fn of_subtree(tree_level: u8, index: u64, size: u64) -> Option<Tile> {
        let level = tree_level / TILE_HEIGHT;
        if index >= count(tree_level, size) {
            return None;
        }
        Tile::at(
            level,
            index >> (TILE_HEIGHT - tree_level % TILE_HEIGHT),
            size,
        )
    }

    /// The tile (`level`, `index`) as wide as it is in a log of `size` leaves; `None` when it has no hash there.
    pub fn at(level: u8, index: u64, size: u64) -> Option<Tile> {
        let hashes = count(level.checked_mul(TILE_HEIGHT)?, size);
        let before = index.checked_mul(u64::from(TILE_WIDTH))?;
        let left = hashes.checked_sub(before).filter(|&left| left > 0)?;
        let width = u16::try_from(left).unwrap_or(TILE_WIDTH).min(TILE_WIDTH);
        Some(Tile {
            level,
            index,
            width,
        })
    }

    /// Level of the tile: its hashes are of the tree's level `level * 8`.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Number of the tile at its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes in it, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it has all 256 hashes.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile at the same place.
    pub fn to_full(self) -> Tile {
        Tile {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// Path below the log's prefix, such as `tile/0/x001/x234/067` or `tile/1/000.p/17`.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads a path as [`Tile::path`] writes it.
    ///
    /// # Errors
    /// [`TileError::Path`] for any other spelling.
    pub fn parse(path: &str) -> Result<Tile, TileError> {
        match Resource::parse(path)? {
            Resource::Tile(tile) => Ok(tile),
            Resource::Checkpoint | Resource::Entries(_) => Err(TileError::Path {
                found: preview(path),
            }),
        }
    }

    /// Bytes of the tile: its hashes one after another.
    ///
    /// # Errors
    /// [`TreeError::MissingHash`] when the reader has not all of them.
    pub fn read<R: HashReader + ?Sized>(&self, reader: &R) -> Result<Vec<u8>, TreeError> {
        let level = self.level.saturating_mul(TILE_HEIGHT);
        let mut bytes = Vec::with_capacity(usize::from(self.width) * HASH_BYTES);
        for offset in 0..u64::from(self.width) {
            let index = self
                .index
                .saturating_mul(u64::from(TILE_WIDTH))
                .saturating_add(offset);
            let hash = reader
                .hash(level, index)
                .ok_or(TreeError::MissingHash { level, index })?;
            bytes.extend_from_slice(hash.as_bytes());
        }
        Ok(bytes)
    }

    /// Reads the hashes in a tile's bytes. Whether they are the log's is not known then:
    /// [`VerifiedTiles`](crate::VerifiedTiles) finds out.
    ///
    /// # Errors
    /// [`TileError::Size`] unless there are 32 bytes for each hash.
    pub fn hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        let expected = usize::from(self.width) * HASH_BYTES;
        if bytes.len() != expected {
            return Err(TileError::Size {
                tile: *self,
                expected,
                found: bytes.len(),
            });
        }
        Ok(bytes
            .chunks_exact(HASH_BYTES)
            .filter_map(Hash::from_slice)
            .collect())
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_index_and_width(f, self.index, self.width)
    }
}

/// Tiles that come into being when a log grows from `old_size` to `new_size` leaves, in order:
/// those that the growth fills, and the partial ones at `new_size`.
///
/// Written before the new checkpoint is published, they serve every client of it.
pub fn tiles_after_growth(old_size: u64, new_size: u64) -> Vec<Tile> {
    let mut tiles = BTreeSet::new();
    for level in 0..TILE_HEIGHT {
        let (old, new) = (
            count(level * TILE_HEIGHT, old_size),
            count(level * TILE_HEIGHT, new_size),
        );
        if new <= old {
            break;
        }
        let first = old / u64::from(TILE_WIDTH);
        let last = (new - 1) / u64::from(TILE_WIDTH);
        tiles.extend((first..=last).filter_map(|index| Tile::at(level, index, new_size)));
    }
    tiles.into_iter().collect()
}

/// Complete subtrees of a tree level in a log of `size` leaves.
fn count(tree_level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(tree_level)).unwrap_or(0)
}

/// What a log serves below its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `checkpoint`: the newest signed checkpoint. It changes; all else never does.
    Checkpoint,
    /// `tile/<level>/<index>`: hashes.
    Tile(Tile),
    /// `tile/entries/<index>`: entries.
    Entries(BundlePath),
}

impl Resource {
    /// Reads a path below the log's prefix, without a slash before it. Each resource has one spelling.
    ///
    /// # Errors
    /// [`TileError::Path`] for any path that names none.
    pub fn parse(path: &str) -> Result<Resource, TileError> {
        let fail = || TileError::Path {
            found: preview(path),
        };
        if path.len() > PATH_BYTES_MAX {
            return Err(fail());
        }
        if path == "checkpoint" {
            return Ok(Resource::Checkpoint);
        }
        let rest = path.strip_prefix("tile/").ok_or_else(fail)?;
        if let Some(rest) = rest.strip_prefix("entries/") {
            return BundlePath::parse_rest(rest)
                .map(Resource::Entries)
                .ok_or_else(fail);
        }
        let (level, rest) = rest.split_once('/').ok_or_else(fail)?;
        let level = parse_small(level)
            .and_then(|level| u8::try_from(level).ok())
            .ok_or_else(fail)?;
        let (index, width) = parse_index_and_width(rest).ok_or_else(fail)?;
        Tile::new(level, index, width)
            .map(Resource::Tile)
            .map_err(|_| fail())
    }

    /// The path that [`Resource::parse`] reads.
    pub fn path(&self) -> String {
        match self {
            Resource::Checkpoint => "checkpoint".to_owned(),
            Resource::Tile(tile) => tile.path(),
            Resource::Entries(bundle) => bundle.path(),
        }
    }
}

/// Writes `x001/x234/067`, and `.p/<width>` unless the width is full.
pub(crate) fn write_index_and_width(
    f: &mut fmt::Formatter<'_>,
    index: u64,
    width: u16,
) -> fmt::Result {
    let mut elements = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        elements.push(rest % 1000);
        rest /= 1000;
    }
    for (position, element) in elements.iter().enumerate().rev() {
        if position > 0 {
            write!(f, "x{element:03}/")?;
        } else {
            write!(f, "{element:03}")?;
        }
    }
    if width == TILE_WIDTH {
        Ok(())
    } else {
        write!(f, ".p/{width}")
    }
}

/// Reads what [`write_index_and_width`] writes, and no other spelling.
pub(crate) fn parse_index_and_width(text: &str) -> Option<(u64, u16)> {
    let (elements, width) = match text.split_once(".p/") {
        Some((elements, width)) => (
            elements,
            parse_small(width).filter(|width| (1..TILE_WIDTH).contains(width))?,
        ),
        None => (text, TILE_WIDTH),
    };
    let (leading, last) = match elements.rsplit_once('/') {
        Some((leading, last)) => (Some(leading), last),
        None => (None, elements),
    };
    let mut index = 0u64;
    for (position, element) in leading
        .into_iter()
        .flat_map(|leading| leading.split('/'))
        .enumerate()
    {
        let value = parse_three_digits(element.strip_prefix('x')?)?;
        // A leading zero element would be a second spelling of a smaller index.
        if position == 0 && value == 0 {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(value)?;
    }
    Some((
        index
            .checked_mul(1000)?
            .checked_add(parse_three_digits(last)?)?,
        width,
    ))
}

fn parse_three_digits(text: &str) -> Option<u64> {
    if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A decimal of up to three digits without leading zeros.
fn parse_small(text: &str) -> Option<u16> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain && text.len() <= 3 {
        text.parse().ok()
    } else {
        None
    }
}

/// Why a tile is not one, or not the log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// No such level.
    #[error("tiles have levels up to {LEVEL_MAX}, not {found}")]
    Level {
        /// The level asked for.
        found: u8,
    },
    /// No such width.
    #[error("tiles have 1 to {TILE_WIDTH} hashes, not {found}")]
    Width {
        /// The width asked for.
        found: u16,
    },
    /// The path names no resource of a log, or is longer than any.
    #[error("`{found}` is not the path of a resource of a log")]
    Path {
        /// The beginning of the path.
        found: String,
    },
    /// The tile's bytes are too many or too few.
    #[error("`{tile}` has {found} bytes, not {expected}")]
    Size {
        /// The tile.
        tile: Tile,
        /// 32 for each hash.
        expected: usize,
        /// Bytes that were read.
        found: usize,
    },
    /// The tile was not to be had.
    #[error("`{tile}` is missing")]
    Missing {
        /// The tile.
        tile: Tile,
    },
    /// The tile's hashes are not those of the checkpoint's tree.
    #[error("`{tile}` does not belong to the tree: its root is `{found}`, not `{expected}`")]
    OtherHashes {
        /// The tile.
        tile: Tile,
        /// Root of the tile's hashes.
        found: Hash,
        /// The hash that the tree has there.
        expected: Hash,
    },
    /// The tiles on the right edge do not lead to the checkpoint's root.
    #[error("the tiles lead to the root `{found}`, not to `{expected}`")]
    OtherRoot {
        /// Where the tiles lead.
        found: Hash,
        /// The checkpoint's root.
        expected: Hash,
    },
    /// No complete subtree is there at this size.
    #[error("a tree of {size} leaves has no complete subtree at level {level}, index {index}")]
    OutOfTree {
        /// Height of the subtree.
        level: u8,
        /// Its number at that height.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
}

impl TileError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            TileError::Level { .. } | TileError::Width { .. } | TileError::OutOfTree { .. } => {
                "ask only for tiles that the checkpoint's size calls for"
            }
            TileError::Path { .. } => "a path looks like `tile/0/x001/234` or `tile/1/000.p/17`",
            TileError::Size { .. } | TileError::Missing { .. } => "fetch the tile again",
            TileError::OtherHashes { .. } | TileError::OtherRoot { .. } => {
                "fetch tiles and checkpoint again; if it stays so, the log's tiles are damaged"
            }
        }
    }
}

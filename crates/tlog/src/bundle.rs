//! Entry bundles: the log's entries, 256 to a resource, each with its length before it.

use std::fmt;

use crate::tile::{TILE_WIDTH, TileError, parse_index_and_width, write_index_and_width};

/// Most bytes of one entry: its length is written in 16 bits.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Place of an entry bundle: bundle `index` holds the entries from `index * 256`.
///
/// # Source
/// <https://c2sp.org/tlog-tiles>, "Log entries".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundlePath {
    index: u64,
    width: u16,
}

impl BundlePath {
    /// The bundle `index` with `width` entries, 1 to 256.
    ///
    /// # Errors
    /// [`TileError::Width`] for another width.
    pub fn new(index: u64, width: u16) -> Result<BundlePath, TileError> {
        if width == 0 || width > TILE_WIDTH {
            return Err(TileError::Width { found: width });
        }
        Ok(BundlePath { index, width })
    }

    /// The bundle that holds entry `entry` in a log of `size` entries; `None` unless `entry < size`.
    pub fn of_entry(entry: u64, size: u64) -> Option<BundlePath> {
        if entry >= size {
            return None;
        }
        let index = entry >> 8;
        let left = size - (index << 8);
        Some(BundlePath {
            index,
            width: u16::try_from(left).unwrap_or(TILE_WIDTH).min(TILE_WIDTH),
        })
    }

    /// Number of the bundle.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Entries in it, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Path below the log's prefix, such as `tile/entries/x001/234.p/56`.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads what follows `tile/entries/`.
    pub(crate) fn parse_rest(rest: &str) -> Option<BundlePath> {
        let (index, width) = parse_index_and_width(rest)?;
        Some(BundlePath { index, width })
    }
}

impl fmt::Display for BundlePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_index_and_width(f, self.index, self.width)
    }
}

/// Writes a bundle: each entry after its length in two bytes, big-endian.
///
/// # Errors
/// [`BundleError::EntryTooLarge`] over 65535 bytes, [`BundleError::TooManyEntries`] over 256 entries.
pub fn encode_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    if entries.len() > usize::from(TILE_WIDTH) {
        return Err(BundleError::TooManyEntries);
    }
    let mut bundle = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len())
            .map_err(|_| BundleError::EntryTooLarge { found: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Reads a bundle of `width` entries. Whether they are the log's is for the level 0 tile's hashes to say.
///
/// # Errors
/// [`BundleError::TooManyEntries`] for over 256, [`BundleError::Truncated`] when an entry is cut off,
/// [`BundleError::Width`] when there are more or fewer than `width`.
pub fn decode_entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        if entries.len() == usize::from(TILE_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let truncated = BundleError::Truncated {
            entry: entries.len(),
        };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(truncated.clone())?;
        let (entry, after) = after
            .split_at_checked(usize::from(u16::from_be_bytes(*length)))
            .ok_or(truncated)?;
        entries.push(entry);
        rest = after;
    }
    if entries.len() != usize::from(width) {
        return Err(BundleError::Width {
            expected: width,
            found: entries.len(),
        });
    }
    Ok(entries)
}

/// Why bytes are not an entry bundle, or entries cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The length does not fit in 16 bits.
    #[error("the entry has {found} bytes, more than {ENTRY_BYTES_MAX}")]
    EntryTooLarge {
        /// Bytes of the entry.
        found: usize,
    },
    /// More than a bundle holds.
    #[error("the bundle has more than {TILE_WIDTH} entries")]
    TooManyEntries,
    /// The bundle ends within an entry.
    #[error("the bundle ends within its entry {entry}")]
    Truncated {
        /// Number of that entry in the bundle, from 0.
        entry: usize,
    },
    /// Another number of entries than the path says.
    #[error("the bundle has {found} entries, not {expected}")]
    Width {
        /// Entries that the path says.
        expected: u16,
        /// Entries in the bundle.
        found: usize,
    },
}

impl BundleError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            BundleError::EntryTooLarge { .. } => "log a digest of the large part instead",
            BundleError::TooManyEntries => "start the next bundle",
            BundleError::Truncated { .. } | BundleError::Width { .. } => "fetch the bundle again",
        }
    }
}

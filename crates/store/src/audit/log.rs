//! The log's part of an audit: entries, tiles, places and checkpoints, on all cores.

use std::collections::{BTreeMap, BTreeSet};

use tlog::{Checkpoint, Frontier, HASH_BYTES, Hash, Verifier};

use super::{Audit, AuditError, Heads, PAGE, difference};
use crate::batch::checkpoint_chain;
use crate::entries::{BUNDLE, split};
use crate::error::StoreError;
use crate::tiles::PlaceSums;
use crate::{Backend, Store, ask, postgres, sqlite};

/// Bundles that are read at once: about a megabyte of entries of 300 bytes.
const BUNDLES: u64 = 16;
/// Rows of staged entries that are read at once.
const STAGED_ROWS: u64 = 16;
const THREADS_MAX: usize = 4;

/// Up to 256 entries from a multiple of 256 on.
#[derive(Default)]
struct Part {
    /// Leaf hashes, one after another.
    leaves: Vec<u8>,
    /// The right edge of the part's own tree.
    edge: Frontier,
    /// The right edge at each size that a checkpoint has.
    signed: Vec<(u64, Frontier)>,
}

impl Part {
    fn add(&mut self, leaf: Hash, end: u64, sizes: &BTreeSet<u64>) -> Result<(), AuditError> {
        self.leaves.extend_from_slice(leaf.as_bytes());
        self.edge
            .append(leaf)
            .map_err(|error| AuditError::Difference {
                what: error.to_string(),
            })?;
        // At the very end of a part, its root is one hash of the tree above.
        if !end.is_multiple_of(BUNDLE) && sizes.contains(&end) {
            self.signed.push((end, self.edge.clone()));
        }
        Ok(())
    }
}

/// What is left of parts that were read: the root of each, and the edges where checkpoints are.
#[derive(Default)]
struct Read {
    roots: BTreeMap<u64, Hash>,
    signed: BTreeMap<u64, Frontier>,
    places: PlaceSums,
}

impl Store {
    pub(super) async fn audit_log(
        &self,
        log: &Verifier,
        heads: &Heads,
        audit: &mut Audit,
    ) -> Result<(), AuditError> {
        let checkpoints: Result<Vec<(u64, String)>, StoreError> = ask!(self, checkpoints);
        let checkpoints = checkpoints?;
        let size = checkpoints.last().map_or(0, |(size, _)| *size);
        audit.checkpoints = checkpoints.len() as u64;
        let mut digest = vec![0; 32];
        for (size, note) in &checkpoints {
            digest = checkpoint_chain(&digest, *size, note).to_vec();
        }
        let sizes: BTreeSet<u64> = checkpoints.iter().map(|(size, _)| *size).collect();
        let roots = signed_roots(checkpoints, log).await?;
        if (audit.checkpoints, &digest) != (heads.of("checkpoints")?.0, &heads.of("checkpoints")?.1)
        {
            return difference(format!(
                "the {} checkpoints are not those that were signed",
                audit.checkpoints
            ));
        }

        let count: Result<u64, StoreError> = ask!(self, bundle_count);
        let count = count?;
        let mut read = self.audit_bundles(count, size, &sizes).await?;
        let last = self
            .audit_staged(count, size, &sizes, heads, &mut read)
            .await?;
        let end = heads.of("entries")?.0;
        if size > end {
            return difference(format!("log entry {end} is missing"));
        }
        (audit.entries, audit.staged) = (size, end - size);

        let upper = check_roots(&read, &roots)?;
        self.audit_tiles(size, end, last, &upper).await?;
        let sums: Result<[i64; 5], StoreError> = ask!(self, place_sums, size);
        if PlaceSums(sums?) != read.places {
            return difference(
                "the places of leaf hashes are not those of the log's entries".into(),
            );
        }
        Ok(())
    }

    /// Reads full bundles with their tiles, on several threads.
    async fn audit_bundles(
        &self,
        count: u64,
        size: u64,
        sizes: &BTreeSet<u64>,
    ) -> Result<Read, AuditError> {
        let threads = threads() as u64;
        let runtime = tokio::runtime::Handle::current();
        let mut tasks = Vec::new();
        for thread in 0..threads {
            let (store, sizes, runtime) = (self.clone(), sizes.clone(), runtime.clone());
            tasks.push(tokio::task::spawn_blocking(move || {
                let mut read = Read::default();
                let mut first = thread * BUNDLES;
                while first < count {
                    runtime
                        .block_on(store.audit_chunk(first, count, size, &sizes, &mut read))
                        .map_err(|error| (first, error))?;
                    first += threads * BUNDLES;
                }
                Ok(read)
            }));
        }
        let mut all = Read::default();
        let mut first_error: Option<(u64, AuditError)> = None;
        for task in tasks {
            match task.await.map_err(|_| StoreError::Interrupted)? {
                Ok(mut read) => {
                    all.roots.append(&mut read.roots);
                    all.signed.append(&mut read.signed);
                    all.places.join(read.places);
                }
                Err((at, error)) => {
                    if first_error.as_ref().is_none_or(|(first, _)| at < *first) {
                        first_error = Some((at, error));
                    }
                }
            }
        }
        first_error.map_or(Ok(all), |(_, error)| Err(error))
    }

    async fn audit_chunk(
        &self,
        first: u64,
        count: u64,
        size: u64,
        sizes: &BTreeSet<u64>,
        read: &mut Read,
    ) -> Result<(), AuditError> {
        let limit = BUNDLES.min(count - first);
        let bundles: Result<Vec<(u64, Vec<u8>)>, StoreError> = ask!(self, bundles, first, limit);
        let tiles: Result<Vec<(u64, Vec<u8>)>, StoreError> = ask!(self, tile_row, 0, first, limit);
        let mut tiles = tiles?.into_iter();
        let mut bundles = bundles?.into_iter();
        for expected in first..first + limit {
            let start = expected * BUNDLE;
            let Some((_, bytes)) = bundles.next().filter(|(index, _)| *index == expected) else {
                return difference(format!("log entry {start} is missing"));
            };
            if start + BUNDLE > size {
                return difference(format!("log entry {start} is bundled and not signed"));
            }
            let mut part = Part::default();
            for (index, entry) in (start..).zip(split(start, BUNDLE, &bytes)?) {
                let leaf = tlog::leaf_hash(entry);
                part.add(leaf, index + 1, sizes)?;
                read.places.add(&leaf, index);
            }
            let tile = tiles.next().filter(|(index, _)| *index == expected);
            compare_tile(
                0,
                expected,
                &part.leaves,
                tile.map(|(_, bytes)| bytes),
                BUNDLE,
            )?;
            read.roots.insert(expected, part.edge.root());
            read.signed.extend(part.signed);
        }
        Ok(())
    }

    /// Reads the staged rows, which go on where the bundles end; returns the leaf hashes of the parts from there on.
    async fn audit_staged(
        &self,
        bundles: u64,
        size: u64,
        sizes: &BTreeSet<u64>,
        heads: &Heads,
        read: &mut Read,
    ) -> Result<BTreeMap<u64, Vec<u8>>, AuditError> {
        let mut tiles = BTreeMap::new();
        let start = bundles * BUNDLE;
        let mut part = Part::default();
        let mut at = start;
        // The first row may begin with entries that are in a bundle too.
        let mut next: Option<u64> = None;
        loop {
            let rows: Result<_, StoreError> =
                ask!(self, staged_page, next.unwrap_or(start), STAGED_ROWS);
            let rows: Vec<crate::sqlite::queries::StagedRow> = rows?;
            let rows: Vec<_> = rows
                .into_iter()
                .filter(|(first, ..)| next.is_none_or(|next| *first >= next))
                .collect();
            if rows.is_empty() {
                break;
            }
            for (first, count, leaves, bytes) in rows {
                let end = first.saturating_add(count);
                // Only the first row may begin earlier: with entries that are in a bundle too.
                let is_next = next.map_or(first <= start, |next| first == next);
                if !is_next {
                    let missing = next.unwrap_or(start);
                    return difference(format!("log entry {missing} is missing"));
                }
                // A row without entries would be asked for again and again.
                if end <= start || end == first {
                    return difference(format!("log entry {first} is staged and bundled"));
                }
                for ((index, entry), stored) in (first..)
                    .zip(split(first, count, &bytes)?)
                    .zip(leaves.chunks(HASH_BYTES))
                {
                    let leaf = tlog::leaf_hash(entry);
                    if leaf.as_bytes()[..] != *stored {
                        return difference(format!("log entry {index} has another leaf hash"));
                    }
                    if index < start {
                        continue;
                    }
                    part.add(leaf, index + 1, sizes)?;
                    if index < size {
                        read.places.add(&leaf, index);
                    }
                    at = index + 1;
                    if at.is_multiple_of(BUNDLE) {
                        let full = std::mem::take(&mut part);
                        read.roots.insert(index / BUNDLE, full.edge.root());
                        read.signed.extend(full.signed);
                        tiles.insert(index / BUNDLE, full.leaves);
                    }
                }
                next = Some(end);
            }
        }
        if !part.leaves.is_empty() {
            read.signed.extend(part.signed);
            tiles.insert(at / BUNDLE, part.leaves);
        }
        if at != heads.of("entries")?.0 {
            return difference(format!("log entry {at} is missing"));
        }
        Ok(tiles)
    }

    /// Compares the tiles that no bundle goes with, and those above the lowest level.
    ///
    /// Tiles may go beyond the newest checkpoint, when a process died before it could store the next one; then all of
    /// them are those of one size.
    async fn audit_tiles(
        &self,
        size: u64,
        end: u64,
        last: BTreeMap<u64, Vec<u8>>,
        upper: &BTreeMap<u8, Vec<u8>>,
    ) -> Result<(), AuditError> {
        let totals: Result<Vec<(u8, u64, u64)>, StoreError> = ask!(self, tile_totals);
        let totals = totals?;
        let grown = totals
            .first()
            .filter(|(level, ..)| *level == 0)
            .map_or(0, |(_, _, hashes)| *hashes);
        if grown < size || grown > end {
            return difference(format!(
                "{grown} leaf hashes are in tiles, and {size} are signed"
            ));
        }
        for (index, leaves) in &last {
            let width = grown.saturating_sub(index * BUNDLE).min(BUNDLE);
            let tile: Result<Vec<(u64, Vec<u8>)>, StoreError> = ask!(self, tile_row, 0, *index, 1);
            let tile = tile?.into_iter().find(|(found, _)| found == index);
            compare_tile(0, *index, leaves, tile.map(|(_, bytes)| bytes), width)?;
        }
        for (level, tiles, hashes) in totals {
            let expected = grown.checked_shr(8 * u32::from(level)).unwrap_or(0);
            if hashes != expected || tiles != expected.div_ceil(BUNDLE) {
                return difference(format!(
                    "{hashes} hashes are in {tiles} tiles of level {level}, instead of {expected}"
                ));
            }
        }
        for level in 1..8 {
            let count = grown.checked_shr(8 * u32::from(level)).unwrap_or(0);
            let made = upper.get(&level).map_or(&[][..], Vec::as_slice);
            let mut first = 0;
            while first < count.div_ceil(BUNDLE) {
                let rows: Result<Vec<(u64, Vec<u8>)>, StoreError> =
                    ask!(self, tile_row, level, first, PAGE);
                let mut rows = rows?.into_iter();
                for index in first..(first + PAGE).min(count.div_ceil(BUNDLE)) {
                    let start = usize::try_from(index * BUNDLE).unwrap_or(usize::MAX);
                    let made = made.get(start.saturating_mul(HASH_BYTES)..).unwrap_or(&[]);
                    let width = (count - index * BUNDLE).min(BUNDLE);
                    let row = rows.next().filter(|(found, _)| *found == index);
                    compare_tile(level, index, made, row.map(|(_, bytes)| bytes), width)?;
                }
                first += PAGE;
            }
        }
        Ok(())
    }
}

/// A stored tile must have `width` hashes, the first of `made`.
fn compare_tile(
    level: u8,
    index: u64,
    made: &[u8],
    stored: Option<Vec<u8>>,
    width: u64,
) -> Result<(), AuditError> {
    let stored = stored.unwrap_or_default();
    let expected = usize::try_from(width)
        .ok()
        .and_then(|width| made.get(..width * HASH_BYTES));
    if expected == Some(stored.as_slice()) {
        return Ok(());
    }
    if stored.is_empty() {
        return difference(format!("tile {index} of level {level} is missing"));
    }
    let expected = expected.unwrap_or_default();
    let at = (0..width)
        .zip(stored.chunks(HASH_BYTES).zip(expected.chunks(HASH_BYTES)))
        .find_map(|(at, (stored, made))| (stored != made).then_some(at));
    match at {
        Some(at) if level == 0 => difference(format!(
            "log entry {} has another leaf hash than its tile",
            index * BUNDLE + at
        )),
        _ => difference(format!(
            "tile {index} of level {level} has other hashes than the log's entries"
        )),
    }
}

/// Makes every signed root again, and returns the hashes of the tiles above the lowest level.
fn check_roots(
    read: &Read,
    roots: &BTreeMap<u64, Hash>,
) -> Result<BTreeMap<u8, Vec<u8>>, AuditError> {
    let fault = |error: tlog::TreeError| AuditError::Difference {
        what: error.to_string(),
    };
    let mut upper: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    let mut edge = Frontier::new();
    let mut signed = read.signed.iter().peekable();
    let mut check = |edge: &Frontier, up_to: u64| -> Result<(), AuditError> {
        while let Some((&size, part)) = signed.next_if(|(size, _)| **size <= up_to) {
            // The part's own edge stands to the right of that of the parts before it.
            let mut hashes = edge.hashes().to_vec();
            hashes.extend_from_slice(part.hashes());
            let made = Frontier::from_hashes(size, hashes).map_err(fault)?.root();
            if roots.get(&size) != Some(&made) {
                return difference(format!(
                    "the first {size} log entries have another root than was signed"
                ));
            }
        }
        Ok(())
    };
    for (&index, root) in &read.roots {
        check(&edge, index * BUNDLE + BUNDLE - 1)?;
        for node in edge.append(*root).map_err(fault)? {
            if node.level.is_multiple_of(8) {
                let hashes = upper.entry(1 + node.level / 8).or_default();
                hashes.extend_from_slice(node.hash.as_bytes());
            }
        }
        let end = (index + 1) * BUNDLE;
        if let Some(signed) = roots.get(&end)
            && Frontier::from_hashes(end, edge.hashes().to_vec())
                .map_err(fault)?
                .root()
                != *signed
        {
            return difference(format!(
                "the first {end} log entries have another root than was signed"
            ));
        }
    }
    check(&edge, u64::MAX)?;
    Ok(upper)
}

/// Opens every checkpoint, on several threads.
async fn signed_roots(
    checkpoints: Vec<(u64, String)>,
    log: &Verifier,
) -> Result<BTreeMap<u64, Hash>, AuditError> {
    let each = checkpoints.len().div_ceil(threads()).max(1);
    let mut tasks = Vec::new();
    for part in checkpoints.chunks(each) {
        let (part, log) = (part.to_vec(), log.clone());
        tasks.push(tokio::task::spawn_blocking(move || {
            let mut roots = BTreeMap::new();
            for (size, note) in part {
                let checkpoint =
                    Checkpoint::open(&note, &log).map_err(|error| AuditError::Difference {
                        what: format!("checkpoint {size}: {error}"),
                    })?;
                if checkpoint.size() != size {
                    return difference(format!("checkpoint {size} is of another size"));
                }
                roots.insert(size, checkpoint.root());
            }
            Ok(roots)
        }));
    }
    let mut roots = BTreeMap::new();
    for task in tasks {
        roots.append(&mut task.await.map_err(|_| StoreError::Interrupted)??);
    }
    Ok(roots)
}

fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .clamp(1, THREADS_MAX)
}

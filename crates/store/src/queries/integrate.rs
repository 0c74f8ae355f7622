//! Growing the log: the lease, new tiles, the read-back, the checkpoint.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, query, query_as};
use tlog::{Checkpoint, Growth, Hash, Tile, Verifier, empty_root, tiles_for_root};

use super::super::{Db, STANDING, Writers, begin_read, begin_write, writer};
use super::log::{staged_rows, tiles};
use super::{Connection, Pool, ROWS_MAX, clamped, signed, unsigned};
use crate::batch::checkpoint_chain;
use crate::entries::{BUNDLE, split};
use crate::error::{LogError, StoreError};
use crate::integrate::{Growing, Grown, Signed};
use crate::lease::{Claim, LEASE_MAX, is_dead};
use crate::tiles::{TileKey, place_prefix};

/// Rows of staged entries read at once: each has up to about 1 MiB.
const STAGED_ROWS: u64 = 32;

/// Takes the lease, and stores the tiles of all entries that were committed, in one transaction.
pub(crate) async fn grow(
    writers: &Writers,
    log: &Verifier,
    claim: &Claim,
) -> Result<Growing, LogError> {
    let mut connection = writer(writers).await?;
    let mut tx = begin_write(&mut connection).await?;
    let standing = Standing::read(&mut tx).await?;
    let (old_size, old_root) = standing.signed_tree(log)?;
    let end = standing.entries;
    if end == old_size {
        return Ok(Growing::Nothing);
    }
    let Some(token) = standing.take_lease(&mut tx, claim).await? else {
        return Ok(Growing::Held);
    };
    let mut growth = resume(&mut tx, old_size, &old_root).await?;
    let mut places = Vec::new();
    let mut staged = Staged::from(old_size);
    while let Some(page) = staged.page(&mut tx, end).await? {
        for (index, leaf, _) in page {
            growth.append(leaf).map_err(LogError::refused)?;
            places.push((place_prefix(&leaf), signed(index)?));
        }
        write_places(&mut tx, &mut places).await?;
    }
    let (size, root) = (growth.size(), growth.root());
    write_tiles(&mut tx, growth.into_tiles()).await?;
    // CRASH: before this commit, the log is as it was; after it, tiles are there that no checkpoint covers. Nobody is
    // shown them, and the next run makes the same ones again from the same entries.
    tx.commit().await?;
    Ok(Growing::Grown(Grown {
        old_size,
        old_root,
        size,
        root,
        token,
    }))
}

/// Reads entries and tiles of a growth as they are stored now, and makes the root from them again.
pub(crate) async fn check_growth(pool: &Pool, grown: &Grown) -> Result<(), LogError> {
    let mut tx = begin_read(pool).await?;
    let mut growth = resume(&mut tx, grown.old_size, &grown.old_root).await?;
    let mut staged = Staged::from(grown.old_size);
    while let Some(page) = staged.page(&mut tx, grown.size).await? {
        for (_, leaf, _) in page {
            growth.append(leaf).map_err(LogError::refused)?;
        }
    }
    if growth.size() != grown.size || growth.root() != grown.root {
        return Err(LogError::Diverged { size: grown.size });
    }
    let grown_tiles = growth.into_tiles();
    let stored = tiles(&mut tx, &keys_of(&grown_tiles)).await?;
    for (tile, bytes) in grown_tiles {
        if stored.bytes(tile) != Some(bytes.as_slice()) {
            return Err(LogError::Diverged { size: grown.size });
        }
    }
    Ok(())
}

fn keys_of(tiles: &BTreeMap<Tile, Vec<u8>>) -> Vec<TileKey> {
    tiles
        .keys()
        .map(|tile| (tile.level(), tile.index()))
        .collect()
}

/// Stores a signed checkpoint, if the lease is still that of its growth, and ends the lease.
pub(crate) async fn publish(
    writers: &Writers,
    signed_by: &Signed,
    claim: &Claim,
) -> Result<(), LogError> {
    let Signed { grown, note } = signed_by;
    let mut connection = writer(writers).await?;
    let mut tx = begin_write(&mut connection).await?;
    let (holder, token, newest, count, digest): (String, i64, i64, i64, Vec<u8>) = query_as(
        "SELECT leases.holder, leases.token, (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints), heads.count, heads.digest
         FROM leases, heads WHERE leases.name = 'integrate' AND heads.name = 'checkpoints'",
    )
    .fetch_one(&mut *tx)
    .await?;
    let (token, newest) = (
        unsigned(token, "lease token")?,
        unsigned(newest, "log size")?,
    );
    if holder != claim.holder || token != grown.token || newest != grown.old_size {
        return Err(LogError::LeaseLost);
    }
    query("INSERT INTO log_checkpoints (size, note) VALUES ($1, $2)")
        .bind(signed(grown.size)?)
        .bind(note)
        .execute(&mut *tx)
        .await?;
    query("UPDATE heads SET count = $1, digest = $2 WHERE name = 'checkpoints'")
        .bind(count + 1)
        .bind(&checkpoint_chain(&digest, grown.size, note)[..])
        .execute(&mut *tx)
        .await?;
    bundle(&mut tx, grown.old_size, grown.size).await?;
    query("UPDATE leases SET expires_ms = 0 WHERE name = 'integrate'")
        .execute(&mut *tx)
        .await?;
    // CRASH: before this commit, the checkpoint was seen by nobody, and the next run signs the same tree or a longer
    // one; after it, the checkpoint is there with everything below it, whether or not anybody was told.
    tx.commit().await?;
    Ok(())
}

/// How the log stands before it grows.
struct Standing {
    /// Size and note of the newest checkpoint.
    newest: Option<(u64, String)>,
    /// Entries that were ever committed.
    entries: u64,
    holder: String,
    token: u64,
    expires_ms: i64,
    now_ms: i64,
}

type StandingRow = (Option<i64>, Option<String>, i64, String, i64, i64, i64);

impl Standing {
    async fn read(tx: &mut Connection) -> Result<Self, StoreError> {
        let (size, note, entries, holder, token, expires_ms, now_ms): StandingRow =
            query_as(STANDING).fetch_one(&mut *tx).await?;
        let newest = match size.zip(note) {
            Some((size, note)) => Some((unsigned(size, "log size")?, note)),
            None => None,
        };
        Ok(Self {
            newest,
            entries: unsigned(entries, "log size")?,
            holder,
            token: unsigned(token, "lease token")?,
            expires_ms,
            now_ms,
        })
    }

    /// Size and root of the newest checkpoint, which this key must have signed.
    fn signed_tree(&self, log: &Verifier) -> Result<(u64, Hash), LogError> {
        let Some((size, note)) = &self.newest else {
            return Ok((0, empty_root()));
        };
        let old = Checkpoint::open(note, log).map_err(|_| LogError::OtherKey)?;
        if old.size() != *size {
            return Err(LogError::Diverged { size: *size });
        }
        Ok((*size, old.root()))
    }

    /// The token of the lease, which is ours then; `None` while somebody else has it.
    async fn take_lease(
        &self,
        tx: &mut Connection,
        claim: &Claim,
    ) -> Result<Option<u64>, StoreError> {
        let longest = i64::try_from(LEASE_MAX.as_millis()).unwrap_or(i64::MAX);
        // An end that is further away than any lease lasts was written before the clock went back.
        let is_running =
            self.expires_ms > self.now_ms && self.expires_ms <= self.now_ms.saturating_add(longest);
        if is_running && self.holder != claim.holder && !is_dead(&self.holder) {
            return Ok(None);
        }
        let token = self.token.saturating_add(1);
        let length = i64::try_from(claim.length.min(LEASE_MAX).as_millis()).unwrap_or(longest);
        query(
            "UPDATE leases SET holder = $1, token = $2, expires_ms = $3 WHERE name = 'integrate'",
        )
        .bind(&claim.holder)
        .bind(signed(token)?)
        .bind(self.now_ms.saturating_add(length))
        .execute(&mut *tx)
        .await?;
        Ok(Some(token))
    }
}

/// Takes up the signed tree from its tiles. One that no longer matches what was signed must not be grown.
async fn resume(tx: &mut Connection, size: u64, root: &Hash) -> Result<Growth, LogError> {
    let edge: Vec<_> = tiles_for_root(size)
        .iter()
        .map(|tile| (tile.level(), tile.index()))
        .collect();
    Growth::resume(tiles(tx, &edge).await?, size, root).map_err(|_| LogError::Diverged { size })
}

/// Reads staged entries in order, each checked against the leaf hash that was stored when it was committed.
struct Staged {
    next: u64,
}

impl Staged {
    fn from(next: u64) -> Self {
        Self { next }
    }

    /// The next entries below `end`, with their leaf hashes; `None` when all were read.
    async fn page(
        &mut self,
        tx: &mut Connection,
        end: u64,
    ) -> Result<Option<Vec<(u64, Hash, Vec<u8>)>>, LogError> {
        if self.next >= end {
            return Ok(None);
        }
        let before = self.next;
        let mut page = Vec::new();
        for (first, count, leaves, bytes) in staged_rows(tx, before, STAGED_ROWS).await? {
            let entries = split(first, count, &bytes)?;
            for ((index, entry), leaf) in (first..).zip(entries).zip(leaves.chunks(32)) {
                if index != self.next || index >= end {
                    continue;
                }
                let hash = tlog::leaf_hash(entry);
                if hash.as_bytes()[..] != *leaf {
                    // It was acknowledged with another hash: a checkpoint over it could not be kept.
                    return Err(LogError::Entry { index });
                }
                page.push((index, hash, entry.to_vec()));
                self.next += 1;
            }
        }
        if self.next == before {
            return Err(LogError::Entry { index: before });
        }
        Ok(Some(page))
    }
}

async fn write_places(tx: &mut Connection, places: &mut Vec<(i64, i64)>) -> Result<(), StoreError> {
    for rows in places.chunks(ROWS_MAX) {
        QueryBuilder::<Db>::new("INSERT INTO log_places (prefix, idx) ")
            .push_values(rows, |mut row, (prefix, index)| {
                row.push_bind(*prefix).push_bind(*index);
            })
            // A run that died before its checkpoint may have written them.
            .push(" ON CONFLICT (prefix, idx) DO NOTHING")
            .build()
            .execute(&mut *tx)
            .await?;
    }
    places.clear();
    Ok(())
}

async fn write_tiles(tx: &mut Connection, grown: BTreeMap<Tile, Vec<u8>>) -> Result<(), LogError> {
    let stored = tiles(tx, &keys_of(&grown)).await?;
    let mut rows = Vec::new();
    for (tile, mut bytes) in grown {
        // A run that died before its checkpoint may have left a wider one; where both have hashes they are the same.
        if let Some(stored) = stored.all((tile.level(), tile.index())) {
            let both = stored.len().min(bytes.len());
            if stored.get(..both) != bytes.get(..both) {
                return Err(LogError::Tile {
                    level: tile.level(),
                    index: tile.index(),
                });
            }
            if stored.len() > bytes.len() {
                bytes = stored.to_vec();
            }
        }
        rows.push((i64::from(tile.level()), signed(tile.index())?, bytes));
    }
    for rows in rows.chunks(ROWS_MAX) {
        QueryBuilder::<Db>::new("INSERT INTO log_tiles (level, idx, hashes) ")
            .push_values(rows, |mut row, (level, index, hashes)| {
                row.push_bind(*level)
                    .push_bind(*index)
                    .push_bind(hashes.as_slice());
            })
            .push(" ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes")
            .build()
            .execute(&mut *tx)
            .await
            .map_err(StoreError::from)?;
    }
    Ok(())
}

/// Puts signed entries from staged rows into full bundles, as far as there are 256 of them.
async fn bundle(tx: &mut Connection, old_size: u64, size: u64) -> Result<(), LogError> {
    let (first, end) = (old_size / BUNDLE * BUNDLE, size / BUNDLE * BUNDLE);
    let mut staged = Staged::from(first);
    let mut bundle = Vec::new();
    while let Some(page) = staged.page(tx, end).await? {
        for (index, _, entry) in page {
            bundle.push(entry);
            if bundle.len() as u64 == BUNDLE {
                let bytes = tlog::encode_entries(&bundle).map_err(LogError::refused)?;
                query("INSERT INTO log_bundles (idx, entries) VALUES ($1, $2)")
                    .bind(signed(index / BUNDLE)?)
                    .bind(bytes)
                    .execute(&mut *tx)
                    .await?;
                bundle.clear();
            }
        }
    }
    if end > first {
        query("DELETE FROM log_staged WHERE first + count <= $1")
            .bind(clamped(end))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

//! Growing the log: new tiles, the lease, the read-back, the checkpoint.

use std::collections::BTreeMap;

use tlog::{Checkpoint, Growth, Hash, Tile, Verifier, empty_root, tiles_for_root};

use super::super::{STANDING, WriteTx, Writers, begin_read, writer};
use super::log::{staged_rows, tiles};
use super::script::{Script, Statement, Value, ask, begin};
use super::{Connection, Pool, ROWS_MAX, clamped, signed, unsigned};
use crate::batch::checkpoint_chain;
use crate::entries::{BUNDLE, split};
use crate::error::{LogError, StoreError};
use crate::integrate::{Growing, Grown, NewGrowth, Signed};
use crate::lease::{Claim, LEASE_MAX, is_dead};
use crate::tiles::{TileKey, place_prefix};

/// Rows of staged entries read at once: each has up to about 1 MiB.
const STAGED_ROWS: u64 = 32;
/// Places that are written in a transaction apart.
const PLACES_AT_ONCE: usize = 64;
/// More places than this are written together: what is quickest as a whole is best for whoever logs so much.
const PLACES_APART_MAX: usize = 4096;

/// Takes the lease, and stores what a growth has made, in one transaction; `None` when another process has published a
/// checkpoint since it was made.
pub(crate) async fn store_growth(
    writers: &Writers,
    mut growth: NewGrowth,
    log: &Verifier,
    claim: &Claim,
) -> Result<Option<Growing>, LogError> {
    if growth.places.len() <= PLACES_APART_MAX {
        store_places(writers, std::mem::take(&mut growth.places)).await?;
    }
    let (tx, rows) = begin(writers, Standing::asked()).await?;
    let standing = Standing::of(rows)?;
    if standing.signed_tree(log)? != (growth.old_size, growth.old_root) {
        return Ok(None);
    }
    let mut script = Script::default();
    let Some(token) = standing.take_lease(&mut script, claim)? else {
        return Ok(Some(Growing::Held));
    };
    let grown = Grown {
        old_size: growth.old_size,
        old_root: growth.old_root,
        size: growth.size,
        root: growth.root,
        token,
    };
    write(growth, &mut script)?;
    // CRASH: before this commit, the log is as it was; after it, tiles are there that no checkpoint covers. Nobody is
    // shown them, and the next run makes the same ones again from the same entries.
    script.commit(tx).await?;
    Ok(Some(Growing::Grown(grown)))
}

/// Makes the tiles of all entries that are committed, from one state of the database; `None` when there is nothing to
/// grow.
pub(crate) async fn prepare_growth(
    pool: &Pool,
    log: &Verifier,
) -> Result<Option<NewGrowth>, LogError> {
    let mut tx = begin_read(pool).await?;
    let standing = Standing::of(ask(&mut tx, Standing::asked()).await?)?;
    let (old_size, old_root) = standing.signed_tree(log)?;
    let end = standing.entries;
    if end == old_size {
        return Ok(None);
    }
    let mut growth = resume(&mut tx, old_size, &old_root).await?;
    let mut places = Vec::new();
    let mut staged = Staged::from(old_size);
    while let Some(page) = staged.page(&mut tx, end).await? {
        for (index, leaf, _) in page {
            growth.append(leaf).map_err(LogError::refused)?;
            places.push((place_prefix(&leaf), index));
        }
    }
    let (size, root) = (growth.size(), growth.root());
    let tiles = growth.into_tiles();
    check_stored(&mut tx, &tiles).await?;
    Ok(Some(NewGrowth {
        old_size,
        old_root,
        size,
        root,
        places,
        tiles,
    }))
}

/// Stores where leaves stand, a few in each transaction, so that nobody waits for all of them: each is written to
/// another page.
///
/// Entries have their places since they were committed. So whoever writes them writes the same, and it does no harm
/// if no checkpoint follows.
async fn store_places(writers: &Writers, places: Vec<(i64, u64)>) -> Result<(), StoreError> {
    for some in places.chunks(PLACES_AT_ONCE) {
        let mut script = Script::default();
        write_places(some, &mut script)?;
        // CRASH: before each of these, those before it are there, which no checkpoint covers and nobody is shown.
        script.run(&mut *writer(writers).await?).await?;
    }
    Ok(())
}

fn write_places(places: &[(i64, u64)], script: &mut Script<'_>) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(places.len());
    for (prefix, index) in places {
        rows.push([Value::Number(*prefix), Value::Number(signed(*index)?)]);
    }
    // A run that died before its checkpoint, or another process, may have written them.
    let after = "ON CONFLICT (prefix, idx) DO NOTHING";
    script.insert("INSERT INTO log_places (prefix, idx)", rows, after);
    Ok(())
}

fn write(growth: NewGrowth, script: &mut Script<'_>) -> Result<(), StoreError> {
    for places in growth.places.chunks(ROWS_MAX) {
        write_places(places, script)?;
    }
    let mut tiles = growth.tiles.into_iter().peekable();
    while tiles.peek().is_some() {
        let mut rows = Vec::new();
        for (tile, bytes) in tiles.by_ref().take(ROWS_MAX) {
            rows.push([
                Value::Number(i64::from(tile.level())),
                Value::Number(signed(tile.index())?),
                Value::bytes(bytes),
            ]);
        }
        script.insert(
            "INSERT INTO log_tiles (level, idx, hashes)",
            rows,
            // The same holds of wider ones. What is there then is read back before anything is signed.
            "ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes
             WHERE length(excluded.hashes) > length(log_tiles.hashes)",
        );
    }
    Ok(())
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
    let first = Statement {
        text: "SELECT leases.holder, leases.token, (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints), heads.count, heads.digest
         FROM leases, heads WHERE leases.name = 'integrate' AND heads.name = 'checkpoints'".into(),
        values: Vec::new(),
        rows: None,
    };
    let (mut tx, mut rows) = begin::<LeaseRow>(writers, first).await?;
    let missing = || StoreError::damaged("the head of the checkpoints is missing");
    let (holder, token, newest, count, digest) = rows.pop().ok_or_else(missing)?;
    let (token, newest) = (
        unsigned(token, "lease token")?,
        unsigned(newest, "log size")?,
    );
    if holder != claim.holder || token != grown.token || newest != grown.old_size {
        return Err(LogError::LeaseLost);
    }
    let mut script = Script::default();
    script.add(
        "INSERT INTO log_checkpoints (size, note) VALUES (?, ?)",
        vec![Value::Number(signed(grown.size)?), Value::text(note)],
        Some(1),
    );
    let digest = checkpoint_chain(&digest, grown.size, note).to_vec();
    script.add(
        "UPDATE heads SET count = ?, digest = ? WHERE name = 'checkpoints'",
        vec![Value::Number(count + 1), Value::bytes(digest)],
        Some(1),
    );
    script.add(
        "UPDATE leases SET expires_ms = 0 WHERE name = 'integrate'",
        vec![],
        Some(1),
    );
    let script = bundle(&mut tx, script, grown.old_size, grown.size).await?;
    // CRASH: before this commit, the checkpoint was seen by nobody, and the next run signs the same tree or a longer
    // one; after it, the checkpoint is there with everything below it, whether or not anybody was told.
    script.commit(tx).await?;
    Ok(())
}

/// Holder and token of the lease, size of the newest checkpoint, count and digest of all checkpoints.
type LeaseRow = (String, i64, i64, i64, Vec<u8>);

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
    fn asked() -> Statement<'static> {
        Statement {
            text: STANDING.into(),
            values: Vec::new(),
            rows: None,
        }
    }

    fn of(mut rows: Vec<StandingRow>) -> Result<Self, StoreError> {
        let row = rows.pop();
        let (size, note, entries, holder, token, expires_ms, now_ms) =
            row.ok_or_else(|| StoreError::damaged("the lease of the log is missing"))?;
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
    fn take_lease(
        &self,
        script: &mut Script<'_>,
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
        script.add(
            "UPDATE leases SET holder = ?, token = ?, expires_ms = ? WHERE name = 'integrate'",
            vec![
                Value::text(claim.holder.clone()),
                Value::Number(signed(token)?),
                Value::Number(self.now_ms.saturating_add(length)),
            ],
            Some(1),
        );
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

/// Whether tiles that are stored already are those that a growth has made. A run that died before its checkpoint may
/// have left wider ones; where both have hashes they are the same.
async fn check_stored(
    tx: &mut Connection,
    grown: &BTreeMap<Tile, Vec<u8>>,
) -> Result<(), LogError> {
    let stored = tiles(tx, &keys_of(grown)).await?;
    for (tile, bytes) in grown {
        let stored = stored.all((tile.level(), tile.index())).unwrap_or_default();
        let both = stored.len().min(bytes.len());
        if stored.get(..both) != bytes.get(..both) {
            return Err(LogError::Tile {
                level: tile.level(),
                index: tile.index(),
            });
        }
    }
    Ok(())
}

/// Puts signed entries from staged rows into full bundles, as far as there are 256 of them; what is left to be run.
async fn bundle<'a>(
    tx: &mut WriteTx<'_>,
    mut script: Script<'a>,
    old_size: u64,
    size: u64,
) -> Result<Script<'a>, LogError> {
    let (first, end) = (old_size / BUNDLE * BUNDLE, size / BUNDLE * BUNDLE);
    let mut staged = Staged::from(first);
    let mut bundle = Vec::new();
    while let Some(page) = staged
        .page(tx.connection().map_err(StoreError::from)?, end)
        .await?
    {
        for (index, _, entry) in page {
            bundle.push(entry);
            if bundle.len() as u64 == BUNDLE {
                let bytes = tlog::encode_entries(&bundle).map_err(LogError::refused)?;
                let index = Value::Number(signed(index / BUNDLE)?);
                let row = [index, Value::bytes(bytes)];
                script.insert("INSERT INTO log_bundles (idx, entries)", vec![row], "");
                bundle.clear();
            }
        }
        if script.is_large() {
            let connection = tx.connection().map_err(StoreError::from)?;
            std::mem::take(&mut script).run(connection).await?;
        }
    }
    if end > first {
        script.add(
            "DELETE FROM log_staged WHERE first + count <= ?",
            vec![Value::Number(clamped(end))],
            None,
        );
    }
    Ok(script)
}

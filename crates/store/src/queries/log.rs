//! Reading the log: checkpoints, entries, tiles, places.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, query_as, query_scalar};
use tlog::{Hash, HashReader as _};

use super::super::{Db, begin_read};
use super::{Connection, Pool, ROWS_MAX, clamped, unsigned};
use crate::entries::{BUNDLE, split};
use crate::error::{LogError, StoreError};
use crate::tiles::{Included, StoredTiles, TileKey, Wanted, place_prefix};

/// A row of staged entries: index of the first, how many, their leaf hashes, their bytes.
pub(crate) type StagedRow = (u64, u64, Vec<u8>, Vec<u8>);

pub(crate) async fn newest_checkpoint(
    connection: &mut Connection,
) -> Result<Option<(u64, String)>, StoreError> {
    let row: Option<(i64, String)> =
        query_as("SELECT size, note FROM log_checkpoints ORDER BY size DESC LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
    row.map(|(size, note)| Ok((unsigned(size, "log size")?, note)))
        .transpose()
}

pub(crate) async fn checkpoint(pool: &Pool) -> Result<Option<(u64, String)>, StoreError> {
    newest_checkpoint(&mut *pool.acquire().await?).await
}

pub(crate) async fn checkpoints(pool: &Pool) -> Result<Vec<(u64, String)>, StoreError> {
    let rows: Vec<(i64, String)> = query_as("SELECT size, note FROM log_checkpoints ORDER BY size")
        .fetch_all(pool)
        .await?;
    rows.into_iter()
        .map(|(size, note)| Ok((unsigned(size, "log size")?, note)))
        .collect()
}

pub(crate) async fn staged(pool: &Pool) -> Result<u64, StoreError> {
    let staged: i64 = query_scalar(
        "SELECT (SELECT count FROM heads WHERE name = 'entries')
              - (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints)",
    )
    .fetch_one(pool)
    .await?;
    unsigned(staged, "log size")
}

/// Full entry bundles from `first` on, in order.
pub(crate) async fn bundles(
    pool: &Pool,
    first: u64,
    limit: u64,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> =
        query_as("SELECT idx, entries FROM log_bundles WHERE idx >= $1 ORDER BY idx LIMIT $2")
            .bind(clamped(first))
            .bind(clamped(limit))
            .fetch_all(pool)
            .await?;
    rows.into_iter()
        .map(|(index, entries)| Ok((unsigned(index, "bundle index")?, entries)))
        .collect()
}

/// Number of full entry bundles.
pub(crate) async fn bundle_count(pool: &Pool) -> Result<u64, StoreError> {
    let count: i64 = query_scalar("SELECT COUNT(*) FROM log_bundles")
        .fetch_one(pool)
        .await?;
    unsigned(count, "number of bundles")
}

/// Rows of staged entries from the one that has entry `from` on, in order.
pub(crate) async fn staged_rows(
    connection: &mut Connection,
    from: u64,
    limit: u64,
) -> Result<Vec<StagedRow>, StoreError> {
    let rows: Vec<(i64, i64, Vec<u8>, Vec<u8>)> = query_as(
        "SELECT first, count, leaves, entries FROM log_staged
         WHERE first >= COALESCE((SELECT MAX(first) FROM log_staged WHERE first <= $1), 0)
         ORDER BY first LIMIT $2",
    )
    .bind(clamped(from))
    .bind(clamped(limit))
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter()
        .map(|(first, count, leaves, entries)| {
            Ok((
                unsigned(first, "log index")?,
                unsigned(count, "count")?,
                leaves,
                entries,
            ))
        })
        .collect()
}

pub(crate) async fn staged_page(
    pool: &Pool,
    from: u64,
    limit: u64,
) -> Result<Vec<StagedRow>, StoreError> {
    staged_rows(&mut *pool.acquire().await?, from, limit).await
}

/// Entries of the newest checkpoint's tree from `first` on, at most `limit`, all of one state.
pub(crate) async fn entries(
    pool: &Pool,
    first: u64,
    limit: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut tx = begin_read(pool).await?;
    let size = newest_checkpoint(&mut tx)
        .await?
        .map_or(0, |(size, _)| size);
    let end = first.saturating_add(limit).min(size);
    let mut found = Vec::new();
    let mut at = first;
    while at < end {
        let bundle: Option<Vec<u8>> =
            query_scalar("SELECT entries FROM log_bundles WHERE idx = $1")
                .bind(clamped(at / BUNDLE))
                .fetch_optional(&mut *tx)
                .await?;
        let rows = match bundle {
            Some(bytes) => vec![(at / BUNDLE * BUNDLE, BUNDLE, bytes)],
            None => {
                let rows = staged_rows(&mut tx, at, 64).await?;
                rows.into_iter()
                    .map(|(first, count, _, bytes)| (first, count, bytes))
                    .collect()
            }
        };
        let before = at;
        for (row, count, bytes) in rows {
            for (index, entry) in (row..).zip(split(row, count, &bytes)?) {
                if index == at && at < end {
                    found.push(entry.to_vec());
                    at += 1;
                }
            }
        }
        if at == before {
            return Err(StoreError::damaged(format!("log entry {at} is missing")));
        }
    }
    Ok(found)
}

/// The first index of a leaf hash in the newest checkpoint's tree.
pub(crate) async fn leaf_index(pool: &Pool, leaf: &Hash) -> Result<Option<u64>, StoreError> {
    let mut connection = pool.acquire().await?;
    let size = newest_checkpoint(&mut connection)
        .await?
        .map_or(0, |(size, _)| size);
    index_from(&mut connection, leaf, 0, size).await
}

/// The first index of a leaf hash from `from` on, below `size`.
async fn index_from(
    connection: &mut Connection,
    leaf: &Hash,
    mut from: u64,
    size: u64,
) -> Result<Option<u64>, StoreError> {
    loop {
        let next: Option<i64> = query_scalar(
            "SELECT idx FROM log_places WHERE prefix = $1 AND idx >= $2 AND idx < $3 ORDER BY idx LIMIT 1",
        )
        .bind(place_prefix(leaf))
        .bind(clamped(from))
        .bind(clamped(size))
        .fetch_optional(&mut *connection)
        .await?;
        let Some(index) = next else {
            return Ok(None);
        };
        let index = unsigned(index, "log index")?;
        if index < from {
            // A damaged index, which could go on like this for ever.
            return Err(StoreError::damaged("the places of leaf hashes"));
        }
        let tiles = tiles(connection, &[(0, index / BUNDLE)]).await?;
        if tiles.leaf(index) == Some(*leaf) {
            return Ok(Some(index));
        }
        from = index.saturating_add(1);
    }
}

/// The first indexes of leaf hashes in the tree of the first `size` entries, or of the newest checkpoint.
///
/// No transaction: below a checkpoint that was read before, places and tiles are there and stay, and a tile only grows.
pub(crate) async fn included(
    pool: &Pool,
    leaves: &[Hash],
    size: Option<u64>,
) -> Result<Included, LogError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let tx = &mut *connection;
    let (mut newest, mut note) = (0, String::new());
    let mut first: BTreeMap<i64, u64> = BTreeMap::new();
    if leaves.is_empty() {
        (newest, note) = newest_checkpoint(tx).await?.unwrap_or_default();
    }
    for some in leaves.chunks(ROWS_MAX) {
        // The newest checkpoint and the places below it, with one statement of one state.
        let mut ask = QueryBuilder::<Db>::new(
            "SELECT size, 0, note FROM log_checkpoints
             WHERE size = (SELECT MAX(size) FROM log_checkpoints)
             UNION ALL SELECT MIN(idx), prefix, '' FROM log_places
             WHERE idx < COALESCE(",
        );
        ask.push_bind(size.map(clamped))
            .push(", (SELECT MAX(size) FROM log_checkpoints)) AND prefix IN (");
        let mut prefixes = ask.separated(", ");
        for leaf in some {
            prefixes.push_bind(place_prefix(leaf));
        }
        let rows: Vec<(i64, i64, String)> = ask
            .push(") GROUP BY prefix")
            .build_query_as()
            .fetch_all(&mut *tx)
            .await
            .map_err(StoreError::from)?;
        for (number, prefix, text) in rows {
            let number = unsigned(number, "log index")?;
            if text.is_empty() {
                first.insert(prefix, number);
            } else if number > newest {
                (newest, note) = (number, text);
            }
        }
    }
    let size = size.unwrap_or(newest);
    if size > newest {
        return Err(LogError::NotYet { size });
    }
    // Entries that were logged since the first of several statements are not of the tree.
    first.retain(|_, index| *index < size);
    let wanted = Wanted::by(|reader| {
        for index in first.values() {
            // The tile of the leaf itself is not part of its proof.
            reader.hash(0, *index);
            let _ = tlog::inclusion_proof(reader, *index, size);
        }
    });
    let mut known = tiles(tx, &wanted).await?;
    let mut indexes = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let index = match first.get(&place_prefix(leaf)) {
            None => None,
            Some(index) if known.leaf(*index) == Some(*leaf) => Some(*index),
            Some(index) => {
                // The hash of another entry begins with the same eight bytes.
                let later = index_from(tx, leaf, index.saturating_add(1), size).await?;
                if let Some(later) = later {
                    let wanted = Wanted::by(|reader| tlog::inclusion_proof(reader, later, size));
                    known.join(tiles(tx, &wanted).await?);
                }
                later
            }
        };
        indexes.push(index);
    }
    Ok(Included {
        note,
        size,
        indexes,
        tiles: known,
    })
}

/// Tiles with a level and an index, as far as they are stored.
pub(crate) async fn tiles(
    connection: &mut Connection,
    wanted: &[TileKey],
) -> Result<StoredTiles, StoreError> {
    let mut found = BTreeMap::new();
    for keys in wanted.chunks(ROWS_MAX / 2) {
        let rows: Vec<(i64, i64, Vec<u8>)> = QueryBuilder::<Db>::new(
            "SELECT level, idx, hashes FROM log_tiles WHERE (level, idx) IN (",
        )
        .push_values(keys, |mut row, &(level, index)| {
            row.push_bind(i64::from(level)).push_bind(clamped(index));
        })
        .push(")")
        .build_query_as()
        .fetch_all(&mut *connection)
        .await?;
        for (level, index, hashes) in rows {
            let level = u8::try_from(level).map_err(|_| StoreError::damaged("a level of tiles"))?;
            found.insert((level, unsigned(index, "tile index")?), hashes);
        }
    }
    Ok(StoredTiles::new(found))
}

/// Tiles of one level from `first` on, in order.
pub(crate) async fn tile_row(
    pool: &Pool,
    level: u8,
    first: u64,
    limit: u64,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = query_as(
        "SELECT idx, hashes FROM log_tiles WHERE level = $1 AND idx >= $2 ORDER BY idx LIMIT $3",
    )
    .bind(i64::from(level))
    .bind(clamped(first))
    .bind(clamped(limit))
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(index, hashes)| Ok((unsigned(index, "tile index")?, hashes)))
        .collect()
}

/// Tiles with their widths, all levels: how many there are, and the hashes in them.
pub(crate) async fn tile_totals(pool: &Pool) -> Result<Vec<(u8, u64, u64)>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = query_as(
        "SELECT level, COUNT(*), CAST(SUM(length(hashes)) / 32 AS BIGINT) FROM log_tiles GROUP BY level ORDER BY level",
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(level, tiles, hashes)| {
            let level = u8::try_from(level).map_err(|_| StoreError::damaged("a level of tiles"))?;
            Ok((
                level,
                unsigned(tiles, "number of tiles")?,
                unsigned(hashes, "number of hashes")?,
            ))
        })
        .collect()
}

/// Sums over all places of leaf hashes below a size: see [`crate::tiles::PlaceSums`].
pub(crate) async fn place_sums(pool: &Pool, size: u64) -> Result<[i64; 5], StoreError> {
    let (count, high, low, index, both): (i64, i64, i64, i64, i64) = query_as(
        "SELECT COUNT(*),
                CAST(COALESCE(SUM(prefix >> 32), 0) AS BIGINT),
                CAST(COALESCE(SUM(prefix & 4294967295), 0) AS BIGINT),
                CAST(COALESCE(SUM(idx), 0) AS BIGINT),
                CAST(COALESCE(SUM((prefix & 65535) * (idx & 65535)), 0) AS BIGINT)
         FROM log_places WHERE idx < $1",
    )
    .bind(clamped(size))
    .fetch_one(pool)
    .await?;
    Ok([count, high, low, index, both])
}

/// The tiles that hold some subtrees, when a tree of `size` entries is signed. No transaction: see [`included`].
pub(crate) async fn proof_tiles(
    pool: &Pool,
    size: u64,
    wanted: &[TileKey],
) -> Result<StoredTiles, LogError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let newest = newest_checkpoint(&mut connection)
        .await?
        .map_or(0, |(size, _)| size);
    if size > newest {
        return Err(LogError::NotYet { size });
    }
    Ok(tiles(&mut connection, wanted).await?)
}

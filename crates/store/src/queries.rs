//! Every query of the store, once. This file is compiled twice, as a child of `sqlite` and of `postgres`, with `Db`
//! being the one or the other; SQL and placeholders (`$1`) are those that both understand.
//!
//! The queries are checked at run time, by the conformance suite that runs each of them on both databases, and not at
//! compile time: `query!` would need a second crate for each database, a committed description of every query, and
//! procedural macros in the slowest part of the build, for some thirty short statements.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{Database, QueryBuilder, query, query_as, query_scalar};
use tlog::{Checkpoint, Frontier, Hash, Node, Signer, TreeError};

use super::{Db, begin_read, begin_write};
use crate::batch::{Batch, NewEvent, Recorded, chain};
use crate::error::{CommitError, LogError, StoreError};
use crate::wanted::{NodeKey, Wanted};

type Connection = <Db as Database>::Connection;
type Pool = sqlx::Pool<Db>;

/// Rows in one statement, so that their parameters stay below both databases' limits.
const ROWS_MAX: usize = 1000;
const LATEST_TIME: &str = "store/latest-time";

/// Rows of the log, as an audit reads them.
pub(crate) type EntryRow = (u64, Vec<u8>, Vec<u8>);

// Writing.

pub(crate) async fn commit(pool: &Pool, batch: &Batch) -> Result<(), CommitError> {
    let mut tx = begin_write(pool).await?;
    // CRASH: until the commit at the end, nothing of the batch is there after a restart.
    append_events(&mut tx, &batch.events).await?;
    for (id, bytes) in &batch.blobs {
        query("INSERT INTO blobs (id, bytes) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(id)
            .bind(bytes)
            .execute(&mut *tx)
            .await?;
    }
    stage_leaves(&mut tx, &batch.leaves).await?;
    for (case, record) in &batch.index {
        query(
            "INSERT INTO index_records (case_id, record) VALUES ($1, $2)
             ON CONFLICT (case_id) DO UPDATE SET record = excluded.record",
        )
        .bind(case)
        .bind(record)
        .execute(&mut *tx)
        .await?;
    }
    for (name, value) in &batch.meta {
        write_meta(&mut tx, &format!("user/{name}"), value).await?;
    }
    if let Some(now) = batch.seen_at {
        see_time(&mut tx, now).await?;
    }
    // CRASH: during the commit, the database keeps all of the batch or nothing; after it, all of it, since the
    // database has synced its log before it says so. The caller was told nothing in the first case.
    tx.commit().await?;
    Ok(())
}

async fn append_events(tx: &mut Connection, events: &[NewEvent]) -> Result<(), CommitError> {
    if events.is_empty() {
        return Ok(());
    }
    let last: Option<(i64, Vec<u8>)> =
        query_as("SELECT sequence, chain FROM events ORDER BY sequence DESC LIMIT 1")
            .fetch_optional(&mut *tx)
            .await?;
    let (last, mut digest) = last.unwrap_or((0, vec![0; 32]));
    let mut sequence = unsigned(last, "sequence")?;
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        let found = match versions.get(event.stream.as_str()) {
            Some(version) => *version,
            None => version(tx, &event.stream).await?,
        };
        if found.checked_add(1) != Some(event.version) {
            return Err(CommitError::Conflict {
                stream: event.stream.clone(),
                version: event.version,
                found,
            });
        }
        versions.insert(&event.stream, event.version);
        sequence += 1;
        let at = event.at.to_string();
        digest = chain(&digest, sequence, event, &at).to_vec();
        query(
            "INSERT INTO events (sequence, stream, version, at, kind, body, chain)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(signed(sequence)?)
        .bind(&event.stream)
        .bind(signed(event.version)?)
        .bind(&at)
        .bind(&event.kind)
        .bind(&event.body)
        .bind(&digest)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn version(tx: &mut Connection, stream: &str) -> Result<u64, StoreError> {
    let version: i64 =
        query_scalar("SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = $1")
            .bind(stream)
            .fetch_one(&mut *tx)
            .await?;
    unsigned(version, "version")
}

/// Entries get their place in the log here, in the order of commits; they are in a tree once a checkpoint covers them.
async fn stage_leaves(tx: &mut Connection, leaves: &[Vec<u8>]) -> Result<(), StoreError> {
    if leaves.is_empty() {
        return Ok(());
    }
    let next: i64 = query_scalar("SELECT COALESCE(MAX(idx) + 1, 0) FROM log_entries")
        .fetch_one(&mut *tx)
        .await?;
    let rows: Vec<_> = (next..).zip(leaves).collect();
    for rows in rows.chunks(ROWS_MAX) {
        QueryBuilder::<Db>::new("INSERT INTO log_entries (idx, leaf, entry) ")
            .push_values(rows, |mut row, (index, entry)| {
                row.push_bind(*index)
                    .push_bind(tlog::leaf_hash(entry).as_bytes().to_vec())
                    .push_bind(entry.as_slice());
            })
            .build()
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

async fn write_meta(tx: &mut Connection, name: &str, value: &str) -> Result<(), StoreError> {
    query(
        "INSERT INTO meta (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Moves the latest time forward, never back, and returns it.
async fn see_time(tx: &mut Connection, now: Timestamp) -> Result<Timestamp, StoreError> {
    let seen = read_time(tx).await?;
    match seen {
        Some(seen) if seen >= now => Ok(seen),
        _ => {
            write_meta(tx, LATEST_TIME, &now.to_string()).await?;
            Ok(now)
        }
    }
}

pub(crate) async fn see(pool: &Pool, now: Timestamp) -> Result<Timestamp, StoreError> {
    let mut tx = begin_write(pool).await?;
    let latest = see_time(&mut tx, now).await?;
    tx.commit().await?;
    Ok(latest)
}

/// Puts all staged entries under a new signed checkpoint.
pub(crate) async fn integrate(
    pool: &Pool,
    signer: &Signer,
) -> Result<Option<Checkpoint>, LogError> {
    // The write lock makes this the only process that integrates, and no commit stages entries meanwhile.
    let mut tx = begin_write(pool).await?;
    let mut frontier = match newest_checkpoint(&mut tx).await? {
        None => Frontier::new(),
        Some((size, note)) => {
            let old =
                Checkpoint::open(&note, &signer.verifier()).map_err(|_| LogError::OtherKey)?;
            let wanted = Wanted::by(|reader| Frontier::read(reader, size));
            let frontier = Frontier::read(&nodes(&mut tx, &wanted).await?, size)
                .map_err(|_| LogError::Diverged { size })?;
            // A log that no longer matches what it has signed must not sign anything more.
            if old.size() != size || old.root() != frontier.root() {
                return Err(LogError::Diverged { size });
            }
            frontier
        }
    };
    let before = frontier.size();
    loop {
        let page = entry_page(&mut tx, frontier.size(), ROWS_MAX as u64).await?;
        if page.is_empty() {
            break;
        }
        let mut made = Vec::new();
        for (index, leaf, entry) in page {
            let hash = tlog::leaf_hash(&entry);
            if index != frontier.size() || hash.as_bytes()[..] != leaf[..] {
                return Err(StoreError::damaged(format!("staged log entry {index}")).into());
            }
            made.extend(frontier.append(hash).map_err(refused)?);
        }
        insert_nodes(&mut tx, &made).await?;
    }
    if frontier.size() == before {
        return Ok(None);
    }
    let checkpoint =
        Checkpoint::new(signer.name(), frontier.size(), frontier.root()).map_err(|error| {
            LogError::Refused {
                what: error.to_string(),
            }
        })?;
    let note = checkpoint.sign(signer).map_err(|error| LogError::Refused {
        what: error.to_string(),
    })?;
    query("INSERT INTO log_checkpoints (size, note) VALUES ($1, $2)")
        .bind(signed(frontier.size())?)
        .bind(note.to_text())
        .execute(&mut *tx)
        .await?;
    // CRASH: before this commit is durable, no hash and no checkpoint of this growth is there, nobody has seen the
    // signature, and the next run signs the same tree or a longer one; after it, everything is there.
    tx.commit().await?;
    Ok(Some(checkpoint))
}

async fn insert_nodes(tx: &mut Connection, made: &[Node]) -> Result<(), StoreError> {
    for rows in made.chunks(ROWS_MAX) {
        let rows = rows
            .iter()
            .map(|node| Ok((i64::from(node.level), signed(node.index)?, node.hash)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        QueryBuilder::<Db>::new("INSERT INTO log_hashes (level, idx, hash) ")
            .push_values(rows, |mut row, (level, index, hash)| {
                row.push_bind(level)
                    .push_bind(index)
                    .push_bind(hash.as_bytes().to_vec());
            })
            .build()
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

// Reading events, blobs and settings.

type EventRow = (i64, String, i64, String, String, String, Vec<u8>);

fn recorded(row: EventRow) -> Result<(Recorded, Vec<u8>), StoreError> {
    let (sequence, stream, version, at, kind, body, chain) = row;
    let sequence = unsigned(sequence, "sequence")?;
    let at = at
        .parse()
        .map_err(|_| StoreError::damaged(format!("the time of event {sequence}")))?;
    let version = unsigned(version, "version")?;
    Ok((
        Recorded {
            sequence,
            stream,
            version,
            at,
            kind,
            body,
        },
        chain,
    ))
}

fn without_chain(rows: Vec<EventRow>) -> Result<Vec<Recorded>, StoreError> {
    rows.into_iter()
        .map(|row| recorded(row).map(|(event, _)| event))
        .collect()
}

pub(crate) async fn events(
    pool: &Pool,
    stream: &str,
    after_version: u64,
) -> Result<Vec<Recorded>, StoreError> {
    let rows: Vec<EventRow> = query_as(
        "SELECT sequence, stream, version, at, kind, body, chain FROM events
         WHERE stream = $1 AND version > $2 ORDER BY version",
    )
    .bind(stream)
    .bind(clamped(after_version))
    .fetch_all(pool)
    .await?;
    without_chain(rows)
}

pub(crate) async fn events_under(
    pool: &Pool,
    prefix: &str,
    after_sequence: u64,
) -> Result<Vec<Recorded>, StoreError> {
    let rows: Vec<EventRow> = query_as(
        "SELECT sequence, stream, version, at, kind, body, chain FROM events
         WHERE stream >= $1 AND stream < $2 AND sequence > $3 ORDER BY sequence",
    )
    .bind(prefix)
    .bind(prefix_end(prefix))
    .bind(clamped(after_sequence))
    .fetch_all(pool)
    .await?;
    without_chain(rows)
}

pub(crate) async fn journal(
    pool: &Pool,
    after_sequence: u64,
    limit: u64,
) -> Result<Vec<(Recorded, Vec<u8>)>, StoreError> {
    let rows: Vec<EventRow> = query_as(
        "SELECT sequence, stream, version, at, kind, body, chain FROM events
         WHERE sequence > $1 ORDER BY sequence LIMIT $2",
    )
    .bind(clamped(after_sequence))
    .bind(clamped(limit))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(recorded).collect()
}

pub(crate) async fn streams(pool: &Pool, prefix: &str) -> Result<Vec<(String, u64)>, StoreError> {
    let rows: Vec<(String, i64)> = query_as(
        "SELECT stream, MAX(version) FROM events WHERE stream >= $1 AND stream < $2
         GROUP BY stream ORDER BY stream",
    )
    .bind(prefix)
    .bind(prefix_end(prefix))
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(stream, version)| Ok((stream, unsigned(version, "version")?)))
        .collect()
}

pub(crate) async fn blob(pool: &Pool, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(query_scalar("SELECT bytes FROM blobs WHERE id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await?)
}

pub(crate) async fn blob_ids(
    pool: &Pool,
    after: &str,
    limit: u64,
) -> Result<Vec<String>, StoreError> {
    Ok(
        query_scalar("SELECT id FROM blobs WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(clamped(limit))
            .fetch_all(pool)
            .await?,
    )
}

pub(crate) async fn index_records(pool: &Pool) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    Ok(
        query_as("SELECT case_id, record FROM index_records ORDER BY case_id")
            .fetch_all(pool)
            .await?,
    )
}

pub(crate) async fn meta(pool: &Pool, name: &str) -> Result<Option<String>, StoreError> {
    Ok(query_scalar("SELECT value FROM meta WHERE name = $1")
        .bind(format!("user/{name}"))
        .fetch_optional(pool)
        .await?)
}

async fn read_time(connection: &mut Connection) -> Result<Option<Timestamp>, StoreError> {
    let text: Option<String> = query_scalar("SELECT value FROM meta WHERE name = $1")
        .bind(LATEST_TIME)
        .fetch_optional(&mut *connection)
        .await?;
    text.map(|text| {
        text.parse()
            .map_err(|_| StoreError::damaged("the latest time"))
    })
    .transpose()
}

pub(crate) async fn latest_time(pool: &Pool) -> Result<Option<Timestamp>, StoreError> {
    read_time(&mut *pool.acquire().await?).await
}

// Reading the log.

async fn newest_checkpoint(
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

async fn entry_page(
    connection: &mut Connection,
    from: u64,
    limit: u64,
) -> Result<Vec<EntryRow>, StoreError> {
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> =
        query_as("SELECT idx, leaf, entry FROM log_entries WHERE idx >= $1 ORDER BY idx LIMIT $2")
            .bind(clamped(from))
            .bind(clamped(limit))
            .fetch_all(&mut *connection)
            .await?;
    rows.into_iter()
        .map(|(index, leaf, entry)| Ok((unsigned(index, "log index")?, leaf, entry)))
        .collect()
}

pub(crate) async fn entries(
    pool: &Pool,
    from: u64,
    limit: u64,
) -> Result<Vec<EntryRow>, StoreError> {
    entry_page(&mut *pool.acquire().await?, from, limit).await
}

pub(crate) async fn staged(pool: &Pool) -> Result<u64, StoreError> {
    let staged: i64 = query_scalar(
        "SELECT (SELECT COUNT(*) FROM log_entries) - (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints)",
    )
    .fetch_one(pool)
    .await?;
    unsigned(staged, "log size")
}

pub(crate) async fn leaf_index(pool: &Pool, leaf: &Hash) -> Result<Option<u64>, StoreError> {
    let index: Option<i64> = query_scalar(
        "SELECT idx FROM log_entries
         WHERE leaf = $1 AND idx < (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints)
         ORDER BY idx LIMIT 1",
    )
    .bind(leaf.as_bytes().to_vec())
    .fetch_optional(pool)
    .await?;
    index.map(|index| unsigned(index, "log index")).transpose()
}

/// The hashes of one level in a range of indexes, in order, as far as they are stored.
pub(crate) async fn hash_range(
    pool: &Pool,
    level: u8,
    from: u64,
    to: u64,
) -> Result<Vec<(u64, Hash)>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = query_as(
        "SELECT idx, hash FROM log_hashes WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
    )
    .bind(i64::from(level))
    .bind(clamped(from))
    .bind(clamped(to))
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(index, hash)| {
            Ok((
                unsigned(index, "hash index")?,
                hash_of(level, index, &hash)?,
            ))
        })
        .collect()
}

pub(crate) async fn hash_count(pool: &Pool) -> Result<u64, StoreError> {
    let count: i64 = query_scalar("SELECT COUNT(*) FROM log_hashes")
        .fetch_one(pool)
        .await?;
    unsigned(count, "number of hashes")
}

/// The nodes that a proof wants and that a tree of `size` entries has, read in one transaction with the check of size.
pub(crate) async fn proof_nodes(
    pool: &Pool,
    size: u64,
    wanted: &[NodeKey],
) -> Result<BTreeMap<NodeKey, Hash>, LogError> {
    let mut tx = begin_read(pool).await?;
    let newest = newest_checkpoint(&mut tx)
        .await?
        .map_or(0, |(size, _)| size);
    if size > newest {
        return Err(LogError::NotYet { size });
    }
    Ok(nodes(&mut tx, wanted).await?)
}

async fn nodes(
    connection: &mut Connection,
    wanted: &[NodeKey],
) -> Result<BTreeMap<NodeKey, Hash>, StoreError> {
    let mut found = BTreeMap::new();
    for keys in wanted.chunks(ROWS_MAX) {
        let rows: Vec<(i64, i64, Vec<u8>)> = QueryBuilder::<Db>::new(
            "SELECT level, idx, hash FROM log_hashes WHERE (level, idx) IN (",
        )
        .push_values(keys, |mut row, &(level, index)| {
            row.push_bind(i64::from(level)).push_bind(clamped(index));
        })
        .push(")")
        .build_query_as()
        .fetch_all(&mut *connection)
        .await?;
        for (level, index, hash) in rows {
            let level =
                u8::try_from(level).map_err(|_| StoreError::damaged("a level of the log"))?;
            found.insert(
                (level, unsigned(index, "hash index")?),
                hash_of(level, index, &hash)?,
            );
        }
    }
    Ok(found)
}

// Between the databases' numbers and ours.

fn hash_of(level: u8, index: i64, bytes: &[u8]) -> Result<Hash, StoreError> {
    Hash::from_slice(bytes)
        .ok_or_else(|| StoreError::damaged(format!("the log hash at level {level}, index {index}")))
}

fn unsigned(number: i64, what: &str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::damaged(format!("a negative {what}")))
}

fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::damaged("a number above 2^63"))
}

/// For comparisons: no stored number is above 2^63.
fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Names are printable ASCII, so that every name with the prefix is below this.
fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{7f}")
}

fn refused(error: TreeError) -> LogError {
    LogError::Refused {
        what: error.to_string(),
    }
}

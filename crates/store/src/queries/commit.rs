//! Writing batches: a group of them in one transaction, each of them whole or not at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{Acquire as _, QueryBuilder, query, query_scalar};

use super::super::{Db, IS_STATEMENT_EXCLUSIVE, Writers, begin_write, writer};
use super::{Connection, LATEST_TIME, ROWS_MAX, signed, time, unsigned};
use crate::batch::{Batch, NewEvent, Segment, chain, record_digest};
use crate::error::{CommitError, StoreError};
use crate::group::Prepared;

/// Events in one statement: each has seven parameters.
const EVENTS_MAX: usize = 100;

/// What a transaction has read before it writes, as it is by now.
#[derive(Clone, Default)]
struct Heads {
    /// Counts and digests, by what they are of.
    heads: BTreeMap<String, Head>,
    /// The version of every stream that the group writes to.
    versions: BTreeMap<String, u64>,
    /// The latest time that was seen, and its digest.
    time: Option<(Timestamp, Vec<u8>)>,
}

#[derive(Clone)]
struct Head {
    count: u64,
    digest: Vec<u8>,
    changed: bool,
}

impl Heads {
    /// Reads it with one statement: each costs more than what it does.
    async fn read(tx: &mut Connection, group: &[Prepared<'_>]) -> Result<Self, StoreError> {
        let events = group.iter().flat_map(|prepared| &prepared.batch.events);
        let streams: BTreeSet<&str> = events.map(|event| event.stream.as_str()).collect();
        let streams: Vec<&str> = streams.into_iter().collect();
        let mut read = Self::default();
        let (first, more) = streams.split_at(streams.len().min(ROWS_MAX));
        let mut ask = QueryBuilder::<Db>::new(
            "SELECT 'head', name, count, digest FROM heads WHERE name <> 'entries'
             UNION ALL SELECT 'time', value, 0, digest FROM meta WHERE name = ",
        );
        ask.push_bind(LATEST_TIME);
        if !first.is_empty() {
            // A search in the index for each stream: grouping by stream would read all events of them.
            ask.push(
                " UNION ALL SELECT 'stream', asked.column1,
                    (SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = asked.column1),
                    (SELECT digest FROM heads WHERE name = 'events') FROM (",
            )
            .push_values(first, |mut row, stream| {
                row.push_bind(*stream);
            })
            .push(") AS asked");
        }
        let rows: Vec<(String, String, i64, Vec<u8>)> =
            ask.build_query_as().fetch_all(&mut *tx).await?;
        for (kind, name, number, digest) in rows {
            match kind.as_str() {
                "time" => read.time = Some((time(&name)?, digest)),
                "stream" => {
                    read.versions.insert(name, unsigned(number, "version")?);
                }
                _ => {
                    let head = Head {
                        count: unsigned(number, "count")?,
                        digest,
                        changed: false,
                    };
                    read.heads.insert(name, head);
                }
            }
        }
        for stream in more {
            let version: i64 =
                query_scalar("SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = $1")
                    .bind(*stream)
                    .fetch_one(&mut *tx)
                    .await?;
            let version = unsigned(version, "version")?;
            read.versions.insert((*stream).to_owned(), version);
        }
        Ok(read)
    }

    fn of(&mut self, name: &str) -> Result<&mut Head, StoreError> {
        let head = self.heads.get_mut(name);
        head.ok_or_else(|| StoreError::damaged(format!("the head of the {name} is missing")))
    }

    async fn write(&self, tx: &mut Connection) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for (name, head) in self.heads.iter().filter(|(_, head)| head.changed) {
            rows.push((name, signed(head.count)?, &head.digest));
        }
        if rows.is_empty() {
            return Ok(());
        }
        QueryBuilder::<Db>::new("INSERT INTO heads (name, count, digest) ")
            .push_values(rows, |mut row, (name, count, digest)| {
                row.push_bind(name.as_str()).push_bind(count).push_bind(digest.as_slice());
            })
            .push(" ON CONFLICT (name) DO UPDATE SET count = excluded.count, digest = excluded.digest")
            .build()
            .execute(&mut *tx)
            .await?;
        Ok(())
    }
}

impl Head {
    /// Adds a row to a digest that does not depend on the order of rows.
    fn add(&mut self, row: &[u8]) {
        self.count += 1;
        self.mix(row);
    }

    fn mix(&mut self, row: &[u8]) {
        for (byte, other) in self.digest.iter_mut().zip(row) {
            *byte ^= other;
        }
        self.changed = true;
    }
}

/// What became of a batch: the index of its first log entry, if it has any and somebody wants to know.
type Done = Result<Option<u64>, CommitError>;

/// Commits a group: one result for each batch, in order, or one error for all.
pub(crate) async fn commit_group(
    writers: &Writers,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Done>, StoreError> {
    let mut connection = writer(writers).await?;
    match group.iter().all(Prepared::is_only_leaves) {
        true => commit_leaves(&mut connection, group).await,
        false => commit_all(&mut connection, group).await,
    }
}

/// The entries of a group, in order, and how many there are of each batch.
#[derive(Default)]
struct Staging {
    segments: Vec<Segment>,
    entries: u64,
    /// Whether somebody wants to know where they stand.
    is_placed: bool,
}

impl Staging {
    /// Adds a batch's entries; where the first stands among the group's, if there is one.
    fn add(&mut self, prepared: Prepared<'_>) -> Option<u64> {
        let first = self.entries;
        for segment in prepared.segments {
            self.entries += segment.count;
            segment.join(&mut self.segments);
        }
        self.is_placed |= prepared.is_placed;
        (prepared.is_placed && self.entries > first).then_some(first)
    }
}

/// From places among a group's entries to their indexes in the log.
fn placed(results: &mut [Done], base: Option<u64>) {
    for place in results.iter_mut().flatten().flatten() {
        *place += base.unwrap_or(0);
    }
}

/// Entries alone cannot be refused. They are one row, unless they are many: one statement, and its sync.
async fn commit_leaves(
    connection: &mut Connection,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Done>, StoreError> {
    let mut staging = Staging::default();
    let mut results: Vec<Done> = group
        .into_iter()
        .map(|prepared| Ok(staging.add(prepared)))
        .collect();
    // CRASH: until the statement or the transaction is committed, nothing of the group is there after a restart, and
    // nobody was told anything; after it, all of it, since the database has synced its log before it says so.
    let base = if IS_STATEMENT_EXCLUSIVE && staging.segments.len() <= 1 {
        stage(connection, staging).await?
    } else {
        let mut tx = begin_write(connection).await?;
        let base = stage(&mut tx, staging).await?;
        tx.commit().await?;
        base
    };
    placed(&mut results, base);
    Ok(results)
}

async fn commit_all(
    connection: &mut Connection,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Done>, StoreError> {
    let mut tx = begin_write(connection).await?;
    // CRASH: until the commit at the end, nothing of the group is there after a restart, and nobody was told anything.
    let mut heads = Heads::read(&mut tx, &group).await?;
    let mut results: Vec<Done> = Vec::with_capacity(group.len());
    let mut staging = Staging::default();
    let is_alone = group.len() == 1;
    for prepared in group {
        let result = match prepared.is_only_leaves() {
            true => Ok(()),
            false => write_one(&mut tx, &prepared.batch, &mut heads, is_alone).await,
        };
        results.push(match result {
            // Stage: the entries get their place in the log, in the order of the group.
            Ok(()) => Ok(staging.add(prepared)),
            Err(CommitError::Store(error)) if !error.is_of_one_statement() => return Err(error),
            Err(refused) => Err(refused),
        });
    }
    if results.iter().all(Result::is_err) {
        tx.rollback().await?;
        return Ok(results);
    }
    let base = stage(&mut tx, staging).await?;
    heads.write(&mut tx).await?;
    // CRASH: during the commit, the database keeps all of the group or nothing; after it, all of it, since the
    // database has synced its log before it says so. No caller was told anything in the first case.
    tx.commit().await?;
    placed(&mut results, base);
    Ok(results)
}

/// Writes what a batch has beside leaves. If it is refused, nothing of it is left in the transaction.
async fn write_one(
    tx: &mut Connection,
    batch: &Batch,
    heads: &mut Heads,
    is_alone: bool,
) -> Result<(), CommitError> {
    if is_alone {
        // What is refused takes the whole transaction with it.
        return write(tx, batch, heads).await;
    }
    let before = heads.clone();
    let mut savepoint = tx.begin().await?;
    match write(&mut savepoint, batch, heads).await {
        Ok(()) => Ok(savepoint.commit().await?),
        Err(error) => {
            // An error of the database itself may have ended the transaction: the group fails then.
            savepoint.rollback().await?;
            *heads = before;
            Err(error)
        }
    }
}

async fn write(tx: &mut Connection, batch: &Batch, heads: &mut Heads) -> Result<(), CommitError> {
    append_events(tx, &batch.events, heads).await?;
    for (id, bytes) in &batch.blobs {
        let done =
            query("INSERT INTO blobs (id, bytes) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
                .bind(id)
                .bind(bytes)
                .execute(&mut *tx)
                .await?;
        if done.rows_affected() > 0 {
            heads
                .of("blobs")?
                .add(&record_digest("blob", id, id.as_bytes()));
        }
    }
    for (case, record) in &batch.index {
        let old: Option<Vec<u8>> =
            query_scalar("SELECT digest FROM index_records WHERE case_id = $1")
                .bind(case)
                .fetch_optional(&mut *tx)
                .await?;
        let digest = record_digest("index", case, record);
        replaced(heads.of("index")?, old, &digest);
        query(
            "INSERT INTO index_records (case_id, record, digest) VALUES ($1, $2, $3)
             ON CONFLICT (case_id) DO UPDATE SET record = excluded.record, digest = excluded.digest",
        )
        .bind(case)
        .bind(record)
        .bind(&digest[..])
        .execute(&mut *tx)
        .await?;
    }
    for (name, value) in &batch.meta {
        write_meta(tx, &format!("user/{name}"), value, heads).await?;
    }
    if let Some(now) = batch.seen_at {
        see_time(tx, now, heads).await?;
    }
    Ok(())
}

fn replaced(head: &mut Head, old: Option<Vec<u8>>, new: &[u8]) {
    match old {
        Some(old) => {
            head.mix(&old);
            head.mix(new);
        }
        None => head.add(new),
    }
}

async fn append_events(
    tx: &mut Connection,
    events: &[NewEvent],
    heads: &mut Heads,
) -> Result<(), CommitError> {
    if events.is_empty() {
        return Ok(());
    }
    let Heads {
        heads, versions, ..
    } = heads;
    let missing = || StoreError::damaged("the head of the events is missing");
    let head = heads.get_mut("events").ok_or_else(missing)?;
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let version = versions.entry(event.stream.clone()).or_default();
        let found = *version;
        if found.checked_add(1) != Some(event.version) {
            return Err(CommitError::Conflict {
                stream: event.stream.clone(),
                version: event.version,
                found,
            });
        }
        *version = event.version;
        head.count += 1;
        let at = event.at.to_string();
        head.digest = chain(&head.digest, head.count, event, &at).to_vec();
        head.changed = true;
        let numbers = (signed(head.count)?, signed(event.version)?);
        rows.push((numbers, event, at, head.digest.clone()));
    }
    for rows in rows.chunks(EVENTS_MAX) {
        QueryBuilder::<Db>::new(
            "INSERT INTO events (sequence, stream, version, at, kind, body, chain) ",
        )
        .push_values(rows, |mut row, ((sequence, version), event, at, digest)| {
            row.push_bind(*sequence)
                .push_bind(event.stream.as_str())
                .push_bind(*version)
                .push_bind(at.as_str())
                .push_bind(event.kind.as_str())
                .push_bind(event.body.as_str())
                .push_bind(digest.as_slice());
        })
        .build()
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Entries get their place in the log here, in the order of commits; they are in a tree once a checkpoint covers them.
/// A trigger counts them. The answer is the index of the first, where somebody wants to know.
async fn stage(connection: &mut Connection, staging: Staging) -> Result<Option<u64>, StoreError> {
    const STAGE: &str = "INSERT INTO log_staged (first, count, leaves, entries)
             SELECT count, $1, $2, $3 FROM heads WHERE name = 'entries'";
    const STAGE_PLACED: &str = "INSERT INTO log_staged (first, count, leaves, entries)
             SELECT count, $1, $2, $3 FROM heads WHERE name = 'entries' RETURNING first";
    let missing = || StoreError::damaged("the head of the entries is missing");
    let mut base = None;
    for segment in staging.segments {
        let count = signed(segment.count)?;
        if !staging.is_placed || base.is_some() {
            let done = query(STAGE)
                .bind(count)
                .bind(segment.leaves)
                .bind(segment.entries)
                .execute(&mut *connection)
                .await?;
            if done.rows_affected() != 1 {
                return Err(missing());
            }
            continue;
        }
        // All rows are asked for, though there is one: a statement by itself is durable once it has come to its end, and
        // `fetch_optional` leaves it after the first row.
        let first: Vec<i64> = query_scalar(STAGE_PLACED)
            .bind(count)
            .bind(segment.leaves)
            .bind(segment.entries)
            .fetch_all(&mut *connection)
            .await?;
        let [first] = first[..] else {
            return Err(missing());
        };
        base = Some(unsigned(first, "log index")?);
    }
    Ok(base)
}

async fn write_meta(
    tx: &mut Connection,
    name: &str,
    value: &str,
    heads: &mut Heads,
) -> Result<(), StoreError> {
    let old: Option<Vec<u8>> = query_scalar("SELECT digest FROM meta WHERE name = $1")
        .bind(name)
        .fetch_optional(&mut *tx)
        .await?;
    replace_meta(tx, name, value, old, heads).await?;
    Ok(())
}

/// Writes a setting over the one that had a digest; its own digest is returned.
async fn replace_meta(
    tx: &mut Connection,
    name: &str,
    value: &str,
    old: Option<Vec<u8>>,
    heads: &mut Heads,
) -> Result<Vec<u8>, StoreError> {
    let digest = record_digest("meta", name, value.as_bytes());
    replaced(heads.of("meta")?, old, &digest);
    query(
        "INSERT INTO meta (name, value, digest) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, digest = excluded.digest",
    )
    .bind(name)
    .bind(value)
    .bind(&digest[..])
    .execute(&mut *tx)
    .await?;
    Ok(digest.to_vec())
}

/// Moves the latest time forward, never back.
async fn see_time(
    tx: &mut Connection,
    now: Timestamp,
    heads: &mut Heads,
) -> Result<(), StoreError> {
    if heads.time.as_ref().is_some_and(|(seen, _)| *seen >= now) {
        return Ok(());
    }
    let old = heads.time.take().map(|(_, digest)| digest);
    let digest = replace_meta(tx, LATEST_TIME, &now.to_string(), old, heads).await?;
    heads.time = Some((now, digest));
    Ok(())
}

//! Writing batches: a group of them in one transaction, each of them whole or not at all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{Acquire as _, QueryBuilder, query, query_as, query_scalar};

use super::super::{Db, IS_STATEMENT_EXCLUSIVE, Writers, begin_write, writer};
use super::{Connection, LATEST_TIME, read_time, signed, unsigned};
use crate::batch::{Batch, NewEvent, Segment, chain, record_digest};
use crate::error::{CommitError, StoreError};
use crate::group::Prepared;

/// Events in one statement: each has seven parameters.
const EVENTS_MAX: usize = 100;

/// Counts and digests that a transaction has read and changed.
#[derive(Clone, Default)]
struct Heads(BTreeMap<String, Head>);

#[derive(Clone)]
struct Head {
    count: u64,
    digest: Vec<u8>,
    changed: bool,
}

impl Heads {
    async fn read(tx: &mut Connection) -> Result<Self, StoreError> {
        let rows: Vec<(String, i64, Vec<u8>)> =
            query_as("SELECT name, count, digest FROM heads WHERE name <> 'entries'")
                .fetch_all(&mut *tx)
                .await?;
        let mut heads = BTreeMap::new();
        for (name, count, digest) in rows {
            let head = Head {
                count: unsigned(count, "count")?,
                digest,
                changed: false,
            };
            heads.insert(name, head);
        }
        Ok(Self(heads))
    }

    fn of(&mut self, name: &str) -> Result<&mut Head, StoreError> {
        let head = self.0.get_mut(name);
        head.ok_or_else(|| StoreError::damaged(format!("the head of the {name} is missing")))
    }

    async fn write(&self, tx: &mut Connection) -> Result<(), StoreError> {
        for (name, head) in self.0.iter().filter(|(_, head)| head.changed) {
            query("UPDATE heads SET count = $1, digest = $2 WHERE name = $3")
                .bind(signed(head.count)?)
                .bind(&head.digest)
                .bind(name)
                .execute(&mut *tx)
                .await?;
        }
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

/// Commits a group: one result for each batch, in order, or one error for all.
pub(crate) async fn commit_group(
    writers: &Writers,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Result<(), CommitError>>, StoreError> {
    let mut connection = writer(writers).await?;
    match group.iter().all(Prepared::is_only_leaves) {
        true => commit_leaves(&mut connection, group).await,
        false => commit_all(&mut connection, group).await,
    }
}

/// Entries alone cannot be refused. They are one row, unless they are many: one statement, and its sync.
async fn commit_leaves(
    connection: &mut Connection,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Result<(), CommitError>>, StoreError> {
    let results = group.iter().map(|_| Ok(())).collect();
    let mut staged = Vec::new();
    for segment in group.into_iter().flat_map(|prepared| prepared.segments) {
        segment.join(&mut staged);
    }
    // CRASH: until the statement or the transaction is committed, nothing of the group is there after a restart, and
    // nobody was told anything; after it, all of it, since the database has synced its log before it says so.
    if IS_STATEMENT_EXCLUSIVE && staged.len() <= 1 {
        stage(connection, staged).await?;
    } else {
        let mut tx = begin_write(connection).await?;
        stage(&mut tx, staged).await?;
        tx.commit().await?;
    }
    Ok(results)
}

async fn commit_all(
    connection: &mut Connection,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Result<(), CommitError>>, StoreError> {
    let mut tx = begin_write(connection).await?;
    // CRASH: until the commit at the end, nothing of the group is there after a restart, and nobody was told anything.
    let mut heads = Heads::read(&mut tx).await?;
    let mut results = Vec::with_capacity(group.len());
    let mut staged = Vec::new();
    let is_alone = group.len() == 1;
    for prepared in group {
        let result = match prepared.is_only_leaves() {
            true => Ok(()),
            false => write_one(&mut tx, &prepared.batch, &mut heads, is_alone).await,
        };
        match result {
            // Stage: the entries get their place in the log, in the order of the group.
            Ok(()) => {
                for segment in prepared.segments {
                    segment.join(&mut staged);
                }
            }
            Err(CommitError::Store(error)) if !error.is_of_one_statement() => return Err(error),
            Err(_) => {}
        }
        results.push(result);
    }
    if results.iter().all(Result::is_err) {
        tx.rollback().await?;
        return Ok(results);
    }
    stage(&mut tx, staged).await?;
    heads.write(&mut tx).await?;
    // CRASH: during the commit, the database keeps all of the group or nothing; after it, all of it, since the
    // database has synced its log before it says so. No caller was told anything in the first case.
    tx.commit().await?;
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
    let head = heads.of("events")?;
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rows = Vec::with_capacity(events.len());
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

async fn version(tx: &mut Connection, stream: &str) -> Result<u64, StoreError> {
    let version: i64 =
        query_scalar("SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = $1")
            .bind(stream)
            .fetch_one(&mut *tx)
            .await?;
    unsigned(version, "version")
}

/// Entries get their place in the log here, in the order of commits; they are in a tree once a checkpoint covers them.
/// A trigger counts them.
async fn stage(connection: &mut Connection, segments: Vec<Segment>) -> Result<(), StoreError> {
    for segment in segments {
        let done = query(
            "INSERT INTO log_staged (first, count, leaves, entries)
             SELECT count, $1, $2, $3 FROM heads WHERE name = 'entries'",
        )
        .bind(signed(segment.count)?)
        .bind(segment.leaves)
        .bind(segment.entries)
        .execute(&mut *connection)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::damaged("the head of the entries is missing"));
        }
    }
    Ok(())
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
    Ok(())
}

/// Moves the latest time forward, never back.
async fn see_time(
    tx: &mut Connection,
    now: Timestamp,
    heads: &mut Heads,
) -> Result<(), StoreError> {
    match read_time(tx).await? {
        Some(seen) if seen >= now => Ok(()),
        _ => write_meta(tx, LATEST_TIME, &now.to_string(), heads).await,
    }
}

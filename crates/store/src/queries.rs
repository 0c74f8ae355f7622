//! Every query of the store, once. This file is compiled twice, as a child of `sqlite` and of `postgres`, with `Db`
//! being the one or the other; SQL and placeholders (`$1`) are those that both understand.
//!
//! The queries are checked at run time, by the conformance suite that runs each of them on both databases, and not at
//! compile time: `query!` would need a second crate for each database, a committed description of every query, and
//! procedural macros in the slowest part of the build, for some forty short statements.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{Database, QueryBuilder, query_as, query_scalar};

use super::Db;
use crate::batch::Recorded;
use crate::error::StoreError;

#[path = "queries/commit.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see the head"
)]
mod commit;
#[path = "queries/integrate.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see the head"
)]
mod integrate;
#[path = "queries/log.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see the head"
)]
mod log;
#[path = "queries/script.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see the head"
)]
mod script;
#[path = "queries/tickets.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see the head"
)]
mod tickets;

pub(crate) use commit::commit_group;
pub(crate) use integrate::{check_growth, prepare_growth, publish, store_growth};
pub(crate) use log::*;
pub(crate) use tickets::*;

type Connection = <Db as Database>::Connection;
/// For reading; see `Writers` for writing.
type Pool = sqlx::Pool<Db>;

/// Rows in one statement, so that their parameters stay below both databases' limits.
const ROWS_MAX: usize = 1000;
pub(crate) const LATEST_TIME: &str = "store/latest-time";

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

pub(crate) async fn blobs(
    pool: &Pool,
    ids: &[String],
) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(ROWS_MAX) {
        let mut ask = QueryBuilder::<Db>::new("SELECT id, bytes FROM blobs WHERE id IN (");
        let mut wanted = ask.separated(", ");
        for id in some {
            wanted.push_bind(id);
        }
        let rows: Vec<(String, Vec<u8>)> = ask.push(")").build_query_as().fetch_all(pool).await?;
        found.extend(rows);
    }
    Ok(found)
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

/// How many there are of each kind of thing, and the digest over all of them.
pub(crate) async fn heads(pool: &Pool) -> Result<Vec<(String, u64, Vec<u8>)>, StoreError> {
    let rows: Vec<(String, i64, Vec<u8>)> =
        query_as("SELECT name, count, digest FROM heads ORDER BY name")
            .fetch_all(pool)
            .await?;
    rows.into_iter()
        .map(|(name, count, digest)| Ok((name, unsigned(count, "count")?, digest)))
        .collect()
}

/// Index records after a case, with their digests.
pub(crate) async fn index_page(
    pool: &Pool,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, Vec<u8>, Vec<u8>)>, StoreError> {
    Ok(query_as(
        "SELECT case_id, record, digest FROM index_records WHERE case_id > $1 ORDER BY case_id LIMIT $2",
    )
    .bind(after)
    .bind(clamped(limit))
    .fetch_all(pool)
    .await?)
}

/// All settings, also the store's own, with their digests.
pub(crate) async fn settings(pool: &Pool) -> Result<Vec<(String, String, Vec<u8>)>, StoreError> {
    Ok(
        query_as("SELECT name, value, digest FROM meta ORDER BY name")
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

fn time(text: &str) -> Result<Timestamp, StoreError> {
    text.parse()
        .map_err(|_| StoreError::damaged("the latest time"))
}

pub(crate) async fn latest_time(pool: &Pool) -> Result<Option<Timestamp>, StoreError> {
    let text: Option<String> = query_scalar("SELECT value FROM meta WHERE name = $1")
        .bind(LATEST_TIME)
        .fetch_optional(pool)
        .await?;
    text.as_deref().map(time).transpose()
}

// Between the databases' numbers and ours.

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

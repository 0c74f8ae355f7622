//! Tickets: what ends by itself. Compiled once for each database, as its parent is.

use sqlx::{query, query_as};

use super::super::{Writers, writer};
use super::Pool;
use crate::error::StoreError;
use crate::tickets::Ticket;

type Row = (String, String, String, i64);

fn ticket((id, owner, body, ends_ms): Row) -> Ticket {
    Ticket {
        id,
        owner,
        body,
        ends_ms,
    }
}

/// Puts a ticket; `false` when its id is taken by one that has not ended.
pub(crate) async fn put_ticket(
    writers: &Writers,
    kind: &str,
    ticket: &Ticket,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let written = query(
        "INSERT INTO tickets (kind, id, owner, body, ends_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind, id) DO UPDATE SET owner = excluded.owner, body = excluded.body, ends_ms = excluded.ends_ms
         WHERE tickets.ends_ms <= $6",
    )
    .bind(kind)
    .bind(&ticket.id)
    .bind(&ticket.owner)
    .bind(&ticket.body)
    .bind(ticket.ends_ms)
    .bind(now_ms)
    .execute(&mut *writer(writers).await?)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Writes another body and end into a ticket that has not ended; `false` when there is none.
pub(crate) async fn change_ticket(
    writers: &Writers,
    kind: &str,
    ticket: &Ticket,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let written = query(
        "UPDATE tickets SET body = $1, ends_ms = $2 WHERE kind = $3 AND id = $4 AND ends_ms > $5",
    )
    .bind(&ticket.body)
    .bind(ticket.ends_ms)
    .bind(kind)
    .bind(&ticket.id)
    .bind(now_ms)
    .execute(&mut *writer(writers).await?)
    .await?;
    Ok(written.rows_affected() == 1)
}

pub(crate) async fn ticket_of(
    pool: &Pool,
    kind: &str,
    id: &str,
    now_ms: i64,
) -> Result<Option<Ticket>, StoreError> {
    let row: Option<Row> = query_as(
        "SELECT id, owner, body, ends_ms FROM tickets WHERE kind = $1 AND id = $2 AND ends_ms > $3",
    )
    .bind(kind)
    .bind(id)
    .bind(now_ms)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(ticket))
}

/// Takes a ticket away and returns it, if it has not ended: of several that try, one succeeds.
pub(crate) async fn take_ticket(
    writers: &Writers,
    kind: &str,
    id: &str,
    now_ms: i64,
) -> Result<Option<Ticket>, StoreError> {
    // All rows are asked for, though there is one at most: `fetch_optional` leaves the statement before it has come to its
    // end, and would not be told that it could not be stored.
    let mut rows: Vec<Row> = query_as(
        "DELETE FROM tickets WHERE kind = $1 AND id = $2 AND ends_ms > $3 RETURNING id, owner, body, ends_ms",
    )
    .bind(kind)
    .bind(id)
    .bind(now_ms)
    .fetch_all(&mut *writer(writers).await?)
    .await?;
    Ok(rows.pop().map(ticket))
}

pub(crate) async fn tickets_of(
    pool: &Pool,
    kind: &str,
    owner: &str,
    now_ms: i64,
) -> Result<Vec<Ticket>, StoreError> {
    let rows: Vec<Row> = query_as(
        "SELECT id, owner, body, ends_ms FROM tickets WHERE kind = $1 AND owner = $2 AND ends_ms > $3 ORDER BY id",
    )
    .bind(kind)
    .bind(owner)
    .bind(now_ms)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(ticket).collect())
}

pub(crate) async fn drop_tickets_of(
    writers: &Writers,
    kind: &str,
    owner: &str,
) -> Result<u64, StoreError> {
    let written = query("DELETE FROM tickets WHERE kind = $1 AND owner = $2")
        .bind(kind)
        .bind(owner)
        .execute(&mut *writer(writers).await?)
        .await?;
    Ok(written.rows_affected())
}

pub(crate) async fn drop_ended_tickets(writers: &Writers, now_ms: i64) -> Result<u64, StoreError> {
    let written = query("DELETE FROM tickets WHERE ends_ms <= $1")
        .bind(now_ms)
        .execute(&mut *writer(writers).await?)
        .await?;
    Ok(written.rows_affected())
}

/// The newest event and the latest time seen, in one read.
pub(crate) async fn pulse(pool: &Pool) -> Result<(u64, Option<jiff::Timestamp>), StoreError> {
    let row = query_as(PULSE).bind(super::LATEST_TIME).fetch_one(pool);
    pulse_of(row.await?)
}

/// What [`pulse`] asks.
pub(crate) const PULSE: &str = "SELECT (SELECT COALESCE(MAX(sequence), 0) FROM events), (SELECT value FROM meta WHERE name = $1)";

pub(crate) fn pulse_of(
    (sequence, text): (i64, Option<String>),
) -> Result<(u64, Option<jiff::Timestamp>), StoreError> {
    let latest = text.as_deref().map(super::time).transpose()?;
    Ok((super::unsigned(sequence, "sequence")?, latest))
}

//! Tickets: sessions, invitations, answers kept for a retry. They end by themselves, and no evidence rests on them.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::{Backend, Store, ask, postgres, sqlite, tell};

/// Bytes that a ticket's body may have.
pub const TICKET_BYTES_MAX: usize = 1 << 20;

/// Something that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id within its kind. For a secret, the digest of the secret and never the secret.
    pub id: String,
    /// Whose it is; all tickets of one owner can be dropped at once.
    pub owner: String,
    /// What it says, at most [`TICKET_BYTES_MAX`] bytes.
    pub body: String,
    /// When it ends, in milliseconds since 1970.
    pub ends_ms: i64,
}

impl Store {
    /// Puts a ticket; `false` when its id is taken by one that has not ended by `now`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::TicketTooLarge`] for a body over [`TICKET_BYTES_MAX`].
    pub async fn put_ticket(
        &self,
        kind: &str,
        ticket: &Ticket,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check(ticket)?;
        tell!(self, put_ticket, kind, ticket, now.as_millisecond())
    }

    /// Writes another body and end into a ticket that has not ended by `now`; `false` when there is none.
    ///
    /// # Errors
    /// As [`Store::put_ticket`].
    pub async fn change_ticket(
        &self,
        kind: &str,
        ticket: &Ticket,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check(ticket)?;
        tell!(self, change_ticket, kind, ticket, now.as_millisecond())
    }

    /// A ticket that has not ended by `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ticket(
        &self,
        kind: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Ticket>, StoreError> {
        ask!(self, ticket_of, kind, id, now.as_millisecond())
    }

    /// Takes a ticket away and returns it, if it has not ended by `now`: of several that try, one succeeds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_ticket(
        &self,
        kind: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Ticket>, StoreError> {
        tell!(self, take_ticket, kind, id, now.as_millisecond())
    }

    /// The tickets of one owner that have not ended by `now`, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tickets_of(
        &self,
        kind: &str,
        owner: &str,
        now: Timestamp,
    ) -> Result<Vec<Ticket>, StoreError> {
        ask!(self, tickets_of, kind, owner, now.as_millisecond())
    }

    /// Drops all tickets of one owner; returns how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_tickets_of(&self, kind: &str, owner: &str) -> Result<u64, StoreError> {
        tell!(self, drop_tickets_of, kind, owner)
    }

    /// Drops all tickets that have ended by `now`; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_ended_tickets(&self, now: Timestamp) -> Result<u64, StoreError> {
        tell!(self, drop_ended_tickets, now.as_millisecond())
    }

    /// The place of the newest event (0 before the first) and the latest time seen, in one read: whoever keeps what
    /// events tell asks this to know whether there are more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pulse(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        match self.directly(|direct| direct.pulse())? {
            Some(pulse) => Ok(pulse),
            None => ask!(self, pulse),
        }
    }
}

fn check(ticket: &Ticket) -> Result<(), StoreError> {
    if ticket.body.len() > TICKET_BYTES_MAX {
        return Err(StoreError::TicketTooLarge {
            bytes: ticket.body.len(),
        });
    }
    Ok(())
}

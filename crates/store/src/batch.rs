//! What is written together.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::error::CommitError;

/// Longest name of a stream, kind, case or meta value, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// Longest body of an event, and longest meta value, in bytes.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Largest blob and index record, in bytes.
pub const BLOB_BYTES_MAX: usize = 512 << 20;
/// Longest log entry, in bytes (an entry bundle of C2SP tlog-tiles counts in 16 bits).
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// An event to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What it belongs to, such as `case/HS-2026-0001`: 1 to 200 printable ASCII characters without spaces.
    pub stream: String,
    /// The version that the stream has after it: 1 for the first event, then one more each.
    /// Anything else is a [`CommitError::Conflict`].
    pub version: u64,
    /// When it was decided, UTC.
    pub at: Timestamp,
    /// What happened, with the same letters as `stream`.
    pub kind: String,
    /// The facts, as JSON. The store does not look inside.
    pub body: String,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place among all events, from 1 without gaps.
    pub sequence: u64,
    /// See [`NewEvent::stream`].
    pub stream: String,
    /// See [`NewEvent::version`].
    pub version: u64,
    /// See [`NewEvent::at`].
    pub at: Timestamp,
    /// See [`NewEvent::kind`].
    pub kind: String,
    /// See [`NewEvent::body`].
    pub body: String,
}

/// Everything that one decision writes: all of it is stored, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Events, in order.
    pub events: Vec<NewEvent>,
    /// Blobs with their ids ([`blob_id`]). A blob that is there already is not written again.
    pub blobs: Vec<(String, Vec<u8>)>,
    /// Log entries, in order. They are staged: [`crate::Store::integrate`] puts them under a signed checkpoint.
    pub leaves: Vec<Vec<u8>>,
    /// Index records by case; a later one replaces an earlier one.
    pub index: Vec<(String, Vec<u8>)>,
    /// Settings by name; a later one replaces an earlier one.
    pub meta: Vec<(String, String)>,
    /// The time of the decision: moves [`crate::Store::latest_time`] forward, never back.
    pub seen_at: Option<Timestamp>,
}

/// The id of a blob: the lower-case hex of its SHA-256.
pub fn blob_id(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Batch {
    /// The checks that need no database.
    pub(crate) fn check(&self) -> Result<(), CommitError> {
        for event in &self.events {
            check_name("stream", &event.stream)?;
            check_name("kind", &event.kind)?;
            check_text("event body", &event.body)?;
        }
        for (id, bytes) in &self.blobs {
            check_size("blob", bytes.len(), BLOB_BYTES_MAX)?;
            if *id != blob_id(bytes) {
                return Err(CommitError::BlobMismatch { id: id.clone() });
            }
        }
        for entry in &self.leaves {
            check_size("log entry", entry.len(), ENTRY_BYTES_MAX)?;
        }
        for (case, record) in &self.index {
            check_name("case", case)?;
            check_size("index record", record.len(), BLOB_BYTES_MAX)?;
        }
        for (name, value) in &self.meta {
            check_name("meta name", name)?;
            check_text("meta value", value)?;
        }
        Ok(())
    }
}

fn check_size(what: &'static str, bytes: usize, limit: usize) -> Result<(), CommitError> {
    if bytes > limit {
        return Err(CommitError::TooLarge { what, bytes, limit });
    }
    Ok(())
}

pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), CommitError> {
    check_size(what, name.len(), NAME_BYTES_MAX)?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CommitError::Name {
            what,
            name: name.escape_debug().to_string(),
        });
    }
    Ok(())
}

fn check_text(what: &'static str, text: &str) -> Result<(), CommitError> {
    check_size(what, text.len(), BODY_BYTES_MAX)?;
    // PostgreSQL cannot hold NUL in a text; JSON escapes it.
    if text.contains('\0') {
        return Err(CommitError::Name {
            what,
            name: "\\0".to_owned(),
        });
    }
    Ok(())
}

/// The running digest of all events up to this one, so that an audit sees any change in what is stored:
/// SHA-256 over the digest before (zeros at first) and each field with its length.
pub(crate) fn chain(before: &[u8], sequence: u64, event: &NewEvent, at: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"headstart event v1\0");
    hash.update(before);
    for number in [sequence, event.version] {
        hash.update(number.to_be_bytes());
    }
    for text in [event.stream.as_str(), at, &event.kind, &event.body] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

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
    /// Streams that must have these versions, though nothing is written to them: what the decision rests on.
    /// Any other version is a [`CommitError::Conflict`].
    pub supposes: Vec<(String, u64)>,
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

/// Where a batch stands that was committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Placed {
    /// The index of its first log entry, for good; `None` where it has none or nobody wanted to know.
    pub entry: Option<u64>,
    /// The place of its first event in the journal, from 1; its others follow. `None` where it has none.
    pub event: Option<u64>,
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
        for (stream, _) in &self.supposes {
            check_name("stream", stream)?;
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

    /// Bytes that are written, about.
    pub(crate) fn bytes(&self) -> usize {
        let events = self.events.iter().map(|event| event.body.len() + 300);
        let blobs = self.blobs.iter().map(|(_, bytes)| bytes.len() + 100);
        let leaves = self.leaves.iter().map(|entry| entry.len() + 34);
        let index = self.index.iter().map(|(_, record)| record.len() + 100);
        let meta = self.meta.iter().map(|(_, value)| value.len() + 100);
        events
            .chain(blobs)
            .chain(leaves)
            .chain(index)
            .chain(meta)
            .sum()
    }
}

/// Entries in one row of staged entries, at most.
const SEGMENT_ENTRIES_MAX: u64 = 4096;
/// Bytes in one row of staged entries, at most, unless one entry alone is larger.
const SEGMENT_BYTES_MAX: usize = 1 << 20;

/// Log entries that are stored as one row: each after its length in two bytes, as in an entry bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) count: u64,
    /// Their leaf hashes, one after another: what was handed over, whatever happens to the entries later.
    pub(crate) leaves: Vec<u8>,
    pub(crate) entries: Vec<u8>,
}

impl Segment {
    /// The entries of a checked batch.
    pub(crate) fn of(entries: &[Vec<u8>]) -> Vec<Segment> {
        let mut segments = Vec::new();
        for entry in entries {
            let length = u16::try_from(entry.len()).expect("the batch was checked");
            let mut bytes = Vec::with_capacity(entry.len() + 2);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
            let one = Segment {
                count: 1,
                leaves: tlog::leaf_hash(entry).as_bytes().to_vec(),
                entries: bytes,
            };
            one.join(&mut segments);
        }
        segments
    }

    /// Adds these entries after those of `segments`, in the last row if there is room.
    pub(crate) fn join(&self, segments: &mut Vec<Segment>) {
        match segments.last_mut() {
            Some(last)
                if last.count + self.count <= SEGMENT_ENTRIES_MAX
                    && last.entries.len() + self.entries.len() <= SEGMENT_BYTES_MAX =>
            {
                last.count += self.count;
                last.leaves.extend_from_slice(&self.leaves);
                last.entries.extend_from_slice(&self.entries);
            }
            _ => segments.push(self.clone()),
        }
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

/// The digest that stands beside an index record or a setting.
pub(crate) fn record_digest(kind: &str, name: &str, value: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"headstart record v1\0");
    for part in [kind.as_bytes(), name.as_bytes(), value] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The running digest of all checkpoints up to this one.
pub(crate) fn checkpoint_chain(before: &[u8], size: u64, note: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"headstart checkpoint v1\0");
    hash.update(before);
    hash.update(size.to_be_bytes());
    hash.update(note);
    hash.finalize().into()
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

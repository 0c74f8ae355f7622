//! Reading everything again and comparing it with what was signed.

mod log;

use std::collections::BTreeMap;

use tlog::Verifier;

use crate::batch::{NewEvent, chain, record_digest};
use crate::error::StoreError;
use crate::{Backend, Store, ask, postgres, sqlite};

/// Rows read at once: bodies of events have up to 4 MiB each.
const PAGE: u64 = 256;
/// How often an audit begins anew when something was written while it read.
const DISTURBED_MAX: u32 = 5;

/// What an audit has read and found in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    /// Events, with their running digest.
    pub events: u64,
    /// Blobs, with their digests.
    pub blobs: u64,
    /// Log entries under checkpoints.
    pub entries: u64,
    /// Log entries that wait for a checkpoint.
    pub staged: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
}

/// Why an audit failed.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The first thing that is not as it was written.
    #[error("{what}")]
    Difference {
        /// What it is, by its kind and number.
        what: String,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        match error {
            // A stored value that this crate never writes is a difference like any other.
            StoreError::Damaged { what } => Self::Difference { what },
            error => Self::Store(error),
        }
    }
}

impl AuditError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Difference { .. } => {
                "stop writing to the store, keep a copy, and restore a backup"
            }
            Self::Store(error) => error.hint(),
        }
    }
}

fn difference<T>(what: String) -> Result<T, AuditError> {
    Err(AuditError::Difference { what })
}

/// Goes on to the next name of a list in order. A damaged index can answer with the same rows for ever.
fn advance(after: &mut String, next: &str, what: &str) -> Result<(), AuditError> {
    if next <= after.as_str() {
        return difference(format!(
            "the {what} `{}` is not in its place",
            next.escape_debug()
        ));
    }
    next.clone_into(after);
    Ok(())
}

/// Counts and digests that the store keeps beside the rows, as they were when the audit began.
#[derive(PartialEq, Eq)]
struct Heads(BTreeMap<String, (u64, Vec<u8>)>);

impl Heads {
    fn of(&self, name: &str) -> Result<&(u64, Vec<u8>), AuditError> {
        let head = self.0.get(name);
        head.ok_or_else(|| AuditError::Difference {
            what: format!("the head of the {name} is missing"),
        })
    }
}

/// A digest that does not depend on the order of rows.
#[derive(Default)]
struct Mixed {
    count: u64,
    digest: [u8; 32],
}

impl Mixed {
    fn add(&mut self, row: &[u8]) {
        self.count += 1;
        for (byte, other) in self.digest.iter_mut().zip(row) {
            *byte ^= other;
        }
    }

    fn compare(&self, heads: &Heads, name: &str, what: &str) -> Result<(), AuditError> {
        let (count, digest) = heads.of(name)?;
        if (self.count, &self.digest[..]) != (*count, digest.as_slice()) {
            return difference(format!(
                "the {} {what} are not those that were written",
                self.count
            ));
        }
        Ok(())
    }
}

impl Store {
    /// Reads every event, blob, log entry, tile and checkpoint again.
    ///
    /// Events must have their places, versions and running digest; blobs their ids; index records and settings their
    /// digests; log entries, every hash of every tile and all roots must be those that each checkpoint signed with
    /// `log`'s key. Of everything there must be as much as was written. SQLite also checks its own pages, indexes and
    /// tables. If something is written meanwhile, the audit begins anew. Nothing is changed.
    ///
    /// # Errors
    /// [`AuditError::Difference`] names the first thing that is not as it was written.
    pub async fn audit(&self, log: &Verifier) -> Result<Audit, AuditError> {
        let mut tries = 0;
        loop {
            let heads = self.heads().await?;
            let result = self.audit_once(log, &heads).await;
            tries += 1;
            if matches!(result, Err(AuditError::Difference { .. }))
                && tries < DISTURBED_MAX
                && self.heads().await? != heads
            {
                continue;
            }
            return result;
        }
    }

    async fn heads(&self) -> Result<Heads, AuditError> {
        let rows: Result<_, StoreError> = ask!(self, heads);
        let rows = rows?.into_iter();
        Ok(Heads(
            rows.map(|(name, count, digest)| (name, (count, digest)))
                .collect(),
        ))
    }

    async fn audit_once(&self, log: &Verifier, heads: &Heads) -> Result<Audit, AuditError> {
        let (file, rows) = tokio::join!(self.audit_file(), self.audit_rows(log, heads));
        match (rows, file) {
            // What is wrong with a row says more than what is wrong with its page, if the row can be read.
            (Err(error @ AuditError::Difference { .. }), _) => Err(error),
            (rows, file) => file.and(rows),
        }
    }

    async fn audit_file(&self) -> Result<(), AuditError> {
        if let Backend::Sqlite(pools) = &self.backend
            && let Some(fault) = self.shared.watch(sqlite::fault(&pools.read).await)?
        {
            return difference(format!(
                "the database file is damaged: {}",
                fault.escape_debug()
            ));
        }
        Ok(())
    }

    async fn audit_rows(&self, log: &Verifier, heads: &Heads) -> Result<Audit, AuditError> {
        let mut audit = Audit::default();
        self.audit_events(heads, &mut audit).await?;
        self.audit_blobs(heads, &mut audit).await?;
        self.audit_records(heads).await?;
        self.audit_log(log, heads, &mut audit).await?;
        Ok(audit)
    }

    async fn audit_events(&self, heads: &Heads, audit: &mut Audit) -> Result<(), AuditError> {
        let mut digest = vec![0; 32];
        let mut versions: BTreeMap<String, u64> = BTreeMap::new();
        loop {
            let page: Result<_, StoreError> = ask!(self, journal, audit.events, PAGE);
            let page = page?;
            if page.is_empty() {
                break;
            }
            for (event, stored) in page {
                let expected = audit.events + 1;
                if event.sequence != expected {
                    return difference(format!("event {expected} is missing"));
                }
                let version = versions.entry(event.stream.clone()).or_default();
                *version += 1;
                let at = event.at.to_string();
                let new = NewEvent {
                    stream: event.stream,
                    version: event.version,
                    at: event.at,
                    kind: event.kind,
                    body: event.body,
                };
                digest = chain(&digest, expected, &new, &at).to_vec();
                if new.version != *version || digest != stored {
                    return difference(format!("event {expected} is not as it was written"));
                }
                audit.events = expected;
            }
        }
        if (audit.events, &digest) != (heads.of("events")?.0, &heads.of("events")?.1) {
            return difference(format!("event {} is missing", audit.events + 1));
        }
        Ok(())
    }

    async fn audit_blobs(&self, heads: &Heads, audit: &mut Audit) -> Result<(), AuditError> {
        let mut mixed = Mixed::default();
        let mut after = String::new();
        loop {
            let ids: Result<Vec<String>, StoreError> = ask!(self, blob_ids, &after, PAGE);
            let ids = ids?;
            if ids.is_empty() {
                break;
            }
            for id in ids {
                advance(&mut after, &id, "blob")?;
                // Reading a blob checks its digest.
                self.blob(&id).await?;
                mixed.add(&record_digest("blob", &id, id.as_bytes()));
                audit.blobs += 1;
            }
        }
        mixed.compare(heads, "blobs", "blobs")
    }

    async fn audit_records(&self, heads: &Heads) -> Result<(), AuditError> {
        let mut mixed = Mixed::default();
        let mut after = String::new();
        loop {
            let page: Result<_, StoreError> = ask!(self, index_page, &after, PAGE);
            let page: Vec<(String, Vec<u8>, Vec<u8>)> = page?;
            if page.is_empty() {
                break;
            }
            for (case, record, stored) in page {
                advance(&mut after, &case, "index record")?;
                let digest = record_digest("index", &case, &record);
                if stored != digest {
                    let case = case.escape_debug();
                    return difference(format!(
                        "the index record of `{case}` is not as it was written"
                    ));
                }
                mixed.add(&digest);
            }
        }
        mixed.compare(heads, "index", "index records")?;
        let mut mixed = Mixed::default();
        let settings: Result<Vec<(String, String, Vec<u8>)>, StoreError> = ask!(self, settings);
        for (name, value, stored) in settings? {
            let digest = record_digest("meta", &name, value.as_bytes());
            if stored != digest {
                let name = name.escape_debug();
                return difference(format!("the setting `{name}` is not as it was written"));
            }
            mixed.add(&digest);
        }
        mixed.compare(heads, "meta", "settings")
    }
}

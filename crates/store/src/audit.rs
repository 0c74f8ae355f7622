//! Reading everything again and comparing it with what was signed.

use std::collections::BTreeMap;

use tlog::{Checkpoint, Frontier, Hash, Verifier};

use crate::batch::{NewEvent, chain};
use crate::error::StoreError;
use crate::{Backend, Store, ask, postgres, sqlite};

/// Rows read at once: bodies of events have up to 4 MiB each.
const PAGE: u64 = 256;

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
    Store(#[from] StoreError),
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

impl Store {
    /// Reads every event, blob, log entry, hash and checkpoint again.
    ///
    /// Events must have their places, versions and running digest; blobs their ids; log entries, every stored hash of
    /// the tree and its roots must be those that each checkpoint signed with `log`'s key.
    /// SQLite also checks its own pages and indexes.
    /// What is written meanwhile by other processes is not looked at. Nothing is changed.
    ///
    /// # Errors
    /// [`AuditError::Difference`] names the first thing that is not as it was written.
    pub async fn audit(&self, log: &Verifier) -> Result<Audit, AuditError> {
        let mut audit = Audit::default();
        if let Backend::Sqlite(pool) = &self.0
            && let Some(fault) = sqlite::fault(pool).await?
        {
            return difference(format!(
                "the database file is damaged: {}",
                fault.escape_debug()
            ));
        }
        self.audit_events(&mut audit).await?;
        self.audit_blobs(&mut audit).await?;
        self.audit_log(log, &mut audit).await?;
        Ok(audit)
    }

    async fn audit_events(&self, audit: &mut Audit) -> Result<(), AuditError> {
        let mut digest = vec![0; 32];
        let mut versions: BTreeMap<String, u64> = BTreeMap::new();
        loop {
            let page = ask!(self, journal, audit.events, PAGE)?;
            if page.is_empty() {
                return Ok(());
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
    }

    async fn audit_blobs(&self, audit: &mut Audit) -> Result<(), AuditError> {
        let mut after = String::new();
        loop {
            let ids = ask!(self, blob_ids, &after, PAGE)?;
            let Some(last) = ids.last().cloned() else {
                return Ok(());
            };
            for id in ids {
                // Reading a blob checks its digest.
                match self.blob(&id).await {
                    Err(StoreError::Damaged { what }) => return difference(what),
                    result => result?,
                };
                audit.blobs += 1;
            }
            after = last;
        }
    }

    async fn audit_log(&self, log: &Verifier, audit: &mut Audit) -> Result<(), AuditError> {
        let checkpoints = ask!(self, checkpoints)?;
        let size = checkpoints.last().map_or(0, |(size, _)| *size);
        let mut signed = BTreeMap::new();
        for (size, note) in &checkpoints {
            let checkpoint =
                Checkpoint::open(note, log).map_err(|error| AuditError::Difference {
                    what: format!("checkpoint {size}: {error}"),
                })?;
            if checkpoint.size() != *size {
                return difference(format!("checkpoint {size} is of another size"));
            }
            signed.insert(*size, checkpoint.root());
        }
        audit.checkpoints = checkpoints.len() as u64;
        let mut frontier = Frontier::new();
        let mut at = 0;
        loop {
            let page = ask!(self, entries, at, PAGE)?;
            if page.is_empty() {
                break;
            }
            let mut made: BTreeMap<u8, Vec<(u64, Hash)>> = BTreeMap::new();
            for (index, leaf, entry) in page {
                if index != at {
                    return difference(format!("log entry {at} is missing"));
                }
                let hash = tlog::leaf_hash(&entry);
                if hash.as_bytes()[..] != leaf[..] {
                    return difference(format!("log entry {index} has another leaf hash"));
                }
                at += 1;
                if index >= size {
                    audit.staged += 1;
                    continue;
                }
                let nodes = frontier
                    .append(hash)
                    .map_err(|error| AuditError::Difference {
                        what: error.to_string(),
                    })?;
                for node in nodes {
                    made.entry(node.level)
                        .or_default()
                        .push((node.index, node.hash));
                }
                audit.entries += 1;
                if signed
                    .get(&audit.entries)
                    .is_some_and(|root| *root != frontier.root())
                {
                    return difference(format!(
                        "the first {} log entries have another root than was signed",
                        audit.entries
                    ));
                }
            }
            self.compare_hashes(&made).await?;
        }
        if audit.entries != size {
            return difference(format!("log entry {} is missing", audit.entries));
        }
        // A tree of n leaves has 2n − (one-bits of n) complete subtrees; any further hash was never made by the log.
        let expected = size.saturating_mul(2) - u64::from(size.count_ones());
        let stored = ask!(self, hash_count)?;
        if self.log_size().await? == size && stored != expected {
            return difference(format!(
                "{stored} hashes of the log are stored instead of {expected}"
            ));
        }
        Ok(())
    }

    /// Compares the hashes that a page of entries has made with the stored ones; each level's are contiguous.
    async fn compare_hashes(
        &self,
        made: &BTreeMap<u8, Vec<(u64, Hash)>>,
    ) -> Result<(), AuditError> {
        for (&level, hashes) in made {
            let (Some((first, _)), Some((last, _))) = (hashes.first(), hashes.last()) else {
                continue;
            };
            let stored = ask!(self, hash_range, level, *first, last.saturating_add(1))?;
            let stored: BTreeMap<u64, Hash> = stored.into_iter().collect();
            if let Some((index, _)) = hashes
                .iter()
                .find(|(index, hash)| stored.get(index) != Some(hash))
            {
                return difference(format!(
                    "the log hash at level {level}, index {index} is not that of the entries"
                ));
            }
        }
        Ok(())
    }
}

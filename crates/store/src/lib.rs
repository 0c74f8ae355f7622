//! Events, blobs and the transparency log in SQLite or PostgreSQL.
//!
//! One set of functions for both databases ([`Store`]), tested by one suite that runs on both.
//! What one decision writes is one [`Batch`], stored whole or not at all; an acknowledged batch survives a crash.
//!
//! - **Events** belong to streams and are versioned: of two writers that decided on the same state, one gets
//!   [`CommitError::Conflict`]. They are never changed or deleted, and the database itself refuses to; a running digest
//!   over all of them shows to an [`Store::audit`] what was changed behind its back.
//! - **Blobs** are kept under their SHA-256.
//! - **Log entries** get their place when they are committed, and are in the tree once [`Store::integrate`] has put a
//!   signed checkpoint over them, after every tile below it.
//! - **Index records** and **settings** are replaced.
//! - **Tickets** end by themselves: sessions, invitations. No evidence rests on them, and audits pass over them.
//!
//! The store holds ciphertext, commitments and schedule; it knows nothing of keys but the log's, for a moment.
//!
//! # One file of queries, compiled twice
//! `queries.rs` is a child module of both `sqlite` and `postgres`, with a type `Db` that is the one or the other, and
//! uses the SQL that both understand. Only schemas and transactions differ.

mod address;
mod audit;
mod batch;
mod entries;
mod error;
mod group;
mod integrate;
mod lease;
mod postgres;
mod sqlite;
mod state;
mod tickets;
mod tiles;
mod wal;

pub use address::Address;
pub use audit::{Audit, AuditError};
pub use batch::{
    BLOB_BYTES_MAX, BODY_BYTES_MAX, Batch, ENTRY_BYTES_MAX, NAME_BYTES_MAX, NewEvent, Placed,
    Recorded, blob_id,
};
pub use error::{CommitError, LogError, StoreError};
pub use integrate::{Growing, Grown, Signed};
pub use tickets::{TICKET_BYTES_MAX, Ticket};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tlog::{ConsistencyProof, Hash, HashReader as _, InclusionProof};

use crate::group::Prepared;
use crate::state::Shared;
use crate::tiles::Wanted;

/// Events that [`Store::journal`] returns at most.
pub const JOURNAL_PAGE_MAX: u64 = 10_000;

/// A store; clones share their connections.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    shared: Arc<Shared>,
    lease: Duration,
}

#[derive(Clone)]
enum Backend {
    Sqlite(sqlite::Pools),
    Postgres(sqlx::PgPool),
}

/// Calls one function of `queries.rs` that reads on the database that this store has.
macro_rules! ask {
    ($store:expr, $function:ident $(, $argument:expr)*) => {{
        $store.shared.running()?;
        let result = match &$store.backend {
            Backend::Sqlite(pools) => sqlite::queries::$function(&pools.read $(, $argument)*).await,
            Backend::Postgres(pool) => postgres::queries::$function(pool $(, $argument)*).await,
        };
        $store.shared.watch(result)
    }};
}
/// The same for one that writes.
macro_rules! tell {
    ($store:expr, $function:ident $(, $argument:expr)*) => {{
        $store.shared.running()?;
        let result = match &$store.backend {
            Backend::Sqlite(pools) => sqlite::queries::$function(&pools.write $(, $argument)*).await,
            Backend::Postgres(pool) => postgres::queries::$function(pool $(, $argument)*).await,
        };
        $store.shared.watch(result)
    }};
}
pub(crate) use {ask, tell};

impl Store {
    /// Makes a new store: a SQLite file that only its owner can read, or the tables in a PostgreSQL database.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when something is there already; it is left alone.
    pub async fn create(address: impl Into<Address>) -> Result<Self, StoreError> {
        Self::with(address.into(), true).await
    }

    /// Opens a store that exists, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when nothing is there, [`StoreError::NotAStore`], [`StoreError::Newer`].
    pub async fn open(address: impl Into<Address>) -> Result<Self, StoreError> {
        Self::with(address.into(), false).await
    }

    /// What can be read in this thread; `None` where it must be asked for.
    fn directly<T>(
        &self,
        read: impl FnOnce(&sqlite::Direct) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.shared.running()?;
        match &self.backend {
            Backend::Sqlite(pools) => self.shared.watch(read(&pools.direct)),
            Backend::Postgres(_) => Ok(None),
        }
    }

    async fn with(address: Address, is_new: bool) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::of(&address));
        shared.running()?;
        let backend = match (&address, is_new) {
            (Address::Sqlite(path), true) => sqlite::create(path).await.map(Backend::Sqlite),
            (Address::Sqlite(path), false) => sqlite::open(path).await.map(Backend::Sqlite),
            (Address::Postgres(url), true) => postgres::create(url).await.map(Backend::Postgres),
            (Address::Postgres(url), false) => postgres::open(url).await.map(Backend::Postgres),
        };
        Ok(Self {
            backend: shared.watch_opening(backend)?,
            shared,
            lease: lease::LEASE,
        })
    }

    /// The same store with another length of its leases of the log, at most 60 seconds; 10 seconds if nothing is said.
    /// A process that sleeps for longer in the middle of [`Store::integrate`] is overtaken by others.
    #[must_use]
    pub fn with_lease(self, length: Duration) -> Self {
        Self {
            lease: length,
            ..self
        }
    }

    pub(crate) fn claim(&self) -> lease::Claim {
        lease::Claim {
            holder: self.shared.holder().to_owned(),
            length: self.lease,
        }
    }

    /// Writes one state of the whole store into a new SQLite file, while others go on reading and writing.
    ///
    /// Nothing is promised about that file's place on the disk: it is there to be read once.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is a file already; [`StoreError::NotHere`] for PostgreSQL, whose own
    /// `pg_dump` makes such a copy.
    pub async fn snapshot(&self, path: &Path) -> Result<(), StoreError> {
        self.shared.running()?;
        let result = match &self.backend {
            Backend::Sqlite(pools) => sqlite::snapshot(&pools.read, path).await,
            Backend::Postgres(_) => Err(StoreError::NotHere {
                what: "a snapshot into a file",
            }),
        };
        self.shared.watch(result)
    }

    /// Closes all connections, also those of clones. Dropping the store is enough for what is committed.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(pools) => pools.close().await,
            Backend::Postgres(pool) => pool.close().await,
        }
    }

    /// Stores a batch, whole or not at all. When this returns `Ok`, it survives a crash.
    ///
    /// Batches that are committed at the same time share a transaction and its sync of the disk; one that is refused
    /// does not touch the others.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when a stream has another version than the batch supposes; the limits and names of
    /// [`Batch`]. Nothing is stored then. After [`StoreError::Halted`], [`StoreError::Interrupted`] and a broken
    /// connection it is not known whether it is stored.
    pub async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        self.write(batch, false).await?;
        Ok(())
    }

    /// As [`Store::commit`], and says where the batch's first log entry and first event stand for good.
    ///
    /// # Errors
    /// As for [`Store::commit`].
    pub async fn commit_placed(&self, batch: &Batch) -> Result<Placed, CommitError> {
        self.write(batch, true).await
    }

    async fn write(&self, batch: &Batch, is_placed: bool) -> Result<Placed, CommitError> {
        batch.check()?;
        let prepared = Prepared::new(batch, is_placed);
        if !prepared.is_large() {
            return group::commit(&self.backend, &self.shared, prepared).await;
        }
        let mut results = group::write(&self.backend, &self.shared, vec![prepared]).await?;
        group::tidy(&self.backend, &self.shared, batch.bytes());
        results.pop().unwrap_or(Ok(Placed::default()))
    }

    /// The events of one stream with a version above `after_version`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(
        &self,
        stream: &str,
        after_version: u64,
    ) -> Result<Vec<Recorded>, StoreError> {
        ask!(self, events, stream, after_version)
    }

    /// The events of all streams that begin with `prefix`, after a place in the journal, in order of commit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_under(
        &self,
        prefix: &str,
        after_sequence: u64,
    ) -> Result<Vec<Recorded>, StoreError> {
        ask!(self, events_under, prefix, after_sequence)
    }

    /// All events after a place in the journal, in order of commit, at most `limit` and [`JOURNAL_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn journal(
        &self,
        after_sequence: u64,
        limit: u64,
    ) -> Result<Vec<Recorded>, StoreError> {
        let rows = ask!(self, journal, after_sequence, limit.min(JOURNAL_PAGE_MAX))?;
        Ok(rows.into_iter().map(|(event, _)| event).collect())
    }

    /// The streams that begin with `prefix`, by name, with their versions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn streams(&self, prefix: &str) -> Result<Vec<(String, u64)>, StoreError> {
        ask!(self, streams, prefix)
    }

    /// A blob by its id; its digest is checked again.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the bytes have another digest.
    pub async fn blob(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match ask!(self, blob, id)? {
            Some(bytes) if blob_id(&bytes) != id => Err(other_digest(id)),
            bytes => Ok(bytes),
        }
    }

    /// Blobs by their ids, in the order of the ids; their digests are checked again.
    ///
    /// # Errors
    /// As for [`Store::blob`].
    pub async fn blobs(&self, ids: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut found = match self.directly(|direct| direct.blobs(ids))? {
            Some(found) => found,
            None => ask!(self, blobs, ids)?,
        };
        for (id, bytes) in &found {
            if blob_id(bytes) != *id {
                return Err(other_digest(id));
            }
        }
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for id in ids {
            *left.entry(id).or_default() += 1;
        }
        Ok(ids
            .iter()
            .map(|id| {
                let uses = left.get_mut(id.as_str())?;
                *uses -= 1;
                match uses {
                    0 => found.remove(id),
                    _ => found.get(id).cloned(),
                }
            })
            .collect())
    }

    /// All index records with their cases, by case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn index_records(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        ask!(self, index_records)
    }

    /// A setting by its name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        ask!(self, meta, name)
    }

    /// Replaces one setting.
    ///
    /// # Errors
    /// As for [`Store::commit`].
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), CommitError> {
        self.commit(&Batch {
            meta: vec![(name.to_owned(), value.to_owned())],
            ..Batch::default()
        })
        .await
    }

    /// The latest time that any process has stored with [`Store::see_time`] or a batch.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_time(&self) -> Result<Option<Timestamp>, StoreError> {
        ask!(self, latest_time)
    }

    /// Moves the latest time forward to `now` if it is behind, and returns it. It never goes back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn see_time(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let batch = Batch {
            seen_at: Some(now),
            ..Batch::default()
        };
        self.commit(&batch).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            // A time has neither version nor limit.
            other => StoreError::damaged(other.to_string()),
        })?;
        Ok(self.latest_time().await?.unwrap_or(now))
    }

    /// The newest signed checkpoint, as a note; `None` before the first one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        Ok(ask!(self, checkpoint)?.map(|(_, note)| note))
    }

    /// All signed checkpoints with their sizes, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoints(&self) -> Result<Vec<(u64, String)>, StoreError> {
        ask!(self, checkpoints)
    }

    /// Entries in the newest checkpoint's tree.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_size(&self) -> Result<u64, StoreError> {
        Ok(ask!(self, checkpoint)?.map_or(0, |(size, _)| size))
    }

    /// Entries that no checkpoint covers yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staged(&self) -> Result<u64, StoreError> {
        ask!(self, staged)
    }

    /// The first index of an entry in the newest checkpoint's tree, by its leaf hash ([`tlog::leaf_hash`]).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leaf_index(&self, leaf: &Hash) -> Result<Option<u64>, StoreError> {
        ask!(self, leaf_index, leaf)
    }

    /// An entry of the newest checkpoint's tree.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries(index, 1).await?.pop())
    }

    /// Entries of the newest checkpoint's tree from `first` on, at most `limit` and 256: an entry bundle.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, first: u64, limit: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        ask!(self, entries, first, limit.min(256))
    }

    /// The hashes of one level of the tree from `first` on, at most `limit` and 256. A tile (level L, index N, width W)
    /// of C2SP tlog-tiles is `tree_hashes(8 * L, 256 * N, W)`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tree_hashes(
        &self,
        level: u8,
        first: u64,
        limit: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        let size = self.log_size().await?;
        let count = size.checked_shr(level.into()).unwrap_or(0);
        let indexes = first..first.saturating_add(limit.min(256)).min(count);
        let wanted = Wanted::by(|reader| {
            for index in indexes.clone() {
                reader.hash(level, index);
            }
        });
        let tiles = ask!(self, proof_tiles, size, &wanted).map_err(|error| match error {
            LogError::Store(error) => error,
            other => StoreError::damaged(other.to_string()),
        })?;
        let missing = || StoreError::damaged(format!("a tile of level {} is missing", level / 8));
        indexes
            .map(|index| tiles.hash(level, index).ok_or_else(missing))
            .collect()
    }

    /// For each leaf hash ([`tlog::leaf_hash`]) the proof that it is in the tree of the first `size` entries, which says
    /// where it stands first; `None` for what is not among them.
    ///
    /// # Errors
    /// [`LogError::NotYet`] when the newest checkpoint is smaller.
    pub async fn inclusions(
        &self,
        leaves: &[Hash],
        size: u64,
    ) -> Result<Vec<Option<InclusionProof>>, LogError> {
        Ok(self.included(leaves, Some(size)).await?.1)
    }

    /// The newest checkpoint, as a note, and the proofs under it as [`Store::inclusions`] gives them; `None` before the
    /// first checkpoint.
    ///
    /// # Errors
    /// [`LogError::Store`].
    pub async fn inclusions_now(
        &self,
        leaves: &[Hash],
    ) -> Result<Option<(String, Vec<Option<InclusionProof>>)>, LogError> {
        let (note, proofs) = self.included(leaves, None).await?;
        Ok((!note.is_empty()).then_some((note, proofs)))
    }

    async fn included(
        &self,
        leaves: &[Hash],
        size: Option<u64>,
    ) -> Result<(String, Vec<Option<InclusionProof>>), LogError> {
        let found = ask!(self, included, leaves, size)?;
        let proof = |index| tlog::inclusion_proof(&found.tiles, index, found.size);
        let proofs: Result<Vec<_>, LogError> = found
            .indexes
            .into_iter()
            .map(|index| index.map(proof).transpose().map_err(LogError::refused))
            .collect();
        Ok((found.note, proofs?))
    }

    /// The proof that entry `index` is in the tree of the first `size` entries.
    ///
    /// # Errors
    /// [`LogError::NotYet`] when the newest checkpoint is smaller, [`LogError::Refused`] unless `index < size`.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, LogError> {
        let wanted = Wanted::by(|reader| tlog::inclusion_proof(reader, index, size));
        let tiles = ask!(self, proof_tiles, size, &wanted)?;
        tlog::inclusion_proof(&tiles, index, size).map_err(|error| LogError::Refused {
            what: error.to_string(),
        })
    }

    /// The proof that the tree of `old_size` entries is the beginning of that of `new_size`.
    ///
    /// # Errors
    /// [`LogError::NotYet`] when the newest checkpoint is smaller, [`LogError::Refused`] unless `old_size <= new_size`.
    pub async fn consistency(
        &self,
        old_size: u64,
        new_size: u64,
    ) -> Result<ConsistencyProof, LogError> {
        let wanted = Wanted::by(|reader| tlog::consistency_proof(reader, old_size, new_size));
        let tiles = ask!(self, proof_tiles, new_size, &wanted)?;
        tlog::consistency_proof(&tiles, old_size, new_size).map_err(|error| LogError::Refused {
            what: error.to_string(),
        })
    }
}

fn other_digest(id: &str) -> StoreError {
    StoreError::damaged(format!("the blob {} has another digest", id.escape_debug()))
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.backend {
            Backend::Sqlite(_) => "Store(SQLite)",
            Backend::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

//! What clones of a store share beside their connections.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::address::Address;
use crate::error::{Failed, StoreError};
use crate::group::Queue;
use crate::lease::new_holder;

/// Databases that this process may not use any more, with what SQLite said.
static HALTED: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    /// Held by the task that integrates.
    pub(crate) integrating: tokio::sync::Mutex<()>,
    holder: OnceLock<String>,
    halted: OnceLock<String>,
    path: Option<PathBuf>,
}

impl Shared {
    pub(crate) fn of(address: &Address) -> Self {
        let path = match address {
            // The same file under another name is the same file.
            Address::Sqlite(path) => Some(path.canonicalize().unwrap_or_else(|_| path.clone())),
            Address::Postgres(_) => None,
        };
        Self {
            path,
            ..Self::default()
        }
    }

    /// The name under which this store takes leases.
    pub(crate) fn holder(&self) -> &str {
        self.holder.get_or_init(new_holder)
    }

    /// Refuses everything once reading or writing has failed.
    ///
    /// A sync that failed once may succeed the next time without having written anything: the system has dropped the
    /// pages that it could not write, or shows them although the disk has not got them. So nothing is tried again. A new
    /// process starts with what it can read and writes that anew (`take_up` of `sqlite.rs`).
    pub(crate) fn running(&self) -> Result<(), StoreError> {
        let halted = HALTED.lock().unwrap_or_else(PoisonError::into_inner);
        let what = self
            .halted
            .get()
            .or_else(|| halted.get(self.path.as_ref()?));
        what.map_or(Ok(()), |what| {
            Err(StoreError::Halted { what: what.clone() })
        })
    }

    /// The same while a store is opened: a file that is no store, or a damaged one, is no failing disk.
    pub(crate) fn watch_opening<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match result {
            Err(error) if !error.is_of_disk() => Err(error),
            result => self.watch(result),
        }
    }

    /// Passes a result on, and stops everything after it if the database can no longer be relied upon.
    pub(crate) fn watch<T, E: Failed>(&self, result: Result<T, E>) -> Result<T, E> {
        let Some(what) = result
            .as_ref()
            .err()
            .and_then(|error| error.store()?.fatal())
        else {
            return result;
        };
        let mut halted = HALTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &self.path {
            halted.entry(path.clone()).or_insert_with(|| what.clone());
        }
        Err(StoreError::Halted {
            what: self.halted.get_or_init(|| what).clone(),
        }
        .into())
    }
}

//! Short reads in the thread of whoever asks.
//!
//! sqlx gives each connection a thread of its own, and each question wakes that thread and then the one that asked. For
//! a question that is answered in some microseconds from pages in memory, that is most of its time. So the two that
//! every request or every download asks are asked here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::queries::{LATEST_TIME, PULSE, pulse_of};
use crate::error::StoreError;

/// Bytes of a blob that are read here, at most: a longer one would hold up what else its thread has to do.
const BLOB_BYTES_MAX: i64 = 256 << 10;
/// Blobs that are read at once here, at most.
const BLOBS_MAX: usize = 16;
/// Bytes that are too many are not read at all: their length stands before them.
const BLOB: &str = "SELECT CASE WHEN length(bytes) <= ?2 THEN bytes END FROM blobs WHERE id = ?1";

/// Connections that only read, as many as threads have read at once.
#[derive(Clone)]
pub(crate) struct Direct(Arc<Mutex<Idle>>);

struct Idle {
    /// None once the store is closed.
    file: Option<Arc<DatabaseFile>>,
    connections: Vec<Connection>,
}

/// A file, which may have another name by now.
#[derive(PartialEq, Eq)]
struct DatabaseFile {
    path: PathBuf,
    #[cfg(unix)]
    device_and_number: (u64, u64),
}

impl DatabaseFile {
    fn at(path: &Path) -> std::io::Result<Self> {
        let path = path.canonicalize()?;
        Ok(Self {
            #[cfg(unix)]
            device_and_number: {
                use std::os::unix::fs::MetadataExt as _;
                let about = path.metadata()?;
                (about.dev(), about.ino())
            },
            path,
        })
    }
}

impl Direct {
    /// Of a database that is open already.
    pub(crate) fn new(path: &Path) -> Self {
        Self(Arc::new(Mutex::new(Idle {
            // Without it, whoever asks is sent to the pool.
            file: DatabaseFile::at(path).ok().map(Arc::new),
            connections: Vec::new(),
        })))
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn close(&self) {
        let mut idle = self.idle();
        idle.file = None;
        idle.connections.clear();
    }

    /// Reads; `None` when that would have to wait for another process, or the store is closed: the pool says what is the
    /// matter then.
    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        let (connection, file) = {
            let mut idle = self.idle();
            let Some(file) = idle.file.clone() else {
                return Ok(None);
            };
            (idle.connections.pop(), file)
        };
        let connection = match connection {
            Some(connection) => Ok(connection),
            // Another file may have its name by now.
            None if DatabaseFile::at(&file.path).ok().as_ref() != Some(&*file) => return Ok(None),
            None => open(&file.path),
        };
        let found = connection.and_then(|connection| {
            let found = read(&connection)?;
            Ok((connection, found))
        });
        match found {
            Ok((connection, found)) => {
                let mut idle = self.idle();
                if idle.file.is_some() {
                    idle.connections.push(connection);
                }
                Ok(Some(found))
            }
            Err(error) if is_busy(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`queries::pulse`](super::queries::pulse), if it can be read here.
    pub(crate) fn pulse(&self) -> Result<Option<(u64, Option<Timestamp>)>, StoreError> {
        let found = self.read(|connection| {
            connection
                .prepare_cached(PULSE)?
                .query_row([LATEST_TIME], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        found.map(pulse_of).transpose()
    }

    /// As [`queries::blobs`](super::queries::blobs), if they can be read here.
    pub(crate) fn blobs(
        &self,
        ids: &[String],
    ) -> Result<Option<BTreeMap<String, Vec<u8>>>, StoreError> {
        if ids.len() > BLOBS_MAX {
            return Ok(None);
        }
        let found = self.read(|connection| {
            let mut ask = connection.prepare_cached(BLOB)?;
            let mut found = BTreeMap::new();
            for id in ids {
                let row = ask.query_row((id, BLOB_BYTES_MAX), |row| row.get(0));
                match row.optional()? {
                    Some(None) => return Ok(None),
                    Some(Some(bytes)) => found.insert(id.clone(), bytes),
                    None => None,
                };
            }
            Ok(Some(found))
        })?;
        Ok(found.flatten())
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    // A write-ahead log is read with marks that are written beside it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    for (name, value) in [
        ("query_only", "ON"),
        ("wal_autocheckpoint", "0"),
        ("cell_size_check", "ON"),
        ("trusted_schema", "OFF"),
    ] {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::super::{create, writer};
    use super::*;
    use crate::batch::blob_id;

    async fn blobs(pools: &super::super::Pools, all: &[Vec<u8>]) -> Vec<String> {
        let mut writer = writer(&pools.write).await.unwrap();
        let mut ids = Vec::new();
        for bytes in all {
            let id = blob_id(bytes);
            sqlx::query("INSERT INTO blobs (id, bytes) VALUES ($1, $2)")
                .bind(&id)
                .bind(bytes)
                .execute(&mut *writer)
                .await
                .unwrap();
            ids.push(id);
        }
        ids
    }

    #[tokio::test]
    async fn what_is_committed_is_read_at_once_and_what_is_too_much_is_left_to_the_pool() {
        let home = tempfile::tempdir().unwrap();
        let pools = create(&home.path().join("store.db")).await.unwrap();
        let direct = &pools.direct;
        assert_eq!(direct.pulse().unwrap(), Some((0, None)));
        let most = usize::try_from(BLOB_BYTES_MAX).unwrap();
        let all = [b"one".to_vec(), vec![7; most], vec![7; most + 1]];
        let ids = blobs(&pools, &all).await;
        let found = direct.blobs(&[ids[0].clone(), ids[1].clone(), blob_id(b"no")]);
        let found = found.unwrap().unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((&found[&ids[0]], &found[&ids[1]]), (&all[0], &all[1]));
        assert_eq!(direct.blobs(&ids).unwrap(), None);
        let many = vec![ids[0].clone(); BLOBS_MAX + 1];
        assert_eq!(direct.blobs(&many).unwrap(), None);
        pools.close().await;
        assert_eq!(direct.pulse().unwrap(), None);
    }

    #[tokio::test]
    async fn nothing_is_written_here_and_threads_that_read_at_once_do_not_wait() {
        let home = tempfile::tempdir().unwrap();
        let pools = create(&home.path().join("store.db")).await.unwrap();
        let direct = &pools.direct;
        let error = direct
            .read(|connection| connection.execute("DELETE FROM heads", []))
            .unwrap_err();
        assert!(error.to_string().contains("readonly"), "{error}");
        let nested = direct.read(|_| Ok(direct.pulse().unwrap()));
        assert_eq!(nested.unwrap(), Some(Some((0, None))));
        assert_eq!(direct.idle().connections.len(), 2);
    }

    #[tokio::test]
    async fn a_file_that_another_program_has_locked_is_left_to_the_pool() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store.db");
        create(&path).await.unwrap().close().await;
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE t (a); COMMIT",
            )
            .unwrap();
        assert_eq!(Direct::new(&path).pulse().unwrap(), None);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn another_file_of_the_same_name_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let (path, aside) = (home.path().join("store.db"), home.path().join("aside.db"));
        let pools = create(&path).await.unwrap();
        std::fs::rename(&path, &aside).unwrap();
        create(&path).await.unwrap().close().await;
        assert_eq!(pools.direct.pulse().unwrap(), None);
        assert_eq!(Direct::new(&path).pulse().unwrap(), Some((0, None)));
    }
}

//! SQLite: one file, write-ahead log, synced at every commit.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::address::Address;
use crate::error::StoreError;

pub(crate) type Db = sqlx::Sqlite;

#[path = "queries.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see its head"
)]
pub(crate) mod queries;
#[path = "schema.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see its head"
)]
mod schema;

const SCHEMAS: &[&str] = &[include_str!("schema/sqlite_1.sql")];

/// How long a writer waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECTIONS_MAX: u32 = 4;

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL syncs the write-ahead log before a commit is acknowledged; NORMAL loses acknowledged events.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

async fn pool(path: &Path, connections: u32) -> Result<sqlx::SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .connect_with(options(path))
        .await
}

/// A writer takes its lock at the start, so that what it reads is still true when it writes.
pub(crate) async fn begin_write(
    pool: &sqlx::SqlitePool,
) -> Result<sqlx::Transaction<'static, Db>, sqlx::Error> {
    pool.begin_with("BEGIN IMMEDIATE").await
}

/// All reads of a transaction see one state.
pub(crate) async fn begin_read(
    pool: &sqlx::SqlitePool,
) -> Result<sqlx::Transaction<'static, Db>, sqlx::Error> {
    pool.begin_with("BEGIN DEFERRED").await
}

pub(crate) async fn create(path: &Path) -> Result<sqlx::SqlitePool, StoreError> {
    let file_error = |source| StoreError::File {
        address: path.into(),
        source,
    };
    if fs::symlink_metadata(path).is_ok() {
        return Err(StoreError::Exists {
            address: path.into(),
        });
    }
    let mut name = path.as_os_str().to_owned();
    // What a crash left behind has another name, also where every process has the same number.
    let now = jiff::Timestamp::now().as_nanosecond();
    name.push(format!(".new-{}-{now}", std::process::id()));
    let new = Path::new(&name);
    let made = make(new).await;
    // CRASH: until the link, a file `….new-…` is left and there is no database; after it, the whole one is there.
    let linked = match made {
        Ok(()) => fs::hard_link(new, path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists {
                address: path.into(),
            },
            _ => file_error(source),
        }),
        Err(error) => Err(error),
    };
    let _ = fs::remove_file(new);
    linked?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        // The name itself must survive a power cut too.
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(file_error)?;
    }
    open(path).await
}

async fn make(path: &Path) -> Result<(), StoreError> {
    let mut create = OpenOptions::new();
    create.write(true).create_new(true);
    // SQLite gives the write-ahead log the same permissions.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    create.open(path).map_err(|source| StoreError::File {
        address: Address::from(path),
        source,
    })?;
    let pool = pool(path, 1).await?;
    schema::migrate(&pool, SCHEMAS, true).await?;
    // The last connection writes everything into the file itself and removes the write-ahead log.
    pool.close().await;
    Ok(())
}

pub(crate) async fn open(path: &Path) -> Result<sqlx::SqlitePool, StoreError> {
    let address = || Address::from(path);
    let mut file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => StoreError::Missing { address: address() },
        _ => StoreError::File {
            address: address(),
            source,
        },
    })?;
    let mut head = [0; 16];
    let is_sqlite = file.read_exact(&mut head).is_ok() && head == *b"SQLite format 3\0";
    drop(file);
    if !is_sqlite {
        return Err(StoreError::NotAStore { address: address() });
    }
    let pool = pool(path, CONNECTIONS_MAX).await?;
    let table: Option<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'",
    )
    .fetch_optional(&pool)
    .await?;
    if table.is_none() {
        return Err(StoreError::NotAStore { address: address() });
    }
    schema::migrate(&pool, SCHEMAS, false).await?;
    Ok(pool)
}

/// What SQLite itself finds wrong with its pages and indexes; an audit reads tables, and a lookup an index.
pub(crate) async fn fault(pool: &sqlx::SqlitePool) -> Result<Option<String>, StoreError> {
    let first: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(pool)
        .await?;
    Ok((first != "ok").then_some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_connection_syncs_each_commit() {
        let home = tempfile::tempdir().unwrap();
        let pool = create(&home.path().join("store.db")).await.unwrap();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            connections.push(pool.acquire().await.unwrap());
        }
        for connection in &mut connections {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
                .fetch_one(&mut **connection)
                .await
                .unwrap();
            // 2 is FULL.
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
                .fetch_one(&mut **connection)
                .await
                .unwrap();
            let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
                .fetch_one(&mut **connection)
                .await
                .unwrap();
            assert_eq!((mode.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
        }
    }

    #[tokio::test]
    async fn a_store_that_could_not_be_made_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let missing = home.path().join("missing/store.db");
        assert!(matches!(
            create(&missing).await,
            Err(StoreError::File { .. })
        ));
        create(&home.path().join("store.db"))
            .await
            .unwrap()
            .close()
            .await;
        let names: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["store.db"]);
    }
}

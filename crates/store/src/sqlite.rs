//! SQLite: one file, write-ahead log, synced at every commit.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteLockingMode,
    SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Mutex, OnceCell};

use crate::address::Address;
use crate::error::StoreError;
use crate::wal;

pub(crate) type Db = sqlx::Sqlite;

mod direct;
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
mod writer;

pub(crate) use direct::Direct;
use writer::Writing;
pub(crate) use writer::{BEGIN, COMMIT, WriteTx, Writers, writer};

const SCHEMAS: &[&str] = &[
    include_str!("schema/sqlite_1.sql"),
    include_str!("schema/sqlite_2.sql"),
];

/// How long a writer waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long opening waits for others before it leaves the write-ahead log to them.
const TAKE_UP_TIMEOUT: Duration = Duration::from_millis(100);
const READERS_MAX: u32 = 4;
/// Bytes of rows after which the write-ahead log is moved into the file as soon as nobody has committed for a moment:
/// moving it keeps the disk busy, and who commits meanwhile waits.
const WAL_BYTES: usize = 4 << 20;
const MOMENT: Duration = Duration::from_millis(100);
/// Bytes of rows after which it is moved whoever waits. The log holds whole pages, and is some four times as long by
/// then (about 480 MB in a benchmark of receipts).
const WAL_BYTES_MAX: usize = 128 << 20;

/// How the log stands: size and note of the newest checkpoint, entries, the lease, and the database's clock in
/// milliseconds since 1970.
pub(crate) const STANDING: &str = "SELECT (SELECT MAX(size) FROM log_checkpoints),
       (SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1),
       (SELECT count FROM heads WHERE name = 'entries'),
       holder, token, expires_ms, CAST(unixepoch('subsec') * 1000 AS INTEGER)
  FROM leases WHERE name = 'integrate'";

/// A statement by itself is a transaction, which takes the writers' lock at its start as `BEGIN IMMEDIATE` does.
pub(crate) const IS_STATEMENT_EXCLUSIVE: bool = true;

/// Several statements can be sent at once.
pub(crate) const ARE_STATEMENTS_JOINED: bool = true;

/// One connection that writes, whose page cache so stays true, and some that read.
#[derive(Clone)]
pub(crate) struct Pools {
    pub(crate) read: sqlx::SqlitePool,
    pub(crate) write: Writers,
    pub(crate) direct: Direct,
    /// What was written since the write-ahead log was last moved.
    written: Arc<Written>,
}

#[derive(Default)]
struct Written {
    /// Bytes of rows, about.
    bytes: AtomicUsize,
    /// Commits, ever.
    commits: AtomicUsize,
    /// Whether a task sees to it that the log is moved.
    is_seen_to: AtomicBool,
}

impl Pools {
    async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        Ok(Self {
            write: Arc::new(Mutex::new(Some(Writing::new(
                options(path).connect().await?,
            )))),
            read: pool(path, READERS_MAX).await?,
            direct: Direct::new(path),
            written: Arc::default(),
        })
    }

    pub(crate) async fn close(&self) {
        self.read.close().await;
        self.direct.close();
        if let Some(writing) = self.write.lock().await.take() {
            // What is acknowledged is durable; a log that could not be moved into the file is taken up again.
            let _ = writing.close().await;
        }
    }

    /// Counts a commit of so many bytes of rows; whether the caller must see to the write-ahead log, with [`Pools::quiet`]
    /// and then [`move_wal`].
    pub(crate) fn has_grown(&self, bytes: usize) -> bool {
        let written = &self.written;
        written.commits.fetch_add(1, Ordering::Relaxed);
        // What a row needs beside its bytes: a page or two are written for the smallest.
        let bytes = bytes.saturating_add(8192);
        let before = written.bytes.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes) > WAL_BYTES
            && !written.is_seen_to.swap(true, Ordering::Relaxed)
    }

    /// Waits until nobody commits, or the write-ahead log may not get longer.
    pub(crate) async fn quiet(&self) {
        let written = &self.written;
        loop {
            let before = written.commits.load(Ordering::Relaxed);
            tokio::time::sleep(MOMENT).await;
            if written.commits.load(Ordering::Relaxed) == before
                || written.bytes.load(Ordering::Relaxed) > WAL_BYTES_MAX
            {
                return;
            }
        }
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL syncs the write-ahead log before a commit is acknowledged; NORMAL loses acknowledged events.
        .synchronous(SqliteSynchronous::Full)
        // Where a plain sync stops at the disk's own cache, as on macOS.
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
        // SQLite would ignore an error when it moves the log by itself; `move_wal` does not.
        .pragma("wal_autocheckpoint", "0")
        .pragma("cell_size_check", "ON")
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
    connection: &mut SqliteConnection,
) -> Result<sqlx::Transaction<'_, Db>, sqlx::Error> {
    connection.begin_with("BEGIN IMMEDIATE").await
}

/// All reads of a transaction see one state.
pub(crate) async fn begin_read(
    pool: &sqlx::SqlitePool,
) -> Result<sqlx::Transaction<'static, Db>, sqlx::Error> {
    pool.begin_with("BEGIN DEFERRED").await
}

pub(crate) async fn create(path: &Path) -> Result<Pools, StoreError> {
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

/// One state of the database in a new file that only its owner can read.
pub(crate) async fn snapshot(pool: &sqlx::SqlitePool, path: &Path) -> Result<(), StoreError> {
    private_file(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists {
            address: path.into(),
        },
        _ => StoreError::File {
            address: path.into(),
            source,
        },
    })?;
    let name = path.to_str().ok_or_else(|| StoreError::File {
        address: path.into(),
        source: io::Error::other("its name is not UTF-8"),
    })?;
    // The statement reads within one transaction, and writes into an empty file.
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(pool)
        .await?;
    Ok(())
}

/// A new, empty file that only its owner can read.
fn private_file(path: &Path) -> io::Result<File> {
    let mut create = OpenOptions::new();
    create.write(true).create_new(true);
    // SQLite gives the write-ahead log the same permissions.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    create.open(path)
}

async fn make(path: &Path) -> Result<(), StoreError> {
    private_file(path).map_err(|source| StoreError::File {
        address: Address::from(path),
        source,
    })?;
    let mut connection = options(path).connect().await?;
    schema::migrate(&mut connection, SCHEMAS, true).await?;
    // The last connection writes everything into the file itself and removes the write-ahead log.
    connection.close().await?;
    Ok(())
}

pub(crate) async fn open(path: &Path) -> Result<Pools, StoreError> {
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
    take_up(path).await?;
    let pools = Pools::open(path).await?;
    let table: Option<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'",
    )
    .fetch_optional(&pools.read)
    .await?;
    if table.is_none() {
        return Err(StoreError::NotAStore { address: address() });
    }
    schema::migrate(&mut *writer(&pools.write).await?, SCHEMAS, false).await?;
    Ok(pools)
}

/// Takes up what a process that died left in the write-ahead log: writes it anew, syncs it, and moves it into the file.
///
/// After a sync that failed, the system may show bytes that the disk does not have, and a later sync does not write
/// them (they count as clean). Whatever is built upon such bytes would be lost with them in a power cut, so the log is
/// written over itself before anything else: then it is on the disk as it is shown, or this fails.
async fn take_up(path: &Path) -> Result<(), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    if fs::metadata(&name).map_or(0, |log| log.len()) == 0 {
        return Ok(());
    }
    let file_error = |source| StoreError::File {
        address: path.into(),
        source,
    };
    // Before anybody opens it: SQLite would read the log up to the damage, and throw the rest away.
    if let Some(what) = wal::fault(Path::new(&name)).await.map_err(file_error)? {
        return Err(StoreError::damaged(what));
    }
    let alone = options(path)
        .locking_mode(SqliteLockingMode::Exclusive)
        .busy_timeout(TAKE_UP_TIMEOUT);
    let mut connection = match alone.connect().await.map_err(StoreError::from) {
        Ok(connection) => connection,
        // Others use the database. They have taken it up themselves, and know how much of the log is on the disk.
        Err(error) if error.is_busy() => return Ok(()),
        Err(error) => return Err(error),
    };
    // Nobody else reads or writes now.
    write_over(Path::new(&name)).map_err(file_error)?;
    // CRASH: before, the log is the same as ever; during and after, everything is in the log or in the file.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// Writes a file's bytes over themselves, and syncs it.
fn write_over(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut bytes = vec![0; 1 << 20];
    loop {
        let at = file.stream_position()?;
        let length = file.read(&mut bytes)?;
        if length == 0 {
            return file.sync_all();
        }
        file.seek(io::SeekFrom::Start(at))?;
        file.write_all(&bytes[..length])?;
    }
}

/// Moves as much of the write-ahead log into the file as no reader needs.
///
/// Most of it while others go on writing, which takes long; then what they wrote meanwhile, in the writer's turn, since the
/// log begins at its start again only once all of it is moved.
pub(crate) async fn move_wal(pools: &Pools) -> Result<(), StoreError> {
    pools.written.bytes.store(0, Ordering::Relaxed);
    let moved = move_pages(pools).await;
    pools.written.is_seen_to.store(false, Ordering::Relaxed);
    moved
}

async fn move_pages(pools: &Pools) -> Result<(), StoreError> {
    const MOVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
    // Twice: what was written during the first is little, so that the writer has next to nothing left to move.
    for _ in 0..2 {
        sqlx::query_scalar::<_, i64>(MOVE)
            .fetch_one(&pools.read)
            .await?;
    }
    sqlx::query_scalar::<_, i64>(MOVE)
        .fetch_one(&mut *writer(&pools.write).await?)
        .await?;
    Ok(())
}

/// What SQLite itself finds wrong with its pages and indexes, since an audit reads tables, and a lookup an index; and
/// whether tables, indexes and triggers are those that were made.
pub(crate) async fn fault(pool: &sqlx::SqlitePool) -> Result<Option<String>, StoreError> {
    // The same as long as the program runs.
    static EXPECTED: OnceCell<Vec<Row>> = OnceCell::const_new();
    let first: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(pool)
        .await?;
    if first != "ok" {
        return Ok(Some(first));
    }
    let expected = EXPECTED.get_or_try_init(made).await?;
    let found: Vec<Row> = sqlx::query_as(MADE).fetch_all(pool).await?;
    if found == *expected {
        return Ok(None);
    }
    let other = expected.iter().find(|row| !found.contains(row));
    let other = other.or_else(|| found.iter().find(|row| !expected.contains(row)));
    Ok(other.map(|(kind, name, ..)| format!("{kind} {name} is not as it was made")))
}

/// Kind, name, table and text of a table, index or trigger.
type Row = (String, String, String, String);
const MADE: &str =
    "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema ORDER BY name";

/// What a new store has.
async fn made() -> Result<Vec<Row>, StoreError> {
    let memory = SqliteConnectOptions::new().in_memory(true);
    let mut fresh = memory.connect().await?;
    schema::migrate(&mut fresh, SCHEMAS, true).await?;
    let rows = sqlx::query_as(MADE).fetch_all(&mut fresh).await?;
    fresh.close().await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_connection_syncs_each_commit() {
        let home = tempfile::tempdir().unwrap();
        let pools = create(&home.path().join("store.db")).await.unwrap();
        let mut readers = Vec::new();
        for _ in 0..READERS_MAX {
            readers.push(pools.read.acquire().await.unwrap());
        }
        let mut writer = writer(&pools.write).await.unwrap();
        let readers = readers.iter_mut().map(|reader| &mut **reader);
        for connection in readers.chain([&mut *writer]) {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            // 2 is FULL.
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
                .fetch_one(&mut *connection)
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

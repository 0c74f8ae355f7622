//! PostgreSQL, 13 or newer: one database, the tables in the first schema of its search path.

use std::marker::PhantomData;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::address::Address;
use crate::error::StoreError;

pub(crate) type Db = sqlx::Postgres;

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

const SCHEMAS: &[&str] = &[
    include_str!("schema/postgres_1.sql"),
    include_str!("schema/postgres_2.sql"),
];

const CONNECTIONS_MAX: u32 = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Names the lock that writers of one database hold in turn: `HSstore1` in ASCII.
const WRITE_LOCK: i64 = 0x4853_7374_6f72_6531;

/// How the log stands: size and note of the newest checkpoint, entries, the lease, and the database's clock in
/// milliseconds since 1970.
pub(crate) const STANDING: &str = "SELECT (SELECT MAX(size) FROM log_checkpoints),
       (SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1),
       (SELECT count FROM heads WHERE name = 'entries'),
       holder, token, expires_ms, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
  FROM leases WHERE name = 'integrate'";

async fn pool(url: &str) -> Result<sqlx::PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("headstart")
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_with(options)
        .await?;
    let synchronous: String = sqlx::query_scalar("SELECT current_setting('synchronous_commit')")
        .fetch_one(&pool)
        .await?;
    if synchronous == "off" {
        return Err(StoreError::NotDurable);
    }
    Ok(pool)
}

/// The writers' lock is held by a transaction, which has to be begun for it.
pub(crate) const IS_STATEMENT_EXCLUSIVE: bool = false;

/// A statement with values is sent by itself.
pub(crate) const ARE_STATEMENTS_JOINED: bool = false;

/// Any connection can write, when its turn comes.
pub(crate) type Writers = sqlx::PgPool;

pub(crate) async fn writer(pool: &Writers) -> Result<PoolConnection<Db>, sqlx::Error> {
    pool.acquire().await
}

/// Writers run one after another, as in SQLite: sequences have no gaps, and what a writer reads is still true when it
/// writes. READ COMMITTED, so that the statements after the lock see what the writer before has committed.
pub(crate) async fn begin_write(
    connection: &mut PgConnection,
) -> Result<sqlx::Transaction<'_, Db>, sqlx::Error> {
    let mut tx = connection.begin_with(BEGIN_WRITE).await?;
    lock(&mut tx).await?;
    Ok(tx)
}

const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(WRITE_LOCK)
        .execute(connection)
        .await?;
    Ok(())
}

/// A transaction that writes, with the writers' lock.
pub(crate) struct WriteTx<'a> {
    tx: sqlx::Transaction<'static, Db>,
    pool: PhantomData<&'a Writers>,
}

/// It begins and ends by itself.
pub(crate) const BEGIN: Option<&str> = None;
pub(crate) const COMMIT: Option<&str> = None;

impl<'a> WriteTx<'a> {
    /// Waits for the writers before.
    pub(crate) async fn begin(pool: &'a Writers) -> Result<Self, sqlx::Error> {
        let mut tx = pool.begin_with(BEGIN_WRITE).await?;
        lock(&mut tx).await?;
        Ok(Self {
            tx,
            pool: PhantomData,
        })
    }

    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        Ok(&mut self.tx)
    }

    /// Commits.
    pub(crate) async fn end(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        self.tx.rollback().await
    }
}

/// All reads of a transaction see one state.
pub(crate) async fn begin_read(
    pool: &sqlx::PgPool,
) -> Result<sqlx::Transaction<'static, Db>, sqlx::Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}

async fn exists(pool: &sqlx::PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('schema_version') IS NOT NULL")
        .fetch_one(pool)
        .await
}

pub(crate) async fn create(url: &str) -> Result<sqlx::PgPool, StoreError> {
    let pool = pool(url).await?;
    if exists(&pool).await? {
        return Err(StoreError::Exists {
            address: Address::from(url),
        });
    }
    // CRASH: tables are made in one transaction, so there are all or none.
    schema::migrate(&mut *pool.acquire().await?, SCHEMAS, true).await?;
    Ok(pool)
}

pub(crate) async fn open(url: &str) -> Result<sqlx::PgPool, StoreError> {
    let pool = pool(url).await?;
    if !exists(&pool).await? {
        return Err(StoreError::Missing {
            address: Address::from(url),
        });
    }
    schema::migrate(&mut *pool.acquire().await?, SCHEMAS, false).await?;
    Ok(pool)
}

//! Homes for stores under test: a temporary SQLite file, or a database in a temporary PostgreSQL server.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use store::{Address, Batch, NewEvent};
use tlog::Signer;

#[cfg(unix)]
pub mod disk;
mod postgres;

/// Where one test's store is; everything is removed when it is dropped.
pub struct Home {
    pub address: Address,
    _folder: tempfile::TempDir,
    _server: Option<Arc<postgres::Server>>,
}

impl Home {
    pub async fn sqlite() -> Home {
        let folder = tempfile::tempdir().unwrap();
        Home {
            address: folder.path().join("store.db").into(),
            _folder: folder,
            _server: None,
        }
    }

    pub async fn postgres() -> Home {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = postgres::server().await;
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = server.new_database(&name).await;
        Home {
            address: Address::Postgres(url),
            _folder: tempfile::tempdir().unwrap(),
            _server: Some(server),
        }
    }

    /// Runs SQL behind the store's back.
    pub async fn execute(&self, sql: &'static str) -> Result<u64, sqlx::Error> {
        use sqlx::Connection as _;
        match &self.address {
            Address::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await?;
                let done = sqlx::query(sql).execute(&mut connection).await?;
                connection.close().await?;
                Ok(done.rows_affected())
            }
            Address::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await?;
                let done = sqlx::query(sql).execute(&mut connection).await?;
                connection.close().await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Runs several statements in a database that need not be a store yet.
    pub async fn script(&self, sql: &str) {
        use sqlx::Connection as _;
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match &self.address {
            Address::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true);
                let mut connection = sqlx::SqliteConnection::connect_with(&options)
                    .await
                    .unwrap();
                sql.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Address::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sql.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Runs SQL without the triggers that keep rows, as somebody with the database's own rights can; they are there
    /// again afterwards.
    pub async fn force(&self, sql: &'static str) -> u64 {
        use sqlx::Connection as _;
        match &self.address {
            Address::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = sqlx::SqliteConnection::connect_with(&options)
                    .await
                    .unwrap();
                let triggers: Vec<(String, String)> =
                    sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
                        .fetch_all(&mut connection)
                        .await
                        .unwrap();
                for (name, _) in &triggers {
                    let drop: &'static str = format!("DROP TRIGGER {name}").leak();
                    sqlx::query(drop).execute(&mut connection).await.unwrap();
                }
                let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
                for (_, made) in triggers {
                    let made: &'static str = made.leak();
                    sqlx::query(made).execute(&mut connection).await.unwrap();
                }
                connection.close().await.unwrap();
                done.rows_affected()
            }
            Address::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query("SET session_replication_role = replica")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            }
        }
    }
}

pub fn signer() -> Signer {
    Signer::from_seed("log.example/store", [7; 32]).unwrap()
}

pub fn event(stream: &str, version: u64) -> NewEvent {
    NewEvent {
        stream: stream.into(),
        version,
        at: "2026-11-03T12:00:00.123456789Z".parse().unwrap(),
        kind: "tested".into(),
        body: format!("{{\"n\":{version}}}"),
    }
}

pub fn events(events: Vec<NewEvent>) -> Batch {
    Batch {
        events,
        ..Batch::default()
    }
}

pub fn leaves(range: std::ops::Range<u32>) -> Batch {
    Batch {
        leaves: range.map(|n| format!("entry {n}").into_bytes()).collect(),
        ..Batch::default()
    }
}

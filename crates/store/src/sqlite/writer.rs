//! The connection that writes to SQLite, and its transactions.

use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

/// The one connection that writes, for one task after another; none once the store is closed.
///
/// Not a pool: a pool asks a connection whether it lives each time that it comes back, which takes a writer longer than
/// its insert does.
pub(crate) type Writers = Arc<Mutex<Option<Writing>>>;
pub(crate) type Writer<'a> = MappedMutexGuard<'a, SqliteConnection>;

/// What SQLite says to a `ROLLBACK` where no transaction is open.
const NONE_ACTIVE: &str = "no transaction is active";

/// The connection that writes.
pub(crate) struct Writing {
    connection: SqliteConnection,
    /// Whether a transaction was begun that is not known to have ended.
    is_begun: bool,
}

impl Writing {
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        Self {
            connection,
            is_begun: false,
        }
    }

    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        self.connection.close().await
    }

    /// Gives up the transaction that is not known to have ended. Until that has succeeded nothing else is written: a
    /// statement within it would not be durable when it returns.
    async fn give_up(&mut self) -> Result<(), sqlx::Error> {
        if self.is_begun {
            let ended = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
            // SQLite ends some by itself when a statement fails.
            ended.map(drop).or_else(|error| match &error {
                sqlx::Error::Database(said) if said.message().contains(NONE_ACTIVE) => Ok(()),
                _ => Err(error),
            })?;
            self.is_begun = false;
        }
        Ok(())
    }
}

/// Waits for the writers before; whoever comes first is first.
pub(crate) async fn writer(writers: &Writers) -> Result<Writer<'_>, sqlx::Error> {
    let writing = writing(writers).await?;
    Ok(MappedMutexGuard::map(writing, |writing| {
        &mut writing.connection
    }))
}

async fn writing(writers: &Writers) -> Result<MappedMutexGuard<'_, Writing>, sqlx::Error> {
    let mut writing = MutexGuard::try_map(writers.lock().await, Option::as_mut)
        .map_err(|_| sqlx::Error::PoolClosed)?;
    writing.give_up().await?;
    Ok(writing)
}

/// A transaction that writes. It begins together with the first thing that it reads, and ends together with the last
/// that it writes, since the connection's thread is waked for each of them.
pub(crate) struct WriteTx<'a> {
    /// There until it is dropped.
    writing: Option<MappedMutexGuard<'a, Writing>>,
    writers: &'a Writers,
}

/// What stands before the first statement of such a transaction, and after the last one.
pub(crate) const BEGIN: Option<&str> = Some("BEGIN IMMEDIATE");
pub(crate) const COMMIT: Option<&str> = Some("COMMIT");

impl<'a> WriteTx<'a> {
    /// Waits for the writers before. The next statement must begin with [`BEGIN`].
    pub(crate) async fn begin(writers: &'a Writers) -> Result<Self, sqlx::Error> {
        let mut writing = writing(writers).await?;
        writing.is_begun = true;
        Ok(Self {
            writing: Some(writing),
            writers,
        })
    }

    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        match &mut self.writing {
            Some(writing) => Ok(&mut writing.connection),
            None => Err(sqlx::Error::PoolClosed),
        }
    }

    /// To be called once [`COMMIT`] was executed.
    pub(crate) async fn end(mut self) -> Result<(), sqlx::Error> {
        if let Some(writing) = &mut self.writing {
            writing.is_begun = false;
        }
        Ok(())
    }

    pub(crate) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        if let Some(writing) = &mut self.writing {
            writing.give_up().await?;
        }
        Ok(())
    }
}

impl Drop for WriteTx<'_> {
    fn drop(&mut self) {
        let is_begun = self.writing.take().is_some_and(|writing| writing.is_begun);
        // The next writer gives it up; if none comes, other processes must not wait for it.
        if is_begun && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let writers = Arc::clone(self.writers);
            runtime.spawn(async move {
                let _ = writer(&writers).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions as _;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    async fn writers() -> Writers {
        let connection = SqliteConnectOptions::new().in_memory(true).connect().await;
        let mut writing = Writing::new(connection.unwrap());
        let table = "CREATE TABLE numbers (n INTEGER CHECK (n < 9)) STRICT";
        sqlx::query(table)
            .execute(&mut writing.connection)
            .await
            .unwrap();
        Arc::new(Mutex::new(Some(writing)))
    }

    async fn numbers(writers: &Writers) -> Vec<i64> {
        let mut writer = writer(writers).await.unwrap();
        let numbers = sqlx::query_scalar("SELECT n FROM numbers ORDER BY n");
        numbers.fetch_all(&mut *writer).await.unwrap()
    }

    async fn execute(tx: &mut WriteTx<'_>, text: &'static str) -> Result<(), sqlx::Error> {
        let done = sqlx::query(text).execute(tx.connection()?).await;
        done.map(drop)
    }

    #[tokio::test]
    async fn what_is_not_committed_is_given_up_before_the_next_one_writes() {
        let writers = writers().await;
        let mut tx = WriteTx::begin(&writers).await.unwrap();
        execute(&mut tx, "BEGIN IMMEDIATE; INSERT INTO numbers VALUES (1)")
            .await
            .unwrap();
        drop(tx);
        assert_eq!(numbers(&writers).await, []);
        let mut tx = WriteTx::begin(&writers).await.unwrap();
        execute(&mut tx, "BEGIN IMMEDIATE; INSERT INTO numbers VALUES (2)")
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(numbers(&writers).await, []);
        // One that breaks off in the middle leaves its transaction open.
        let mut tx = WriteTx::begin(&writers).await.unwrap();
        let text = "BEGIN IMMEDIATE; INSERT INTO numbers VALUES (3); INSERT INTO numbers VALUES (10); COMMIT";
        execute(&mut tx, text).await.unwrap_err();
        drop(tx);
        assert_eq!(numbers(&writers).await, []);
        // One that never began, or that SQLite has ended by itself, is no obstacle.
        drop(WriteTx::begin(&writers).await.unwrap());
        let mut tx = WriteTx::begin(&writers).await.unwrap();
        let text = "BEGIN IMMEDIATE; INSERT OR ROLLBACK INTO numbers VALUES (10)";
        execute(&mut tx, text).await.unwrap_err();
        drop(tx);
        let mut tx = WriteTx::begin(&writers).await.unwrap();
        execute(
            &mut tx,
            "BEGIN IMMEDIATE; INSERT INTO numbers VALUES (4); COMMIT",
        )
        .await
        .unwrap();
        tx.end().await.unwrap();
        assert_eq!(numbers(&writers).await, [4]);
    }
}

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

    /// Gives up the transaction that is not known to have ended.
    async fn give_up(&mut self) {
        if self.is_begun {
            // SQLite ends some by itself when a statement fails, and says here that there is none. If one is left over
            // nevertheless, the next cannot begin.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
            self.is_begun = false;
        }
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
    writing.give_up().await;
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
            writing.give_up().await;
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

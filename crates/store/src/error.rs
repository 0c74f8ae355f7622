//! What can go wrong with a store.

use std::sync::Arc;

use crate::address::Address;

/// Why a store could not be made, opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is there.
    #[error("there is no database at `{address}`")]
    Missing {
        /// Where.
        address: Address,
    },
    /// Something is there already.
    #[error("there is a database at `{address}` already")]
    Exists {
        /// Where.
        address: Address,
    },
    /// A file or database of something else.
    #[error("`{address}` is not a headstart database")]
    NotAStore {
        /// Where.
        address: Address,
    },
    /// Written by a newer headstart.
    #[error("the database has schema {found}, and this headstart knows {known}")]
    Newer {
        /// The version that is there.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// Something that this database cannot do.
    #[error("{what} is not made of a PostgreSQL database here")]
    NotHere {
        /// What was asked for.
        what: &'static str,
    },
    /// A ticket that says too much.
    #[error(
        "a ticket of {bytes} bytes is over the limit of {} bytes",
        crate::tickets::TICKET_BYTES_MAX
    )]
    TicketTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// PostgreSQL that acknowledges before it has written.
    #[error("the database has synchronous_commit off, so an acknowledged event could be lost")]
    NotDurable,
    /// A stored value that this crate never writes.
    #[error("the database is damaged: {what}")]
    Damaged {
        /// Which value.
        what: String,
    },
    /// The file system refused.
    #[error("`{address}`: {source}")]
    File {
        /// Where.
        address: Address,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Reading or writing the disk failed, in this call or an earlier one of this process. What was acknowledged is on
    /// the disk; of what was being written nobody knows, since the system may show it without having it.
    #[error("the disk failed, so this process may not use the database any more: {what}")]
    Halted {
        /// What SQLite said.
        what: String,
    },
    /// The program ended while the batch was written.
    #[error("the program ended before it was known whether the database has the change")]
    Interrupted,
    /// The database refused.
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// SQLite refused what was asked of it without sqlx.
    #[error("the database failed: {0}")]
    Sqlite(Arc<rusqlite::Error>),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// SQLite's primary result codes after which its file, or what the system shows of it, cannot be relied upon:
/// IOERR, CORRUPT, FULL, CANTOPEN, NOTADB.
const FATAL: [i64; 5] = [IOERR, 11, 13, 14, 26];
const IOERR: i64 = 10;

impl StoreError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "make one with `headstart init`, or name its folder with `--data`"
            }
            Self::Exists { .. } => "use it as it is, or name another folder with `--data`",
            Self::NotAStore { .. } => "name the folder that `headstart init` made with `--data`",
            Self::Newer { .. } => "use the newer headstart",
            Self::TicketTooLarge { .. } => "send less at once",
            Self::NotHere { .. } => "use the database's own `pg_dump`",
            Self::NotDurable => "set synchronous_commit to on for this database",
            Self::Damaged { .. } => "stop writing to it, keep a copy, and restore a backup",
            Self::Halted { .. } => {
                "check the disk and its space, and start headstart again: it reads back what is on the disk"
            }
            Self::Interrupted => "read what was to be changed, and do it again if it is not there",
            Self::File { .. } | Self::Database(_) | Self::Sqlite(_) => {
                "check that the disk has space and that the database can be reached"
            }
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    /// SQLite's code, and what it said.
    fn sqlite(&self) -> Option<(i64, &dyn std::fmt::Display)> {
        match self {
            Self::Database(error) => {
                let sqlx::Error::Database(error) = &**error else {
                    return None;
                };
                let error = error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
                let code = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
                Some((code, error))
            }
            Self::Sqlite(error) => Some((error.sqlite_error()?.extended_code.into(), error)),
            _ => None,
        }
    }

    /// SQLite's own words when it is no longer to be relied upon.
    pub(crate) fn fatal(&self) -> Option<String> {
        let (code, error) = self.sqlite()?;
        FATAL
            .contains(&(code & 0xff))
            .then(|| format!("{error} (code {code})"))
    }

    /// Whether reading or writing a file failed.
    pub(crate) fn is_of_disk(&self) -> bool {
        self.sqlite().is_some_and(|(code, _)| code & 0xff == IOERR)
    }

    /// Whether another process has locked the file.
    pub(crate) fn is_busy(&self) -> bool {
        self.sqlite()
            .is_some_and(|(code, _)| matches!(code & 0xff, 5 | 6))
    }

    /// Whether the database refused one statement, such as by a trigger, and the transaction goes on without it.
    pub(crate) fn is_of_one_statement(&self) -> bool {
        match self {
            Self::Database(error) => match &**error {
                sqlx::Error::Database(error) => {
                    !matches!(error.kind(), sqlx::error::ErrorKind::Other) || is_abort(&**error)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The same error for another one who waited for the same transaction.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Database(error) => Self::Database(Arc::clone(error)),
            Self::Sqlite(error) => Self::Sqlite(Arc::clone(error)),
            Self::Damaged { what } => Self::Damaged { what: what.clone() },
            Self::Halted { what } => Self::Halted { what: what.clone() },
            _ => Self::Interrupted,
        }
    }
}

/// A trigger's refusal: SQLITE_CONSTRAINT_TRIGGER, or `raise_exception` of PostgreSQL.
fn is_abort(error: &dyn sqlx::error::DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("1811" | "P0001"))
}

/// Why a batch was not committed. Nothing of it is stored then.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another process wrote to the stream first.
    #[error("`{stream}` is at version {found}, so version {version} cannot follow")]
    Conflict {
        /// The stream.
        stream: String,
        /// The version that was to be written.
        version: u64,
        /// The version that is there.
        found: u64,
    },
    /// A name that no database could keep, or that could be taken for another one.
    #[error("the {what} `{name}` is empty or has characters that it may not have")]
    Name {
        /// Of what.
        what: &'static str,
        /// The name, escaped.
        name: String,
    },
    /// Over a limit.
    #[error("the {what} has {bytes} bytes, and the limit is {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A blob whose id is not its digest.
    #[error("the blob `{id}` has another digest")]
    BlobMismatch {
        /// The id that was given.
        id: String,
    },
    /// The store itself failed. When the connection broke during the commit, the batch may have been stored:
    /// reading the stream's version tells.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "read the stream again, decide again, and commit that",
            Self::Name { .. } => "names are 1 to 200 printable ASCII characters without spaces",
            Self::TooLarge { .. } => "split it",
            Self::BlobMismatch { .. } => "use the SHA-256 of the bytes as the id",
            Self::Store(error) => error.hint(),
        }
    }
}

impl From<sqlx::Error> for CommitError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why the log was not integrated or a proof not made.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The newest checkpoint is not this key's.
    #[error("the log's newest checkpoint is not signed by this key")]
    OtherKey,
    /// What is stored does not hash to the newest checkpoint: nothing is appended to it.
    #[error("the stored log of {size} entries does not match its signed checkpoint")]
    Diverged {
        /// The checkpoint's size.
        size: u64,
    },
    /// A committed entry is missing, or is not the one that was committed: nothing is signed over it.
    #[error("log entry {index} is not as it was committed, so no checkpoint is put over it")]
    Entry {
        /// The entry.
        index: u64,
    },
    /// A stored tile has other hashes than its entries: nothing is signed over it.
    #[error("tile {index} of level {level} has other hashes than the log's entries")]
    Tile {
        /// The tile's level.
        level: u8,
        /// Its number at that level.
        index: u64,
    },
    /// Another process went on with the log while this one slept: its checkpoint is not stored.
    #[error("another process has taken over the log")]
    LeaseLost,
    /// No checkpoint was signed yet, or not of that size.
    #[error("the log has no tree of {size} entries yet")]
    NotYet {
        /// The size that was asked for.
        size: u64,
    },
    /// An index or a size that the log's mathematics refuses.
    #[error("{what}")]
    Refused {
        /// The reason, as the log's room says it.
        what: String,
    },
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LogError {
    pub(crate) fn refused(reason: impl std::fmt::Display) -> Self {
        Self::Refused {
            what: reason.to_string(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherKey => "use the log key that was made with this data directory",
            Self::LeaseLost => "try again",
            Self::Diverged { .. } | Self::Entry { .. } | Self::Tile { .. } => {
                "stop writing, keep a copy, audit it, and restore a backup"
            }
            Self::NotYet { .. } => "integrate what is staged, and ask again",
            Self::Refused { .. } => "ask for an index below the size of the newest checkpoint",
            Self::Store(error) => error.hint(),
        }
    }
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Errors that a failing database can be behind.
pub(crate) trait Failed: From<StoreError> {
    /// The store's own part of it.
    fn store(&self) -> Option<&StoreError>;
}

impl Failed for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Failed for CommitError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl Failed for LogError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

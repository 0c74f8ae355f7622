//! What can go wrong with a store.

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
    /// The database refused.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

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
            Self::NotDurable => "set synchronous_commit to on for this database",
            Self::Damaged { .. } => "stop writing to it, keep a copy, and restore a backup",
            Self::File { .. } | Self::Database(_) => {
                "check that the disk has space and that the database can be reached"
            }
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
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
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherKey => "use the log key that was made with this data directory",
            Self::Diverged { .. } => "stop writing, keep a copy, audit it, and restore a backup",
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

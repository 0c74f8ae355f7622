//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};

/// A SQLite file or a PostgreSQL database.
///
/// `Display` and `Debug` never show the password that a URL may carry.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// The path of a SQLite database.
    Sqlite(PathBuf),
    /// A URL that begins with `postgres://` or `postgresql://`.
    ///
    /// This build speaks no TLS to PostgreSQL: use a local socket or a private network. `sslmode=require` is refused.
    Postgres(String),
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres(text.to_owned())
        } else {
            Self::Sqlite(PathBuf::from(text))
        }
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl From<&PathBuf> for Address {
    fn from(path: &PathBuf) -> Self {
        Self::Sqlite(path.clone())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                // Everything between the scheme and the last `@` may hold a password, and so may the parameters.
                let after = url.split_once("://").map_or("", |(_, rest)| rest);
                let host = after.rsplit_once('@').map_or(after, |(_, host)| host);
                let host = host.split_once('?').map_or(host, |(host, _)| host);
                write!(f, "postgres://{host}")
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_shows_its_password() {
        let address = Address::from("postgres://me:s3cr@t@db.example/hs?password=s3cret");
        let shown = format!("{address} {address:?}");
        assert!(shown.contains("postgres://db.example/hs"));
        assert!(!shown.contains("s3cr"));
    }
}

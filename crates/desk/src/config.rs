//! The data directory: what lies in it, and how a new one is made.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::Address;
use tlog::Verifier;

use crate::Failure;

/// Which clock a program runs by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockKind {
    /// The operating system's.
    System,
    /// It stands still, and moves only by `--now`.
    Test,
}

/// The public facts of a data directory, in `config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Version of this file's shape: 1.
    pub version: u32,
    /// The program's name, as partners know it.
    pub program: String,
    /// Which clock.
    pub clock: ClockKind,
    /// The program key's public recipient: sealing needs no passphrase.
    pub recipient: String,
    /// The published log key, as a C2SP verifier key.
    pub log_key: String,
}

impl Config {
    /// The shape that this program writes.
    pub const VERSION: u32 = 1;

    /// That this is a shape that is known here, and the configuration of the log whose key lies beside it.
    pub(crate) fn check(&self, log_key: &Verifier) -> Result<(), Failure> {
        if self.version != Self::VERSION {
            return Err(Self::broken(&format!(
                "it is of version {}, and this headstart knows {}",
                self.version,
                Self::VERSION
            )));
        }
        if self.log_key != log_key.vkey() {
            return Err(Self::broken("the log key beside it is another"));
        }
        Ok(())
    }

    pub(crate) fn broken(what: &str) -> Failure {
        Failure::machine("broken-config", format!("config.json: {what}")).hint(
            "restore it from a backup, it holds no secret; or use the headstart that wrote it",
        )
    }
}

/// The files of a data directory, and where its database is.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
    elsewhere: Option<Address>,
}

impl DataDir {
    /// Names a data directory; nothing is read or made.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            elsewhere: None,
        }
    }

    /// The same with its database at this address, so that several processes, each with a data directory of its own,
    /// share it.
    #[must_use]
    pub fn with_database(self, address: Address) -> Self {
        Self {
            elsewhere: Some(address),
            ..self
        }
    }

    /// The same database, with the files in another folder.
    pub(crate) fn moved_to(&self, path: PathBuf) -> Self {
        Self {
            path,
            elsewhere: self.elsewhere.clone(),
        }
    }

    /// Whether the database is not in the folder.
    pub fn is_apart(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.json`.
    pub fn config(&self) -> PathBuf {
        self.path.join("config.json")
    }

    /// The program key, encrypted with its passphrase; stock age opens it.
    pub fn program_key(&self) -> PathBuf {
        self.path.join("program.key.age")
    }

    /// The key that signs checkpoints. It must sign without a passphrase, whenever a package is fetched.
    pub fn log_key(&self) -> PathBuf {
        self.path.join("log.key")
    }

    /// The database: the one that was named, or the file in the folder.
    pub fn database(&self) -> Address {
        self.elsewhere
            .clone()
            .unwrap_or_else(|| self.path.join("headstart.sqlite3").into())
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// A missing directory says how to make one; a broken file says where.
    pub fn read_config(&self) -> Result<Config, Failure> {
        let path = self.config();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::machine(
                    "no-data-directory",
                    format!("there is no data directory at `{}`", self.path.display()),
                )
                .hint(
                    "make one with `headstart init --program NAME`, or name it with --data DIR",
                ));
            }
            Err(error) => return Err(unreadable(&path, &error)),
        };
        serde_json::from_str(&text).map_err(|error| {
            Failure::machine(
                "broken-config",
                format!("`{}` is broken: {error}", path.display()),
            )
            .hint("restore it from a backup; it holds no secret")
        })
    }
}

/// A file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::machine(
        "unreadable-file",
        format!("cannot read `{}`: {error}", path.display()),
    )
    .hint("check the path and its permissions")
}

/// A file that cannot be written.
pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::machine(
        "unwritable-file",
        format!("cannot write `{}`: {error}", path.display()),
    )
    .hint("check the path, its permissions, and the space on the disk")
}

/// Writes a file that only its owner may read, whole or not at all as far as a new folder allows.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(|error| unwritable(path, &error))
}

/// 32 bytes from the operating system.
///
/// # Errors
/// A system that gives none.
pub fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::machine(
            "no-randomness",
            format!("the system gives no randomness: {error}"),
        )
    })?;
    Ok(bytes)
}

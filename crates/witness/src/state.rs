//! What a witness keeps in its folder: its key, the logs that it trusts, the last tree of each, and forks.
//!
//! ```text
//! witness.key                     the private key; only its owner can read it
//! witness.vkey                    the public key, to hand out
//! logs/<sha256 of origin>/keys    verifier keys of the log, one a line
//! logs/<sha256 of origin>/latest  the last checkpoint that was cosigned, with the cosignature
//! logs/<sha256 of origin>/forks/  one file for each fork: both signed checkpoints
//! lock                            held by the process that serves
//! ```

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tlog::{Cosigner, KeyError, Verifier};
use zeroize::Zeroizing;

use crate::fork::Fork;

/// Keys that one log can have.
pub const KEYS_OF_LOG_MAX: usize = 16;
/// Logs that one witness can trust.
pub const LOGS_MAX: usize = 10_000;
/// Forks that are kept of one log; more would say nothing more.
pub const FORKS_MAX: usize = 64;
/// Largest file that is read back, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A witness's folder.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

/// A log that a witness trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedLog {
    /// Its origin.
    pub origin: String,
    /// Its keys.
    pub keys: Vec<Verifier>,
    /// The last checkpoint that was cosigned, with the cosignature.
    pub latest: Option<String>,
    /// What it was caught at.
    pub forks: Vec<Fork>,
}

impl StateDir {
    /// Makes a new folder with a new key.
    ///
    /// `name`: a name that no other witness has, best an address without scheme such as `witness.example/w1`.
    ///
    /// # Errors
    /// [`StateError::Exists`] when something is there already; nothing is ever overwritten.
    pub fn create(path: &Path, name: &str) -> Result<(Self, Cosigner), StateError> {
        let dir = Self(path.to_owned());
        if dir.key_path().exists() {
            return Err(StateError::Exists { path: path.into() });
        }
        let mut seed = Zeroizing::new([0u8; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| StateError::Randomness {
            reason: error.to_string(),
        })?;
        let key = Cosigner::from_seed(name, *seed)?;
        make_folder(path)?;
        let mut secret = key.secret();
        secret.push('\n');
        // CRASH: without the key file the folder is no witness's, and `create` may be called again.
        write_whole(
            &path.join("witness.vkey"),
            format!("{}\n", key.vkey()).as_bytes(),
            0o644,
        )?;
        write_whole(&dir.key_path(), secret.as_bytes(), 0o600)?;
        Ok((dir, key))
    }

    /// Takes a folder up that [`StateDir::create`] made.
    ///
    /// # Errors
    /// [`StateError::Missing`] when there is none.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let dir = Self(path.to_owned());
        if !dir.key_path().exists() {
            return Err(StateError::Missing { path: path.into() });
        }
        Ok(dir)
    }

    /// The witness's key.
    ///
    /// # Errors
    /// A file that cannot be read, or is no key.
    pub fn cosigner(&self) -> Result<Cosigner, StateError> {
        let text = Zeroizing::new(read(&self.key_path())?.ok_or(StateError::Missing {
            path: self.0.clone(),
        })?);
        Ok(Cosigner::parse(text.trim())?)
    }

    /// Trusts a log, or one more key of it; its origin is the key's name.
    ///
    /// # Errors
    /// A text that is no verifier key, a limit, or a disk that fails.
    pub fn trust(&self, vkey: &str) -> Result<Verifier, StateError> {
        let key = Verifier::parse(vkey.trim())?;
        let mut keys = self.keys_of(&origin_hash(key.name()))?;
        if keys.contains(&key) {
            return Ok(key);
        }
        if keys.len() >= KEYS_OF_LOG_MAX {
            return Err(StateError::Full {
                what: "keys of one log",
                max: KEYS_OF_LOG_MAX,
            });
        }
        if keys.is_empty() && self.hashes()?.len() >= LOGS_MAX {
            return Err(StateError::Full {
                what: "logs",
                max: LOGS_MAX,
            });
        }
        keys.push(key.clone());
        let folder = self.log_folder(&origin_hash(key.name()));
        make_folder(&folder)?;
        let lines: String = keys.iter().map(|key| key.vkey() + "\n").collect();
        write_whole(&folder.join("keys"), lines.as_bytes(), 0o644)?;
        Ok(key)
    }

    /// Every log that is trusted, by the hash of its origin.
    ///
    /// # Errors
    /// A disk that fails, or a file that was changed.
    pub fn logs(&self) -> Result<Vec<TrustedLog>, StateError> {
        let mut logs = Vec::new();
        for hash in self.hashes()? {
            let keys = self.keys_of(&hash)?;
            let Some(first) = keys.first() else {
                continue;
            };
            logs.push(TrustedLog {
                origin: first.name().to_owned(),
                latest: self.latest(&hash)?,
                forks: self.forks(&hash)?,
                keys,
            });
        }
        Ok(logs)
    }

    /// The keys of the log whose origin has this hash; none for one that is not trusted.
    pub(crate) fn keys_of(&self, hash: &str) -> Result<Vec<Verifier>, StateError> {
        let Some(text) = read(&self.log_folder(hash).join("keys"))? else {
            return Ok(Vec::new());
        };
        text.lines()
            .map(|line| Verifier::parse(line).map_err(StateError::from))
            .collect()
    }

    /// The last checkpoint that was cosigned.
    pub(crate) fn latest(&self, hash: &str) -> Result<Option<String>, StateError> {
        read(&self.log_folder(hash).join("latest"))
    }

    /// Puts a checkpoint in place of the last one. When this returns it is on the disk.
    pub(crate) fn keep_latest(&self, hash: &str, note: &str) -> Result<(), StateError> {
        write_whole(
            &self.log_folder(hash).join("latest"),
            note.as_bytes(),
            0o644,
        )
    }

    /// Keeps a fork; the same one twice is one.
    pub(crate) fn keep_fork(&self, hash: &str, fork: &Fork) -> Result<(), StateError> {
        let folder = self.log_folder(hash).join("forks");
        make_folder(&folder)?;
        let path = folder.join(format!("{}.json", fork.id()));
        if path.exists() || names(&folder)?.len() >= FORKS_MAX {
            return Ok(());
        }
        write_whole(&path, fork.to_json().as_bytes(), 0o644)
    }

    /// The forks of a log that were seen, by name of their files.
    pub(crate) fn forks(&self, hash: &str) -> Result<Vec<Fork>, StateError> {
        let folder = self.log_folder(hash).join("forks");
        let mut forks = Vec::new();
        for name in names(&folder)? {
            let path = folder.join(&name);
            if !name.ends_with(".json") {
                continue;
            }
            let text = read(&path)?.unwrap_or_default();
            forks.push(Fork::from_json(&text).ok_or(StateError::Damaged { path })?);
        }
        Ok(forks)
    }

    /// Makes this process the only one that serves the folder, as long as the file is open.
    pub(crate) fn lock(&self) -> Result<File, StateError> {
        let path = self.0.join("lock");
        let file = File::create(&path).map_err(|error| StateError::io(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(StateError::Served {
                path: self.0.clone(),
            }),
            Err(fs::TryLockError::Error(error)) => Err(StateError::io(&path, &error)),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn hashes(&self) -> Result<Vec<String>, StateError> {
        names(&self.0.join("logs"))
    }

    fn key_path(&self) -> PathBuf {
        self.0.join("witness.key")
    }

    /// `hash` is 64 hexadecimal digits: the callers make or check it.
    fn log_folder(&self, hash: &str) -> PathBuf {
        self.0.join("logs").join(hash)
    }
}

/// The lower-case hex of the origin's SHA-256, as the monitoring path has it.
pub fn origin_hash(origin: &str) -> String {
    Sha256::digest(origin)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The names in a folder, sorted; none when there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, StateError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StateError::io(folder, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| StateError::io(folder, &error))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Option<String>, StateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::io(path, &error)),
    };
    let mut text = String::new();
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| StateError::io(path, &error))?;
    Ok(Some(text))
}

/// Writes a file whole or not at all, and durably: a draft beside it, its bytes to the disk, a rename, the folder to
/// the disk.
///
// CRASH: before the rename the old file is there, after it the new one; before the folder is on the disk a power cut
// may bring the old one back, and the caller has said nothing to anybody yet.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StateError> {
    let fail = |error: std::io::Error| StateError::io(path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.draft"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&draft).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    fs::rename(&draft, path).map_err(fail)?;
    sync_folder(folder)
}

/// Makes a folder with those above it, durably.
fn make_folder(path: &Path) -> Result<(), StateError> {
    let fail = |error: std::io::Error| StateError::io(path, &error);
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(fail)?;
    for above in path.ancestors().skip(1).take(3) {
        let above = if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        };
        sync_folder(above)?;
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<(), StateError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StateError::io(folder, &error))
}

/// Why the state could not be read or kept. Nothing is signed then.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is a witness already.
    #[error("there is a witness already in `{}`", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// There is no witness.
    #[error("there is no witness in `{}`", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// Another process serves the folder.
    #[error("another process serves the witness in `{}`", path.display())]
    Served {
        /// The folder.
        path: PathBuf,
    },
    /// A file is not as it was written.
    #[error("`{}` is not as it was written", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A named limit is reached.
    #[error("a witness can have at most {max} {what}")]
    Full {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The disk failed.
    #[error("`{}`: {reason}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness: {reason}")]
    Randomness {
        /// What the system said.
        reason: String,
    },
    /// Not a key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl StateError {
    fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "name another folder with --dir; a key is never overwritten",
            Self::Missing { .. } => "make one with `headstart witness init --dir DIR --name NAME`",
            Self::Served { .. } => "stop that process first: two would sign two histories",
            Self::Damaged { .. } => {
                "stop the witness, and find out who changed the file before it signs again"
            }
            Self::Full { .. } => "this is a limit of the software",
            Self::Io { .. } => "check the path, its permissions, and the space on the disk",
            Self::Randomness { .. } => "restart the machine",
            Self::Key(error) => error.hint(),
        }
    }
}

//! The folder in which a client keeps its key and what it remembers of each log.
//!
//! ```text
//! client.key                 this client's witness key; only its owner can read it
//! client.vkey                its public half, to hand out
//! logs/<sha256 of origin>    what is remembered of a log: flow::memory
//! forks/<sha256>.fork        reports of logs that did not keep their promise
//! lock                       held while a command runs
//! ```

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use desk::Failure;
use domain::sealed::Digest;
use flow::memory::{MEMORY_BYTES_MAX, Memory};
use tlog::{Cosigner, ForkReport};
use zeroize::Zeroizing;

/// Most logs that one client remembers.
const LOGS_MAX: usize = 10_000;

/// Most fork reports that are kept.
const FORKS_MAX: usize = 1_000;

/// Where a client's folder is.
#[derive(Debug, Clone)]
pub enum Place {
    /// Named by a flag or by the environment: it must be usable.
    Named(PathBuf),
    /// The user's own, as the XDG rules have it.
    Usual(PathBuf),
}

impl Place {
    /// The named folder, else the user's; `None` for a user without a home.
    pub fn find(named: Option<&Path>) -> Option<Self> {
        if let Some(path) = named {
            return Some(Self::Named(path.to_owned()));
        }
        let absolute = |name: &str| {
            let path = PathBuf::from(std::env::var_os(name)?);
            path.is_absolute().then_some(path)
        };
        absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
            .map(|folder| Self::Usual(folder.join("headstart")))
    }

    /// Whether somebody named it.
    pub fn is_named(&self) -> bool {
        matches!(self, Self::Named(_))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        let (Self::Named(path) | Self::Usual(path)) = self;
        path
    }
}

/// A client's folder, locked.
pub struct StateFolder {
    path: PathBuf,
    _lock: File,
}

impl StateFolder {
    /// Opens a folder, and makes it on its first use. Waits until no other command holds it.
    ///
    /// # Errors
    /// Exit class 4 when the disk refuses.
    pub fn open(place: &Place) -> Result<Self, Failure> {
        let path = place.path().to_owned();
        make_folder(&path)?;
        let lock = path.join("lock");
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| unusable(&lock, &error))?;
        Ok(Self { path, _lock: file })
    }

    /// The client's witness key, made on the first use.
    ///
    /// # Errors
    /// Exit class 4: a key that is damaged is not replaced.
    pub fn cosigner(&self) -> Result<Cosigner, Failure> {
        let path = self.path.join("client.key");
        match fs::read_to_string(&path) {
            Ok(secret) => {
                let secret = Zeroizing::new(secret);
                Cosigner::parse(secret.trim()).map_err(|error| damaged(&path, error))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => self.new_cosigner(&path),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    fn new_cosigner(&self, path: &Path) -> Result<Cosigner, Failure> {
        let (seed, name) = (random()?, random()?);
        let mark = Digest::from_bytes(*name).to_string();
        let key = Cosigner::from_seed(&format!("headstart-client/{}", &mark[..16]), *seed)
            .map_err(|error| damaged(path, error))?;
        let public = self.path.join("client.vkey");
        write_whole(&public, format!("{}\n", key.vkey()).as_bytes())?;
        let mut secret = key.secret();
        secret.push('\n');
        // CRASH: without the key file the next command makes another key; this one signed nothing.
        write_whole(path, secret.as_bytes())?;
        Ok(key)
    }

    /// What is remembered of the log with this origin.
    ///
    /// # Errors
    /// Exit class 4: a memory that is damaged is neither used nor replaced.
    pub fn read(&self, origin: &str) -> Result<Option<Memory>, Failure> {
        read_memory(&self.memory_path(origin))
    }

    /// Everything that is remembered.
    ///
    /// # Errors
    /// As [`StateFolder::read`].
    pub fn all(&self) -> Result<Vec<Memory>, Failure> {
        let mut memories = Vec::new();
        for path in files(&self.path.join("logs"))? {
            if path.extension().is_none() {
                memories.extend(read_memory(&path)?);
            }
        }
        Ok(memories)
    }

    /// Puts a memory in the place of the last one. When this returns it is on the disk.
    ///
    /// # Errors
    /// Exit class 4 when the disk refuses, or [`LOGS_MAX`] logs are remembered.
    pub fn write(&self, memory: &Memory) -> Result<(), Failure> {
        let folder = self.path.join("logs");
        make_folder(&folder)?;
        let path = self.memory_path(memory.key.name());
        if !path.exists() && files(&folder)?.len() >= LOGS_MAX {
            return Err(Failure::machine(
                "too-many-logs",
                format!(
                    "`{}` remembers {LOGS_MAX} logs, the limit",
                    folder.display()
                ),
            )
            .hint("name another folder with --state DIR"));
        }
        write_whole(&path, memory.to_text().as_bytes())
    }

    /// Keeps a fork report; the same one twice is one.
    ///
    /// # Errors
    /// Exit class 4 when the disk refuses.
    pub fn keep_fork(&self, report: &ForkReport) -> Result<PathBuf, Failure> {
        let folder = self.path.join("forks");
        make_folder(&folder)?;
        let text = report.to_text();
        let path = folder.join(format!("{}.fork", Digest::of(text.as_bytes())));
        if !path.exists() && files(&folder)?.len() < FORKS_MAX {
            write_whole(&path, text.as_bytes())?;
        }
        Ok(path)
    }

    fn memory_path(&self, origin: &str) -> PathBuf {
        let name = Digest::of(origin.as_bytes()).to_string();
        self.path.join("logs").join(name)
    }
}

fn read_memory(path: &Path) -> Result<Option<Memory>, Failure> {
    use std::io::Read;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    let mut text = String::new();
    file.take(MEMORY_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| unusable(path, &error))?;
    Memory::parse(&text)
        .map(Some)
        .map_err(|error| damaged(path, error))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unusable(folder, &error))?.path();
        let is_draft = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_draft {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|error| unusable(path, &error))
}

/// Writes a file that only its owner can read, whole or not at all, and durably.
///
// CRASH: before the rename the old file is there, after it the new one; nothing is said to anybody before the folder
// is on the disk too.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are made with mode 0600.
    let mut draft =
        tempfile::NamedTempFile::new_in(folder).map_err(|error| unusable(folder, &error))?;
    draft
        .write_all(bytes)
        .and_then(|()| draft.as_file().sync_all())
        .map_err(|error| unusable(path, &error))?;
    draft
        .persist(path)
        .map_err(|error| unusable(path, &error.error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unusable(folder, &error))
}

fn random() -> Result<Zeroizing<[u8; 32]>, Failure> {
    desk::random().map(Zeroizing::new)
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::machine(
        "unusable-state",
        format!("cannot use `{}`: {error}", path.display()),
    )
    .hint("what was seen of the log must be remembered: name a folder that can be written with --state DIR")
}

fn damaged(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::machine(
        "damaged-state",
        format!("`{}` is not as it was written: {error}", path.display()),
    )
    .hint("it is neither used nor replaced: put it aside to begin anew, and compare the log key with the published one")
}

//! A whole data directory in one file sealed to the program key, and back.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use domain::sealed::Digest;
use jiff::Timestamp;
use seal::{ProgramKey, SealedWriter};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::{Address, Store};
use tlog::{Checkpoint, Verifier};

use crate::config::{DataDir, unreadable, unwritable, write_private};
use crate::init::{draft_path, is_free, make_private_folder, sync_folder_of};
use crate::{Desk, Failure};

/// First member of a backup.
const MANIFEST: &str = "manifest.json";
/// Largest manifest that is read.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;
/// Files of a backup beside the database.
const SMALL_FILES: [&str; 3] = ["config.json", "program.key.age", "log.key"];
const DATABASE: &str = "headstart.sqlite3";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// Version of a backup's shape: 1.
    pub version: u32,
    /// The program.
    pub program: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Entries of the log's newest checkpoint; 0 before the first.
    pub log_size: u64,
    /// The root of that checkpoint, base64.
    pub root: Option<String>,
    /// The files with their lengths and digests.
    pub files: Vec<BackedUpFile>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUpFile {
    /// Its name in the data directory.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// What a restore made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup said of itself.
    pub backup: BackedUp,
    /// Entries that were replayed.
    pub entries: u64,
    /// Events that were replayed.
    pub events: u64,
}

impl Desk {
    /// Writes a backup of the whole data directory into the new file `out`, while others go on working.
    ///
    /// It is an age file to the program key, so the locked key file must be kept too; a copy of it is written beside
    /// the backup, with `.key` behind its name.
    ///
    /// # Errors
    /// Files that are there already, a disk that fails.
    pub async fn backup(&self, out: &Path) -> Result<BackedUp, Failure> {
        let key_copy = key_beside(out);
        for path in [out, &key_copy] {
            if path.symlink_metadata().is_ok() {
                return Err(Failure::usage(
                    "file-exists",
                    format!("`{}` is there already", path.display()),
                )
                .hint("name another file; nothing is ever overwritten"));
            }
        }
        // Beside the database, which has room for a copy of itself and a folder that only its owner reads.
        let draft = tempfile::Builder::new()
            .prefix(".backup-")
            .tempdir_in(self.dir().path())
            .map_err(|error| unwritable(self.dir().path(), &error))?;
        let database = draft.path().join(DATABASE);
        self.store().snapshot(&database).await?;
        let (log_size, root) = newest(database.clone().into(), &self.log_key()).await?;
        let mut sources: Vec<(String, PathBuf)> = SMALL_FILES
            .iter()
            .map(|name| ((*name).to_owned(), self.dir().path().join(name)))
            .collect();
        sources.push((DATABASE.to_owned(), database));
        let mut files = Vec::new();
        for (name, path) in &sources {
            let (bytes, sha256) = digest(path).map_err(|error| unreadable(path, &error))?;
            files.push(BackedUpFile {
                name: name.clone(),
                bytes,
                sha256,
            });
        }
        let backup = BackedUp {
            version: 1,
            program: self.config().program.clone(),
            made_at: self.now(),
            log_size,
            root,
            files,
        };
        let locked = self.dir().program_key();
        let locked = std::fs::read(&locked).map_err(|error| unreadable(&locked, &error))?;
        let folder = folder_of(out);
        let mut file =
            tempfile::NamedTempFile::new_in(folder).map_err(|error| unwritable(out, &error))?;
        self.write(&mut file, &backup, &sources)
            .map_err(|error| unwritable(out, &error))?;
        write_private(&key_copy, &locked)?;
        // CRASH: until this line there is a key copy, which is of no use alone, and a draft with another name.
        file.persist_noclobber(out)
            .map_err(|error| unwritable(out, &error.error))?;
        sync_folder_of(out)?;
        Ok(backup)
    }

    fn write(
        &self,
        file: &mut tempfile::NamedTempFile,
        backup: &BackedUp,
        sources: &[(String, PathBuf)],
    ) -> io::Result<()> {
        let sealed = SealedWriter::new(self.recipient(), BufWriter::new(file.as_file_mut()))?;
        let mut tar = tar::Builder::new(sealed);
        let manifest = serde_json::to_vec_pretty(backup).map_err(io::Error::other)?;
        append(&mut tar, MANIFEST, manifest.len() as u64, &manifest[..])?;
        for ((name, path), said) in sources.iter().zip(&backup.files) {
            // A file that changed since would not be the one that the manifest lists; restoring says so.
            append(
                &mut tar,
                name,
                said.bytes,
                File::open(path)?.take(said.bytes),
            )?;
        }
        tar.into_inner()?.finish()?.flush()?;
        file.as_file().sync_all()
    }
}

/// Makes a data directory from a backup, or nothing. What is restored is audited before it gets its place.
///
/// # Errors
/// A directory that is there already; a file that is no backup of this key; a backup that is damaged or whose log is
/// not what it was signed as.
pub async fn restore(
    dir: &DataDir,
    file: &Path,
    locked_key: &[u8],
    passphrase: &str,
) -> Result<Restored, Failure> {
    let target = dir.path();
    if dir.is_apart() {
        return Err(Failure::usage(
            "database-apart",
            "a backup is restored into a folder, and another database is named",
        )
        .hint(
            "unset HEADSTART_DATABASE_URL; the backup of a PostgreSQL database is its own pg_dump",
        ));
    }
    is_free(target)?;
    let key = ProgramKey::unlock(locked_key, passphrase)
        .map_err(|error| Failure::usage("program-key", error.to_string()).hint(error.hint()))?;
    let draft = DataDir::at(draft_path(dir)?);
    let made = unpack_and_audit(&draft, file, &key).await;
    // CRASH: until the rename there is only a draft folder beside the target, which nothing reads.
    let placed = made.and_then(|restored| {
        // The names of its files, before the name of the whole.
        sync_folder_of(&draft.config())?;
        std::fs::rename(draft.path(), target).map_err(|error| unwritable(target, &error))?;
        Ok(restored)
    });
    if placed.is_err() {
        // The draft is ours alone; that it cannot be removed does not change what went wrong.
        let _ = std::fs::remove_dir_all(draft.path());
    }
    let restored = placed?;
    sync_folder_of(target)?;
    Ok(restored)
}

/// Where the copy of the locked program key lies beside a backup.
pub fn key_beside(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

async fn unpack_and_audit(
    draft: &DataDir,
    file: &Path,
    key: &ProgramKey,
) -> Result<Restored, Failure> {
    make_private_folder(draft)?;
    let backup = unpack(draft, file, key)?;
    let config = draft.read_config()?;
    let verifier = Verifier::parse(&config.log_key).map_err(|error| damaged(&error.to_string()))?;
    let (log_size, root) = newest(draft.database(), &verifier).await?;
    if (log_size, &root) != (backup.log_size, &backup.root) {
        return Err(damaged(&format!(
            "its log has {log_size} entries, and it says {} of itself, or another root",
            backup.log_size
        )));
    }
    let store = Store::open(draft.database()).await?;
    let audited = store.audit(&verifier).await;
    store.close().await;
    match audited {
        Ok(audit) => Ok(Restored {
            backup,
            entries: audit.entries,
            events: audit.events,
        }),
        Err(store::AuditError::Difference { what }) => Err(damaged(&what)),
        Err(store::AuditError::Store(error)) => Err(error.into()),
    }
}

fn unpack(draft: &DataDir, file: &Path, key: &ProgramKey) -> Result<BackedUp, Failure> {
    let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
    let plain = key.open_stream(BufReader::new(opened)).map_err(|error| {
        Failure::usage("backup", format!("`{}`: {error}", file.display()))
            .hint("give the file that `headstart backup` wrote, and the key file that was written beside it")
    })?;
    let mut tar = tar::Archive::new(plain);
    let mut members = tar.entries().map_err(|error| cut(&error))?;
    let mut next = |name: &str| -> Result<_, Failure> {
        let member = members
            .next()
            .ok_or_else(|| damaged(&format!("`{name}` is missing")))?
            .map_err(|error| cut(&error))?;
        if member.path_bytes() != name.as_bytes() || !member.header().entry_type().is_file() {
            return Err(damaged(&format!("`{name}` is not where it should be")));
        }
        Ok(member)
    };
    let mut manifest = Vec::new();
    next(MANIFEST)?
        .take(MANIFEST_BYTES_MAX)
        .read_to_end(&mut manifest)
        .map_err(|error| cut(&error))?;
    let backup: BackedUp =
        serde_json::from_slice(&manifest).map_err(|error| damaged(&error.to_string()))?;
    let names: Vec<&str> = backup.files.iter().map(|file| file.name.as_str()).collect();
    let expected: Vec<&str> = SMALL_FILES.iter().copied().chain([DATABASE]).collect();
    if backup.version != 1 || names != expected {
        return Err(Failure::usage(
            "backup",
            format!(
                "a backup of version {}, and this headstart reads 1",
                backup.version
            ),
        )
        .hint("restore it with the headstart that made it"));
    }
    for said in &backup.files {
        let path = draft.path().join(&said.name);
        let mut member = next(&said.name)?;
        write_private(&path, b"")?;
        let mut out = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(|error| unwritable(&path, &error))?;
        copy(&mut member, &mut out, said, &path)?;
    }
    // The end of the stream says that nothing is missing.
    let mut rest = tar.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|error| cut(&error))?;
    Ok(backup)
}

fn copy(
    member: &mut impl Read,
    out: &mut File,
    said: &BackedUpFile,
    path: &Path,
) -> Result<(), Failure> {
    let mut failed = None;
    let copied = pieces(member, |piece| {
        let written = out.write_all(piece);
        written.map_err(|error| failed.insert(error).kind().into())
    });
    if let Some(error) = failed {
        return Err(unwritable(path, &error));
    }
    let (bytes, sha256) = copied.map_err(|error| cut(&error))?;
    out.sync_all().map_err(|error| unwritable(path, &error))?;
    if bytes != said.bytes || sha256 != said.sha256 {
        return Err(damaged(&format!(
            "`{}` has another digest than it says",
            said.name
        )));
    }
    Ok(())
}

/// Length and digest of all that can be read, each piece of which is handed on.
fn pieces(
    mut from: impl Read,
    mut hand_on: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(u64, Digest)> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let got = from.read(&mut piece)?;
        let part = piece.get(..got).unwrap_or_default();
        if part.is_empty() {
            return Ok((bytes, Digest::from_bytes(hasher.finalize().into())));
        }
        bytes += got as u64;
        hasher.update(part);
        hand_on(part)?;
    }
}

/// Size and root of the newest checkpoint of a database file that nobody else uses.
async fn newest(database: Address, verifier: &Verifier) -> Result<(u64, Option<String>), Failure> {
    let store = Store::open(database).await?;
    let note = store.checkpoint().await;
    store.close().await;
    let Some(note) = note? else {
        return Ok((0, None));
    };
    let checkpoint =
        Checkpoint::open(&note, verifier).map_err(|error| damaged(&error.to_string()))?;
    Ok((checkpoint.size(), Some(checkpoint.root().to_base64())))
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    name: &str,
    bytes: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    tar.append_data(&mut header, name, content)
}

fn digest(path: &Path) -> io::Result<(u64, Digest)> {
    pieces(File::open(path)?, |_| Ok(()))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn cut(error: &io::Error) -> Failure {
    damaged(&format!("it is cut off or was changed ({error})"))
}

fn damaged(what: &str) -> Failure {
    Failure::no(
        "damaged-backup",
        format!("the backup cannot be trusted: {what}"),
    )
    .hint("restore another backup; nothing was made")
}

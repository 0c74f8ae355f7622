//! What every command needs from its surroundings: data directory, clock, passphrase, output.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use desk::{Address, DataDir, Desk, Failure};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::output::Output;

/// Where a data directory is when nobody names one.
const DATA_DEFAULT: &str = "./headstart-data";
/// Where the database is, if it is not in the data directory.
const DATABASE_URL: &str = "HEADSTART_DATABASE_URL";
/// A file that says so.
const DATABASE_URL_FILE: &str = "HEADSTART_DATABASE_URL_FILE";

/// What every command needs.
pub struct Context {
    global: Global,
    /// Where results go.
    pub output: Output,
}

impl Context {
    /// From the flags of every command.
    pub fn new(global: Global) -> Self {
        let output = Output::new(global.json);
        Self { global, output }
    }

    /// The data directory; its database is elsewhere when the environment names one.
    ///
    /// # Errors
    /// A file with the database's address that cannot be read; a server that was named.
    pub fn data_dir(&self) -> Result<DataDir, Failure> {
        if let Some(server) = self.server() {
            return Err(Failure::usage(
                "not-at-a-server",
                format!("this command works on a data directory, and `{server}` was named as a server"),
            )
            .hint("run it where the data directory is, with --data DIR, and without --server and HEADSTART_SERVER"));
        }
        let dir = match &self.global.data {
            Some(path) => DataDir::at(path),
            None => DataDir::at(DATA_DEFAULT),
        };
        Ok(match database_url()? {
            Some(url) => dir.with_database(Address::from(url.as_str())),
            None => dir,
        })
    }

    /// The address of the program's server, if one was named.
    pub fn server(&self) -> Option<&str> {
        self.global.server.as_deref()
    }

    /// The file of the token that is sent to it.
    pub fn token_file(&self) -> Option<&Path> {
        self.global.token_file.as_deref()
    }

    /// What `--now` said.
    ///
    /// # Errors
    /// A time without hour or zone.
    pub fn now(&self) -> Result<Option<Timestamp>, Failure> {
        self.global.now.as_deref().map(timestamp).transpose()
    }

    /// Opens the data directory.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub async fn desk(&self) -> Result<Desk, Failure> {
        Desk::open(self.data_dir()?, self.now()?).await
    }

    /// The program key's passphrase: from a file, or asked for on the terminal.
    ///
    /// # Errors
    /// Neither a file nor a terminal.
    pub fn passphrase(&self) -> Result<Zeroizing<String>, Failure> {
        match &self.global.passphrase_file {
            Some(path) => read_passphrase(path),
            None => ask("Passphrase of the program key: "),
        }
    }

    /// Whether a file with the passphrase was named, so that nobody need be asked.
    pub fn has_passphrase_file(&self) -> bool {
        self.global.passphrase_file.is_some()
    }

    /// A new passphrase: from a file, or asked for twice.
    ///
    /// # Errors
    /// Neither a file nor a terminal, an empty passphrase, or two different ones.
    pub fn new_passphrase(&self) -> Result<Zeroizing<String>, Failure> {
        if let Some(path) = &self.global.passphrase_file {
            return read_passphrase(path);
        }
        let first = ask("New passphrase of the program key: ")?;
        let second = ask("The same once more: ")?;
        if first == second {
            Ok(first)
        } else {
            Err(Failure::usage("passphrase", "the two passphrases differ")
                .hint("nothing was made; run the command again"))
        }
    }
}

/// The database's address, which may hold a password: from the environment or a file that it names, never from a flag,
/// which everybody on the machine can read.
fn database_url() -> Result<Option<Zeroizing<String>>, Failure> {
    if let Ok(url) = std::env::var(DATABASE_URL) {
        return Ok((!url.is_empty()).then(|| Zeroizing::new(url)));
    }
    let Ok(path) = std::env::var(DATABASE_URL_FILE) else {
        return Ok(None);
    };
    let bytes = Zeroizing::new(read_file(Path::new(&path), 4096)?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    if text.is_empty() {
        return Err(Failure::usage(
            "database-url",
            format!("`{path}` holds no address of a database"),
        )
        .hint("write postgres://… into it"));
    }
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// Reads a time with hour and zone.
///
/// # Errors
/// As [`domain::parse_release`].
pub fn timestamp(text: &str) -> Result<Timestamp, Failure> {
    domain::parse_release(text).map_err(Failure::from_refusal)
}

/// Reads an id of the domain.
///
/// # Errors
/// What is wrong with it, in the domain's words.
pub fn id<T: std::str::FromStr<Err = domain::ids::IdError>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(Failure::from_refusal)
}

/// Reads JSON.
///
/// # Errors
/// Bytes that are none.
pub fn read_json(bytes: &[u8]) -> Result<serde_json::Value, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::usage("not-json", format!("this is not JSON: {error}"))
            .hint("check that this is the file you mean")
    })
}

/// Reads a file that a person named, up to `limit_bytes`.
///
/// # Errors
/// A file that cannot be read, or that is over the limit.
pub fn read_file(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| {
        Failure::usage(
            "unreadable-file",
            format!("cannot read `{}`: {error}", path.display()),
        )
        .hint("check the path and its permissions")
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(Failure::usage(
            "file-too-large",
            format!(
                "`{}` is over the limit of {limit_bytes} bytes",
                path.display()
            ),
        )
        .hint("check that this is the file you mean"));
    }
    Ok(bytes)
}

/// Whether a new file can be written here, so that nothing is recorded for a file that could never be.
///
/// # Errors
/// A file that is there already, a folder that is not, or a disk that refuses.
pub fn check_new_file(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(exists_already(path));
    }
    draft_beside(path).map(drop)
}

/// Writes a file whole or not at all: a draft beside it, then a rename.
///
/// # Errors
/// As [`check_new_file`].
pub fn write_new_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut draft = draft_beside(path)?;
    draft
        .write_all(bytes)
        .and_then(|()| draft.as_file().sync_all())
        .map_err(|error| unwritable(path, &error))?;
    // CRASH: until this line only a draft with another name exists.
    draft.persist_noclobber(path).map_err(|error| {
        if error.error.kind() == ErrorKind::AlreadyExists {
            exists_already(path)
        } else {
            unwritable(path, &error.error)
        }
    })?;
    Ok(())
}

fn draft_beside(path: &Path) -> Result<tempfile::NamedTempFile, Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    tempfile::NamedTempFile::new_in(folder).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Failure::usage(
            "no-folder",
            format!("there is no folder `{}`", folder.display()),
        )
        .hint("make the folder first, or name another file"),
        _ => unwritable(path, &error),
    })
}

fn exists_already(path: &Path) -> Failure {
    Failure::usage(
        "file-exists",
        format!("`{}` is there already", path.display()),
    )
    .hint("name another file; nothing is ever overwritten")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::machine(
        "unwritable-file",
        format!("cannot write `{}`: {error}", path.display()),
    )
    .hint("check the path, its permissions, and the space on the disk")
}

fn read_passphrase(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(read_file(path, 4096)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::usage("passphrase", format!("`{}` is not text", path.display()))
            .hint("the file holds the passphrase in UTF-8, and nothing else")
    })?;
    let passphrase = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if passphrase.is_empty() {
        return Err(Failure::usage(
            "passphrase",
            format!("the passphrase in `{}` is empty", path.display()),
        )
        .hint("write the passphrase into the first line of the file"));
    }
    Ok(passphrase)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "no-passphrase",
            "this command needs the program key's passphrase",
        )
        .hint(
            "give --passphrase-file FILE, set HEADSTART_PASSPHRASE_FILE, or run it on a terminal",
        ));
    }
    let passphrase = rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| {
            Failure::usage("no-passphrase", error.to_string())
                .hint("give --passphrase-file FILE, or set HEADSTART_PASSPHRASE_FILE")
        })?;
    if passphrase.is_empty() {
        return Err(Failure::usage("passphrase", "the passphrase is empty")
            .hint("run the command again and type one"));
    }
    Ok(passphrase)
}

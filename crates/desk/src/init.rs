//! A new data directory: database, program key, log key.

use std::path::PathBuf;

use domain::person::Actor;
use domain::program::ProgramCommand;
use jiff::Timestamp;
use seal::ProgramKey;
use store::Store;
use tlog::Signer;

use crate::config::{ClockKind, Config, DataDir, random, unwritable, write_private};
use crate::{Desk, Failure};

/// Makes a data directory, or nothing.
///
/// `now`: what `--now` said, for a test clock. `passphrase`: of the program key.
///
/// # Errors
/// A directory that is there already, a disk that fails, a clock that cannot be set.
pub async fn init(
    dir: &DataDir,
    program: &str,
    clock: ClockKind,
    passphrase: &str,
    now: Option<Timestamp>,
) -> Result<Desk, Failure> {
    let target = dir.path();
    is_free(target)?;
    let draft = dir.moved_to(draft_path(dir)?);
    let made = fill(&draft, program, clock, passphrase, now).await;
    // CRASH: until the rename there is only a draft folder beside the target, which nothing reads.
    let placed = made.and_then(|()| {
        std::fs::rename(draft.path(), target).map_err(|error| unwritable(target, &error))
    });
    if let Err(failure) = placed {
        // The draft is ours alone; that it cannot be removed does not change what went wrong.
        let _ = std::fs::remove_dir_all(draft.path());
        return Err(failure);
    }
    sync_folder_of(target)?;
    Desk::open(dir.clone(), now).await
}

/// A data directory can be made only where nothing is.
pub(crate) fn is_free(target: &std::path::Path) -> Result<(), Failure> {
    let is_free = match std::fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    Err(Failure::usage(
        "data-directory-exists",
        format!("`{}` is there already and not empty", target.display()),
    )
    .hint("name another folder with --data DIR; nothing is ever overwritten"))
}

async fn fill(
    draft: &DataDir,
    program: &str,
    clock: ClockKind,
    passphrase: &str,
    now: Option<Timestamp>,
) -> Result<(), Failure> {
    make_private_folder(draft)?;
    let key = ProgramKey::generate();
    let locked = key
        .lock(passphrase)
        .map_err(|error| Failure::machine("program-key", error.to_string()).hint(error.hint()))?;
    write_private(&draft.program_key(), &locked)?;
    let seed = random()?;
    let signer = Signer::from_seed(&origin(program, &random()?), seed).map_err(|error| {
        Failure::usage("program-name", error.to_string()).hint("use a shorter program name")
    })?;
    let mut secret = signer.secret();
    secret.push('\n');
    write_private(&draft.log_key(), secret.as_bytes())?;
    let config = Config {
        version: Config::VERSION,
        program: program.to_owned(),
        clock,
        recipient: key.recipient().to_string(),
        log_key: signer.vkey(),
    };
    let mut text = serde_json::to_string_pretty(&config)
        .map_err(|error| Failure::machine("config", error.to_string()))?;
    text.push('\n');
    write_private(&draft.config(), text.as_bytes())?;
    let store = Store::create(draft.database()).await?;
    store.integrate(&signer).await?;
    store.close().await;
    let desk = Desk::open(draft.clone(), now).await?;
    let command = ProgramCommand::Found {
        name: program.to_owned(),
        test_clock: clock == ClockKind::Test,
    };
    desk.decide(command, &Actor::Desk).await?;
    desk.store().close().await;
    Ok(())
}

/// The log's origin: a name that people recognise, and a part that no other program has.
fn origin(program: &str, unique: &[u8; 32]) -> String {
    let mut slug = String::new();
    for c in program.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() { "program" } else { slug };
    let mark = domain::sealed::Digest::from_bytes(*unique).to_string();
    format!("headstart/{slug}/{}", &mark[..8])
}

pub(crate) fn draft_path(dir: &DataDir) -> Result<PathBuf, Failure> {
    let target = std::path::absolute(dir.path()).map_err(|error| unwritable(dir.path(), &error))?;
    let name = target.file_name().ok_or_else(|| {
        Failure::usage(
            "data-directory",
            format!("`{}` names no folder", target.display()),
        )
        .hint("name a folder with --data DIR")
    })?;
    let mark = domain::sealed::Digest::from_bytes(random()?).to_string();
    let draft = format!(".{}.draft-{}", name.to_string_lossy(), &mark[..8]);
    Ok(target.with_file_name(draft))
}

pub(crate) fn make_private_folder(dir: &DataDir) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder
        .create(dir.path())
        .map_err(|error| unwritable(dir.path(), &error))
}

pub(crate) fn sync_folder_of(path: &std::path::Path) -> Result<(), Failure> {
    let absolute = std::path::absolute(path).map_err(|error| unwritable(path, &error))?;
    let parent = absolute.parent().unwrap_or(&absolute);
    std::fs::File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unwritable(parent, &error))
}

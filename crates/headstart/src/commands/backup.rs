//! `headstart backup` and `headstart restore`.

use std::path::Path;

use desk::Failure;
use serde_json::json;

use super::Context;
use super::context::read_file;
use crate::cli::Restore;
use crate::output::grouped;

/// Writes a backup.
pub async fn backup(context: &Context, out: &Path) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let made = desk.backup(out).await?;
    let key = desk::key_beside(out);
    let document = json!({
        "file": out.display().to_string(),
        "key": key.display().to_string(),
        "made_at": made.made_at.to_string(),
        "log_size": made.log_size,
        "root": made.root,
    });
    context.output.result(&document, |_| {
        format!(
            "{} written: everything as of {}, with a log of {} entries{}\n\
             It opens with the program key alone. A copy of the locked key is in {}; keep the passphrase elsewhere.\n\
             Next, when it is needed: headstart restore {} --data NEWFOLDER\n",
            out.display(),
            made.made_at,
            grouped(made.log_size),
            root(made.root.as_deref()),
            key.display(),
            out.display(),
        )
    });
    Ok(0)
}

/// Makes a data directory from a backup.
pub async fn restore(context: &Context, arguments: &Restore) -> Result<u8, Failure> {
    let dir = context.data_dir()?;
    let path = arguments
        .key
        .clone()
        .unwrap_or_else(|| desk::key_beside(&arguments.file));
    let locked = read_file(&path, seal::LOCKED_BYTES_MAX as u64)?;
    let passphrase = context.passphrase()?;
    let restored = desk::restore(&dir, &arguments.file, &locked, &passphrase).await?;
    let backup = &restored.backup;
    let document = json!({
        "data": dir.path().display().to_string(),
        "program": backup.program,
        "made_at": backup.made_at.to_string(),
        "log_size": backup.log_size,
        "root": backup.root,
        "entries": restored.entries,
        "events": restored.events,
    });
    context.output.result(&document, |out| {
        format!(
            "{} is in {} again, as of {}: a log of {} entries{}\n\
             {} {} entries and {} events replayed: everything is as it was signed\n\n\
             {} What was given after {} is not in this log. If anything was, this log contradicts what witnesses and\n\
             partners have seen; they notice at the next checkpoint, refuse it, and show both. `headstart log show` says\n\
             what the witnesses have seen; where it is more than {} entries, restore a newer backup.\n",
            out.strong(&backup.program),
            dir.path().display(),
            backup.made_at,
            grouped(backup.log_size),
            root(backup.root.as_deref()),
            out.good("ok"),
            grouped(restored.entries),
            grouped(restored.events),
            out.careful("Careful:"),
            backup.made_at,
            grouped(backup.log_size),
        )
    });
    Ok(0)
}

fn root(root: Option<&str>) -> String {
    root.map_or(String::new(), |root| format!(", root {root}"))
}

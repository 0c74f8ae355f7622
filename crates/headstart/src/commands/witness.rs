//! `headstart witness …`: a witness of logs, its own or anybody's. It needs no data directory.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ::witness::{StateDir, StateError, serve, system_clock};
use desk::Failure;
use serde_json::json;
use tlog::{Checkpoint, Note};

use super::Context;
use crate::cli::Witness;
use crate::output::count;

/// Runs one of the witness commands.
pub async fn run(context: &Context, command: Witness) -> Result<u8, Failure> {
    match command {
        Witness::Init { dir, name } => init(context, &dir, &name)?,
        Witness::Trust { dir, key } => trust(context, &dir, &key)?,
        Witness::Serve { dir, listen } => serve_until_stopped(context, &dir, listen).await?,
        Witness::Show { dir } => show(context, &dir)?,
    }
    Ok(0)
}

fn init(context: &Context, dir: &Path, name: &str) -> Result<(), Failure> {
    let (_, key) = StateDir::create(dir, name).map_err(failed)?;
    let document = json!({"dir": dir.display().to_string(), "name": name, "key": key.vkey()});
    context.output.result(&document, |_| {
        format!(
            "the witness {name} is in {dir}\n\n\
             Publish its key; programs name it with it, and judges check cosignatures against it:\n  {}\n\n\
             Next: headstart witness trust --dir {dir} LOG-KEY\n      headstart witness serve --dir {dir}\n",
            key.vkey(),
            dir = dir.display(),
        )
    });
    Ok(())
}

fn trust(context: &Context, dir: &Path, key: &str) -> Result<(), Failure> {
    let state = StateDir::open(dir).map_err(failed)?;
    let log = state.trust(key).map_err(failed)?;
    let document = json!({"log": log.name(), "key": log.vkey()});
    context.output.result(&document, |_| {
        format!("checkpoints of {} are cosigned from now on\n", log.name())
    });
    Ok(())
}

async fn serve_until_stopped(
    context: &Context,
    dir: &Path,
    listen: SocketAddr,
) -> Result<(), Failure> {
    let state = StateDir::open(dir).map_err(failed)?;
    let witness = Arc::new(::witness::Witness::open(state).map_err(failed)?);
    let unable = |error: std::io::Error| {
        Failure::machine("listen", format!("cannot listen on {listen}: {error}"))
            .hint("name another address with --listen ADDRESS:PORT")
    };
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .map_err(unable)?;
    let address = listener.local_addr().map_err(unable)?;
    let document = json!({"listening": format!("http://{address}"), "key": witness.vkey()});
    context.output.result(&document, |_| {
        format!("{} answers at http://{address}\n", witness.vkey())
    });
    serve(listener, witness, system_clock())
        .await
        .map_err(unable)
}

fn show(context: &Context, dir: &Path) -> Result<(), Failure> {
    let state = StateDir::open(dir).map_err(failed)?;
    let key = state.cosigner().map_err(failed)?;
    let logs = state.logs().map_err(failed)?;
    let size = |note: &str| {
        let note = Note::parse(note).ok()?;
        Some(Checkpoint::parse(note.text()).ok()?.size())
    };
    let document = json!({
        "key": key.vkey(),
        "logs": logs.iter().map(|log| json!({
            "origin": log.origin,
            "keys": log.keys.iter().map(|key| key.vkey()).collect::<Vec<_>>(),
            "size": log.latest.as_deref().and_then(size),
            "checkpoint": log.latest,
            "forks": log.forks,
        })).collect::<Vec<_>>(),
    });
    context.output.result(&document, |out| {
        let mut text = format!("{}\n", key.vkey());
        if logs.is_empty() {
            text += "no log is trusted yet\nNext: headstart witness trust --dir DIR LOG-KEY\n";
        }
        for log in &logs {
            text += &format!("\n{}\n", out.strong(&log.origin));
            text += &match log.latest.as_deref().and_then(size) {
                Some(size) => format!("  cosigned up to {size}\n"),
                None => "  nothing cosigned yet\n".to_owned(),
            };
            if log.forks.is_empty() {
                continue;
            }
            text += &format!("  {}\n", out.bad(&count(log.forks.len(), "FORK")));
            for fork in &log.forks {
                text += &format!("\n{}", fork.to_text());
            }
        }
        text
    });
    Ok(())
}

/// Only a disk that fails is the machine's fault.
fn failed(error: StateError) -> Failure {
    let message = error.to_string();
    let failure = match &error {
        StateError::Io { .. } | StateError::Damaged { .. } | StateError::Randomness { .. } => {
            Failure::machine("witness-state", message)
        }
        StateError::Served { .. } => Failure::machine("witness-served", message),
        StateError::Exists { .. } | StateError::Missing { .. } | StateError::Full { .. } => {
            Failure::usage("witness-folder", message)
        }
        StateError::Key(_) => Failure::usage("key", message),
    };
    failure.hint(error.hint())
}

//! `headstart log …`: the transparency log.

use std::path::Path;

use desk::{Desk, Failure};
use domain::describe::describe_utc;
use domain::ids::BlobId;
use serde_json::{Value, json};
use tlog::{Checkpoint, NOTE_BYTES_MAX, Note};

use super::context::{id, read_file};
use super::log_check::{self, Against};
use super::{Context, cosigned, log_watch};
use crate::cli::Log;
use crate::output::{count, table};

/// How many of the newest entries are listed.
const NEWEST: u64 = 12;

/// Runs one of the log commands.
pub async fn run(context: &Context, command: Log) -> Result<u8, Failure> {
    match command {
        Log::Show => show(context).await,
        Log::Prove { entry, case, seat } => {
            prove(context, entry.as_deref(), case.as_deref(), seat.as_deref()).await
        }
        Log::Check {
            proof,
            log_key,
            entry,
            witness,
            quorum,
        } => {
            let against = Against {
                log_key: &log_key,
                entry: entry.as_deref(),
                witness: &witness,
                quorum,
            };
            log_check::check(context, &proof, &against)
        }
        Log::CheckFork { report } => log_check::check_fork(context, &report),
        Log::Collect { file, key } => collect(context, &file, &key).await,
        Log::Audit => audit(context).await,
        Log::Witness(command) => log_watch::witness(context, command).await,
        Log::Quorum { needed, person } => {
            log_watch::quorum(context, needed, person.as_deref()).await
        }
        Log::Cosign => log_watch::cosign(context).await,
        Log::Publish { out } => log_watch::publish(context, &out).await,
    }
}

async fn show(context: &Context) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    // A new program has a key to publish before there is anything to sign.
    let checkpoint = match desk.checkpoint().await {
        Ok(checkpoint) => Some(checkpoint),
        Err(failure) if failure.code == "no-checkpoint" => None,
        // The quorum was never reached: what the log key alone signed is shown, and that nobody cosigned it.
        Err(failure) if failure.code == "not-cosigned" => Some(desk.newest().await?),
        Err(failure) => return Err(failure),
    };
    let note = checkpoint
        .as_deref()
        .and_then(|text| Note::parse(text).ok());
    let opened = note
        .as_ref()
        .and_then(|note| Checkpoint::parse(note.text()).ok());
    let lines = match &note {
        Some(note) => {
            let program = desk.program().await?;
            let named = program.watch().witnesses().iter();
            let keys: Vec<_> = named.map(|witness| witness.key().clone()).collect();
            cosigned::lines(note, desk.log_key().name(), &keys)?
        }
        None => Vec::new(),
    };
    let newest = desk.newest_entries(NEWEST).await?;
    let kinds = desk.entries_by_kind().await?;
    let entries: Vec<Value> = newest
        .iter()
        .map(|entry| {
            json!({
                "index": entry.index, "kind": entry.kind,
                "case": entry.case.as_ref().map(|case| case.as_str()),
                "seat": entry.seat.as_ref().map(|seat| seat.as_str()),
                "at": entry.at.map(|at| at.to_string()),
            })
        })
        .collect();
    let document = json!({
        "log_key": desk.config().log_key,
        "checkpoint": checkpoint,
        "size": opened.as_ref().map(Checkpoint::size),
        "root": opened.as_ref().map(|opened| opened.root().to_base64()),
        "cosigned": cosigned::to_json(&lines),
        "kinds": kinds,
        "newest": entries,
    });
    context.output.result(&document, |_| {
        let mut text = format!("log key {}\n\n", desk.config().log_key);
        let Some((signed, opened)) = checkpoint.as_ref().zip(opened.as_ref()) else {
            return text + "no checkpoint yet: the first is signed when the first case is made\n";
        };
        text += &format!("{signed}\n");
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(kind, number)| format!("{number} {kind}"))
            .collect();
        text += &format!(
            "{} under this checkpoint: {}\nroot {}\n",
            count(opened.size() as usize, "entry").replace("entrys", "entries"),
            kinds.join(", "),
            opened.root().to_base64(),
        );
        text += &cosigned::to_text(&lines);
        if !newest.is_empty() {
            let heading = ["ENTRY", "WHAT", "CASE", "SEAT", "DECIDED"];
            let mut rows = vec![heading.map(str::to_owned).to_vec()];
            for entry in &newest {
                let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
                rows.push(vec![
                    entry.index.to_string(),
                    entry.kind.to_owned(),
                    word(entry.case.as_ref().map(|case| case.as_str())),
                    word(entry.seat.as_ref().map(|seat| seat.as_str())),
                    entry.at.map_or("-".to_owned(), describe_utc),
                ]);
            }
            text += &format!(
                "\nthe newest entries, as this program's events name them:\n{}",
                table(&rows)
            );
        }
        text
    });
    Ok(0)
}

async fn prove(
    context: &Context,
    entry: Option<&str>,
    case: Option<&str>,
    seat: Option<&str>,
) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let index = match (entry, case.zip(seat)) {
        (_, Some((case, seat))) => desk.package_index(&id(case)?, &id(seat)?).await?,
        (Some(entry), None) => index_of(&desk, entry).await?,
        (None, None) => {
            return Err(
                Failure::usage("which-entry", "which entry is to be proved?")
                    .hint("give its number, a package file, or --case CASE --seat SEAT"),
            );
        }
    };
    let proved = desk.prove(index).await?;
    let text = proved.proof.to_text();
    let document = json!({
        "index": proved.index,
        "entry": String::from_utf8_lossy(&proved.entry),
        "proof": text,
    });
    // The proof alone goes to standard output, so that it can be kept as a file.
    context.output.result(&document, |_| text.clone());
    if !context.output.is_json() {
        eprintln!(
            "entry {}: {}",
            proved.index,
            String::from_utf8_lossy(&proved.entry).escape_debug()
        );
    }
    Ok(0)
}

async fn index_of(desk: &Desk, entry: &str) -> Result<u64, Failure> {
    if let Ok(index) = entry.parse() {
        return Ok(index);
    }
    let bytes = read_file(Path::new(entry), seal::PACKAGE_BYTES_MAX)?;
    desk.index_of_package(&BlobId::of(&bytes)).await
}

async fn collect(context: &Context, file: &Path, key: &str) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let bytes = read_file(file, NOTE_BYTES_MAX as u64)?;
    let mut keys = cosigned::keys(&[key.to_owned()])?;
    let Some(key) = keys.pop() else {
        return Err(Failure::usage("witness", "whose cosignature is it?").hint("give --key VKEY"));
    };
    let collected = desk.collect(&String::from_utf8_lossy(&bytes), &key).await?;
    let document = json!({
        "client": key.name(), "log_size": collected.size, "time_s": collected.time_s,
    });
    context.output.result(&document, |out| {
        format!(
            "{} {} cosigned the checkpoint of {} entries; evidence shows it from now on\n",
            out.good("ok"),
            key.name(),
            collected.size
        )
    });
    Ok(0)
}

async fn audit(context: &Context) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let audit = desk.audit().await?;
    let document = json!({
        "intact": audit.difference.is_none(),
        "entries": audit.entries,
        "events": audit.events,
        "difference": audit.difference,
    });
    context
        .output
        .result(&document, |out| match &audit.difference {
            None => format!(
                "{} {} and {} replayed: everything is as it was signed\n",
                out.good("ok"),
                count(audit.entries as usize, "entry").replace("entrys", "entries"),
                count(audit.events as usize, "event"),
            ),
            Some(difference) => format!("{} {difference}\n", out.bad("DIFFERS")),
        });
    Ok(u8::from(audit.difference.is_some()))
}

//! `headstart log …`: the transparency log.

use std::path::Path;

use desk::Failure;
use domain::ids::BlobId;
use serde_json::json;
use server::wire::Entry;
use tlog::{Checkpoint, NOTE_BYTES_MAX, Note, Verifier};

use super::context::{id, read_file};
use super::log_check::{self, Against};
use super::{Context, cosigned, log_watch};
use crate::cli::Log;
use crate::output::{count, table, utc};
use crate::reach::{Reach, Wanted};

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
    let log = Reach::open(context).await?.log().await?;
    let (key, checkpoint) = (&log.log_key, log.checkpoint.as_deref());
    let note = checkpoint.and_then(|text| Note::parse(text).ok());
    let opened = note
        .as_ref()
        .and_then(|note| Checkpoint::parse(note.text()).ok());
    let lines = match &note {
        Some(note) => {
            let keys = cosigned::keys(&log.witnesses)?;
            let name = Verifier::parse(key).map(|key| key.name().to_owned());
            cosigned::lines(note, &name.unwrap_or_default(), &keys)?
        }
        None => Vec::new(),
    };
    let document = json!({
        "log_key": key,
        "checkpoint": checkpoint,
        "size": opened.as_ref().map(Checkpoint::size),
        "root": opened.as_ref().map(|opened| opened.root().to_base64()),
        "cosigned": cosigned::to_json(&lines),
        "kinds": log.kinds,
        "newest": log.newest,
    });
    context.output.result(&document, |_| {
        let mut text = format!("log key {key}\n\n");
        let Some((signed, opened)) = checkpoint.zip(opened.as_ref()) else {
            return text + "no checkpoint yet: the first is signed when the first case is made\n";
        };
        text += &format!("{signed}\n");
        let kinds: Vec<String> = log
            .kinds
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
        text + &newest(&log.newest)
    });
    Ok(0)
}

fn newest(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let heading = ["ENTRY", "WHAT", "CASE", "SEAT", "DECIDED"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let word = |word: &Option<String>| word.clone().unwrap_or("-".to_owned());
    for entry in entries {
        rows.push(vec![
            entry.index.to_string(),
            entry.kind.clone(),
            word(&entry.case),
            word(&entry.seat),
            entry.at.as_deref().map_or("-".to_owned(), utc),
        ]);
    }
    format!(
        "\nthe newest entries, as this program's events name them:\n{}",
        table(&rows)
    )
}

async fn prove(
    context: &Context,
    entry: Option<&str>,
    case: Option<&str>,
    seat: Option<&str>,
) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    let wanted = match (entry, case.zip(seat)) {
        (_, Some((case, seat))) => Wanted::Of(id(case)?, id(seat)?),
        (Some(entry), None) => wanted(entry)?,
        (None, None) => {
            return Err(
                Failure::usage("which-entry", "which entry is to be proved?")
                    .hint("give its number, a package file, or --case CASE --seat SEAT"),
            );
        }
    };
    let proved = reach.prove(&wanted).await?;
    let document = json!({
        "index": proved.about.index,
        "entry": proved.entry,
        "proof": proved.proof,
    });
    // The proof alone goes to standard output, so that it can be kept as a file.
    context.output.result(&document, |_| proved.proof.clone());
    if !context.output.is_json() {
        eprintln!(
            "entry {}: {}",
            proved.about.index,
            proved.entry.escape_debug()
        );
    }
    Ok(0)
}

fn wanted(entry: &str) -> Result<Wanted, Failure> {
    if let Ok(index) = entry.parse() {
        return Ok(Wanted::Index(index));
    }
    let bytes = read_file(Path::new(entry), seal::PACKAGE_BYTES_MAX)?;
    Ok(Wanted::Package(BlobId::of(&bytes)))
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
    let audit = Reach::open(context).await?.audit(&context.output).await?;
    let document = json!({
        "intact": audit.intact,
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

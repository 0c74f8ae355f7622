//! `headstart log witness …`, `log quorum`, `log cosign`, `log publish`: the log before the world.

use std::path::Path;

use desk::{Desk, Failure};
use domain::describe::describe_utc;
use domain::ids::PersonName;
use domain::watch::WatchChange;
use jiff::Timestamp;
use serde_json::json;

use super::Context;
use crate::cli::LogWitness;
use crate::output::{count, table};
use crate::reach::Reach;

/// Runs one of the witness commands.
pub async fn witness(context: &Context, command: LogWitness) -> Result<u8, Failure> {
    let desk = &context.desk().await?;
    match command {
        LogWitness::Add { key, url, person } => {
            let key = key.trim().to_owned();
            let change = WatchChange::Name { key, url };
            change_watch(context, desk, change, person.as_deref()).await
        }
        LogWitness::Remove { name, person } => {
            let change = WatchChange::Drop { name };
            change_watch(context, desk, change, person.as_deref()).await
        }
        LogWitness::List => list(context, desk).await,
    }
}

/// Changes the quorum.
pub async fn quorum(context: &Context, needed: u32, person: Option<&str>) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    change_watch(context, &desk, WatchChange::Quorum { needed }, person).await
}

async fn change_watch(
    context: &Context,
    desk: &Desk,
    change: WatchChange,
    person: Option<&str>,
) -> Result<u8, Failure> {
    let person = person
        .map(|name| PersonName::parse(name).map_err(Failure::from_refusal))
        .transpose()?;
    let what = change.to_string();
    let happened = desk.change_watch(change, person).await?;
    let program = desk.program().await?;
    let watch = program.watch();
    let document = json!({
        "change": what,
        "happened": happened,
        "witnesses": watch.witnesses().iter().map(|w| w.name()).collect::<Vec<_>>(),
        "quorum": watch.needed(),
    });
    context.output.result(&document, |_| {
        if !happened {
            return format!(
                "{what}: one of two people has agreed\nNext: the same command with --as ANOTHER-PERSON\n"
            );
        }
        let mut text = format!(
            "{}, quorum {}\n",
            count(watch.witnesses().len(), "witness").replace("witnesss", "witnesses"),
            watch.needed()
        );
        if watch.needed() == 0 && !watch.witnesses().is_empty() {
            text += "Next: headstart log quorum N, so that nothing opens without N cosignatures\n";
        }
        text
    });
    Ok(0)
}

async fn list(context: &Context, desk: &Desk) -> Result<u8, Failure> {
    let program = desk.program().await?;
    let watch = program.watch();
    let document = json!({
        "quorum": watch.needed(),
        "witnesses": watch.witnesses().iter().map(|witness| json!({
            "name": witness.name(),
            "key": witness.key().vkey(),
            "url": witness.url(),
            "named_at": witness.named_at().to_string(),
        })).collect::<Vec<_>>(),
        "waiting": watch.approvals().iter().map(|approval| json!({
            "change": approval.change.to_string(),
            "agreed": approval.person.to_string(),
            "at": approval.at.to_string(),
        })).collect::<Vec<_>>(),
    });
    context.output.result(&document, |_| {
        if watch.witnesses().is_empty() {
            return "no witnesses: checkpoints are signed by the log key alone\n\
                    Next: headstart log witness add --key VKEY --url URL\n"
                .to_owned();
        }
        let mut rows = vec![
            ["WITNESS", "SINCE", "ADDRESS", "KEY"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for witness in watch.witnesses() {
            rows.push(vec![
                witness.name().to_owned(),
                describe_utc(witness.named_at()),
                witness.url().to_owned(),
                witness.key().vkey(),
            ]);
        }
        let mut text = table(&rows);
        text += &format!(
            "\n{} of {} must have cosigned\n",
            watch.needed(),
            watch.witnesses().len()
        );
        for approval in watch.approvals() {
            text += &format!(
                "waits for a second person: {} ({} agreed)\n",
                approval.change, approval.person
            );
        }
        text
    });
    Ok(0)
}

/// Asks all witnesses; the answer is no (exit 1) when the quorum is not reached.
pub async fn cosign(context: &Context) -> Result<u8, Failure> {
    let round = Reach::open(context).await?.ask_witnesses().await?;
    let Some(size) = round.size else {
        return Err(
            Failure::usage("no-witnesses", "the program has named no witnesses")
                .hint("headstart log witness add --key VKEY --url URL"),
        );
    };
    let document = json!({
        "size": size,
        "quorum": round.needed,
        "reached": round.enough,
        "checkpoint": round.checkpoint,
        "answers": round.answers.iter().map(|answer| json!({
            "witness": answer.witness,
            "url": answer.url,
            "cosigned_at": answer.signed_s.and_then(utc),
            "reason": answer.reason,
            "forgot": answer.forgot,
        })).collect::<Vec<_>>(),
    });
    context.output.result(&document, |out| {
        let mut text = format!(
            "the checkpoint of {}\n",
            count(size as usize, "entry").replace("entrys", "entries")
        );
        for answer in &round.answers {
            text += &match answer.signed_s {
                Some(time_s) => format!(
                    "{} {} cosigned it, {}\n",
                    out.good("ok"),
                    answer.witness,
                    utc(time_s).unwrap_or_default()
                ),
                None => format!(
                    "{} {} {}\n",
                    out.bad("NO"),
                    answer.witness,
                    answer.reason.as_deref().unwrap_or_default()
                ),
            };
            if let Some(forgot) = &answer.forgot {
                text += &format!(
                    "{} {} had cosigned {} entries and knew of {} now: its state was put back, ask its operator why\n",
                    out.careful("note"),
                    answer.witness,
                    forgot.cosigned,
                    forgot.knew,
                );
            }
        }
        let given = round.answers.iter().filter(|a| a.signed_s.is_some()).count();
        text + &format!("{given} of {} that are needed\n", round.needed)
    });
    Ok(u8::from(!round.enough))
}

fn utc(time_s: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(time_s).ok()?).ok()?;
    Some(describe_utc(time))
}

/// Writes the log as files.
pub async fn publish(context: &Context, out: &Path) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let published = desk.publish(out).await?;
    let document = json!({
        "out": out.display().to_string(),
        "size": published.size,
        "before": published.before,
        "files_written": published.files,
        "log_key": desk.config().log_key,
    });
    context.output.result(&document, |_| {
        format!(
            "{} in {}, {} written; any web server may serve the folder\n",
            count(published.size as usize, "entry").replace("entrys", "entries"),
            out.display(),
            count(published.files, "file"),
        )
    });
    Ok(0)
}

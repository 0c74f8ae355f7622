//! `headstart log …`: the transparency log.

use desk::Failure;
use serde_json::json;

use super::Context;
use crate::cli::Log;
use crate::output::count;

/// Runs one of the log commands.
pub async fn run(context: &Context, command: Log) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    match command {
        Log::Show => {
            // A new program has a key to publish before there is anything to sign.
            let checkpoint = match desk.checkpoint().await {
                Ok(checkpoint) => Some(checkpoint),
                Err(failure) if failure.code == "no-checkpoint" => None,
                Err(failure) => return Err(failure),
            };
            let document = json!({"log_key": desk.config().log_key, "checkpoint": checkpoint});
            context.output.result(&document, |_| {
                let signed = checkpoint.as_deref().unwrap_or(
                    "no checkpoint yet: the first is signed when the first case is made\n",
                );
                format!("log key {}\n\n{signed}", desk.config().log_key)
            });
            Ok(0)
        }
        Log::Audit => {
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
    }
}

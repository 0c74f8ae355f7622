//! `headstart init`: a new data directory.

use desk::{ClockKind, Failure};
use serde_json::json;

use super::Context;
use crate::cli::Init;

/// Makes the data directory and says what was made.
pub async fn run(context: &Context, arguments: &Init) -> Result<u8, Failure> {
    let now = context.now()?;
    if now.is_some() && !arguments.test_clock {
        return Err(
            Failure::usage("not-a-test-clock", "--now needs `init --test-clock`")
                .hint("leave --now away: the system's clock is used"),
        );
    }
    let dir = context.data_dir()?;
    let passphrase = context.new_passphrase()?;
    let clock = if arguments.test_clock {
        ClockKind::Test
    } else {
        ClockKind::System
    };
    let desk = desk::init(&dir, &arguments.program, clock, &passphrase, now).await?;
    let config = desk.config();
    let document = json!({
        "data": dir.path().display().to_string(),
        "program": config.program,
        "recipient": config.recipient,
        "log_key": config.log_key,
        "test_clock": arguments.test_clock,
    });
    context.output.result(&document, |out| {
        format!(
            "{} runs in {}.\n\n\
             Publish this log key; partners and judges check everything against it:\n  {}\n\n\
             Keep a copy of {} and of its passphrase elsewhere: without them nothing can be traced.\n\
             Next: headstart partner import partners.csv\n",
            out.strong(&config.program),
            dir.path().display(),
            config.log_key,
            dir.program_key().display(),
        )
    });
    Ok(0)
}

//! `headstart press`: copies, sealed for each seat, committed to the log.

use desk::Failure;
use serde_json::json;

use super::Context;
use super::context::id;
use crate::output::count;
use crate::reach::Reach;

/// Presses a case.
pub async fn run(context: &Context, case: &str) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    let pressed = reach.press(&id(case)?, &context.output).await?;
    context.output.result(&json!(pressed), |_| {
        format!(
            "{} in {}, {} KiB, committed to the log ({})\nNext: headstart wave open {case}\n",
            count(pressed.copies, "copy").replace("copys", "copies"),
            count(pressed.seats.len(), "package"),
            pressed.package_bytes / 1024,
            count(pressed.log_size as usize, "entry").replace("entrys", "entries"),
        )
    });
    Ok(0)
}

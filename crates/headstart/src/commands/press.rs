//! `headstart press`: copies, sealed for each seat, committed to the log.

use desk::Failure;
use serde_json::json;

use super::Context;
use super::context::id;
use crate::output::count;

/// Presses a case.
pub async fn run(context: &Context, case: &str) -> Result<u8, Failure> {
    let case = id(case)?;
    let (desk, key) = context.desk_and_key().await?;
    let pressed = desk.press(&case, &key).await?;
    let seats: Vec<&str> = pressed.seats.iter().map(|seat| seat.as_str()).collect();
    let document = json!({
        "case": case.as_str(),
        "seats": seats,
        "copies": pressed.copies,
        "package_bytes": pressed.bytes,
        "log_size": pressed.log_size,
    });
    context.output.result(&document, |_| {
        format!(
            "{} in {}, {} KiB, committed to the log ({})\nNext: headstart wave open {case}\n",
            count(pressed.copies, "copy").replace("copys", "copies"),
            count(seats.len(), "package"),
            pressed.bytes / 1024,
            count(pressed.log_size as usize, "entry").replace("entrys", "entries"),
        )
    });
    Ok(0)
}

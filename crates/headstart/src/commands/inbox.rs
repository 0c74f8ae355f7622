//! `headstart inbox`: what is open for a seat.

use desk::Failure;
use serde_json::json;

use super::Context;
use super::context::id;
use crate::output::{table, utc};
use crate::reach::Reach;

/// Lists what is open for a seat.
pub async fn run(context: &Context, seat: Option<&str>) -> Result<u8, Failure> {
    let seat = seat.map(id).transpose()?;
    let (seat, cases) = Reach::open(context).await?.inbox(seat.as_ref()).await?;
    context
        .output
        .result(&json!({"seat": seat, "cases": cases}), |_| {
            if cases.is_empty() {
                return format!("nothing is open for {seat}\n");
            }
            let heading = ["CASE", "TLP", "WAVE", "OPENED", "RELEASE", "FIRST FETCHED"];
            let mut rows = vec![heading.map(str::to_owned).to_vec()];
            let when = |at: &Option<String>| at.as_deref().map_or("-".to_owned(), utc);
            for case in &cases {
                rows.push(vec![
                    case.case.clone(),
                    case.tlp.clone(),
                    case.wave.clone(),
                    utc(&case.opened_at),
                    when(&case.release),
                    when(&case.first_fetched),
                ]);
            }
            table(&rows)
        });
    Ok(0)
}

//! `headstart receipts`: who fetched what, first and last, in UTC.

use desk::Failure;
use serde_json::{Value, json};

use super::Context;
use super::context::id;
use crate::output::{table, utc};
use crate::reach::Reach;

/// Lists the receipts of a case, and the refusals.
pub async fn run(context: &Context, case: &str) -> Result<u8, Failure> {
    let found = Reach::open(context).await?.receipts(&id(case)?).await?;
    let refusals: Vec<Value> = found
        .refusals
        .iter()
        .map(|one| json!({"seat": one.seat, "rule": one.rule, "at": one.at}))
        .collect();
    let document = json!({"case": case, "receipts": found.receipts, "refusals": refusals});
    context.output.result(&document, |_| {
        if found.receipts.is_empty() {
            return format!("no package of {case} was pressed yet\nNext: headstart press {case}\n");
        }
        let heading = ["SEAT", "PARTNER", "FIRST", "LAST", "FETCHES", "REFUSED"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        let when = |at: &Option<String>| at.as_deref().map_or("-".to_owned(), utc);
        for row in &found.receipts {
            rows.push(vec![
                row.seat.clone(),
                row.partner.clone(),
                when(&row.first),
                when(&row.last),
                row.fetches.to_string(),
                row.refused.to_string(),
            ]);
        }
        table(&rows)
    });
    Ok(0)
}

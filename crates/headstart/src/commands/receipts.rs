//! `headstart receipts`: who fetched what, first and last, in UTC.

use desk::Failure;
use domain::describe::describe_utc;
use serde_json::{Value, json};

use super::Context;
use super::context::id;
use crate::output::table;

/// Lists the receipts of a case, and the refusals.
pub async fn run(context: &Context, case: &str) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let known = desk.case(&id(case)?).await?;
    let mut documents: Vec<Value> = Vec::new();
    let heading = ["SEAT", "PARTNER", "FIRST", "LAST", "FETCHES", "REFUSED"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for package in known.packages() {
        let receipt = known.receipts().of(&package.seat);
        let refused = known
            .refused()
            .iter()
            .filter(|refusal| refusal.seat == package.seat)
            .count();
        let (first, last) = (
            receipt.map(|receipt| receipt.first().at),
            receipt.map(|receipt| receipt.last().at),
        );
        let fetches = receipt.map_or(0, |receipt| receipt.fetches());
        documents.push(json!({
            "seat": package.seat.as_str(),
            "partner": package.partner.as_str(),
            "first": first.map(|at| at.to_string()),
            "last": last.map(|at| at.to_string()),
            "fetches": fetches,
            "refused": refused,
            "package_sha256": package.blob.to_string(),
        }));
        rows.push(vec![
            package.seat.to_string(),
            package.partner.to_string(),
            first.map_or("-".to_owned(), describe_utc),
            last.map_or("-".to_owned(), describe_utc),
            fetches.to_string(),
            refused.to_string(),
        ]);
    }
    let refusals: Vec<Value> = known
        .refused()
        .iter()
        .map(|r| json!({"seat": r.seat.as_str(), "rule": r.rule, "at": r.at.to_string()}))
        .collect();
    let document = json!({"case": case, "receipts": documents, "refusals": refusals});
    context.output.result(&document, |_| {
        if rows.len() == 1 {
            return format!("no package of {case} was pressed yet\nNext: headstart press {case}\n");
        }
        table(&rows)
    });
    Ok(0)
}

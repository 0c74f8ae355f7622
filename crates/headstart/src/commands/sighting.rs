//! `headstart sighting …`: what was seen outside.

use desk::Failure;
use domain::ids::SightingId;
use serde_json::json;

use super::Context;
use super::context::{check_new_file, id, write_new_file};
use crate::cli::Sighting;
use crate::output::{count, table};
use crate::reach::Reach;

/// Runs one of the sighting commands.
pub async fn run(context: &Context, command: Sighting) -> Result<u8, Failure> {
    match command {
        Sighting::List { case } => list(context, &case).await,
        Sighting::Save {
            case,
            sighting,
            out,
        } => {
            let sighting = SightingId::parse(&sighting).map_err(|error| {
                Failure::usage("sighting-id", error.to_string())
                    .hint(format!("`headstart sighting list {case}` lists them"))
            })?;
            check_new_file(&out)?;
            let reach = Reach::open(context).await?;
            let records = reach.sighting(&id(&case)?, &sighting).await?;
            write_new_file(&out, &records)?;
            let file = out.display().to_string();
            let document = json!({"case": case, "sighting": sighting.as_str(), "file": file});
            context.output.result(&document, |_| {
                let records = records.iter().filter(|byte| **byte == b'\n').count();
                format!(
                    "{file} written, {}\nNext: headstart trace {file} --case {case}\n",
                    count(records, "record")
                )
            });
            Ok(0)
        }
    }
}

async fn list(context: &Context, case: &str) -> Result<u8, Failure> {
    let seen = Reach::open(context).await?.sightings(&id(case)?).await?;
    let sightings: Vec<_> = seen
        .iter()
        .map(|seen| json!({"sighting": seen.sighting, "at": seen.at}))
        .collect();
    let document = json!({"case": case, "sightings": sightings});
    context.output.result(&document, |_| {
        if seen.is_empty() {
            return format!(
                "nothing of {case} was seen outside yet; `headstart watch FEED` looks\n"
            );
        }
        let mut rows = vec![vec!["SIGHTING".to_owned(), "RECORDED".to_owned()]];
        for seen in &seen {
            rows.push(vec![seen.sighting.clone(), seen.at.clone()]);
        }
        table(&rows)
    });
    Ok(0)
}

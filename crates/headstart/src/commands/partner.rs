//! `headstart partner …`: import, list, show, and changes of status.

use desk::{Desk, Failure};
use domain::agreement::Means;
use domain::describe::describe_utc;
use domain::ids::{PartnerId, PersonName};
use domain::partner::Partner as Known;
use domain::person::Actor;
use domain::program::{Program, ProgramCommand};
use serde_json::{Value, json};

use super::Context;
use super::context::{id, read_file};
use crate::cli::{Partner, Why};
use crate::output::{count, table};

/// Largest file of partners.
const ROSTER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs one of the partner commands.
pub async fn run(context: &Context, command: Partner) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    match command {
        Partner::Import { file } => {
            let csv = read_file(&file, ROSTER_BYTES_MAX)?;
            let ids = desk.import_partners(&csv).await?;
            let names: Vec<&str> = ids.iter().map(PartnerId::as_str).collect();
            context
                .output
                .result(&json!({"imported": names.len(), "partners": names}), |_| {
                    format!(
                        "{} imported\nNext: headstart seat add --partner {} --email E --recipient age1…\n",
                        count(names.len(), "partner"),
                        names.first().unwrap_or(&"ID"),
                    )
                });
        }
        Partner::List => list(context, &desk.program().await?),
        Partner::Show { id: partner } => show(context, &desk, &id(&partner)?).await?,
        Partner::Admit(why) => {
            let partner = id(&why.id)?;
            change(context, &desk, &why, ProgramCommand::Activate(partner)).await?;
        }
        Partner::Suspend(why) => {
            let command = ProgramCommand::Suspend {
                partner: id(&why.id)?,
                reason: why.reason.clone(),
            };
            change(context, &desk, &why, command).await?;
        }
        Partner::Resume(why) => {
            let command = ProgramCommand::Resume {
                partner: id(&why.id)?,
                reason: why.reason.clone(),
            };
            change(context, &desk, &why, command).await?;
        }
        Partner::Remove(why) => {
            let command = ProgramCommand::Remove {
                partner: id(&why.id)?,
                reason: why.reason.clone(),
            };
            change(context, &desk, &why, command).await?;
        }
        Partner::Accept {
            id: partner,
            agreement,
            by,
        } => accept(context, &desk, &id(&partner)?, agreement.as_deref(), by).await?,
    }
    Ok(0)
}

async fn change(
    context: &Context,
    desk: &Desk,
    why: &Why,
    command: ProgramCommand,
) -> Result<(), Failure> {
    let person = PersonName::parse(&why.person).map_err(Failure::from_refusal)?;
    desk.decide(command, &Actor::Person(person)).await?;
    let program = desk.program().await?;
    let status = program
        .partner(&id(&why.id)?)
        .map_or("removed", |partner| partner.status().as_str());
    context
        .output
        .result(&json!({"partner": why.id, "status": status}), |_| {
            format!("{} is now {status}\n", why.id)
        });
    Ok(())
}

async fn accept(
    context: &Context,
    desk: &Desk,
    partner: &PartnerId,
    version: Option<&str>,
    by: String,
) -> Result<(), Failure> {
    let program = desk.program().await?;
    let version = match version {
        Some(version) => id(version)?,
        None => program.current_agreement().cloned().ok_or_else(|| {
            Failure::usage("no-agreement", "there is no agreement yet")
                .hint("publish one with `headstart agreement publish VERSION --text FILE`")
        })?,
    };
    let command = ProgramCommand::AcceptAgreement {
        partner: partner.clone(),
        version: version.clone(),
        signatory: by,
        means: Means::Paper,
    };
    desk.decide(command, &Actor::Desk).await?;
    context.output.result(
        &json!({"partner": partner.as_str(), "agreement": version.as_str()}),
        |_| format!("{partner} accepted agreement {version}\n"),
    );
    Ok(())
}

fn document(program: &Program, partner: &Known) -> Value {
    let seats: Vec<&str> = program
        .seats_of(partner.id())
        .map(|seat| seat.id().as_str())
        .collect();
    let accepted: Vec<Value> = partner
        .accepted()
        .iter()
        .map(|(version, how)| {
            json!({"version": version.as_str(), "by": how.signatory, "at": how.at.to_string()})
        })
        .collect();
    json!({
        "id": partner.id().as_str(),
        "name": partner.name(),
        "tier": partner.tier().as_str(),
        "country": partner.country().as_str(),
        "obligations": partner.duties().iter().map(|duty| duty.row().name).collect::<Vec<_>>(),
        "status": partner.status().as_str(),
        "reason": partner.reason(),
        "accepted": accepted,
        "seats": seats,
    })
}

fn list(context: &Context, program: &Program) {
    let partners: Vec<Value> = program.partners().map(|p| document(program, p)).collect();
    context.output.result(&json!({"partners": partners}), |_| {
        if partners.is_empty() {
            return "no partners yet\nNext: headstart partner import partners.csv\n".to_owned();
        }
        let heading = ["ID", "NAME", "TIER", "COUNTRY", "DUTIES", "SEATS", "STATUS"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        for partner in program.partners() {
            let duties: Vec<&str> = partner.duties().iter().map(|d| d.row().name).collect();
            rows.push(vec![
                partner.id().to_string(),
                partner.name().to_owned(),
                partner.tier().as_str().to_owned(),
                partner.country().as_str().to_owned(),
                if duties.is_empty() {
                    "-".to_owned()
                } else {
                    duties.join(" ")
                },
                program.seats_of(partner.id()).count().to_string(),
                partner.status().as_str().to_owned(),
            ]);
        }
        table(&rows)
    });
}

async fn show(context: &Context, desk: &Desk, partner: &PartnerId) -> Result<(), Failure> {
    let program = desk.program().await?;
    let known = program.partner(partner).ok_or_else(|| {
        Failure::usage(
            "unknown-partner",
            format!("there is no partner `{partner}`"),
        )
        .hint("`headstart partner list` shows them")
    })?;
    let current = program.current_agreement();
    context.output.result(&document(&program, known), |out| {
        let mut text = format!("{}  {}\n", out.strong(partner.as_str()), known.name());
        text += &format!("  status     {}", known.status().as_str());
        text += &known
            .reason()
            .map_or("\n".to_owned(), |reason| format!(" ({reason})\n"));
        text += &format!("  tier       {}\n", known.tier().as_str());
        text += &format!("  country    {}\n", known.country().as_str());
        for duty in known.duties() {
            text += &format!("  duty       {}: {}\n", duty.row().name, duty.row().obliges);
        }
        for (version, how) in known.accepted() {
            let mark = if Some(version) == current {
                "current"
            } else {
                "old"
            };
            text += &format!(
                "  agreement  {version} ({mark}), accepted by {} on {}\n",
                how.signatory,
                describe_utc(how.at)
            );
        }
        for seat in program.seats_of(partner) {
            text += &format!("  seat       {}  {}\n", seat.id(), seat.email().as_str());
        }
        text
    });
    Ok(())
}

//! `headstart seat …`: the people at partners, each with a key of their own.

use desk::{Desk, Failure};
use domain::ids::SeatId;
use domain::person::Actor;
use domain::program::{Program, ProgramCommand};
use domain::seat::SeatRole;
use serde_json::{Value, json};

use super::Context;
use super::context::id;
use crate::cli::Seat;
use crate::output::table;

/// Runs one of the seat commands.
pub async fn run(context: &Context, command: Seat) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    match command {
        Seat::Add {
            partner,
            email,
            recipient,
            lead,
        } => {
            let seat = desk.add_seat(&id(&partner)?, &email, &recipient).await?;
            if lead {
                name_lead(&desk, &seat).await?;
            }
            added(context, &desk, &seat).await
        }
        Seat::Lead { id: seat } => {
            name_lead(&desk, &id(&seat)?).await?;
            context
                .output
                .result(&json!({"seat": seat, "lead": true}), |_| {
                    format!("{seat} leads its partner's team\n")
                });
            Ok(0)
        }
        Seat::Invite { id: seat, link } => {
            let account = Actor::Seat(id(&seat)?);
            super::program::invite(context, &desk, account, &seat, &link).await
        }
        Seat::List => {
            let program = desk.program().await?;
            list(context, &program);
            Ok(0)
        }
        Seat::Retire { id: seat, reason } => {
            let command = ProgramCommand::RetireSeat {
                seat: id(&seat)?,
                reason,
            };
            desk.decide(command, &Actor::Desk).await?;
            context
                .output
                .result(&json!({"seat": seat, "retired": true}), |_| {
                    format!("{seat} is retired: it gets nothing any more\n")
                });
            Ok(0)
        }
    }
}

async fn name_lead(desk: &Desk, seat: &SeatId) -> Result<(), Failure> {
    let command = ProgramCommand::SetSeatRole {
        seat: seat.clone(),
        role: SeatRole::Lead,
    };
    desk.decide(command, &Actor::Desk).await.map(drop)
}

async fn added(context: &Context, desk: &Desk, seat: &SeatId) -> Result<u8, Failure> {
    let program = desk.program().await?;
    let others = same_key(&program, seat);
    if let Some(first) = others.first() {
        eprintln!(
            "note: {seat} has the same key as {first}: whoever holds it opens both packages, \
             and a leak of either cannot be told apart by who could read it"
        );
    }
    let document = json!({"seat": seat.as_str(), "same_key_as": others});
    context.output.result(&document, |_| format!("{seat}\n"));
    Ok(0)
}

/// The other seats in use that have this seat's key.
fn same_key(program: &Program, seat: &SeatId) -> Vec<String> {
    let Some(added) = program.seat(seat) else {
        return Vec::new();
    };
    program
        .seats()
        .filter(|other| other.id() != seat && other.retired_at().is_none())
        .filter(|other| other.recipient() == added.recipient())
        .map(|other| other.id().to_string())
        .collect()
}

fn list(context: &Context, program: &Program) {
    let seats: Vec<Value> = program
        .seats()
        .map(|seat| {
            json!({
                "seat": seat.id().as_str(),
                "partner": seat.partner().as_str(),
                "email": seat.email().as_str(),
                "recipient": seat.recipient().as_str(),
                "lead": seat.is_lead(),
                "retired": seat.retired_at().is_some(),
            })
        })
        .collect();
    context.output.result(&json!({"seats": seats}), |_| {
        if seats.is_empty() {
            return "no seats yet\n\
                    Next: headstart seat add --partner ID --email E --recipient age1…\n"
                .to_owned();
        }
        let mut rows = vec![
            ["SEAT", "PARTNER", "ROLE", "EMAIL", "STATE"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for seat in program.seats() {
            let state = if seat.retired_at().is_some() {
                "retired"
            } else {
                "in use"
            };
            rows.push(vec![
                seat.id().to_string(),
                seat.partner().to_string(),
                seat.role().as_str().to_owned(),
                seat.email().as_str().to_owned(),
                state.to_owned(),
            ]);
        }
        table(&rows)
    });
}

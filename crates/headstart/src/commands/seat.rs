//! `headstart seat …`: the people at partners, each with a key of their own.

use desk::Failure;
use domain::ids::SeatId;
use domain::person::Actor;
use serde_json::{Value, json};
use server::wire::SeatSummary;

use super::Context;
use super::context::id;
use crate::cli::Seat;
use crate::output::table;
use crate::reach::Reach;

/// Runs one of the seat commands.
pub async fn run(context: &Context, command: Seat) -> Result<u8, Failure> {
    if let Seat::Invite { id: seat, link } = command {
        let account = Actor::Seat(id(&seat)?);
        let reach = Reach::open(context).await?;
        return super::program::invite(context, reach.invites()?, account, &seat, &link).await;
    }
    let reach = Reach::open(context).await?;
    match command {
        Seat::Invite { .. } => {}
        Seat::Add {
            partner,
            email,
            recipient,
            lead,
        } => {
            let seat = reach.add_seat(&id(&partner)?, &email, &recipient).await?;
            if lead {
                reach.name_lead(&seat).await?;
            }
            added(context, &seat, &reach.seats().await?);
        }
        Seat::Lead { id: seat } => {
            reach.name_lead(&id(&seat)?).await?;
            context
                .output
                .result(&json!({"seat": seat, "lead": true}), |_| {
                    format!("{seat} leads its partner's team\n")
                });
        }
        Seat::List => list(context, &reach.seats().await?),
        Seat::Retire { id: seat, reason } => {
            reach.retire_seat(&id(&seat)?, &reason).await?;
            context
                .output
                .result(&json!({"seat": seat, "retired": true}), |_| {
                    format!("{seat} is retired: it gets nothing any more\n")
                });
        }
    }
    Ok(0)
}

fn added(context: &Context, seat: &SeatId, seats: &[SeatSummary]) {
    let others = same_key(seats, seat);
    if let Some(first) = others.first() {
        eprintln!(
            "note: {seat} has the same key as {first}: whoever holds it opens both packages, \
             and a leak of either cannot be told apart by who could read it"
        );
    }
    let document = json!({"seat": seat.as_str(), "same_key_as": others});
    context.output.result(&document, |_| format!("{seat}\n"));
}

/// The other seats in use that have this seat's key.
fn same_key<'a>(seats: &'a [SeatSummary], seat: &SeatId) -> Vec<&'a str> {
    let Some(added) = seats.iter().find(|one| one.seat == seat.as_str()) else {
        return Vec::new();
    };
    seats
        .iter()
        .filter(|other| other.seat != added.seat && other.retired_at.is_none())
        .filter(|other| other.recipient == added.recipient)
        .map(|other| other.seat.as_str())
        .collect()
}

fn list(context: &Context, seats: &[SeatSummary]) {
    let documents: Vec<Value> = seats
        .iter()
        .map(|seat| {
            json!({
                "seat": seat.seat,
                "partner": seat.partner,
                "email": seat.email,
                "recipient": seat.recipient,
                "lead": seat.role == "lead",
                "retired": seat.retired_at.is_some(),
            })
        })
        .collect();
    context.output.result(&json!({"seats": documents}), |_| {
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
        for seat in seats {
            let state = if seat.retired_at.is_some() {
                "retired"
            } else {
                "in use"
            };
            rows.push(vec![
                seat.seat.clone(),
                seat.partner.clone(),
                seat.role.clone(),
                seat.email.clone(),
                state.to_owned(),
            ]);
        }
        table(&rows)
    });
}

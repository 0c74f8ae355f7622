//! `/settings/people/partners/{partner}`: how a partner's seats sign in, for the program's coordinators.

use axum::response::Redirect;
use desk::Invited;
use domain::ids::{PartnerId, SeatId};
use domain::person::Actor;
use domain::program::ProgramCommand;
use domain::seat::{Email, SeatRole};
use maud::{Markup, html};
use serde::Deserialize;

use super::people::{end_all, invitation_life, invited, waiting};
use crate::extract::{Form, Path};
use crate::web::parts::{Field, empty, state, table};
use crate::web::{Page, page};
use crate::{Problem, Visit};

fn here(partner: &PartnerId) -> String {
    format!("/settings/people/partners/{partner}")
}

fn partner_of(visit: &Visit, id: &str) -> Result<PartnerId, Problem> {
    let partner = PartnerId::parse(id).map_err(|_| Problem::nothing_here())?;
    visit
        .state
        .program
        .partner(&partner)
        .map(|_| partner)
        .ok_or_else(Problem::nothing_here)
}

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let partner = partner_of(&visit, &id)?;
    let invitations = visit.desk.invitations(Some(&partner)).await?;
    let here = here(&partner);
    let content = html! {
        (seats(&visit, &partner))
        h2 { "Invite somebody to a new seat" }
        form method="post" action={ (here) "/invitations" } {
            (Field::new("email", "E-mail address").hint("Where the colleague is reached; nothing is sent there from here").input("email", "", true))
            p class="buttons" { button type="submit" class="primary" { "Make an invitation" } }
        }
        (waiting(&visit, &invitations, &here))
        p { a href="/settings/people" { "People of the program" } }
    };
    Ok(page(&visit, &format!("Seats of {partner}"), content))
}

fn seats(visit: &Visit, partner: &PartnerId) -> Markup {
    let here = here(partner);
    let rows: Vec<Vec<Markup>> = visit
        .state
        .program
        .seats_of(partner)
        .filter(|seat| seat.retired_at().is_none())
        .map(|seat| {
            let account = visit.state.accounts.of(&Actor::Seat(seat.id().clone()));
            let path = format!("{here}/{}", seat.id());
            vec![
                html! { (seat.id()) br; span class="fine" { (seat.email()) } },
                html! { (seat.role().as_str()) },
                html! {
                    @if account.has_passkey() { (state("good", "has a passkey")) }
                    @else { (state("wait", "has no passkey yet")) }
                },
                html! {
                    div class="acts" {
                        @if !account.has_passkey() {
                            form method="post" action={ (path) "/invite" } { button type="submit" { "Invite" } }
                        }
                        @if !seat.is_lead() {
                            form method="post" action={ (path) "/lead" } { button type="submit" { "Make lead" } }
                        }
                        form method="post" action={ (path) "/sessions/end" } { button type="submit" { "End sessions" } }
                    }
                },
            ]
        })
        .collect();
    html! {
        @if rows.is_empty() {
            (empty("No seat in use.", html! { p { "Invite the first person below: that seat will lead the team." } }))
        } @else {
            (table("Seats in use", &["Seat", "Role", "Sign-in", "Change"], &rows))
        }
    }
}

/// An address.
#[derive(Debug, Deserialize)]
pub struct Address {
    email: String,
}

/// Invites somebody to a new seat.
pub async fn invite_new(
    visit: Visit,
    Path(id): Path<String>,
    Form(address): Form<Address>,
) -> Result<Page, Problem> {
    let partner = partner_of(&visit, &id)?;
    let email = Email::parse(address.email.trim()).map_err(desk::Failure::from_refusal)?;
    let back = here(&partner);
    let to = Invited::NewSeat {
        partner,
        email: email.clone(),
    };
    let secret = visit
        .desk
        .invite(to, &visit.actor()?, invitation_life())
        .await?;
    Ok(invited(&visit, email.as_str(), &secret, &back))
}

/// The seat of this partner with this id.
fn seat_of(visit: &Visit, partner: &PartnerId, id: &str) -> Result<SeatId, Problem> {
    let seat = SeatId::parse(id).map_err(|_| Problem::nothing_here())?;
    let known = visit.state.program.seat(&seat);
    known
        .filter(|known| known.partner() == partner)
        .map(|_| seat)
        .ok_or_else(Problem::nothing_here)
}

/// Invites whoever has a seat, and no passkey.
pub async fn invite(
    visit: Visit,
    Path((id, seat)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let partner = partner_of(&visit, &id)?;
    let seat = seat_of(&visit, &partner, &seat)?;
    let to = Invited::Account {
        account: Actor::Seat(seat.clone()),
    };
    let secret = visit
        .desk
        .invite(to, &visit.actor()?, invitation_life())
        .await?;
    Ok(invited(&visit, seat.as_str(), &secret, &here(&partner)))
}

/// Names who leads.
pub async fn lead(
    visit: Visit,
    Path((id, seat)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let partner = partner_of(&visit, &id)?;
    let command = ProgramCommand::SetSeatRole {
        seat: seat_of(&visit, &partner, &seat)?,
        role: SeatRole::Lead,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    Ok(Redirect::to(&here(&partner)))
}

/// Ends all sessions of a seat.
pub async fn end_sessions(
    visit: Visit,
    Path((id, seat)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let partner = partner_of(&visit, &id)?;
    let seat = seat_of(&visit, &partner, &seat)?;
    end_all(&visit, &Actor::Seat(seat)).await?;
    Ok(Redirect::to(&here(&partner)))
}

/// Takes an invitation back.
pub async fn revoke(
    visit: Visit,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let partner = partner_of(&visit, &id)?;
    visit
        .desk
        .revoke_invitation(Some(&partner), &invitation)
        .await?;
    Ok(Redirect::to(&here(&partner)))
}
